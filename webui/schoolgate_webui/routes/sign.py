"""Signing: the text whole, then the proof of who signs it."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.passkey_ceremonies import (
    BadPasskey,
    RelyingParty,
    assertion_of,
    challenge_of,
    checked,
    credential_id_of,
    request_options,
)
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.records import TooSoon
from schoolgate_policyd.store.second_factor import UsedPasskey
from schoolgate_policyd.store.signing_desk import ByPasskey, ByPassword
from schoolgate_policyd.workflow.errors import FieldMistake, InvalidForm, OpensNothing, Stale
from schoolgate_policyd.workflow.signing import Signing
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.signed_forms import SIGNED_FORMS, back_to_form, session_of
from schoolgate_webui.signing_in import is_second_factor_required, wait_words
from schoolgate_webui.views.signing import sign_page

router = APIRouter()

Nonce = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]

_LONGEST_CODE = 100
_BAD_PASSKEY = "That passkey was not accepted: nothing was signed. Try again, or use a code."


@router.get("/sign/{nonce}")
def shown(desk: DeskDep, nonce: Nonce) -> Response:
    """Show exactly what is to be signed."""
    signing = _signing(desk, nonce)
    signing.require_open(desk.now.machine)
    return _page(desk, signing)


@router.get("/sign/{nonce}/options")
def options(desk: DeskDep, nonce: Nonce) -> Response:
    """Return what the browser asks an authenticator for: a signature under this text."""
    signing = _signing(desk, nonce)
    signing.require_open(desk.now.machine)
    among = desk.site.decisions.passkeys.of(desk.member.id)
    return JSONResponse(request_options(_party(desk), signing.challenge, among))


@router.post("/sign/{nonce}")
def sign(desk: DeskDep, entered: EnteredDep, nonce: Nonce) -> Response:
    """Sign, and do what was signed."""
    signing = _signing(desk, nonce)
    signing.require_open(desk.now.machine)
    form = SIGNED_FORMS[signing.document.kind]
    try:
        if entered.get("answer"):
            _with_passkey(desk, signing, entered["answer"])
        else:
            _with_password(desk, signing, entered)
    except InvalidForm as error:
        return _page(desk, signing, error)
    except (Stale, OpensNothing):
        return _page(desk, signing, is_changed=True)
    desk.site.changed()
    where = form.done(signing.document.object_id)
    return RedirectResponse(where, status.HTTP_303_SEE_OTHER)


def _with_password(desk: Desk, signing: Signing, entered: dict[str, str]) -> None:
    password = entered.get("password", "")
    if not password:
        raise _mistake("password", "Enter your password.")
    form = SIGNED_FORMS[signing.document.kind]
    desk.site.decisions.signing_desk.sign_with_password(
        signing.nonce,
        signing.session,
        form.signable(desk, signing.document.object_id, signing.entered),
        ByPassword(
            password,
            entered.get("code", "").strip()[:_LONGEST_CODE],
            is_second_factor_required(desk.site),
        ),
        address=desk.visit.address,
        at=desk.now.machine,
    )


def _with_passkey(desk: Desk, signing: Signing, answer: str) -> None:
    party, now = _party(desk), desk.now.machine
    factor = desk.site.decisions.second_factor
    attempt = factor.begin_passkey(desk.visit.address, at=now)
    if isinstance(attempt, TooSoon):
        raise _mistake("password", wait_words(attempt))
    try:
        proof = _checked(desk, party, signing, answer, attempt)
    except BadPasskey as error:
        factor.passkey_failed(desk.visit.address, at=now)
        raise _mistake("password", _BAD_PASSKEY) from error
    form = SIGNED_FORMS[signing.document.kind]
    signable = form.signable(desk, signing.document.object_id, signing.entered)
    desk.site.decisions.signing_desk.sign_with_passkey(
        signing.nonce, signing.session, signable, proof, at=now
    )


def _checked(
    desk: Desk, party: RelyingParty, signing: Signing, answer: str, attempt: int
) -> ByPasskey:
    """Return what a passkey of the signer's said to this signing. Raises BadPasskey."""
    if challenge_of(answer) != signing.challenge:
        raise BadPasskey("the answer is to another challenge")
    passkey = desk.site.decisions.passkeys.find(credential_id_of(answer))
    if passkey is None or passkey.person != desk.member.id:
        raise BadPasskey("the passkey is not the signer’s")
    found = checked(party, signing.challenge, passkey, answer)
    used = UsedPasskey(passkey, attempt, found.sign_count, found.is_backed_up)
    return ByPasskey(used, signing.challenge, assertion_of(passkey, answer))


def _page(
    desk: Desk,
    signing: Signing,
    invalid: InvalidForm | None = None,
    *,
    is_changed: bool = False,
) -> Response:
    page = sign_page(
        signing,
        desk.member,
        desk.site.decisions.second_factor.of(desk.member.id),
        back_href=back_to_form(signing),
        are_passkeys_here=desk.site.relying_party is not None,
        is_factor_required=is_second_factor_required(desk.site),
        invalid=invalid,
        is_changed=is_changed,
    )
    status_code = status.HTTP_200_OK
    if invalid is not None:
        status_code = status.HTTP_422_UNPROCESSABLE_CONTENT
    if is_changed:
        status_code = status.HTTP_409_CONFLICT
    return desk.page("sign.html", status_code=status_code, sign=page)


def _signing(desk: Desk, nonce: str) -> Signing:
    """Return what was begun in this session. Raises UnknownObject."""
    signing = desk.site.decisions.signings.find(nonce, session_of(desk).id)
    if signing.person != desk.member.id or signing.document.kind not in SIGNED_FORMS:
        raise UnknownObject("there is no such signing for them")
    return signing


def _party(desk: Desk) -> RelyingParty:
    if desk.site.relying_party is None:
        raise UnknownObject("there are no passkeys here")
    return desk.site.relying_party


def _mistake(field: str, message: str) -> InvalidForm:
    return InvalidForm((FieldMistake(field, message),), {})
