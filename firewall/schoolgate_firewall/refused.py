"""
What the firewall refused, told: events for policyd, with exact counts.

The kernel logs a few refusals a second of each device, and counts all of them. What is logged
becomes an event with the address and the reason; what is counted beyond that joins it.
"""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec
import structlog

from schoolgate_firewall.refusals import Refusals
from schoolgate_firewall.tallies import Key, Tallies
from schoolgate_policyd.ipc.liveline import live_line
from schoolgate_policyd.ipc.messages import Event, PointKind
from schoolgate_policyd.ipc.recorder import MANY, Recorder, Seen
from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.log import Logged
from schoolgate_policyd.netfilter.names import PASSES, Reason
from schoolgate_policyd.netfilter.sets import Element

# Counts are read each second while something is refused, and now and then for what was not logged.
BUSY_FOR_S = 5
LOOK_EVERY_S = 30
MOST_TEMPLATES = 10_000
# After a look that took a second, so many go by before the next.
_REST_FOR = 10

log = structlog.get_logger(__name__)


class PacketLog(Protocol):
    """What the kernel logged: `netfilter.log.PacketLog`."""

    def read(self) -> list[Logged]:
        """Return what was logged, without waiting. Raises NetfilterError."""
        ...


class Counts(Protocol):
    """Sets with counters: `netfilter.sets.Sets`."""

    def elements(self, set_name: str) -> list[Element]:
        """Return all elements of a set. Raises NetfilterError."""
        ...


class Refused:
    """
    Hands events to *offer* and lines to *show*.

    *packet_log* and *counts* are the kernel's; *refusals* says who and what each was.
    *machine_now* is the events' time (aware), *zone* the school's, for lines. `unread` counts how
    often the kernel did not answer.
    """

    def __init__(
        self,
        packet_log: PacketLog,
        counts: Counts,
        refusals: Refusals,
        *,
        offer: Callable[[Event], None],
        machine_now: Callable[[], datetime],
        monotonic: Callable[[], float],
        zone: Callable[[], str],
        show: Callable[[str], None] | None = None,
    ) -> None:
        self.unread = 0
        self._packet_log = packet_log
        self._counts = counts
        self._refusals = refusals
        self._offer = offer
        self._machine_now = machine_now
        self._monotonic = monotonic
        self._zone = zone
        self._show = show
        self._recorder = Recorder(PointKind.FIREWALL)
        self._tallies = Tallies()
        # What was logged of a reason and a client in this minute: the one thing, or of many one.
        self._templates: dict[Key, Seen | None] = {}
        self._minute: datetime | None = None
        self._busy_until_s = 0.0
        self._next_busy_s = self._next_idle_s = 0.0

    def begin(self) -> None:
        """Take what is counted now as told: it was before this process."""
        counts = self._read_counts()
        if counts is not None:
            self._tallies.begin_with(counts)

    def read(self) -> None:
        """Take in what the kernel has logged by now."""
        try:
            logged = self._packet_log.read()
        except NetfilterError as error:
            # What is lost of the log is told by the counts.
            self._complain(error)
            return
        for each in logged:
            self._take(each)

    async def tick(self) -> None:
        """Tell what is due; call about every second."""
        now_s = self._monotonic()
        is_busy = now_s < self._busy_until_s or self._tallies.is_owed
        if now_s >= (self._next_busy_s if is_busy else self._next_idle_s):
            # A flood from forged addresses makes long sets, which must not be all our work.
            counts = await asyncio.to_thread(self._read_counts)
            took_s = self._monotonic() - now_s
            self._next_busy_s = now_s + took_s * _REST_FOR
            self._next_idle_s = now_s + LOOK_EVERY_S
            self.read()
            self._tell_rest(counts)
        self._offer_all(self._recorder.tick(self._machine_now()))

    def stop(self) -> None:
        """Tell everything that is left."""
        self.read()
        for _ in range(2):  # what is owed is told when it is owed at two looks
            self._tell_rest(self._read_counts())
        self._offer_all(self._recorder.stop())

    def _take(self, logged: Logged) -> None:
        word, _, became = logged.prefix.partition(" ")
        try:
            reason = Reason(word)
        except ValueError:
            return  # somebody else's line, in our group
        if reason is Reason.QUIC:
            return
        now = self._machine_now()
        self._busy_until_s = self._monotonic() + BUSY_FOR_S
        key = (reason.value, logged.source)
        self._tallies.told(key)
        seen = self._refusals.seen(logged, reason, now, passes=became == PASSES)
        self._keep_template(key, seen, now)
        if seen is not None:
            self._record(seen)

    def _keep_template(self, key: Key, seen: Seen | None, now: datetime) -> None:
        minute = now.replace(second=0, microsecond=0)
        if minute != self._minute or len(self._templates) >= MOST_TEMPLATES:
            self._templates.clear()
            self._minute = minute
        if key not in self._templates:
            self._templates[key] = seen
            return
        other = self._templates[key]
        if seen is None or other is None:
            # Of a help line nothing is told: what is not told apart may be all but that.
            self._templates[key] = other if seen is None else seen
        elif (seen.host, seen.attempt) != (other.host, other.attempt):
            # Nobody is accused of an attempt for what may be all but that.
            attempt = other.attempt if seen.attempt == other.attempt else None
            self._templates[key] = msgspec.structs.replace(other, host=MANY, attempt=attempt)

    def _tell_rest(self, counts: dict[Key, int] | None) -> None:
        if counts is None:
            return
        now = self._machine_now()
        for key, count in self._tallies.look(counts).items():
            self._busy_until_s = self._monotonic() + BUSY_FOR_S
            seen = (
                self._templates[key]
                if key in self._templates
                else self._refusals.seen_of_many(key[1], Reason(key[0]), now)
            )
            if seen is not None:
                self._record(msgspec.structs.replace(seen, at=now, count=count))

    def _read_counts(self) -> dict[Key, int] | None:
        try:
            return {key: element.packets for key, element in self._elements()}
        except NetfilterError as error:
            self._complain(error)
            return None

    def _complain(self, error: NetfilterError) -> None:
        """Log what the kernel refused, the first time."""
        if not self.unread:
            log.error("refusals cannot be read", cause=str(error))
        self.unread += 1

    def _elements(self) -> Iterator[tuple[Key, Element]]:
        for reason in Reason:
            if reason is Reason.QUIC:
                continue
            for family in (4, 6):
                for element in self._counts.elements(reason.count_set(family)):
                    yield (reason.value, element.key), element

    def _record(self, seen: Seen) -> None:
        self._offer_all(self._recorder.record(seen))
        if self._show is not None:
            line = live_line(PointKind.FIREWALL, seen, ZoneInfo(self._zone()), seen.attempt or "")
            if line is not None:
                self._show(line)

    def _offer_all(self, events: list[Event]) -> None:
        for event in events:
            self._offer(event)
