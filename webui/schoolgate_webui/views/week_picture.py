"""A week as a picture: lengths in per cent of its width, so that words never shrink with it."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from schoolgate_policyd.core.day_words import weekday_words
from schoolgate_policyd.core.week import Week
from schoolgate_policyd.week_grid import HOUR, MIDNIGHT, Band, Grid, GridDay, clock, grid_of
from schoolgate_policyd.week_table import VERDICT_WORDS, Group

# Per cent of the width: the days' names, and a column for the hours left out on either side.
_NAMES = 18.0
_SIDE = 3.5
_GAP = 1.0
# Pixels, which stay what they are on a telephone.
_HEADER = 24
_ROW = 38
_BAR = 26
_TICK = 6
# With more hours than these their names stand too close on a telephone.
_MOST_NAMED_HOURS = 12


class Bar(msgspec.Struct, frozen=True):
    """A verdict on part of a day: its place, and what it is in words."""

    x: str
    width: str
    y: int
    verdict: str
    title: str


class HourName(msgspec.Struct, frozen=True):
    """An hour above the bars; *anchor* is which end of its name stands at *x*."""

    x: str
    text: str
    anchor: str


class DayName(msgspec.Struct, frozen=True):
    """A day left of its bars."""

    y: int
    weekday: str
    number: str
    is_asked: bool


class Mark(msgspec.Struct, frozen=True):
    """The moment that was asked about: a tick above its bar and one beneath, hiding nothing."""

    x: str
    ticks: tuple[int, int]
    length: int
    title: str


class Picture(msgspec.Struct, frozen=True):
    """Everything that the drawing prints; *notes* stand beneath it."""

    title: str
    description: str
    height: int
    bar_height: int
    bars: tuple[Bar, ...]
    hours: tuple[HourName, ...]
    days: tuple[DayName, ...]
    mark: Mark | None
    notes: tuple[str, ...]


def picture_of(week: Week, groups: Iterable[Group], asked: datetime) -> Picture:
    """Return *week* drawn, with the moment *asked* (local) marked; *groups* are its table."""
    grid = grid_of(week)
    axis = _Axis(grid)
    first = grid.days[0].day
    return Picture(
        title=f"The week of {weekday_words(first)}",
        description=_described(groups),
        height=_HEADER + len(grid.days) * _ROW,
        bar_height=_BAR,
        bars=tuple(bar for row, day in enumerate(grid.days) for bar in axis.bars(day, _top(row))),
        hours=tuple(axis.hours()),
        days=tuple(
            DayName(_top(row), f"{day.day:%a}", str(day.day.day), is_asked=day.day == asked.date())
            for row, day in enumerate(grid.days)
        ),
        mark=_mark(grid, axis, asked),
        notes=tuple(_notes(grid)),
    )


class _Axis:
    """Where a minute of the day is, in per cent of the width."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._has_before = grid.first > 0
        self._has_after = grid.last < MIDNIGHT
        self._start = _NAMES + (_SIDE + _GAP if self._has_before else 0)
        self._end = 100 - (_SIDE + _GAP if self._has_after else 0)

    def x(self, minute: float) -> float:
        """Return the place of *minute*; one that is left out is in the middle of its column."""
        grid = self._grid
        if minute < grid.first:
            return _NAMES + _SIDE / 2
        if minute >= grid.last and self._has_after:
            return 100 - _SIDE / 2
        part = (minute - grid.first) / (grid.last - grid.first)
        return self._start + part * (self._end - self._start)

    def bars(self, day: GridDay, y: int) -> Iterable[Bar]:
        """Yield the bars of *day*."""
        grid = self._grid
        if self._has_before:
            yield _bar(day, Band(0, grid.first, day.at(0)), y, _NAMES, _NAMES + _SIDE)
        for band in day.bands:
            start, end = max(band.start, grid.first), min(band.end, grid.last)
            if start < end:
                last = self._end if end == grid.last else self.x(end)
                yield _bar(day, Band(start, end, band.verdict), y, self.x(start), last)
        if self._has_after:
            after = Band(grid.last, MIDNIGHT, day.at(grid.last))
            yield _bar(day, after, y, 100 - _SIDE, 100)

    def hours(self) -> Iterable[HourName]:
        """Yield the hours' names, as many as have room."""
        grid = self._grid
        count = (grid.last - grid.first) // HOUR
        step = HOUR * -(-count // _MOST_NAMED_HOURS)
        for minute in range(grid.first, grid.last + 1, step):
            is_end = minute == grid.last
            x = self._end if is_end else self.x(minute)
            anchor = "end" if is_end and not self._has_after else "middle"
            yield HourName(_per_cent(x), str(minute // HOUR), anchor)


def _top(row: int) -> int:
    return _HEADER + row * _ROW


def _bar(day: GridDay, band: Band, y: int, start: float, end: float) -> Bar:
    times = f"{_time(band.start)} to {_time(band.end)}"
    return Bar(
        x=_per_cent(start),
        width=_per_cent(end - start),
        y=y,
        verdict=band.verdict.value,
        title=f"{day.day:%A} {times}: {VERDICT_WORDS[band.verdict]}",
    )


def _mark(grid: Grid, axis: _Axis, asked: datetime) -> Mark | None:
    row = next((row for row, day in enumerate(grid.days) if day.day == asked.date()), None)
    if row is None:
        return None
    minute = asked.hour * HOUR + asked.minute + asked.second / 60
    return Mark(
        x=_per_cent(axis.x(minute)),
        ticks=(_top(row) - _TICK, _top(row) + _BAR),
        length=_TICK,
        title=f"Asked about: {asked:%A} {asked:%H:%M}",
    )


def _described(groups: Iterable[Group]) -> str:
    """Return the picture for those who do not see it: each group of days in a sentence."""
    said = []
    for group in groups:
        runs: list[tuple[str, str, str]] = []
        for line in group.lines:
            words = VERDICT_WORDS[line.verdict]
            start = runs.pop()[0] if runs and runs[-1][2] == words else line.start
            runs.append((start, line.end, words))
        times = ", ".join(f"{words} {start} to {end}" for start, end, words in runs)
        said.append(f"{group.days}: {times if len(runs) > 1 else f'{runs[0][2]} all day'}.")
    return f"{' '.join(said)} The table below has every stretch with its rule."


def _notes(grid: Grid) -> Iterable[str]:
    if (grid.first, grid.last) != (0, MIDNIGHT):
        yield (
            f"The narrow columns are the hours before {clock(grid.first)} and from "
            f"{clock(grid.last)}, in which nothing changes on any of these days."
        )
    for day in grid.days:
        if day.hours != MIDNIGHT // HOUR:
            yield (
                f"The clocks change on {day.day:%A}: the day has {day.hours} hours, and the table "
                "says which clock is meant."
            )


def _time(minute: float) -> str:
    seconds = round(minute % 1 * 60)
    return f"{clock(int(minute))}:{seconds:02}" if seconds else clock(int(minute))


def _per_cent(part: float) -> str:
    return f"{part:.3f}%"
