"""What differs between the times of two policies, in plain words."""

from collections.abc import Iterable, Iterator
from datetime import date

from schoolgate_policyd.core.day_words import weekday_words
from schoolgate_policyd.core.membership import Membership
from schoolgate_policyd.core.school_time import OneOff, SchoolTime, TimetableUse
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.core.times import Calendar, DateRange, Period, PeriodStart, Timetable
from schoolgate_policyd.core.words import AUDIENCES, capitalised, in_order, joined, years
from schoolgate_policyd.rulefiles.day_files import Weekday

_MOST_DAYS = 6
_PERIOD = {
    Period.LESSON: "lessons",
    Period.BREAK: "break",
    Period.LUNCH: "lunch",
    Period.BEFORE_SCHOOL: "before school",
    Period.AFTER_SCHOOL: "after school",
    Period.CLOSED: "closed",
}


def time_differences(before: SchoolTime, after: SchoolTime) -> Iterator[str]:
    """Yield a sentence for each thing that the school's times say otherwise."""
    if before.zone != after.zone:
        yield f"The school's clock is that of {after.zone}, no longer of {before.zone}."
    if before.staff_hours != after.staff_hours:
        hours = after.staff_hours
        yield (
            f"Staff without hours of their own work from {hours.start:%H:%M} to {hours.end:%H:%M}."
        )
    yield from _timetables(before.timetables, after.timetables)
    yield from _calendar(before.calendar, after.calendar)
    yield from _one_off(before.one_off, after.one_off)


def range_in_words(days: DateRange) -> str:
    """Return one day or the first and last of several."""
    if days.first == days.last:
        return weekday_words(days.first)
    return f"{weekday_words(days.first)} to {weekday_words(days.last)}"


def members_in_words(members: Membership) -> str:
    """Return whom a timetable or one-off day is for."""
    audience = members.audience or frozenset(Audience)
    who = "everybody" if audience == frozenset(Audience) else ""
    parts = [who or joined(AUDIENCES[each] for each in in_order(audience, Audience))]
    if members.year_groups is not None:
        parts.append(f"in {years(*members.year_groups)}")
    if members.classes is not None:
        parts.append(f"in {joined(sorted(members.classes), 'or')}")
    return " ".join(parts)


def _timetables(
    before: tuple[TimetableUse, ...], after: tuple[TimetableUse, ...]
) -> Iterator[str]:
    was = {each.timetable.id: each for each in before}
    now = {each.timetable.id: each for each in after}
    for id_ in was.keys() - now.keys():
        yield f"The timetable {id_} is no longer used."
    for id_, use in now.items():
        if id_ not in was:
            yield f"There is a timetable {id_} for {members_in_words(use.members)}."
            continue
        yield from _bells(was[id_].timetable, use.timetable)
        if was[id_].members != use.members:
            yield f"The timetable {id_} now is for {members_in_words(use.members)}."


def _bells(before: Timetable, after: Timetable) -> Iterator[str]:
    by_day: dict[tuple[PeriodStart, ...], list[Weekday]] = {}
    for weekday, was, now in zip(Weekday, before.days, after.days, strict=True):
        if was != now:
            by_day.setdefault(now, []).append(weekday)
    for bells, weekdays in by_day.items():
        days = joined(f"{each.value.capitalize()}s" for each in weekdays)
        yield f"On {days} the bells of {after.id} now are: {_said(bells)}."


def _said(bells: tuple[PeriodStart, ...]) -> str:
    if not bells:
        return "closed all day"
    return ", ".join(f"{_PERIOD[bell.period]} from {bell.at:%H:%M}" for bell in bells)


def _calendar(before: Calendar, after: Calendar) -> Iterator[str]:
    if before.id != after.id:
        yield f"The calendar now is {after.id}, no longer {before.id}."
        return
    if (before.terms, before.half_terms) != (after.terms, after.half_terms):
        terms = "; ".join(range_in_words(each) for each in after.terms)
        halves = "; ".join(range_in_words(each) for each in after.half_terms)
        off = f", with half-terms {halves}" if halves else ""
        yield f"The terms now are {terms}{off}."
    yield from _days("INSET days", before.inset_days, after.inset_days)
    yield from _days("bank holidays", before.bank_holidays, after.bank_holidays)


def _days(what: str, before: frozenset[date], after: frozenset[date]) -> Iterator[str]:
    parts = []
    if after - before:
        parts.append(f"{_listed(after - before)} now among them")
    if before - after:
        parts.append(f"{_listed(before - after)} no longer")
    if parts:
        yield f"The {what} change: {joined(parts)}."


def _listed(days: Iterable[date]) -> str:
    in_order_ = sorted(days)
    shown = [weekday_words(each) for each in in_order_[:_MOST_DAYS]]
    rest = len(in_order_) - len(shown)
    return joined([*shown, f"{rest} more"] if rest else shown)


def _one_off(before: tuple[OneOff, ...], after: tuple[OneOff, ...]) -> Iterator[str]:
    for each in before:
        if each not in after:
            yield f"{capitalised(each.name)} on {range_in_words(each.days)} is no longer planned."
    for each in after:
        if each not in before:
            bells = each.timetable.days[each.days.first.weekday()]
            yield (
                f"{capitalised(each.name)} on {range_in_words(each.days)}, for "
                f"{members_in_words(each.members)}: {_said(bells)}."
            )
