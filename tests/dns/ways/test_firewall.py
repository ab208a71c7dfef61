"""With a kernel's own sets and neighbours: an answer is there only when its way is."""

import asyncio
import contextlib
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import dns.message
import msgspec
import pytest
from dns_local import query, reply_to
from dns_world import network, source
from netns import Namespace, join, made

from schoolgate_dns.addresses import packed_address
from schoolgate_dns.decider import Decider
from schoolgate_dns.process.sockets import open_sockets
from schoolgate_dns.service import Service
from schoolgate_dns.stages.record import Recording
from schoolgate_policyd.clock import MachineClock
from schoolgate_policyd.core.policy import Register
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.dns_settings import DnsSettings
from schoolgate_policyd.firewall_settings import FirewallSettings
from schoolgate_policyd.netfilter.names import WaySet
from schoolgate_policyd.netfilter.sets import Sets
from schoolgate_policyd.netfilter.ways import Told, decode_told, link_way
from schoolgate_policyd.settings import Settings

GATEWAYS, PUPILS = ("10.1.0.1", "fd00:1::1"), ("10.1.0.9", "fd00:1::9")
SITES = (packed_address("192.0.2.1"), packed_address("2001:db8::1"))
RECORDS = {1: "A 192.0.2.1", 28: "AAAA 2001:db8::1"}
KEYS = {
    WaySet.LINK4: "iface_index . ether_addr . ipv4_addr",
    WaySet.LINK6: "iface_index . ether_addr . ipv6_addr",
    WaySet.ADDRESS4: "ipv4_addr . ipv4_addr",
    WaySet.ADDRESS6: "ipv6_addr . ipv6_addr",
}
RULESET = "\n".join(
    ["add table inet schoolgate"]
    + [
        f"add set inet schoolgate {each.open_name} {{ type {key}; flags timeout; }}"
        for each, key in KEYS.items()
    ]
)


class Box:
    """A pupil's device on a gateway's link, with a socket of each family."""

    def __init__(self, pupil: Namespace, gateway: Namespace, folder: Path) -> None:
        self.gateway, self.folder = gateway, folder
        self.index, self.mac = gateway.index_of("pupils0"), pupil.hardware_of("eth0")
        (folder / "firewall").mkdir()
        self.point = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.point.bind(str(self.settings().ways_path))
        with pupil.entered():
            self.asking = tuple(
                socket.socket(each, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
                for each in (socket.AF_INET, socket.AF_INET6)
            )

    def settings(self, upstream_port: int = 53) -> Settings:
        return Settings(
            var_dir=self.folder,
            dns=DnsSettings(
                address=GATEWAYS[0],
                further_addresses=(GATEWAYS[1],),
                port=0,
                upstreams=(f"127.0.0.1:{upstream_port}",),
            ),
            firewall=FirewallSettings(inside=("pupils0",), outside=("lo",)),
            address_ranges=("10.1.0.0/24", "fd00:1::/64"),
        )

    def close(self) -> None:
        for each in (self.point, *self.asking):
            each.close()
        shutil.rmtree(self.folder)

    def open_ways(self) -> dict[WaySet, set[bytes]]:
        with self.gateway.entered():
            sets = Sets()
        try:
            return {
                each: {element.key for element in sets.elements(each.open_name)} for each in KEYS
            }
        finally:
            sets.close()

    def told(self) -> list[Told]:
        told = []
        with contextlib.suppress(BlockingIOError):
            while True:
                told += decode_told(self.point.recv(65_536))
        return told


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with made("pupil", "gateway") as (pupil, gateway):
        join(pupil, "eth0", gateway, "pupils0")
        ends = ((gateway, "pupils0", GATEWAYS), (pupil, "eth0", PUPILS))
        for namespace, device, (four, six) in ends:
            namespace.give(f"{four}/24", device)
            namespace.give(f"{six}/64", device)
        box = Box(pupil, gateway, Path(tempfile.mkdtemp(prefix="sg-", dir="/tmp")))
        yield box
        box.close()


@pytest.fixture(autouse=True)
def _ruleset(box: Box) -> Iterator[None]:
    box.gateway.must("nft", "-f", "-", given=RULESET)
    yield
    box.told()
    box.gateway.must("nft", "flush", "ruleset")
    for state in ("all", "permanent"):
        box.gateway.must("ip", "neigh", "flush", "dev", "pupils0", "nud", state)


class Upstream(asyncio.DatagramProtocol):
    """Knows one address of each family, of every name."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asked = dns.message.from_wire(data).question[0]
        answer = reply_to(data, f"{asked.name} 300 IN {RECORDS[asked.rdtype]}")
        assert isinstance(self._transport, asyncio.DatagramTransport)
        self._transport.sendto(answer.to_wire(), addr)


Ask = Callable[..., Awaitable[dns.message.Message]]


@contextlib.asynccontextmanager
async def serving(box: Box) -> AsyncIterator[tuple[Service, Ask]]:
    """A service in the gateway, and how the pupil's device asks it."""
    loop, now = asyncio.get_running_loop(), MachineClock().now
    upstream, _ = await loop.create_datagram_endpoint(Upstream, local_addr=("127.0.0.1", 0))
    settings = box.settings(upstream.get_extra_info("sockname")[1])
    (sockets,) = open_sockets(settings.dns)
    pupils = network("pupils", "10.1.0.0/24", Audience.PUPIL, DeviceKind.SCHOOL_COMPUTER)
    school = msgspec.structs.replace(source(), register=Register(networks=(pupils,)))
    service = Service(
        settings,
        sockets,
        Decider(compile_snapshot(school)),
        Recording(lambda _event: None, now),
        school_now=now,
        machine_now=now,
    )

    async def ask(name: str, type_: str = "A", *, over_ipv6: bool = False) -> dns.message.Message:
        own = box.asking[over_ipv6]
        own.connect((GATEWAYS[over_ipv6], sockets.port))
        async with asyncio.timeout(5):
            await loop.sock_sendall(own, query(name, type_).to_wire())
            return dns.message.from_wire(await loop.sock_recv(own, 4096))

    await service.start()
    try:
        yield service, ask
    finally:
        await service.stop()
        upstream.close()


def run(box: Box, story: Callable[[Service, Ask], Awaitable[None]]) -> None:
    async def served() -> None:
        async with serving(box) as (service, ask):
            await story(service, ask)

    # The thread is inside all the while, and so is every socket that an upstream is asked by.
    with box.gateway.entered():
        asyncio.run(served())


@pytest.mark.parametrize("over_ipv6", [False, True])
def test_a_device_on_the_link_is_let_to_both_families_over_either(
    box: Box, *, over_ipv6: bool
) -> None:
    async def story(service: Service, ask: Ask) -> None:
        # Its neighbour entries of both families, by which it is known to be one device.
        for each in (False, True):
            await ask("first.example", over_ipv6=each)
        box.told()
        for type_, site in zip(("A", "AAAA"), SITES, strict=True):
            answer = await ask("books.example", type_, over_ipv6=over_ipv6)
            assert 1 == len(answer.answer)
            way = link_way(box.index, box.mac, site)
            assert way.key in box.open_ways()[way.set]
            (told,) = box.told()
            assert (PUPILS[0], ("books.example",), (way,)) == (told.client, told.names, told.ways)
        assert service.firewall is not None
        assert 0 == service.firewall.teller.untold

    run(box, story)


def test_what_is_finished_opens_its_ways_too(box: Box) -> None:
    async def story(service: Service, ask: Ask) -> None:
        for _ in range(2):
            await ask("books.example")
        service.put_in_force(service.reception._in_force)
        await ask("ferns.example")
        box.gateway.must("nft", "flush", "set", "inet", "schoolgate", WaySet.LINK4.open_name)
        answered = service.reception.desk.answered
        while answered == service.reception.desk.answered:
            await ask("books.example")
        assert {link_way(box.index, box.mac, SITES[0]).key} == box.open_ways()[WaySet.LINK4]

    run(box, story)


def test_a_point_that_begins_anew_is_told_of_what_is_finished(box: Box) -> None:
    async def story(service: Service, ask: Ask) -> None:
        for _ in range(2):
            await ask("books.example")
        service.tick()
        box.told()
        box.point.close()
        path = box.settings().ways_path
        path.unlink()
        box.point = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        box.point.bind(str(path))
        service.tick()
        await ask("books.example")
        assert [("books.example",)] == [each.names for each in box.told()]

    run(box, story)


def test_an_address_that_another_device_has_now_is_let_nowhere_by_the_first(box: Box) -> None:
    other = b"\2\0\0\0\0\x77"

    async def story(_service: Service, ask: Ask) -> None:
        await until_open(box, ask, box.mac)
        box.gateway.must(
            *("ip", "neigh", "replace", PUPILS[0], "dev", "pupils0"),
            *("lladdr", other.hex(":"), "nud", "permanent"),
        )
        # What we say goes to the other device; that it may go there stands in the set.
        await until_open(box, ask, other)

    run(box, story)


async def until_open(box: Box, ask: Ask, mac: bytes) -> None:
    """Ask until the way of the device *mac* is open; whether it hears us is not our business."""
    way = link_way(box.index, mac, SITES[0])
    async with asyncio.timeout(5):
        while way.key not in box.open_ways()[way.set]:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await ask("books.example")


def test_without_a_ruleset_there_is_no_answer_that_would_not_work(box: Box) -> None:
    async def story(service: Service, ask: Ask) -> None:
        assert 0 == (await ask("books.example")).rcode()
        box.gateway.must("nft", "flush", "ruleset")
        assert 2 == (await ask("ferns.example")).rcode()
        assert [] == [each for each in box.told() if "ferns.example" in each.names]
        assert service.firewall is not None
        assert 0 < service.firewall.egress.failed
        box.gateway.must("nft", "-f", "-", given=RULESET)
        assert 0 == (await ask("ferns.example")).rcode()

    run(box, story)
