"""
Which point has which revision, and who gets the next one first.

A revision that tightens goes to DNS first, one that loosens to the proxy and the firewall first;
the others get it when those have acknowledged, or after a short while whatever happens.
"""

import asyncio
import time
from collections.abc import Callable

from schoolgate_policyd.ipc.messages import Direction, PointKind, PointStatus
from schoolgate_policyd.ipc.revision import Point, Revision

__all__ = ["Point", "Revision", "Rollout"]

FIRST_GROUP_WAIT_S = 0.3
REMEMBERED_VERSIONS = 1000
# A point that lost its connection decides on, and is back within this time unless it is dead.
GONE_AFTER_S = 3.0
# A worker that a new configuration does without never comes back, and nobody waits for it.
FORGOTTEN_AFTER_S = 30.0

# INVARIANT: what DNS opens, proxy and firewall already allow, or they would close it again.
_FIRST = {
    Direction.TIGHTEN: frozenset({PointKind.DNS}),
    Direction.LOOSEN: frozenset({PointKind.PROXY, PointKind.FIREWALL}),
}
_ALL = frozenset(PointKind)


class Rollout:
    """
    Brings revisions to points; every method belongs to one event loop.

    The connection of a point waits for `Point.has_due` and writes `take_due`.
    """

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        self._points: dict[str, Point] = {}
        self._current: Revision | None = None
        self._next: Revision | None = None
        self._last_full = 0
        self._versions: dict[int, int] = {}
        self._has_next = asyncio.Event()
        self._progress = asyncio.Event()

    @property
    def newest(self) -> Revision | None:
        """The newest revision, even when no point was sent it yet."""
        return self._next or self._current

    def publish(self, revision: Revision) -> None:
        """
        Hand *revision* out next; one that is still waiting for its turn is replaced.

        The number must be above all before. Live state is always sent whole, so nothing is
        lost by skipping a number.
        """
        waiting = self._next
        if waiting is not None:
            mixed = waiting.direction is not revision.direction
            revision = Revision(
                revision.source,
                revision.store_version,
                Direction.TIGHTEN if mixed else revision.direction,
                waiting.is_full or revision.is_full,
            )
        self._next = revision
        self.note_version(revision.number, revision.store_version)
        self._has_next.set()

    def note_version(self, number: int, store_version: int) -> None:
        """Record that revision *number* says all that the store's *store_version* does."""
        self._versions[number] = store_version
        while len(self._versions) > REMEMBERED_VERSIONS:
            del self._versions[min(self._versions)]

    async def run(self) -> None:
        """Hand out one revision after another, for ever."""
        while True:
            await self._has_next.wait()
            self._has_next.clear()
            if (revision := self._next) is None:
                continue
            self._next = None
            self._current = revision
            if revision.is_full:
                self._last_full = revision.number
            first = _FIRST[revision.direction]
            self._send_to(first)
            await self._acknowledged_by(first, revision.number, FIRST_GROUP_WAIT_S)
            self._send_to(_ALL)
            self._tell_when_in_force()

    async def wait_everywhere(self, timeout_s: float) -> None:
        """Wait until every connected point has the newest revision, at most *timeout_s*."""
        newest = self.newest
        if newest is not None:
            await self._acknowledged_by(_ALL, newest.number, timeout_s)

    def connect(self, kind: PointKind, name: str, digest: str = "", pid: int = 0) -> Point:
        """
        Return the point *name*, newly connected, with the whole source due to it.

        One that decides with that very source, as *digest* says, has acknowledged it.
        """
        point = self._points[name] = Point(kind, name, pid)
        revision = self._current
        if revision is None:
            return point
        if digest == revision.digest:
            point.meant_for = point.acknowledged = revision.number
            self._look_again()
        else:
            # Whatever its number: a process that starts anew may hold a file that looks right.
            self._hand(point, revision, is_full=True)
        return point

    def disconnect(self, point: Point) -> None:
        """Record that *point*'s connection is over; it counts until it is taken for dead."""
        point.is_connected = False
        point.waiting_since = self._monotonic_s()
        asyncio.get_running_loop().call_later(GONE_AFTER_S, self._look_again)

    def acknowledge(self, point: Point, number: int) -> None:
        """
        Record that revision *number* is in force at *point*.

        A number that was never sent to it says nothing about ours, and is passed over.
        """
        if number > point.meant_for:
            return
        point.acknowledged = number
        if number >= point.meant_for:
            point.waiting_since = None
        self._look_again()

    def statuses(self) -> tuple[PointStatus, ...]:
        """
        Return every point, by name.

        One that is gone for long is left out where another of its kind serves: it was a worker,
        and there are fewer of them now.
        """
        now_s = self._monotonic_s()
        self._forget(now_s - FORGOTTEN_AFTER_S)
        return tuple(
            PointStatus(
                kind=point.kind,
                name=point.name,
                acknowledged=point.acknowledged,
                is_connected=point.is_connected,
                unacknowledged_for_s=(
                    0.0 if point.waiting_since is None else now_s - point.waiting_since
                ),
                pid=point.pid,
            )
            for _, point in sorted(self._points.items())
        )

    def in_force_version(self) -> int:
        """
        Return the newest store version that every point has in force.

        0 while none is connected: then nothing can be said to be in force.
        """
        if not self._connected():
            return 0
        everywhere = min(point.acknowledged for point in self._living())
        newest = max((number for number in self._versions if number <= everywhere), default=0)
        return self._versions.get(newest, 0)

    def _forget(self, gone_before_s: float) -> None:
        served = {point.kind for point in self._connected()}
        for name, point in tuple(self._points.items()):
            since_s = point.waiting_since
            is_gone = not point.is_connected and since_s is not None and since_s < gone_before_s
            if is_gone and point.kind in served:
                del self._points[name]

    def _connected(self) -> list[Point]:
        return [point for point in self._points.values() if point.is_connected]

    def _living(self) -> list[Point]:
        """Return the points that may be deciding: the connected, and those only just gone."""
        gone_before_s = self._monotonic_s() - GONE_AFTER_S
        return [
            point
            for point in self._points.values()
            if point.is_connected
            or (point.waiting_since is not None and point.waiting_since > gone_before_s)
        ]

    def _look_again(self) -> None:
        self._tell_when_in_force()
        self._progress.set()

    def _send_to(self, kinds: frozenset[PointKind]) -> None:
        revision = self._current
        if revision is None:
            return
        for point in self._connected():
            if point.kind in kinds and point.meant_for < revision.number:
                self._hand(point, revision, is_full=point.meant_for < self._last_full)

    def _hand(self, point: Point, revision: Revision, *, is_full: bool) -> None:
        point.make_due(revision, is_full=is_full)
        if point.waiting_since is None:
            point.waiting_since = self._monotonic_s()

    def _tell_when_in_force(self) -> None:
        revision = self._current
        if revision is None or any(
            point.acknowledged < revision.number for point in self._living()
        ):
            return
        for point in self._connected():
            if point.told_in_force < revision.number:
                point.tell_in_force(revision.number)

    async def _acknowledged_by(
        self, kinds: frozenset[PointKind], number: int, timeout_s: float
    ) -> None:
        deadline_s = self._monotonic_s() + timeout_s
        while any(point.kind in kinds and point.acknowledged < number for point in self._living()):
            self._progress.clear()
            left_s = deadline_s - self._monotonic_s()
            if left_s <= 0:
                return
            try:
                await asyncio.wait_for(self._progress.wait(), left_s)
            except TimeoutError:
                return
