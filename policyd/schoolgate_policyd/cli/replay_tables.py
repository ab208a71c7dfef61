"""A replay in the terminal: who gains and who loses, and the names."""

from zoneinfo import ZoneInfo

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from schoolgate_policyd.core.words import AUDIENCES
from schoolgate_policyd.replay.outcome import Change, Replay
from schoolgate_policyd.replay.words import (
    TITLES,
    notes_of,
    people,
    periods,
    span_of,
    summary_of,
)
from schoolgate_policyd.rulefiles.mistakes import printable

_STYLE = {Change.GAINED: "green", Change.LOST: "red"}
_DOES = {Change.GAINED: "gain", Change.LOST: "lose"}


def print_replay(replay: Replay, console: Console, zone: ZoneInfo, *, names: int) -> None:
    """Print *replay*, with at most *names* names of each kind."""
    console.print(Text(f"Before: {printable(replay.before)}"))
    console.print(Text(f"After:  {printable(replay.after)}"))
    console.print(Text(f"{span_of(replay, zone)}."))
    console.print()
    console.print(Text(summary_of(replay), style="bold"))
    if replay.effects:
        console.print()
        console.print(_effects(replay))
    for change in Change:
        if replay.names_of(change):
            console.print()
            console.print(Text(f"{TITLES[change]} names", style=f"bold {_STYLE[change]}"))
            console.print(_names(replay, change, names))
            further = len(replay.names_of(change)) - names
            if further > 0:
                console.print(Text(f"and {further:,} more: --names gives more, --json all"))
    console.print()
    for note in notes_of(replay):
        console.print(Padding(Text(note), (0, 0, 0, 2), expand=False))


def _effects(replay: Replay) -> Table:
    table = _table("Who", "", "Category", "When", "Requests", "People")
    for change in Change:
        for each in replay.of(change):
            table.add_row(
                AUDIENCES[each.audience].capitalize(),
                Text(_DOES[change], style=_STYLE[change]),
                Text(printable(each.category_name)),
                periods(each.periods),
                f"{each.total.requests:,}",
                people(each.people),
            )
    return table


def _names(replay: Replay, change: Change, most: int) -> Table:
    rule = "No longer blocked by" if change is Change.GAINED else "Blocked by"
    table = _table("Name", "Who", rule, "Requests", "People")
    for each in replay.names_of(change)[:most]:
        table.add_row(
            Text(printable(each.host) + " (in part)" * each.in_part),
            AUDIENCES[each.audience].capitalize(),
            Text(printable(", ".join(each.rules))),
            f"{each.total.requests:,}",
            people(each.people),
        )
    return table


def _table(*headers: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for header in headers:
        is_count = header in {"Requests", "People"}
        table.add_column(
            header,
            justify="right" if is_count else "left",
            overflow="fold",
            no_wrap=is_count,
        )
    return table
