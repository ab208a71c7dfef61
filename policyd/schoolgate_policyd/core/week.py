"""
One subject's week with one resource: from when until when which verdict holds, and by which rule.

It is the week as the snapshot sees it: today's rules, and the grants, permissions and
restrictions that are recorded now, also for days that are past.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core.changes import Changes
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import Request, Resource, Verdict, deciding_rule
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import Subject
from schoolgate_policyd.core.times import Period, moment_of

DAYS = 7


class Stretch(msgspec.Struct, frozen=True):
    """
    A time [start, end), in UTC, with one verdict, one deciding rule and the same periods.

    *rule* is the id of the rule that blocks or, where it is allowed, of the one whose exception
    applies or that is lifted; None where no rule speaks of it. *citation* is empty then.
    """

    start: datetime
    end: datetime
    verdict: Verdict
    periods: tuple[Period, ...]
    rule: str | None
    citation: str


class WeekDay(msgspec.Struct, frozen=True):
    """A day from midnight to midnight of the school's clock, without gaps: 23 to 25 hours."""

    day: date
    stretches: tuple[Stretch, ...]


class Week(msgspec.Struct, frozen=True):
    """Seven days, Monday first; *zone* is the school's."""

    zone: str
    days: tuple[WeekDay, ...]


def monday_of(day: date) -> date:
    """Return the Monday of *day*'s week."""
    return day - timedelta(days=day.weekday())


def week_of(subject: Subject, resource: Resource, snapshot: Snapshot, monday: date) -> Week:
    """
    Return the verdicts on *subject*'s requests for *resource* in the week of *monday*.

    What is known of the subject now counts for the whole week, also where a device claim would
    end in it. Raises ValueError if *monday* is none.
    """
    if monday != monday_of(monday):
        raise ValueError(f"{monday} is not a Monday")
    walk = _Walk(msgspec.structs.replace(subject, known_until=None), resource, snapshot)
    days = tuple(walk.day(monday + timedelta(days=each)) for each in range(DAYS))
    return Week(snapshot.school_time.zone, days)


class _Walk:
    """Goes from one moment at which something changes to the next."""

    def __init__(self, subject: Subject, resource: Resource, snapshot: Snapshot) -> None:
        self._request = Request(subject, resource)
        self._snapshot = snapshot
        self._zone = ZoneInfo(snapshot.school_time.zone)
        matched = snapshot.match(resource.host, resource.chain)
        touching = snapshot.touching(subject, resource.host, matched)
        rules = snapshot.rules_on(matched, touching)
        self._changes = Changes(snapshot, subject, rules.pairs, touching.grants)

    def day(self, day: date) -> WeekDay:
        start, end = (moment_of(each, time(0), self._zone) for each in (day, _after(day)))
        stretches: list[Stretch] = []
        # Each step leads to one of finitely many bells, edges of hours and ends of grants.
        while start < end:
            found = self._stretch(start, end)
            start = found.end
            if stretches and _goes_on(stretches[-1], found):
                found = msgspec.structs.replace(found, start=stretches.pop().start)
            stretches.append(found)
        return WeekDay(day, tuple(stretches))

    def _stretch(self, start: datetime, midnight: datetime) -> Stretch:
        snapshot, subject = self._snapshot, self._request.subject
        decision = decide(self._request, snapshot, start)
        rule = deciding_rule(decision)
        bell = next(snapshot.timeline_of(subject).bells_after(start), midnight)
        change = self._changes.after(start) or midnight
        return Stretch(
            start=start,
            end=min(midnight, decision.valid_until, bell, change),
            verdict=decision.verdict,
            periods=snapshot.periods_of(subject, start),
            rule=None if rule is None else rule.id,
            citation="" if rule is None else str(rule.cite),
        )


def _after(day: date) -> date:
    return day + timedelta(days=1)


def _goes_on(earlier: Stretch, later: Stretch) -> bool:
    same_times = msgspec.structs.replace(later, start=earlier.start, end=earlier.end)
    return same_times == earlier
