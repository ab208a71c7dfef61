"""Dates, times of day, bells and working hours as rule files write them."""

import re
from datetime import date, time
from itertools import pairwise

from schoolgate_policyd.core.times import DateRange, Period, PeriodStart, WorkingHours
from schoolgate_policyd.rulefiles.fields import Entries, choice, list_of, mapping, text
from schoolgate_policyd.rulefiles.mistakes import MistakeBook, Place, shown
from schoolgate_policyd.rulefiles.nodes import Node
from schoolgate_policyd.rulefiles.survey import accepts, schema_of

FIRST_YEAR, LAST_YEAR = 2000, 2100

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])\Z", re.ASCII)


@accepts({"title": "a date", "type": "string", "pattern": "^20[0-9]{2}-[0-9]{2}-[0-9]{2}$|^2100-"})
def day(node: Node, book: MistakeBook) -> date | None:
    """Return a date written as `2026-09-01`."""
    written = text(node, book)
    if written is None:
        return None
    try:
        # The pattern shuts out the other forms of ISO 8601 that `fromisoformat` takes.
        found = date.fromisoformat(written) if _DATE.match(written) else None
    except ValueError:
        found = None
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        book.add(node.place, f"{shown(written)} is no date: write it as `2026-09-01`")
        return None
    return found


def placed_day(node: Node, book: MistakeBook) -> tuple[Place, date] | None:
    """Return a date with the place where it stands."""
    found = day(node, book)
    return None if found is None else (node.place, found)


def range_of(entries: Entries, book: MistakeBook) -> DateRange | None:
    """Return the days from `first` to `last`."""
    first = entries.required("first", day)
    last = entries.required("last", day)
    if first is None or last is None:
        return None
    if first > last:
        book.add(entries.place, f"`{first}` is after `{last}`: exchange the dates")
        return None
    return DateRange(first=first, last=last)


@accepts(
    {"title": "a time of day", "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
)
def time_of_day(node: Node, book: MistakeBook) -> time | None:
    """Return a time written as `08:50`."""
    written = text(node, book)
    at = None if written is None else _time_in(written)
    if written is not None and at is None:
        book.add(node.place, f'{shown(written)} is no time of day: write it as `"08:50"`')
    return at


@accepts(lambda: schema_of(list_of(_bell)))
def bells(node: Node, book: MistakeBook) -> tuple[PeriodStart, ...] | None:
    """Return the bells of a day, in order, of which the last says when the school closes."""
    found = list_of(_bell)(node, book)
    if found is None:
        return None
    for earlier, later in pairwise(found):
        if earlier.at >= later.at:
            message = f"`{later.at:%H:%M}` stands after `{earlier.at:%H:%M}`: sort the bells"
            book.add(node.place, message)
            return None
    if found[-1].period is not Period.CLOSED:
        book.add(node.place, "the last bell of a day must be `closed`: say when the school closes")
    return found


@accepts(
    {
        "title": "working hours",
        "type": "string",
        "pattern": r"^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$",
    }
)
def working_hours(node: Node, book: MistakeBook) -> WorkingHours | None:
    """Return hours written as `08:30-16:00`."""
    written = text(node, book)
    if written is None:
        return None
    first, _, last = written.partition("-")
    start, end = _time_in(first), _time_in(last)
    if start is None or end is None:
        book.add(node.place, f"{shown(written)} are no hours: write them as `08:30-16:00`")
        return None
    if start >= end:
        book.add(node.place, f"{shown(written)} end before they start: exchange the times")
        return None
    return WorkingHours(start=start, end=end)


def _bell(node: Node, book: MistakeBook) -> PeriodStart | None:
    entries = mapping("a bell", node, ("at", "period"), book)
    if entries is None:
        return None
    at = entries.required("at", time_of_day)
    period = entries.required("period", choice("period", Period))
    return None if at is None or period is None else PeriodStart(at=at, period=period)


def _time_in(written: str) -> time | None:
    clock = _CLOCK.match(written)
    return None if clock is None else time(int(clock[1]), int(clock[2]))
