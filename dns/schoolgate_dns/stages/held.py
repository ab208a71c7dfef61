"""What the internet says: from the cache while its TTL lasts, else from an upstream."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from schoolgate_dns.cache import ReplyCache
from schoolgate_dns.messages import Lookup, Reply


class Resolver(Protocol):
    """Whoever can be asked; `upstream.Upstreams` in the running point."""

    async def resolve(self, lookup: Lookup) -> Reply:
        """Return the reply to *lookup*. Raises UpstreamError."""
        ...


class Held(msgspec.Struct, frozen=True):
    """A reply and for how many whole seconds it has been held."""

    reply: Reply
    age_s: int


class HeldReplies:
    """The cache in front of *resolver*; *monotonic* gives seconds that never go backwards."""

    def __init__(
        self, cache: ReplyCache, resolver: Resolver, monotonic: Callable[[], float]
    ) -> None:
        self._cache = cache
        self._resolver = resolver
        self._monotonic = monotonic

    def get(self, lookup: Lookup) -> Held | None:
        """Return what is held, None if an upstream has to be asked."""
        found = self._cache.get(lookup, self._monotonic())
        return None if found is None else Held(*found)

    async def fetch(self, lookup: Lookup) -> Held:
        """Return what an upstream says. Raises UpstreamError."""
        reply = await self._resolver.resolve(lookup)
        self._cache.put(lookup, reply, self._monotonic())
        return Held(reply, 0)
