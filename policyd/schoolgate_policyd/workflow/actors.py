"""
Whose turn a request is, and why theirs.

Whoever wrote a request never checks, decides or reviews it. Whoever confirmed its measures does
not decide it as well: a curriculum grant needs two people (twiss-green §7), and so does every
other.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.workflow.delegations import Delegation
from schoolgate_policyd.workflow.people import Member, holders
from schoolgate_policyd.workflow.requests import AccessRequest, Stage, State, stage_at


class Task(StrEnum):
    """What somebody has to do about a request."""

    CHECK_MEASURES = "check-measures"
    ANSWER = "answer"
    DECIDE = "decide"
    TELL = "tell"
    NOTE = "note"


# Whose turn it can be to act on what others ask for; beside them only deputies.
ACTING = frozenset({Duty.ONLINE_SAFETY_LEAD, Duty.DSL, Duty.HEAD, Duty.CHAIR_OF_GOVERNORS})


class Turn(msgspec.Struct, frozen=True):
    """
    A task, those who may do it (any one of them), and a sentence that says why they.

    No *actors* means that the school has nobody who may: the sentence says what is missing.
    """

    task: Task
    actors: tuple[Member, ...]
    why: str

    def is_of(self, person: str) -> bool:
        """Whether *person* may do it."""
        return any(each.id == person for each in self.actors)


def may_submit(member: Member) -> bool:
    """Whether *member* may ask: staff, and whoever else holds a duty."""
    return member.audience is Audience.STAFF or bool(member.duties)


def next_turn(
    request: AccessRequest,
    people: tuple[Member, ...],
    *,
    delegations: tuple[Delegation, ...] = (),
    moment: datetime | None = None,
) -> Turn | None:
    """
    Return whose turn it is, None when nobody has to act.

    *delegations* are those that hold now. *moment* (aware, the school's clock) is for what its
    end alone brings about; without it, a grant is over once it was seen to be.
    """
    match request.state:
        case State.SUBMITTED if request.open_question is not None:
            return _requesters(request, people, Task.ANSWER, "There is a question to answer.")
        case State.SUBMITTED:
            return reviewing(request.requester, people)
        case State.MEASURES_CONFIRMED:
            confirmed = request.step(State.MEASURES_CONFIRMED)
            reviewer = None if confirmed is None else confirmed.actor
            return authorising(request.requester, people, delegations, reviewer=reviewer)
        case State.APPROVED:
            return _afterwards(request, people, moment)
        case State.MEASURES_REFUSED | State.REFUSED | State.WITHDRAWN:
            return None


def may_withdraw(request: AccessRequest, member: Member) -> bool:
    """Whether *member* may end it at once: the requester, the head, the chair of governors."""
    return member.id == request.requester or member.holds(Duty.HEAD, Duty.CHAIR_OF_GOVERNORS)


def reviewing(requester: str, people: tuple[Member, ...]) -> Turn:
    """Return who checks the control measures of what *requester* asks for."""
    return _for_lead(
        requester,
        people,
        Task.CHECK_MEASURES,
        "The online safety lead checks the control measures.",
    )


def authorising(
    requester: str,
    people: tuple[Member, ...],
    delegations: tuple[Delegation, ...] = (),
    *,
    reviewer: str | None = None,
) -> Turn:
    """
    Return who decides what *requester* asks for; *reviewer* has confirmed its measures.

    While a delegation holds, its deputy may decide in the head's name. What a deputy asks for
    stays with the head, or is decided by the chair of governors when it cannot wait.
    """
    chairs = _but(holders(people, Duty.CHAIR_OF_GOVERNORS, but=requester), reviewer)
    if _holds(requester, Duty.HEAD, people):
        missing = "" if chairs else ", and the school has not named one who can sign in"
        why = f"The headteacher's own request goes to the chair of governors{missing}."
        return Turn(Task.DECIDE, chairs, why)
    heads = _but(holders(people, Duty.HEAD, but=requester), reviewer)
    if not heads and reviewer is not None and _holds(reviewer, Duty.HEAD, people):
        why = "The headteacher checked the measures, so the chair of governors decides."
        return Turn(Task.DECIDE, chairs, why)
    if any(each.deputy == requester for each in delegations):
        why = (
            "A deputy's own request stays with the headteacher; the chair of governors decides "
            "when it cannot wait."
        )
        return Turn(Task.DECIDE, (*heads, *chairs), why)
    named = {each.deputy for each in delegations} - {requester, reviewer}
    deputies = tuple(each for each in people if each.id in named and each not in heads)
    if deputies:
        why = "The headteacher is away and has named a deputy, who decides in their name."
        return Turn(Task.DECIDE, (*heads, *deputies), why)
    missing = "" if heads else ", and the school has not named one who can sign in"
    return Turn(Task.DECIDE, heads, f"The headteacher decides{missing}.")


def _afterwards(
    request: AccessRequest, people: tuple[Member, ...], moment: datetime | None
) -> Turn | None:
    stage = Stage.ENDED if request.has_ended else Stage.IN_FORCE
    if moment is not None or request.has_ended:
        stage = stage_at(request, request.form.ends_at if moment is None else moment)
    if stage is Stage.ENDED:
        return _requesters(request, people, Task.TELL, "It is over: say in a line how it went.")
    if stage is Stage.TOLD:
        why = "The online safety lead notes how it went."
        return _for_lead(request.requester, people, Task.NOTE, why)
    return None


def _requesters(request: AccessRequest, people: tuple[Member, ...], task: Task, why: str) -> Turn:
    return Turn(task, tuple(each for each in people if each.id == request.requester), why)


def _but(members: tuple[Member, ...], person: str | None) -> tuple[Member, ...]:
    return tuple(each for each in members if each.id != person)


def _for_lead(requester: str, people: tuple[Member, ...], task: Task, why: str) -> Turn:
    """Return the turn of the online safety lead, or of whoever stands in for them."""
    leads = holders(people, Duty.ONLINE_SAFETY_LEAD, but=requester)
    asks_as_lead = _holds(requester, Duty.ONLINE_SAFETY_LEAD, people)
    if leads and not asks_as_lead:
        return Turn(task, leads, why)
    does = "checks these" if task is Task.CHECK_MEASURES else "notes it"
    because = (
        "Nobody checks their own measures"
        if asks_as_lead
        else "The school has no online safety lead"
    )
    for duty, title in (
        (Duty.DSL, "the designated safeguarding lead"),
        (Duty.HEAD, "the headteacher"),
        (Duty.CHAIR_OF_GOVERNORS, "the chair of governors"),
    ):
        standing_in = holders(people, duty, but=requester)
        if standing_in:
            return Turn(task, standing_in, f"{because}, so {title} {does}.")
    return Turn(
        task,
        (),
        f"{because}, and nobody else may check them: the school must name another online safety "
        "lead or designated safeguarding lead.",
    )


def _holds(person: str, duty: Duty, people: tuple[Member, ...]) -> bool:
    return any(each.id == person and duty in each.duties for each in people)
