"""
How it is told what became of a question: by a call, as soon as it is known.

A future would cost the loop another round, and a task for each question more than the question.
Where asking takes several steps it is a coroutine, and a task of its own tells how that ended.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from schoolgate_dns.errors import WireError

Outcome = bytes | OSError | WireError | None
"""The reply's octets or what went wrong; None if nobody waits any more, since all is closed."""

Heard = Callable[[Outcome], None]

log = structlog.get_logger(__name__)


def tell[T](heard: Callable[[T], None], outcome: T) -> None:
    """Tell *heard* of *outcome*; a mistake of ours that it meets takes nothing from others."""
    try:
        heard(outcome)
    except Exception:
        # Whatever it is: those who are told in the same turn have a reply of their own.
        log.exception("what came of a question could not be made use of")


class Hearing:
    """Coroutines that ask, each in a task of its own."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, asking: Coroutine[Any, Any, bytes], heard: Heard) -> None:
        """Begin *asking*, and call *heard* once it is over, which may be before this returns."""
        task = asyncio.Task(
            self._told(asking, heard), loop=asyncio.get_running_loop(), eager_start=True
        )
        if not task.done():
            self._tasks.add(task)

    async def close(self) -> None:
        """Give up what is going on."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _told(self, asking: Coroutine[Any, Any, bytes], heard: Heard) -> None:
        outcome: Outcome = None
        try:
            outcome = await asking
        except (OSError, WireError) as error:
            outcome = error
        finally:
            # Here, since a callback of the task's would cost the loop another round.
            task = asyncio.current_task()
            if task is not None:
                self._tasks.discard(task)
            heard(outcome)


async def heard_of(begin: Callable[[Heard], None]) -> bytes:
    """Return the octets that *begin* leads to, or raise what went wrong."""
    future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def heard(outcome: Outcome) -> None:
        if future.done():
            return
        if outcome is None:
            future.cancel()
        elif isinstance(outcome, bytes):
            future.set_result(outcome)
        else:
            future.set_exception(outcome)

    begin(heard)
    return await future
