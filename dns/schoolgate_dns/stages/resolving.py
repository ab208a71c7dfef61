"""Whoever can be asked what the internet says."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

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
