"""Witnesses and claims in sentences that a head understands."""

from datetime import time
from zoneinfo import ZoneInfo

from schoolgate_policyd.core.catalogue import Catalogue
from schoolgate_policyd.core.day_words import day_words
from schoolgate_policyd.core.grounds import DUTIES
from schoolgate_policyd.core.invariants import Invariant
from schoolgate_policyd.core.proof.witness import Witness
from schoolgate_policyd.core.subjects import Audience, DeviceKind, HeldDuty, Subject
from schoolgate_policyd.core.words import (
    EVERYBODY,
    LIFTS,
    describe_blocked,
    describe_condition,
    joined,
    recorded,
    years,
)

_WHO = {
    Audience.PUPIL: "a pupil",
    Audience.STAFF: "a member of staff",
    Audience.VISITOR: "a visitor",
}
_DEVICE = {
    DeviceKind.SCHOOL_COMPUTER: "a school computer",
    DeviceKind.SCHOOL_MOBILE: "a school tablet or phone",
    DeviceKind.OWN_DEVICE: "their own device",
    DeviceKind.UNKNOWN: "an unknown device",
}


def who(subject: Subject) -> str:
    """Return who asks: `a member of staff (the dsl) on their own device`."""
    words = _WHO[subject.audience]
    if subject.year_group is not None:
        words += f" in {years(subject.year_group, subject.year_group)}"
    if subject.classes:
        words += f" of class {joined(sorted(subject.classes))}"
    if subject.age is not None:
        words += f" aged {subject.age}"
    held = [_duty(each) for each in subject.duties]
    if subject.overtime:
        held.append("on overtime that day")
    if held:
        words += f" ({joined(held)})"
    unseen = "" if subject.inspectable else " that nothing can look into"
    return f"{words} on {_DEVICE[subject.device]}{unseen}"


def when(witness: Witness, zone: ZoneInfo) -> str:
    """Return the time of *witness*: `on Monday 12:15–13:15 (7 September 2026)`."""
    if witness.is_at_any_time:
        return "at any time"
    start, end = witness.start.astimezone(zone), witness.end.astimezone(zone)
    is_all_day = start.time() == end.time() == time(0)
    span = "all day" if is_all_day else f"{start:%H:%M}–{end:%H:%M}"
    return f"on {start:%A} {span} ({day_words(start)})"


def while_live(witness: Witness) -> str:
    """Return what is in force beside the policy, as a sentence goes on; empty for nothing."""
    live = [f"{LIFTS[grant.kind]} is live" for grant in witness.live.grants]
    if witness.live.standing:
        live.append(recorded(witness.live.standing))
    return f" while {joined(live)}" if live else ""


def claim(invariant: Invariant, catalogue: Catalogue, social_media: frozenset[str]) -> str:
    """Return *invariant* as a sentence: `pupils may never reach social media`."""
    services = catalogue.services_by_id
    words = describe_blocked(invariant.reaches, catalogue, social_media)
    whom = describe_condition(invariant.who, services)
    never = f"{whom} may never reach" if whom != EVERYBODY else "nobody may ever reach"
    asides = [LIFTS[kind] for kind in sorted(invariant.without)]
    asides += [
        describe_condition(each, services).removeprefix(f"{EVERYBODY}, ").strip()
        for each in invariant.unless
    ]
    if invariant.is_open_uninspected:
        asides.append("parts of sites where nothing can look inside")
    return f"{never} {words}" + (f" (aside from {'; '.join(asides)})" if asides else "")


def _duty(held: HeldDuty) -> str:
    if held.platforms is None:
        return DUTIES[held.duty]
    return f"{DUTIES[held.duty]} for {joined(sorted(held.platforms))}"
