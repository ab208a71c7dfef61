"""
Which device a query comes from, and by which ways the firewall lets it go somewhere.

A device on the gateway's own link is known by its hardware address, in both families alike, and
in registers by its IPv4 address. Of one behind another router its address is all that is known,
and its address in the other family where the school's plan maps one to the other.
"""

import socket
from collections.abc import Hashable, Iterable
from typing import Final, Protocol

import structlog

from schoolgate_dns.addresses import packed_address
from schoolgate_dns.stages.reach import EVERYWHERE, HELD, HELD_TO_IPV4, HELD_TO_IPV6, Reach
from schoolgate_dns.stages.source import Source
from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.mappings import Mappings
from schoolgate_policyd.netfilter.neighbour_table import Link
from schoolgate_policyd.netfilter.ways import Way, address_way, link_way

_IPV4_OCTETS: Final = 4
_LOOPBACK_IPV4: Final = 127
_LOOPBACK_IPV6: Final = bytes(15) + b"\1"

log = structlog.get_logger(__name__)


class Neighbourhood(Protocol):
    """Who is on the gateway's links; `netfilter.neighbours.Neighbours` in the running point."""

    @property
    def changes(self) -> int:
        """Grows with every change of what is known."""
        ...

    def link_of(self, packed: bytes) -> Link | None:
        """Return where the device is that has this address. Raises NetfilterError."""
        ...

    def ipv4_of(self, packed: bytes) -> bytes | None:
        """Return by which IPv4 address the device is known that has this address."""
        ...


class KnownAs(Protocol):
    """By which address a device is known; `netfilter.identity.Identities` in the point."""

    def known_as(self, address: str) -> str:
        """Return the address that the device at *address* is known by. Raises NetfilterError."""
        ...


class GatewayLinks:
    """
    The devices of a gateway with a firewall.

    *own* are the gateway's addresses: what it asks for itself goes nowhere through the firewall.
    """

    def __init__(
        self,
        neighbours: Neighbourhood,
        identities: KnownAs,
        mappings: Mappings,
        own: Iterable[str] = (),
    ) -> None:
        self._neighbours = neighbours
        self._identities = identities
        self._mappings = mappings
        self._has_failed = False
        self._own = frozenset({_LOOPBACK_IPV6, *map(packed_address, own)})

    @property
    def changes(self) -> int:
        """A number that is another one whenever another device may have an address."""
        return self._neighbours.changes

    def known_as(self, address: str) -> str:
        """Return the address by which the device at *address* is known."""
        try:
            known_as = self._identities.known_as(address)
        except NetfilterError as error:
            self._note_failure(error)
            known_as = address  # of which registers know less, and so nothing is opened by it
        return self._mappings.known_as(known_as)

    def source_at(self, address: str) -> Source:
        """Return what is known of *address*, which is as registers write it."""
        packed = packed_address(address)
        try:
            link = self._neighbours.link_of(packed)
        except NetfilterError as error:
            self._note_failure(error)
            link = None  # as if it were behind another router
        return Source(packed, self.known_as(address), link)

    def is_still(self, source: Source) -> bool:
        """Whether *source* is what `source_at` would return now; it costs less to ask."""
        packed = source.packed
        try:
            if self._neighbours.link_of(packed) != source.link:
                return False
            # Off the links nobody is known by another address but by the plan, which stays.
            if source.link is None or len(packed) == _IPV4_OCTETS:
                return True
            ipv4 = self._neighbours.ipv4_of(packed)
        except NetfilterError as error:
            self._note_failure(error)
            return False
        if ipv4 is None:
            return ":" in source.known_as
        return source.known_as == socket.inet_ntop(socket.AF_INET, ipv4)

    def reach_of(self, source: Source, network: str) -> Reach:
        """Return what *source*, in the network of that id, can reach."""
        packed = source.packed
        is_ipv4 = len(packed) == _IPV4_OCTETS
        if packed in self._own or (is_ipv4 and packed[0] == _LOOPBACK_IPV4):
            return EVERYWHERE
        has_both = (
            self._mappings.other_of(packed, network) is not None
            if self._mappings.is_routed(network)
            else source.link is not None
        )
        if has_both:
            return HELD
        return HELD_TO_IPV4 if is_ipv4 else HELD_TO_IPV6

    def ways_to(self, source: Source, network: str, addresses: Iterable[bytes]) -> tuple[Way, ...]:
        """Return the ways from *source* to those of *addresses* (packed) that it can reach."""
        is_routed = self._mappings.is_routed(network)
        if source.link is not None and not is_routed:
            index, mac = source.link.index, source.link.mac
            return tuple([link_way(index, mac, each) for each in addresses])
        packed = source.packed
        other = self._mappings.other_of(packed, network) if is_routed else None
        by_length = {len(each): each for each in (packed, other) if each is not None}
        return tuple(
            [
                address_way(by_length[len(each)], each)
                for each in addresses
                if len(each) in by_length
            ]
        )

    def asker_of(self, source: Source, network: str) -> Hashable:
        """
        Return whose share of all ways those of *source*, in the network of that id, are.

        On the gateway's own links anybody can make up senders: those that are no neighbours have
        one share together.
        """
        if self._mappings.is_routed(network):
            return source.known_as
        return network if source.link is None else source.link

    def _note_failure(self, error: NetfilterError) -> None:
        if not self._has_failed:
            # Once, however many queries find it so.
            log.error("devices cannot be told apart any more", cause=str(error))
        self._has_failed = True
