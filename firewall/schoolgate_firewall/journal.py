"""
What DNS told the point, kept for the process that comes after it.

Two files in the point's folder below /run: memory, which no power cut, boot or backup keeps. Each
datagram is appended with the second in which it came, and nothing is fsynced: what was written
outlives the process. When the newer file is full or old it takes the place of the older one, so
what is over goes by itself, and the oldest first where there is too much. A clean stop leaves
them, since a restart for an upgrade is one, and lessons go on over it.

Nothing depends on it: what is not in it is a way of which nobody knows the name.
"""

import contextlib
import os
import stat
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from struct import Struct

import msgspec
import structlog

from schoolgate_policyd import kernel_clock
from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.ways import (
    LONGEST_TOLD,
    Told,
    datagram_of,
    decode_told,
    encode_told,
)
from schoolgate_policyd.shared_folders import PRIVATE_FILE, PRIVATE_FOLDER

# As long as DNS opens a way (`schoolgate_dns.finished.egress.LIFETIME_S`), and a minute. What
# calls itself longer-lived is not ours.
KEPT_S = 1_080
# A school of a thousand devices tells some six megabytes in that time.
MOST_OCTETS = 8 * 1024 * 1024
_HEAD = Struct(">IId")  # length, CRC-32 of what follows it, the second
_CHECKED_FROM = 8
_FLAGS = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK

log = structlog.get_logger(__name__)


class Telling(msgspec.Struct, frozen=True):
    """What was told at *second*, of a clock that all processes since one boot share."""

    second: float
    told: Told

    @property
    def until(self) -> float:
        """The second until which its ways last."""
        return self.second + self.told.lifetime_s


class Journal:
    """
    The journal at *path* and beside it, of one boot.

    `failures` counts what could not be written; the first of them is logged.
    """

    def __init__(
        self,
        path: Path,
        monotonic: Callable[[], float],
        *,
        boot: str | None = None,
        most_octets: int = MOST_OCTETS,
    ) -> None:
        self.failures = 0
        self._path = path
        self._older = path.with_name(f"{path.name}.before")
        self._monotonic = monotonic
        self._title = f"schoolgate told 1 {boot or kernel_clock.boot_id()}\n".encode()
        self._most_octets = most_octets
        self._descriptor: int | None = None
        self._octets = 0
        self._begun_at = 0.0

    def read(self) -> list[Telling]:
        """Return what earlier processes of this boot were told that may last, oldest first."""
        found: list[Telling] = []
        left_out = 0
        for path in (self._older, self._path):
            for telling in self._read_file(path):
                if telling is None:
                    left_out += 1
                else:
                    found.append(telling)
        if left_out:
            log.warning("the journal of ways is not whole, the rest is read", left_out=left_out)
        now = self._monotonic()
        return [each for each in found if each.second <= now < each.until]

    def begin(self, tellings: Iterable[Telling]) -> None:
        """Write *tellings* in place of all that is there, and append to them from now on."""
        self.close()
        # What is not taken over must not be read by whoever comes next.
        self._remove(self._older)
        content = [_record(datagram_of([encode_told(t.told)]), t.second) for t in tellings]
        if not self._begin_file(content):
            self._remove(self._path)

    def note(self, datagrams: Sequence[bytes]) -> None:
        """Append what was heard now."""
        now = self._monotonic()
        self._append([_record(each, now) for each in datagrams])

    def tick(self) -> None:
        """Let go what is over; call it about every second."""
        if self._descriptor is None or self._monotonic() - self._begun_at >= KEPT_S:
            self._turn()

    def close(self) -> None:
        """Write no more; what is written stays for the next process."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _append(self, records: Sequence[bytes]) -> None:
        octets = b"".join(records)
        if self._octets + len(octets) > self._most_octets:
            self._turn()
        if self._descriptor is None:
            self.failures += 1
            return
        try:
            is_written = os.write(self._descriptor, octets) == len(octets)
            if not is_written:
                self._failed("there is no room for all of it")
        except OSError as error:
            is_written = False
            self._failed(error.strerror or str(error))
        if is_written:
            self._octets += len(octets)
            return
        try:
            # Behind half a record nothing could be read.
            os.ftruncate(self._descriptor, self._octets)
        except OSError:
            self.close()

    def _turn(self) -> None:
        """Have the newer file take the place of the older one, and begin another."""
        self.close()
        try:
            self._path.replace(self._older)
        except FileNotFoundError:
            pass  # it could not be begun the last time
        except OSError as error:
            self._failed(error.strerror or str(error))
            return
        self._begin_file([])

    def _begin_file(self, records: Sequence[bytes]) -> bool:
        """Write *records* into a file that is *path* once it is whole; whether it is."""
        new = self._path.with_name(f"{self._path.name}.new")
        self._begun_at = self._monotonic()
        with contextlib.ExitStack() as on_failure:
            try:
                self._path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
                self._remove(new)
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | _FLAGS
                descriptor = os.open(new, flags, PRIVATE_FILE)
                on_failure.callback(os.close, descriptor)
                on_failure.callback(self._remove, new)
                octets = b"".join([self._title, *self._newest(records)])
                if os.write(descriptor, octets) != len(octets):
                    self._failed("there is no room for all of it")
                    return False
                new.replace(self._path)
            except OSError as error:
                self._failed(error.strerror or str(error))
                return False
            on_failure.pop_all()
        self._descriptor, self._octets = descriptor, len(octets)
        return True

    def _newest(self, records: Sequence[bytes]) -> list[bytes]:
        """Return as many of *records*, from the last on, as one file may have."""
        room = self._most_octets - len(self._title)
        taken = []
        for each in reversed(records):
            room -= len(each)
            if room < 0:
                break
            taken.append(each)
        return taken[::-1]

    def _read_file(self, path: Path) -> Iterator[Telling | None]:
        """Yield what *path* tells up to where it is torn, and None for what cannot be read."""
        try:
            content = _content_of(path, self._most_octets)
        except FileNotFoundError:
            return
        except OSError as error:
            log.warning("a journal of ways cannot be read", cause=error.strerror or str(error))
            return
        if not content.startswith(self._title):
            # Another boot's, whose seconds are others, or none at all.
            yield None
            return
        start = len(self._title)
        while start < len(content):
            record = _record_at(content, start)
            if record is None:
                yield None
                return
            second, datagram = record
            start += _HEAD.size + len(datagram)
            try:
                tellings = decode_told(datagram)
            except NetfilterError:
                yield None
                continue
            for told in tellings:
                yield Telling(second, told) if told.lifetime_s <= KEPT_S else None

    def _remove(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            self._failed(error.strerror or str(error))

    def _failed(self, cause: str) -> None:
        if not self.failures:
            log.error(
                "the journal of ways cannot be written: after a restart of this process what "
                "is missing there is judged by name",
                path=str(self._path),
                cause=cause,
            )
        self.failures += 1


def _record(datagram: bytes, second: float) -> bytes:
    head = _HEAD.pack(len(datagram), 0, second)
    checksum = zlib.crc32(datagram, zlib.crc32(head[_CHECKED_FROM:]))
    return _HEAD.pack(len(datagram), checksum, second) + datagram


def _record_at(content: bytes, start: int) -> tuple[float, bytes] | None:
    """Return the second and the datagram of the record at *start*, None if it is not whole."""
    if len(content) - start < _HEAD.size:
        return None
    length, checksum, second = _HEAD.unpack_from(content, start)
    end = start + _HEAD.size + length
    if length > LONGEST_TOLD or end > len(content):
        return None
    if zlib.crc32(content[start + _CHECKED_FROM : end]) != checksum:
        return None
    return second, content[start + _HEAD.size : end]


def _content_of(path: Path, most: int) -> bytes:
    """Return at most *most* octets of the file *path*. Raises OSError, also if it is no file."""
    with open(os.open(path, os.O_RDONLY | _FLAGS), "rb") as file:  # noqa: PTH123 - by its descriptor
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("it is no file")
        return file.read(most)
