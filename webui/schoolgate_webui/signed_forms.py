"""Forms that lead to a signature: from a form to the page where it is signed, and back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from fastapi.responses import RedirectResponse
from starlette import status

from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.records import WebSession
from schoolgate_policyd.store.signing_desk import Signable
from schoolgate_policyd.workflow import different_days, forms, networks
from schoolgate_policyd.workflow.blocks import LIFTING_FIELDS
from schoolgate_policyd.workflow.delegations import DELEGATION_FIELDS
from schoolgate_policyd.workflow.register_duties import DUTY_FIELDS
from schoolgate_policyd.workflow.signing import SignedKind, Signing
from schoolgate_webui import (
    signed_block,
    signed_day,
    signed_decision,
    signed_delegation,
    signed_direction,
    signed_duties,
    signed_network,
    signed_standing,
)
from schoolgate_webui.desk import Desk

_LONGEST_NONCE = 64


@dataclass(frozen=True, slots=True)
class SignedForm:
    """
    A form that leads to a signature.

    *signable* makes of an object's id and what was entered what is to be signed; *back* and
    *done* return the paths of the form and of the page after it.
    """

    fields: tuple[str, ...]
    signable: Callable[[Desk, str, Mapping[str, str]], Signable]
    back: Callable[[str], str]
    done: Callable[[str], str]


SIGNED_FORMS: Mapping[SignedKind, SignedForm] = MappingProxyType(
    {
        SignedKind.DECISION: SignedForm(
            forms.DECISION_FIELDS,
            signed_decision.signable,
            signed_decision.back,
            signed_decision.done,
        ),
        SignedKind.DELEGATION: SignedForm(
            DELEGATION_FIELDS,
            signed_delegation.signable,
            signed_delegation.back,
            signed_delegation.done,
        ),
        SignedKind.STANDING: SignedForm(
            forms.DECISION_FIELDS,
            signed_standing.signable,
            signed_standing.back,
            signed_standing.done,
        ),
        SignedKind.BLOCK: SignedForm(
            LIFTING_FIELDS,
            signed_block.signable,
            signed_block.back,
            signed_block.done,
        ),
        SignedKind.DIFFERENT_DAY: SignedForm(
            different_days.FIELDS,
            signed_day.signable,
            signed_day.back,
            signed_day.done,
        ),
        SignedKind.NETWORK: SignedForm(
            (*networks.FIELDS, "version"),
            signed_network.signable,
            signed_network.back,
            signed_network.done,
        ),
        SignedKind.POLICY: SignedForm(
            signed_direction.DIRECTION_FIELDS,
            signed_direction.signable,
            signed_direction.back,
            signed_direction.done,
        ),
        SignedKind.DUTY: SignedForm(
            (*DUTY_FIELDS, "version"),
            signed_duties.signable,
            signed_duties.back,
            signed_duties.done,
        ),
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
