"""
Makes incidents of events, beside the data path: soon after they are stored, and at every start.

Nothing waits for it. It is told which senders sent something on which days, looks at what is
behind the place that it has reached, and keeps that place with what it made, so a stop at any
moment loses nothing and counts nothing twice.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial

import structlog

from schoolgate_policyd.clock import Clock
from schoolgate_policyd.config import Settings
from schoolgate_policyd.ipc.messages import Blocked, EventBatch
from schoolgate_policyd.rulefiles.gathering_file import load_gathering
from schoolgate_policyd.rulefiles.mistakes import RuleFileErrors
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.event_tail import EventTail, Place
from schoolgate_policyd.store.incident_gathering import IncidentGathering, oldest_to_gather
from schoolgate_policyd.store.incident_rows import day_of

# A page of an app asks for many names within a second: they are taken in together.
SETTLE_S = 1.0
# What failed is tried again, whatever failed.
AGAIN_AFTER_S = 30.0

log = structlog.get_logger(__name__)


class Gatherer:
    """Gathers what *tail* shows into *gathering*; *on_gathered* is told how many it took in."""

    def __init__(
        self,
        tail: EventTail,
        gathering: IncidentGathering,
        machine_clock: Clock,
        *,
        settle_s: float = SETTLE_S,
        on_gathered: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._tail = tail
        self._gathering = gathering
        self._clock = machine_clock
        self._settle_s = settle_s
        self._on_gathered = on_gathered
        self._wanted: dict[Place, set[date]] = {}
        self._is_wanted = asyncio.Event()

    def stored(self, batch: EventBatch) -> None:
        """Note that *batch* has been stored; called on the loop that runs `run`."""
        blocks = (each.event for each in batch.events if isinstance(each.event, Blocked))
        days = {day_of(event.at) for event in blocks}
        if days:
            self._wanted.setdefault((batch.sender, batch.boot), set()).update(days)
            self._is_wanted.set()

    async def run(self) -> None:
        """Gather what came while nobody did, and then what comes, for ever."""
        await self._until_done(self.gather_all)
        while True:
            await self._is_wanted.wait()
            await asyncio.sleep(self._settle_s)
            self._is_wanted.clear()
            wanted, self._wanted = self._wanted, {}
            await self._until_done(partial(self._gather_wanted, wanted))

    def gather_all(self) -> int:
        """Gather everything behind the places that were reached; return how much it was."""
        at = self._clock.now()
        positions = self._gathering.positions()
        first = oldest_to_gather(at, is_first=not positions)
        return sum(
            self._gather(place, days, positions.get(place, 0), at)
            for place, days in self._tail.places(first).items()
        )

    async def _until_done(self, work: Callable[[], int]) -> None:
        while True:
            try:
                taken = await asyncio.to_thread(work)
            except Exception:  # whatever it is, it is tried again: nothing is lost by waiting
                log.exception("events are not gathered into incidents")
                await asyncio.sleep(AGAIN_AFTER_S)
            else:
                self._on_gathered(taken)
                return

    def _gather_wanted(self, wanted: Mapping[Place, set[date]]) -> int:
        positions = self._gathering.positions()
        at = self._clock.now()
        return sum(
            self._gather(place, days, positions.get(place, 0), at)
            for place, days in wanted.items()
        )

    def _gather(self, place: Place, days: set[date], sequence: int, at: datetime) -> int:
        taken = 0
        is_more = True
        while is_more:
            found = self._tail.after(place, sequence, days)
            if not found.events:
                break
            sequence = found.events[-1].sequence
            taken += self._gathering.gather(found.events, {place: sequence}, at=at)
            is_more = found.is_more
        return taken


def open_gatherer(settings: Settings, database: Database, machine_clock: Clock) -> Gatherer | None:
    """Return the school's gatherer; None, which is logged, where its rule file is faulty."""
    try:
        rules = load_gathering(settings.rules_dir)
    except RuleFileErrors as error:
        # The filter must not wait for it: what was not gathered is gathered at the next start.
        log.error("no incidents are gathered, the rule file is faulty", cause=str(error))  # noqa: TRY400 - the cause says all
        return None
    return Gatherer(
        EventTail(settings.events_dir), IncidentGathering(database, rules), machine_clock
    )
