"""The days that figures are of: a day, a week or a term of the school, in its stretches."""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

import msgspec

from schoolgate_policyd.core.day_words import day_words, weekday_words
from schoolgate_policyd.core.times import Calendar
from schoolgate_webui.views.moments import Now

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
# The hours that a day shows even when nothing happened in them.
FIRST_HOUR, LAST_HOUR = 8, 16


class SpanKind(StrEnum):
    """How much figures are of."""

    DAY = "day"
    WEEK = "week"
    TERM = "term"


class Span(msgspec.Struct, frozen=True):
    """The local days from *first* to *last*, both included, in stretches of hours, days, weeks."""

    kind: SpanKind
    first: date
    last: date

    def stretch_of(self, local: datetime) -> int:
        """Return the number of the stretch that *local* is in, from 0."""
        match self.kind:
            case SpanKind.DAY:
                return local.hour
            case SpanKind.WEEK:
                return (local.date() - self.first).days
            case SpanKind.TERM:
                return (local.date() - _monday(self.first)) // _WEEK

    @property
    def stretches(self) -> tuple[str, ...]:
        """The stretches in words, in their order."""
        match self.kind:
            case SpanKind.DAY:
                return tuple(f"{hour:02}:00" for hour in range(24))
            case SpanKind.WEEK:
                days = (self.first + _DAY * number for number in range(7))
                return tuple(f"{day:%a} {day.day} {day:%b}" for day in days)
            case SpanKind.TERM:
                weeks = (self.last - _monday(self.first)) // _WEEK + 1
                days = (_monday(self.first) + _WEEK * number for number in range(weeks))
                return tuple(f"{day.day} {day:%b}" for day in days)

    @property
    def stretch_word(self) -> str:
        """What one of the stretches is."""
        return {SpanKind.DAY: "Hour", SpanKind.WEEK: "Day", SpanKind.TERM: "Week from"}[self.kind]

    @property
    def words(self) -> str:
        """The span in words, for headings."""
        match self.kind:
            case SpanKind.DAY:
                return weekday_words(self.first)
            case SpanKind.WEEK:
                return f"Week from {day_words(self.first)}"
            case SpanKind.TERM:
                return f"Term, {self.first.day} {self.first:%B} to {day_words(self.last)}"

    def utc_days(self, now: Now) -> tuple[date, ...]:
        """Return the days of the machine's clock, in UTC, that its days lie in."""
        ahead = now.school - now.machine
        start = _midnight(self.first, now) - ahead
        end = _midnight(self.last + _DAY, now) - ahead
        first, last = start.date(), (end - timedelta(microseconds=1)).date()
        return tuple(first + _DAY * number for number in range((last - first).days + 1))

    def holds(self, day: date) -> bool:
        """Whether *day* is one of its days."""
        return self.first <= day <= self.last

    def neighbour(self, step: int, calendar: Calendar) -> "Span | None":
        """Return the span after (1) or before (-1) it; None where the calendar ends."""
        if self.kind is SpanKind.TERM:
            terms = sorted((each.first, each.last) for each in calendar.terms)
            place = terms.index((self.first, self.last)) + step if self._is_of(calendar) else -1
            return Span(self.kind, *terms[place]) if 0 <= place < len(terms) else None
        length = _DAY if self.kind is SpanKind.DAY else _WEEK
        return Span(self.kind, self.first + length * step, self.last + length * step)

    def _is_of(self, calendar: Calendar) -> bool:
        return any((each.first, each.last) == (self.first, self.last) for each in calendar.terms)


def span_of(kind: SpanKind, day: date, calendar: Calendar) -> Span:
    """Return the span of *kind* that *day* is in; between terms the one before, or the first."""
    match kind:
        case SpanKind.DAY:
            return Span(kind, day, day)
        case SpanKind.WEEK:
            return Span(kind, _monday(day), _monday(day) + 6 * _DAY)
        case SpanKind.TERM:
            terms = sorted((each.first, each.last) for each in calendar.terms)
            begun = [each for each in terms if each[0] <= day]
            # A school without a calendar has quarters.
            first, last = (begun or terms or [(day - 90 * _DAY, day)])[-1 if begun else 0]
            return Span(kind, first, last)


def _monday(day: date) -> date:
    return day - _DAY * day.weekday()


def _midnight(day: date, now: Now) -> datetime:
    return datetime.combine(day, time(), now.zone).astimezone(UTC)
