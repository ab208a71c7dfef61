"""Opening a person's record, what stands in it, and who looked at whose."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

import msgspec

from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.looks import OPEN_FOR, REASONS, Look, reasons_for
from schoolgate_policyd.workflow.people import Member
from schoolgate_webui.views.fields import Field, Form, Option
from schoolgate_webui.views.log_rows import LogRow
from schoolgate_webui.views.moments import Now, short_day_and_time
from schoolgate_webui.views.use_minutes import METHOD, DayUse
from schoolgate_webui.views.words import AUDIENCE, DUTIES, joined

_LABELS: Mapping[str, str] = {
    "reason": "Reason",
    "words": "What you look for",
}
MAX_LISTED = 50


class OpenPage(msgspec.Struct, frozen=True):
    """The form; *title* is a pseudonym or a name, as the viewer came here."""

    title: str
    action: str
    reason: Field
    words: Field
    reasons: list[dict[str, object]]
    mistakes: list[dict[str, str]]
    minutes: int


class PersonLine(msgspec.Struct, frozen=True):
    """Somebody whose record may be opened."""

    name: str
    about: str
    href: str
    is_open: bool


class PeoplePage(msgspec.Struct, frozen=True):
    """Finding somebody by name; *more* is how many are not listed."""

    search: Field
    lines: tuple[PersonLine, ...]
    more: int


class RecordPage(msgspec.Struct, frozen=True):
    """A person's record, open to whoever reads it."""

    name: str
    about: str
    why: str
    until: str
    rows: tuple[LogRow, ...]
    has_more: bool
    days: tuple[DayUse, ...]
    missing: str
    method: str
    log_href: str
    csv_href: str


class LookLine(msgspec.Struct, frozen=True):
    """A look in the list."""

    when: str
    by: str
    person: str
    reason: str
    words: str


class LooksPage(msgspec.Struct, frozen=True):
    """The looks, newest first; *older_href* is empty where there are none older."""

    lines: tuple[LookLine, ...]
    older_href: str


def open_page(
    title: str,
    action: str,
    person: Member,
    entered: Mapping[str, str],
    invalid: InvalidForm | None = None,
) -> OpenPage:
    """Return the form for the record of *person*, who is shown as *title*."""
    form = Form(_LABELS, entered, invalid)
    return OpenPage(
        title=title,
        action=action,
        reason=form["reason"],
        words=form["words"],
        reasons=[Option(each, text).printed() for each, text in reasons_for(person).items()],
        mistakes=form.mistakes,
        minutes=OPEN_FOR // timedelta(minutes=1),
    )


def people_page(
    words: str, people: Iterable[Member], years: Mapping[str, int], open_now: Mapping[str, Look]
) -> PeoplePage:
    """Return those of *people* in whose name *words* stand; nobody while nothing is asked."""
    wanted = words.casefold().split()
    fitting = [
        each
        for each in people
        if (wanted and all(word in each.name.casefold() for word in wanted))
        or (not wanted and each.id in open_now)
    ]
    lines = tuple(
        PersonLine(
            each.name,
            about(each, years.get(each.id)),
            f"/log/people/{each.id}",
            each.id in open_now,
        )
        for each in fitting[:MAX_LISTED]
    )
    return PeoplePage(Field("q", "q", "Name", words), lines, len(fitting) - len(lines))


def about(person: Member, year: int | None) -> str:
    """Return who *person* is, in words: `Pupil, year 4`."""
    parts = [AUDIENCE[person.audience]]
    if year is not None:
        parts.append("reception" if year == 0 else f"year {year}")
    if person.duties:
        parts.append(joined([DUTIES[each] for each in sorted(person.duties)]))
    return ", ".join(parts)


def record_page(
    person: Member,
    look: Look,
    now: Now,
    *,
    year: int | None,
    rows: tuple[LogRow, ...],
    has_more: bool,
    days: tuple[DayUse, ...],
    missing: int,
) -> RecordPage:
    """Return the record of *person*, opened by *look*."""
    return RecordPage(
        name=person.name,
        about=about(person, year),
        why=f"{REASONS[look.reason]}: {look.words}",
        until=f"{now.recorded(look.ends_at):%H:%M}",
        rows=rows,
        has_more=has_more,
        days=days,
        missing=missing_words(missing),
        method=METHOD,
        log_href=f"/log?person={person.id}&allowed=yes",
        csv_href=f"/log/people/{person.id}/records.csv",
    )


def missing_words(missing: int) -> str:
    """Return a sentence about days that are not added up, empty where there are none."""
    if not missing:
        return ""
    days = "1 day is" if missing == 1 else f"{missing} days are"
    return f"{days} of an older version of Schoolgate and not counted here yet."


def look_line(look: Look, names: Mapping[str, str], now: Now) -> LookLine:
    """Return *look* as the list shows it."""
    gone = "somebody who has left"
    return LookLine(
        when=short_day_and_time(now.recorded(look.at)),
        by=names.get(look.by, gone),
        person=names.get(look.person, gone),
        reason=REASONS[look.reason],
        words=look.words,
    )
