"""API tokens: made for a program, shown once, revoked when it is not needed."""

from datetime import date, datetime, time, timedelta

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response
from starlette import status

from schoolgate_policyd.store.api_tokens import LONGEST_LIFE
from schoolgate_policyd.workflow.api_scopes import WORDS, Scope
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_webui.account_desk import AccountDesk, ProvenDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.routes.account_factors import MAX_NAME, Number
from schoolgate_webui.views.fields import Form, day_input_type

router = APIRouter()

MADE = "api-token"
_LABELS = {"name": "What it is for", "ends_on": "Last day", "scopes": "What it may do"}
_USUAL_LIFE = timedelta(days=90)


@router.get("/account/tokens/new")
def form(desk: ProvenDep) -> Response:
    """Show the form."""
    return _page(desk, frozenset())


@router.post("/account/tokens/new")
def make(desk: ProvenDep, entered: EnteredDep) -> Response:
    """Make the token and go on to where it is shown."""
    chosen = frozenset(scope for scope in Scope if entered.get(f"scope:{scope}"))
    try:
        name, ends_at = _read(desk, entered, chosen)
    except InvalidForm as invalid:
        return _page(desk, chosen, invalid)
    secret = desk.site.decisions.api_tokens.make(
        desk.member.id, name, chosen, ends_at=ends_at, at=desk.now.machine
    )
    desk.site.shown_once.put(desk.session.id, MADE, (secret,), desk.now.machine)
    return RedirectResponse("/account/tokens/made", status.HTTP_303_SEE_OTHER)


@router.get("/account/tokens/made")
def made(desk: ProvenDep) -> Response:
    """Show the token that was just made, once."""
    waiting = desk.site.shown_once.take(desk.session.id, MADE, desk.now.machine)
    return desk.page("account_token_made.html", token=waiting[0] if waiting else "")


@router.post("/account/tokens/{number}/revoke")
def revoke(desk: ProvenDep, number: Number) -> Response:
    """Revoke a token."""
    desk.site.decisions.api_tokens.revoke(desk.member.id, number, at=desk.now.machine)
    return RedirectResponse("/account?done=token-revoked", status.HTTP_303_SEE_OTHER)


def _read(
    desk: AccountDesk, entered: dict[str, str], chosen: frozenset[Scope]
) -> tuple[str, datetime]:
    """Return the name and the end. Raises InvalidForm."""
    entry = Entry(entered, tuple(_LABELS))
    name = entry.line("name", "Enter what the token is for, like “Timetable import”.", MAX_NAME)
    day = entry.day("ends_on", "Enter the last day on which it works.")
    today = _today(desk)
    if day is not None and not today <= day < today + LONGEST_LIFE:
        entry.mistake("ends_on", "Enter a day from today on, within a year.")
    if not chosen:
        entry.mistake("scopes", "Choose at least one thing that it may do.")
    entry.raise_mistakes()
    assert day is not None  # noqa: S101 - without a day there was a mistake
    return name, _end_of(day, desk)


def _today(desk: AccountDesk) -> date:
    # Machine time, as for everything that signs in: a shifted school clock lengthens no token.
    return desk.now.machine.astimezone(desk.now.zone).date()


def _end_of(day: date, desk: AccountDesk) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), desk.now.zone)


def _page(
    desk: AccountDesk, chosen: frozenset[Scope], invalid: InvalidForm | None = None
) -> Response:
    usual = (_today(desk) + _USUAL_LIFE).isoformat()
    fields = Form(_LABELS, {"ends_on": usual}, invalid)
    scopes = [
        {
            "name": f"scope:{scope}",
            "value": "yes",
            "text": WORDS[scope],
            "checked": scope in chosen,
        }
        for scope in Scope
    ]
    return desk.page(
        "account_token_new.html",
        status_code=200 if invalid is None else 422,
        fields=fields,
        ends_type=day_input_type(fields["ends_on"].value),
        scopes=scopes,
    )
