"""Recorded events decided anew by two policies, and what is different between them."""

from collections.abc import Callable, Iterable
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple, assert_never

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import (
    Decision,
    HostResource,
    Request,
    UrlResource,
    Verdict,
)
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import Subject
from schoolgate_policyd.ipc.messages import PointKind
from schoolgate_policyd.replay.alike import Likeness
from schoolgate_policyd.replay.outcome import Certainty, Change, NotReplayed, Replay
from schoolgate_policyd.replay.past import Past, PastSnapshots, past_like
from schoolgate_policyd.replay.recall import Recall, Recalled, remember
from schoolgate_policyd.replay.recorded import RecordedBlock, RecordedEvent
from schoolgate_policyd.replay.tally import Changed, Changes, Counter

PROGRESS_EVERY = 2_000


class _Openness(IntEnum):
    """What a client gets, in order."""

    BLOCKED = 0
    IN_PART = 1
    OPEN = 2


class _Equal(NamedTuple):
    """What both policies make of a host for a subject on [since, until)."""

    since: datetime
    until: datetime
    openness: _Openness
    is_help_line: bool


class _Judged(NamedTuple):
    """What a policy makes of an event."""

    snapshot: Snapshot
    decision: Decision
    openness: _Openness


def replay(
    events: Iterable[RecordedEvent],
    before: Snapshot,
    after: Snapshot,
    on_progress: Callable[[int], None] | None = None,
    *,
    past: Past | None = None,
) -> Replay:
    """
    Return who would have gained and lost what if *after* had been in force instead of *before*.

    Who asks is looked up in the register of *before*, and what was live is *past*, for both:
    only the policies differ. Without *past* what is live in *before* is taken for every moment.
    *on_progress* is told now and then how many events are done.
    """
    comparison = _Comparison(before, after, past)
    done = 0
    for event in events:
        comparison.take(event)
        done += 1
        if on_progress is not None and done % PROGRESS_EVERY == 0:
            on_progress(done)
    if on_progress is not None:
        on_progress(done)
    return comparison.result()


class _Comparison:
    """Two policies, and the counts of what they make of the events so far."""

    def __init__(self, before: Snapshot, after: Snapshot, past: Past | None) -> None:
        live = before.source.live
        past = past_like(live) if past is None else past
        self._before = PastSnapshots(before, past, live)
        self._after = PastSnapshots(after, past, live)
        self._policies = before.source.policy, after.source.policy
        likeness = Likeness(self._policies, past.grants, live.restrictions)
        self._recall = Recall(before.source, past, likeness)
        self._total = Counter()
        self._changed = {change: Counter() for change in Change}
        self._same = {openness: Counter() for openness in _Openness}
        self._not_replayed = {reason: Counter() for reason in NotReplayed}
        self._certainty = {certainty: Counter() for certainty in Certainty}
        self._now_open = Counter()
        self._now_blocked = Counter()
        self._changes = Changes()
        self._equal: dict[tuple[Subject, PointKind, str], _Equal] = {}

    def take(self, event: RecordedEvent) -> None:
        """Decide *event* anew, twice, and count it."""
        recalled = self._recall.recall(event)
        if isinstance(recalled, NotReplayed):
            self._leave_out(event, recalled)
            return
        # What is equal for both policies stays so until either verdict changes; most events are
        # answered from here. The host is the whole question where no page was recorded.
        key = (recalled.subject, event.point, event.host)
        is_host = isinstance(recalled.resource, HostResource)
        equal = self._equal.get(key) if is_host else None
        if equal is not None and equal.since <= event.at < equal.until:
            if not equal.is_help_line and self._is_counted(event, recalled, equal.openness):
                self._same[equal.openness].add(event.count)
            return
        request = Request(recalled.subject, recalled.resource)
        was = _judged(request, self._before.at(event.at), event)
        would = _judged(request, self._after.at(event.at), event)
        # INVARIANT: nothing tells of a visit to a help line, be it one only since today.
        is_help_line = was.decision.is_help_line or would.decision.is_help_line
        if is_host and (was.openness is would.openness or is_help_line):
            ends = (was.decision.valid_until, would.decision.valid_until)
            until = min(*ends, self._before.edge_after(event.at))
            remember(self._equal, key, _Equal(event.at, until, was.openness, is_help_line))
        if is_help_line or not self._is_counted(event, recalled, was.openness):
            return
        if was.openness is would.openness:
            self._same[was.openness].add(event.count)
        else:
            self._count_change(event, recalled, was, would)

    def _is_counted(self, event: RecordedEvent, recalled: Recalled, was_open: _Openness) -> bool:
        """Count an event that names no help line, whatever its verdicts; false if that is all."""
        if isinstance(event, RecordedBlock) and not event.has_rule:
            self._leave_out(event, NotReplayed.NOT_BY_A_RULE)
            return False
        self._total.add(event.count)
        self._certainty[recalled.certainty].add(event.count)
        self._compare_with_record(event, was_open)
        return True

    def _count_change(
        self, event: RecordedEvent, recalled: Recalled, was: _Judged, would: _Judged
    ) -> None:
        change = Change.GAINED if would.openness > was.openness else Change.LOST
        stricter = was if change is Change.GAINED else would
        self._changed[change].add(event.count)
        self._changes.add(
            Changed(
                change=change,
                audience=recalled.subject.audience,
                host=recalled.resource.host.text,
                category=_category_of(stricter),
                requests=event.count,
                asker=recalled.asker,
                periods=frozenset(
                    period
                    for each in (was.snapshot, would.snapshot)
                    for period in each.periods_of(recalled.subject, event.at)
                ),
                rules=tuple(rule.id for rule in stricter.decision.rules),
                in_part=_Openness.IN_PART in (was.openness, would.openness)
                or _is_part(recalled, (was.snapshot, would.snapshot), event.at),
            )
        )

    def result(self) -> Replay:
        """Return what was counted."""
        names, names_left_out = self._changes.names()
        before, after = self._policies
        return Replay(
            before=_title(before),
            after=_title(after),
            since=None,
            until=None,
            total=self._total.total,
            gained=self._changed[Change.GAINED].total,
            lost=self._changed[Change.LOST].total,
            still_open=self._same[_Openness.OPEN].total,
            still_blocked=self._same[_Openness.BLOCKED].total,
            still_open_in_part=self._same[_Openness.IN_PART].total,
            not_replayed={reason: each.total for reason, each in self._not_replayed.items()},
            certainty={certainty: each.total for certainty, each in self._certainty.items()},
            now_open=self._now_open.total,
            now_blocked=self._now_blocked.total,
            effects=self._changes.effects(_category_names(before, after)),
            names=names,
            names_left_out=names_left_out,
        )

    def _leave_out(self, event: RecordedEvent, reason: NotReplayed) -> None:
        self._not_replayed[reason].add(event.count)
        self._total.add(event.count)

    def _compare_with_record(self, event: RecordedEvent, was_open: _Openness) -> None:
        was_blocked = isinstance(event, RecordedBlock)
        if was_blocked and was_open is not _Openness.BLOCKED:
            self._now_open.add(event.count)
        elif not was_blocked and was_open is _Openness.BLOCKED:
            self._now_blocked.add(event.count)


def _judged(request: Request, snapshot: Snapshot, event: RecordedEvent) -> _Judged:
    decision = decide(request, snapshot, event.at)
    return _Judged(snapshot, decision, _openness(decision, event.point))


def _openness(decision: Decision, point: PointKind) -> _Openness:
    """Return what a client of *point* gets: DNS answers a name as a whole or not at all."""
    match decision.verdict:
        case Verdict.ALLOW:
            return _Openness.OPEN
        case Verdict.BLOCK:
            return _Openness.BLOCKED
        case Verdict.DEPENDS:
            if point is PointKind.PROXY:
                return _Openness.IN_PART
            is_answered = decision.uninspected is Verdict.ALLOW
            return _Openness.OPEN if is_answered else _Openness.BLOCKED
        case _:
            assert_never(decision.verdict)


def _is_part(recalled: Recalled, snapshots: tuple[Snapshot, ...], moment: datetime) -> bool:
    """Whether a page was asked for on a host of which either policy blocks only a part."""
    if not isinstance(recalled.resource, UrlResource):
        return False
    request = Request(recalled.subject, HostResource(recalled.resource.host))
    return any(decide(request, each, moment).verdict is Verdict.DEPENDS for each in snapshots)


def _category_of(judged: _Judged) -> str | None:
    """Return the one category under which a resource is counted: its first."""
    if judged.decision.categories:
        return judged.decision.categories[0]
    # Of a part of a site only the service is named.
    for each in judged.decision.services:
        return judged.snapshot.services[each].category
    return None


def _category_names(*policies: Policy) -> Callable[[str], str]:
    names = {each.id: each.name for policy in policies for each in policy.catalogue.categories}
    return lambda category: names.get(category, category)


def _title(policy: Policy) -> str:
    return f"{policy.id}: {policy.document.name}"
