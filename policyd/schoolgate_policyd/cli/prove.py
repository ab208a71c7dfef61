"""`schoolgate prove`: whether a policy holds what it must, before anybody lives under it."""

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from schoolgate_policyd.cli.frame import app, complaining, settings_in_use

if TYPE_CHECKING:
    from schoolgate_policyd.proving import PresetProof, Progress

FAILED = 1
_SEEDS = 1 << 32


@app.command("prove")
def prove_policy(
    school: Annotated[
        str | None, typer.Argument(help="A preset's name; without it the configuration's.")
    ] = None,
    *,
    cases: Annotated[
        int, typer.Option(min=0, help="How many random cases to hold against the definition.")
    ] = 100_000,
    seed: Annotated[
        int | None, typer.Option(help="Draws the same cases again; without it, new ones.")
    ] = None,
    show_all: Annotated[
        bool, typer.Option("--all", help="Print everything that is wrong, not the first alone.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """
    Prove a policy: its invariants, the laws, its examples, and random cases.

    Exit code 0: it holds all of it. 1: it does not. 2: it cannot be read.
    """
    # Imported here, so that other commands start without the rule files' reader.
    from schoolgate_policyd.proving import prove_preset
    from schoolgate_policyd.rulefiles import load_preset

    with complaining():
        settings = settings_in_use()
        name = school or settings.school
        preset = load_preset(settings.rules_dir, name)
        chosen = secrets.randbelow(_SEEDS) if seed is None else seed
        with _progress() as on_progress:
            found = prove_preset(preset, cases=cases, seed=chosen, on_progress=on_progress)
        if as_json:
            typer.echo(msgspec.json.format(msgspec.json.encode(_report(name, found))).decode())
        else:
            _print(name, found, show_all=show_all)
    if not found.ok:
        raise typer.Exit(FAILED)


class Report(msgspec.Struct, frozen=True):
    """A proof in JSON's terms."""

    school: str
    holds: bool
    faults: tuple[str, ...]
    warnings: tuple[str, ...]
    counterexamples: tuple[str, ...]
    claims: tuple[str, ...]
    names: int
    sites: int
    requests: int
    times: int
    examples: int
    cases: int
    seed: int
    exhaustive_s: float
    total_s: float


def _report(school: str, found: "PresetProof") -> Report:
    coverage = found.proof.coverage
    exhaustive_s, total_s = found.seconds
    return Report(
        school=school,
        holds=found.ok,
        faults=found.faults,
        warnings=found.proof.warnings,
        counterexamples=tuple(each.sentence for each in found.proof.counterexamples),
        claims=found.proof.claims,
        names=coverage.names,
        sites=coverage.sites,
        requests=coverage.cells,
        times=coverage.spans,
        examples=found.example_count,
        cases=found.cases,
        seed=found.seed,
        exhaustive_s=round(exhaustive_s, 3),
        total_s=round(total_s, 3),
    )


def _print(school: str, found: "PresetProof", *, show_all: bool) -> None:
    coverage = found.proof.coverage
    exhaustive_s, total_s = found.seconds
    typer.echo(
        f"{school}: {len(found.proof.claims)} claims over {coverage.cells:,} kinds of request "
        f"({coverage.names:,} names in {coverage.sites} classes, {coverage.spans} different times "
        f"of the school year) in {exhaustive_s:.2f} s; {found.example_count} examples; "
        f"{found.cases:,} random cases, seed {found.seed}. {total_s:.1f} s in all."
    )
    for warning in found.proof.warnings:
        typer.echo(f"Note: {warning}.")
    if found.ok:
        typer.echo("It holds.")
        return
    sentences = _everything(found) if show_all else found.faults[:1]
    for sentence in sentences:
        typer.echo(sentence)
    rest = len(found.faults) - 1
    if rest and not show_all:
        typer.echo(f"{rest} more of what it must hold does not: --all prints everything.")


def _everything(found: "PresetProof") -> Iterator[str]:
    for each in found.proof.counterexamples:
        yield f"{each.sentence}. But {each.claim}."
    yield from found.examples
    yield from found.disagreements


@contextmanager
def _progress() -> "Iterator[Progress | None]":
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Random cases", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
