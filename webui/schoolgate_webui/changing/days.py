"""Forms about the school day: bells and one-off days."""

from collections.abc import Mapping
from datetime import date
from itertools import groupby

from schoolgate_policyd.core.day_words import day_words, run_words
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.core.times import DateRange, Period, PeriodStart
from schoolgate_policyd.drafting.changes import (
    AddOneOff,
    Bell,
    Change,
    Days,
    RemoveOneOff,
    SetBells,
)
from schoolgate_policyd.rulefiles.day_files import Weekday
from schoolgate_webui.changing.fields import ChangeField, Item
from schoolgate_webui.changing.sheet import Asked, Choice, Form, Reading, Sheet, ticked
from schoolgate_webui.changing.words import AUDIENCE_ITEMS, PERIOD_ITEMS

_BELLS = 12
# However many are entered, a form has no more rows than this.
_MOST_BELLS = 40
_WEEKDAY_ITEMS = tuple(Item(each.value, each.value.capitalize()) for each in Weekday)
_CLOSED, _OWN_BELLS = "closed", "bells"


def _bells_choices(asked: Asked) -> tuple[Choice, ...]:
    found = []
    for use in asked.preset.policy.school_time.timetables:
        table = use.timetable
        for _, days in groupby(enumerate(Weekday), key=lambda pair: table.days[pair[0]]):
            named = [day for _, day in days]
            text = run_words([day.value.capitalize() for day in named])
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
    return sheet.bells("bell", label, PERIOD_ITEMS, at_least=_BELLS, at_most=_MOST_BELLS)


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
    bells = tuple(sorted(found, key=lambda each: each.at))
    if bells and bells[-1].period is not Period.CLOSED:
        reading.mistake("bell", "The last bell must begin “School closed”: say when it closes.")
    return bells


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
    first, last = (day_words(day) for day in (days.first, days.last))
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
    heading=lambda asked: f"Timetable: {_title(asked.get('timetable'))}",
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
