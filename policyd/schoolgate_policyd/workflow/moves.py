"""
The moves of a request: each returns the next request or refuses with a sentence.

Nobody reviews or authorises their own, no approval comes before the measures are confirmed, and
no outcome without reasons: these hold whatever page or program calls.
"""

import hashlib
import json
from datetime import date, datetime

import msgspec

from schoolgate_policyd.core.rules import Grant
from schoolgate_policyd.core.times import require_aware
from schoolgate_policyd.workflow.actors import (
    Task,
    may_submit,
    may_withdraw,
    next_turn,
)
from schoolgate_policyd.workflow.effects import Effects
from schoolgate_policyd.workflow.errors import (
    FieldMistake,
    InvalidForm,
    NotAllowed,
    OpensNothing,
    WrongState,
)
from schoolgate_policyd.workflow.people import Member, is_name_of_another
from schoolgate_policyd.workflow.requests import (
    AccessRequest,
    RequestForm,
    Signature,
    Stage,
    State,
    Step,
    stage_at,
)

_OVER = {
    State.SUBMITTED: "its control measures have not been checked yet",
    State.MEASURES_CONFIRMED: "its control measures have been confirmed already",
    State.MEASURES_REFUSED: "its control measures were refused",
    State.APPROVED: "it was approved",
    State.REFUSED: "it was refused",
    State.WITHDRAWN: "it was withdrawn",
}


def submit(number: int, requester: Member, form: RequestForm, *, at: datetime) -> AccessRequest:
    """Return the request numbered *number* that *requester* submits at *at* (machine time)."""
    if not may_submit(requester):
        raise NotAllowed("Only staff can ask for a page: ask a teacher to do it for you.")
    step = Step(State.SUBMITTED, requester.id, require_aware(at), form.reasons)
    return AccessRequest(number, requester.id, form, (step,))


def review(
    request: AccessRequest,
    *,
    by: Member,
    people: tuple[Member, ...],
    are_in_place: bool,
    why: str,
    at: datetime,
    moment: datetime,
) -> AccessRequest:
    """Return *request* with its measures confirmed or refused by the reviewer."""
    _require_turn(request, by, people, Task.CHECK_MEASURES, moment)
    state = State.MEASURES_CONFIRMED if are_in_place else State.MEASURES_REFUSED
    return _with(request, Step(state, by.id, require_aware(at), _required("why", why)))


def approve(
    request: AccessRequest,
    *,
    by: Member,
    people: tuple[Member, ...],
    reasons: str,
    signature: Signature,
    effects: Effects,
    at: datetime,
    moment: datetime,
) -> AccessRequest:
    """
    Return *request* approved and signed, with the grant whose effects the signer was shown.

    Raises OpensNothing where *effects* open nothing.
    """
    _require_turn(request, by, people, Task.DECIDE, moment)
    require_own_name(signature.name, by, people)
    step = Step(State.APPROVED, by.id, require_aware(at), _required("reasons", reasons), signature)
    grant = effects.grant
    if not _is_asked_for(grant, request):
        raise WrongState("What would open was worked out for another request: look again.")
    if not effects.opens_anything:
        raise OpensNothing(
            "Nothing would open: what still blocks is listed above, so this cannot be signed."
        )
    return msgspec.structs.replace(_with(request, step), grant=grant)


def refuse(
    request: AccessRequest,
    *,
    by: Member,
    people: tuple[Member, ...],
    reasons: str,
    signature: Signature,
    at: datetime,
    moment: datetime,
) -> AccessRequest:
    """Return *request* refused and signed."""
    _require_turn(request, by, people, Task.DECIDE, moment)
    require_own_name(signature.name, by, people)
    step = Step(State.REFUSED, by.id, require_aware(at), _required("reasons", reasons), signature)
    return _with(request, step)


def withdraw(
    request: AccessRequest, *, by: Member, why: str, at: datetime, moment: datetime
) -> AccessRequest:
    """Return *request*, with its grant if it has one, withdrawn at once."""
    if not may_withdraw(request, by):
        raise NotAllowed("Only the requester, the headteacher or the chair of governors may.")
    stage = stage_at(request, moment)
    if stage not in _WITHDRAWABLE:
        raise WrongState(f"There is nothing to withdraw: the request is {stage}.")
    return _with(request, Step(State.WITHDRAWN, by.id, require_aware(at), _required("why", why)))


def require_own_name(name: str, by: Member, people: tuple[Member, ...]) -> None:
    """Raise InvalidForm if *by* wrote the name of somebody else of the school on the form."""
    if is_name_of_another(name, by, people):
        message = "This is somebody else's name: enter your own."
        raise InvalidForm((FieldMistake("staff_name", message),), {})


def signed_text(
    request: AccessRequest, *, grant: Grant | None, reasons: str, name: str, signed_on: date
) -> str:
    """
    Return exactly what an authoriser signs, as canonical JSON: one text for one meaning.

    *grant* is what approval opens; None is a refusal.
    """
    form = request.form
    fields = {
        "request": request.id,
        "steps": len(request.steps),
        "requester": request.requester,
        "form": msgspec.to_builtins(form) | {"url": str(form.url)},
        "approved": grant is not None,
        "grant": None if grant is None else msgspec.to_builtins(grant, order="deterministic"),
        "reasons": reasons,
        "name": name,
        "signed_on": signed_on.isoformat(),
    }
    return json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def signature_of(
    request: AccessRequest, *, grant: Grant | None, reasons: str, name: str, signed_on: date
) -> Signature:
    """Return the signature under that text, once the signer has proved who they are."""
    text = signed_text(request, grant=grant, reasons=reasons, name=name, signed_on=signed_on)
    return Signature(name, signed_on, hashlib.sha256(text.encode()).hexdigest())


_WITHDRAWABLE = frozenset(
    {Stage.WAITING_FOR_MEASURES, Stage.WAITING_FOR_DECISION, Stage.APPROVED, Stage.IN_FORCE}
)


def _require_turn(
    request: AccessRequest, by: Member, people: tuple[Member, ...], task: Task, moment: datetime
) -> None:
    turn = next_turn(request, people)
    if turn is None or turn.task is not task:
        raise WrongState(f"This cannot be done now: {_OVER[request.state]}.")
    if stage_at(request, moment) is Stage.LAPSED:
        raise WrongState("The time that was asked for is over: a new request is needed.")
    if by.id == request.requester:
        raise NotAllowed("Nobody reviews or authorises their own request.")
    if all(by.id != each.id for each in turn.actors):
        raise NotAllowed(f"This is for somebody else. {turn.why}")


def _is_asked_for(grant: Grant, request: AccessRequest) -> bool:
    form = request.form
    whom = (
        (frozenset({request.requester}), frozenset[str]())
        if form.for_class is None
        else (frozenset[str](), frozenset({form.for_class}))
    )
    return (
        grant.id == f"grant-{request.id}"
        and grant.kind is form.kind
        and (grant.starts_at, grant.ends_at) == (form.starts_at, form.ends_at)
        and (grant.people, grant.classes, grant.device_groups) == (*whom, frozenset())
    )


def _required(field: str, reasons: str) -> str:
    if not reasons.strip():
        raise InvalidForm((FieldMistake(field, "Give the reasons."),), {})
    return reasons


def _with(request: AccessRequest, step: Step) -> AccessRequest:
    return msgspec.structs.replace(request, steps=(*request.steps, step))
