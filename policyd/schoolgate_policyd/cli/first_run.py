"""`schoolgate first-run`: the code that opens the first-run guide, printed where it was asked."""

from contextlib import closing

import typer

from schoolgate_policyd.cli.frame import app, complaining, settings_in_use
from schoolgate_policyd.clock import MachineClock


@app.command("first-run")
def first_run() -> None:
    """
    Print a new code for the first-run guide, as long as nobody who keeps Schoolgate can sign in.

    It works once, for three days; codes printed before it work no longer.
    """
    # Imported here, since most commands need no database.
    from schoolgate_policyd.store.decisions import DecisionStore

    with complaining():
        settings = settings_in_use()
        with closing(DecisionStore(settings.decisions_path)) as store:
            made = store.first_run.make_code(at=MachineClock().now())
    if made is None:
        typer.echo("the first run is over: a headteacher or technician can sign in")
        raise typer.Exit(1)
    typer.echo(f"open {settings.web.public_url}/first-run and enter this code, which works once:")
    typer.echo(f"  {made.code}")
