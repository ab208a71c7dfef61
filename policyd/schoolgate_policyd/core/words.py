"""
Conditions and rules in words, for pages, the command line and differences between policies.

It speaks of everybody whom a condition could be about, `staff at break on their own devices`;
`grounds` speaks of one subject at one moment, `it is break and it is their own device`.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from schoolgate_policyd.core.catalogue import Catalogue, Service
from schoolgate_policyd.core.rules import (
    ADDRESS_LITERALS,
    EVERYTHING,
    EVERYTHING_BUT_ESSENTIALS,
    Condition,
    GrantKind,
    Rule,
)
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty
from schoolgate_policyd.core.times import Period

AUDIENCES: Mapping[Audience, str] = {
    Audience.PUPIL: "pupils",
    Audience.STAFF: "staff",
    Audience.VISITOR: "visitors",
}
DUTIES: Mapping[Duty, str] = {
    Duty.HEAD: "headteachers",
    Duty.CHAIR_OF_GOVERNORS: "chairs of governors",
    Duty.GOVERNOR: "governors",
    Duty.ONLINE_SAFETY_LEAD: "online safety leads",
    Duty.DSL: "designated safeguarding leads",
    Duty.TECHNICIAN: "ICT technicians",
    Duty.ACCOUNT_OPERATOR: "account operators",
}
DEVICES: Mapping[DeviceKind, str] = {
    DeviceKind.SCHOOL_COMPUTER: "school computers",
    DeviceKind.SCHOOL_MOBILE: "school tablets and phones",
    DeviceKind.OWN_DEVICE: "their own devices",
    DeviceKind.UNKNOWN: "unknown devices",
}
PERIODS: Mapping[Period, str] = {
    Period.LESSON: "in lessons",
    Period.BREAK: "at break",
    Period.LUNCH: "at lunch",
    Period.BEFORE_SCHOOL: "before school",
    Period.AFTER_SCHOOL: "after school",
    Period.CLOSED: "while the school is closed",
}
LIFTS: Mapping[GrantKind, str] = {
    GrantKind.ACCESS_GRANT: "an access grant",
    GrantKind.CURRICULUM_GRANT: "a curriculum grant",
    GrantKind.SUPERVISED_SESSION: "a supervised session",
}
_BLOCKED: Mapping[str, str] = {
    EVERYTHING: "anything",
    EVERYTHING_BUT_ESSENTIALS: "anything but lesson sites and the school's own systems",
    ADDRESS_LITERALS: "sites without a name, known by a number alone",
}
EVERYBODY = "everybody"
_NO_SERVICES: Mapping[str, Service] = MappingProxyType({})
_PROPER_NAMES = frozenset({"Tor"})


def joined(parts: Iterable[str], last: str = "and") -> str:
    """Return `a, b and c`."""
    *earlier, final = [*parts] or [""]
    return f"{', '.join(earlier)} {last} {final}" if earlier else final


def capitalised(text: str) -> str:
    """Return *text* with its first letter a capital and the others as they are."""
    return f"{text[:1].upper()}{text[1:]}"


def describe_condition(
    condition: Condition, services: Mapping[str, Service] = _NO_SERVICES
) -> str:
    """
    Return whom, where and when *condition* is about: `staff at break on their own devices`.

    *services* give the names of platforms; where one is missing its id stands for it.
    """
    return describe_who(condition, services) + _after(describe_when(condition))


def describe_who(condition: Condition, services: Mapping[str, Service] = _NO_SERVICES) -> str:
    """Return whom *condition* is about: `staff`, `account operators for X`, `everybody`."""
    who = _audience(condition)
    if condition.person is not None:
        people = joined((f"person {each}" for each in sorted(condition.person)), "or")
        who = people if who == EVERYBODY else f"{who}, being {people}"
    if condition.duty is not None:
        held = joined((DUTIES[each] for each in in_order(condition.duty, Duty)), "or")
        who = held if who == EVERYBODY else f"{who} who are {held}"
    if condition.platform is not None:
        who += (
            f" for {joined((_name(each, services) for each in sorted(condition.platform)), 'or')}"
        )
    if condition.year_groups is not None:
        who += f" in {years(*condition.year_groups)}"
    if condition.below_minimum_age is not None:
        who += f" {'too young' if condition.below_minimum_age else 'old enough'} for the service"
    return who


def describe_when(condition: Condition) -> str:
    """
    Return where and when *condition* holds, `at break on their own devices`, or nothing.

    A standing permission stands last, behind a comma: `at break, once break-access is recorded`.
    """
    parts = []
    if condition.period is not None:
        parts.append(joined((PERIODS[each] for each in in_order(condition.period, Period)), "or"))
    if condition.own_hours is not None:
        parts.append(f"{'in' if condition.own_hours else 'outside'} their working hours")
    if condition.overtime is not None:
        parts.append("on overtime" if condition.overtime else "without overtime")
    if condition.device is not None:
        devices = (DEVICES[each] for each in in_order(condition.device, DeviceKind))
        parts.append(f"on {joined(devices, 'or')}")
    if condition.device_group is not None:
        parts.append(f"on devices of {joined(sorted(condition.device_group), 'or')}")
    if condition.network is not None:
        parts.append(f"in the network {joined(sorted(condition.network), 'or')}")
    when = " ".join(parts)
    return when if condition.standing is None else f"{when}, once {recorded(condition.standing)}"


def describe_blocked(
    words: frozenset[str], catalogue: Catalogue, social_media: frozenset[str] = frozenset()
) -> str:
    """
    Return what a rule with these *words* blocks, as inside a sentence.

    *social_media* are the words that the policy counts as social media: where all of them are
    blocked they are called by that name.
    """
    names = dict(_BLOCKED)
    names |= {each.id: inside(each.name) for each in catalogue.categories}
    names |= {service.id: service.name for service in catalogue.services}
    is_social = bool(social_media) and social_media <= words
    parts = ["social media"] if is_social else []
    rest = words - social_media if is_social else words
    parts += sorted(names.get(word, word.replace("-", " ")) for word in rest)
    return joined(parts, "or")


def describe_rule(
    rule: Rule, catalogue: Catalogue, social_media: frozenset[str] = frozenset()
) -> str:
    """
    Return *rule* in sentences: who may not reach what, except when, and what lifts it.

    *social_media* as in `describe_blocked`.
    """
    services = catalogue.services_by_id
    what = describe_blocked(rule.block, catalogue, social_media)
    whom = "; ".join(_may_not_reach(each, what, services) for each in rule.applies_to)
    exceptions = [f"except {_exception(each, rule, services)}" for each in rule.unless]
    said = capitalised(whom) + (f", {'; and '.join(exceptions)}" if exceptions else "")
    return f"{said}. {what_lifts(rule)}"


def what_lifts(rule: Rule) -> str:
    """Return a sentence about the grants that lift *rule*."""
    if rule.locked:
        return "The rule is locked: nothing can lift it."
    if not rule.lifted_by:
        return "No grant lifts it."
    return f"Only {joined((LIFTS[kind] for kind in sorted(rule.lifted_by)), 'or')} can lift it."


def years(first: int, last: int) -> str:
    """Return year groups in words: `years 3 to 6`, `Reception to year 2`, `year 6`."""
    if first == last:
        return _year(first)
    return f"years {first} to {last}" if first > 0 else f"{_year(first)} to {_year(last)}"


def recorded(standing: frozenset[str]) -> str:
    """Return that standing permissions are recorded: `break-access is recorded`."""
    return f"{joined(sorted(standing))} {'is' if len(standing) == 1 else 'are'} recorded"


def inside(name: str) -> str:
    """Return a category's name as it stands inside a sentence; `VPN` and `Tor` stay so."""
    first = name.partition(" ")[0]
    is_proper = first.isupper() or first in _PROPER_NAMES
    return name if is_proper else f"{name[:1].lower()}{name[1:]}"


def in_order[E: StrEnum](chosen: frozenset[E], kind: type[E]) -> list[E]:
    """Return *chosen* in the order in which *kind* names its members."""
    return [each for each in kind if each in chosen]


def _audience(condition: Condition) -> str:
    if condition.audience is None or condition.audience == frozenset(Audience):
        return EVERYBODY
    return joined(AUDIENCES[each] for each in in_order(condition.audience, Audience))


def _may_not_reach(condition: Condition, what: str, services: Mapping[str, Service]) -> str:
    who, when = describe_who(condition, services), _after(describe_when(condition))
    if who == EVERYBODY:
        return f"nobody may reach {what}{when}"
    return f"{who} may not reach {what}{when}"


def _exception(condition: Condition, rule: Rule, services: Mapping[str, Service]) -> str:
    """Return an exception; whom it is about is left out where that is whom the rule is about."""
    when = describe_when(condition).removeprefix(", ")
    who = describe_who(condition, services)
    is_said = who == EVERYBODY or all(
        who == describe_who(each, services) for each in rule.applies_to
    )
    return when if is_said and when else describe_condition(condition, services)


def _after(when: str) -> str:
    return when if not when or when.startswith(",") else f" {when}"


def _name(service: str, services: Mapping[str, Service]) -> str:
    return services[service].name if service in services else service


def _year(group: int) -> str:
    return f"year {group}" if group > 0 else "Reception"
