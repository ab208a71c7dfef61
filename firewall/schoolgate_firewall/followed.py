"""What the point has of the kernel: sets, connections and the log, and who is on its links."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from schoolgate_firewall.clients import Sets
from schoolgate_firewall.devices import Identified, Neighbourhood
from schoolgate_firewall.positions import Connections
from schoolgate_firewall.refused import PacketLog
from schoolgate_policyd.firewall_settings import FirewallSettings
from schoolgate_policyd.netfilter import conntrack, log, sets
from schoolgate_policyd.netfilter.identity import Identities
from schoolgate_policyd.netfilter.names import LOG_GROUP, WaySet
from schoolgate_policyd.netfilter.neighbours import Neighbours
from schoolgate_policyd.netfilter.ways import Way


class FollowedNeighbours(Neighbourhood, Protocol):
    """Neighbours that are followed as they change."""

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Read them and follow them on *loop*. Raises NetfilterError."""
        ...

    def stop(self) -> None:
        """Follow them no more."""
        ...


class FollowedSets(Sets, Protocol):
    """Sets of which it is known when they are others."""

    def table(self) -> int:
        """Return the number of the table that they are in. Raises NetfilterError."""
        ...


class FollowedLog(PacketLog, Protocol):
    """A log that can be waited for."""

    def fileno(self) -> int:
        """Return the descriptor that is readable when something was logged."""
        ...


@dataclass(frozen=True)
class Followed:
    """
    The kernel as the point uses it; *dumping* is a second handle on the sets, for a thread.

    Whoever opens it closes it, by *closing*.
    """

    sets: FollowedSets
    dumping: Sets
    connections: Connections
    packet_log: FollowedLog
    neighbours: FollowedNeighbours
    identities: Identified
    closing: contextlib.ExitStack


def follow_kernel(firewall: FirewallSettings) -> Followed:
    """Return what there is of this machine's kernel. Raises NetfilterError and OSError."""
    with contextlib.ExitStack() as opening:
        own = sets.Sets()
        opening.callback(own.close)
        dumping = sets.Sets()
        opening.callback(dumping.close)
        connections = conntrack.Connections()
        opening.callback(connections.close)
        packet_log = log.PacketLog(LOG_GROUP)
        opening.callback(packet_log.close)
        neighbours = Neighbours(firewall.inside)
        return Followed(
            own,
            dumping,
            connections,
            packet_log,
            neighbours,
            Identities(neighbours),
            opening.pop_all(),
        )


def open_ways(sets_: Sets) -> Iterator[Way]:
    """Yield the ways that are open in the kernel. Raises NetfilterError."""
    for way_set in WaySet:
        for element in sets_.elements(way_set.open_name):
            yield Way(way_set, element.key)
