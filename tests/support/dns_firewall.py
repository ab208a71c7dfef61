"""A firewall in the test's hands: who is on its links, what is open, what its point hears."""

from collections.abc import Hashable, Iterable, Sequence

from schoolgate_dns.addresses import address_of, packed_address
from schoolgate_dns.finished.egress import AnsweredAddresses
from schoolgate_dns.stages.reach import EVERYWHERE, Reach
from schoolgate_dns.stages.source import Source
from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.neighbours import Link
from schoolgate_policyd.netfilter.ways import Told, Way, address_way, link_way


class FakeLinks:
    """Devices by address: *reach* is of everybody, *devices* and *known* of single addresses."""

    def __init__(self, reach: Reach = EVERYWHERE) -> None:
        self.changes = 0
        self.reach = reach
        self.devices: dict[str, Link] = {}
        self.known: dict[str, str] = {}
        self.are_strangers = False

    def known_as(self, address: str) -> str:
        return self.known.get(address, address)

    def source_at(self, address: str) -> Source:
        return Source(packed_address(address), self.known_as(address), self.devices.get(address))

    def is_still(self, source: Source) -> bool:
        return source == self.source_at(address_of(source.packed))

    def reach_of(self, _source: Source, _network: str) -> Reach:
        return self.reach

    def asker_of(self, source: Source, network: str) -> Hashable:
        if source.link is not None:
            return source.link
        return network if self.are_strangers else source.packed

    def ways_to(
        self, source: Source, _network: str, addresses: Iterable[bytes]
    ) -> tuple[Way, ...]:
        if source.link is not None:
            index, mac = source.link.index, source.link.mac
            return tuple(link_way(index, mac, each) for each in addresses)
        return tuple(
            address_way(source.packed, each)
            for each in addresses
            if len(each) == len(source.packed)
        )


class FakeTeller:
    """Keeps what it is told while somebody is there to hear it."""

    def __init__(self) -> None:
        self.meetings = 0
        self.told: list[Told] = []
        self.is_there = True

    def tell(self, told: Told) -> bool:
        if self.is_there:
            self.told.append(told)
        return self.is_there


class FakeFirewall:
    """
    Opens ways for everybody of whom `links` say that they are held.

    `opened` has what was opened, call by call, with its lifetime; `error` is raised instead.
    """

    def __init__(self, reach: Reach = EVERYWHERE) -> None:
        self.links = FakeLinks(reach)
        self.teller = FakeTeller()
        self.opened: list[tuple[tuple[Way, ...], int]] = []
        self.error: Exception | None = None
        self.egress = AnsweredAddresses(self.links, self._open, self.teller)

    @property
    def reach(self) -> Reach:
        """What everybody can reach."""
        return self.links.reach

    @property
    def ways(self) -> list[bytes]:
        """The keys of all ways that were opened, in order."""
        return [way.key for ways, _ in self.opened for way in ways]

    @property
    def names(self) -> list[tuple[str, ...]]:
        """The names that its point was told."""
        return [told.names for told in self.teller.told]

    def fail(self) -> None:
        """Open nothing any more."""
        self.error = NetfilterError("the kernel has no such set")

    def _open(self, ways: Sequence[Way], lifetime_s: int) -> None:
        if self.error is not None:
            raise self.error
        self.opened.append((tuple(ways), lifetime_s))
