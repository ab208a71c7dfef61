"""The firewall as this point uses it, put together: who is on its links, its sets, its point."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from schoolgate_dns.finished.egress import AnsweredAddresses
from schoolgate_dns.ways.links import GatewayLinks, Neighbourhood
from schoolgate_dns.ways.opening import Adds, open_ways
from schoolgate_dns.ways.telling import Teller
from schoolgate_policyd.netfilter.mappings import Mappings
from schoolgate_policyd.netfilter.ways import Way
from schoolgate_policyd.settings import Settings


class FollowedNeighbours(Neighbourhood, Protocol):
    """Neighbours that are followed as they change; `netfilter.neighbours.Neighbours`."""

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Read who is there and follow it on *loop*. Raises NetfilterError."""
        ...

    def stop(self) -> None:
        """Follow no more."""
        ...


class ClosableSets(Adds, Protocol):
    """The kernel's sets; `netfilter.sets.Sets`."""

    def close(self) -> None:
        """Close the socket."""
        ...


class Firewall:
    """What opens ways (*egress*), knows devices (*links*) and tells the firewall's point."""

    def __init__(
        self,
        neighbours: FollowedNeighbours,
        links: GatewayLinks,
        sets: ClosableSets,
        teller: Teller,
    ) -> None:
        self.links = links
        self.teller = teller
        self.egress = AnsweredAddresses(links, self._open, teller)
        self._neighbours = neighbours
        self._sets = sets
        self._met = teller.meetings

    def start(self) -> None:
        """Follow who is on the links, in the running loop. Raises NetfilterError."""
        loop = asyncio.get_running_loop()
        self._neighbours.start(loop)
        self.teller.soon = loop.call_soon

    def tick(self) -> bool:
        """
        Tell the point what waits; call it about every second.

        Return whether it may be another one since the last time, which knows of no way.
        """
        self.teller.tell_waiting()
        met, self._met = self._met, self.teller.meetings
        return met != self._met

    def stop(self) -> None:
        """Open nothing any more."""
        self._neighbours.stop()
        self._sets.close()
        self.teller.close()

    def _open(self, ways: Sequence[Way], lifetime_s: int) -> None:
        open_ways(self._sets, ways, lifetime_s)


def open_firewall(settings: Settings) -> Firewall | None:
    """
    Return the firewall of *settings*, None where there is none.

    Raises NetfilterError and OSError where the kernel cannot be spoken to.
    """
    if settings.firewall is None:
        return None
    # Without a firewall nobody needs what speaks to the kernel, and its memory is spared.
    from schoolgate_policyd.netfilter.identity import Identities  # noqa: PLC0415 - see above
    from schoolgate_policyd.netfilter.neighbours import Neighbours  # noqa: PLC0415 - see above
    from schoolgate_policyd.netfilter.sets import Sets  # noqa: PLC0415 - see above

    neighbours = Neighbours(settings.firewall.inside)
    dns = settings.dns
    links = GatewayLinks(
        neighbours,
        Identities(neighbours),
        Mappings(settings.networks),
        (dns.address, *dns.further_addresses, *dns.inspection_addresses),
    )
    return Firewall(neighbours, links, Sets(), Teller(settings.ways_path))
