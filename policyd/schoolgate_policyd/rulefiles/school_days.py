"""When a school works: its zone, calendar, timetables and one-off days, with whom each is for."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schoolgate_policyd.core.membership import Membership
from schoolgate_policyd.core.school_time import OneOff, SchoolTime, TimetableUse
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.core.times import Calendar, DateRange, Timetable
from schoolgate_policyd.rulefiles.conditions import year_groups
from schoolgate_policyd.rulefiles.day_fields import bells, day, range_of, working_hours
from schoolgate_policyd.rulefiles.day_files import MAX_TERM_DAYS, read_calendar, read_timetable
from schoolgate_policyd.rulefiles.fields import (
    Entries,
    Reader,
    choice,
    identifier,
    list_of,
    mapping,
    one_or_more_in_set,
    text,
    truth,
)
from schoolgate_policyd.rulefiles.folders import file_named, id_schema, ids_in
from schoolgate_policyd.rulefiles.mistakes import MistakeBook, Place, shown
from schoolgate_policyd.rulefiles.nodes import Node
from schoolgate_policyd.rulefiles.survey import accepts

DAY_KEYS = ("timetable", "timetables", "calendar", "staff_hours", "zone", "one_off_days")
MOST_ONE_OFF_DAYS = 200

_ONE_OFF_KEYS = ("date", "first", "last", "name", "timetable", "bells", "closed", "for")
_BELLS_KEYS = ("timetable", "bells", "closed")
_EVERYBODY = Membership()
_ONE_OFF = "one-off"
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*\Z", re.ASCII)


def read_school_time(entries: Entries, rules_dir: Path, book: MistakeBook) -> SchoolTime | None:
    """Return what the DAY_KEYS of a school's file say, with the files in *rules_dir* they name."""
    zone = entries.required("zone", _zone)
    hours = entries.required("staff_hours", working_hours)
    timetables = _timetables(entries, rules_dir, book)
    calendar = entries.required("calendar", _named("calendar", rules_dir, read_calendar))
    one_off = entries.optional("one_off_days", list_of(_one_off(rules_dir)), default=())
    if zone is None or hours is None or timetables is None or calendar is None:
        return None
    _require_sense(one_off, calendar, book)
    days = tuple(each.one_off for each in one_off)
    return SchoolTime(zone, calendar, timetables, staff_hours=hours, one_off=days)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A one-off day with the place where it stands."""

    place: Place
    one_off: OneOff


def _timetables(
    entries: Entries, rules_dir: Path, book: MistakeBook
) -> tuple[TimetableUse, ...] | None:
    named = _named("timetable", rules_dir, read_timetable)
    if "timetables" not in entries:
        only = entries.required("timetable", named)
        return None if only is None else (TimetableUse(only),)
    if "timetable" in entries:
        book.add(entries.place_of("timetable"), "`timetables` says them all: remove this key")
    uses = entries.required("timetables", list_of(_use(named)))
    if uses is not None and len({use.members for use in uses}) < len(uses):
        message = "two timetables are for the same people: say in `for` whose each is"
        book.add(entries.place_of("timetables"), message)
    return uses


def _use(named: Reader[Timetable]) -> Reader[TimetableUse]:
    def read(node: Node, book: MistakeBook) -> TimetableUse | None:
        entries = mapping("a timetable in use", node, ("timetable", "for"), book)
        if entries is None:
            return None
        timetable = entries.required("timetable", named)
        members = entries.optional("for", _membership, default=_EVERYBODY)
        return None if timetable is None else TimetableUse(timetable, members)

    return read


def _membership(node: Node, book: MistakeBook) -> Membership | None:
    entries = mapping("whom it is for", node, ("audience", "year_groups", "classes"), book)
    if entries is None:
        return None
    if entries.is_empty:
        book.add(node.place, "this names nobody: say who, or remove `for`")
    audience = one_or_more_in_set(choice("audience", Audience))
    return Membership(
        audience=entries.optional("audience", audience, default=None),
        year_groups=entries.optional("year_groups", year_groups, default=None),
        classes=entries.optional("classes", one_or_more_in_set(text), default=None),
    )


def _one_off(rules_dir: Path) -> Reader[_Placed]:
    named = _named("timetable", rules_dir, read_timetable)

    def read(node: Node, book: MistakeBook) -> _Placed | None:
        entries = mapping("a one-off day", node, _ONE_OFF_KEYS, book)
        if entries is None:
            return None
        name = entries.required("name", text)
        members = entries.optional("for", _membership, default=_EVERYBODY)
        days = _days(entries, book)
        timetable = _own_timetable(entries, named, book)
        if name is None or days is None or timetable is None:
            return None
        return _Placed(node.place, OneOff(days, name, timetable, members))

    return read


def _days(entries: Entries, book: MistakeBook) -> DateRange | None:
    if "date" not in entries:
        return range_of(entries, book)
    if "first" in entries or "last" in entries:
        book.add(entries.place, "`date` is one day, `first` and `last` are several: choose")
    only = entries.required("date", day)
    return None if only is None else DateRange(only, only)


def _own_timetable(
    entries: Entries, named: Reader[Timetable], book: MistakeBook
) -> Timetable | None:
    """Return the timetable of a one-off day; its bells are the same whatever the weekday."""
    if sum(key in entries for key in _BELLS_KEYS) != 1:
        book.add(entries.place, "say one of `timetable`, `bells` or `closed: true`")
    timetable = entries.optional("timetable", named, default=None)
    rung = entries.optional("bells", bells, default=None)
    is_closed = entries.optional("closed", truth, default=None)
    if is_closed is False:
        book.add(entries.place_of("closed"), "a day that is not closed has `bells`: write them")
    if timetable is not None:
        return timetable
    return Timetable(id=_ONE_OFF, days=(rung or (),) * 7)


def _require_sense(one_off: tuple[_Placed, ...], calendar: Calendar, book: MistakeBook) -> None:
    """Note the one-off days that never come, and those of which two come at once."""
    if len(one_off) > MOST_ONE_OFF_DAYS:
        message = f"there are more than {MOST_ONE_OFF_DAYS} one-off days: join some"
        book.add(one_off[-1].place, message)
        return
    for position, each in enumerate(one_off):
        days = each.one_off.days
        length = (days.last - days.first).days
        if length >= MAX_TERM_DAYS:
            book.add(each.place, "this is longer than a year: correct its dates")
        elif not any(
            calendar.is_school_day(days.first + timedelta(days=offset), for_pupils=False)
            for offset in range(length + 1)
        ):
            message = f"the school is closed on `{days.first}` by its calendar: correct the date"
            book.add(each.place, message)
        for other in one_off[:position]:
            if other.one_off.members == each.one_off.members and _overlap(
                days, other.one_off.days
            ):
                message = (
                    f"`{other.one_off.name}` is on a day of this for the same people: "
                    "say in `for` whose each is"
                )
                book.add(each.place, message)


def _overlap(days: DateRange, others: DateRange) -> bool:
    return days.first <= others.last and others.first <= days.last


def _named[T](
    kind: str, rules_dir: Path, read_file: Callable[[Path, MistakeBook], T | None]
) -> Reader[T]:
    """Return a reader of the id of a timetable or calendar, which gives what its file says."""
    known: dict[str, T | None] = {}

    @accepts(lambda: id_schema(kind, ids_in(rules_dir / f"{kind}s")))
    def read(node: Node, book: MistakeBook) -> T | None:
        id_ = identifier(node, book)
        if id_ is None:
            return None
        if id_ not in known:
            path = file_named(rules_dir / f"{kind}s", id_, kind, node.place, book)
            known[id_] = None if path is None else read_file(path, book)
        return known[id_]

    return read


@accepts({"title": "a time zone", "type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_+/-]*$"})
def _zone(node: Node, book: MistakeBook) -> str | None:
    written = text(node, book)
    if written is None:
        return None
    try:
        # The pattern keeps the name inside the folder of zones.
        zone = ZoneInfo(written) if _ZONE.match(written) else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = None
    if zone is None:
        book.add(node.place, f"{shown(written)} is no time zone: write one like `Europe/London`")
        return None
    return written
