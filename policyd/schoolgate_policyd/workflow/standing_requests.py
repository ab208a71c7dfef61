"""
Standing permissions, asked for and decided like a request, with a review date instead of an end.

    submitted ──► measures-confirmed ──► approved: both records stand, until the review date
        │                  │
        ├─► measures-refused └─► refused
        └──── withdrawn ◄────┘

They are no grants: they lift nothing by themselves, and rules name them (`standing`). Once the
review date has passed a permission is in force no longer, until it is asked for and given anew
(twiss-green §2, §12; R12). A deputy does not decide one: it outlasts the head's absence.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core.times import local_date, require_aware
from schoolgate_policyd.workflow.actors import Task, Turn, authorising, may_submit, reviewing
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.errors import NotAllowed, WrongState, required
from schoolgate_policyd.workflow.lead_times import STANDING_REVIEW
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.requests import Signature, State, Step
from schoolgate_policyd.workflow.visibility import Sight, may

LONGEST_UNTIL_REVIEW = timedelta(days=366)
STANDING_FIELDS = ("name", "reasons", "measures", "review_on")

_OVER = {
    State.SUBMITTED: "its control measures have not been checked yet",
    State.MEASURES_CONFIRMED: "its control measures have been confirmed already",
    State.MEASURES_REFUSED: "its control measures were refused",
    State.APPROVED: "it was permitted",
    State.REFUSED: "it was refused",
    State.WITHDRAWN: "it was withdrawn",
}


class StandingForm(msgspec.Struct, frozen=True):
    """What is asked for: *name* is the policy's name for it, *review_on* its last day."""

    name: str
    reasons: str
    measures: str
    review_on: date


class StandingRequest(msgspec.Struct, frozen=True):
    """A standing permission on its way, with its whole history, oldest step first."""

    id: int
    requester: str
    form: StandingForm
    steps: tuple[Step, ...]

    @property
    def state(self) -> State:
        """Where it stands."""
        return self.steps[-1].state

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to act."""
        return self.state in {State.SUBMITTED, State.MEASURES_CONFIRMED}


def is_past(review_on: date, moment: datetime) -> bool:
    """Whether the review date is past at *moment* (aware): the day itself is still in time."""
    return require_aware(moment).astimezone(UTC).date() > review_on


def is_soon(review_on: date, moment: datetime) -> bool:
    """Whether whoever keeps the permission is to be reminded of its review date."""
    return require_aware(moment).astimezone(UTC).date() + STANDING_REVIEW >= review_on


def parse_standing(
    raw: Mapping[str, str], *, names: Mapping[str, str], moment: datetime, zone: ZoneInfo
) -> StandingForm:
    """Return what is asked for; *names* are those of the policy in force. Raises InvalidForm."""
    entry = Entry(raw, STANDING_FIELDS)
    name = entry.choice("name", names, "Choose what is to be permitted.")
    reasons = entry.text("reasons", "Give your reasons.")
    measures = entry.text("measures", "Describe the risks and the measures that control them.")
    review_on = entry.day("review_on", "Enter when it is reviewed.")
    today = local_date(moment, zone)
    if review_on is not None and review_on <= today:
        entry.mistake("review_on", "The review date must be in the future.")
    elif review_on is not None and review_on > today + LONGEST_UNTIL_REVIEW:
        entry.mistake("review_on", "It is reviewed within a year.")
    entry.raise_mistakes()
    if name is None or review_on is None:
        raise AssertionError("a form without mistakes lacks a value")
    return StandingForm(name, reasons, measures, review_on)


def ask(requester: Member, form: StandingForm, *, at: datetime) -> StandingRequest:
    """Return the request, unnumbered. Raises NotAllowed."""
    if not (may_submit(requester) and may(requester, Sight.STANDING_PERMISSIONS)):
        raise NotAllowed("Only those with a duty in the school ask for a standing permission.")
    step = Step(State.SUBMITTED, requester.id, require_aware(at), form.reasons)
    return StandingRequest(0, requester.id, form, (step,))


def turn_of(request: StandingRequest, people: tuple[Member, ...]) -> Turn | None:
    """Return whose turn it is, by the rules of requests; deputies have none."""
    match request.state:
        case State.SUBMITTED:
            return reviewing(request.requester, people)
        case State.MEASURES_CONFIRMED:
            return authorising(request.requester, people, reviewer=request.steps[-1].actor)
        case State.MEASURES_REFUSED | State.APPROVED | State.REFUSED | State.WITHDRAWN:
            return None


def waits_for(person: str, request: StandingRequest, people: tuple[Member, ...]) -> bool:
    """Whether *request* waits for *person*."""
    turn = turn_of(request, people)
    return turn is not None and turn.is_of(person)


def check(
    request: StandingRequest,
    *,
    by: Member,
    people: tuple[Member, ...],
    are_in_place: bool,
    why: str,
    at: datetime,
) -> StandingRequest:
    """Return *request* with its controls confirmed or refused."""
    _require_turn(request, by, people, Task.CHECK_MEASURES)
    state = State.MEASURES_CONFIRMED if are_in_place else State.MEASURES_REFUSED
    return _with(request, Step(state, by.id, require_aware(at), required("why", why)))


def require_may_decide(request: StandingRequest, by: Member, people: tuple[Member, ...]) -> None:
    """Raise NotAllowed unless *by* may decide it, WrongState where nobody may now."""
    _require_turn(request, by, people, Task.DECIDE)


def decide(
    request: StandingRequest,
    *,
    by: Member,
    people: tuple[Member, ...],
    is_approved: bool,
    reasons: str,
    signature: Signature,
    at: datetime,
    moment: datetime,
) -> StandingRequest:
    """Return *request* permitted or refused, and signed."""
    require_may_decide(request, by, people)
    if is_approved and is_past(request.form.review_on, moment):
        raise WrongState("Its review date has passed: it has to be asked for again.")
    state = State.APPROVED if is_approved else State.REFUSED
    given = required("reasons", reasons)
    return _with(request, Step(state, by.id, require_aware(at), given, signature))


def withdraw(request: StandingRequest, *, by: Member, why: str, at: datetime) -> StandingRequest:
    """Return *request* withdrawn by whoever asked, before it was decided."""
    if by.id != request.requester:
        raise NotAllowed("Only whoever asked for it withdraws it.")
    if not request.is_open:
        raise WrongState(f"This cannot be done now: {_OVER[request.state]}.")
    given = required("why", why)
    return _with(request, Step(State.WITHDRAWN, by.id, require_aware(at), given))


def _require_turn(
    request: StandingRequest, by: Member, people: tuple[Member, ...], task: Task
) -> None:
    turn = turn_of(request, people)
    if turn is None or turn.task is not task:
        raise WrongState(f"This cannot be done now: {_OVER[request.state]}.")
    if by.id == request.requester:
        raise NotAllowed("Nobody reviews or authorises their own request.")
    if all(by.id != each.id for each in turn.actors):
        raise NotAllowed(f"This is for somebody else. {turn.why}")


def _with(request: StandingRequest, step: Step) -> StandingRequest:
    return msgspec.structs.replace(request, steps=(*request.steps, step))
