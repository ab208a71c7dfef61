"""Overtime in a few presses: somebody, a day, on it or off it."""

from collections.abc import Mapping
from datetime import date

import msgspec

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.register_people import MOST_OVERTIME_DAYS, PersonEntry

FIELDS = ("person", "day", "what")
ON, OFF = "on", "off"


class Overtime(msgspec.Struct, frozen=True):
    """Who is on overtime on which day, or no longer."""

    person: str
    day: date
    is_on: bool


def parse_overtime(raw: Mapping[str, str], people: tuple[Member, ...]) -> Overtime:
    """Return what was entered. Raises InvalidForm."""
    entry = Entry(raw, FIELDS)
    staff = {each.id: each.id for each in people if each.audience is Audience.STAFF}
    person = entry.choice("person", staff, "Choose a member of staff.")
    day = entry.day("day", "Enter the day.")
    what = entry.choice("what", {ON: ON, OFF: OFF}, "Say whether they are on overtime.")
    entry.raise_mistakes()
    return Overtime(person or "", day or date.min, what == ON)


def with_overtime(entry: PersonEntry, asked: Overtime) -> PersonEntry:
    """Return the line with the day added or taken away; the oldest day makes room."""
    days = entry.overtime - {asked.day}
    if asked.is_on:
        days = frozenset(sorted({*days, asked.day})[-MOST_OVERTIME_DAYS:])
    return msgspec.structs.replace(entry, overtime=days)
