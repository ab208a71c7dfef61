"""The first people of a school: who holds which duty, as the first-run guide asks."""

from collections.abc import Mapping

import msgspec

from schoolgate_policyd.core.subjects import Audience, Duty, HeldDuty
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.register_people import (
    MAX_ID,
    MAX_NAME,
    USERNAME,
    PersonEntry,
)

# In the order in which they are asked; the first two a school cannot do without.
ASKED: tuple[Duty, ...] = (
    Duty.HEAD,
    Duty.TECHNICIAN,
    Duty.ONLINE_SAFETY_LEAD,
    Duty.DSL,
    Duty.CHAIR_OF_GOVERNORS,
)
NEEDED = frozenset({Duty.HEAD, Duty.TECHNICIAN})


class FirstPerson(msgspec.Struct, frozen=True):
    """Somebody with the duties that they hold."""

    entry: PersonEntry
    duties: tuple[HeldDuty, ...]


def name_field(duty: Duty) -> str:
    """Return the name of the field for the name of whoever holds *duty*."""
    return f"{duty.value}-name"


def username_field(duty: Duty) -> str:
    """Return the name of the field for their user name."""
    return f"{duty.value}-username"


FIELDS = tuple(each for duty in ASKED for each in (name_field(duty), username_field(duty)))


def parse_first_people(raw: Mapping[str, str]) -> tuple[FirstPerson, ...]:
    """
    Return who was entered; whoever holds several duties is entered with one user name.

    Raises InvalidForm with every mistake.
    """
    entry = Entry(raw, FIELDS)
    names: dict[str, str] = {}
    duties: dict[str, list[Duty]] = {}
    for duty in ASKED:
        username = raw.get(username_field(duty), "").strip().lower()
        if duty not in NEEDED and not username and not raw.get(name_field(duty), "").strip():
            continue
        name = entry.line(name_field(duty), "Enter their name.", MAX_NAME)
        if len(username) > MAX_ID or not USERNAME.fullmatch(username):
            entry.mistake(username_field(duty), "Enter a user name of letters and digits.")
        elif names.setdefault(username, name) != name:
            entry.mistake(
                username_field(duty),
                f"This user name is {names[username]}’s: enter another, or the same name.",
            )
        duties.setdefault(username, []).append(duty)
    entry.raise_mistakes()
    return tuple(
        FirstPerson(
            PersonEntry(names[username], _audience(held), username),
            tuple(HeldDuty(each) for each in held),
        )
        for username, held in duties.items()
    )


def _audience(held: list[Duty]) -> Audience:
    """Return whom the policy takes them for: governors are visitors unless they work here."""
    return Audience.VISITOR if held == [Duty.CHAIR_OF_GOVERNORS] else Audience.STAFF
