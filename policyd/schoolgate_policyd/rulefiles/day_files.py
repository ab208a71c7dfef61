"""When the school works: timetables and calendars."""

import re
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

from schoolgate_policyd.core.times import (
    Calendar,
    DateRange,
    Period,
    PeriodStart,
    Timetable,
    WorkingHours,
)
from schoolgate_policyd.rulefiles.fields import (
    Entries,
    choice,
    identifier,
    list_of,
    mapping,
    one_or_more,
    text,
)
from schoolgate_policyd.rulefiles.mistakes import MistakeBook, Place, shown
from schoolgate_policyd.rulefiles.nodes import Node, read_nodes

MAX_TERM_DAYS = 366
FIRST_YEAR, LAST_YEAR = 2000, 2100

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])\Z", re.ASCII)


class Weekday(StrEnum):
    """The days of a week, in order."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


def read_timetable(path: Path, book: MistakeBook) -> Timetable | None:
    """Return the timetable in the file at *path*."""
    node = read_nodes(path, book)
    entries = None if node is None else mapping("a timetable", node, ("timetable", "days"), book)
    if entries is None:
        return None
    id_ = _own_id(entries, "timetable", path, book)
    several = entries.required("days", list_of(_days))
    if id_ is None or several is None:
        return None
    bells_on: dict[Weekday, tuple[PeriodStart, ...]] = {}
    for days in several:
        for weekday in days.weekdays:
            if weekday in bells_on:
                book.add(days.place, f"`{weekday}` has bells already: name each day once")
            bells_on[weekday] = days.bells
    return Timetable(id=id_, days=tuple(bells_on.get(weekday, ()) for weekday in Weekday))


def read_calendar(path: Path, book: MistakeBook) -> Calendar | None:
    """Return the calendar in the file at *path*."""
    node = read_nodes(path, book)
    entries = None if node is None else mapping("a calendar", node, _CALENDAR_KEYS, book)
    if entries is None:
        return None
    id_ = _own_id(entries, "calendar", path, book)
    terms = entries.required("terms", list_of(_term))
    inset_days = entries.optional("inset_days", list_of(_placed_day), default=())
    bank_holidays = entries.optional("bank_holidays", list_of(_placed_day), default=())
    if id_ is None or terms is None:
        return None
    for earlier, later in pairwise(terms):
        if earlier.days.last >= later.days.first:
            message = (
                f"the term begins before the one above ends, `{earlier.days.last}`: sort them"
            )
            book.add(later.place, message)
            return None
    for place, day in inset_days:
        if not any(day in term.days for term in terms):
            book.add(place, f"`{day}` is in no term: correct the date")
    for place, day in bank_holidays:
        # One in the holidays changes nothing, but one in another year is a slip.
        if not terms[0].days.first <= day <= terms[-1].days.last:
            book.add(place, f"`{day}` is outside the calendar's year: correct the date")
    return Calendar(
        id=id_,
        terms=tuple(term.days for term in terms),
        half_terms=tuple(each for term in terms for each in term.half_terms),
        bank_holidays=frozenset(day for _, day in bank_holidays),
        inset_days=frozenset(day for _, day in inset_days),
    )


_CALENDAR_KEYS = ("calendar", "terms", "inset_days", "bank_holidays")


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


@dataclass(frozen=True, slots=True)
class _Days:
    """Weekdays with the same bells."""

    place: Place
    weekdays: tuple[Weekday, ...]
    bells: tuple[PeriodStart, ...]


@dataclass(frozen=True, slots=True)
class _Term:
    """A term with the half-terms in it."""

    place: Place
    days: DateRange
    half_terms: tuple[DateRange, ...]


def _own_id(entries: Entries, key: str, path: Path, book: MistakeBook) -> str | None:
    """Return the id under *key*, which must be the file's name: schools name it by that."""
    id_ = entries.required(key, identifier)
    if id_ is not None and id_ != path.stem:
        message = f"{shown(id_)} stands in {path.name}: give file and {key} the same name"
        book.add(entries.place_of(key), message)
    return id_


def _days(node: Node, book: MistakeBook) -> _Days | None:
    entries = mapping("a group of days", node, ("weekdays", "bells"), book)
    if entries is None:
        return None
    weekdays = entries.required("weekdays", one_or_more(choice("weekday", Weekday)))
    bells = entries.required("bells", list_of(_bell))
    if weekdays is None or bells is None:
        return None
    for earlier, later in pairwise(bells):
        if earlier.at >= later.at:
            message = f"`{later.at:%H:%M}` stands after `{earlier.at:%H:%M}`: sort the bells"
            book.add(entries.place_of("bells"), message)
            return None
    if bells[-1].period is not Period.CLOSED:
        message = "the last bell of a day must be `closed`: say when the school closes"
        book.add(entries.place_of("bells"), message)
    return _Days(place=node.place, weekdays=weekdays, bells=bells)


def _bell(node: Node, book: MistakeBook) -> PeriodStart | None:
    entries = mapping("a bell", node, ("at", "period"), book)
    if entries is None:
        return None
    at = entries.required("at", _time)
    period = entries.required("period", choice("period", Period))
    return None if at is None or period is None else PeriodStart(at=at, period=period)


def _term(node: Node, book: MistakeBook) -> _Term | None:
    entries = mapping("a term", node, ("first", "last", "half_term"), book)
    days = None if entries is None else _range(entries, book)
    if entries is None or days is None:
        return None
    if (days.last - days.first).days >= MAX_TERM_DAYS:
        book.add(node.place, "the term is longer than a year: correct its dates")
        return None
    half_terms = entries.optional("half_term", one_or_more(_half_term), default=())
    for half_term in half_terms:
        if half_term.first not in days or half_term.last not in days:
            book.add(entries.place_of("half_term"), "the half-term is not in its term: correct it")
    return _Term(place=node.place, days=days, half_terms=half_terms)


def _half_term(node: Node, book: MistakeBook) -> DateRange | None:
    entries = mapping("a half-term", node, ("first", "last"), book)
    return None if entries is None else _range(entries, book)


def _range(entries: Entries, book: MistakeBook) -> DateRange | None:
    first = entries.required("first", _day)
    last = entries.required("last", _day)
    if first is None or last is None:
        return None
    if first > last:
        book.add(entries.place, f"`{first}` is after `{last}`: exchange the dates")
        return None
    return DateRange(first=first, last=last)


def _day(node: Node, book: MistakeBook) -> date | None:
    written = text(node, book)
    if written is None:
        return None
    try:
        # The pattern shuts out the other forms of ISO 8601 that `fromisoformat` takes.
        day = date.fromisoformat(written) if _DATE.match(written) else None
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        book.add(node.place, f"{shown(written)} is no date: write it as `2026-09-01`")
        return None
    return day


def _placed_day(node: Node, book: MistakeBook) -> tuple[Place, date] | None:
    day = _day(node, book)
    return None if day is None else (node.place, day)


def _time(node: Node, book: MistakeBook) -> time | None:
    written = text(node, book)
    at = None if written is None else _time_in(written)
    if written is not None and at is None:
        book.add(node.place, f'{shown(written)} is no time of day: write it as `"08:50"`')
    return at


def _time_in(written: str) -> time | None:
    clock = _CLOCK.match(written)
    return None if clock is None else time(int(clock[1]), int(clock[2]))
