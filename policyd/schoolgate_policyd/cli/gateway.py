"""`schoolgate up`: the whole gateway in the foreground."""

from typing import Annotated

import typer

from schoolgate_policyd.cli.frame import app, complaining, settings_in_use


@app.command()
def up(
    at: Annotated[
        str | None,
        typer.Option(
            help="Set the sample school's clock: 2026-11-20T12:14:30, or `now` for the real time."
        ),
    ] = None,
) -> None:
    """Start everything, restart what dies, stop on Ctrl-C."""
    # Imported here, so that `check` starts without what only a running gateway needs.
    from schoolgate_policyd.supervisor import run

    with complaining():
        raise typer.Exit(run(settings_in_use(), at))
