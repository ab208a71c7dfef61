"""Two devices on a link of a gateway's, and a link elsewhere, in namespaces of this file's."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address

import pytest
from netns import Namespace, join, made

from schoolgate_policyd.netfilter.identity import Identities
from schoolgate_policyd.netfilter.neighbours import Link, Neighbours

PUPILS = "pupils0"


class Net:
    """A gateway with two interfaces and a device on each."""

    def __init__(self, gateway: Namespace, pupil: Namespace, staff: Namespace) -> None:
        self.gateway, self.pupil, self.staff = gateway, pupil, staff
        self.link = Link(gateway.index_of(PUPILS), pupil.hardware_of("eth0"))

    def neighbour(self, action: str, address: str, *, mac: bytes | None = None) -> None:
        """Have the gateway's kernel know *address* on the pupils' link, or not."""
        hardware = () if mac is None else ("lladdr", mac.hex(":"), "nud", "stale")
        self.gateway.must("ip", "neighbour", action, address, *hardware, "dev", PUPILS)


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with made("gateway", "pupil", "staff") as (gateway, pupil, staff):
        join(gateway, PUPILS, pupil, "eth0")
        join(gateway, "staff0", staff, "eth0")
        for namespace, device, *addresses in (
            (gateway, PUPILS, "10.1.0.1/24", "fd00:1::1/64"),
            (gateway, "staff0", "10.2.0.1/24", "fd00:2::1/64"),
            (pupil, "eth0", "10.1.0.2/24", "fd00:1::2/64", "fd00:1::3/64"),
            (staff, "eth0", "10.2.0.2/24", "fd00:2::2/64"),
        ):
            for address in addresses:
                namespace.give(address, device)
        yield Net(gateway, pupil, staff)


@contextlib.contextmanager
def following(net: Net, *interfaces: str) -> Iterator[Neighbours]:
    """Follow by hand, inside the gateway: each test reads, as the loop would."""
    loop = asyncio.new_event_loop()
    followed = Neighbours(interfaces)
    with net.gateway.entered():
        try:
            followed.start(loop)
            yield followed
        finally:
            followed.stop()
            loop.close()


@pytest.fixture
def neighbours(net: Net) -> Iterator[Neighbours]:
    net.gateway.must("ip", "neighbour", "flush", "all")
    with following(net) as followed:
        yield followed


def packed(address: str) -> bytes:
    return ip_address(address).packed


def say_something(sender: Namespace, source: str, destination: str) -> None:
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    with sender.entered(), socket.socket(family, socket.SOCK_DGRAM) as sending:
        sending.bind((source, 0))
        sending.sendto(b"?", (destination, 53))


def test_who_says_something_is_known_at_once(net: Net, neighbours: Neighbours) -> None:
    """Before the loop had a chance to read what the kernel said about it."""
    assert neighbours.link_of(packed("10.1.0.2")) is None
    net.pupil.must("ip", "neighbour", "flush", "all")
    with net.gateway.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as heard:
        heard.bind(("10.1.0.1", 53))
        say_something(net.pupil, "10.1.0.2", "10.1.0.1")
        heard.settimeout(5)
        heard.recv(1)

        assert net.link == neighbours.link_of(packed("10.1.0.2"))


def test_a_device_is_one_whatever_its_addresses(net: Net, neighbours: Neighbours) -> None:
    for address in ("10.1.0.2", "fd00:1::2", "fd00:1::3"):
        net.neighbour("replace", address, mac=net.link.mac)
    neighbours.read()

    assert {packed("10.1.0.2"), packed("fd00:1::2"), packed("fd00:1::3")} == (
        neighbours.addresses_of(net.link)
    )
    identities = Identities(neighbours)
    assert identities.known_as("fd00:1::2") == "10.1.0.2"
    assert identities.known_as("FD00:1:0::3") == "10.1.0.2"
    assert identities.known_as("10.1.0.2") == "10.1.0.2"


def test_what_was_there_before_the_start_is_known(net: Net) -> None:
    net.gateway.must("ip", "neighbour", "flush", "all")
    net.neighbour("replace", "fd00:1::9", mac=net.link.mac)
    with following(net) as followed:
        assert {packed("fd00:1::9")} == followed.addresses_of(net.link)


def test_the_loop_follows_the_changes(net: Net) -> None:
    async def follow() -> None:
        followed = Neighbours()
        with net.gateway.entered():
            followed.start(asyncio.get_running_loop())
        net.neighbour("replace", "10.1.0.77", mac=net.link.mac)
        await until(lambda: packed("10.1.0.77") in followed.addresses_of(net.link))
        known = followed.changes
        net.neighbour("delete", "10.1.0.77")
        await until(lambda: followed.changes > known)
        assert followed.link_of(packed("10.1.0.77")) is None
        followed.stop()

    asyncio.run(follow())


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - what changes is the kernel's, which sets no event
            await asyncio.sleep(0.005)


def test_an_address_of_another_network_is_nobodys(net: Net, neighbours: Neighbours) -> None:
    """A pupil's device that says by ARP that it has a teacher's address is not the teacher's."""
    net.neighbour("replace", "10.2.0.2", mac=net.link.mac)
    net.neighbour("replace", "fd00:1::2", mac=net.link.mac)
    neighbours.read()

    assert {packed("fd00:1::2")} == neighbours.addresses_of(net.link)
    assert neighbours.link_of(packed("10.2.0.2")) is None
    assert Identities(neighbours).known_as("fd00:1::2") == "fd00:1::2"


def test_a_network_that_the_gateway_gets_later_counts(net: Net, neighbours: Neighbours) -> None:
    net.neighbour("replace", "10.3.0.2", mac=net.link.mac)
    assert neighbours.link_of(packed("10.3.0.2")) is None
    net.gateway.give("10.3.0.1/24", PUPILS)

    assert net.link == neighbours.link_of(packed("10.3.0.2"))
    net.gateway.must("ip", "address", "delete", "10.3.0.1/24", "dev", PUPILS)
    neighbours.read()
    assert neighbours.link_of(packed("10.3.0.2")) is None


def test_who_fails_to_answer_is_nobody(net: Net, neighbours: Neighbours) -> None:
    net.neighbour("replace", "fd00:1::2", mac=net.link.mac)
    assert net.link == neighbours.link_of(packed("fd00:1::2"))
    net.gateway.must("ip", "neighbour", "change", "fd00:1::2", "nud", "failed", "dev", PUPILS)
    neighbours.read()

    assert neighbours.link_of(packed("fd00:1::2")) is None


def test_only_the_named_interfaces_count(net: Net) -> None:
    net.neighbour("replace", "fd00:1::2", mac=net.link.mac)
    mac = net.staff.hardware_of("eth0")
    of_staff = ("10.2.0.2", "lladdr", mac.hex(":"), "nud", "stale", "dev", "staff0")
    net.gateway.must("ip", "neighbour", "replace", *of_staff)
    with following(net, "staff0") as followed:
        assert followed.link_of(packed("fd00:1::2")) is None
        assert Link(net.gateway.index_of("staff0"), mac) == followed.link_of(packed("10.2.0.2"))


def test_after_more_changes_than_there_is_room_for_all_is_known(net: Net) -> None:
    """The table is read whole again, and what stands in the queue before it is forgotten."""
    addresses = [f"fd00:1::{number:x}" for number in range(0x100, 0x160)]
    others = bytes.fromhex("020000000009")
    with following(net) as followed:
        assert followed._changed is not None
        followed._changed._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for mac in (net.link.mac, others):
            net.gateway.must("ip", "-batch", "-", given=replacing(addresses, mac))
        followed.read()
        followed.read()

        assert {Link(net.link.index, others)} == {followed.link_of(packed(a)) for a in addresses}


def replacing(addresses: list[str], mac: bytes) -> str:
    return "".join(
        f"neighbour replace {address} lladdr {mac.hex(':')} nud stale dev {PUPILS}\n"
        for address in addresses
    )
