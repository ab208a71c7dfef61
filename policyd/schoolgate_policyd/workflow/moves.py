"""
The moves of a request: each returns the next request or refuses with a sentence.

Who may make which, `request_rights` says in its table: nobody reviews or authorises their own, no
approval comes before the measures are confirmed. No outcome is without reasons. These hold
whatever page or program calls.
"""

from datetime import datetime

import msgspec

from schoolgate_policyd.core.rules import Grant
from schoolgate_policyd.core.subjects import Duty
from schoolgate_policyd.core.times import require_aware
from schoolgate_policyd.workflow.actors import may_submit
from schoolgate_policyd.workflow.delegations import Delegation
from schoolgate_policyd.workflow.effects import Effects
from schoolgate_policyd.workflow.errors import (
    NotAllowed,
    OpensNothing,
    WrongState,
    mistake_in,
    required,
)
from schoolgate_policyd.workflow.people import Member, is_name_of_another
from schoolgate_policyd.workflow.request_rights import Act, Staffing, require
from schoolgate_policyd.workflow.requests import (
    AccessRequest,
    FormVersion,
    RequestForm,
    Signature,
    State,
    Step,
)
from schoolgate_policyd.workflow.scopes import grant_id


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
    delegations: tuple[Delegation, ...] = (),
    are_in_place: bool,
    why: str,
    at: datetime,
    moment: datetime,
) -> AccessRequest:
    """Return *request* with its measures confirmed or refused by the reviewer."""
    require(Act.CHECK, request, by, Staffing(people, moment, delegations))
    state = State.MEASURES_CONFIRMED if are_in_place else State.MEASURES_REFUSED
    return _with(request, state, by, at, required("why", why))


def approve(
    request: AccessRequest,
    *,
    by: Member,
    people: tuple[Member, ...],
    delegations: tuple[Delegation, ...] = (),
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
    staffing = Staffing(people, moment, delegations)
    require(Act.DECIDE, request, by, staffing)
    require_own_name(signature.name, by, people)
    moved = _with(request, State.APPROVED, by, at, required("reasons", reasons))
    decided = _signed(moved, signature, by, staffing)
    grant = effects.grant
    if not _is_asked_for(grant, request):
        raise WrongState("What would open was worked out for another request: look again.")
    if not effects.opens_anything:
        raise OpensNothing(
            "Nothing would open: what still blocks is listed above, so this cannot be signed."
        )
    return msgspec.structs.replace(decided, grant=grant)


def refuse(
    request: AccessRequest,
    *,
    by: Member,
    people: tuple[Member, ...],
    delegations: tuple[Delegation, ...] = (),
    reasons: str,
    signature: Signature,
    at: datetime,
    moment: datetime,
) -> AccessRequest:
    """Return *request* refused and signed."""
    staffing = Staffing(people, moment, delegations)
    require(Act.DECIDE, request, by, staffing)
    require_own_name(signature.name, by, people)
    moved = _with(request, State.REFUSED, by, at, required("reasons", reasons))
    return _signed(moved, signature, by, staffing)


def withdraw(
    request: AccessRequest,
    *,
    by: Member,
    people: tuple[Member, ...] = (),
    delegations: tuple[Delegation, ...] = (),
    why: str,
    at: datetime,
    moment: datetime,
) -> AccessRequest:
    """Return *request*, with its grant if it has one, withdrawn at once."""
    require(Act.WITHDRAW, request, by, Staffing(people, moment, delegations))
    return _with(request, State.WITHDRAWN, by, at, required("why", why))


def change(
    request: AccessRequest,
    *,
    by: Member,
    people: tuple[Member, ...],
    form: RequestForm,
    why: str,
    at: datetime,
    moment: datetime,
) -> AccessRequest:
    """
    Return *request* with *form* as its next version, submitted again.

    Measures that were confirmed and a decision that was signed were about another text: they are
    void, and there is no grant until the new version is approved. An open question counts as
    answered by the change.
    """
    require(Act.CHANGE, request, by, Staffing(people, moment))
    if form == request.form:
        raise mistake_in("why", "Nothing in the form was changed.")
    version = request.version + 1
    before = FormVersion(request.version, request.form, require_aware(at), required("why", why))
    step = Step(State.SUBMITTED, by.id, at, why, version=version)
    questions = tuple(
        msgspec.structs.replace(each, answered_at=at, answer=why) if each.is_open else each
        for each in request.questions
    )
    return msgspec.structs.replace(
        request,
        form=form,
        version=version,
        earlier=(*request.earlier, before),
        steps=(*request.steps, step),
        questions=questions,
        grant=None,
        store_version=None,
        has_ended=False,
    )


def require_own_name(name: str, by: Member, people: tuple[Member, ...]) -> None:
    """Raise InvalidForm if *by* wrote the name of somebody else of the school on the form."""
    if is_name_of_another(name, by, people):
        message = "This is somebody else's name: enter your own."
        raise mistake_in("staff_name", message)


def _signed(
    request: AccessRequest, signature: Signature, by: Member, staffing: Staffing
) -> AccessRequest:
    """Return *request* signed; a deputy's decision says in whose name, and by what right."""
    step = msgspec.structs.replace(request.steps[-1], signature=signature)
    by_right = [each for each in staffing.delegations if each.deputy == by.id]
    if by_right and not by.holds(Duty.HEAD):
        step = msgspec.structs.replace(step, delegation=by_right[0].id, for_head=by_right[0].head)
    return msgspec.structs.replace(request, steps=(*request.steps[:-1], step))


def _is_asked_for(grant: Grant, request: AccessRequest) -> bool:
    form = request.form
    whom = (
        (frozenset({request.requester}), frozenset[str]())
        if form.for_class is None
        else (frozenset[str](), frozenset({form.for_class}))
    )
    return (
        grant.id == grant_id(request)
        and grant.kind is form.kind
        and (grant.starts_at, grant.ends_at) == (form.starts_at, form.ends_at)
        and (grant.people, grant.classes, grant.device_groups) == (*whom, frozenset())
    )


def _with(
    request: AccessRequest, state: State, by: Member, at: datetime, reasons: str
) -> AccessRequest:
    step = Step(state, by.id, require_aware(at), reasons, version=request.version)
    return msgspec.structs.replace(request, steps=(*request.steps, step))
