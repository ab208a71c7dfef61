"""Duties given and taken, and the day somebody leaves, as forms say them."""

from collections.abc import Mapping
from datetime import date

import msgspec

from schoolgate_policyd.core.subjects import Duty, HeldDuty
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.register_people import shown

MOST_PLATFORMS = 40
MAX_REASONS = 1000

DUTY_FIELDS = (*(f"duty_{each.value}" for each in Duty), "platforms", "reasons")


class DutiesForm(msgspec.Struct, frozen=True):
    """What somebody is to hold, and why."""

    duties: tuple[HeldDuty, ...]
    reasons: str


def parse_duties(raw: Mapping[str, str], services: Mapping[str, str]) -> DutiesForm:
    """
    Return the duties that were ticked, and why; *services* gives names by id, for the platforms.

    Raises InvalidForm.
    """
    entry = Entry(raw, DUTY_FIELDS)
    ticked = [each for each in Duty if raw.get(f"duty_{each.value}")]
    by_word = {name.casefold(): id_ for id_, name in services.items()}
    by_word |= {id_.casefold(): id_ for id_ in services}
    platforms = set[str]()
    for part in raw.get("platforms", "").split(",")[:MOST_PLATFORMS]:
        if not part.strip():
            continue
        known = by_word.get(part.strip().casefold())
        if known is None:
            entry.mistake("platforms", f"There is no service “{shown(part.strip())}”.")
        else:
            platforms.add(known)
    if platforms and Duty.ACCOUNT_OPERATOR not in ticked:
        entry.mistake("platforms", "Platforms are for an account operator: tick that duty.")
    reasons = entry.text("reasons", "Give the reasons: they are kept in the records.", MAX_REASONS)
    entry.raise_mistakes()
    duties = tuple(
        HeldDuty(each, frozenset(platforms))
        if each is Duty.ACCOUNT_OPERATOR and platforms
        else HeldDuty(each)
        for each in ticked
    )
    return DutiesForm(duties, reasons)


def parse_leaving(raw: Mapping[str, str]) -> date:
    """Return the last day that was entered. Raises InvalidForm."""
    entry = Entry(raw, ("last_day",))
    day = entry.day("last_day", "Enter their last day.")
    entry.raise_mistakes()
    if day is None:
        raise AssertionError("an entry without mistakes is a date")
    return day
