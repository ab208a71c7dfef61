"""`schoolgate check-rules`: every mistake in rule files, with its place."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from schoolgate_policyd.cli.frame import app, complaining, settings_in_use

if TYPE_CHECKING:
    from schoolgate_policyd.rulefiles.check_paths import Findings


@app.command("check-rules")
def check_rules(
    path: Annotated[
        str | None,
        typer.Argument(
            help="A rules folder, a part of it, a rule file lying anywhere, or a school's name; "
            "without it every rule file of the configuration."
        ),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print each mistake in rule files as file:line:column, with what to do about it."""
    # The reader of rule files takes a while to import, and other commands do without it.
    from schoolgate_policyd.rulefiles.check_paths import check_path

    with complaining():
        found = check_path(path, settings_in_use().rules_dir)
    if as_json:
        typer.echo(msgspec.json.encode(_as_json(found)).decode())
    else:
        for mistake in found.mistakes:
            place = f"{_printed(mistake.path)}:{mistake.line}:{mistake.column}"
            typer.echo(f"{place}: {mistake.message}")
        typer.echo(_summary(found))
    if found.mistakes:
        raise typer.Exit(1)


def _summary(found: "Findings") -> str:
    read = _counted(len(found.files), "file")
    if not found.mistakes:
        return f"No mistakes in {read}."
    faulty = _counted(len({mistake.path for mistake in found.mistakes}), "file")
    return f"{_counted(len(found.mistakes), 'mistake')} in {faulty}; {read} read."


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _printed(path: Path) -> str:
    """Return *path* as the user would write it here, without what a terminal would obey."""
    from schoolgate_policyd.rulefiles.mistakes import printable

    here = Path.cwd()
    return printable(str(path.relative_to(here) if path.is_relative_to(here) else path))


def _as_json(found: "Findings") -> dict[str, object]:
    return {
        "files": len(found.files),
        "mistakes": [
            {
                "file": _printed(mistake.path),
                "line": mistake.line,
                "column": mistake.column,
                "message": mistake.message,
            }
            for mistake in found.mistakes
        ],
    }
