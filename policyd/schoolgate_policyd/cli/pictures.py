"""An explanation in the terminal: sentences, the week as blocks, and a table of its times."""

from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from schoolgate_policyd.core.day_words import weekday_words
from schoolgate_policyd.core.decision import Verdict
from schoolgate_policyd.core.week import Week
from schoolgate_policyd.explaining import Explained
from schoolgate_policyd.week_grid import HOUR, MIDNIGHT, Grid, GridDay, clock, grid_of
from schoolgate_policyd.week_table import VERDICT_WORDS, groups_of

_STYLE = {Verdict.ALLOW: "green", Verdict.BLOCK: "red", Verdict.DEPENDS: "yellow"}
# Told apart without colour, and where the terminal knows no block characters by a letter.
_BLOCKS = {Verdict.ALLOW: "·", Verdict.BLOCK: "█", Verdict.DEPENDS: "▒"}
_LETTERS = {Verdict.ALLOW: ".", Verdict.BLOCK: "B", Verdict.DEPENDS: "d"}
_MIXED = "|"
_CELLS_AN_HOUR = (4, 6, 12, 2, 1)
_NAME_WIDTH = len("Mon 16  ")
_SIDES = 4


def print_explained(found: Explained, console: Console) -> None:
    """Print *found*, with the picture of its week where it has one."""
    answer = found.answer
    console.print(Text(answer.verdict.value.upper(), style=f"bold {_STYLE[answer.verdict]}"))
    lines = list(answer.explanation)
    if found.runner_up is not None:
        lines.insert(-1, found.runner_up.sentence)
    if found.deciding is not None:
        lines.append(f"Rule {found.deciding.rule} in words: {found.deciding.words}")
    if found.note:
        lines.append(found.note)
    for line in lines:
        console.print(Padding(Text(line), (0, 0, 0, 2)))
    if found.week is not None:
        _print_week(found.week, console)


def _print_week(week: Week, console: Console) -> None:
    grid = grid_of(week)
    marks = _BLOCKS if console.encoding.lower().startswith("utf") else _LETTERS
    picture = _Picture(grid, _cells_an_hour(grid, console.width), marks)
    first = week.days[0].day
    console.print()
    console.print(Text(f"The week of {weekday_words(first)}", style="bold"))
    console.print(picture.header())
    for day in grid.days:
        console.print(picture.row(day))
    for line in picture.legend():
        console.print(line)
    console.print()
    console.print(_table(week))


def _cells_an_hour(grid: Grid, width: int) -> int:
    """Return into how many cells an hour is cut: what shows every change, else what fits."""
    hours = (grid.last - grid.first) // HOUR
    fitting = [each for each in _CELLS_AN_HOUR if hours * each <= width - _NAME_WIDTH - _SIDES]
    edges = [band.start for day in grid.days for band in day.bands]
    exact = (each for each in fitting if all(edge % (HOUR // each) == 0 for edge in edges))
    return next(exact, max(fitting, default=1))


class _Picture:
    """The week in cells of equal length, with a cell on each side for the hours left out."""

    def __init__(self, grid: Grid, cells: int, marks: Mapping[Verdict, str]) -> None:
        self._grid = grid
        self._step = HOUR // cells
        self._minutes = range(grid.first, grid.last, self._step)
        self._marks = marks

    def header(self) -> Text:
        """Return the hours above their cells; where they stand too close some are left out."""
        cells = HOUR // self._step
        every = next(each for each in (1, 2, 3, 4) if each * cells > len("08"))
        labels = [
            f"{minute // HOUR:02}".ljust(every * cells)
            for minute in range(self._grid.first, self._grid.last, every * HOUR)
        ]
        return Text(" " * (_NAME_WIDTH + _SIDES // 2) + "".join(labels).rstrip(), style="bold")

    def row(self, day: GridDay) -> Text:
        """Return a day's cells."""
        row = Text(f"{day.day:%a} {day.day.day:>2}  ")
        self._add(row, [day.at(0)] if self._grid.first > 0 else [])
        row.append(" ")
        for minute in self._minutes:
            self._add(row, self._inside(day, minute))
        row.append(" ")
        self._add(row, [day.at(self._grid.last)] if self._grid.last < MIDNIGHT else [])
        return row

    def legend(self) -> Iterator[Text]:
        """Yield what the marks mean, and what the cells on the sides are."""
        margin = " " * _NAME_WIDTH
        line = Text(margin)
        for verdict, mark in self._marks.items():
            line.append(f"{mark} {VERDICT_WORDS[verdict]}   ", style=_STYLE[verdict])
        yield line
        if (self._grid.first, self._grid.last) != (0, MIDNIGHT):
            yield Text(
                f"{margin}On the sides: before {clock(self._grid.first)} "
                f"and from {clock(self._grid.last)}"
            )
        if any(len(self._inside(day, at)) > 1 for day in self._grid.days for at in self._minutes):
            yield Text(f"{margin}{_MIXED} changes within {self._step} minutes; see the table")

    def _inside(self, day: GridDay, minute: int) -> list[Verdict]:
        """Return the different verdicts of the cell that starts at *minute*."""
        end = minute + self._step
        found = (band.verdict for band in day.bands if band.start < end and minute < band.end)
        return list(dict.fromkeys(found))

    def _add(self, row: Text, verdicts: list[Verdict]) -> None:
        if len(verdicts) == 1:
            row.append(self._marks[verdicts[0]], style=_STYLE[verdicts[0]])
        else:
            row.append(_MIXED if verdicts else " ")


def _table(week: Week) -> Table:
    table = Table("Day", "From", "Until", "Verdict", "Period", "Rule", box=None, pad_edge=False)
    for group in groups_of(week):
        for place, line in enumerate(group.lines):
            table.add_row(
                group.short_days if place == 0 else "",
                line.start,
                line.end,
                Text(VERDICT_WORDS[line.verdict], style=_STYLE[line.verdict]),
                line.periods,
                line.rule,
                end_section=place == len(group.lines) - 1,
            )
    return table
