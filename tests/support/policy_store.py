"""People who draft and direct in a store, and a draft taken all the way."""

from datetime import date, datetime

from office import PASSWORD
from policy_paper import AT, GOVERNOR, LONDON, REASONS, TECHNICIAN
from to_sign import sign_direction

from schoolgate_policyd.core.subjects import HeldDuty
from schoolgate_policyd.core.times import local_date
from schoolgate_policyd.drafting.changes import Change
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.records import NewPerson
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.policy_versions import Direction, Minutes, PolicyVersion
from schoolgate_policyd.workshop import Workshop

ADDRESS = "127.0.3.10"


def employ(store: DecisionStore, *members: Member) -> None:
    """Put *members*, or the technician and the governor, into *store*."""
    for each in members or (TECHNICIAN, GOVERNOR):
        held = tuple(HeldDuty(duty) for duty in sorted(each.duties))
        person = NewPerson(each.id, each.name, each.audience, each.username, held)
        store.people.add(person, at=AT, by=None)
        store.credentials.set_password(each.id, PASSWORD, at=AT, by=None)


def direct_draft(
    store: DecisionStore,
    workshop: Workshop,
    *changes: Change,
    moment: datetime,
    in_force_from: datetime,
) -> PolicyVersion:
    """
    Draft, prove, propose, approve and direct *changes*.

    Before the notice is over it is directed for safety, else in the ordinary way.
    """
    by = TECHNICIAN.id
    number = workshop.begin(by=by, summary="A change", at=AT, moment=moment).number
    for change in changes:
        workshop.change(number, change, by=by, at=AT)
    workshop.prove(number, by=by, at=AT)
    shared = workshop.shared(number)
    store.policies.propose(number, by=by, reasons=REASONS, shared=shared, at=AT, moment=moment)
    today: date = local_date(moment, LONDON)
    is_early = in_force_from <= moment
    if not is_early:
        minutes = Minutes(today, "FGB 7.2")
        store.policies.approve(number, by=GOVERNOR.id, minutes=minutes, today=today, at=AT)
    direction = Direction(in_force_from, None if is_early else today, is_early)
    return sign_direction(store, number, direction, shared=shared, at=AT, moment=moment)
