"""What people sign beside decisions on requests, put together as their pages do."""

from datetime import date, datetime

from office import HEAD, LESSON, LONDON, MACHINE, NETWORKS, PASSWORD, policy, sign

from schoolgate_policyd.core.subjects import HeldDuty
from schoolgate_policyd.core.times import local_date
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.signed_blocks import LiftingToSign
from schoolgate_policyd.store.signed_days import DayToSign
from schoolgate_policyd.store.signed_directions import DirectionToSign
from schoolgate_policyd.store.signed_duties import DutiesToSign
from schoolgate_policyd.store.signed_networks import NetworkToSign
from schoolgate_policyd.store.signed_standing import StandingToSign
from schoolgate_policyd.workflow.block_text import reopens
from schoolgate_policyd.workflow.blocks import Block
from schoolgate_policyd.workflow.different_days import DayEntry
from schoolgate_policyd.workflow.direction_text import DirectionForm
from schoolgate_policyd.workflow.forms import DecisionForm
from schoolgate_policyd.workflow.networks import NetworkEntry
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.policy_versions import Direction, PolicyVersion
from schoolgate_policyd.workflow.register_duties import DutiesForm
from schoolgate_policyd.workflow.standing_requests import StandingRequest
from schoolgate_policyd.workflow.standing_text import permits

DOCUMENT = "Social Media Policy, 1"
TODAY = LESSON.date()


def standing_to_sign(
    store: DecisionStore,
    number: int,
    *,
    by: str = HEAD.id,
    yes: bool = True,
    at: datetime = MACHINE,
) -> StandingToSign:
    """Return the decision on the request for a standing permission *number*."""
    name = store.people.find(by).name
    asked = store.standing_requests.find(number)
    return StandingToSign(
        number=number,
        by=by,
        decision=DecisionForm(yes, "fair", name, LESSON.date()),
        permits=permits(policy(), asked.form.name),
        zone=LONDON,
        at=at,
        moment=LESSON,
    )


def sign_standing(
    store: DecisionStore,
    number: int,
    *,
    by: str = HEAD.id,
    yes: bool = True,
    password: str = PASSWORD,
    at: datetime = MACHINE,
) -> StandingRequest:
    """Have *by* decide the request for a standing permission *number*."""
    sign(store, standing_to_sign(store, number, by=by, yes=yes, at=at), at=at, password=password)
    return store.standing_requests.find(number)


def lifting_to_sign(
    store: DecisionStore,
    number: int,
    *,
    by: str = HEAD.id,
    reason: str = "harmless",
    at: datetime = MACHINE,
) -> LiftingToSign:
    """Return that block *number* is lifted."""
    opening = reopens(policy(), store.blocks.find(number))
    return LiftingToSign(number, by, reason, opening, LONDON, at)


def sign_lifting(
    store: DecisionStore,
    number: int,
    *,
    by: str = HEAD.id,
    reason: str = "harmless",
    password: str = PASSWORD,
) -> Block:
    """Have *by* lift block *number*."""
    sign(store, lifting_to_sign(store, number, by=by, reason=reason), password=password)
    return store.blocks.find(number)


def sign_day(
    store: DecisionStore,
    entry: DayEntry,
    *,
    by: str = HEAD.id,
    password: str = PASSWORD,
    today: date = TODAY,
    at: datetime = MACHINE,
) -> int:
    """Have *by* have a day go otherwise; return its number."""
    sign(store, DayToSign(by, entry, DOCUMENT, today, at), at=at, password=password)
    return store.different_days.from_day(entry.first)[-1].id


def sign_network(
    store: DecisionStore, by: str, entry: NetworkEntry, *, password: str = PASSWORD
) -> None:
    """Have *by* change the office's first network, which was not changed before."""
    to_sign = NetworkToSign(by, NETWORKS[0], entry, 0, DOCUMENT, MACHINE)
    sign(store, to_sign, password=password)


def direction_to_sign(
    version: int,
    direction: Direction,
    *,
    by: Member = HEAD,
    shared: str,
    at: datetime,
    moment: datetime,
) -> DirectionToSign:
    """Return that *by* directs a version of the policy."""
    form = DirectionForm(
        reasons="As the governors wish.",
        staff_name=by.name,
        signed_on=local_date(moment, LONDON),
        starts_at=direction.in_force_from,
        announced_on=direction.announced_on,
        is_for_safety=direction.is_for_safety,
    )
    return DirectionToSign(version, by.id, form, (), shared, LONDON, at, moment)


def sign_direction(
    store: DecisionStore,
    version: int,
    direction: Direction,
    *,
    by: Member = HEAD,
    password: str = PASSWORD,
    shared: str,
    at: datetime,
    moment: datetime,
) -> PolicyVersion:
    """Have *by* direct a version of the policy."""
    to_sign = direction_to_sign(version, direction, by=by, shared=shared, at=at, moment=moment)
    sign(store, to_sign, at=at, password=password)
    return store.policies.find(version)


def duties_to_sign(
    store: DecisionStore,
    person: str,
    *duties: HeldDuty,
    by: str = HEAD.id,
    at: datetime = MACHINE,
) -> DutiesToSign:
    """Return that *person* holds *duties* and no others."""
    version = store.person_records.one(person).version
    form = DutiesForm(duties, "they know how")
    return DutiesToSign(person, by, form, version, DOCUMENT, at, LESSON)


def sign_duties(
    store: DecisionStore,
    person: str,
    *duties: HeldDuty,
    by: str = HEAD.id,
    password: str = PASSWORD,
) -> None:
    """Have *person* hold *duties* and no others."""
    sign(store, duties_to_sign(store, person, *duties, by=by), password=password)
