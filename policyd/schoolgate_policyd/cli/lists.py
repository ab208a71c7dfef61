"""`schoolgate lists`: update subscribed lists, show what became of them, try one out."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schoolgate_policyd.cli.frame import app, complaining, refuse, settings_in_use
from schoolgate_policyd.config import Settings
from schoolgate_policyd.lists.subscription import Format

if TYPE_CHECKING:
    from schoolgate_policyd.lists.state import ListState
    from schoolgate_policyd.lists.subscription import Subscription
    from schoolgate_policyd.lists.tally import NotHonoured

EXAMPLES_SHOWN = 3
EXAMPLES_CHECKED = 20
MEGABYTES_CHECKED = 500

lists = typer.Typer(no_args_is_help=True, help="Lists of names by the million.")
app.add_typer(lists, name="lists")


@lists.command()
def update(
    *,
    accept: Annotated[
        list[str] | None,
        typer.Option(help="Take this list although it shrank by half. May be repeated."),
    ] = None,
    due: Annotated[bool, typer.Option("--due", help="Ask only for what is due.")] = False,
) -> None:
    """Ask for newer versions of all lists, and compile what is good."""
    from rich.console import Console
    from rich.text import Text

    from schoolgate_policyd.lists.child import update_lists

    with complaining():
        settings = settings_in_use()
        _require_acceptable(accept or (), settings)
        console = Console(stderr=True)
        with console.status("looking at the subscriptions") as status:
            outcome = update_lists(
                settings,
                check_all=not due,
                accept=frozenset(accept or ()),
                on_progress=lambda said: status.update(Text(said)),
            )
        for fault in outcome.faults:
            typer.echo(fault, err=True)
        renewed = ", ".join(outcome.renewed) or "none"
        typer.echo(f"Renewed: {renewed}. Names in force: {outcome.names:,}.")
        raise typer.Exit(1 if outcome.faults else 0)


def _require_acceptable(accepted: Iterable[str], settings: Settings) -> None:
    """Refuse what nobody can accept: a list that is not there, and one that is locked."""
    from schoolgate_policyd.rulefiles.catalogue_files import load_vocabulary

    is_locked = {
        each.id: each.locked for each in load_vocabulary(settings.rules_dir).subscriptions
    }
    for each in accepted:
        if each not in is_locked:
            known = ", ".join(f"`{id_}`" for id_ in sorted(is_locked)) or "none"
            refuse(f"--accept {each}: there is no such list; subscribed are {known}")
        if is_locked[each]:
            refuse(
                f"--accept {each}: a locked list that shrank is never accepted; its last good "
                "version stays until a whole one comes"
            )


@lists.command()
def show() -> None:
    """Show each list: its names, its age, what could not be honoured, what is wrong."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from schoolgate_policyd.lists.state import ListState, peek_state
    from schoolgate_policyd.rulefiles.catalogue_files import load_vocabulary

    with complaining():
        settings = settings_in_use()
        subscriptions = load_vocabulary(settings.rules_dir).subscriptions
        if not subscriptions:
            typer.echo("No lists are subscribed to: docs/lists.md says how.")
            return
        state = peek_state(settings.lists_dir)
        known = {} if state is None else state.lists
        table = Table(title="Lists")
        for heading in ("list", "category", "names", "not honoured", "read", "checked", "fault"):
            right = heading in {"names", "not honoured"}
            table.add_column(heading, justify="right" if right else "left")
        for each in subscriptions:
            row = _row(each, known.get(each.id, ListState()))
            # What a list or a server says is text, whatever it looks like.
            table.add_row(*map(Text, row))
        Console().print(table)
        for each in subscriptions:
            good = known.get(each.id, ListState()).good
            if good is not None:
                _print_not_honoured(each.id, good.report.not_honoured, EXAMPLES_SHOWN)
                for warning in good.report.warnings:
                    typer.echo(f"{each.id}: {warning}")


@lists.command()
def check(
    file: Annotated[Path, typer.Argument(help="A list: text, gzip, or a tree of categories.")],
    *,
    format_: Annotated[Format, typer.Option("--format", help="How it is written.")],
    member: Annotated[str | None, typer.Option(help="The folder of a tree, like adult.")] = None,
) -> None:
    """Read a list without taking it, and say what would be taken and what not."""
    from schoolgate_policyd.lists.child import spared_in
    from schoolgate_policyd.lists.intake import Intake
    from schoolgate_policyd.lists.reading import Recipe, read_list
    from schoolgate_policyd.lists.records import count_names
    from schoolgate_policyd.lists.tally import Tally
    from schoolgate_policyd.rulefiles.catalogue_files import load_vocabulary

    with complaining():
        catalogue = load_vocabulary(settings_in_use().rules_dir).catalogue
        intake = Intake(0, spared_in(catalogue), tally=Tally(EXAMPLES_CHECKED))
        read_list(file, Recipe(format_, member, MEGABYTES_CHECKED), intake)
        names = count_names(intake.parts)
        typer.echo(f"{names:,} names would be taken.")
        _print_not_honoured(str(file), intake.tally.not_honoured(), EXAMPLES_CHECKED)
        raise typer.Exit(0 if names else 1)


def _row(subscription: "Subscription", known: "ListState") -> tuple[str, ...]:
    good = known.good
    return (
        f"{subscription.id} (locked)" if subscription.locked else subscription.id,
        subscription.category,
        "none yet" if good is None else f"{good.report.names:,}",
        "" if good is None else f"{sum(each.count for each in good.report.not_honoured):,}",
        "" if good is None else f"{good.read_at:%Y-%m-%d %H:%M}",
        "" if known.checked_at is None else f"{known.checked_at:%Y-%m-%d %H:%M}",
        known.fault or "",
    )


def _print_not_honoured(
    what: str, not_honoured: "Iterable[NotHonoured]", most_examples: int
) -> None:
    for each in not_honoured:
        typer.echo(f"{what}: {each.count:,} not honoured: {each.reason.words}")
        for example in each.examples[:most_examples]:
            typer.echo(f"    {example.line}: {example.text}")
