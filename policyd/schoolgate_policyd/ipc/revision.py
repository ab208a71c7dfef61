"""A revision, and what one point has of it."""

import asyncio
from dataclasses import dataclass, field
from functools import cached_property

from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.ipc.frames import encode_frame
from schoolgate_policyd.ipc.last_snapshot import digest_of
from schoolgate_policyd.ipc.messages import (
    Direction,
    FullSnapshot,
    InForceEverywhere,
    LiveChanged,
    PointKind,
)


@dataclass(frozen=True)
class Revision:
    """*source* as made from the store's *store_version*; *is_full* when more than live changed."""

    source: Source
    store_version: int
    direction: Direction
    is_full: bool

    @property
    def number(self) -> int:
        """The revision's number."""
        return self.source.number

    @cached_property
    def digest(self) -> str:
        """What a point says that has this very source."""
        return digest_of(self.source)

    @cached_property
    def full_frame(self) -> bytes:
        """The frame with the whole source, made once for all points."""
        return encode_frame(FullSnapshot(self.source))

    @cached_property
    def live_frame(self) -> bytes:
        """The frame with the live state alone."""
        return encode_frame(LiveChanged(self.number, self.source.live))


@dataclass
class Point:
    """A point that has said hello: what it acknowledged, and what it is still to be sent."""

    kind: PointKind
    name: str
    pid: int = 0
    is_connected: bool = True
    acknowledged: int = 0
    waiting_since: float | None = None
    meant_for: int = 0
    told_in_force: int = 0
    has_due: asyncio.Event = field(default_factory=asyncio.Event)
    _revision: Revision | None = None
    _is_full: bool = False
    _in_force: int = 0

    def make_due(self, revision: Revision, *, is_full: bool) -> None:
        """
        Have *revision* sent next, whole or its live state alone.

        It replaces one that was not taken yet: a slow point gets the newest, not a queue.
        """
        self._is_full = is_full or (self._revision is not None and self._is_full)
        self._revision = revision
        self.meant_for = revision.number
        self.has_due.set()

    def tell_in_force(self, number: int) -> None:
        """Have the point told that *number* is in force everywhere."""
        self.told_in_force = self._in_force = number
        self.has_due.set()

    def take_due(self) -> list[bytes]:
        """Return the frames to write now."""
        frames = []
        if self._revision is not None:
            frames.append(
                self._revision.full_frame if self._is_full else self._revision.live_frame
            )
        if self._in_force:
            frames.append(encode_frame(InForceEverywhere(self._in_force)))
        self._revision = None
        self._in_force = 0
        self.has_due.clear()
        return frames
