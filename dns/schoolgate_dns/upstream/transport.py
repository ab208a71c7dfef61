"""What every way of asking one upstream can do, whether plain, over TLS or over HTTPS."""

from typing import Protocol, runtime_checkable

from schoolgate_dns.messages import Lookup
from schoolgate_dns.upstream.hearing import Heard


class Counts:
    """
    What happened between us and one upstream, since this process began.

    A transport counts *mismatched* (messages that were not the answer), *late* (answers to
    questions whose time was over, where such can be told) and *tcp* (questions that went over a
    connection since UDP would not do); all others are counted by `Upstreams`.
    """

    __slots__ = ("answered", "asked", "failovers", "late", "mismatched", "tcp", "timeouts")

    def __init__(self) -> None:
        self.asked = 0
        self.answered = 0
        self.timeouts = 0
        self.mismatched = 0
        self.late = 0
        self.failovers = 0
        self.tcp = 0

    def as_dict(self) -> dict[str, int]:
        """Return every count by its name."""
        return {name: getattr(self, name) for name in self.__slots__}


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
