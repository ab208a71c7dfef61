"""Single clients who are not as their range are in the sets, over both families alike."""

import asyncio
from datetime import timedelta
from ipaddress import ip_network

import msgspec
import pytest
from dns_world import source
from firewall_world import (
    LESSON,
    PUPIL,
    PUPIL_LINK,
    SITE,
    STAFF,
    STAFF_LINK,
    STAFF_RANGE,
    World,
    link_to,
    octets,
)

from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.core.subjects import (
    Audience,
    Device,
    DeviceClaim,
    DeviceKind,
    Network,
    Person,
)
from schoolgate_policyd.netfilter.neighbours import Link
from schoolgate_policyd.settings import NetworkSettings

TEACHER = Person("teacher", Audience.STAFF)
CHILD = Person("child", Audience.PUPIL)
STAFF_IN_PUPILS, PUPIL_IN_STAFF = "127.0.1.20", "127.0.2.20"
SIX = "2001:db8::20"


def school(
    *devices: Device, claims: tuple[DeviceClaim, ...] = (), networks: tuple[Network, ...] = ()
) -> Source:
    plain = source()
    register = msgspec.structs.replace(
        plain.register,
        devices=devices,
        people=(TEACHER, CHILD),
        networks=(*plain.register.networks, *networks),
    )
    return msgspec.structs.replace(plain, register=register, live=Live(claims=claims))


def claim(person: Person, address: str, minutes: int = 45) -> DeviceClaim:
    return DeviceClaim("claim", address, person.id, LESSON + timedelta(minutes=minutes))


def look(world: World) -> None:
    asyncio.run(world.keeper.look())


def test_clients_who_are_as_their_range_are_in_no_set() -> None:
    world = World(school(Device(PUPIL, "tablet"), Device(STAFF, "laptop")))
    look(world)

    assert {} == world.sets.held


def test_a_device_of_the_staff_in_a_range_of_pupils_is_trusted() -> None:
    world = World(school(Device(STAFF_IN_PUPILS, "laptop", owner="teacher")))
    look(world)

    assert {octets(STAFF_IN_PUPILS): None} == world.sets.held["trusted4"]


def test_a_device_of_a_pupil_in_a_range_of_the_staff_is_closely_filtered() -> None:
    world = World(school(Device(PUPIL_IN_STAFF, "tablet", owner="child")))
    look(world)

    assert {octets(PUPIL_IN_STAFF): None} == world.sets.held["close4"]


def test_an_unknown_device_in_a_range_of_the_staff_is_closely_filtered() -> None:
    world = World(school(Device(PUPIL_IN_STAFF, "thing", kind=DeviceKind.UNKNOWN)))
    look(world)

    assert {octets(PUPIL_IN_STAFF): None} == world.sets.held["close4"]


def test_a_claim_that_opens_ends_in_the_kernel_too() -> None:
    guests = Network("guests", "127.0.3.0/24", Audience.VISITOR, DeviceKind.OWN_DEVICE, False)
    world = World(school(claims=(claim(TEACHER, "127.0.3.9"),), networks=(guests,)))
    look(world)
    assert {octets("127.0.3.9"): 45 * 60} == world.sets.held["trusted4"]

    asyncio.run(world.later(minutes=45))
    assert {} == world.sets.held["trusted4"]


def test_a_claim_that_closes_does_not_end_without_us() -> None:
    world = World(school(claims=(claim(CHILD, PUPIL_IN_STAFF),)))
    look(world)
    assert {octets(PUPIL_IN_STAFF): None} == world.sets.held["close4"]

    asyncio.run(world.later(minutes=45))
    assert {} == world.sets.held["close4"]


def test_a_claim_that_lasts_longer_lasts_longer_in_the_kernel() -> None:
    guests = Network("guests", "127.0.3.0/24", Audience.VISITOR, DeviceKind.OWN_DEVICE, False)
    world = World(school(claims=(claim(TEACHER, "127.0.3.9"),), networks=(guests,)))
    look(world)
    asyncio.run(world.put(school(claims=(claim(TEACHER, "127.0.3.9", 60),), networks=(guests,))))

    assert {octets("127.0.3.9"): 60 * 60} == world.sets.held["trusted4"]


@pytest.mark.parametrize(
    ("address", "owner", "kept_in"),
    [(STAFF_IN_PUPILS, "teacher", "trusted"), (PUPIL_IN_STAFF, "child", "close")],
)
def test_a_device_is_the_same_over_ipv6(address: str, owner: str, kept_in: str) -> None:
    world = World(school(Device(address, "device", owner=owner)))
    world.neighbours.put(STAFF_LINK, address, SIX)
    look(world)

    assert {octets(address)} == world.sets.keys(f"{kept_in}4")
    # Whatever is in no range is closely filtered as it is.
    assert ({octets(SIX)} if kept_in == "trusted" else set()) == world.sets.keys(f"{kept_in}6")


def test_a_pupils_ipv6_address_in_a_range_of_the_staff_is_closely_filtered() -> None:
    world = World(trusted=(ip_network("2001:db8::/64"),))
    world.neighbours.put(PUPIL_LINK, PUPIL, SIX)
    world.answer(PUPIL, "lessons.example", link_to(PUPIL_LINK))
    look(world)

    assert {octets(SIX)} == world.sets.keys("close6")


def test_the_end_of_each_claim_behind_one_hardware_address_is_noticed() -> None:
    """As behind a repeater, whose hardware address stands for several devices."""
    guests = Network("guests", "127.0.3.0/24", Audience.VISITOR, DeviceKind.OWN_DEVICE, False)
    second = msgspec.structs.replace(claim(TEACHER, "127.0.3.10", 20), id="second")
    claims = (claim(TEACHER, "127.0.3.9", 90), second)
    world = World(school(claims=claims, networks=(guests,)))
    world.neighbours.put(Link(3, b"\2\0\0\0\0\7"), "127.0.3.9", "127.0.3.10")
    look(world)
    assert {octets("127.0.3.9"), octets("127.0.3.10")} == world.sets.keys("trusted4")

    asyncio.run(world.later(minutes=21))
    assert {octets("127.0.3.9")} == world.sets.keys("trusted4")


def test_a_device_that_comes_later_is_noticed() -> None:
    world = World(school(Device(STAFF_IN_PUPILS, "laptop", owner="teacher")))
    look(world)
    world.neighbours.put(STAFF_LINK, STAFF_IN_PUPILS, SIX)
    asyncio.run(world.later(seconds=1))

    assert {octets(SIX)} == world.sets.keys("trusted6")


def test_whoever_asks_dns_for_the_first_time_is_noticed() -> None:
    world = World(trusted=(ip_network("127.0.1.0/24"),))
    look(world)
    world.answer(PUPIL, "lessons.example", link_to(PUPIL_LINK))
    asyncio.run(world.later(seconds=1))

    assert {octets(PUPIL)} == world.sets.keys("close4")


def test_behind_another_router_the_schools_mapping_says_which_ipv6_address_is_whose() -> None:
    routed = NetworkSettings(
        id="pupils",
        cidr="127.0.1.0/24",
        audience=Audience.PUPIL,
        device=DeviceKind.SCHOOL_COMPUTER,
        inspectable=True,
        is_routed=True,
        ipv6_mapping="2001:db8:64::/96",
    )
    world = World(school(Device(STAFF_IN_PUPILS, "laptop", owner="teacher")), networks=(routed,))
    look(world)

    assert {octets("2001:db8:64::7f00:114")} == world.sets.keys("trusted6")


def test_trust_is_taken_away_before_anything_else_is_changed() -> None:
    devices = (
        Device(STAFF_IN_PUPILS, "laptop", owner="teacher"),
        Device(PUPIL_IN_STAFF, "tablet", owner="child"),
    )
    world = World(school(devices[0]))
    look(world)
    world.sets.steps.clear()
    asyncio.run(world.put(school(devices[1], Device("127.0.1.21", "b", owner="teacher"))))

    assert [("remove", "trusted4"), ("add", "close4"), ("add", "trusted4")] == [
        (what, name) for what, name, _ in world.sets.steps
    ]


def test_connections_of_a_client_who_is_trusted_no_longer_end() -> None:
    world = World(school(Device(STAFF_IN_PUPILS, "laptop", owner="teacher")))
    world.neighbours.put(STAFF_LINK, STAFF_IN_PUPILS)
    way = link_to(STAFF_LINK)
    world.answer(STAFF_IN_PUPILS, "lessons.example", way)
    world.answer(PUPIL, "lessons.example", link_to(PUPIL_LINK))
    look(world)
    asyncio.run(world.put(school()))

    assert [(STAFF_IN_PUPILS, SITE)] == world.connections.ended
    assert world.is_open(way)


def test_what_an_earlier_process_left_is_put_right() -> None:
    world = World(school(Device(STAFF_IN_PUPILS, "laptop", owner="teacher")))
    world.sets.held["trusted4"] = {octets(PUPIL): None}
    world.sets.held["close6"] = {octets(SIX): None}
    look(world)

    assert {octets(STAFF_IN_PUPILS)} == world.sets.keys("trusted4")
    assert set() == world.sets.keys("close6")


@pytest.mark.parametrize("refusing", ["trusted4", "close4"])
def test_what_the_kernel_refused_is_tried_again(refusing: str) -> None:
    world = World(
        school(
            Device(STAFF_IN_PUPILS, "laptop", owner="teacher"),
            Device(PUPIL_IN_STAFF, "tablet", owner="child"),
        )
    )
    world.sets.refusing = frozenset({refusing})
    look(world)
    assert set() == world.sets.keys("trusted4")

    world.sets.refusing = frozenset()
    look(world)
    assert {octets(STAFF_IN_PUPILS)} == world.sets.keys("trusted4")
    assert {octets(PUPIL_IN_STAFF)} == world.sets.keys("close4")


def test_connections_of_a_client_who_is_closely_filtered_from_now_on_end() -> None:
    """Other ports and QUIC were open to it, by ways that stay: only for the web, from now on."""
    world = World(school())
    world.neighbours.put(STAFF_LINK, PUPIL_IN_STAFF)
    way = link_to(STAFF_LINK)
    world.answer(PUPIL_IN_STAFF, "lessons.example", way)
    look(world)
    asyncio.run(world.put(school(claims=(claim(CHILD, PUPIL_IN_STAFF),))))

    assert [(PUPIL_IN_STAFF, SITE)] == world.connections.ended
    assert world.is_open(way)


def test_a_new_address_of_a_closely_filtered_device_ends_nothing_of_its_others() -> None:
    ranges = (STAFF_RANGE, ip_network("2001:db8::/64"))
    world = World(school(Device(PUPIL_IN_STAFF, "tablet", owner="child")), trusted=ranges)
    world.neighbours.put(STAFF_LINK, PUPIL_IN_STAFF)
    world.answer(PUPIL_IN_STAFF, "lessons.example", link_to(STAFF_LINK))
    look(world)
    ended = list(world.connections.ended)
    world.neighbours.put(STAFF_LINK, PUPIL_IN_STAFF, SIX)
    asyncio.run(world.later(seconds=2))

    assert {octets(SIX)} == world.sets.keys("close6")
    assert ended == world.connections.ended


def test_clients_are_told_apart_again_in_a_table_that_was_put_in_place_of_the_last() -> None:
    world = World(school(Device(PUPIL_IN_STAFF, "tablet", owner="child")))
    look(world)
    world.sets.held.clear()
    world.clients.read_anew()
    look(world)

    assert {octets(PUPIL_IN_STAFF)} == world.sets.keys("close4")


def test_connections_of_a_client_end_though_the_kernel_refused_a_step_on_the_way() -> None:
    world = World(school(Device(STAFF_IN_PUPILS, "laptop", owner="teacher")))
    world.neighbours.put(STAFF_LINK, STAFF_IN_PUPILS)
    world.answer(STAFF_IN_PUPILS, "lessons.example", link_to(STAFF_LINK))
    look(world)
    world.sets.refusing = frozenset({"close4"})
    asyncio.run(world.put(school(Device(PUPIL_IN_STAFF, "tablet", owner="child"))))
    assert set() == world.sets.keys("trusted4")

    world.sets.refusing = frozenset()
    look(world)
    assert [(STAFF_IN_PUPILS, SITE)] == world.connections.ended
