"""Setting up one-time codes and passkeys, and the recovery codes for when they are lost."""

import io
from typing import Annotated

import segno
from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.passkey_ceremonies import (
    BadPasskey,
    RelyingParty,
    new_passkey,
    registration_options,
)
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.records import TooSoon, WrongPassword
from schoolgate_policyd.store.second_factor import SetUp
from schoolgate_policyd.store.sign_in_records import NewPasskey, StoredPasskey
from schoolgate_policyd.workflow.accounts import must_have_second_factor
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.errors import InvalidForm, WrongState
from schoolgate_webui.account_desk import AccountDesk, ProvenDep, SettingUpDep
from schoolgate_webui.challenges import Purpose
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.signing_in import (
    answered_challenge,
    device_of,
    is_second_factor_required,
    passkey_place,
    use_up,
    wait_words,
)
from schoolgate_webui.views.account import in_fours, provisioning_uri
from schoolgate_webui.views.fields import Field

router = APIRouter()

MAX_NAME = 80
RECOVERY = "recovery-codes"
Number = Annotated[int, Path(ge=1, le=2**53)]

_WRONG_CODE = "That code is not right. Enter the one that your app shows now."
_NO_PASSKEY = "No passkey was made. Try again; nothing was changed."


@router.get("/account/codes")
def codes_form(desk: SettingUpDep) -> Response:
    """Show the secret for the app, as a picture and as text, and ask for a first code."""
    return _codes_page(desk)


@router.get("/account/codes/qr.svg")
def picture(desk: SettingUpDep) -> Response:
    """Return the secret as a QR code."""
    secret = desk.site.decisions.one_time_codes.begin(
        desk.member.id, desk.session.id, at=desk.now.machine
    )
    uri = provisioning_uri(secret, desk.member, desk.site.settings.school_name)
    drawn = io.BytesIO()
    segno.make(uri, error="m", micro=False).save(
        drawn, kind="svg", scale=5, border=4, dark="#000", light="#fff", xmldecl=False
    )
    return Response(drawn.getvalue(), media_type="image/svg+xml")


@router.post("/account/codes")
def confirm_codes(desk: SettingUpDep, entered: EnteredDep) -> Response:
    """Put the codes in force if the first one is right."""
    code = entered.get("code", "").strip()[:20]
    if not code:
        return _codes_page(desk, "Enter the six digits that your app shows.", 422)
    outcome = desk.site.decisions.second_factor.set_codes_up(
        desk.member.id,
        desk.session.id,
        code,
        address=desk.visit.address,
        at=desk.now.machine,
        moment=desk.now.school,
    )
    match outcome:
        case SetUp():
            return _set_up(desk, outcome, "codes-set-up")
        case WrongPassword():
            return _codes_page(desk, _WRONG_CODE, 422)
        case TooSoon():
            return _codes_page(desk, wait_words(outcome), 429)


@router.post("/account/codes/remove")
def remove_codes(desk: ProvenDep) -> Response:
    """Take the codes off."""
    desk.site.decisions.second_factor.remove_codes(
        desk.member.id, must_keep_one=_must_keep_one(desk), at=desk.now.machine
    )
    return _to_account("codes-removed")


@router.get("/account/passkeys/new")
def passkey_form(desk: SettingUpDep) -> Response:
    """Show how a passkey is made."""
    return _passkey_page(desk)


@router.get("/account/passkeys/options")
def passkey_options(desk: SettingUpDep) -> Response:
    """Return what the browser asks an authenticator to make."""
    party = _party(desk)
    challenge = desk.site.challenges.new(
        Purpose.NEW_PASSKEY, desk.session.csrf_secret, desk.now.machine
    )
    member = desk.member
    options = registration_options(
        party,
        username=member.username or member.id,
        name=member.name,
        challenge=challenge,
        existing=desk.site.decisions.passkeys.of(member.id),
    )
    return JSONResponse(options)


@router.post("/account/passkeys/new")
def add_passkey(desk: SettingUpDep, entered: EnteredDep) -> Response:
    """Add the passkey that an authenticator made."""
    party = _party(desk)
    try:
        name = _name(entered, device_of(desk.request))
        existing = desk.site.decisions.passkeys.of(desk.member.id)
        made = _made(desk, party, existing, entered.get("answer", ""))
        outcome = desk.site.decisions.second_factor.add_passkey(
            desk.member.id,
            desk.session.id,
            made,
            name,
            at=desk.now.machine,
            moment=desk.now.school,
        )
    except InvalidForm as invalid:
        return _passkey_page(desk, invalid.message_for("name") or "", 422)
    except BadPasskey:
        return _passkey_page(desk, _NO_PASSKEY, 422)
    return _set_up(desk, outcome, "passkey-added")


@router.get("/account/passkeys/{number}")
def passkey(desk: ProvenDep, number: Number) -> Response:
    """Show one passkey, to give it another name or to remove it."""
    return _one_passkey_page(desk, _own(desk, number))


@router.post("/account/passkeys/{number}")
def rename(desk: ProvenDep, entered: EnteredDep, number: Number) -> Response:
    """Give a passkey another name."""
    own = _own(desk, number)
    try:
        name = _name(entered, "")
    except InvalidForm as invalid:
        typed = invalid.entry.get("name", "")
        return _one_passkey_page(desk, own, invalid.message_for("name") or "", typed)
    desk.site.decisions.passkeys.rename(desk.member.id, own.id, name, at=desk.now.machine)
    return _to_account("passkey-renamed")


@router.post("/account/passkeys/{number}/remove")
def remove_passkey(desk: ProvenDep, number: Number) -> Response:
    """Remove a passkey."""
    own = _own(desk, number)
    desk.site.decisions.second_factor.remove_passkey(
        desk.member.id, own.id, must_keep_one=_must_keep_one(desk), at=desk.now.machine
    )
    return _to_account("passkey-removed")


@router.get("/account/recovery-codes")
def recovery_codes(desk: ProvenDep) -> Response:
    """Show the recovery codes that were just made, once; else how many are left."""
    codes = desk.site.shown_once.take(desk.session.id, RECOVERY, desk.now.machine)
    has = desk.site.decisions.second_factor.of(desk.member.id)
    return desk.page(
        "account_recovery.html",
        codes=codes,
        left=has.recovery_codes_left,
        username=desk.member.username or "",
        school_name=desk.site.settings.school_name,
    )


@router.post("/account/recovery-codes")
def make_recovery_codes(desk: ProvenDep) -> Response:
    """Make new recovery codes; those from before work no longer."""
    if not desk.site.decisions.second_factor.of(desk.member.id).has_one:
        raise WrongState("Set up a second factor first: recovery codes stand in for it.")
    codes = desk.site.decisions.second_factor.new_recovery_codes(
        desk.member.id, at=desk.now.machine
    )
    desk.site.shown_once.put(desk.session.id, RECOVERY, codes, desk.now.machine)
    return RedirectResponse("/account/recovery-codes", status.HTTP_303_SEE_OTHER)


def _set_up(desk: AccountDesk, outcome: SetUp, done: str) -> Response:
    """Return the way on after a second factor was set up; codes wait on the page it leads to."""
    where = "/account"
    if outcome.recovery_codes:
        where = "/account/recovery-codes"
        desk.site.shown_once.put(
            desk.session.id, RECOVERY, outcome.recovery_codes, desk.now.machine
        )
    response = RedirectResponse(f"{where}?done={done}", status.HTTP_303_SEE_OTHER)
    if outcome.signed_in is not None:
        desk.site.cookies.set_session(desk.request, response, outcome.signed_in.token)
    return response


def _made(
    desk: AccountDesk, party: RelyingParty, existing: tuple[StoredPasskey, ...], answer: str
) -> NewPasskey:
    """Return the passkey in an authenticator's answer. Raises BadPasskey."""
    whose, now = desk.session.csrf_secret, desk.now.machine
    challenge = answered_challenge(desk.site, answer, Purpose.NEW_PASSKEY, whose, now)
    made = new_passkey(party, challenge, existing, answer)
    use_up(desk.site, challenge, now)
    return made


def _must_keep_one(desk: AccountDesk) -> bool:
    return is_second_factor_required(desk.site) and must_have_second_factor(desk.member)


def _name(entered: dict[str, str], otherwise: str) -> str:
    """Return the name that was typed for a passkey. Raises InvalidForm."""
    typed = {"name": entered.get("name", "").strip() or otherwise}
    entry = Entry(typed, ("name",))
    name = entry.line("name", "Enter a name by which you will know it again.", MAX_NAME)
    entry.raise_mistakes()
    return name


def _own(desk: AccountDesk, number: int) -> StoredPasskey:
    own = (each for each in desk.site.decisions.passkeys.of(desk.member.id) if each.id == number)
    found = next(own, None)
    if found is None:
        raise UnknownObject(f"there is no passkey `{number}`")
    return found


def _party(desk: AccountDesk) -> RelyingParty:
    if desk.site.relying_party is None:
        raise UnknownObject("there are no passkeys here")
    return desk.site.relying_party


def _to_account(done: str) -> Response:
    return RedirectResponse(f"/account?done={done}", status.HTTP_303_SEE_OTHER)


def _codes_page(desk: AccountDesk, mistake: str = "", status_code: int = 200) -> Response:
    secret = desk.site.decisions.one_time_codes.begin(
        desk.member.id, desk.session.id, at=desk.now.machine
    )
    return desk.page(
        "account_codes.html",
        status_code=status_code,
        mistakes=[{"text": mistake, "href": "#code"}] if mistake else [],
        secret=in_fours(secret),
        is_part_way=desk.is_part_way,
        code=Field("code", "code", "Code that your app shows now", "", mistake),
    )


def _passkey_page(desk: AccountDesk, mistake: str = "", status_code: int = 200) -> Response:
    return desk.page(
        "account_passkey_new.html",
        status_code=status_code,
        mistakes=[{"text": mistake, "href": "#name"}] if mistake else [],
        passkeys=passkey_place(desk.site, desk.request),
        is_part_way=desk.is_part_way,
        name=Field("name", "name", "Name", device_of(desk.request), mistake),
    )


def _one_passkey_page(
    desk: AccountDesk, own: StoredPasskey, mistake: str = "", typed: str | None = None
) -> Response:
    return desk.page(
        "account_passkey.html",
        status_code=422 if mistake else 200,
        mistakes=[{"text": mistake, "href": "#name"}] if mistake else [],
        number=own.id,
        title=own.name,
        name=Field("name", "name", "Name", own.name if typed is None else typed, mistake),
    )
