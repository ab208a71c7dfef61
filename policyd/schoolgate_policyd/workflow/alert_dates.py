"""
Alerts that come with the date: the week's and the term's figures, reviews, training, ends.

All of it follows from a day of the school's clock and a few facts, so it may be worked out as
often as one likes: the key of an alert is its reason and its date.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core.subjects import Duty
from schoolgate_policyd.core.times import Calendar, DateRange, local_date, moment_of
from schoolgate_policyd.workflow import lead_times
from schoolgate_policyd.workflow.alerts import Alert, AlertKind, reachable, with_duty
from schoolgate_policyd.workflow.people import Member

WEEK_AT = time(7, 30)
# Whoever was given an hour knows when it ends.
LONG_ENOUGH = timedelta(days=2)
# After this long nobody wants the figures of the week or the term before any more.
_LATE = timedelta(days=5)
# For so long what came due is said as new, should nothing have been sent on the day itself.
_STILL_NEW = timedelta(days=30)
# What is overdue is said again with each term, in its first weeks.
_TERMS_BEGINNING = timedelta(days=21)


class Ending(msgspec.Struct, frozen=True):
    """A permission in force on [starts_at, ends_at), and whom its end is told."""

    request: int
    to: str
    starts_at: datetime
    ends_at: datetime


class Standing(msgspec.Struct, frozen=True):
    """A standing permission's record, and when it is reviewed."""

    record: int
    review_on: date


class Dues(msgspec.Struct, frozen=True):
    """What the school keeps that comes due; *policy* is the first day of the review's month."""

    endings: tuple[Ending, ...] = ()
    standing: tuple[Standing, ...] = ()
    training: tuple[tuple[int, date], ...] = ()
    education_given: frozenset[date] = frozenset()
    policy: date | None = None

    def reviewed_in(self, policy: date | None) -> "Dues":
        """Return the same with the month of the policy's own review."""
        return msgspec.structs.replace(self, policy=policy)


class Counting(Protocol):
    """How often things were done on [since, until) (aware, the school's clock)."""

    def __call__(self, since: datetime, until: datetime) -> Mapping[str, int]:
        """Return the counts, by what was done."""
        ...


def dated(
    moment: datetime,
    *,
    zone: ZoneInfo,
    calendar: Calendar,
    people: tuple[Member, ...],
    dues: Dues,
    counting: Counting,
) -> tuple[Alert, ...]:
    """Return every alert that the date brings at *moment* (aware, the school's clock)."""
    today = local_date(moment, zone)
    alerts = [
        *_of_the_week(moment, zone, calendar, people, counting),
        *_of_the_term(moment, zone, calendar, people, counting),
        *_of_reviews(today, calendar, people, dues),
        *_of_training(today, calendar, people, dues),
        *_of_endings(moment, people, dues.endings),
    ]
    return tuple(each for each in alerts if each.to)


def _of_the_week(
    moment: datetime,
    zone: ZoneInfo,
    calendar: Calendar,
    people: tuple[Member, ...],
    counting: Counting,
) -> Iterable[Alert]:
    """Yield the DSL's week, from Monday morning on in weeks with a school day."""
    today = local_date(moment, zone)
    monday = today - timedelta(days=today.weekday())
    sends_at = moment_of(monday, WEEK_AT, zone)
    if not sends_at <= moment < sends_at + _LATE or not _has_school(monday, calendar):
        return
    start = moment_of(monday - timedelta(days=7), time(), zone)
    since = (monday - timedelta(days=7)).isoformat()
    counts = counting(start, moment_of(monday, time(), zone))
    to = with_duty(people, Duty.DSL)
    yield Alert(AlertKind.WEEK, f"week:{monday}", to, "/", {"since": since, **counts})


def _of_the_term(
    moment: datetime,
    zone: ZoneInfo,
    calendar: Calendar,
    people: tuple[Member, ...],
    counting: Counting,
) -> Iterable[Alert]:
    """Yield the governors' figures of a term, from the day after its last on."""
    for term in calendar.terms:
        after = term.last + timedelta(days=1)
        sends_at = moment_of(after, WEEK_AT, zone)
        if not sends_at <= moment < sends_at + _LATE:
            continue
        facts = {"first": term.first.isoformat(), "last": term.last.isoformat()}
        counts = counting(moment_of(term.first, time(), zone), moment_of(after, time(), zone))
        to = with_duty(people, Duty.CHAIR_OF_GOVERNORS, Duty.GOVERNOR)
        yield Alert(AlertKind.TERM, f"term:{term.first}", to, "/", {**facts, **counts})


def _of_reviews(
    today: date, calendar: Calendar, people: tuple[Member, ...], dues: Dues
) -> Iterable[Alert]:
    leaders = with_duty(people, Duty.HEAD, Duty.ONLINE_SAFETY_LEAD)
    governors = with_duty(people, Duty.CHAIR_OF_GOVERNORS)
    if dues.policy is not None:
        to = tuple(dict.fromkeys((*leaders, *governors)))
        facts = {"what": "policy"}
        yield from _reminders(
            AlertKind.REVIEW_DUE,
            "policy",
            dues.policy,
            today,
            calendar,
            notice=lead_times.POLICY_REVIEW,
            to=to,
            path="/policy",
            facts=facts,
        )
    for each in dues.standing:
        facts = {"what": "standing"}
        yield from _reminders(
            AlertKind.REVIEW_DUE,
            f"standing:{each.record}",
            each.review_on,
            today,
            calendar,
            notice=lead_times.STANDING_REVIEW,
            to=leaders,
            path="/standing",
            facts=facts,
        )


def _of_training(
    today: date, calendar: Calendar, people: tuple[Member, ...], dues: Dues
) -> Iterable[Alert]:
    """Yield what is due again, and the term's online safety education while none is recorded."""
    to = with_duty(people, Duty.HEAD, Duty.ONLINE_SAFETY_LEAD, Duty.DSL)
    for record, due in dues.training:
        yield from _reminders(
            AlertKind.TRAINING_DUE,
            f"training:{record}",
            due,
            today,
            calendar,
            notice=lead_times.TRAINING,
            to=to,
            path="/records/training",
            facts={},
        )
    term = term_at(calendar, today)
    if (
        term is not None
        and today >= term.last - lead_times.EDUCATION
        and not any(day in term for day in dues.education_given)
    ):
        facts = {"last": term.last.isoformat()}
        key = f"education:{term.first}"
        yield Alert(AlertKind.EDUCATION_DUE, key, to, "/records/training", facts)


def _reminders(
    kind: AlertKind,
    of: str,
    due: date,
    today: date,
    calendar: Calendar,
    *,
    notice: timedelta,
    to: tuple[str, ...],
    path: str,
    facts: Mapping[str, str],
) -> Iterable[Alert]:
    """Yield the reminder before *due*, the one on the day, and one in each term after it."""
    said = {**facts, "due": due.isoformat()}
    if due - notice <= today < due:
        yield Alert(kind, f"{of}:{due}:before", to, path, said)
    elif today >= due:
        term = term_at(calendar, today)
        if today < due + _STILL_NEW:
            yield Alert(kind, f"{of}:{due}:due", to, path, said)
        elif term is not None and today < term.first + _TERMS_BEGINNING:
            yield Alert(kind, f"{of}:{due}:{term.first}", to, path, said)


def _of_endings(
    moment: datetime, people: tuple[Member, ...], endings: Iterable[Ending]
) -> Iterable[Alert]:
    """Yield for each long permission that it ends within a day."""
    for each in endings:
        if each.ends_at - each.starts_at < LONG_ENOUGH:
            continue
        if each.ends_at - lead_times.GRANT_END <= moment < each.ends_at:
            to = reachable(one for one in people if one.id == each.to)
            facts = {"number": each.request}
            key = f"request:{each.request}:ends"
            yield Alert(AlertKind.PERMISSION_ENDS, key, to, f"/requests/{each.request}", facts)


def term_at(calendar: Calendar, day: date) -> DateRange | None:
    """Return the term that *day* is in, if it is in one."""
    return next((term for term in calendar.terms if day in term), None)


def _has_school(monday: date, calendar: Calendar) -> bool:
    days = (monday + timedelta(days=number) for number in range(5))
    return any(calendar.is_school_day(day, for_pupils=True) for day in days)
