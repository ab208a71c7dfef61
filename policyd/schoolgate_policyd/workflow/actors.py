"""Whose turn a request is, and why theirs; who may withdraw it and who may see it."""

from enum import StrEnum

import msgspec

from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.workflow.people import Member, holders
from schoolgate_policyd.workflow.requests import AccessRequest, State


class Task(StrEnum):
    """What somebody has to do about a request."""

    CHECK_MEASURES = "check-measures"
    DECIDE = "decide"


class Turn(msgspec.Struct, frozen=True):
    """
    A task, those who may do it (any one of them), and a sentence that says why they.

    No *actors* means that the school has nobody who may: the sentence says what is missing.
    """

    task: Task
    actors: tuple[Member, ...]
    why: str


def may_submit(member: Member) -> bool:
    """Whether *member* may ask: staff, and whoever else holds a duty."""
    return member.audience is Audience.STAFF or bool(member.duties)


def next_turn(request: AccessRequest, people: tuple[Member, ...]) -> Turn | None:
    """Return whose turn it is, None when nobody has to act."""
    match request.state:
        case State.SUBMITTED:
            return _reviewing(request.requester, people)
        case State.MEASURES_CONFIRMED:
            return _authorising(request.requester, people)
        case State.MEASURES_REFUSED | State.APPROVED | State.REFUSED | State.WITHDRAWN:
            return None


def next_actors(request: AccessRequest, people: tuple[Member, ...]) -> tuple[Member, ...]:
    """Return those who may act now, any one of them."""
    turn = next_turn(request, people)
    return () if turn is None else turn.actors


def may_withdraw(request: AccessRequest, member: Member) -> bool:
    """Whether *member* may end it at once: the requester, the head, the chair of governors."""
    return member.id == request.requester or member.holds(Duty.HEAD, Duty.CHAIR_OF_GOVERNORS)


def _reviewing(requester: str, people: tuple[Member, ...]) -> Turn:
    leads = holders(people, Duty.ONLINE_SAFETY_LEAD, but=requester)
    asks_as_lead = _holds(requester, Duty.ONLINE_SAFETY_LEAD, people)
    if leads and not asks_as_lead:
        return Turn(
            Task.CHECK_MEASURES, leads, "The online safety lead checks the control measures."
        )
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
            return Turn(Task.CHECK_MEASURES, standing_in, f"{because}, so {title} checks these.")
    return Turn(
        Task.CHECK_MEASURES,
        (),
        f"{because}, and nobody else may check them: the school must name another online safety "
        "lead or designated safeguarding lead.",
    )


def _authorising(requester: str, people: tuple[Member, ...]) -> Turn:
    if _holds(requester, Duty.HEAD, people):
        chairs = holders(people, Duty.CHAIR_OF_GOVERNORS, but=requester)
        why = (
            "The headteacher's own request goes to the chair of governors."
            if chairs
            else "The headteacher's own request goes to the chair of governors, and the school "
            "has not named one who can sign in."
        )
        return Turn(Task.DECIDE, chairs, why)
    heads = holders(people, Duty.HEAD, but=requester)
    why = (
        "The headteacher decides."
        if heads
        else "The headteacher decides, and the school has not named one who can sign in."
    )
    return Turn(Task.DECIDE, heads, why)


def _holds(person: str, duty: Duty, people: tuple[Member, ...]) -> bool:
    return any(each.id == person and duty in each.duties for each in people)
