"""A request at each stage of its life, made by the moves themselves."""

from datetime import date, datetime, timedelta

import msgspec
from office import HEAD, LEAD, LESSON, MACHINE, PEOPLE, SECOND_HEAD, TEACHER, form, policy

from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.workflow import moves, request_talk
from schoolgate_policyd.workflow.delegations import Delegation
from schoolgate_policyd.workflow.effects import Effects, Opening
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.request_rights import Staffing
from schoolgate_policyd.workflow.requests import AccessRequest, Signature
from schoolgate_policyd.workflow.scopes import grant_for

DEPUTY = Member("stork", "Dele Sedgeworth", Audience.STAFF, "deputy")
COLLEAGUE = Member("finch", "Finn Rushmore", Audience.STAFF, "colleague")
EVERYBODY = (*PEOPLE, SECOND_HEAD, DEPUTY, COLLEAGUE)
SIGNATURE = Signature("N. T.", date(2026, 11, 20), "0" * 64)
AWAY = Delegation(
    7,
    HEAD.id,
    DEPUTY.id,
    LESSON - timedelta(days=1),
    LESSON + timedelta(days=1),
    "a conference",
    MACHINE,
    SIGNATURE,
)
AFTER = form().ends_at


def staffing(moment: datetime = LESSON, *, away: bool = True) -> Staffing:
    """Return the school at *moment*, by default with a deputy named."""
    return Staffing(EVERYBODY, moment, (AWAY,) if away else ())


def submitted() -> AccessRequest:
    """Return a request that was sent."""
    return moves.submit(1, TEACHER, form(), at=MACHINE)


def asked() -> AccessRequest:
    """Return one with an open question."""
    return request_talk.ask(submitted(), by=LEAD, staffing=staffing(), question="Why?", at=MACHINE)


def confirmed(request: AccessRequest | None = None, *, yes: bool = True) -> AccessRequest:
    """Return one whose measures were checked."""
    return moves.review(
        request or submitted(),
        by=LEAD,
        people=EVERYBODY,
        are_in_place=yes,
        why="looked",
        at=MACHINE,
        moment=LESSON,
    )


def effects(request: AccessRequest) -> Effects:
    """Return effects that open something."""
    opening = Opening(request.requester, DeviceKind.OWN_DEVICE, "own", (Period.LESSON,))
    return Effects(grant_for(request, policy().catalogue), (opening,), still_blocks=())


def decided(request: AccessRequest, by: Member = HEAD, *, yes: bool = True) -> AccessRequest:
    """Return *request* signed."""
    if yes:
        return moves.approve(
            request,
            by=by,
            people=EVERYBODY,
            delegations=(AWAY,),
            reasons="fine",
            signature=SIGNATURE,
            effects=effects(request),
            at=MACHINE,
            moment=LESSON,
        )
    return moves.refuse(
        request,
        by=by,
        people=EVERYBODY,
        delegations=(AWAY,),
        reasons="no",
        signature=SIGNATURE,
        at=MACHINE,
        moment=LESSON,
    )


def told(by: Member = TEACHER) -> AccessRequest:
    """Return one that is over, with how it went."""
    return request_talk.tell(
        decided(confirmed()), by=by, staffing=staffing(AFTER), how_it_went="well", at=MACHINE
    )


def noted(by: Member = LEAD) -> AccessRequest:
    """Return one that was reviewed."""
    return request_talk.note(told(), by=by, staffing=staffing(AFTER), note="good", at=MACHINE)


def later() -> AccessRequest:
    """Signed for tomorrow."""
    starts = LESSON + timedelta(hours=1)
    return msgspec.structs.replace(
        decided(confirmed()), form=form(starts_at=starts, ends_at=starts + timedelta(hours=1))
    )
