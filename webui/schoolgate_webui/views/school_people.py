"""People of the school: the list, one person, and what may be done with their line."""

from collections.abc import Iterator, Mapping

import msgspec

from schoolgate_policyd.core.day_words import day_words
from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.workflow import register_acts
from schoolgate_policyd.workflow.forgetting import FORGOTTEN
from schoolgate_policyd.workflow.people import Member, SchoolClass
from schoolgate_policyd.workflow.register_acts import RegisterAct, may, may_keep_line
from schoolgate_policyd.workflow.register_people import PersonRecord
from schoolgate_webui.views.moments import Now
from schoolgate_webui.views.requests import Row
from schoolgate_webui.views.school_fields import Link
from schoolgate_webui.views.words import AUDIENCE, DUTIES, capitalised, joined

_HELD = "A legal hold is on them: their line is kept as it is until that is lifted."


class PersonLine(msgspec.Struct, frozen=True):
    """Somebody in the list."""

    href: str
    name: str
    audience: str
    year: str
    classes: str
    duties: str
    account: str


class Filters(msgspec.Struct, frozen=True):
    """What the list is narrowed to; *page* counts from 1."""

    words: str = ""
    audience: str = ""
    in_class: str = ""
    has_left: bool = False
    page: int = 1


class PeoplePage(msgspec.Struct, frozen=True):
    """The list with its filters and where to go on."""

    lines: tuple[PersonLine, ...]
    counted: str
    filters: Filters
    audiences: tuple[dict[str, object], ...]
    classes: tuple[dict[str, object], ...]
    earlier: str
    later: str
    may_keep: bool


class PersonPage(msgspec.Struct, frozen=True):
    """One person, and what whoever looks may do."""

    name: str
    rows: tuple[Row, ...]
    left: str
    acts: tuple[Link, ...]
    invite: str
    come_back: str
    version: str
    note: str


def people_page(
    found: tuple[int, tuple[PersonRecord, ...]],
    filters: Filters,
    classes: tuple[SchoolClass, ...],
    member: Member,
    *,
    page_size: int,
    query: Mapping[int, str],
) -> PeoplePage:
    """Return the list; *query* gives the address of the pages before and after."""
    count, records = found
    names = {each.id: each.name for each in classes}
    first = (filters.page - 1) * page_size
    last = first + len(records)
    counted = f"{count} people" if count != 1 else "1 person"
    if count > page_size and records:
        counted = f"{first + 1} to {last} of {counted}"
    audiences = [("", "Everybody"), *((each.value, AUDIENCE[each]) for each in Audience)]
    in_classes = [("", "Every class"), *((each.id, each.name) for each in classes)]
    return PeoplePage(
        lines=tuple(_line(each, names) for each in records),
        counted=counted,
        filters=filters,
        audiences=_items(audiences, filters.audience),
        classes=_items(in_classes, filters.in_class),
        earlier=query[filters.page - 1] if filters.page > 1 else "",
        later=query[filters.page + 1] if last < count else "",
        may_keep=may(member, RegisterAct.KEEP),
    )


def _items(pairs: list[tuple[str, str]], chosen: str) -> tuple[dict[str, object], ...]:
    return tuple(
        {"value": value, "text": text, "selected": value == chosen} for value, text in pairs
    )


def _line(record: PersonRecord, classes: Mapping[str, str]) -> PersonLine:
    entry = record.entry
    return PersonLine(
        href=f"/school/people/{record.id}",
        name=entry.name,
        audience=AUDIENCE[entry.audience],
        year=year_words(entry.year_group),
        classes=joined([classes.get(each, each) for each in sorted(entry.classes)]),
        duties=capitalised(joined([DUTIES[held.duty] for held in record.duties])),
        account=_account_words(record),
    )


def year_words(year: int | None) -> str:
    """Return a year group in words, nothing for none."""
    if year is None:
        return ""
    return "Reception" if year == 0 else f"Year {year}"


def _account_words(record: PersonRecord) -> str:
    if record.entry.username is None:
        return ""
    return f"{record.entry.username}{'' if record.has_account else ' (no account yet)'}"


def person_page(
    record: PersonRecord,
    member: Member,
    now: Now,
    *,
    classes: Mapping[str, str],
    services: Mapping[str, str],
    devices: tuple[str, ...],
    is_held: bool,
    decided: tuple[str, str] = ("", ""),
) -> PersonPage:
    """
    Return everything the register says of somebody; *is_held*: by a legal hold.

    *decided* are the reasons for their duties, and who signed them.
    """
    may_keep = may_keep_line(member, record.member)
    href = f"/school/people/{record.id}"
    is_invitable = may_keep and record.entry.username is not None and not record.has_left
    is_back = may_keep and record.leaves_at is not None and record.entry.name != FORGOTTEN
    return PersonPage(
        name=record.entry.name,
        rows=_rows(record, now, classes, services, devices, decided=decided),
        left=_left_words(record, now),
        acts=tuple(_acts(record, member, may_keep=may_keep, is_held=is_held)),
        invite=f"{href}/invite" if is_invitable else "",
        come_back=f"{href}/back" if is_back else "",
        version=str(record.version),
        note=_HELD if is_held and record.has_left else _note(record, member),
    )


def _acts(
    record: PersonRecord, member: Member, *, may_keep: bool, is_held: bool
) -> Iterator[Link]:
    href = f"/school/people/{record.id}"
    if record.has_left:
        if record.entry.name != FORGOTTEN and not is_held and may(member, RegisterAct.FORGET):
            yield Link(f"{href}/forget", "Forget them")
        return
    gives_duties = may(member, RegisterAct.GIVE_DUTIES) and member.id != record.id
    if may_keep:
        yield Link(f"{href}/change", "Change this line")
    if gives_duties and record.entry.audience is not Audience.PUPIL:
        yield Link(f"{href}/duties", "Give or take duties")
    if may_keep and (not record.duties or gives_duties):
        yield Link(f"{href}/leave", "They leave the school")


def _rows(
    record: PersonRecord,
    now: Now,
    classes: Mapping[str, str],
    services: Mapping[str, str],
    devices: tuple[str, ...],
    *,
    decided: tuple[str, str],
) -> tuple[Row, ...]:
    entry = record.entry
    hours = "" if entry.hours is None else f"{entry.hours.start:%H:%M} to {entry.hours.end:%H:%M}"
    today = now.local(now.school).date()
    overtime = [day_words(day) for day in sorted(entry.overtime) if day >= today]
    duties = [_duty_words(held.duty, held.platforms, services) for held in record.duties]
    rows = [
        Row("Id", record.id),
        Row("Audience", AUDIENCE[entry.audience]),
        Row("Year group", year_words(entry.year_group)),
        Row("Age", "" if entry.age is None else str(entry.age)),
        Row("Classes", joined([classes.get(each, each) for each in sorted(entry.classes)])),
        Row("Duties", capitalised(joined(duties))),
        Row("Why these duties", decided[0]),
        Row("Duties signed", decided[1]),
        Row("User name", _account_words(record)),
        Row("Working hours", hours),
        Row("Overtime to come", joined(overtime)),
        Row("Devices", joined(list(devices))),
    ]
    return tuple(row for row in rows if row.value)


def _duty_words(duty: Duty, platforms: frozenset[str] | None, services: Mapping[str, str]) -> str:
    if platforms is None:
        return DUTIES[duty]
    return f"{DUTIES[duty]} ({joined([services.get(each, each) for each in sorted(platforms)])})"


def _left_words(record: PersonRecord, now: Now) -> str:
    if record.leaves_at is None:
        return ""
    local = now.local(record.leaves_at)
    day = day_words(local)
    if record.has_left:
        return f"They left the school ({day}). They can do nothing here and open nothing."
    return f"They leave on {day}: then their account, duties and permissions end by themselves."


def _note(record: PersonRecord, member: Member) -> str:
    if record.id == member.id:
        return "This is your own line: a colleague changes it for you."
    may_give = may(member, RegisterAct.GIVE_DUTIES)
    if record.duties and not may_give and may(member, RegisterAct.KEEP):
        return (
            "They hold a duty: their audience, their user name and their leaving are changed by "
            "the headteacher or the chair of governors."
        )
    return ""


def missing_duties(records: tuple[PersonRecord, ...]) -> tuple[str, ...]:
    """Return a sentence for each duty that a school needs and nobody who can sign in holds."""
    wanted = (*register_acts.NEEDED, Duty.ONLINE_SAFETY_LEAD, Duty.DSL, Duty.CHAIR_OF_GOVERNORS)
    held = {each.duty for record in records if record.has_account for each in record.duties}
    return tuple(
        f"Nobody who can sign in is {DUTIES[duty]}." for duty in wanted if duty not in held
    )
