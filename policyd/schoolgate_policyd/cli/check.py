"""`schoolgate check`: any decision, past or future, for one question or a batch."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, TextIO

import msgspec
import typer

from schoolgate_policyd import checking
from schoolgate_policyd.checking import Answer
from schoolgate_policyd.cli import asking
from schoolgate_policyd.cli.frame import (
    app,
    complaining,
    refuse,
    school_now,
    settings_in_use,
)
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.presets import SnapshotShelf
from schoolgate_policyd.questions import Question


@app.command()
def check(
    url: Annotated[str | None, typer.Argument(help="A web address, or a host name alone.")] = None,
    *,
    school: asking.School = None,
    audience: asking.Whom = None,
    duty: asking.Duties = None,
    device: asking.Device = None,
    at: asking.At = None,
    assume: asking.Assume = None,
    uninspectable: asking.Uninspectable = False,
    address: asking.ClientAddress = None,
    age: asking.Age = None,
    year_group: asking.YearGroup = None,
    school_class: asking.SchoolClasses = None,
    hours: asking.Hours = None,
    overtime: asking.Overtime = False,
    platform: asking.Platforms = None,
    batch: Annotated[
        str | None,
        typer.Option(
            help="A file (or - for standard input) with one JSON question a line; the other "
            "options stand for what a line leaves out."
        ),
    ] = None,
    as_json: asking.AsJson = False,
) -> None:
    """Explain any decision, past or future."""
    with complaining():
        shelf = SnapshotShelf(settings_in_use())
        now = school_now(settings_in_use())
        question = Question(
            url=url or "",
            school=school,
            audience=audience,
            duty=tuple(duty or ()) or None,
            device=device,
            at=at,
            assume=tuple(assume or ()) or None,
            uninspectable=uninspectable or None,
            address=address,
            age=age,
            year_group=year_group,
            school_class=tuple(school_class or ()) or None,
            hours=hours,
            overtime=overtime or None,
            platform=tuple(platform or ()) or None,
        )
        if batch is not None:
            if url is not None:
                refuse("give an address or --batch, not both")
            raise typer.Exit(_answer_batch(batch, question, shelf, now))
        if url is None:
            refuse("name a web address or a host, or give --batch FILE")
        _print_answer(checking.answer(question, shelf.snapshot_of, now), as_json=as_json)


def _answer_batch(path: str, otherwise: Question, shelf: SnapshotShelf, now: datetime) -> int:
    """Answer one line after the other; a faulty line gets an error in its place."""
    faults = 0
    with _lines_of(path) as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                result: object = checking.answer_line(line, shelf.snapshot_of, now, otherwise)
            except SchoolgateError as error:
                result = {"line": number, "error": str(error)}
                faults += 1
            typer.echo(msgspec.json.encode(result).decode())
    return 1 if faults else 0


@contextmanager
def _lines_of(path: str) -> Iterator[TextIO]:
    if path == "-":
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr] # a real stream has it
        yield sys.stdin
        return
    try:
        lines = Path(path).open(encoding="utf-8-sig", errors="replace")  # noqa: SIM115 - closed below
    except OSError as error:
        refuse(f"{path}: cannot be read: {error.strerror}")
    with lines:
        yield lines


def _print_answer(answer: Answer, *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())
        return
    typer.echo(answer.verdict.value.upper())
    for sentence in answer.explanation:
        typer.echo(f"  {sentence}")
