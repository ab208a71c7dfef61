"""
The immutable, numbered compilation of everything that a decision needs.

`compile_snapshot` turns a `Source` into dictionaries that a decision walks in microseconds. A
snapshot remembers what it has already worked out; that memory never changes an answer.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Self

import msgspec

from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.conditions import Facts, facts_at
from schoolgate_policyd.core.decision import Decision
from schoolgate_policyd.core.listed import Listed, NamesAt
from schoolgate_policyd.core.matching import Matched, Matcher, index_of
from schoolgate_policyd.core.names import Host
from schoolgate_policyd.core.policy import Live, Policy, Source
from schoolgate_policyd.core.register import SubjectFinder
from schoolgate_policyd.core.rules import Grant, Rule, rule_of
from schoolgate_policyd.core.school_time import Timeline, Timelines
from schoolgate_policyd.core.subjects import Subject
from schoolgate_policyd.core.times import Period

# Each memory is emptied when it is full: a flood of different names costs time, never memory.
MEMORY_LIMIT = 65_536


class _Compiled:
    """What stays the same while only what is live changes: the policy, ready to look up."""

    def __init__(self, policy: Policy, names: NamesAt | None) -> None:
        self.cells = index_of(policy.catalogue)
        self.listed = Listed(policy.catalogue, names)
        self.services = policy.catalogue.services_by_id
        self.timelines = Timelines(policy.school_time)
        self.circumvention = frozenset(
            category.id for category in policy.catalogue.categories if category.is_circumvention
        )


class Snapshot:
    """A compiled `Source`; make one with `compile_snapshot`."""

    def __init__(self, source: Source, compiled: _Compiled) -> None:
        self.source = source
        self.number = source.number
        self.services: Mapping[str, Service] = compiled.services
        self.school_time = source.policy.school_time
        self.standing = source.live.standing
        self.lifetimes = {
            rule_of(restriction).id: (restriction.starts_at, restriction.ends_at)
            for restriction in source.live.restrictions
        }
        self._compiled = compiled
        self._matcher = Matcher(
            compiled.cells,
            compiled.listed,
            (*source.policy.rules, *map(rule_of, source.live.restrictions)),
            compiled.circumvention,
        )
        self._finder = SubjectFinder(source)
        self._grants_by_holder = _grants_by_holder(source.live.grants)
        # Since when and until when each decision holds, with all its reasons.
        self.decided: dict[
            tuple[Subject, Matched, Host | None], tuple[datetime, datetime, Decision]
        ] = {}

    def with_live(self, number: int, live: Live) -> Self:
        """Return the snapshot that follows when grants, claims and the like change."""
        source = msgspec.structs.replace(self.source, number=number, live=live)
        return type(self)(source, self._compiled)

    def with_rules(self, rules: tuple[Rule, ...], live: Live) -> Self:
        """Return the snapshot as it would be with other rules and another live state."""
        policy = msgspec.structs.replace(self.source.policy, rules=rules)
        source = msgspec.structs.replace(self.source, policy=policy, live=live)
        return type(self)(source, self._compiled)

    def subject_at(self, address: str, moment: datetime) -> Subject:
        """Return who asks from *address* at *moment* (aware)."""
        return self._finder.subject_at(address, moment)

    def timeline_of(self, subject: Subject) -> Timeline:
        """Return the bells that may be *subject*'s."""
        return self._compiled.timelines.of(subject)

    def periods_of(self, subject: Subject, moment: datetime) -> tuple[Period, ...]:
        """Return what the school may be doing for *subject* at *moment* (aware)."""
        return self.timeline_of(subject).periods_at(moment)

    def period_of(self, subject: Subject, moment: datetime) -> Period:
        """Return the first of the periods that it may be for *subject* at *moment* (aware)."""
        return self.periods_of(subject, moment)[0]

    def facts_of(self, subject: Subject, moment: datetime) -> tuple[Facts, ...]:
        """Return what may be true of *subject* at *moment* (aware), for each possible period."""
        possible = self.timeline_of(subject).possible_at(moment)
        return facts_at(subject, moment, possible, self.school_time, self.standing)

    def grants_of(self, subject: Subject) -> tuple[Grant, ...]:
        """Return the grants for *subject*, whether live, past or to come."""
        if not self._grants_by_holder:
            return ()
        holders: list[tuple[str, str]] = [("class", each) for each in subject.classes]
        holders += [("group", each) for each in subject.device_groups]
        if subject.person is not None:
            holders.append(("person", subject.person))
        found = {
            grant.id: grant for key in holders for grant in self._grants_by_holder.get(key, ())
        }
        return tuple(found.values())

    def is_never_inspected(self, host: Host) -> bool:
        """Whether connections to *host* may never be looked into."""
        return any(
            cell.is_never_inspected or cell.is_help_line
            for name in host.parents()
            if (cell := self._compiled.cells.get(name)) is not None
        )

    def match(self, host: Host, chain: tuple[Host, ...] = ()) -> Matched:
        """Return every rule that speaks of *host*; the same object for hosts alike."""
        return self._matcher.match(host, chain, MEMORY_LIMIT)


def _grants_by_holder(grants: Iterable[Grant]) -> dict[tuple[str, str], list[Grant]]:
    by_holder: dict[tuple[str, str], list[Grant]] = {}
    for grant in grants:
        holders = [("person", each) for each in grant.people]
        holders += [("class", each) for each in grant.classes]
        holders += [("group", each) for each in grant.device_groups]
        for holder in holders:
            by_holder.setdefault(holder, []).append(grant)
    return by_holder


def compile_snapshot(source: Source, names: NamesAt | None = None) -> Snapshot:
    """
    Return *source* compiled, ready to decide with; *names* are those of its large lists.

    Raises PolicyError where its catalogue names a table of them and none is given.
    """
    return Snapshot(source, _Compiled(source.policy, names))
