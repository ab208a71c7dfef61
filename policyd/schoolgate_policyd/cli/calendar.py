"""`schoolgate calendar`: term dates in from iCalendar, and out to it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from schoolgate_policyd.cli.frame import app, complaining, refuse, settings_in_use
from schoolgate_policyd.clock import MachineClock
from schoolgate_policyd.rulefiles.bank_holidays import Nation

if TYPE_CHECKING:
    from rich.table import Table

    from schoolgate_policyd.calendars import Event, Understanding
    from schoolgate_policyd.core.times import Calendar, DateRange

# Calendars of British schools are on the clock of London, wherever the file was made.
_ZONE = ZoneInfo("Europe/London")
_LINES_SHOWN = 200

calendar = typer.Typer(help="Term dates in from iCalendar, and out to it.", no_args_is_help=True)
app.add_typer(calendar, name="calendar")


@calendar.command("import")
def import_dates(
    file: Annotated[Path, typer.Argument(help="An iCalendar file (.ics).")],
    id_: Annotated[str, typer.Option("--id", help="What the calendar is called, as in rules.")],
    nation: Annotated[
        Nation | None, typer.Option(help="Whose bank holidays close the school as well.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A new file ID.yaml; without it, standard output."),
    ] = None,
) -> None:
    """Show what the events say, and write the calendar that a school's file can name."""
    from schoolgate_policyd.calendars import (
        calendar_text,
        read_events,
        understand,
    )

    with complaining():
        if output is not None and output.name != f"{id_}.yaml":
            refuse(f"-o: `{output}` is not called `{id_}.yaml`, as the loader asks; rename it")
        found = understand(read_events(file, _ZONE), id_)
        _show(found)
        if found.calendar is None:
            for each in found.contradictions:
                typer.echo(f"schoolgate: {each}", err=True)
            raise typer.Exit(1)
        _write(calendar_text(found.calendar, nation).encode(), output)


@calendar.command("export")
def export_dates(
    id_: Annotated[
        str | None,
        typer.Option("--calendar", help="A calendar's id; without it the school's own."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A new file; without it, standard output."),
    ] = None,
) -> None:
    """Write the term dates as iCalendar, for the school's website and everybody's own calendar."""
    from schoolgate_policyd.calendars import write_ical

    with complaining():
        _write(write_ical(_calendar(id_), stamp=MachineClock().now()), output)


def _calendar(id_: str | None) -> "Calendar":
    """Return the calendar called *id_*, or the school's. Raises RuleFileErrors."""
    from schoolgate_policyd import rulefiles

    settings = settings_in_use()
    if id_ is not None:
        return rulefiles.load_calendar(settings.rules_dir, id_)
    return rulefiles.load_policy(settings.rules_dir, settings.school).school_time.calendar


def _show(found: "Understanding") -> None:
    """Print every event with what was understood of it, by its line in the file."""
    from rich.console import Console
    from rich.table import Table

    table = Table("Line", "Event", "Days", "Understood", title="What the file says")
    for each in found.understood[:_LINES_SHOWN]:
        said = f"yes: {each.meaning.value}" + (f"; {each.note}" if each.note else "")
        _add(table, each.event, said)
    for left_out in found.left_out[:_LINES_SHOWN]:
        _add(table, left_out.event, f"no: {left_out.why}")
    console = Console(stderr=True)
    console.print(table)
    counts = (len(found.understood), len(found.left_out))
    unseen = sum(max(0, count - _LINES_SHOWN) for count in counts)
    more = f"; {unseen} of them are not shown" if unseen else ""
    typer.echo(f"{counts[0]} understood, {counts[1]} left out{more}.", err=True)


def _add(table: "Table", event: "Event", said: str) -> None:
    from rich.text import Text

    # What a stranger wrote is text, never rich's markup.
    table.add_row(str(event.line), Text(event.summary), _days(event.days), Text(said))


def _days(days: "DateRange | None") -> str:
    if days is None:
        return ""
    return f"{days.first}" if days.first == days.last else f"{days.first} to {days.last}"


def _write(octets: bytes, output: Path | None) -> None:
    if output is None:
        typer.echo(octets, nl=False)
        return
    try:
        with output.open("xb") as file:
            file.write(octets)
    except FileExistsError:
        refuse(f"-o: there is a file `{output}` already; name another, or remove it first")
    except OSError as error:
        refuse(f"-o: `{output}` cannot be written: {(error.strerror or 'unknown reason').lower()}")
    typer.echo(f"Written to {output}.", err=True)
