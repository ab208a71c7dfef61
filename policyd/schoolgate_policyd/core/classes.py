"""
Which subjects every rule treats alike: they share a class, and the class one decision.

A school has a thousand people, and its rules ask little of each. So everything is left out of a
subject that no rule of the policy asks of their audience and no timetable goes by; what is left
is the representative of their class, which is a subject itself. Grants and restrictions are not
part of a class: they are laid over it (`overlays`).
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from schoolgate_policyd.core.policy import Policy, Source
from schoolgate_policyd.core.rules import Condition
from schoolgate_policyd.core.subjects import UNKNOWN_SUBJECT, Audience, Duty, HeldDuty, Subject

# The memory is emptied when it is full: a flood of different subjects costs time, never memory.
MOST_SUBJECTS = 65_536

# No id has a space in it, so no rule, grant or restriction names these.
SOMEBODY = "somebody known"
_ANOTHER_CLASS = "another class"
_ANOTHER_NETWORK = "another network"


class SubjectClasses:
    """The classes of a policy's subjects; what is live changes none of them."""

    def __init__(self, source: Source, *, most_subjects: int = MOST_SUBJECTS) -> None:
        self._most_subjects = most_subjects
        self._policy = source.policy
        self._asked: dict[Audience, _Asked] = {}
        self._representatives: dict[Subject, Subject] = {}

    def of(self, subject: Subject) -> Subject:
        """Return the representative of *subject*'s class, the same object for all of them."""
        known = self._representatives
        found = known.get(subject)
        if found is None:
            if len(known) >= self._most_subjects:
                known.clear()
            found = self._asked_of(subject.audience).representative(subject)
            # A representative is its own, so whoever has an equal one gets this object.
            found = known[subject] = known.setdefault(found, found)
        return found

    def forget(self) -> None:
        """Forget who is of which class."""
        self._representatives.clear()

    def _asked_of(self, audience: Audience) -> "_Asked":
        if audience not in self._asked:
            self._asked[audience] = _Asked(self._policy, audience)
        return self._asked[audience]


class _Asked:
    """What the rules and timetables of a policy ask of one audience."""

    def __init__(self, policy: Policy, audience: Audience) -> None:
        asking = [
            each
            for rule in policy.rules
            for each in (*rule.applies_to, *rule.unless)
            if each.audience is None or audience in each.audience
        ]
        time = policy.school_time
        memberships = [each.members for each in time.timetables]
        memberships += [each.members for each in time.one_off]
        asked_of = [e for e in memberships if e.audience is None or audience in e.audience]
        self._services = frozenset(each.id for each in policy.catalogue.services)
        self._duties = frozenset[Duty]().union(*(each.duty or () for each in asking))
        self._groups = frozenset[str]().union(*(each.device_group or () for each in asking))
        self._people = frozenset[str]().union(*(each.person or () for each in asking))
        self._networks = _alike(each.network for each in asking)
        # Nobody but staff has working hours.
        self._asks_hours = audience is Audience.STAFF and any(
            each.own_hours is not None for each in asking
        )
        self._usual_hours = time.staff_hours
        self._asks_overtime = any(each.overtime is not None for each in asking)
        self._years = _edges(
            [*(each.year_groups for each in asking), *(each.year_groups for each in asked_of)]
        )
        self._ages = _ages(policy, asking)
        self._asks_class = any(each.classes is not None for each in asked_of)
        self._classes = frozenset[str]().union(*(each.classes or () for each in asked_of))

    def representative(self, subject: Subject) -> Subject:
        """Return *subject*, who is of this audience, without what makes no difference."""
        hours = subject.hours if self._asks_hours else None
        return Subject(
            audience=subject.audience,
            device=subject.device,
            network=self._network_of(subject),
            inspectable=subject.inspectable,
            person=self._person_of(subject),
            duties=self._duties_of(subject),
            classes=self._classes_of(subject),
            device_groups=subject.device_groups & self._groups,
            year_group=_least_alike(subject.year_group, self._years),
            age=_least_alike(subject.age, self._ages),
            hours=None if hours == self._usual_hours else hours,
            overtime=subject.overtime if self._asks_overtime else frozenset(),
        )

    def _network_of(self, subject: Subject) -> str:
        if not subject.is_network_known:
            return subject.network
        return self._networks.get(subject.network, _ANOTHER_NETWORK)

    def _person_of(self, subject: Subject) -> str | None:
        if subject.person in self._people:
            return subject.person
        # That somebody is known says that no class is theirs but those that are known.
        return SOMEBODY if subject.person is not None and self._asks_class else None

    def _classes_of(self, subject: Subject) -> frozenset[str]:
        if not self._asks_class:
            return frozenset()
        # INVARIANT: the classes that are kept are the subject's own. So a grant for one of them
        # that reaches the representative is for everybody in the class of subjects.
        kept = subject.classes & self._classes
        if subject.person is None and subject.classes - self._classes:
            return kept | {_ANOTHER_CLASS}  # Of several that share a device it may be any.
        return kept

    def _duties_of(self, subject: Subject) -> tuple[HeldDuty, ...]:
        """Return the duties that are asked for, on the platforms that there are, in order."""
        held = {
            HeldDuty(
                each.duty, None if each.platforms is None else each.platforms & self._services
            )
            for each in subject.duties
            if each.duty in self._duties
        }
        return tuple(
            sorted(held, key=lambda each: (each.duty, each.platforms is None, _sorted(each)))
        )


def _sorted(held: HeldDuty) -> list[str]:
    return sorted(held.platforms or ())


def _alike(asked: Iterable[frozenset[str] | None]) -> dict[str, str]:
    """Return for each network that is asked for the first that is asked for by the same."""
    sets = [each for each in asked if each is not None]
    firsts: dict[tuple[bool, ...], str] = {}
    return {
        network: firsts.setdefault(tuple(network in each for each in sets), network)
        for network in sorted(frozenset[str]().union(*sets) - {UNKNOWN_SUBJECT.network})
    }


def _edges(ranges: Iterable[tuple[int, int] | None]) -> tuple[int, ...]:
    """Return the numbers, in order, from each of which on other ranges hold than before it."""
    return tuple(
        sorted({edge for each in ranges if each is not None for edge in (each[0], each[1] + 1)})
    )


def _ages(policy: Policy, asking: Iterable[Condition]) -> tuple[int, ...]:
    """Return the minimum ages of services, where some condition asks about them."""
    if all(each.below_minimum_age is None for each in asking):
        return ()
    return tuple(sorted(set(_minimum_ages(policy))))


def _minimum_ages(policy: Policy) -> Iterator[int]:
    for service in policy.catalogue.services:
        if service.minimum_age is not None:
            yield service.minimum_age


def _least_alike(number: int | None, edges: tuple[int, ...]) -> int | None:
    """Return a number between the same *edges*; None where none is known or none is asked."""
    if number is None or not edges:
        return None
    position = bisect_right(edges, number)
    return edges[position - 1] if position else edges[0] - 1
