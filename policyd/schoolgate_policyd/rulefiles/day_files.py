"""When the school works: timetables and calendars."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

from schoolgate_policyd.core.times import (
    Calendar,
    DateRange,
    PeriodStart,
    Timetable,
)
from schoolgate_policyd.rulefiles.bank_holidays import Nation, bank_holidays
from schoolgate_policyd.rulefiles.day_fields import bells, placed_day, range_of
from schoolgate_policyd.rulefiles.fields import (
    Entries,
    Reader,
    choice,
    identifier,
    list_of,
    mapping,
    one_or_more,
)
from schoolgate_policyd.rulefiles.folders import file_named
from schoolgate_policyd.rulefiles.mistakes import MistakeBook, Place, RuleFileErrors, shown
from schoolgate_policyd.rulefiles.nodes import Node, read_nodes

MAX_TERM_DAYS = 366


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
    return None if node is None else timetable_file(path)(node, book)


def read_calendar(path: Path, book: MistakeBook) -> Calendar | None:
    """Return the calendar in the file at *path*."""
    node = read_nodes(path, book)
    return None if node is None else calendar_file(path)(node, book)


def load_calendar(rules_dir: Path, id_: str) -> Calendar:
    """Return the calendar called *id_* in *rules_dir*. Raises RuleFileErrors."""
    book = MistakeBook()
    folder = rules_dir / "calendars"
    path = file_named(folder, id_, "calendar", Place(folder), book)
    calendar = None if path is None else read_calendar(path, book)
    mistakes = book.mistakes()
    if mistakes or calendar is None:
        raise RuleFileErrors(mistakes)
    return calendar


def timetable_file(path: Path) -> Reader[Timetable]:
    """Return a reader of the timetable that the file at *path* is."""

    def read(node: Node, book: MistakeBook) -> Timetable | None:
        entries = mapping("a timetable", node, ("timetable", "days"), book)
        return None if entries is None else _timetable(entries, path, book)

    return read


def calendar_file(path: Path) -> Reader[Calendar]:
    """Return a reader of the calendar that the file at *path* is."""

    def read(node: Node, book: MistakeBook) -> Calendar | None:
        entries = mapping("a calendar", node, _CALENDAR_KEYS, book)
        return None if entries is None else _calendar(entries, path, book)

    return read


def _timetable(entries: Entries, path: Path, book: MistakeBook) -> Timetable | None:
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


def _calendar(entries: Entries, path: Path, book: MistakeBook) -> Calendar | None:
    id_ = _own_id(entries, "calendar", path, book)
    terms = entries.required("terms", list_of(_term))
    inset_days = entries.optional("inset_days", list_of(placed_day), default=())
    nation = entries.optional("nation", choice("nation", Nation), default=None)
    closed = entries.optional("bank_holidays", list_of(placed_day), default=())
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
    for place, day in closed:
        # One in the holidays changes nothing, but one in another year is a slip.
        if not terms[0].days.first <= day <= terms[-1].days.last:
            book.add(place, f"`{day}` is outside the calendar's year: correct the date")
    half_terms = tuple(each for term in terms for each in term.half_terms)
    days = tuple(term.days for term in terms)
    # In a half-term the school is closed as it is.
    national = {} if nation is None else bank_holidays(nation, days)
    national = {
        day: name for day, name in national.items() if not any(day in each for each in half_terms)
    }
    return Calendar(
        id=id_,
        terms=days,
        half_terms=half_terms,
        bank_holidays=frozenset(national).union(day for _, day in closed),
        inset_days=frozenset(day for _, day in inset_days),
    )


_CALENDAR_KEYS = ("calendar", "terms", "inset_days", "nation", "bank_holidays")


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
    bells_of_day = entries.required("bells", bells)
    if weekdays is None or bells_of_day is None:
        return None
    return _Days(place=node.place, weekdays=weekdays, bells=bells_of_day)


def _term(node: Node, book: MistakeBook) -> _Term | None:
    entries = mapping("a term", node, ("first", "last", "half_term"), book)
    if entries is None:
        return None
    days = range_of(entries, book)
    half_terms = entries.optional("half_term", one_or_more(_half_term), default=())
    if days is None:
        return None
    if (days.last - days.first).days >= MAX_TERM_DAYS:
        book.add(node.place, "the term is longer than a year: correct its dates")
        return None
    for half_term in half_terms:
        if half_term.first not in days or half_term.last not in days:
            book.add(entries.place_of("half_term"), "the half-term is not in its term: correct it")
    return _Term(place=node.place, days=days, half_terms=half_terms)


def _half_term(node: Node, book: MistakeBook) -> DateRange | None:
    entries = mapping("a half-term", node, ("first", "last"), book)
    return None if entries is None else range_of(entries, book)
