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
from schoolgate_policyd.checking import Answer, Question
from schoolgate_policyd.cli.frame import (
    app,
    complaining,
    refuse,
    school_now,
    settings_in_use,
)
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty
from schoolgate_policyd.presets import SnapshotShelf


@app.command()
def check(
    url: Annotated[str | None, typer.Argument(help="A web address, or a host name alone.")] = None,
    *,
    school: Annotated[
        str | None,
        typer.Option(help="A preset's name; without it the live configuration decides."),
    ] = None,
    audience: Annotated[Audience | None, typer.Option(help="Without it: pupil.")] = None,
    duty: Annotated[list[Duty] | None, typer.Option(help="May be repeated.")] = None,
    device: Annotated[DeviceKind | None, typer.Option(help="Without it: unknown.")] = None,
    at: Annotated[
        str | None,
        typer.Option(help="The school's time, or an ISO time with offset; without it now."),
    ] = None,
    assume: Annotated[
        list[str] | None,
        typer.Option(help="Take this standing permission as recorded. May be repeated."),
    ] = None,
    uninspectable: Annotated[
        bool, typer.Option("--uninspectable", help="The device lacks the school's authority.")
    ] = False,
    address: Annotated[
        str | None, typer.Option(help="Ask for whoever has this address in the live school.")
    ] = None,
    age: Annotated[int | None, typer.Option(help="The person's age in years.")] = None,
    year_group: Annotated[int | None, typer.Option(help="The pupil's year group.")] = None,
    hours: Annotated[str | None, typer.Option(help="Own working hours, like 08:30-16:30.")] = None,
    overtime: Annotated[
        bool, typer.Option("--overtime", help="The person works overtime that day.")
    ] = False,
    platform: Annotated[
        list[str] | None,
        typer.Option(help="A service on which an account-operator runs accounts."),
    ] = None,
    batch: Annotated[
        str | None,
        typer.Option(
            help="A file (or - for standard input) with one JSON question a line; the other "
            "options stand for what a line leaves out."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
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
