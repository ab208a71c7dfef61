"""Finds points that are silent, and a policyd that answers nothing, and starts them again."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from schoolgate_policyd.ipc.messages import PointStatus, Status
from schoolgate_policyd.settings import component_of

SILENT_AFTER_S = 5.0
LOOK_EVERY_S = 1.0
# A child that was only just started has its own work to do before it answers.
STARTING_TAKES_S = 15.0
MOST_UNANSWERED = 10


class Restartable(Protocol):
    """What is watched: `children.Child`."""

    started_at_s: float
    is_ready: asyncio.Event

    async def restart(self, reason: str) -> None:
        """End the process because of *reason*; another takes its place."""
        ...

    def end_worker(self, pid: int, words: str) -> bool:
        """End *pid*, if the process keeps that running, and show *words*; whether it does."""
        ...


class Watch:
    """
    Watches *children* by name; *ask* gives policyd's status or None, and may block a while.

    The points of a child's workers are named after it: `dns`, `dns-2` and so on. A silent worker
    is ended, and the child, which is there to do so, has another in its place at once.
    """

    def __init__(
        self,
        children: Mapping[str, Restartable],
        ask: Callable[[], Status | None],
        *,
        silent_after_s: float = SILENT_AFTER_S,
        starting_takes_s: float = STARTING_TAKES_S,
    ) -> None:
        self._children = children
        self._ask = ask
        self._silent_after_s = silent_after_s
        self._starting_takes_s = starting_takes_s
        self._unanswered = 0

    async def run(self, every_s: float = LOOK_EVERY_S) -> None:
        """Look again and again until cancelled."""
        while True:
            await asyncio.sleep(every_s)
            await self.look()

    async def look(self) -> None:
        """Restart whatever is silent now."""
        status = await asyncio.to_thread(self._ask)
        if status is None:
            self._unanswered += 1
            if self._unanswered >= MOST_UNANSWERED:
                self._unanswered = 0
                await self._restart("policyd", "gave no answer")
            return
        self._unanswered = 0
        for point in status.points:
            if point.unacknowledged_for_s > self._silent_after_s:
                await self._end(point)

    async def _end(self, point: PointStatus) -> None:
        reason = f"was silent for {point.unacknowledged_for_s:.0f} s"
        # The proxy's workers are each a child of their own, those of DNS are their child's.
        name = point.name if point.name in self._children else component_of(point.name)
        child = self._children.get(name)
        words = f"{point.name} {reason}, started again"
        if child is not None and child.end_worker(point.pid, words):
            return
        # What is gone with its process is the child's to replace, unless it is the child itself
        # or the first of its workers, without which nobody serves.
        if name == point.name:
            await self._restart(name, reason)

    async def _restart(self, name: str, reason: str) -> None:
        child = self._children.get(name)
        if child is None or not child.is_ready.is_set():
            return
        if time.monotonic() - child.started_at_s > self._starting_takes_s:
            await child.restart(reason)
