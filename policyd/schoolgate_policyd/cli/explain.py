"""`schoolgate explain`: one decision with its reasons, its runner-up and a picture of its week."""

import sys
from io import TextIOWrapper
from typing import Annotated, TextIO

import msgspec
import typer

from schoolgate_policyd.cli import asking
from schoolgate_policyd.cli.frame import app, complaining, school_now, settings_in_use
from schoolgate_policyd.clock import MachineClock
from schoolgate_policyd.config import Settings
from schoolgate_policyd.explaining import explained
from schoolgate_policyd.presets import SnapshotShelf
from schoolgate_policyd.questions import Question, QuestionError


@app.command()
def explain(
    url: Annotated[str, typer.Argument(help="A web address, or a host name alone.")],
    *,
    school: asking.School = None,
    audience: asking.Whom = None,
    duty: asking.Duties = None,
    device: asking.Device = None,
    person: Annotated[
        str | None,
        typer.Option(
            help="Ask for this person of the live school, by user name or pseudonym, with their "
            "own hours, duties, classes and devices. The look is recorded."
        ),
    ] = None,
    at: asking.At = None,
    assume: asking.Assume = None,
    uninspectable: asking.Uninspectable = False,
    address: asking.ClientAddress = None,
    age: asking.Age = None,
    year_group: asking.YearGroup = None,
    school_class: asking.SchoolClasses = None,
    hours: asking.Hours = None,
    overtime: asking.Overtime = False,
    platform: asking.Platforms = None,
    week: Annotated[bool, typer.Option("--week", help="Draw the whole week too.")] = False,
    as_json: asking.AsJson = False,
) -> None:
    """Say why: the verdict, the deciding rule, what would hold without it, and the week."""
    # Imported here, so that `check` starts without what only this command needs.
    from rich.console import Console

    from schoolgate_policyd.cli.pictures import print_explained

    with complaining():
        settings = settings_in_use()
        question = Question(
            url=url,
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
            school_class=tuple(school_class or ()) or None,
            hours=hours,
            overtime=overtime or None,
            platform=tuple(platform or ()) or None,
            person=None if person is None else _person_of(person, settings, school),
        )
        shelf = SnapshotShelf(settings)
        found = explained(question, shelf.snapshot_of, school_now(settings), with_week=week)
        if as_json:
            typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        else:
            _say_what_it_can(sys.stdout)
            print_explained(found, Console(highlight=False))


def _say_what_it_can(stream: TextIO) -> None:
    """Have a terminal without Unicode show a question mark for what it lacks."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="replace")


def _person_of(name: str, settings: Settings, school: str | None) -> str:
    """
    Return the id of the person with the user name or id *name*, and record the look.

    Raises QuestionError.
    """
    # Imported here, so that a question about nobody in particular opens no database.
    from schoolgate_policyd.store.decisions import DecisionStore

    if school is not None:
        raise QuestionError("person: a preset knows nobody, so leave out school")
    if not settings.decisions_path.exists():
        raise QuestionError("person: the school has no people yet; start it once with `up`")
    store = DecisionStore(settings.decisions_path)
    try:
        found = store.people.find(name)
        if found is None:
            raise QuestionError("person: nobody has that user name or pseudonym")
        store.audit.looked_at(found.id, by=None, by_way_of="command line", at=MachineClock().now())
    finally:
        store.close()
    return found.id
