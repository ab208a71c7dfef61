"""The words that pages use for what the core and the workflows name with identifiers."""

from collections.abc import Mapping

from schoolgate_policyd.core import words
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.rules import (
    ADDRESS_LITERALS,
    EVERYTHING,
    EVERYTHING_BUT_ESSENTIALS,
    Condition,
    EverythingScope,
    HostScope,
    PageScope,
    PrefixScope,
    Scope,
    ServiceScope,
)
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty
from schoolgate_policyd.core.times import Period

AUDIENCES: Mapping[Audience, str] = {
    Audience.PUPIL: "Pupils",
    Audience.STAFF: "Staff",
    Audience.VISITOR: "Visitors",
}

AUDIENCE: Mapping[Audience, str] = {
    Audience.PUPIL: "Pupil",
    Audience.STAFF: "Staff",
    Audience.VISITOR: "Visitor",
}

DEVICES: Mapping[DeviceKind, str] = {
    DeviceKind.SCHOOL_COMPUTER: "school computer",
    DeviceKind.SCHOOL_MOBILE: "school tablet or phone",
    DeviceKind.OWN_DEVICE: "own device",
    DeviceKind.UNKNOWN: "unknown device",
}

DUTIES: Mapping[Duty, str] = {
    Duty.HEAD: "headteacher",
    Duty.CHAIR_OF_GOVERNORS: "chair of governors",
    Duty.GOVERNOR: "governor",
    Duty.ONLINE_SAFETY_LEAD: "online safety lead",
    Duty.DSL: "designated safeguarding lead",
    Duty.TECHNICIAN: "ICT technician",
    Duty.ACCOUNT_OPERATOR: "account operator",
}

PERIODS: Mapping[Period, str] = {
    Period.LESSON: "lesson time",
    Period.BREAK: "break",
    Period.LUNCH: "lunch",
    Period.BEFORE_SCHOOL: "before school",
    Period.AFTER_SCHOOL: "after school",
    Period.CLOSED: "school closed",
}

_BLOCKED_WORDS: Mapping[str, str] = {
    EVERYTHING: "everything",
    EVERYTHING_BUT_ESSENTIALS: "everything but lesson sites and the school's own systems",
    ADDRESS_LITERALS: "sites without a name, known by a number alone",
}


# The core's own, so that a sentence of a page and one of the core read alike.
joined = words.joined
capitalised = words.capitalised


def scope_words(scope: Scope, policy: Policy) -> str:
    """Return what *scope* opens, in words."""
    match scope:
        case PageScope():
            return f"This page only: {scope.url}"
        case PrefixScope():
            return f"This part of the site: {scope.url} and everything below it"
        case HostScope():
            return f"The whole site: {scope.host} and everything under it"
        case ServiceScope():
            names = {service.id: service.name for service in policy.catalogue.services}
            return f"The whole of {names.get(scope.service, scope.service)}"
        case EverythingScope():
            return "What a restriction closed"


def blocked_words(blocked: frozenset[str], policy: Policy) -> list[str]:
    """Return the names of what a rule blocks, in alphabetical order, as inside a sentence."""
    names = dict(_BLOCKED_WORDS)
    names |= {each.id: words.inside(each.name) for each in policy.catalogue.categories}
    names |= {service.id: service.name for service in policy.catalogue.services}
    return sorted(names.get(word, word.replace("-", " ")) for word in blocked)


def exception_words(condition: Condition, policy: Policy) -> str:
    """Return when an exception holds, in words: all of its parts at once."""
    parts: list[str] = []
    if condition.duty is not None:
        parts.append(
            f"those who are {joined([DUTIES[each] for each in sorted(condition.duty)], 'or')}"
        )
    if condition.period is not None:
        parts.append(f"at {joined([PERIODS[each] for each in sorted(condition.period)], 'or')}")
    if condition.device is not None:
        devices = [_with_article(DEVICES[each]) for each in sorted(condition.device)]
        parts.append(f"on {joined(devices, 'or')}")
    if condition.own_hours is not None:
        parts.append("in working hours" if condition.own_hours else "outside working hours")
    if condition.overtime is not None:
        parts.append("on overtime" if condition.overtime else "when not on overtime")
    if condition.year_groups is not None:
        parts.append(f"in years {condition.year_groups[0]} to {condition.year_groups[1]}")
    if condition.standing is not None:
        about = {each.id: each.about for each in policy.standing}
        named = [about.get(each, each) for each in sorted(condition.standing)]
        parts.append(f"once this is permitted: {joined(named)}")
    return ", ".join(parts)


def _with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
