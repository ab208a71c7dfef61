"""
When a condition of a rule holds.

What is not known of a subject counts against them: where the device kind, the network, the year
group or the age is unknown, an atom that asks for it holds in a rule's `for` and fails in its
`unless`. So an unknown subject never gets more than a known one (law 6). Where their period is
not known either, there are several `Facts`, and a rule that blocks by one of them blocks.
"""

from datetime import datetime
from itertools import product
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.rules import Condition, Rule
from schoolgate_policyd.core.school_time import Possible, SchoolTime
from schoolgate_policyd.core.subjects import DeviceKind, Subject
from schoolgate_policyd.core.times import Period, local_date


class Facts(msgspec.Struct, frozen=True):
    """What is true of a subject at one moment, in one of the periods that it may be."""

    subject: Subject
    period: Period
    is_in_own_hours: bool
    is_on_overtime: bool
    standing: frozenset[str]


def facts_at(
    subject: Subject,
    moment: datetime,
    possible: tuple[Possible, ...],
    school_time: SchoolTime,
    standing: frozenset[str],
) -> tuple[Facts, ...]:
    """Return what may be true of *subject* at *moment* (aware), for each *possible* period."""
    at_work, on_overtime = _may_be_working(subject, moment, school_time)
    found = (
        Facts(
            subject=subject,
            period=each.period,
            is_in_own_hours=is_at_work and each.is_school_day,
            is_on_overtime=is_on_overtime,
            standing=standing,
        )
        for each, is_at_work, is_on_overtime in product(possible, at_work, on_overtime)
    )
    return tuple(found)


def _may_be_working(
    subject: Subject, moment: datetime, school_time: SchoolTime
) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
    """Return whether *subject* may be within their hours, and whether on overtime, or not."""
    hours = school_time.hours_of(subject)
    if school_time.doubted_since is not None:
        return (
            (False,) if hours is None else (False, True),
            (False, True) if subject.overtime else (False,),
        )
    is_at_work = hours is not None and school_time.is_within(hours, moment)
    is_on_overtime = (
        bool(subject.overtime)
        and local_date(moment, ZoneInfo(school_time.zone)) in subject.overtime
    )
    return (is_at_work,), (is_on_overtime,)


def applies(rule: Rule, facts: Facts, service: Service | None) -> bool:
    """Whether *rule* speaks of this subject, exceptions aside."""
    return any(
        holds(condition, facts, service, unknown_holds=True) for condition in rule.applies_to
    )


def is_excepted(rule: Rule, facts: Facts, service: Service | None) -> bool:
    """Whether an exception of *rule* holds."""
    return any(holds(condition, facts, service, unknown_holds=False) for condition in rule.unless)


def blocks(rule: Rule, facts: Facts, service: Service | None) -> bool:
    """Whether *rule* speaks of this subject and none of its exceptions holds."""
    return applies(rule, facts, service) and not is_excepted(rule, facts, service)


def holds(
    condition: Condition, facts: Facts, service: Service | None, *, unknown_holds: bool
) -> bool:
    """Whether every atom of *condition* holds for a resource that belongs to *service*."""
    subject = facts.subject
    if condition.audience is not None and subject.audience not in condition.audience:
        return False
    if condition.period is not None and facts.period not in condition.period:
        return False
    if condition.own_hours is not None and facts.is_in_own_hours is not condition.own_hours:
        return False
    if condition.overtime is not None and facts.is_on_overtime is not condition.overtime:
        return False
    if condition.standing is not None and not condition.standing <= facts.standing:
        return False
    return (
        _device_holds(condition, subject, unknown_holds=unknown_holds)
        and _duty_holds(condition, subject, service)
        and _age_holds(condition, subject, service, unknown_holds=unknown_holds)
        and (condition.person is None or subject.person in condition.person)
        and (
            condition.device_group is None
            or not condition.device_group.isdisjoint(subject.device_groups)
        )
    )


def _device_holds(condition: Condition, subject: Subject, *, unknown_holds: bool) -> bool:
    if condition.device is not None:
        if subject.device is DeviceKind.UNKNOWN:
            if not unknown_holds:
                return False
        elif subject.device not in condition.device:
            return False
    if condition.network is None:
        return True
    if not subject.is_network_known:
        return unknown_holds
    return subject.network in condition.network


def _duty_holds(condition: Condition, subject: Subject, service: Service | None) -> bool:
    if condition.platform is not None and (
        service is None or service.id not in condition.platform
    ):
        return False
    return condition.duty is None or any(
        held.duty in condition.duty
        and (held.platforms is None or (service is not None and service.id in held.platforms))
        for held in subject.duties
    )


def _age_holds(
    condition: Condition, subject: Subject, service: Service | None, *, unknown_holds: bool
) -> bool:
    if condition.year_groups is not None:
        first, last = condition.year_groups
        if subject.year_group is None:
            if not unknown_holds:
                return False
        elif not first <= subject.year_group <= last:
            return False
    if condition.below_minimum_age is None:
        return True
    minimum = None if service is None else service.minimum_age
    if minimum is None:
        return not condition.below_minimum_age
    if subject.age is None:
        # An unknown age counts as too young, and never as old enough.
        return condition.below_minimum_age or unknown_holds
    return (subject.age < minimum) is condition.below_minimum_age
