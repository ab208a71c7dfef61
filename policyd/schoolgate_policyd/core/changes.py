"""
When the next bell rings for one request: the moments at which its verdict could change.

Only what matters for this subject and these rules counts: a rule whose exception depends on the
period matters at bells, unless something that no bell changes already settles it.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core import conditions
from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.conditions import Facts
from schoolgate_policyd.core.rules import Condition, Grant, Rule
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import Subject
from schoolgate_policyd.core.times import Period, local_date, moment_of


class Changes:
    """The moments at which a verdict on *subject* by *rules* and *grants* could change."""

    def __init__(
        self,
        snapshot: Snapshot,
        subject: Subject,
        rules: Iterable[tuple[Rule, Service | None]],
        grants: Iterable[Grant],
    ) -> None:
        self._snapshot = snapshot
        self._subject = subject
        self._zone = ZoneInfo(snapshot.school_time.zone)
        pairs = tuple(rules)
        self._fixed = [end for grant in grants for end in (grant.starts_at, grant.ends_at)]
        self._fixed += [end for rule, _ in pairs for end in snapshot.lifetimes.get(rule.id, ())]
        # Time atoms are left out of what is compared, so any moment does.
        facts = Facts(
            subject=subject,
            period=Period.CLOSED,
            is_in_own_hours=False,
            is_on_overtime=False,
            standing=snapshot.standing,
        )
        asked = [each for rule, by in pairs for each in _unsettled(rule, facts, by)]
        self._asks_period = any(each.period is not None for each in asked)
        self._asks_hours = any(each.own_hours is not None for each in asked)
        self._asks_overtime = any(each.overtime is not None for each in asked)

    def after(self, moment: datetime) -> datetime | None:
        """Return the first moment after *moment* at which the verdict could change, if any."""
        return min(self._after(moment), default=None)

    def _after(self, moment: datetime) -> Iterator[datetime]:
        yield from (fixed for fixed in self._fixed if fixed > moment)
        if self._asks_period:
            bell = next(self._snapshot.timeline_of(self._subject).bells_after(moment), None)
            if bell is not None:
                yield bell
        if self._asks_hours:
            yield self._next_edge_of_hours(moment)
        if self._asks_overtime:
            yield self._at(time(0), moment, days=1)

    def _next_edge_of_hours(self, moment: datetime) -> datetime:
        hours = self._subject.hours or self._snapshot.school_time.staff_hours
        edges = [
            self._at(at, moment, days=days) for at in (hours.start, hours.end) for days in (0, 1)
        ]
        return min(edge for edge in edges if edge > moment)

    def _at(self, at: time, moment: datetime, *, days: int) -> datetime:
        return moment_of(local_date(moment, self._zone) + timedelta(days=days), at, self._zone)


def _unsettled(rule: Rule, facts: Facts, service: Service | None) -> list[Condition]:
    """Return the conditions of *rule* that hold, or would at another time of day."""
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
    if any(each == _timeless(each) for each in excepting):
        # The rule never blocks this subject; whether it is named as excepted follows from `about`.
        return [] if any(each == _timeless(each) for each in about) else about
    return about + excepting if about else []


def _timeless(condition: Condition) -> Condition:
    return msgspec.structs.replace(condition, period=None, own_hours=None, overtime=None)
