"""
Subjects that no rule and no grant tells apart, made one.

A decision is remembered for a subject, and a school has hundreds of people whom a policy treats
alike; a replay that leaves out what nobody asks decides once for all of them.
"""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.proof.asked import Asked, asked_by_all
from schoolgate_policyd.core.rules import Grant, Restriction, rule_of
from schoolgate_policyd.core.subjects import Subject

# No id has a space in it, so nothing names this person.
_SOMEBODY = "somebody else"
_EVER = datetime.min.replace(tzinfo=UTC)


class _Holders(NamedTuple):
    """For whom a grant is live at some time."""

    people: frozenset[str]
    classes: frozenset[str]
    groups: frozenset[str]


class Likeness:
    """
    What *policies*, *grants* and *restrictions* ask of a subject, and so must be kept.

    A grant asks of its holders while it is live only: between two *edges*, the moments at which
    one starts or ends, who stands for whom stays the same.
    """

    def __init__(
        self,
        policies: Iterable[Policy],
        grants: Iterable[Grant],
        restrictions: Iterable[Restriction],
    ) -> None:
        policies, grants = tuple(policies), tuple(grants)
        rules = [rule for policy in policies for rule in policy.rules]
        asked = asked_by_all((*rules, *map(rule_of, restrictions)))
        times = [policy.school_time for policy in policies]
        members = [each.members for time in times for each in time.timetables]
        members += [each.members for time in times for each in time.one_off]
        self._edges = sorted({edge for each in grants for edge in (each.starts_at, each.ends_at)})
        self._holders = [_holders(grants, edge, asked) for edge in (_EVER, *self._edges)]
        self._asks_class = any(each.classes is not None for each in members)
        self._asks_year = "year_groups" in asked.atoms or any(
            each.year_groups is not None for each in members
        )
        self._asks_age = "below_minimum_age" in asked.atoms
        self._asks_hours = "own_hours" in asked.atoms
        self._asks_overtime = "overtime" in asked.atoms

    def span_of(self, moment: datetime) -> int:
        """Return the number of the time between two edges in which *moment* (aware) is."""
        return bisect_right(self._edges, moment)

    def of(self, subject: Subject, span: int) -> Subject:
        """Return who stands for everybody whom each decision in *span* treats like *subject*."""
        holders = self._holders[span]
        person = subject.person
        if person is not None and person not in holders.people:
            # Whether somebody is known still says whether their classes are.
            person = _SOMEBODY
        return msgspec.structs.replace(
            subject,
            person=person,
            device_id=None,
            classes=subject.classes if self._asks_class else subject.classes & holders.classes,
            device_groups=subject.device_groups & holders.groups,
            year_group=subject.year_group if self._asks_year else None,
            age=subject.age if self._asks_age else None,
            hours=subject.hours if self._asks_hours else None,
            overtime=subject.overtime if self._asks_overtime else frozenset(),
            known_until=None,
        )


def _holders(grants: tuple[Grant, ...], moment: datetime, asked: Asked) -> _Holders:
    live = [each for each in grants if each.is_live_at(moment)]
    return _Holders(
        people=asked.people.union(*(each.people for each in live)),
        classes=frozenset[str]().union(*(each.classes for each in live)),
        groups=asked.device_groups.union(*(each.device_groups for each in live)),
    )
