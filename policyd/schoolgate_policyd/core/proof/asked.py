"""What rules ask of a subject and a moment: only that can tell one cell from another."""

from collections.abc import Iterable

import msgspec

from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.rules import Condition, Rule
from schoolgate_policyd.core.subjects import Duty

_OF_THE_SERVICE = ("duty", "platform", "below_minimum_age")
_OF_THE_TIME = ("period", "own_hours")
_NO_STRINGS = frozenset[str]()


class Asked(msgspec.Struct, frozen=True):
    """
    What some conditions ask: their *atoms*, and the values that those name.

    *services* are those of the site in question that the conditions may tell apart.
    """

    atoms: frozenset[str] = _NO_STRINGS
    duties: frozenset[frozenset[Duty]] = frozenset()
    year_groups: frozenset[tuple[int, int]] = frozenset()
    networks: frozenset[str] = _NO_STRINGS
    standing: frozenset[str] = _NO_STRINGS
    people: frozenset[str] = _NO_STRINGS
    device_groups: frozenset[str] = _NO_STRINGS
    platforms: frozenset[str] = _NO_STRINGS
    services: tuple[Service, ...] = ()

    def __or__(self, other: "Asked") -> "Asked":
        return Asked(
            *(
                getattr(self, name) | getattr(other, name)
                for name in Asked.__struct_fields__
                if name != "services"
            )
        )


def asked_by(rule: Rule) -> Asked:
    """Return what *rule* asks."""
    asked = Asked()
    for condition in conditions_of(rule):
        asked |= Asked(
            atoms=frozenset(
                name
                for name in Condition.__struct_fields__
                if getattr(condition, name) is not None
            ),
            duties=frozenset({condition.duty} if condition.duty is not None else ()),
            year_groups=frozenset(
                {condition.year_groups} if condition.year_groups is not None else ()
            ),
            networks=condition.network or _NO_STRINGS,
            standing=condition.standing or _NO_STRINGS,
            people=condition.person or _NO_STRINGS,
            device_groups=condition.device_group or _NO_STRINGS,
            platforms=condition.platform or _NO_STRINGS,
        )
    return asked


def asked_by_all(rules: Iterable[Rule]) -> Asked:
    """Return what any of *rules* asks."""
    asked = Asked()
    for rule in rules:
        asked |= asked_by(rule)
    return asked


def conditions_of(rule: Rule) -> tuple[Condition, ...]:
    """Return every condition of *rule*, its exceptions among them."""
    return (*rule.applies_to, *rule.unless)


def asks_of_the_service(asked: Asked) -> bool:
    """Whether it makes a difference by which service a rule with these questions matches."""
    return not asked.atoms.isdisjoint(_OF_THE_SERVICE)


def asks_of_the_time(asked: Asked) -> bool:
    """Whether it makes a difference what the school is doing."""
    return not asked.atoms.isdisjoint(_OF_THE_TIME)
