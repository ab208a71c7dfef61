"""Whether somebody can be forgotten, and what names their pseudonym from then on."""

from typing import NamedTuple

from sqlalchemy import or_, select, true
from sqlalchemy.orm import Session

from schoolgate_policyd.core.words import joined
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.legal_holds import held_in
from schoolgate_policyd.store.models import PersonRow
from schoolgate_policyd.store.named_people import NAMED_IN, ONLY
from schoolgate_policyd.store.open_matters import open_matters_in
from schoolgate_policyd.workflow.errors import WrongState
from schoolgate_policyd.workflow.forgetting import FORGOTTEN


class Naming(NamedTuple):
    """
    How many *records* of one *kind* name somebody by their pseudonym.

    The kind is one of retention, or of what stays for good (`retention_kinds.FOR_GOOD`).
    """

    kind: str
    records: int


# What retention calls them: a hold on the whole kind holds each of them.
_KIND = "people-who-left"


def require_forgettable_in(session: Session, person: str) -> None:
    """Raise unless *person* left, is known, under no legal hold, and nothing is open of them."""
    row = session.get(PersonRow, person)
    if row is None:
        raise UnknownObject(f"there is no person `{person}`")
    if not row.has_left:
        raise WrongState("Only somebody who left is forgotten: have them leave first.")
    if row.name == FORGOTTEN:
        raise WrongState("They are forgotten already.")
    held = held_in(session)
    if person in held.people or _KIND in held.kinds:
        raise WrongState("A legal hold is on this person: it must be lifted first.")
    matters = open_matters_in(session, person)
    if matters:
        waiting = joined(each.words for each in matters)
        raise WrongState(f"They cannot be forgotten while there is something open: {waiting}.")


def naming_in(session: Session, person: str) -> tuple[Naming, ...]:
    """Return how many records of which kinds name *person*, kinds with none left out."""
    found = []
    for kind, places in NAMED_IN.items():
        numbers: set[int | str] = set()
        for key, people in places:
            is_named = or_(*(each == person for each in people))
            counts = ONLY.get(kind, true())
            numbers.update(session.scalars(select(key).where(is_named, counts)))
        if numbers:
            found.append(Naming(kind, len(numbers)))
    return tuple(found)
