"""A person's line in the register: what a form says of them, checked, and what changed."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time

import msgspec

from schoolgate_policyd.core.subjects import (
    OLDEST_YEAR,
    YOUNGEST_YEAR,
    Audience,
    HeldDuty,
)
from schoolgate_policyd.core.times import WorkingHours
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.people import Member, SchoolClass

OLDEST = 120
MAX_ID = 40
MAX_NAME = 80
MOST_CLASSES = 40
# What stands in the pages' addresses where an id does.
RESERVED = frozenset({"new"})
MOST_OVERTIME_DAYS = 366

ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
CLASS_ID = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*", re.ASCII)
USERNAME = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2})[:.](\d{2})", re.ASCII)

FIELDS = (
    "id",
    "name",
    "audience",
    "username",
    "year_group",
    "age",
    "classes",
    "hours_start",
    "hours_end",
    "overtime",
)


class PersonEntry(msgspec.Struct, frozen=True):
    """What the register says of a person; *username* None does not sign in."""

    name: str
    audience: Audience
    username: str | None = None
    classes: frozenset[str] = frozenset()
    year_group: int | None = None
    age: int | None = None
    hours: WorkingHours | None = None
    overtime: frozenset[date] = frozenset()


class PersonRecord(msgspec.Struct, frozen=True):
    """
    A person's line as it stands: *version* grows with each change, so that a stale form is seen.

    *leaves_at* (aware, the school's clock) is when they leave or left; *has_account* says that
    there is something with which they can sign in.
    """

    id: str
    entry: PersonEntry
    duties: tuple[HeldDuty, ...]
    version: int
    leaves_at: datetime | None
    has_left: bool
    has_account: bool

    @property
    def member(self) -> Member:
        """The person as rights know them."""
        return Member(
            id=self.id,
            name=self.entry.name,
            audience=self.entry.audience,
            username=self.entry.username,
            duties=frozenset(each.duty for each in self.duties),
            classes=self.entry.classes,
        )


def parse_person(
    raw: Mapping[str, str], classes: tuple[SchoolClass, ...], *, is_new: bool
) -> tuple[str | None, PersonEntry]:
    """
    Return the id that was entered (None: one is to be made) and the line.

    Raises InvalidForm with every mistake.
    """
    entry = Entry(raw, FIELDS)
    person = _id_in(entry, raw) if is_new else None
    name = entry.line("name", "Enter their name.", MAX_NAME)
    audiences = {each.value: each.value for each in Audience}
    chosen = entry.choice("audience", audiences, "Say whether they are pupil, staff or visitor.")
    audience = Audience(chosen) if chosen is not None else Audience.PUPIL
    username = _username_in(entry, raw, audience)
    year_group = _number_in(entry, raw, "year_group", YOUNGEST_YEAR, OLDEST_YEAR)
    read = PersonEntry(
        name=name,
        audience=audience,
        username=username,
        classes=classes_in(entry, raw.get("classes", ""), classes),
        year_group=year_group,
        age=_number_in(entry, raw, "age", 0, OLDEST),
        hours=_hours_in(entry, raw),
        overtime=_days_in(entry, raw),
    )
    entry.raise_mistakes()
    return person, read


def classes_in(
    entry: Entry, text: str, classes: tuple[SchoolClass, ...], field: str = "classes"
) -> frozenset[str]:
    """Return the ids of the classes that *text* lists by name or id, commas between them."""
    named = {each.name.casefold(): each.id for each in classes}
    named |= {each.id.casefold(): each.id for each in classes}
    found = set[str]()
    written = [part.strip() for part in text.split(",") if part.strip()]
    if len(written) > MOST_CLASSES:
        entry.mistake(field, f"Enter at most {MOST_CLASSES} classes.")
        return frozenset()
    for part in written:
        known = named.get(part.casefold())
        if known is None:
            entry.mistake(field, f"There is no class “{shown(part)}”: add it first.")
        else:
            found.add(known)
    return frozenset(found)


def changes_between(before: PersonEntry, after: PersonEntry) -> dict[str, object]:
    """
    Return for the audit what is different: names and ages only that they are.

    An entry of the audit is kept for long, so it has no more of a person than it needs.
    """
    found: dict[str, object] = {}
    for field in ("audience", "year_group", "classes", "overtime", "hours"):
        old, new = getattr(before, field), getattr(after, field)
        if old != new:
            found[field] = [_plain(old), _plain(new)]
    for field in ("name", "username", "age"):
        if getattr(before, field) != getattr(after, field):
            found[field] = "changed"
    return found


def touches_sign_in(before: PersonEntry, after: PersonEntry) -> bool:
    """Whether the change decides about how, or whether, they may act in Schoolgate."""
    return (before.audience, before.username) != (after.audience, after.username)


def shown(text: str) -> str:
    """Return the beginning of what was typed, for a sentence about it."""
    return text if len(text) <= MAX_ID else f"{text[:MAX_ID]}…"


def _id_in(entry: Entry, raw: Mapping[str, str]) -> str | None:
    text = raw.get("id", "").strip().lower()
    if not text:
        return None
    if len(text) > MAX_ID or not ID.fullmatch(text) or text in RESERVED:
        entry.mistake("id", "Use letters, digits and single hyphens, or leave it empty.")
        return None
    return text


def _username_in(entry: Entry, raw: Mapping[str, str], audience: Audience) -> str | None:
    text = raw.get("username", "").strip().lower()
    if not text:
        return None
    if len(text) > MAX_ID or not USERNAME.fullmatch(text):
        entry.mistake("username", "Use letters and digits, with dots or hyphens between them.")
    elif audience is Audience.PUPIL:
        entry.mistake("username", "Pupils do not sign in: leave it empty.")
    return text


def _number_in(
    entry: Entry, raw: Mapping[str, str], field: str, lowest: int, highest: int
) -> int | None:
    text = raw.get(field, "").strip()
    if not text:
        return None
    is_number = text.isascii() and text.isdecimal() and len(text) <= 3  # noqa: PLR2004 - digits
    if not is_number or not lowest <= int(text) <= highest:
        entry.mistake(field, f"Enter a whole number from {lowest} to {highest}.")
        return None
    return int(text)


def _hours_in(entry: Entry, raw: Mapping[str, str]) -> WorkingHours | None:
    texts = [raw.get(field, "").strip() for field in ("hours_start", "hours_end")]
    if not any(texts):
        return None
    times = []
    for field, text in zip(("hours_start", "hours_end"), texts, strict=True):
        at = clock_in(text)
        if at is None:
            entry.mistake(field, "Enter a time of day, like 8:30, in both or in neither.")
        else:
            times.append(at)
    if len(times) < 2:  # noqa: PLR2004 - both
        return None
    if times[0] >= times[1]:
        entry.mistake("hours_end", "Working hours must end after they start.")
        return None
    return WorkingHours(times[0], times[1])


def clock_in(text: str) -> time | None:
    """Return the time of day that *text* is, None if it is none."""
    found = _CLOCK.fullmatch(text)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:  # noqa: PLR2004 - a clock's
        return None
    return time(int(found[1]), int(found[2]))


def _days_in(entry: Entry, raw: Mapping[str, str]) -> frozenset[date]:
    days = set[date]()
    lines = [each.strip() for each in raw.get("overtime", "").splitlines() if each.strip()]
    if len(lines) > MOST_OVERTIME_DAYS:
        entry.mistake("overtime", f"Enter at most {MOST_OVERTIME_DAYS} days.")
        return frozenset()
    for line in lines:
        day = _day_in(line)
        if day is None:
            entry.mistake("overtime", f"“{shown(line)}” is no date: write one on each line.")
            break
        days.add(day)
    return frozenset(days)


def _day_in(text: str) -> date | None:
    one = Entry({"day": text}, ("day",))
    day = one.day("day", "")
    try:
        one.raise_mistakes()
    except InvalidForm:
        return None
    return day


def _plain(value: object) -> object:
    if isinstance(value, WorkingHours):
        return f"{value.start:%H:%M} to {value.end:%H:%M}"
    if isinstance(value, frozenset):
        return sorted(map(str, _items(value)))
    return value


def _items(values: Iterable[object]) -> Iterable[object]:
    yield from values
