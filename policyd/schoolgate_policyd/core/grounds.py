"""Why an exception holds for one subject at one moment: `it is break and ... is recorded`."""

from collections.abc import Iterable, Mapping

from schoolgate_policyd.core import conditions
from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.conditions import Facts
from schoolgate_policyd.core.rules import Condition, Rule
from schoolgate_policyd.core.subjects import DeviceKind, Duty
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.core.words import in_order, joined, recorded, years

_PERIODS: Mapping[Period, str] = {
    Period.LESSON: "it is lesson time",
    Period.BREAK: "it is break",
    Period.LUNCH: "it is lunch",
    Period.BEFORE_SCHOOL: "it is before school",
    Period.AFTER_SCHOOL: "it is after school",
    Period.CLOSED: "the school is closed",
}
_DEVICES: Mapping[DeviceKind, str] = {
    DeviceKind.SCHOOL_COMPUTER: "it is a school computer",
    DeviceKind.SCHOOL_MOBILE: "it is a school tablet or phone",
    DeviceKind.OWN_DEVICE: "it is their own device",
    DeviceKind.UNKNOWN: "the device is not known",
}
DUTIES: Mapping[Duty, str] = {
    Duty.HEAD: "the headteacher",
    Duty.CHAIR_OF_GOVERNORS: "the chair of governors",
    Duty.GOVERNOR: "a governor",
    Duty.ONLINE_SAFETY_LEAD: "the online safety lead",
    Duty.DSL: "the designated safeguarding lead",
    Duty.TECHNICIAN: "an ICT technician",
    Duty.ACCOUNT_OPERATOR: "an account operator",
}


def grounds(rule: Rule, possible: Iterable[Facts], services: Iterable[Service | None]) -> str:
    """
    Return why an exception of *rule* holds; empty where none does or it asks nothing.

    *possible* are the facts of each possible period, *services* those by which the rule matches.
    Of several exceptions that hold in one period the first is named.
    """
    by = tuple(services)
    firsts = (_first_that_holds(rule, facts, by) for facts in possible)
    return ", or ".join(dict.fromkeys(each for each in firsts if each))


def _first_that_holds(rule: Rule, facts: Facts, services: Iterable[Service | None]) -> str:
    return next(
        (
            because(exception, facts, service)
            for service in services
            for exception in rule.unless
            if conditions.holds(exception, facts, service, unknown_holds=False)
        ),
        "",
    )


def because(condition: Condition, facts: Facts, service: Service | None) -> str:
    """
    Return why *condition*, which holds of *facts*, does; empty where it asks nothing.

    *service* is the one by which the resource is known.
    """
    parts = [*_of_the_time(condition, facts), *_of_the_device(condition, facts)]
    parts += _of_the_person(condition, facts, service)
    if condition.standing is not None:
        parts.append(recorded(condition.standing))
    return joined(parts)


def _of_the_time(condition: Condition, facts: Facts) -> Iterable[str]:
    if condition.period is not None:
        yield _PERIODS[facts.period]
    if condition.own_hours is not None:
        yield f"it is {'in' if condition.own_hours else 'outside'} their working hours"
    if condition.overtime is not None:
        yield f"they are {'' if condition.overtime else 'not '}on overtime"


def _of_the_device(condition: Condition, facts: Facts) -> Iterable[str]:
    if condition.device is not None:
        yield _DEVICES[facts.subject.device]
    if condition.device_group is not None:
        yield f"the device is one of {joined(sorted(condition.device_group), 'or')}"
    if condition.network is not None:
        yield f"the network is {facts.subject.network}"


def _of_the_person(condition: Condition, facts: Facts, service: Service | None) -> Iterable[str]:
    named = "the service" if service is None else service.name
    if condition.duty is not None:
        held = frozenset(each.duty for each in facts.subject.duties) & condition.duty
        yield f"they are {joined(DUTIES[each] for each in in_order(held, Duty))}"
    if condition.platform is not None:
        yield f"this is {named}"
    if condition.year_groups is not None:
        yield f"they are in {years(*condition.year_groups)}"
    if condition.below_minimum_age is not None:
        old = "too young" if condition.below_minimum_age else "old enough"
        yield f"they are {old} for {named}"
    if condition.person is not None:
        yield "it is about this person"
