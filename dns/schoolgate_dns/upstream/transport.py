"""What every way of asking one upstream can do, whether plain, over TLS or over HTTPS."""

from typing import Protocol, runtime_checkable

from schoolgate_dns.messages import Lookup
from schoolgate_dns.upstream.counts import Counts
from schoolgate_dns.upstream.hearing import Heard


class Transport(Protocol):
    """
    One upstream and the way to it; made with *timeout_s*, which bounds each call.

    *name* is what people call it in the configuration (`9.9.9.9:53`, `tls://9.9.9.9:853#dns.quad9.net`).
    Where the way *is_proven* nobody can change what it says: encrypted, or within this machine.
    """

    name: str
    counts: Counts
    is_proven: bool

    async def ask(self, lookup: Lookup) -> bytes:
        """
        Return the octets of the reply that matches a query for *lookup*, whatever its rcode.

        It is whole (never truncated), and its id and the case of its question are of no meaning.
        Raises OSError (not reached), TimeoutError (silent; it is an OSError too) or WireError.
        """
        ...

    async def relay(self, octets: bytes) -> bytes:
        """
        Return the reply to a whole message, passed on as it is but for an id of our own.

        It goes over TCP or TLS; the reply has the id that *octets* came with. Every other octet
        stays as it is, both ways, since a signature may cover it. Raises as `ask` does.
        """
        ...

    async def close(self) -> None:
        """Give up what is waiting and close every connection."""
        ...


@runtime_checkable
class CallingTransport(Transport, Protocol):
    """A transport that needs no task to ask a question."""

    def begin(self, lookup: Lookup, heard: Heard) -> None:
        """
        Do what `ask` does, and tell *heard* what that returns or raises.

        It is told exactly once, perhaps before this returns; at `close` it is told None.
        """
        ...
