"""policyd's alarm about the clock: an event when a doubt begins and when it ends, and a fault."""

import asyncio
import uuid
from collections import deque
from itertools import count

import structlog

from schoolgate_policyd.clock import Clock, Doubt
from schoolgate_policyd.collaborators import Events
from schoolgate_policyd.in_doubt import LOOK_EVERY_S, Doubtable
from schoolgate_policyd.ipc.messages import EventBatch, Noticed, NumberedEvent, PointKind

SENDER = "policyd"
KIND = "clock"
TRUSTED_AGAIN = "the gateway's clock is trusted again, and the rules of the time of day apply"
_UNTIL_THEN = "until it is trusted again the rules of lessons apply, and no grant opens anything"
# Of a store that fails for long the first words are lost: the newest say how things are.
MOST_UNSTORED = 100

log = structlog.get_logger(__name__)


class ClockAlarm:
    """Tells of every doubt about *clock*, once when it begins and once when it ends."""

    def __init__(self, clock: Doubtable, machine_clock: Clock, events: Events) -> None:
        self._clock = clock
        self._machine_clock = machine_clock
        self._events = events
        self._boot = uuid.uuid4().hex
        self._numbers = count(1)
        self._told: Doubt | None = None
        self._unstored: deque[EventBatch] = deque(maxlen=MOST_UNSTORED)
        self._is_store_failing = False

    @property
    def faults(self) -> tuple[str, ...]:
        """A sentence while nobody knows what time it is."""
        doubt = self._clock.doubt
        return () if doubt is None else (_sentence(doubt),)

    async def run(self, every_s: float = LOOK_EVERY_S) -> None:
        """Look and tell, for ever; what cannot be stored is tried again."""
        while True:
            self.look()
            while self._unstored and await self._store(self._unstored[0]):
                self._unstored.popleft()
            await asyncio.sleep(every_s)

    def look(self) -> None:
        """Take note of a doubt that has begun or ended."""
        doubt = self._clock.doubt
        before, self._told = self._told, doubt
        if (doubt is None) == (before is None):
            return
        if doubt is None:
            log.warning("the school's clock is trusted again")
            self._note(TRUSTED_AGAIN)
        else:
            log.error("the school's clock is doubted", cause=doubt.why)
            self._note(_sentence(doubt))

    def _note(self, evidence: str) -> None:
        at = self._machine_clock.now()
        event = Noticed(at, PointKind.POLICYD, client="", network="", kind=KIND, evidence=evidence)
        numbered = NumberedEvent(next(self._numbers), event)
        self._unstored.append(EventBatch(SENDER, self._boot, (numbered,)))

    async def _store(self, batch: EventBatch) -> bool:
        try:
            await asyncio.to_thread(self._events.append, batch, at=self._machine_clock.now())
        except Exception:  # whatever it is, it is tried again
            if not self._is_store_failing:
                log.exception("the alarm about the clock is not stored")
            self._is_store_failing = True
            return False
        self._is_store_failing = False
        return True


def _sentence(doubt: Doubt) -> str:
    return f"{doubt.why}; {_UNTIL_THEN}"
