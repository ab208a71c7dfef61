"""
The immutable, numbered compilation of everything that a decision needs.

`compile_snapshot` turns a `Source` into dictionaries that a decision walks in microseconds. A
snapshot remembers what it has already worked out; that memory never changes an answer.
"""

from collections.abc import Mapping
from copy import copy
from datetime import datetime
from operator import is_
from typing import Self

import msgspec

from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.classes import SubjectClasses
from schoolgate_policyd.core.conditions import Facts, facts_at
from schoolgate_policyd.core.decision import Decision
from schoolgate_policyd.core.doubt import doubtful
from schoolgate_policyd.core.listed import Listed, NamesAt
from schoolgate_policyd.core.matching import Cell, Matched, Matcher, index_of, indexed_parts
from schoolgate_policyd.core.names import DomainName, Host
from schoolgate_policyd.core.overlays import NO_OVERLAY, Overlay, Overlays, Rules
from schoolgate_policyd.core.policy import Live, Policy, Source
from schoolgate_policyd.core.register import SubjectFinder
from schoolgate_policyd.core.rules import Grant, Rule, rule_of, withdrawn_word
from schoolgate_policyd.core.school_time import SchoolTime
from schoolgate_policyd.core.subjects import Subject
from schoolgate_policyd.core.timelines import Timeline, Timelines
from schoolgate_policyd.core.times import Period

# Each memory is emptied when it is full: a flood of different names costs time, never memory.
MEMORY_LIMIT = 65_536

# Since when and until when each decision holds, with all its reasons.
type Decided = dict[tuple[Subject, Matched, Host | None], tuple[datetime, datetime, Decision]]


class Compiled:
    """What stays the same while only what is live changes: the policy, ready to look up."""

    def __init__(
        self, policy: Policy, names: NamesAt | None, former: "Compiled | None" = None
    ) -> None:
        indexed = indexed_parts(policy.catalogue)
        self.indexed: tuple[object, ...] = indexed
        # Where a source has the parts of the one before, so has its index: the very same objects.
        self.cells: Mapping[str, Cell]
        if former is not None and all(map(is_, indexed, former.indexed)):
            self.cells = former.cells
        else:
            self.cells = index_of(policy.catalogue)
        self.listed = Listed(policy.catalogue, names)
        self.services = policy.catalogue.services_by_id
        self.timelines = Timelines(policy.school_time)
        self.circumvention = frozenset(
            category.id for category in policy.catalogue.categories if category.is_circumvention
        )
        self.searches = {
            host: service for service in policy.catalogue.search_services for host in service.hosts
        }

    def at(self, school_time: SchoolTime) -> Self:
        """Return the same with another school time: the names are as they were."""
        other = copy(self)
        other.timelines = Timelines(school_time)
        return other


class _Shared:
    """What stays the same while only grants and device claims change, as they do all day."""

    def __init__(self, source: Source, compiled: Compiled) -> None:
        self._source = source
        self.matcher = Matcher(
            compiled.cells,
            compiled.listed,
            (*source.policy.rules, *map(rule_of, source.live.restrictions)),
            compiled.circumvention,
            _withdrawn_sites(source.live),
        )
        self.classes = SubjectClasses(source)
        # Decisions about classes of subjects, with nothing laid over them.
        self.decided: Decided = {}

    def is_of(self, source: Source) -> bool:
        """Whether it would be the same for *source*, which differs in what is live alone."""
        live, mine = source.live, self._source.live
        return mine.restrictions == live.restrictions and mine.standing == live.standing


def _withdrawn_sites(live: Live) -> dict[str, tuple[str, ...]]:
    """Return by the name of each site that is withdrawn from somebody the words for it."""
    words: dict[str, tuple[str, ...]] = {}
    for each in live.restrictions:
        if each.site is not None:
            words[each.site.text] = (*words.get(each.site.text, ()), withdrawn_word(each))
    return words


class Snapshot:
    """A compiled `Source`; make one with `compile_snapshot`."""

    def __init__(self, source: Source, compiled: Compiled, shared: _Shared) -> None:
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
        self._shared = shared
        self._finder = SubjectFinder(source)
        self._overlays = Overlays(source.live, compiled.services)
        # The representative of all whom the rules treat like a subject.
        self.class_of = shared.classes.of
        # Which grants for a subject and restrictions about them matter on a host.
        self.touching = self._overlays.touching
        # Decisions about classes, shared by snapshots that differ in grants and claims alone, and
        # about single subjects whom a grant or a restriction sets apart.
        self.decided_by_class = shared.decided
        self.decided: Decided = {}

    @property
    def compiled(self) -> Compiled:
        """What a snapshot that follows may have in common with this one."""
        return self._compiled

    def with_live(self, number: int, live: Live) -> Self:
        """Return the snapshot that follows when grants, claims and the like change."""
        source = msgspec.structs.replace(self.source, number=number, live=live)
        shared = self._shared
        if not shared.is_of(source):
            shared = _Shared(source, self._compiled)
        return type(self)(source, self._compiled, shared)

    def in_doubt(self, since: datetime) -> Self:
        """
        Return the one to decide with while nobody knows the time since *since* (aware).

        It keeps the number, and costs no more than another set of restrictions.
        """
        source = doubtful(self.source, since)
        compiled = self._compiled.at(source.policy.school_time)
        return type(self)(source, compiled, _Shared(source, compiled))

    def with_rules(self, rules: tuple[Rule, ...], live: Live) -> Self:
        """Return the snapshot as it would be with other rules and another live state."""
        policy = msgspec.structs.replace(self.source.policy, rules=rules)
        source = msgspec.structs.replace(self.source, policy=policy, live=live)
        return type(self)(source, self._compiled, _Shared(source, self._compiled))

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
        return self._overlays.of(subject).grants

    def restrictions_on(self, subject: Subject) -> frozenset[str]:
        """Return the rule ids of the restrictions about *subject*, live, past or to come."""
        return self._overlays.of(subject).restrictions

    def is_touched(self, subject: Subject, host: Host, chain: tuple[Host, ...] = ()) -> bool:
        """
        Whether a grant for *subject*, or a restriction about them, could matter on *host*.

        Where it is False they are answered like the representative of their class, at every
        moment until what is known of them ends.
        """
        return self.touching(subject, host, self.match(host, chain)) is not NO_OVERLAY

    def rules_on(self, matched: Matched, overlay: Overlay) -> Rules:
        """Return the rules in *matched*, of the restrictions those of *overlay* alone."""
        return self._overlays.rules_on(matched, overlay.restrictions)

    def decides_classes_like(self, other: "Snapshot") -> bool:
        """Whether every class is decided as in *other*, so that what is kept of them is good."""
        return self._shared is other._shared  # noqa: SLF001 - another one of this class

    def forget(self) -> None:
        """Forget what was decided: a measurement of first decisions asks for it."""
        self.decided.clear()
        self.decided_by_class.clear()

    def make_way_for(self, following: "Snapshot") -> None:
        """
        Forget whatever was remembered, but for what *following* remembers together with this one.

        Where a process was born with a snapshot, nothing else ever gives that memory back.
        """
        self.decided.clear()
        self._finder.forget()
        self._overlays.forget()
        if not self.decides_classes_like(following):
            self.decided_by_class.clear()
            self._shared.matcher.forget()
            self._shared.classes.forget()
        if self._compiled is not following.compiled:
            self._compiled.listed.forget()
            self._compiled.timelines.forget()

    def is_never_inspected(self, host: Host) -> bool:
        """Whether connections to *host* may never be looked into."""
        return any(
            cell.is_never_inspected or cell.is_help_line
            for name in host.parents()
            if (cell := self._compiled.cells.get(name)) is not None
        )

    def is_spared(self, host: Host) -> bool:
        """Whether *host* is a help line's or an essential: what stays open when in doubt."""
        return any(
            cell.is_essential or cell.is_help_line
            for name in host.parents()
            if (cell := self._compiled.cells.get(name)) is not None
        )

    def safe_name(self, subject: Subject, host: Host) -> DomainName | None:
        """Return the name whose address *subject* gets for *host*, if searches are filtered."""
        service = self._compiled.searches.get(host) if isinstance(host, DomainName) else None
        if service is None:
            return None
        return service.name_in(self.source.policy.safe_search.mode_for(subject))

    def match(self, host: Host, chain: tuple[Host, ...] = ()) -> Matched:
        """Return every rule that speaks of *host*; the same object for hosts alike."""
        return self._shared.matcher.match(host, chain, MEMORY_LIMIT)


def compile_snapshot(
    source: Source, names: NamesAt | None = None, former: Compiled | None = None
) -> Snapshot:
    """
    Return *source* compiled, ready to decide with; *names* are those of its large lists.

    What it has in common with *former*, which is the one before (`common_parts`), is taken from
    there. Raises PolicyError where its catalogue names a table of them and none is given.
    """
    compiled = Compiled(source.policy, names, former)
    return Snapshot(source, compiled, _Shared(source, compiled))
