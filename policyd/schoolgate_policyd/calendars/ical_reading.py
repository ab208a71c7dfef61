"""
A file of events, as strangers write them, to dates and summaries.

The library that knows the format sees little of the file: its lines are counted and measured
here, and of each event only the few properties that say its days are handed on, one event at a
time. Time zones, alarms, attachments and recurrences never reach it, so none can be expanded or
fetched.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from stat import S_ISREG
from zoneinfo import ZoneInfo

import icalendar
import msgspec

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.core.times import DateRange
from schoolgate_policyd.rulefiles.day_fields import FIRST_YEAR, LAST_YEAR

MAX_FILE_OCTETS = 2 * 1024 * 1024
MAX_EVENTS = 2000
MAX_NESTING = 8
MAX_PROPERTY_CHARACTERS = 1000

_ASKED = frozenset({"DTSTART", "DTEND", "DURATION", "SUMMARY", "STATUS"})
_RECURRING = frozenset({"RRULE", "RDATE", "EXRULE", "RECURRENCE-ID"})
_DATES = frozenset({"DTSTART", "DTEND"})
_MIDNIGHT = time(0)
_LONGEST = timedelta(days=400)
_EVENT = ["VCALENDAR", "VEVENT"]


class IcalError(SchoolgateError, ValueError):
    """A file cannot be read as iCalendar; the message names it, the place and the remedy."""


class Event(msgspec.Struct, frozen=True):
    """
    An event: the *line* on which it begins, its *summary* and its *days*.

    *days* is None where they cannot be told, and *fault* says why.
    """

    line: int
    summary: str
    days: DateRange | None
    fault: str = ""


def read_events(path: Path, zone: ZoneInfo) -> tuple[Event, ...]:
    """Return the events of the file at *path*, as `read_ical`; also raises if it is unreadable."""
    try:
        # A named pipe or a device would never end.
        if not S_ISREG(path.stat().st_mode):
            raise IcalError(f"`{path}` is no ordinary file; name an iCalendar file (.ics)")
        with path.open("rb") as file:
            octets = file.read(MAX_FILE_OCTETS + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, IcalError):
            raise
        reason = (getattr(error, "strerror", None) or "its name cannot be used").lower()
        raise IcalError(f"`{path}` cannot be read: {reason}") from error
    return read_ical(octets, zone)


def read_ical(octets: bytes, zone: ZoneInfo) -> tuple[Event, ...]:
    """
    Return the events of an iCalendar file, in its order; days are those of *zone*'s clock.

    An event that is faulty comes with its fault. Raises IcalError if the whole is no iCalendar
    or beyond the bounds.
    """
    if len(octets) > MAX_FILE_OCTETS:
        raise IcalError(
            f"the file is larger than {MAX_FILE_OCTETS >> 20} MiB; export the term dates alone"
        )
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets[: error.start].count(b"\n") + 1
        raise IcalError(
            f"line {line} is not UTF-8; export the calendar in that encoding"
        ) from error
    return tuple(_event(each, zone) for each in _blocks(text))


@dataclass(slots=True)
class _Block:
    """The lines of one event that say its days; *fault* is why they cannot be used."""

    line: int
    properties: dict[str, str] = field(default_factory=dict)
    fault: str = ""


def _blocks(text: str) -> list[_Block]:
    blocks: list[_Block] = []
    nested: list[str] = []
    for line, unfolded in _unfolded(text):
        name, parameters, value = _parts(unfolded)
        if name == "BEGIN":
            nested.append(value.upper())
            _require_bounds(nested, line, len(blocks))
        _require_calendar(nested, line)
        if nested == _EVENT and name == "BEGIN":
            blocks.append(_Block(line))
        elif nested == _EVENT and name != "END":
            _note(blocks[-1], name, parameters, value)
        if name == "END" and value.upper() != nested.pop():
            raise IcalError(f"line {line} ends what did not begin; export the calendar anew")
    if nested:
        raise IcalError("the file stops midway; export the calendar anew")
    if not blocks:
        raise IcalError("there is no event in the file; export a calendar that has term dates")
    return blocks


def _require_calendar(nested: list[str], line: int) -> None:
    if nested[:1] != _EVENT[:1]:
        raise IcalError(
            f"line {line} stands outside a calendar; an iCalendar file begins with "
            "`BEGIN:VCALENDAR`"
        )


def _require_bounds(nested: list[str], line: int, events: int) -> None:
    if len(nested) > MAX_NESTING:
        raise IcalError(f"line {line} is nested more than {MAX_NESTING} deep")
    if nested == _EVENT and events >= MAX_EVENTS:
        raise IcalError(f"there are more than {MAX_EVENTS} events; export the term dates alone")


def _note(block: _Block, name: str, parameters: str, value: str) -> None:
    if name in _RECURRING:
        block.fault = "it recurs, and recurring events are not followed: write out its days"
    if name not in _ASKED:
        return
    if name in block.properties:
        block.fault = f"it has {name} twice"
    if len(value) > MAX_PROPERTY_CHARACTERS:
        block.fault = f"its {name} is longer than {MAX_PROPERTY_CHARACTERS} characters"
        value = value[:MAX_PROPERTY_CHARACTERS] if name == "SUMMARY" else ""
    # Of the parameters one alone matters: a time zone would be looked up by a stranger's name.
    is_date = name in _DATES and "VALUE=DATE" in parameters.upper().split(";")
    block.properties[name] = f"{name}{';VALUE=DATE' if is_date else ''}:{value}"


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Yield each content line with the number of the line on which it begins."""
    pending: list[str] = []
    start = 1
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.removesuffix("\r")
        if line[:1] in {" ", "\t"} and pending:
            pending.append(line[1:])
            continue
        if pending:
            yield start, "".join(pending)
        pending = [line] if line.strip() else []
        start = number
    if pending:
        yield start, "".join(pending)


def _parts(line: str) -> tuple[str, str, str]:
    """Return name, parameters and value of a content line; a colon in quotes is none."""
    is_quoted = False
    for position, character in enumerate(line):
        if character == '"':
            is_quoted = not is_quoted
        elif character == ":" and not is_quoted:
            name, _, parameters = line[:position].partition(";")
            return name.strip().upper(), parameters, line[position + 1 :].strip()
    return "", "", ""


def _event(block: _Block, zone: ZoneInfo) -> Event:
    lines = ["BEGIN:VEVENT", *block.properties.values(), "END:VEVENT", ""]
    try:
        parsed = icalendar.Event.from_ical("\r\n".join(lines))
        summary = _one_line(str(parsed.get("SUMMARY", "")))
        if block.fault:
            return Event(block.line, summary, None, block.fault)
        if str(parsed.get("STATUS", "")).upper() == "CANCELLED":
            return Event(block.line, summary, None, "it is cancelled")
        return Event(block.line, summary, _days(parsed, zone))
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError):
        # The library raises these on broken values; what was written is shown as it stands.
        written = block.properties.get("SUMMARY", "SUMMARY:").removeprefix("SUMMARY:")
        return Event(block.line, _one_line(written), None, block.fault or "its dates are no dates")


def _days(parsed: icalendar.Component, zone: ZoneInfo) -> DateRange:
    """Return the days that an event touches. Raises ValueError, as for one without a start."""
    start = _moment(parsed, "DTSTART")
    first = last = _day(start, zone)
    if "DTEND" in parsed:
        last = _last_day(_moment(parsed, "DTEND"), first, zone)
    elif "DURATION" in parsed:
        duration = _value(parsed, "DURATION")
        if not isinstance(duration, timedelta) or not timedelta(0) <= duration <= _LONGEST:
            raise ValueError("a duration that no school event has")
        last = _last_day(start + duration, first, zone)
    if last - first > _LONGEST or not FIRST_YEAR <= first.year <= last.year <= LAST_YEAR:
        raise ValueError("days that no school calendar has")
    return DateRange(first, last)


def _moment(parsed: icalendar.Component, name: str) -> date:
    """Return a property's day, or its moment. Raises ValueError if it is neither."""
    moment = _value(parsed, name)
    if not isinstance(moment, date):
        raise ValueError(f"{name} is no date")  # noqa: TRY004 - it is about a stranger's file
    return moment


def _value(parsed: icalendar.Component, name: str) -> object:
    return getattr(parsed.get(name), "dt", None)


def _day(moment: date, zone: ZoneInfo) -> date:
    return _local(moment, zone).date() if isinstance(moment, datetime) else moment


def _last_day(end: date, first: date, zone: ZoneInfo) -> date:
    """Return the last day before *end*, at which the event is over."""
    last = _day(end, zone)
    is_midnight = not isinstance(end, datetime) or _local(end, zone).time() == _MIDNIGHT
    # Some programs write an event of one day with its end on the same day.
    return max(first, last - timedelta(days=1)) if is_midnight else last


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return *moment* on the school's clock; one without a zone is there already."""
    return moment if moment.tzinfo is None else moment.astimezone(zone)


def _one_line(summary: str) -> str:
    printable = "".join(each if each.isprintable() else " " for each in summary)
    return " ".join(printable.split())[:MAX_PROPERTY_CHARACTERS]
