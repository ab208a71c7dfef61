"""Forms that lead to a signature: from a form to the page where it is signed, and back."""

from collections.abc import Mapping
from types import MappingProxyType

from fastapi.responses import RedirectResponse
from starlette import status

from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.records import WebSession
from schoolgate_policyd.workflow.signing import SignedKind, Signing
from schoolgate_webui.desk import Desk
from schoolgate_webui.signed import (
    block,
    day,
    decision,
    delegation,
    direction,
    duties,
    network,
    standing,
)
from schoolgate_webui.signed.form import SignedForm

_LONGEST_NONCE = 64

SIGNED_FORMS: Mapping[SignedKind, SignedForm] = MappingProxyType(
    {
        SignedKind.DECISION: decision.FORM,
        SignedKind.DELEGATION: delegation.FORM,
        SignedKind.STANDING: standing.FORM,
        SignedKind.BLOCK: block.FORM,
        SignedKind.DIFFERENT_DAY: day.FORM,
        SignedKind.NETWORK: network.FORM,
        SignedKind.POLICY: direction.FORM,
        SignedKind.DUTY: duties.FORM,
    }
)


def go_and_sign(
    desk: Desk, kind: SignedKind, object_id: str, entered: Mapping[str, str]
) -> RedirectResponse:
    """
    Keep what is to be signed of the form that was *entered*, and go on to where it is signed.

    Raises InvalidForm with the mistakes of the form, and what its workflow refuses.
    """
    form = SIGNED_FORMS[kind]
    kept = {name: entered[name] for name in form.fields if name in entered}
    begun = desk.site.decisions.signing_desk.begin(
        session_of(desk).id, form.signable(desk, object_id, kept), kept, at=desk.now.machine
    )
    return RedirectResponse(f"/sign/{begun.nonce}", status.HTTP_303_SEE_OTHER)


def kept_entry(desk: Desk, kind: SignedKind, object_id: str) -> Mapping[str, str]:
    """Return what was entered into the form of an object before its signer came back to it."""
    nonce = desk.request.query_params.get("signing", "")[:_LONGEST_NONCE]
    if not nonce:
        return {}
    try:
        signing = desk.site.decisions.signings.find(nonce, session_of(desk).id)
    except UnknownObject:
        return {}
    is_this = (signing.document.kind, signing.document.object_id) == (kind, object_id)
    return signing.entered if is_this else {}


def back_to_form(signing: Signing) -> str:
    """Return the way back to the form, which shows what was entered."""
    document = signing.document
    return f"{SIGNED_FORMS[document.kind].back(document.object_id)}?signing={signing.nonce}"


def session_of(desk: Desk) -> WebSession:
    """Return the session in which somebody signs. Raises UnknownObject without."""
    if desk.visit.session is None:
        raise UnknownObject("nobody is signed in")
    return desk.visit.session
