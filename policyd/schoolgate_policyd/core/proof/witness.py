"""A cell made concrete: one subject, one moment and one live state that anybody can check."""

from collections.abc import Mapping
from datetime import datetime, time
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core.names import Url
from schoolgate_policyd.core.policy import Live
from schoolgate_policyd.core.proof.dimensions import TIME, Hours, Trait
from schoolgate_policyd.core.proof.year import Span
from schoolgate_policyd.core.rules import Grant, GrantKind, HostScope
from schoolgate_policyd.core.subjects import HeldDuty, Subject
from schoolgate_policyd.core.times import WorkingHours, local_date

_ALL_DAY = WorkingHours(time(0), time(23, 59, 59))
_FIRST_MINUTE = WorkingHours(time(0), time(0, 1))
_LAST_MINUTE = WorkingHours(time(23, 58), time(23, 59))
_GROUP = "some devices"


class Witness(msgspec.Struct, frozen=True):
    """
    A request that anybody can check: *subject* asks for *url* at any moment of [start, end).

    *live* is what is in force meanwhile. *is_at_any_time*: at other times it is the same.
    """

    subject: Subject
    url: Url
    start: datetime
    end: datetime
    live: Live
    is_at_any_time: bool = False


def witness_of(
    traits: tuple[Trait, ...],
    url: Url,
    zone: ZoneInfo,
    *,
    actual: Mapping[str, str],
    is_inspectable: bool,
    granted: frozenset[GrantKind] = frozenset(),
    is_at_any_time: bool = False,
) -> Witness:
    """
    Return the request that has these *traits*, while grants of the kinds *granted* are live.

    *actual* are the services that stand-ins in the traits stand for.
    """
    span = next(each.span for each in traits if each.span is not None)
    fields = {name: value for trait in traits for name, value in trait.subject}
    subject = Subject(**fields)
    is_on_overtime = any(each.is_on_overtime for each in traits)
    subject = msgspec.structs.replace(
        subject,
        inspectable=is_inspectable,
        duties=tuple(_actually(held, actual) for held in subject.duties),
        hours=own_hours(traits[TIME].is_at_work, span, zone),
        overtime=frozenset({local_date(span.start, zone)} if is_on_overtime else ()),
        # Whoever nothing is known of may still use a device that a grant is for.
        device_groups=subject.device_groups | ({_GROUP} if granted else frozenset()),
    )
    grants = tuple(
        Grant(
            id=kind.value,
            kind=kind,
            scope=HostScope(url.host),
            starts_at=span.start,
            ends_at=span.end,
            device_groups=frozenset({_GROUP}),
        )
        for kind in sorted(granted)
    )
    standing = frozenset[str]().union(*(each.standing for each in traits))
    live = Live(grants=grants, standing=standing)
    return Witness(subject, url, span.start, span.end, live, is_at_any_time)


def _actually(held: HeldDuty, actual: Mapping[str, str]) -> HeldDuty:
    if held.platforms is None:
        return held
    return HeldDuty(held.duty, frozenset(actual[each] for each in held.platforms))


def own_hours(is_at_work: Hours, span: Span, zone: ZoneInfo) -> WorkingHours | None:
    """Return hours of which the span is a part or is not, None where the usual ones will do."""
    if is_at_work == span.is_usual:
        return None
    if any(is_at_work):
        return _ALL_DAY
    is_after_midnight = span.start.astimezone(zone).time() >= _FIRST_MINUTE.end
    return _FIRST_MINUTE if is_after_midnight else _LAST_MINUTE
