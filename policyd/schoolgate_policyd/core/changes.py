"""
When the next bell rings for one request: the moments at which its verdict could change.

Only what matters for this subject and these rules counts: a rule whose exception depends on the
period matters at bells, unless something that no bell changes already settles it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core import conditions
from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.conditions import Facts
from schoolgate_policyd.core.rules import Condition, Grant, Rule
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import Subject
from schoolgate_policyd.core.timelines import Times
from schoolgate_policyd.core.times import Period, moment_of


class Changes:
    """The moments at which a verdict on *subject* by *rules* and *grants* could change."""

    def __init__(
        self,
        snapshot: Snapshot,
        subject: Subject,
        rules: Iterable[tuple[Rule, Service | None]],
        grants: Iterable[Grant],
    ) -> None:
        pairs = tuple(rules)
        edges = {edge for grant in grants for edge in (grant.starts_at, grant.ends_at)}
        edges.update(*(snapshot.lifetimes.get(rule.id, ()) for rule, _ in pairs))
        # Time atoms are left out of what is compared, so any moment does.
        facts = Facts(
            subject=subject,
            period=Period.CLOSED,
            is_in_own_hours=False,
            is_on_overtime=False,
            standing=snapshot.standing,
        )
        asked = [each for rule, by in pairs for each in _unsettled(rule, facts, by)]
        if subject.overtime and any(each.overtime is not None for each in asked):
            zone = ZoneInfo(snapshot.school_time.zone)
            edges.update(*(_ends_of(day, zone) for day in subject.overtime))
        self._edges = sorted(edges)
        self._times: Times | None = None
        periods = frozenset(each.period for each in asked if each.period is not None)
        asks_hours = any(each.own_hours is not None for each in asked)
        if periods or asks_hours:
            hours = snapshot.school_time.hours_of(subject) if asks_hours else None
            self._times = snapshot.timeline_of(subject).times(periods, hours)

    def after(self, moment: datetime) -> datetime | None:
        """Return the first moment after *moment* at which the verdict could change, if any."""
        edge, others = self._edge_after(moment), self._others_after(moment)
        return min((each for each in (edge, *others[:1]) if each is not None), default=None)

    def between(self, moment: datetime, end: datetime) -> Iterator[datetime]:
        """
        Yield, in order, the moments after *moment* and before *end* that are enough to look at.

        Between two edges (of a grant, a restriction, a day of overtime) nothing but the time of
        day is another one. So of all times that are alike to the rules, the first will do.
        """
        while moment < end:
            edge = self._edge_after(moment)
            following = end if edge is None else min(edge, end)
            yield from takewhile(following.__gt__, self._others_after(moment))
            if following < end:
                yield following
            moment = following

    def _edge_after(self, moment: datetime) -> datetime | None:
        position = bisect_right(self._edges, moment)
        return self._edges[position] if position < len(self._edges) else None

    def _others_after(self, moment: datetime) -> list[datetime]:
        return [] if self._times is None else self._times.others_after(moment)


def _ends_of(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    return moment_of(day, time(0), zone), moment_of(day + timedelta(days=1), time(0), zone)


def _unsettled(rule: Rule, facts: Facts, service: Service | None) -> list[Condition]:
    """Return the conditions of *rule* that hold, or would at another time of day."""
    if not any(_asks_time(each) for each in (*rule.applies_to, *rule.unless)):
        return []  # No time settles it, nor unsettles it.
    about = [
        each
        for each in rule.applies_to
        if conditions.holds(_timeless(each), facts, service, unknown_holds=True)
    ]
    excepting = [
        each
        for each in rule.unless
        if conditions.holds(_timeless(each), facts, service, unknown_holds=False)
    ]
    if any(not _asks_time(each) for each in excepting):
        # The rule never blocks this subject; whether it is named as excepted follows from `about`.
        return [] if any(not _asks_time(each) for each in about) else about
    return about + excepting if about else []


def _asks_time(condition: Condition) -> bool:
    atoms = (condition.period, condition.own_hours, condition.overtime)
    return any(each is not None for each in atoms)


def _timeless(condition: Condition) -> Condition:
    if not _asks_time(condition):
        return condition
    return msgspec.structs.replace(condition, period=None, own_hours=None, overtime=None)
