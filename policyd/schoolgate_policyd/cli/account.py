"""`schoolgate account`: first accounts and fresh starts, by whoever administrates the machine."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from schoolgate_policyd.cli.frame import app, complaining, refuse, settings_in_use
from schoolgate_policyd.clock import MachineClock
from schoolgate_policyd.core.subjects import Audience, Duty, HeldDuty

if TYPE_CHECKING:
    from schoolgate_policyd.store.decisions import DecisionStore
    from schoolgate_policyd.workflow.people import Member

_USERNAME = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*", re.ASCII)
_LONGEST_USERNAME = 40
_LONGEST_NAME = 80

account = typer.Typer(no_args_is_help=True, help="Accounts of the people who sign in.")
app.add_typer(account, name="account")

Username = Annotated[str, typer.Argument(help="The user name of the account.")]


@account.command("list")
def show() -> None:
    """Show who can sign in, and with what."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    with _store() as store:
        now = MachineClock().now()
        table = Table(title="Accounts")
        for heading in ("user name", "name", "duties", "signs in with"):
            table.add_column(heading)
        for member in store.people.members():
            if member.username is not None:
                duties = ", ".join(sorted(member.duties))
                ways = _ways(store, member.id)
                if store.setup_codes.is_invited(member.id, at=now):
                    ways += "; a set-up code waits"
                # What people are called is text, whatever it looks like.
                table.add_row(*map(Text, (member.username, member.name, duties, ways)))
        Console().print(table)


@account.command()
def add(
    username: Username,
    *,
    name: Annotated[str, typer.Option(help="The name that pages show.")],
    audience: Annotated[Audience, typer.Option(help="staff or visitor.")] = Audience.STAFF,
    duty: Annotated[
        list[Duty] | None, typer.Option(help="A duty, such as head. May be repeated.")
    ] = None,
) -> None:
    """Add somebody who signs in, and print a code with which they set their account up."""
    from schoolgate_policyd.store.records import NewPerson

    if not _USERNAME.fullmatch(username) or len(username) > _LONGEST_USERNAME:
        refuse(f"`{username}`: a user name has lower-case letters and digits, and no spaces")
    if not name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
        refuse(f"--name: write a name of at most {_LONGEST_NAME} characters")
    if audience is Audience.PUPIL:
        refuse("--audience pupil: pupils do not sign in")
    with _store() as store:
        if store.people.find(username) is not None:
            refuse(f"`{username}`: somebody has that user name, or that id, already")
        held = tuple(HeldDuty(each) for each in duty or ())
        added = NewPerson(username, name.strip(), audience, username, held)
        store.people.add(added, at=MachineClock().now(), by=None)
        _invite(store, username)


@account.command()
def invite(username: Username) -> None:
    """
    Print a code with which somebody begins their account anew.

    They choose a new password; everything else that signed them in is taken off when they do.
    """
    with _store() as store:
        _invite(store, _member(store, username).id)


@account.command("reset-second-factor")
def reset_second_factor(
    username: Username,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
) -> None:
    """Take off the passkeys and codes that somebody has lost; the password stays."""
    with _store() as store:
        member = _member(store, username)
        if not store.second_factor.of(member.id).has_one:
            refuse(f"`{username}` has no second factor")
        if not yes:
            typer.confirm(
                f"Take the passkeys and codes of {member.name!a} off? Be sure that it is they who "
                "ask: with the password alone, anybody could then set up their own.",
                abort=True,
            )
        now = MachineClock().now()
        store.second_factor.take_off(member.id, at=now, by=None)
        store.sessions.revoke_others(member.id, None, at=now, moment=now)
        typer.echo(f"`{username}` now signs in with the password, and sets one up again.")


@contextmanager
def _store() -> "Iterator[DecisionStore]":
    # Imported here, since most commands need no database.
    from schoolgate_policyd.store.decisions import DecisionStore

    with (
        complaining(),
        closing(DecisionStore(settings_in_use().decisions_path)) as store,
    ):
        yield store


def _member(store: "DecisionStore", username: str) -> "Member":
    found = store.people.find(username)
    if found is None or found.username is None:
        refuse(f"`{username}`: nobody signs in with that user name")
    return found


def _invite(store: "DecisionStore", person: str) -> None:
    code = store.setup_codes.invite(person, by=None, at=MachineClock().now())
    where = f"{settings_in_use().web.public_url}/account/setup"
    typer.echo(f"open {where} and enter this code, which works once, until {code.ends_at:%c}:")
    typer.echo(f"  {code.code}")


def _ways(store: "DecisionStore", person: str) -> str:
    has = store.second_factor.of(person)
    ways = []
    if store.setup_codes.has_account(person):
        ways.append("a password")
    if has.codes_since is not None:
        ways.append("one-time codes")
    if has.passkeys:
        ways.append(f"{has.passkeys} passkey{'' if has.passkeys == 1 else 's'}")
    return ", ".join(ways) or "nothing yet"
