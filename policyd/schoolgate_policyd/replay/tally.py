"""The counts of a replay, whose memory is bounded whatever the events hold."""

from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.replay.outcome import (
    Change,
    Effect,
    NameEffect,
    Total,
    people_told,
)

# Of so many people, and of so many names at once, account is kept; the rest count as one more.
MOST_ASKERS = 8_192
MOST_NAMES = 20_000
MOST_NAMES_TOLD = 500
NO_CATEGORY = "in no category"


class Counter:
    """Events and the requests that they stand for."""

    __slots__ = ("events", "requests")

    def __init__(self) -> None:
        self.events = 0
        self.requests = 0

    def add(self, requests: int) -> None:
        """Count one event."""
        self.events += 1
        self.requests += requests

    @property
    def total(self) -> Total:
        """The count as a result gives it."""
        return Total(self.events, self.requests)


class _Affected(Counter):
    """A counter that knows how many different people there were: a bit for each."""

    __slots__ = ("askers",)

    def __init__(self) -> None:
        super().__init__()
        self.askers = 0

    @property
    def people(self) -> int | None:
        return people_told(self.askers.bit_count())


class _EffectCounter(_Affected):
    __slots__ = ("periods",)

    def __init__(self) -> None:
        super().__init__()
        self.periods: set[Period] = set()


class _NameCounter(_Affected):
    __slots__ = ("category", "in_part", "rules")

    def __init__(self) -> None:
        super().__init__()
        self.category: str | None = None
        self.in_part = False
        self.rules: dict[str, None] = {}


class Changed(NamedTuple):
    """One event that the two policies judge differently."""

    change: Change
    audience: Audience
    host: str
    category: str | None
    requests: int
    asker: str
    periods: frozenset[Period]
    rules: tuple[str, ...]
    in_part: bool


class Changes:
    """
    What changes, by audience and category and by name.

    Of names at most *most_names* are told apart at a time: when there are more, those least
    asked for are forgotten, so that a flood of made-up names cannot hide a real one.
    """

    def __init__(self, *, most_names: int = MOST_NAMES) -> None:
        self._most_names = most_names
        self._askers: dict[str, int] = {}
        self._names_forgotten = 0
        self._effects = defaultdict[tuple[Change, Audience, str | None], _EffectCounter](
            _EffectCounter
        )
        self._names = defaultdict[tuple[Change, Audience, str], _NameCounter](_NameCounter)

    def add(self, changed: Changed) -> None:
        """Count one event."""
        bit = self._bit_of(changed.asker)
        effect = self._effects[changed.change, changed.audience, changed.category]
        effect.add(changed.requests)
        effect.askers |= bit
        effect.periods |= changed.periods
        name = self._names[changed.change, changed.audience, changed.host]
        name.add(changed.requests)
        name.askers |= bit
        name.category = changed.category
        name.in_part |= changed.in_part
        name.rules.update(dict.fromkeys(changed.rules))
        if len(self._names) > self._most_names:
            self._forget_names(self._most_names // 2)

    def effects(self, name_of: Callable[[str], str]) -> tuple[Effect, ...]:
        """Return what audiences gain and lose, most asked for first; categories by *name_of*."""
        found = [
            Effect(
                change=change,
                audience=audience,
                category=category,
                category_name=NO_CATEGORY if category is None else name_of(category),
                periods=tuple(each for each in Period if each in counter.periods),
                total=counter.total,
                people=counter.people,
            )
            for (change, audience, category), counter in self._effects.items()
        ]
        return tuple(sorted(found, key=lambda each: (-each.total.requests, repr(each))))

    def names(self) -> tuple[tuple[NameEffect, ...], int]:
        """Return the names most asked for, and how many others there were."""
        left_out = self._names_forgotten + max(0, len(self._names) - MOST_NAMES_TOLD)
        return tuple(
            NameEffect(
                change=change,
                audience=audience,
                host=host,
                category=counter.category,
                in_part=counter.in_part,
                rules=tuple(counter.rules),
                total=counter.total,
                people=counter.people,
            )
            for (change, audience, host), counter in self._most_asked_for(MOST_NAMES_TOLD)
        ), left_out

    def _bit_of(self, asker: str) -> int:
        number = self._askers.get(asker)
        if number is None:
            number = len(self._askers)
            if number >= MOST_ASKERS:
                return 1 << MOST_ASKERS
            self._askers[asker] = number
        return 1 << number

    def _most_asked_for(
        self, most: int
    ) -> list[tuple[tuple[Change, Audience, str], _NameCounter]]:
        return sorted(self._names.items(), key=lambda each: (-each[1].requests, each[0]))[:most]

    def _forget_names(self, most: int) -> None:
        kept = self._most_asked_for(most)
        self._names_forgotten += len(self._names) - len(kept)
        self._names.clear()
        self._names.update(kept)
