"""`schoolgate audit`: verify an exported log; export it, make checkpoints, show the key."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schoolgate_policyd.cli.frame import app, complaining, refuse, settings_in_use
from schoolgate_policyd.ledger.verdicts import BROKEN, INCOMPLETE, INTACT, said

if TYPE_CHECKING:
    from schoolgate_policyd.ledger.checkpoints import Checkpoint
    from schoolgate_policyd.ledger.notes import Verifier

# A public key, or a note, is far smaller; a file of checkpoints may be years of them.
_MAX_FILE = 16 * 1024 * 1024
_MAX_PATH = 4096
_MAX_DIGITS = 13

audit = typer.Typer(no_args_is_help=True, help="The audit: a log that somebody outside verifies.")
app.add_typer(audit, name="audit")


@audit.command()
def verify(
    log: Annotated[Path, typer.Argument(help="The exported log.")],
    *,
    key: Annotated[str, typer.Option(help="The public key, or the file that it is in.")],
    witness: Annotated[
        list[Path] | None,
        typer.Option(help="A file with checkpoints that a witness kept. May be repeated."),
    ] = None,
    code: Annotated[
        list[str] | None,
        typer.Option(
            help="A printed checkpoint: the number of entries, then the groups of letters. "
            "May be repeated."
        ),
    ] = None,
) -> None:
    """
    Say whether an exported log is intact, and with a witness's checkpoint whether complete.

    Exit status: 0 intact (and complete, as far as witnesses saw), 1 broken, 2 something that was
    given cannot be used, 3 intact, but not what a witness saw.
    """
    from schoolgate_policyd.ledger.logfile import lines_in
    from schoolgate_policyd.ledger.verifying import verify as verified

    with complaining():
        verifier = _verifier(key)
        witnesses = [
            *(each for path in witness or () for each in _kept_in(path, verifier)),
            *(_printed(each, verifier) for each in code or ()),
        ]
        try:
            with log.open("rb") as file:
                verdict = verified(lines_in(file), verifier, witnesses)
        except OSError as error:
            refuse(f"{log}: cannot be read: {error.strerror}")
    typer.echo(said(verdict))
    if not verdict.is_intact:
        raise typer.Exit(BROKEN)
    raise typer.Exit(INTACT if verdict.missing is None else INCOMPLETE)


@audit.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where the log is written; it is replaced.")],
) -> None:
    """Make a checkpoint and write the whole log to a file. The export is in the audit."""
    from schoolgate_policyd.auditing.by_hand import export_log

    with complaining():
        exported = export_log(settings_in_use(), file)
    typer.echo(f"{file}: {exported.size:,} entries")
    typer.echo(f"Key: {exported.key}")


@audit.command()
def checkpoint() -> None:
    """Make a checkpoint of the log as it is, and print it: as a note and in letters."""
    from schoolgate_policyd.auditing.by_hand import make_checkpoint
    from schoolgate_policyd.ledger.codes import groups_of

    with complaining():
        made = make_checkpoint(settings_in_use())
    typer.echo(made.note)
    typer.echo(f"{made.size} {' '.join(groups_of(made.checkpoint))}")


@audit.command()
def key() -> None:
    """Print the public key with which others verify the log."""
    from schoolgate_policyd.auditing.keys import public_key_of

    with complaining():
        typer.echo(public_key_of(settings_in_use()))


def _verifier(text: str) -> "Verifier":
    from schoolgate_policyd.ledger.notes import read_verifier

    # A key has a `+` in it and base64 may have a `/`; a file that is there is meant as one.
    is_file = len(text) < _MAX_PATH and Path(text).is_file()
    return read_verifier(_text_of(Path(text)) if is_file else text)


def _kept_in(path: Path, verifier: "Verifier") -> list["Checkpoint"]:
    from schoolgate_policyd.ledger.checkpoints import notes_in, open_checkpoint
    from schoolgate_policyd.ledger.errors import LedgerError

    try:
        return [open_checkpoint(note, verifier) for note in notes_in(_text_of(path))]
    except LedgerError as error:
        refuse(f"--witness {path}: {error}")


def _printed(typed: str, verifier: "Verifier") -> "Checkpoint":
    from schoolgate_policyd.ledger.codes import read_code
    from schoolgate_policyd.ledger.errors import LedgerError

    number, _, letters = typed.strip().replace(",", "").partition(" ")
    if not (number.isascii() and number.isdecimal() and len(number) <= _MAX_DIGITS):
        refuse("--code: begins with the number of entries, such as `--code '1234 ABCD EFGH ...'`")
    try:
        return read_code(verifier.name, int(number), letters)
    except LedgerError as error:
        refuse(f"--code: {error}")


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_FILE + 1)[:_MAX_FILE].decode("utf-8")
    except OSError as error:
        refuse(f"{path}: cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        refuse(f"{path}: is not UTF-8 text")
