"""
Who may see a request and what they may do with it: one table of stage, role and acts.

Pages show what `acts_of` gives, and the store moves nothing that it does not give, so no page can
offer what is refused, and no refused act has a page. Roles follow from the request and the school;
whoever wrote a request has the author's role in it and no other, whatever duties they hold.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

import msgspec

from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.workflow.actors import (
    Task,
    Turn,
    authorising,
    may_submit,
    next_turn,
    reviewing,
)
from schoolgate_policyd.workflow.delegations import Delegation
from schoolgate_policyd.workflow.errors import NotAllowed, WrongState
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.requests import AccessRequest, Stage, State, stage_at


class Act(StrEnum):
    """What somebody does with a request; to print it is to take its form away as a file."""

    SEE = "see"
    PRINT = "print"
    EDIT = "edit"
    DELETE = "delete"
    SUBMIT = "submit"
    CHANGE = "change"
    ASK = "ask"
    ANSWER = "answer"
    CHECK = "check"
    DECIDE = "decide"
    WITHDRAW = "withdraw"
    TELL = "tell"
    NOTE = "note"


class Role(StrEnum):
    """
    What somebody is to one request.

    The author wrote it; the reviewer checks its measures and the authoriser decides it (both as
    `actors` finds them, stand-ins and deputies among them); heads, the chair of governors and
    deputies end it; overseers see every request.
    """

    AUTHOR = "author"
    REVIEWER = "reviewer"
    AUTHORISER = "authoriser"
    ENDER = "ender"
    OVERSEER = "overseer"


class Staffing(msgspec.Struct, frozen=True):
    """Who is in the school, and which delegations hold, at *moment* (aware, its own clock)."""

    people: tuple[Member, ...]
    moment: datetime
    delegations: tuple[Delegation, ...] = ()

    def turn(self, request: AccessRequest) -> Turn | None:
        """Return whose turn *request* is."""
        if stage_at(request, self.moment) is Stage.LAPSED:
            return None
        return next_turn(request, self.people, delegations=self.delegations, moment=self.moment)


_READ = frozenset({Act.SEE, Act.PRINT})
_OWN = _READ | {Act.CHANGE, Act.WITHDRAW}
_ENDED = dict.fromkeys(Role, _READ)

TABLE: Mapping[Stage, Mapping[Role, frozenset[Act]]] = MappingProxyType(
    {
        # What is not finished is nobody's but its author's.
        Stage.DRAFT: {Role.AUTHOR: frozenset({Act.SEE, Act.EDIT, Act.DELETE, Act.SUBMIT})},
        Stage.WAITING_FOR_MEASURES: {
            Role.AUTHOR: _OWN,
            Role.REVIEWER: _READ | {Act.ASK, Act.CHECK},
            Role.AUTHORISER: _READ,
            Role.ENDER: _READ | {Act.WITHDRAW},
            Role.OVERSEER: _READ,
        },
        Stage.WAITING_FOR_ANSWER: {
            Role.AUTHOR: _OWN | {Act.ANSWER},
            Role.REVIEWER: _READ,
            Role.AUTHORISER: _READ,
            Role.ENDER: _READ | {Act.WITHDRAW},
            Role.OVERSEER: _READ,
        },
        Stage.WAITING_FOR_DECISION: {
            Role.AUTHOR: _OWN,
            Role.REVIEWER: _READ,
            Role.AUTHORISER: _READ | {Act.DECIDE},
            Role.ENDER: _READ | {Act.WITHDRAW},
            Role.OVERSEER: _READ,
        },
        Stage.APPROVED: {**_ENDED, Role.AUTHOR: _OWN, Role.ENDER: _READ | {Act.WITHDRAW}},
        Stage.IN_FORCE: {**_ENDED, Role.AUTHOR: _OWN, Role.ENDER: _READ | {Act.WITHDRAW}},
        Stage.ENDED: {**_ENDED, Role.AUTHOR: _READ | {Act.TELL}},
        Stage.TOLD: {**_ENDED, Role.REVIEWER: _READ | {Act.NOTE}},
        Stage.REVIEWED: _ENDED,
        Stage.MEASURES_REFUSED: _ENDED,
        Stage.REFUSED: _ENDED,
        Stage.WITHDRAWN: _ENDED,
        Stage.LAPSED: _ENDED,
    }
)

SEES_ALL = frozenset({Duty.HEAD, Duty.CHAIR_OF_GOVERNORS, Duty.ONLINE_SAFETY_LEAD, Duty.DSL})
_ENDS = frozenset({Duty.HEAD, Duty.CHAIR_OF_GOVERNORS})

_TASKS = {Act.CHECK: Task.CHECK_MEASURES, Act.ASK: Task.CHECK_MEASURES, Act.DECIDE: Task.DECIDE}
_STANDS = {
    Stage.WAITING_FOR_MEASURES: "its control measures have not been checked yet",
    Stage.WAITING_FOR_ANSWER: "a question about it waits for its answer",
    Stage.WAITING_FOR_DECISION: "its control measures have been confirmed already",
    Stage.MEASURES_REFUSED: "its control measures were refused",
    Stage.APPROVED: "it was approved",
    Stage.IN_FORCE: "it was approved",
    Stage.ENDED: "it is over",
    Stage.TOLD: "it is over",
    Stage.REVIEWED: "it is over",
    Stage.REFUSED: "it was refused",
    Stage.WITHDRAWN: "it was withdrawn",
}


def roles_of(request: AccessRequest, member: Member, staffing: Staffing) -> frozenset[Role]:
    """Return what *member* is to *request*; nothing to most people."""
    if member.id == request.requester:
        return frozenset({Role.AUTHOR})
    if member.audience is Audience.PUPIL:
        return frozenset()
    roles = set()
    if _is_in(member, reviewing(request.requester, staffing.people).actors):
        roles.add(Role.REVIEWER)
    confirmed = request.step(State.MEASURES_CONFIRMED)
    reviewer = None if confirmed is None else confirmed.actor
    deciding = authorising(
        request.requester, staffing.people, staffing.delegations, reviewer=reviewer
    )
    if _is_in(member, deciding.actors):
        roles.add(Role.AUTHORISER)
    is_deputy = any(each.deputy == member.id for each in staffing.delegations)
    if member.holds(*_ENDS) or is_deputy:
        roles.add(Role.ENDER)
    if member.holds(*SEES_ALL):
        roles.add(Role.OVERSEER)
    return frozenset(roles)


def acts_of(request: AccessRequest, member: Member, staffing: Staffing) -> frozenset[Act]:
    """Return what *member* may do with *request* now."""
    acts = TABLE[stage_at(request, staffing.moment)]
    return frozenset[Act]().union(
        *(acts.get(role, frozenset()) for role in roles_of(request, member, staffing))
    )


def draft_acts_of(author: str, member: Member) -> frozenset[Act]:
    """Return what *member* may do with a draft of *author*."""
    is_theirs = member.id == author and may_submit(member)
    return TABLE[Stage.DRAFT][Role.AUTHOR] if is_theirs else frozenset()


def require(act: Act, request: AccessRequest, by: Member, staffing: Staffing) -> None:
    """
    Raise unless *by* may do *act* with *request* now.

    Raises WrongState where nobody may any more, or not yet, else NotAllowed.
    """
    if act in acts_of(request, by, staffing):
        return
    stage = stage_at(request, staffing.moment)
    if act is Act.WITHDRAW:
        _refuse_withdrawal(stage)
    if not any(act in acts for acts in TABLE[stage].values()):
        if stage is Stage.LAPSED:
            raise WrongState("The time that was asked for is over: a new request is needed.")
        raise WrongState(f"This cannot be done now: {_STANDS[stage]}.")
    if by.id == request.requester:
        raise NotAllowed("Nobody reviews or authorises their own request.")
    turn = staffing.turn(request)
    why = f" {turn.why}" if turn is not None and turn.task is _TASKS.get(act) else ""
    raise NotAllowed(f"This is for somebody else.{why}")


def _refuse_withdrawal(stage: Stage) -> None:
    if all(Act.WITHDRAW not in acts for acts in TABLE[stage].values()):
        raise WrongState(f"There is nothing to withdraw: the request is {stage}.")
    raise NotAllowed("Only the requester, the headteacher or the chair of governors may.")


def _is_in(member: Member, members: tuple[Member, ...]) -> bool:
    return any(each.id == member.id for each in members)
