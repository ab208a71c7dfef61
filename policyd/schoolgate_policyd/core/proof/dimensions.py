"""
What tells one subject, moment and live state from another, as dimensions with few values each.

Every atom that a `Condition` can ask belongs to exactly one dimension, and two subjects with the
same value in it answer that atom alike. The values that a reader would call ordinary stand
first, so that the first counterexample found is the plainest one.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations, product
from typing import Any

import msgspec

from schoolgate_policyd.core.proof.asked import Asked, asks_of_the_time
from schoolgate_policyd.core.proof.year import SOMEBODY, Span, Year
from schoolgate_policyd.core.subjects import (
    UNKNOWN_SUBJECT,
    Audience,
    DeviceKind,
    Duty,
    HeldDuty,
    Subject,
)

TIME_ATOMS = ("audience", "year_groups", "period", "own_hours")
# No id has a space in it, so no rule names this one.
_KNOWN_NETWORK = "another network"
_DEVICES = (
    DeviceKind.SCHOOL_COMPUTER,
    DeviceKind.OWN_DEVICE,
    DeviceKind.SCHOOL_MOBILE,
    DeviceKind.UNKNOWN,
)


Hours = tuple[bool, ...]


class Trait(msgspec.Struct, frozen=True):
    """
    One value of a dimension; what it does not speak of is left as it is by default.

    *subject* holds values for fields of `Subject`. *is_at_work* says for each policy whether their
    working hours include the time; it is empty where nothing asks.
    """

    subject: tuple[tuple[str, Any], ...] = ()
    span: Span | None = None
    is_at_work: Hours = ()
    is_on_overtime: bool = False
    standing: frozenset[str] = frozenset()


def having(field: str, value: object) -> Callable[[Trait], bool]:
    """Return whether a trait says that *field* of the subject is *value*."""
    return lambda trait: (field, value) in trait.subject


class Dimension(msgspec.Struct, frozen=True):
    """The atoms that a dimension settles, and its values."""

    atoms: tuple[str, ...]
    traits: tuple[Trait, ...]


def dimensions(asked: Asked, year: Year) -> tuple[Dimension, ...]:
    """Return the dimensions of what is *asked*."""
    return (
        Dimension(("duty", "platform"), tuple(_duties(asked))),
        Dimension(("overtime",), tuple(_overtime(asked))),
        Dimension(("standing",), tuple(Trait(standing=e) for e in _subsets(asked.standing))),
        Dimension(("below_minimum_age",), tuple(_ages(asked))),
        Dimension(("person",), _of("person", (SOMEBODY, *sorted(asked.people)))),
        Dimension(("device_group",), _of("device_groups", _subsets(asked.device_groups))),
        Dimension(TIME_ATOMS, tuple(_times(asked, year))),
        Dimension(("network",), _of("network", _networks(asked))),
        Dimension(("device",), _of("device", _DEVICES[: None if "device" in asked.atoms else 1])),
    )


DUTY, OVERTIME, TIME, DEVICE = 0, 1, 6, 8
"""Where these dimensions stand among all."""


def _of(field: str, values: Iterable[object]) -> tuple[Trait, ...]:
    return tuple(Trait(subject=((field, value),)) for value in values)


def _overtime(asked: Asked) -> Iterator[Trait]:
    yield Trait()
    if "overtime" in asked.atoms:
        yield Trait(is_on_overtime=True)


def _networks(asked: Asked) -> Iterator[str]:
    yield _KNOWN_NETWORK
    yield from sorted(asked.networks - {UNKNOWN_SUBJECT.network})
    if "network" in asked.atoms:
        yield UNKNOWN_SUBJECT.network


def _duties(asked: Asked) -> Iterator[Trait]:
    """
    Yield each choice of duties held: none, on every platform, on some of the site's services.

    Duties that every condition names together are one.
    """
    alike: dict[tuple[bool, ...], Duty] = {}
    sets = sorted(asked.duties, key=sorted)
    for duty in (each for each in Duty if any(each in named for named in sets)):
        alike.setdefault(tuple(duty in named for named in sets), duty)
    some = _subsets(frozenset(each.id for each in asked.services))[1:]
    held = [
        ((), (HeldDuty(duty),), *((HeldDuty(duty, platforms),) for platforms in some))
        for duty in alike.values()
    ]
    for chosen in product(*held):
        yield Trait(subject=(("duties", tuple(each for one in chosen for each in one)),))


def _ages(asked: Asked) -> Iterator[Trait]:
    """Yield an age from each part into which the services' minimum ages divide them."""
    if "below_minimum_age" not in asked.atoms:
        yield Trait()
        return
    minima = sorted({each.minimum_age for each in asked.services if each.minimum_age is not None})
    yield from _of("age", [*(age - 1 for age in minima), *minima[-1:], None])


def _times(asked: Asked, year: Year) -> Iterator[Trait]:
    """Yield who asks, as far as timetables go by that, and when."""
    asks_time = asks_of_the_time(asked)
    seen = set[object]()
    for kind in year.kinds:
        for span, is_at_work in _occasions(asked, year, kind):
            key = (
                kind.audience,
                kind.year_group if "year_groups" in asked.atoms else None,
                span.possible if asks_time else None,
                is_at_work,
            )
            if key not in seen:
                seen.add(key)
                yield Trait(subject=_fields(kind), span=span, is_at_work=is_at_work)


def _occasions(asked: Asked, year: Year, kind: Subject) -> Iterator[tuple[Span, Hours]]:
    """
    Yield spans of *kind*'s year, each with whether it lies within their working hours.

    Only staff have any. They are the usual ones, which come first, or a person's own, which may
    be any and are the same to every policy.
    """
    by_hours = "own_hours" in asked.atoms
    spans = year.spans(kind, by_hours=by_hours)
    if not asks_of_the_time(asked):
        spans = spans[:1]
    if not by_hours or kind.audience is not Audience.STAFF:
        yield from ((span, tuple(False for _ in span.is_usual)) for span in spans)
        return
    yield from ((span, span.is_usual) for span in spans)
    for is_at_work in (True, False):
        yield from ((span, tuple(is_at_work for _ in span.is_usual)) for span in spans)


def _fields(kind: Subject) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (name, getattr(kind, name)) for name in ("audience", "year_group", "classes", "person")
    )


def _subsets(values: frozenset[str]) -> list[frozenset[str]]:
    ordered = sorted(values)
    return [
        frozenset(chosen)
        for size in range(len(ordered) + 1)
        for chosen in combinations(ordered, size)
    ]
