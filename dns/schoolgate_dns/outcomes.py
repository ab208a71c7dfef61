"""Whoever works out what becomes of a query."""

from collections.abc import Callable, Coroutine
from typing import Any, Protocol, runtime_checkable

from schoolgate_dns.outcome import Outcome


class Outcomes(Protocol):
    """Whoever works on a query; `answering.Answering` in the running point."""

    async def outcome(self, octets: bytes, client: str, *, over_udp: bool) -> Outcome | None:
        """Return what becomes of *octets*, None for silence. Never raises."""
        ...


@runtime_checkable
class CallingOutcomes(Outcomes, Protocol):
    """Outcomes that need no task for an ordinary query."""

    def start(
        self, octets: bytes, client: str, done: Callable[[Outcome | None], None]
    ) -> Coroutine[Any, Any, Outcome | None] | None:
        """
        Do what `outcome` does over UDP, and tell *done* what that returns, perhaps at once.

        Return what has to be awaited for it instead where a call cannot tell. Never raises.
        """
        ...
