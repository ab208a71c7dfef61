"""
The result of a replay: who gains and who loses what, naming nobody.

It encodes to JSON as it stands, so it can be kept with a draft and shown again.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.core.times import Period

# Below this a count of people could be told to be somebody: it is not given.
FEWEST_TOLD = 5


class Change(StrEnum):
    """What the policy after does to a request that the policy before judged otherwise."""

    GAINED = "gained"
    LOST = "lost"


class Certainty(StrEnum):
    """
    How well it is known who asked.

    RECORDED: audience, device kind, network and person stand in the event. AS_KNOWN_TODAY: only
    the address does, and what is known of it today was taken, with the device claim of that
    time. NO_LONGER_KNOWN: the event names a network, device or person that the school does not
    have any more, and what is not known counted against them.
    """

    RECORDED = "recorded"
    AS_KNOWN_TODAY = "as-known-today"
    NO_LONGER_KNOWN = "no-longer-known"


class NotReplayed(StrEnum):
    """
    Why an event was not decided anew.

    NOT_BY_A_RULE: it was refused for a disguised name or a tunnel, whatever the policy.
    NOT_TOLD_APART: it stands for many hosts or clients. NOT_A_NAME: no host can be read in it.
    """

    NOT_BY_A_RULE = "not-by-a-rule"
    NOT_TOLD_APART = "not-told-apart"
    NOT_A_NAME = "not-a-name"


class Total(msgspec.Struct, frozen=True):
    """How many events, and how many requests they stand for."""

    events: int = 0
    requests: int = 0


class Effect(msgspec.Struct, frozen=True):
    """
    What one audience gains or loses in one category; None is what is in no category.

    *periods* are those in which it was asked for, by either policy's timetable. *people* counts
    people, and addresses behind which nobody is known, each once; None stands for one to four.
    """

    change: Change
    audience: Audience
    category: str | None
    category_name: str
    periods: tuple[Period, ...]
    total: Total
    people: int | None


class NameEffect(msgspec.Struct, frozen=True):
    """
    A name that is newly opened or blocked for an audience, at least at some of the times.

    *rules* are those that no longer or newly block it. *in_part* says that some of its pages
    only change. *people* as in `Effect`.
    """

    change: Change
    audience: Audience
    host: str
    category: str | None
    in_part: bool
    rules: tuple[str, ...]
    total: Total
    people: int | None


class Replay(msgspec.Struct, frozen=True):
    """
    Recorded events, decided by the policies *before* and *after* (their ids and documents).

    Each event is in exactly one of *gained*, *lost*, *still_open*, *still_blocked*,
    *still_open_in_part* and *not_replayed*, so these add up to *total*. Visits to what either
    policy has as a help line are in none of them.

    *certainty* counts those that were decided anew. *now_open* were recorded as blocked, though
    the policy before allows them today, and *now_blocked* the other way: the rules, the lists,
    what is known of the subject or where the name led were different then. *names* are the most
    asked for; *names_left_out* counts further ones, *faults* are sentences about events that
    could not be read.
    """

    before: str
    after: str
    since: datetime | None
    until: datetime | None
    total: Total
    gained: Total
    lost: Total
    still_open: Total
    still_blocked: Total
    still_open_in_part: Total
    not_replayed: dict[NotReplayed, Total]
    certainty: dict[Certainty, Total]
    now_open: Total
    now_blocked: Total
    effects: tuple[Effect, ...]
    names: tuple[NameEffect, ...]
    names_left_out: int
    faults: tuple[str, ...] = ()

    def of(self, change: Change) -> tuple[Effect, ...]:
        """Return the effects of one kind, the largest first."""
        return tuple(each for each in self.effects if each.change is change)

    def names_of(self, change: Change) -> tuple[NameEffect, ...]:
        """Return the names of one kind, the most asked for first."""
        return tuple(each for each in self.names if each.change is change)


def people_told(count: int) -> int | None:
    """Return *count* as a result may give it: None stands for one to four."""
    return None if 0 < count < FEWEST_TOLD else count
