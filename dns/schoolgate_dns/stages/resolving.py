"""Whoever can be asked what the internet says, and what is held of what they said."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import msgspec

from schoolgate_dns.errors import UpstreamError
from schoolgate_dns.messages import Lookup, Reply


class Resolver(Protocol):
    """Whoever can be asked; `upstream.Upstreams` in the running point."""

    async def resolve(self, lookup: Lookup) -> Reply:
        """Return the reply to *lookup*. Raises UpstreamError."""
        ...


@runtime_checkable
class CallingResolver(Resolver, Protocol):
    """A resolver that needs no task to ask; `upstream.Upstreams` is one."""

    def begin(self, lookup: Lookup, told: Callable[[Reply | UpstreamError | None], None]) -> None:
        """Do what `resolve` does, and tell *told* of it; None is that all is closed."""
        ...


class Held(msgspec.Struct, frozen=True, gc=False):
    """
    A reply and for how many whole seconds it has been held.

    If it *is_stale*, its TTLs are `held.STALE_TTL_S` at most and count from now. For *lasts_s*
    whole seconds it may be given again without asking here; asked then, a hot one is fetched
    again before it is over.
    """

    reply: Reply
    age_s: int
    is_stale: bool = False
    lasts_s: int = 0
