"""`schoolgate replay`: what a changed policy would have meant for the days behind us."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer

from schoolgate_policyd.cli.frame import app, complaining, refuse, settings_in_use
from schoolgate_policyd.clock import MachineClock
from schoolgate_policyd.core.moments import parse_moment

if TYPE_CHECKING:
    from schoolgate_policyd.replay.policies import Progress

NAMES = 20
MOST_DAYS = 366
INCOMPLETE = 1

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@app.command("replay")
def replay_events(
    *,
    policy: Annotated[
        str, typer.Option(help="The changed policy: a preset's name, or the path of a YAML file.")
    ],
    against: Annotated[
        str | None,
        typer.Option(help="What it is compared with, likewise; without it the live policy."),
    ] = None,
    days: Annotated[
        int, typer.Option(min=1, max=MOST_DAYS, help="How many days back the events go.")
    ] = 7,
    since: Annotated[
        str | None,
        typer.Option(help="From when on instead: a date, a time like 2026-11-20T10:35."),
    ] = None,
    until: Annotated[str | None, typer.Option(help="Until when; without it, now.")] = None,
    names: Annotated[
        int, typer.Option(min=0, help="How many names of each kind to print.")
    ] = NAMES,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """
    Decide recorded events anew with a changed policy: who gains and who loses what.

    Exit code 0: done. 1: done, but some events could not be read. 2: nothing was replayed.
    """
    # Imported here, so that other commands start without the stores and the rule files' reader.
    from rich.console import Console

    from schoolgate_policyd.cli.replay_tables import print_replay
    from schoolgate_policyd.presets import SnapshotShelf
    from schoolgate_policyd.replay.policies import policy_named, replay_recorded

    with complaining():
        settings = settings_in_use()
        shelf = SnapshotShelf(settings)
        before = shelf.snapshot_of(None)
        if against is not None:
            before = shelf.live_with(policy_named(against, settings))
        after = shelf.live_with(policy_named(policy, settings))
        zone = ZoneInfo(before.school_time.zone)
        end = MachineClock().now() if until is None else _moment(until, zone)
        start = end - timedelta(days=days) if since is None else _moment(since, zone)
        if start >= end:
            refuse("the time to replay ends before it begins: give an earlier --since")
        with _progress() as on_progress:
            outcome = replay_recorded(
                settings, before, after, since=start, until=end, on_progress=on_progress
            )
        if as_json:
            typer.echo(msgspec.json.format(msgspec.json.encode(outcome), indent=2).decode())
        else:
            print_replay(outcome, Console(highlight=False), zone, names=names)
        for fault in outcome.faults:
            typer.echo(f"schoolgate: {fault}", err=True)
    if outcome.faults:
        raise typer.Exit(INCOMPLETE)


def _moment(text: str, zone: ZoneInfo) -> datetime:
    """Return a moment; of a date its midnight. Raises MomentSyntaxError."""
    return parse_moment(f"{text}T00:00" if _DATE.fullmatch(text) else text, zone)


@contextmanager
def _progress() -> "Iterator[Progress | None]":
    """Show a bar on the terminal while it lasts; None, when there is no terminal to show it on."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("Replaying"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("events"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda done, count: progress.update(task, completed=done, total=count)
