"""
The disk spool: events wait here until policyd has stored them.

A point offers events from any thread; `flush` writes them to the newest segment file, called
often enough that a killed process loses at most 100 ms of them. What was written outlives the
process, not a power cut: nothing is fsynced. A segment is removed when all of it is stored.
"""

import fcntl
import os
import re
import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import structlog

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.ipc import records
from schoolgate_policyd.ipc.messages import Event, EventBatch, NumberedEvent

MAX_SPOOL_OCTETS = 64 * 1024 * 1024
MAX_PENDING_EVENTS = 20_000
SEGMENT_OCTETS = 256 * 1024
MAX_EVENT_OCTETS = 64 * 1024
BATCH_EVENTS = 500

_SEGMENT_NAME = re.compile(r"(?P<boot>[0-9a-f]{14}-[0-9a-f]{8})\.(?P<first>[0-9]{12})\.events")

log = structlog.get_logger(__name__)


class SpoolError(SchoolgateError):
    """The spool's folder cannot be used; the message names it and the remedy."""


@dataclass(slots=True)
class _Segment:
    """A file of records of one boot; those before *stored_octets* are stored in policyd."""

    path: Path
    boot: str
    octets: int
    stored_octets: int = 0
    sent: list[tuple[int, int]] = field(default_factory=list)  # sequence, end in the file


class Spool:
    """
    The spool of the point named *sender* in `directory/sender`, for one process at a time.

    *boot* names this process's sequence of events. *lost* counts events that were never
    written, because the disk or the memory set aside for them was full.
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
        self._directory = directory / sender
        self._max_octets = max_octets
        self._max_pending = max_pending
        self._pending: deque[Event] = deque()
        self._loss_lock = threading.Lock()
        self._lost_unreported = 0
        self._next_sequence = 1
        self._file: BinaryIO | None = None
        self._is_write_failing = False
        self._lock_file = self._claim()
        self._segments = deque(self._segments_on_disk())
        self._octets = sum(segment.octets for segment in self._segments)

    def offer(self, event: Event) -> None:
        """Take *event* from any thread, without waiting; count it as lost when full."""
        if len(self._pending) >= self._max_pending:
            self._lose(1)
        else:
            self._pending.append(event)

    def flush(self) -> int:
        """Write what was offered to the disk and return how many events that were."""
        written = 0
        while self._pending and not self._is_full():
            count = self._write_some()
            if not count:
                break
            written += count
        if self._is_full() and self._pending:
            dropped = len(self._pending)
            for _ in range(dropped):
                self._pending.popleft()
            self._lose(dropped)
        elif self._lost_unreported and not self._is_write_failing:
            self._report_loss()
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
        if self._lost_unreported:
            self._report_loss()
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

    def _segments_on_disk(self) -> list[_Segment]:
        """Return what earlier boots left, oldest first: a boot's name starts with its time."""
        left = []
        for path in sorted(self._directory.iterdir()):
            name = _SEGMENT_NAME.fullmatch(path.name)
            if name is not None and path.is_file() and not path.is_symlink():
                left.append(_Segment(path, name["boot"], path.stat().st_size))
        return left

    def _is_full(self) -> bool:
        return self._octets >= self._max_octets

    def _is_open(self, segment: _Segment) -> bool:
        return self._file is not None and segment is self._segments[-1]

    def _write_some(self) -> int:
        """Write one segment's worth of pending events; return 0 when the disk refuses."""
        chunk = bytearray()
        count = oversized = 0
        for event in list(self._pending):
            record = records.encode(NumberedEvent(self._next_sequence + count, event))
            count += 1
            if len(record) <= MAX_EVENT_OCTETS:
                chunk += record
            else:
                oversized += 1
            if len(chunk) >= SEGMENT_OCTETS:
                break
        try:
            self._append(chunk)
        except OSError as error:
            if not self._is_write_failing:
                log.error("events cannot be spooled", cause=str(error))  # noqa: TRY400 - the cause says all
            self._is_write_failing = True
            return 0
        self._is_write_failing = False
        if oversized:
            self._lose(oversized)
        self._next_sequence += count
        for _ in range(count):
            self._pending.popleft()
        return count

    def _append(self, chunk: bytearray) -> None:
        """Append *chunk* to the newest segment. Raises OSError; nothing is half written then."""
        if self._file is None or self._segments[-1].octets >= SEGMENT_OCTETS:
            self._close_file()
            path = self._directory / f"{self.boot}.{self._next_sequence:012}.events"
            self._file = path.open("wb", buffering=0)
            path.chmod(0o600)
            self._segments.append(_Segment(path, self.boot, 0))
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
        self._octets += len(chunk)

    def _read(self, segment: _Segment) -> list[NumberedEvent]:
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
                self._octets -= segment.octets - end
                segment.octets = end
        return events

    def _remove_first(self) -> None:
        segment = self._segments[0]
        if self._is_open(segment):
            self._close_file()
        self._segments.popleft()
        self._octets -= segment.octets
        try:
            segment.path.unlink(missing_ok=True)
        except OSError as error:
            # It will be delivered once more by the next process, which does no harm.
            log.warning("spool segment not removed", path=segment.path.name, cause=str(error))

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _lose(self, count: int) -> None:
        with self._loss_lock:
            if not self._lost_unreported:
                log.error(
                    "events are being lost, the spool is full or they are too large",
                    folder=str(self._directory),
                )
            self.lost += count
            self._lost_unreported += count

    def _report_loss(self) -> None:
        with self._loss_lock:
            log.error("lost events", count=self._lost_unreported)
            self._lost_unreported = 0


def _new_boot() -> str:
    """Return a name for this process's sequence; names sort by machine time, roughly."""
    return f"{time.time_ns() // 1_000:014x}-{secrets.token_hex(4)}"
