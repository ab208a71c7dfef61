"""The school's day and year as a picture and in words."""

from collections.abc import Mapping
from datetime import date, time
from types import MappingProxyType

import msgspec

from schoolgate_policyd.core.day_words import weekday_words
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.times import Period, Timetable
from schoolgate_policyd.workflow.different_days import DayKind, DifferentDay, one_offs
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.register_acts import RegisterAct, may
from schoolgate_policyd.workflow.register_people import PersonRecord
from schoolgate_webui.changing.kinds import Kind
from schoolgate_webui.views.moments import Now
from schoolgate_webui.views.policy_page import BellsLine, timetable_lines
from schoolgate_webui.views.requests import Names, Row
from schoolgate_webui.views.words import PERIODS, capitalised

_CALENDAR = "/school/calendar"
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MOST_OVERTIME = 20
# Pixels and per cent of the drawing.
_TOP, _ROW, _BAR, _NAMES = 22, 30, 22, 16.0

KINDS: Mapping[DayKind, str] = MappingProxyType(
    {
        DayKind.CLOSED: "The school is closed",
        DayKind.CLOSED_FOR_PUPILS: "Closed for pupils (INSET day)",
        DayKind.LESSONS: "No breaks: lesson rules hold all day (exams)",
    }
)
SUMMARIES: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.BELLS: "Other bells",
        Kind.TERMS: "Other term dates",
        Kind.DAYS_OFF: "Other INSET days and bank holidays",
        Kind.ONE_OFF: "A one-off day",
        Kind.STAFF_HOURS: "Other working hours",
    }
)


class Bar(msgspec.Struct, frozen=True):
    """A period of a day in the drawing."""

    x: str
    width: str
    y: int
    period: str
    title: str


class DayTitle(msgspec.Struct, frozen=True):
    """The name of a day, left of its bars."""

    y: int
    text: str


class HourTitle(msgspec.Struct, frozen=True):
    """An hour above the bars; *anchor* is which part of its name stands at *x*."""

    x: str
    text: str
    anchor: str


class TimetablePicture(msgspec.Struct, frozen=True):
    """One timetable as a drawing, with the same in words beneath it."""

    id: str
    name: str
    height: int
    bar_height: int
    bars: tuple[Bar, ...]
    days: tuple[DayTitle, ...]
    hours: tuple[HourTitle, ...]
    lines: tuple[BellsLine, ...]


class DifferentLine(msgspec.Struct, frozen=True):
    """A day that is different; *withdraw* is empty for those who may not."""

    title: str
    facts: str
    is_in_force: bool
    withdraw: str


class CalendarPage(msgspec.Struct, frozen=True):
    """The whole page."""

    pictures: tuple[TimetablePicture, ...]
    legend: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    different: tuple[DifferentLine, ...]
    overtime: tuple[Row, ...]
    changes: tuple[tuple[str, str], ...]
    may_direct: bool
    may_keep: bool


def calendar_page(
    policy: Policy,
    days: tuple[DifferentDay, ...],
    people: tuple[PersonRecord, ...],
    *,
    member: Member,
    now: Now,
    names: Names,
    may_draft: bool,
) -> CalendarPage:
    """Return the school's day and year as they are in force."""
    time_, day = policy.school_time, now.local(now.school).date()
    may_direct = may(member, RegisterAct.DIRECT_DAYS)
    pictures = tuple(_picture(use.timetable) for use in time_.timetables)
    shown = {bar.period for each in pictures for bar in each.bars}
    return CalendarPage(
        pictures=pictures,
        legend=tuple(
            (each.value, capitalised(PERIODS[each])) for each in Period if each.value in shown
        ),
        rows=_year_rows(policy, day),
        different=tuple(_different(each, policy, names, may_direct=may_direct) for each in days),
        overtime=_overtime(people, day),
        changes=tuple((kind.value, words) for kind, words in _CHANGES) if may_draft else (),
        may_direct=may_direct,
        may_keep=may(member, RegisterAct.KEEP),
    )


_CHANGES = (
    (Kind.BELLS, "Change the bells of a timetable"),
    (Kind.TERMS, "Change term dates"),
    (Kind.DAYS_OFF, "Change INSET days and bank holidays"),
    (Kind.ONE_OFF, "Plan a trip, an early closing or another day with bells of its own"),
    (Kind.STAFF_HOURS, "Change staff’s working hours"),
)


def _different(
    day: DifferentDay, policy: Policy, names: Names, *, may_direct: bool
) -> DifferentLine:
    entry = day.entry
    when = _range(entry.first, entry.last)
    years = ""
    if entry.years is not None:
        first, last = entry.years
        years = f" for year {first}" if first == last else f" for years {first} to {last}"
    # What the filter has is what counts: it takes a day up once it is proved with it.
    known = {(each.name, each.days) for each in policy.school_time.one_off}
    made = one_offs((entry,), policy.school_time)
    return DifferentLine(
        title=f"{entry.name}: {when}",
        facts=f"{KINDS[entry.kind]}{years}. Signed by {names.person(day.directed_by)}.",
        is_in_force=all((each.name, each.days) in known for each in made),
        withdraw=f"{_CALENDAR}/different/{day.id}/withdraw" if may_direct else "",
    )


def _overtime(people: tuple[PersonRecord, ...], day: date) -> tuple[Row, ...]:
    found = sorted(
        (each, person.entry.name)
        for person in people
        for each in person.entry.overtime
        if each >= day
    )
    by_day: dict[date, list[str]] = {}
    for each, name in found:
        by_day.setdefault(each, []).append(name)
    days = list(by_day.items())[:_MOST_OVERTIME]
    return tuple(Row(weekday_words(each), ", ".join(who)) for each, who in days)


def _year_rows(policy: Policy, today: date) -> tuple[Row, ...]:
    time_, calendar = policy.school_time, policy.school_time.calendar
    hours = time_.staff_hours
    rows = [Row("Staff working hours", f"{hours.start:%H:%M} to {hours.end:%H:%M}")]
    rows += [Row("Term", _range(each.first, each.last)) for each in calendar.terms]
    rows += [Row("Half-term", _range(each.first, each.last)) for each in calendar.half_terms]
    for label, days in (
        ("INSET days", calendar.inset_days),
        ("Bank holidays", calendar.bank_holidays),
    ):
        coming = [weekday_words(each) for each in sorted(days) if each >= today]
        if coming:
            rows.append(Row(f"{label} to come", ", ".join(coming)))
    rows += [
        Row(f"One-off day: {each.name}", _range(each.days.first, each.days.last))
        for each in time_.one_off
        if each.days.last >= today
    ]
    return tuple(rows)


def _picture(table: Timetable) -> TimetablePicture:
    first, last = _span(table)
    width = 100.0 - _NAMES

    def place(minutes: int) -> float:
        return _NAMES + width * (minutes - first) / (last - first)

    bars, days = [], []
    rung = [(name, bells) for name, bells in zip(_WEEKDAYS, table.days, strict=True) if bells]
    for row, (name, bells) in enumerate(rung):
        y = _TOP + row * _ROW
        days.append(DayTitle(y + 15, name[:3]))
        ends = (*(_minutes(each.at) for each in bells[1:]), last)
        for bell, end in zip(bells, ends, strict=True):
            begin = _minutes(bell.at)
            if bell.period is Period.CLOSED or end <= begin:
                continue
            words = f"{name}, {_clock(begin)} to {_clock(end)}: {PERIODS[bell.period]}"
            x, width_ = place(begin), place(end) - place(begin)
            bars.append(Bar(f"{x:.2f}%", f"{width_:.2f}%", y, bell.period.value, words))
    hours = tuple(
        HourTitle(f"{place(hour * 60):.2f}%", str(hour), "end" if hour * 60 == last else "middle")
        for hour in range(-(-first // 60), last // 60 + 1, 2)
    )
    height = _TOP + max(len(rung), 1) * _ROW
    title = capitalised(table.id.replace("-", " "))
    lines = timetable_lines(table)
    return TimetablePicture(table.id, title, height, _BAR, tuple(bars), tuple(days), hours, lines)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _span(table: Timetable) -> tuple[int, int]:
    """Return the first and last bell of the week in minutes of the day, to whole hours."""
    rung = [_minutes(bell.at) for bells in table.days for bell in bells]
    if not rung:
        return 8 * 60, 16 * 60
    first, last = min(rung) // 60 * 60, -(-max(rung) // 60) * 60
    return first, max(last, first + 60)


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _range(first: date, last: date) -> str:
    if first == last:
        return weekday_words(first)
    return f"{weekday_words(first)} to {weekday_words(last)}"
