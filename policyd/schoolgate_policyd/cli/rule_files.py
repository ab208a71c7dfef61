"""`schoolgate check-rules`: every mistake in the rule files, with its place."""

from typing import Annotated

import typer

from schoolgate_policyd.cli.frame import app, complaining, settings_in_use


@app.command("check-rules")
def check_rules(
    school: Annotated[
        str | None, typer.Argument(help="A preset's name; without it the configuration's.")
    ] = None,
) -> None:
    """Read every rule file and print each mistake with its file and line."""
    from schoolgate_policyd import rulefiles  # noqa: PLC0415 - as above

    with complaining():
        settings = settings_in_use()
        mistakes = rulefiles.check_rules(settings.rules_dir, school or settings.school)
        for mistake in mistakes:
            typer.echo(str(mistake), err=True)
        if mistakes:
            raise typer.Exit(1)
        typer.echo("No mistakes.")
