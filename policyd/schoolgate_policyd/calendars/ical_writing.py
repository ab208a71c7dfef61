"""
A calendar as iCalendar (RFC 5545): events of whole days that common clients show.

An event keeps its UID from one export to the next, so that a client that subscribes changes it
instead of showing it twice.
"""

import uuid
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

import icalendar

from schoolgate_policyd.core.times import Calendar, DateRange, require_aware

PRODUCT = "-//Schoolgate//School calendar//EN"

# Any fixed UUID does: it keeps our names apart from everybody else's.
_NAMESPACE = uuid.UUID("6f1c2f0e-3f3a-5d0e-9a43-0f6d4a0f7c11")
_APRIL, _AUGUST = 4, 8


class _Written(NamedTuple):
    kind: str
    summary: str
    days: DateRange


def write_ical(calendar: Calendar, *, stamp: datetime) -> bytes:
    """Return *calendar* as an iCalendar file, made at *stamp* (aware)."""
    written = icalendar.Calendar()
    written.add("PRODID", PRODUCT)
    written.add("VERSION", "2.0")
    written.add("CALSCALE", "GREGORIAN")
    written.add("METHOD", "PUBLISH")
    written.add("X-WR-CALNAME", f"Term dates ({calendar.id})")
    for each in sorted(_events(calendar), key=lambda event: (event.days.first, event.kind)):
        written.add_component(_event(each, calendar.id, require_aware(stamp)))
    octets: bytes = written.to_ical()
    return octets


def _event(each: _Written, calendar_id: str, stamp: datetime) -> icalendar.Event:
    event = icalendar.Event()
    name = f"{calendar_id}/{each.kind}/{each.days.first}"
    event.add("UID", f"{uuid.uuid5(_NAMESPACE, name)}")
    event.add("DTSTAMP", stamp)
    event.add("DTSTART", each.days.first)
    # The end of an event of whole days is the day after its last.
    event.add("DTEND", each.days.last + timedelta(days=1))
    event.add("SUMMARY", each.summary)
    event.add("CATEGORIES", ["School calendar"])
    event.add("TRANSP", "TRANSPARENT")
    return event


def _events(calendar: Calendar) -> Iterator[_Written]:
    for term in calendar.terms:
        season = _season(term.first)
        yield _on("term-starts", f"{season} term starts", term.first)
        yield _on("term-ends", f"{season} term ends", term.last)
    for half_term in calendar.half_terms:
        yield _Written("half-term", "Half-term", half_term)
    for day in calendar.inset_days:
        yield _on("inset-day", "INSET day (school closed to pupils)", day)
    for day in calendar.bank_holidays:
        yield _on("bank-holiday", "Bank holiday (school closed)", day)


def _on(kind: str, summary: str, day: date) -> _Written:
    return _Written(kind, summary, DateRange(day, day))


def _season(first: date) -> str:
    if first.month >= _AUGUST:
        return "Autumn"
    return "Spring" if first.month < _APRIL else "Summer"
