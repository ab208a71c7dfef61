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
    request_options,
)
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.records import TooSoon
from schoolgate_policyd.store.signing_desk import ByPasskey, ByPassword, Signable
from schoolgate_policyd.workflow.errors import InvalidForm, OpensNothing, Stale, mistake_in
from schoolgate_policyd.workflow.signing import Signing
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.signed_forms import SIGNED_FORMS, back_to_form, session_of
from schoolgate_webui.signing_in import (
    checked_passkey,
    counted,
    is_second_factor_required,
    passkey_place,
    wait_words,
)
from schoolgate_webui.views.signing import sign_page

router = APIRouter()

Nonce = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]

_LONGEST_CODE = 100
_BAD_PASSKEY = "That passkey was not accepted: nothing was signed. Try again."


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
        raise mistake_in("password", "Enter your password.")
    desk.site.decisions.signing_desk.sign_with_password(
        signing.nonce,
        signing.session,
        _signable(desk, signing),
        ByPassword(
            password,
            entered.get("code", "").strip()[:_LONGEST_CODE],
            is_second_factor_required(desk.site),
        ),
        address=desk.visit.address,
        at=desk.now.machine,
    )


def _with_passkey(desk: Desk, signing: Signing, answer: str) -> None:
    def look(party: RelyingParty, attempt: int) -> ByPasskey:
        if challenge_of(answer) != signing.challenge:
            raise BadPasskey("the answer is to another challenge")
        used = checked_passkey(
            desk.site, party, signing.challenge, answer, attempt, person=desk.member.id
        )
        return ByPasskey(used, signing.challenge, assertion_of(used.passkey, answer))

    try:
        proof = counted(desk.site, desk.visit, look)
    except BadPasskey as error:
        raise mistake_in("passkey", _BAD_PASSKEY) from error
    if isinstance(proof, TooSoon):
        raise mistake_in("passkey", wait_words(proof))
    signable = _signable(desk, signing)
    desk.site.decisions.signing_desk.sign_with_passkey(
        signing.nonce, signing.session, signable, proof, at=desk.now.machine
    )


def _signable(desk: Desk, signing: Signing) -> Signable:
    """Return what is to be signed of what was entered. Raises Stale where that is wrong by now."""
    form = SIGNED_FORMS[signing.document.kind]
    try:
        return form.signable(desk, signing.document.object_id, signing.entered)
    except InvalidForm as error:
        raise Stale(str(error)) from error


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
        passkeys=passkey_place(desk.site, desk.request),
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
