"""`schoolgate signature`: check a stored signature again, and show what was signed."""

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from schoolgate_policyd.cli.frame import app, complaining, settings_in_use

if TYPE_CHECKING:
    from schoolgate_policyd.workflow.signing import StoredSignature

_WRONG = 1

signature = typer.Typer(no_args_is_help=True, help="Signatures under decisions.")
app.add_typer(signature, name="signature")


@signature.command()
def verify(
    number: Annotated[int, typer.Argument(min=1, help="The signature's number, as on the form.")],
) -> None:
    """
    Check a signature from the database alone: who signed what, when, by which means.

    Exit status: 0 right, 1 something is wrong with it, 2 it is not there.
    """
    from schoolgate_policyd.signature_checks import findings
    from schoolgate_policyd.store.decisions import DecisionStore

    with complaining(), closing(DecisionStore(settings_in_use().decisions_path)) as store:
        found = store.signings.signature(number)
        name = store.people.names().get(found.person, "somebody who has left")
        checked = findings(found, store.signings.kept_digest(number))
    typer.echo(_said(found, name))
    for each in checked:
        typer.echo(f"wrong: {each.wrong}" if each.wrong else f"right: {each.what}")
    if any(each.wrong for each in checked):
        typer.echo(f"Signature {number} is NOT right.")
        raise typer.Exit(_WRONG)
    typer.echo(f"Signature {number} is right.")


def _said(found: "StoredSignature", name: str) -> str:
    document, means = found.document, found.means.value.replace("-", " ")
    of = f"version {document.version}"
    return "\n".join(
        (
            f"Signature {found.id}: {document.kind} {document.object_id}, {of}",
            f"Signed by {name} ({found.person}) on {found.at.isoformat()}, by {means}",
            f"Digest {found.digest}",
            "",
            *(f"  | {line}" for line in document.text.splitlines()),
            "",
        )
    )
