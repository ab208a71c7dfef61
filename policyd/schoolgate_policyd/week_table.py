"""A week as a table: each stretch a line, days that are alike in one group."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core.day_words import run_words
from schoolgate_policyd.core.decision import Verdict
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.core.week import Stretch, Week, WeekDay
from schoolgate_policyd.core.words import joined

VERDICT_WORDS: Mapping[Verdict, str] = {
    Verdict.ALLOW: "allowed",
    Verdict.BLOCK: "blocked",
    Verdict.DEPENDS: "some pages allowed",
}
_PERIODS: Mapping[Period, str] = {
    Period.LESSON: "lesson",
    Period.BREAK: "break",
    Period.LUNCH: "lunch",
    Period.BEFORE_SCHOOL: "before school",
    Period.AFTER_SCHOOL: "after school",
    Period.CLOSED: "school closed",
}
_ORDINARY_DAY = timedelta(hours=24)


class Line(msgspec.Struct, frozen=True):
    """A stretch in words; *start* and *end* are the school's clock, the day's end is 24:00."""

    start: str
    end: str
    verdict: Verdict
    periods: str
    rule: str
    citation: str


class Group(msgspec.Struct, frozen=True):
    """Days with the same lines: `Monday to Friday`, in short `Mon-Fri`."""

    days: str
    short_days: str
    lines: tuple[Line, ...]


def groups_of(week: Week) -> tuple[Group, ...]:
    """Return *week*'s stretches; days that follow each other and are alike share a group."""
    zone = ZoneInfo(week.zone)
    grouped: list[tuple[list[date], tuple[Line, ...]]] = []
    for day in week.days:
        lines = tuple(_line(each, day, zone) for each in day.stretches)
        if grouped and grouped[-1][1] == lines:
            grouped[-1][0].append(day.day)
        else:
            grouped.append(([day.day], lines))
    return tuple(
        Group(run_words([f"{each:%A}" for each in days]), _short(days), lines)
        for days, lines in grouped
    )


def _short(days: list[date]) -> str:
    return "-".join(dict.fromkeys((f"{days[0]:%a}", f"{days[-1]:%a}")))


def _line(stretch: Stretch, day: WeekDay, zone: ZoneInfo) -> Line:
    # Where the clocks change a time of day may come twice, so its zone is said.
    is_ordinary = day.stretches[-1].end - day.stretches[0].start == _ORDINARY_DAY
    is_last = stretch.end == day.stretches[-1].end
    return Line(
        start=_clock(stretch.start, zone, with_zone=not is_ordinary),
        end="24:00" if is_last else _clock(stretch.end, zone, with_zone=not is_ordinary),
        verdict=stretch.verdict,
        periods=joined((_PERIODS[each] for each in stretch.periods), "or"),
        rule=stretch.rule or "",
        citation=stretch.citation,
    )


def _clock(moment: datetime, zone: ZoneInfo, *, with_zone: bool) -> str:
    local = moment.astimezone(zone)
    seconds = f":{local:%S}" if local.second else ""
    return f"{local:%H:%M}{seconds}" + (f" {local:%Z}" if with_zone else "")
