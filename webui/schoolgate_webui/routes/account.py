"""Your account: what signs you in, where you are signed in, and the password."""

from typing import Annotated, assert_never

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse, Response
from starlette import status

from schoolgate_policyd.store.records import Proven, TooSoon, WrongPassword
from schoolgate_policyd.workflow.passwords import LONGEST, why_not_good
from schoolgate_webui.account_desk import AccountDep, AccountDesk, ProvenDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.signing_in import (
    is_second_factor_required,
    local_path,
    passkey_place,
    wait_words,
)
from schoolgate_webui.views.account import account_page
from schoolgate_webui.views.fields import Field

router = APIRouter()

_WRONG = "This is not your password."


@router.get("/account")
def account(desk: AccountDep) -> Response:
    """Show everything there is to one's account."""
    store, person, at = desk.site.decisions, desk.member.id, desk.now.machine
    shown = account_page(
        desk.member,
        has=store.second_factor.of(person),
        passkeys=store.passkeys.of(person),
        sessions=store.sessions.of(person, at=at),
        here=desk.session.id,
        tokens=store.api_tokens.of(person),
        place=passkey_place(desk.site, desk.request),
        is_required=is_second_factor_required(desk.site),
        now=desk.now,
    )
    return desk.page("account.html", account=shown)


@router.get("/account/confirm")
def confirm_form(
    desk: AccountDep, going_on: Annotated[str, Query(alias="next")] = "/account"
) -> Response:
    """Ask for the password again."""
    return _confirm_page(desk, local_path(going_on))


@router.post("/account/confirm")
def confirm(desk: AccountDep, entered: EnteredDep) -> Response:
    """Check the password and go on."""
    going_on = local_path(entered.get("next", "/account"))
    outcome = desk.site.decisions.credentials.prove(
        desk.member.id,
        entered.get("password", ""),
        address=desk.visit.address,
        at=desk.now.machine,
    )
    match outcome:
        case Proven():
            desk.proven_again()
            return RedirectResponse(going_on, status.HTTP_303_SEE_OTHER)
        case WrongPassword():
            return _confirm_page(desk, going_on, _WRONG, 422)
        case TooSoon():
            return _confirm_page(desk, going_on, wait_words(outcome), 429)
        case _:
            assert_never(outcome)


@router.get("/account/password")
def password_form(desk: AccountDep) -> Response:
    """Show the form."""
    return _password_page(desk, {})


@router.post("/account/password")
def change_password(desk: AccountDep, entered: EnteredDep) -> Response:
    """Change the password; every other session ends."""
    old, new = entered.get("password", ""), entered.get("new_password", "")
    missing = {} if old else {"password": "Enter the password that you have now."}
    mistakes = missing | new_password_mistake(desk, new, entered.get("new_password_again", ""))
    if mistakes:
        return _password_page(desk, mistakes)
    outcome = desk.site.decisions.credentials.change_password(
        desk.member.id,
        old,
        new,
        keeping=desk.session.id,
        address=desk.visit.address,
        at=desk.now.machine,
        moment=desk.now.school,
    )
    match outcome:
        case Proven():
            desk.site.changed()
            return RedirectResponse("/account?done=password-changed", status.HTTP_303_SEE_OTHER)
        case WrongPassword():
            return _password_page(desk, {"password": _WRONG})
        case TooSoon():
            return _password_page(desk, {"password": wait_words(outcome)}, 429)
        case _:
            assert_never(outcome)


@router.post("/account/sessions/end-others")
def end_others(desk: ProvenDep) -> Response:
    """Sign out everywhere else."""
    desk.site.decisions.sessions.revoke_others(
        desk.member.id, desk.session.id, at=desk.now.machine, moment=desk.now.school
    )
    desk.site.changed()
    return RedirectResponse("/account?done=sessions-ended", status.HTTP_303_SEE_OTHER)


@router.post("/account/sessions/{number}/end")
def end_session(desk: ProvenDep, number: int) -> Response:
    """Sign out one browser."""
    desk.site.decisions.sessions.revoke(
        desk.member.id, number, at=desk.now.machine, moment=desk.now.school
    )
    desk.site.changed()
    return RedirectResponse("/account?done=session-ended", status.HTTP_303_SEE_OTHER)


def new_password_mistake(desk: AccountDesk, new: str, again: str) -> dict[str, str]:
    """Return what is the matter with a new password, by field."""
    return mistakes_in(
        new, again, (desk.member.name, desk.member.username or "", desk.site.settings.school_name)
    )


def mistakes_in(new: str, again: str, own_words: tuple[str, ...]) -> dict[str, str]:
    """Return what is the matter with a new password that was typed twice, by field."""
    if not new:
        return {"new_password": "Enter a new password."}
    bad = why_not_good(new[: LONGEST + 1], own_words)
    if bad:
        return {"new_password": bad}
    if new != again:
        return {"new_password_again": "These two are not the same. Type the new password again."}
    return {}


def _confirm_page(
    desk: AccountDesk, going_on: str, mistake: str = "", status_code: int = 200
) -> Response:
    return desk.page(
        "account_confirm.html",
        status_code=status_code,
        mistakes=[{"text": mistake, "href": "#password"}] if mistake else [],
        next=going_on,
        password=Field("password", "password", "Password", "", mistake),
    )


def _password_page(
    desk: AccountDesk, mistakes: dict[str, str], status_code: int | None = None
) -> Response:
    labels = {
        "password": "Password that you have now",
        "new_password": "New password",
        "new_password_again": "New password again",
    }
    return desk.page(
        "account_password.html",
        status_code=status_code or (422 if mistakes else 200),
        mistakes=[
            {"text": mistakes[name], "href": f"#{name}"} for name in labels if name in mistakes
        ],
        username=desk.member.username or "",
        fields={
            name: Field(name, name, label, "", mistakes.get(name, ""))
            for name, label in labels.items()
        },
    )
