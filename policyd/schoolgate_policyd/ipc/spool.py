"""
The disk spool: events wait here until policyd has stored them.

A point offers events from any thread; `flush` writes them to the newest segment file, called
often enough that a killed process loses at most 100 ms of them. What was written outlives the
process, not a power cut: nothing is fsynced. A segment is removed when all of it is stored.
Where room grows short, `shares` says whose events are folded into one.
"""

import fcntl
import os
import secrets
import threading
import time
from collections import Counter, deque
from pathlib import Path
from typing import BinaryIO

import structlog

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.ipc import records
from schoolgate_policyd.ipc.messages import Event, EventBatch, NumberedEvent
from schoolgate_policyd.ipc.segments import Segment, segments_in
from schoolgate_policyd.ipc.shares import Folded, Shares

MAX_SPOOL_OCTETS = 64 * 1024 * 1024
MAX_PENDING_EVENTS = 20_000
SEGMENT_OCTETS = 256 * 1024
MAX_EVENT_OCTETS = 64 * 1024
BATCH_EVENTS = 500
# So few are decided on at once that nobody gets far beyond their share.
_DUE_EVENTS = 256

log = structlog.get_logger(__name__)


class SpoolError(SchoolgateError):
    """The spool's folder cannot be used; the message names it and the remedy."""


class Spool:
    """
    The spool of the point named *sender* in `directory/sender`, for one process at a time.

    *boot* names this process's sequence of events. *lost* counts events that were never
    written: too large for any frame. *folded* counts those that were written as one with others
    of their client, since the disk or the memory set aside for them had no room.
    """

    def __init__(
        self,
        directory: Path,
        sender: str,
        *,
        max_octets: int = MAX_SPOOL_OCTETS,
        max_pending: int = MAX_PENDING_EVENTS,
    ) -> None:
        self.sender = sender
        self.boot = _new_boot()
        self.lost = 0
        self.folded = 0
        self._directory = directory / sender
        self._lock = threading.Lock()
        self._pending: deque[Event] = deque()
        self._memory = Shares(max_pending)
        self._disk = Shares(max_octets)
        self._folded = Folded()
        # Taken from those that wait, and to be written however often the disk refuses.
        self._due: deque[Event] = deque()
        self._next_sequence = 1
        self._file: BinaryIO | None = None
        self._is_write_failing = False
        self._lock_file = self._claim()
        self._segments = deque(segments_in(self._directory))
        self._disk.used = sum(segment.octets for segment in self._segments)

    @property
    def octets(self) -> int:
        """What waits on the disk until it is stored."""
        return self._disk.used

    @property
    def pending(self) -> int:
        """How many events are not on the disk yet."""
        return len(self._pending) + len(self._due)

    def offer(self, event: Event) -> None:
        """Take *event* from any thread, without waiting; fold it where there is no room."""
        with self._lock:
            if self._memory.admits(event.client):
                self._memory.add(event.client, 1)
                self._pending.append(event)
            else:
                self._fold(event)

    def flush(self) -> int:
        """Write what was offered to the disk and return how many events that were."""
        written = 0
        self._take_folded(only_long=self._memory.is_pressing or self._disk.is_pressing)
        while self._due or self._take_pending():
            count = self._write_some()
            if not count:
                break
            written += count
        return written

    def next_batch(self) -> EventBatch | None:
        """Return the oldest events that are not stored yet; the same ones until they are."""
        while self._segments:
            segment = self._segments[0]
            events = self._read(segment)
            if events:
                return EventBatch(self.sender, segment.boot, tuple(events))
            if self._is_open(segment) and segment.stored_octets < segment.octets:
                # Unreadable although this process wrote it: go on in a new file.
                log.error("spool segment unreadable", path=str(segment.path))
            self._remove_first()
        return None

    def stored(self, boot: str, sequence: int) -> None:
        """Forget the events of *boot* up to *sequence*, which policyd has stored."""
        if not self._segments or self._segments[0].boot != boot:
            return
        segment = self._segments[0]
        ends = [end for number, end in segment.sent if number <= sequence]
        segment.stored_octets = max([segment.stored_octets, *ends])
        if segment.stored_octets >= segment.octets:
            self._remove_first()

    def close(self) -> None:
        """Write what was offered and let another process have the folder."""
        self.flush()
        # At most one event for each client, so a disk that is full holds these few as well.
        self._take_folded(only_long=False)
        self._write_some()
        self._close_file()
        self._lock_file.close()

    def _claim(self) -> BinaryIO:
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock_file = (self._directory / "lock").open("ab")
        except OSError as error:
            raise SpoolError(f"{self._directory}: cannot be used: {error.strerror}") from error
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock_file.close()
            raise SpoolError(
                f"{self._directory}: is in use, so `{self.sender}` already runs; stop it first"
            ) from error
        return lock_file

    def _is_open(self, segment: Segment) -> bool:
        return self._file is not None and segment is self._segments[-1]

    def _fold(self, event: Event) -> None:
        if not self._folded:
            log.error("no room for every event: told as sums", folder=str(self._directory))
        self.folded += 1
        self._folded.fold(event)

    def _take_folded(self, *, only_long: bool) -> None:
        if self._folded and not self._disk.is_full:
            with self._lock:
                self._due.extend(self._folded.take(only_long=only_long))

    def _take_pending(self) -> bool:
        """Decide for what waits whether it is written; return whether there is such an event."""
        with self._lock:
            while self._pending and len(self._due) < _DUE_EVENTS:
                event = self._pending.popleft()
                self._memory.remove(event.client, 1)
                if self._disk.admits(event.client):
                    self._due.append(event)
                else:
                    self._fold(event)
        return bool(self._due)

    def _write_some(self) -> int:
        """Write what is due, a segment's worth; return 0 when the disk refuses."""
        chunk = bytearray()
        octets_of = Counter[str]()
        count = oversized = 0
        for event in self._due:
            record = records.encode(NumberedEvent(self._next_sequence + count, event))
            count += 1
            if len(record) <= MAX_EVENT_OCTETS:
                chunk += record
                octets_of[event.client] += len(record)
            else:
                oversized += 1
            if len(chunk) >= SEGMENT_OCTETS:
                break
        try:
            self._append(chunk, octets_of)
        except OSError as error:
            if not self._is_write_failing:
                log.error("events cannot be spooled", cause=str(error))  # noqa: TRY400 - the cause says all
            self._is_write_failing = True
            return 0
        self._is_write_failing = False
        if oversized:
            self.lost += oversized
            log.error("lost events that are too large", count=oversized)
        self._next_sequence += count
        for _ in range(count):
            self._due.popleft()
        return count

    def _append(self, chunk: bytearray, octets_of: Counter[str]) -> None:
        """Append *chunk* to the newest segment. Raises OSError; nothing is half written then."""
        if self._file is None or self._segments[-1].octets >= SEGMENT_OCTETS:
            self._close_file()
            path = self._directory / f"{self.boot}.{self._next_sequence:012}.events"
            self._file = path.open("wb", buffering=0)
            path.chmod(0o600)
            self._segments.append(Segment(path, self.boot, 0))
        segment = self._segments[-1]
        try:
            rest = memoryview(chunk)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            os.ftruncate(self._file.fileno(), segment.octets)
            self._file.seek(segment.octets)
            raise
        segment.octets += len(chunk)
        segment.octets_of.update(octets_of)
        for client, octets in octets_of.items():
            self._disk.add(client, octets)

    def _read(self, segment: Segment) -> list[NumberedEvent]:
        segment.sent.clear()
        events = []
        try:
            with segment.path.open("rb") as file:
                file.seek(segment.stored_octets)
                content = file.read(segment.octets - segment.stored_octets)
        except OSError as error:
            log.error("spool segment unreadable", path=str(segment.path), cause=str(error))  # noqa: TRY400 - the cause says all
            return []
        for event, end in records.decode_all(content, BATCH_EVENTS):
            events.append(event)
            segment.sent.append((event.sequence, segment.stored_octets + end))
        if not self._is_open(segment) and len(events) < BATCH_EVENTS:
            # A torn or damaged end will not get better: the segment ends before it.
            end = segment.sent[-1][1] if segment.sent else segment.stored_octets
            if end < segment.octets:
                log.warning("spool segment torn", path=segment.path.name, at_octet=end)
                self._disk.used -= segment.octets - end
                segment.octets = end
        return events

    def _remove_first(self) -> None:
        segment = self._segments[0]
        if self._is_open(segment):
            self._close_file()
        self._segments.popleft()
        self._disk.used -= segment.octets - segment.octets_of.total()
        for client, octets in segment.octets_of.items():
            self._disk.remove(client, octets)
        try:
            segment.path.unlink(missing_ok=True)
        except OSError as error:
            # It will be delivered once more by the next process, which does no harm.
            log.warning("spool segment not removed", path=segment.path.name, cause=str(error))

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _new_boot() -> str:
    """Return a name for this process's sequence; names sort by machine time, roughly."""
    return f"{time.time_ns() // 1_000:014x}-{secrets.token_hex(4)}"
