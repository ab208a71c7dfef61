"""Forms about time: bells, terms, days off, one-off days."""

from collections.abc import Mapping
from datetime import date
from itertools import groupby

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.core.times import DateRange, Period, PeriodStart
from schoolgate_policyd.drafting.changes import (
    AddOneOff,
    Bell,
    Change,
    DayKind,
    Days,
    RemoveOneOff,
    SetBells,
    SetDaysOff,
    SetTerms,
    TermDates,
)
from schoolgate_policyd.rulefiles.day_files import Weekday
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_webui.changing.sheet import (
    Asked,
    ChangeField,
    Choice,
    Form,
    Item,
    Reading,
    Sheet,
    ticked,
)
from schoolgate_webui.changing.words import AUDIENCE_ITEMS, PERIOD_ITEMS

_MOST_BELLS = 12
_MOST_TERMS = 4
_WEEKDAY_ITEMS = tuple(Item(each.value, each.value.capitalize()) for each in Weekday)
_CLOSED, _OWN_BELLS = "closed", "bells"


def _bells_choices(asked: Asked) -> tuple[Choice, ...]:
    found = []
    for use in asked.preset.policy.school_time.timetables:
        table = use.timetable
        for _, days in groupby(enumerate(Weekday), key=lambda pair: table.days[pair[0]]):
            named = [day for _, day in days]
            first, last = named[0].value.capitalize(), named[-1].value.capitalize()
            text = first if first == last else f"{first} to {last}"
            query = {"timetable": table.id, "from": named[0].value}
            found.append(Choice(text, query, group=_title(table.id)))
    return tuple(found)


def _bells_fields(asked: Asked) -> tuple[ChangeField, ...]:
    days = dict(zip(Weekday, _days_of(asked), strict=False))
    first = next((each for each in Weekday if each.value == asked.get("from")), None)
    bells = () if first is None else days.get(first, ())
    like = () if first is None else (each for each in Weekday if days.get(each) == bells)
    sheet = Sheet(asked, {**ticked("weekdays", like), **_bell_values(bells)})
    return (
        sheet.hidden("timetable"),
        sheet.hidden("from"),
        sheet.boxes("weekdays", "On which days?", _WEEKDAY_ITEMS),
        _bell_rows(sheet, "The bells of such a day"),
    )


def _bells_read(asked: Asked, reading: Reading) -> tuple[Change, ...]:
    weekdays = reading.chosen("weekdays", Weekday, "Say on which days.")
    in_order = tuple(each for each in Weekday if each in weekdays)
    return (SetBells(asked.get("timetable"), in_order, _bells_in(asked, reading)),)


def _days_of(asked: Asked) -> tuple[tuple[PeriodStart, ...], ...]:
    uses = asked.preset.policy.school_time.timetables
    tables = {use.timetable.id: use.timetable for use in uses}
    table = tables.get(asked.get("timetable"))
    return () if table is None else table.days


def _bell_rows(sheet: Sheet, label: str) -> ChangeField:
    return sheet.bells("bell", label, PERIOD_ITEMS, _MOST_BELLS)


def _bell_values(bells: tuple[PeriodStart, ...]) -> dict[str, str]:
    values = {}
    for number, bell in enumerate(bells, start=1):
        values[f"bell{number}_at"] = f"{bell.at:%H:%M}"
        values[f"bell{number}_is"] = bell.period.value
    return values


def _bells_in(asked: Asked, reading: Reading) -> tuple[Bell, ...]:
    found: list[Bell] = []
    periods = {each.value: each for each in Period}
    for number in range(1, _MOST_BELLS + 1):
        at_name, is_name = f"bell{number}_at", f"bell{number}_is"
        if not reading.has(at_name) and not reading.has(is_name):
            continue
        at = reading.time(at_name, f"Enter the time of bell {number}.", "bell")
        period = periods.get(asked.get(is_name))
        if period is None:
            reading.mistake("bell", f"Say what bell {number} begins.")
        if at is not None and period is not None:
            found.append(Bell(at, period))
    if len({each.at for each in found}) < len(found):
        reading.mistake("bell", "Two bells ring at the same time: remove one.")
    return tuple(sorted(found, key=lambda each: each.at))


def _terms_fields(asked: Asked) -> tuple[ChangeField, ...]:
    sheet = Sheet(asked, _term_values(asked))
    fields: list[ChangeField] = []
    for number in range(1, _MOST_TERMS + 1):
        name = f"Term {number}"
        fields += [
            sheet.day(f"t{number}_first", f"{name}: first day"),
            sheet.day(f"t{number}_last", f"{name}: last day"),
            sheet.day(f"t{number}_half_first", f"{name}, half-term: first day"),
            sheet.day(f"t{number}_half_last", f"{name}, half-term: last day"),
        ]
    return tuple(fields)


def _term_values(asked: Asked) -> dict[str, str]:
    calendar = asked.preset.policy.school_time.calendar
    values = {}
    for number, term in enumerate(calendar.terms[:_MOST_TERMS], start=1):
        half = next((each for each in calendar.half_terms if each.first in term), None)
        values[f"t{number}_first"] = term.first.isoformat()
        values[f"t{number}_last"] = term.last.isoformat()
        if half is not None:
            values[f"t{number}_half_first"] = half.first.isoformat()
            values[f"t{number}_half_last"] = half.last.isoformat()
    return values


def _terms_read(asked: Asked, reading: Reading) -> tuple[Change, ...]:
    terms = []
    for number in range(1, _MOST_TERMS + 1):
        names = [f"t{number}_{end}" for end in ("first", "last", "half_first", "half_last")]
        if not any(map(reading.has, names)):
            continue
        days = _range(reading, names[0], names[1])
        half = _range(reading, *names[2:]) if any(map(reading.has, names[2:])) else None
        if days is not None:
            terms.append(TermDates(days, () if half is None else (half,)))
    if not terms:
        reading.mistake("t1_first", "Enter at least one term.")
    return (SetTerms(asked.preset.policy.school_time.calendar.id, tuple(terms)),)


def _range(reading: Reading, first_name: str, last_name: str) -> Days | None:
    first = reading.day(first_name, "Enter the first day.")
    last = reading.day(last_name, "Enter the last day.")
    if first is None or last is None:
        return None
    if last < first:
        reading.mistake(last_name, "The last day must not be before the first.")
    return Days(first, last)


_OFF = {DayKind.INSET: "INSET days", DayKind.BANK_HOLIDAY: "Bank holidays"}


def _off_choices(_: Asked) -> tuple[Choice, ...]:
    return tuple(Choice(text, {"kind": kind.value}) for kind, text in _OFF.items())


def _off_fields(asked: Asked) -> tuple[ChangeField, ...]:
    calendar = asked.preset.policy.school_time.calendar
    is_inset = asked.get("kind") == DayKind.INSET
    known = calendar.inset_days if is_inset else calendar.bank_holidays
    sheet = Sheet(asked, {"days": "\n".join(f"{day:%d/%m/%Y}" for day in sorted(known))})
    label = _OFF[DayKind.INSET if is_inset else DayKind.BANK_HOLIDAY]
    hint = "One date on each line, like 04/01/2027. Leave it empty for none."
    return (sheet.hidden("kind"), sheet.text("days", label, hint))


def _off_read(asked: Asked, reading: Reading) -> tuple[Change, ...]:
    kinds = {each.value: each for each in DayKind}
    kind = kinds.get(asked.get("kind"), DayKind.INSET)
    days = set[date]()
    for line in asked.get("days").split("\n") if reading.has("days") else ():
        if not line.strip():
            continue
        try:
            days.add(_day_in(line))
        except InvalidForm:
            reading.mistake(
                "days", f"Enter real dates, one on each line: {line.strip()[:20]} is none."
            )
    return (SetDaysOff(asked.preset.policy.school_time.calendar.id, kind, frozenset(days)),)


def _day_in(line: str) -> date:
    entry = Entry({"days": line}, ("days",))
    day = entry.day("days", "Enter a date.")
    entry.raise_mistakes()
    if day is None:
        raise AssertionError("an entry without mistakes is a date")
    return day


def _one_off_fields(asked: Asked) -> tuple[ChangeField, ...]:
    sheet = Sheet(asked, {"how": _CLOSED, "class": ""})
    tables = {use.timetable.id for use in asked.preset.policy.school_time.timetables}
    how = [Item(_CLOSED, "Closed all day")]
    how += [
        Item(f"timetable:{each}", f"By the timetable {_title(each)}") for each in sorted(tables)
    ]
    how.append(Item(_OWN_BELLS, "By the bells below"))
    classes = (Item("", "Every class"), *(Item(each.id, each.name) for each in asked.classes))
    return (
        sheet.line("name", "What is it?", "For example: Year 4 trip, early closing."),
        sheet.day("first", "First day"),
        sheet.day("last", "Last day", "Leave it empty for a single day."),
        sheet.boxes("audience", "For whom?", AUDIENCE_ITEMS, "Tick none where it is for all."),
        sheet.line("years", "Year groups", "Like 3-6; 0 is Reception. Leave it empty for all."),
        sheet.select("class", "Class", classes),
        sheet.radios("how", "How does that day go?", how),
        _bell_rows(sheet, "Bells of its own"),
    )


def _one_off_read(asked: Asked, reading: Reading) -> tuple[Change, ...]:
    name = reading.line("name", "Say what it is.", 100)
    first = reading.day("first", "Enter the day.")
    last = reading.day("last", "") if reading.has("last") else first
    if first is not None and last is not None and last < first:
        reading.mistake("last", "The last day must not be before the first.")
    tables = {use.timetable.id for use in asked.preset.policy.school_time.timetables}
    hows = (_CLOSED, _OWN_BELLS, *(f"timetable:{each}" for each in tables))
    how = reading.one_of("how", hows, "Say how that day goes.")
    bells = _bells_in(asked, reading) if how == _OWN_BELLS else ()
    if how == _OWN_BELLS and not bells:
        reading.mistake("bell", "Enter its bells, or choose that it is closed.")
    years = _years(reading, asked.values)
    chosen = reading.one_of("class", ("", *(each.id for each in asked.classes)), "Choose a class.")
    audience = reading.chosen("audience", Audience)
    days = Days(first or date.min, last or date.min)
    table = how.partition("timetable:")[2] or None
    classes = frozenset({chosen} if chosen else ())
    return (AddOneOff(name, days, table, bells, audience, years, classes),)


def _years(reading: Reading, values: Mapping[str, str]) -> tuple[int, int] | None:
    text = values.get("years", "").replace("\N{EN DASH}", "-").strip()
    if not text:
        return None
    first, _, last = (part.strip() for part in text.partition("-"))
    numbers = [first, last or first]
    if not all(each.isascii() and each.isdecimal() and len(each) <= 2 for each in numbers):  # noqa: PLR2004 - two digits
        reading.mistake("years", "Enter year groups like 3-6, or one like 4.")
        return None
    return int(numbers[0]), int(numbers[1])


def _remove_choices(asked: Asked) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            each.name,
            {"day": each.name, "first": each.days.first.isoformat()},
            hint=_days(each.days),
        )
        for each in asked.preset.policy.school_time.one_off
    )


def _remove_fields(asked: Asked) -> tuple[ChangeField, ...]:
    sheet = Sheet(asked)
    return (sheet.hidden("day"), sheet.hidden("first"))


def _remove_read(asked: Asked, reading: Reading) -> tuple[Change, ...]:
    first = reading.day("first", "Choose a day.")
    return () if first is None else (RemoveOneOff(asked.get("day"), first),)


def _days(days: DateRange) -> str:
    first, last = (f"{day.day} {day:%B %Y}" for day in (days.first, days.last))
    return first if first == last else f"{first} to {last}"


def _title(id_: str) -> str:
    return id_.replace("-", " ").capitalize()


BELLS = Form(
    "Bells of a timetable",
    "Rules that speak of lessons and breaks follow the bells. Leave all empty for closed days.",
    _bells_fields,
    _bells_read,
    about="timetable",
    choices=_bells_choices,
    heading=lambda asked: _title(asked.get("timetable")),
)
TERMS = Form(
    "Term dates",
    "Outside terms and at half-term the school is closed for everybody.",
    _terms_fields,
    _terms_read,
)
DAYS_OFF = Form(
    "INSET days and bank holidays",
    "On INSET days the school is closed for pupils alone.",
    _off_fields,
    _off_read,
    about="kind",
    choices=_off_choices,
)
ONE_OFF = Form(
    "Plan a one-off day",
    "A trip, an early closing, exams: some have a day of their own.",
    _one_off_fields,
    _one_off_read,
)
NO_ONE_OFF = Form(
    "Plan a one-off day no longer",
    "That day goes as usual then.",
    _remove_fields,
    _remove_read,
    about="day",
    choices=_remove_choices,
    heading=lambda asked: asked.get("day"),
)
