"""A firewall's point without a kernel: sets that remember, a small school, clocks in hand."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import msgspec
from dns_world import LESSON, PUPIL, STAFF, source

from schoolgate_firewall.clients import Clients, Ranges
from schoolgate_firewall.devices import Devices
from schoolgate_firewall.judging import Judge
from schoolgate_firewall.keeping import Keeper
from schoolgate_firewall.positions import Positions
from schoolgate_firewall.ranges import IpRange
from schoolgate_firewall.sweeping import Sweeper
from schoolgate_firewall.way_parts import packed, text_of
from schoolgate_firewall.ways_memory import WaysMemory
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.log import Logged
from schoolgate_policyd.netfilter.mappings import Mappings
from schoolgate_policyd.netfilter.neighbours import Link
from schoolgate_policyd.netfilter.sets import Element
from schoolgate_policyd.netfilter.ways import Told, Way, address_way, link_way
from schoolgate_policyd.settings import NetworkSettings

__all__ = ["LESSON", "PUPIL", "STAFF"]

STAFF_RANGE = ip_network("127.0.2.0/24")
PUPIL_LINK = Link(3, bytes.fromhex("020000000110"))
STAFF_LINK = Link(3, bytes.fromhex("020000000210"))
SITE, OTHER_SITE = "192.0.2.80", "192.0.2.81"


def octets(address: str) -> bytes:
    found = packed(address)
    assert found is not None
    return found


def link_to(link: Link, address: str = SITE) -> Way:
    """The way of the device on *link* to *address*."""
    return link_way(link.index, link.mac, octets(address))


def told(client: str, name: str | tuple[str, ...], *ways: Way, lifetime_s: int = 300) -> Told:
    names = (name,) if isinstance(name, str) else name
    return Told(client, names, ways, lifetime_s)


class FakeSets:
    """The kernel's sets: what is in them, and every step in order."""

    def __init__(self) -> None:
        self.held: dict[str, dict[bytes, int | None]] = {}
        self.packets: dict[tuple[str, bytes], int] = {}
        self.steps: list[tuple[str, str, tuple[bytes, ...]]] = []
        self.refusing: frozenset[str] = frozenset()

    def add(self, set_name: str, keys: Sequence[bytes], timeout_s: int | None) -> None:
        self._step("add", set_name, keys)
        self.held.setdefault(set_name, {}).update(dict.fromkeys(keys, timeout_s))

    def remove(self, set_name: str, keys: Sequence[bytes]) -> None:
        self._step("remove", set_name, keys)
        for key in keys:
            self.held.setdefault(set_name, {}).pop(key, None)

    def elements(self, set_name: str) -> list[Element]:
        if set_name in self.refusing:
            raise NetfilterError(f"no {set_name}")
        counted = {key for name, key in self.packets if name == set_name}
        return [
            Element(key, None, self.packets.get((set_name, key), 0), 0)
            for key in {*self.held.get(set_name, {}), *counted}
        ]

    def keys(self, set_name: str) -> set[bytes]:
        return set(self.held.get(set_name, {}))

    def _step(self, what: str, set_name: str, keys: Sequence[bytes]) -> None:
        if set_name in self.refusing:
            raise NetfilterError(f"no {set_name}")
        self.steps.append((what, set_name, tuple(keys)))


class FakeConnections:
    """The kernel's connections; `ended` is every pair that was ended, as texts."""

    def __init__(self) -> None:
        self.ended: list[tuple[str, str]] = []
        self.looks = 0
        self.is_failing = False

    def end_many(
        self, pairs: Collection[tuple[bytes, bytes]], *, only_direct: bool = False
    ) -> int:
        assert only_direct  # what goes by the proxy is the proxy's to end
        self.looks += 1
        if self.is_failing:
            raise NetfilterError("busy")
        self.ended += [(text_of(client), text_of(to)) for client, to in pairs]
        return len(pairs)


class FakeNeighbours:
    """Who is on the gateway's links, and by which address each is known."""

    def __init__(self) -> None:
        self.changes = 0
        self.links: dict[Link, frozenset[bytes]] = {
            PUPIL_LINK: frozenset({octets(PUPIL)}),
            STAFF_LINK: frozenset({octets(STAFF)}),
        }

    def put(self, link: Link, *addresses: str) -> None:
        self.links[link] = frozenset(map(octets, addresses))
        self.changes += 1

    def link_of(self, packed: bytes) -> Link | None:
        return next((link for link, all_ in self.links.items() if packed in all_), None)

    def addresses_of(self, link: Link) -> frozenset[bytes]:
        return self.links.get(link, frozenset())

    def known_as(self, address: str) -> str:
        if ":" not in address:
            return address
        found = packed(address)
        link = None if found is None else self.link_of(found)
        four = [] if link is None else [e for e in self.links[link] if len(e) == 4]
        return text_of(min(four)) if four else address


class FakeLog:
    """The kernel's log."""

    def __init__(self) -> None:
        self.lines: list[Logged] = []
        self.is_failing = False

    def read(self) -> list[Logged]:
        if self.is_failing:
            raise NetfilterError("overrun")
        lines, self.lines = self.lines, []
        return lines


class World:
    """Everything of the point but its sockets, over fakes; *school* is what is in force."""

    def __init__(
        self,
        school: Source | None = None,
        *,
        has_inspection: bool = True,
        trusted: Iterable[IpRange] = (STAFF_RANGE,),
        networks: Iterable[NetworkSettings] = (),
    ) -> None:
        self.moment = LESSON
        self.machine = datetime(2027, 1, 1, 12, 0, tzinfo=UTC)
        self.second = 1000.0
        self.snapshot = compile_snapshot(source() if school is None else school)
        self.sets = FakeSets()
        self.connections = FakeConnections()
        self.neighbours = FakeNeighbours()
        self.devices = Devices(self.neighbours, self.neighbours, Mappings(networks))
        self.memory = WaysMemory()
        self.judge = Judge(lambda: self.snapshot, self.devices, has_inspection=has_inspection)
        self.positions = Positions(self.sets, self.devices.addresses_of)
        self.sweeper = Sweeper(
            self.memory,
            self.judge,
            self.positions,
            self.connections,
            school_now=lambda: self.moment,
            monotonic=lambda: self.second,
        )
        self.clients = Clients(
            self.sets,
            self.judge,
            self.devices,
            Ranges(trusted),
            source=lambda: self.snapshot.source,
            memory=self.memory,
            school_now=lambda: self.moment,
            monotonic=lambda: self.second,
        )
        self.keeper = Keeper(
            self.memory,
            self.judge,
            self.positions,
            self.sweeper,
            clients=self.clients,
            devices=self.devices,
            dump=self._open_ways,
            monotonic=lambda: self.second,
        )

    def answer(self, client: str, name: str | tuple[str, ...], *ways: Way) -> None:
        """Do what DNS does when it answers: open the ways, then tell of them."""
        for way in ways:
            self.sets.held.setdefault(way.set.open_name, {})[way.key] = 300
        self.sweeper.take(told(client, name, *ways))

    async def later(self, **by: float) -> None:
        """Let time pass on every clock, and look."""
        self.moment += timedelta(**by)
        self.machine += timedelta(**by)
        self.second += timedelta(**by).total_seconds()
        await self.keeper.look()

    async def put(self, school: Source) -> None:
        """Put another source in force."""
        self.snapshot = compile_snapshot(school)
        await self.keeper.snapshot_changed()

    def is_open(self, way: Way) -> bool:
        return way.key in self.sets.keys(way.set.open_name)

    def is_judged(self, way: Way) -> bool:
        return way.key in self.sets.keys(way.set.looked_into_name)

    def is_cut(self, way: Way) -> bool:
        return way.key in self.sets.keys(way.set.cut_name)

    def _open_ways(self) -> list[Way]:
        found = []
        for way in [link_to(PUPIL_LINK), address_way(octets(PUPIL), octets(SITE))]:
            found += [Way(way.set, key) for key in self.sets.keys(way.set.open_name)]
        return found


def without_trust(school: Source) -> Source:
    """The same school, whose devices do not trust its authority."""
    networks = tuple(
        msgspec.structs.replace(each, inspectable=False) for each in school.register.networks
    )
    register = msgspec.structs.replace(school.register, networks=networks)
    return msgspec.structs.replace(school, register=register)
