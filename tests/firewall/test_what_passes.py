"""What the ruleset lets through and what it refuses, tried in the kernel with real packets."""

import contextlib
import dataclasses
import ipaddress
import socket
import time
from collections.abc import Callable, Iterator

import pytest
from filter_world import (
    APPLE,
    CLIENT_HELLO,
    FAMILIES,
    INSPECTION,
    INTERCEPT_PORT,
    PLAIN,
    PRINTER_PORT,
    SCHOOLS_CLOUD,
    SHARED,
    WAN,
    WEB_PORT,
    FilterWorld,
    filter_world,
    school_settings,
)

from schoolgate_policyd.config import FirewallMode
from schoolgate_policyd.netfilter.log import PacketLog
from schoolgate_policyd.netfilter.names import LOG_GROUP, ClientSet, Reason

pytestmark = pytest.mark.parametrize("family", FAMILIES)


@pytest.fixture(scope="module")
def built() -> Iterator[FilterWorld]:
    with filter_world(school_settings()) as world:
        yield world


@pytest.fixture
def world(built: FilterWorld) -> Iterator[FilterWorld]:
    yield built
    built.hang_up()


@pytest.fixture
def watching(world: FilterWorld) -> Iterator[FilterWorld]:
    world.load(school_settings(FirewallMode.WATCH))
    yield world
    world.load(school_settings())


@contextlib.contextmanager
def counted(world: FilterWorld, reason: Reason, family: int) -> Iterator[None]:
    """Claim that what is inside is refused to the pupil, and counted, for *reason*."""
    before = world.refusals(reason, world.pupil, family)
    yield
    assert before < world.refusals(reason, world.pupil, family)


# -- ways --


def test_pupils_reach_the_web_where_dns_told_them(world: FilterWorld, family: int) -> None:
    with counted(world, Reason.UNKNOWN_ADDRESS, family):
        assert "refused" == world.tcp(world.pupil, PLAIN[family], 443)

    with world.opened(world.pupil, PLAIN[family]):
        assert "origin" == world.tcp(world.pupil, PLAIN[family], 443)
        assert "origin" == world.tcp(world.pupil, PLAIN[family], 80)


def test_a_way_is_of_one_device_alone(world: FilterWorld, family: int) -> None:
    with world.opened(world.staff, PLAIN[family]):
        assert "refused" == world.tcp(world.pupil, PLAIN[family], 443)


def test_a_way_by_address_is_as_good_as_one_by_link(world: FilterWorld, family: int) -> None:
    way = world.routed_way(world.pupil, PLAIN[family])

    with world.holding(way.set.open_name, way.key):
        assert "origin" == world.tcp(world.pupil, PLAIN[family], 443)


def test_a_shared_address_is_judged_by_name_even_with_a_way(
    world: FilterWorld, family: int
) -> None:
    assert "refused" == world.tcp(world.pupil, SHARED[family], 443)

    with world.opened(world.pupil, SHARED[family]), world.opened(world.staff, SHARED[family]):
        assert "proxy" == world.tcp(world.pupil, SHARED[family], 443)
        assert "proxy" == world.tcp(world.pupil, SHARED[family], 80)
        assert "origin" == world.tcp(world.staff, SHARED[family], 443)


def test_staff_without_a_way_are_judged_by_name_on_the_web_alone(
    world: FilterWorld, family: int
) -> None:
    assert "proxy" == world.tcp(world.staff, PLAIN[family], 443)
    assert "proxy" == world.tcp(world.staff, PLAIN[family], 80)
    assert "refused" == world.tcp(world.staff, PLAIN[family], 22)


def test_staff_with_a_way_use_any_port(world: FilterWorld, family: int) -> None:
    with world.opened(world.staff, PLAIN[family]):
        assert "origin" == world.tcp(world.staff, PLAIN[family], 443)
        assert "origin" == world.tcp(world.staff, PLAIN[family], 22)
        assert "origin" == world.udp(world.staff, PLAIN[family], 443)


def test_pupils_with_a_way_use_the_web_s_ports_alone(world: FilterWorld, family: int) -> None:
    with world.opened(world.pupil, PLAIN[family]):
        with counted(world, Reason.OTHER_PORT, family):
            assert "refused" == world.tcp(world.pupil, PLAIN[family], 22)
        with counted(world, Reason.QUIC, family):
            assert "refused" == world.udp(world.pupil, PLAIN[family], 443)


def test_a_judged_way_leads_everybody_to_the_proxy(world: FilterWorld, family: int) -> None:
    for device in (world.pupil, world.staff):
        way = world.way(device, PLAIN[family])
        with world.holding(way.set.looked_into_name, way.key):
            assert "proxy" == world.tcp(device, PLAIN[family], 443)
            assert "refused" == world.tcp(device, PLAIN[family], 22)


def test_single_clients_differ_from_their_range(world: FilterWorld, family: int) -> None:
    staff, pupil = (
        ipaddress.ip_address(each.address(family)).packed for each in (world.staff, world.pupil)
    )

    with world.holding(f"{ClientSet.CLOSE}{family}", staff):
        assert "refused" == world.tcp(world.staff, PLAIN[family], 443)
    with world.holding(f"{ClientSet.TRUSTED}{family}", pupil):
        assert "proxy" == world.tcp(world.pupil, PLAIN[family], 443)
        with world.holding(f"{ClientSet.CLOSE}{family}", pupil):
            assert "refused" == world.tcp(world.pupil, PLAIN[family], 443)


def test_an_echo_is_sent_where_dns_told(world: FilterWorld, family: int) -> None:
    assert "refused" == world.echo(world.pupil, PLAIN[family])

    with world.opened(world.pupil, PLAIN[family]):
        assert "back" == world.echo(world.pupil, PLAIN[family])


# -- what the first octets say --


@pytest.mark.parametrize(
    ("port", "words", "passes"),
    [
        (443, CLIENT_HELLO, True),
        (443, b"SSH-2.0-OpenSSH_9.2\r\n", False),
        (443, b"\x00\x0e\x38" + bytes(20), False),  # OpenVPN's first packet over TCP
        (443, b"GET / HTTP/1.1\r\n\r\n", False),
        (443, b"\x16\x03\x01\x00\x60\x02" + bytes(90), False),  # a ServerHello
        (443, b"\x16", False),
        (80, b"GET / HTTP/1.1\r\n\r\n", True),
        (80, b"SSH-2.0-OpenSSH_9.2\r\n", False),
        (80, CLIENT_HELLO, False),
    ],
)
def test_a_connection_is_what_its_port_is_for(
    world: FilterWorld, family: int, port: int, words: bytes, passes: bool
) -> None:
    with world.opened(world.pupil, PLAIN[family]):
        connection = world.connect(world.pupil, PLAIN[family], port)
        assert "origin" == world.taker()
        origin = world.accepted()
        before = world.refusals(Reason.OTHER_PROTOCOL, world.pupil, family)

        connection.sendall(words)
        if passes:
            assert words == origin.recv(500)
            # From then on it may say whatever it likes, in both directions.
            connection.sendall(b"\x00more")
            assert b"\x00more" == origin.recv(500)
            origin.sendall(b"answer")
            assert b"answer" == connection.recv(500)
        else:
            with pytest.raises(ConnectionResetError):
                connection.recv(500)
        refused = world.refusals(Reason.OTHER_PROTOCOL, world.pupil, family) - before
        assert refused == (0 if passes else 1)


def test_a_server_that_speaks_first_is_heard_and_its_client_is_not(
    world: FilterWorld, family: int
) -> None:
    with world.opened(world.pupil, PLAIN[family]):
        connection = world.connect(world.pupil, PLAIN[family], 443)
        assert "origin" == world.taker()
        world.accepted().sendall(b"SSH-2.0-server\r\n")
        assert b"SSH-2.0-server\r\n" == connection.recv(100)

        connection.sendall(b"SSH-2.0-client\r\n")

        with pytest.raises(ConnectionResetError):
            connection.recv(100)


def test_staff_may_say_anything_to_where_dns_told_them(world: FilterWorld, family: int) -> None:
    with world.opened(world.staff, PLAIN[family]):
        connection = world.connect(world.staff, PLAIN[family], 443)
        assert "origin" == world.taker()

        connection.sendall(b"SSH-2.0-client\r\n")

        assert b"SSH-2.0-client\r\n" == world.accepted().recv(100)


# -- DNS, the inspection address, the gateway itself --


def test_dns_for_anybody_is_answered_by_ours(world: FilterWorld, family: int) -> None:
    with counted(world, Reason.OTHER_RESOLVER, family):
        assert "dns" == world.udp(world.pupil, PLAIN[family], 53)
    with counted(world, Reason.OTHER_RESOLVER, family):
        assert "dns" == world.tcp(world.pupil, PLAIN[family], 53)


@pytest.mark.parametrize("place", ["inspection", "gateway"])
def test_dns_for_the_gateway_is_no_attempt(world: FilterWorld, family: int, place: str) -> None:
    lan = {4: "10.9.1.1", 6: "fd09:1::1"}
    address = (INSPECTION if place == "inspection" else lan)[family]
    before = world.refusals(Reason.OTHER_RESOLVER, world.pupil, family)

    assert "dns" == world.udp(world.pupil, address, 53)
    assert "dns" == world.tcp(world.pupil, address, 53)
    assert before == world.refusals(Reason.OTHER_RESOLVER, world.pupil, family)


def test_encrypted_dns_of_others_is_refused_to_all(world: FilterWorld, family: int) -> None:
    with world.opened(world.pupil, PLAIN[family]), world.opened(world.staff, PLAIN[family]):
        with counted(world, Reason.ENCRYPTED_DNS, family):
            assert "refused" == world.tcp(world.pupil, PLAIN[family], 853)
        assert "refused" == world.tcp(world.staff, PLAIN[family], 853)
        assert "refused" == world.udp(world.staff, PLAIN[family], 853)


def test_the_inspection_address_is_the_proxy_s(world: FilterWorld, family: int) -> None:
    for device in (world.pupil, world.staff):
        assert "proxy" == world.tcp(device, INSPECTION[family], 443)
        assert "proxy" == world.tcp(device, INSPECTION[family], 80)
        assert "refused" == world.udp(device, INSPECTION[family], 443)
        # Nobody reaches the proxy by naming its port: it would not know for whom they meant it.
        assert "refused" == world.tcp(device, INSPECTION[family], INTERCEPT_PORT)


def test_the_pages_are_for_everybody_and_ssh_for_administration(
    world: FilterWorld, family: int
) -> None:
    assert "web" == world.tcp(world.pupil, INSPECTION[family], WEB_PORT)
    assert "refused" == world.tcp(world.pupil, INSPECTION[family], 22)
    assert "web" == world.tcp(world.staff, INSPECTION[family], 22)


def test_nothing_from_outside_begins(world: FilterWorld, family: int) -> None:
    outside = dataclasses.replace(world.pupil, namespace=world.internet)

    assert world.is_dropped(outside, WAN[family], WEB_PORT)
    assert world.is_dropped(outside, world.pupil.address(family), 445)


# -- tunnels, exceptions, other networks --


@pytest.mark.parametrize("probe", ["tcp", "udp"])
def test_known_tunnels_are_refused_to_all(world: FilterWorld, family: int, probe: str) -> None:
    go: Callable[..., str] = getattr(world, probe)
    port = {"tcp": 1194, "udp": 51820}[probe]
    with world.opened(world.pupil, PLAIN[family]), world.opened(world.staff, PLAIN[family]):
        with counted(world, Reason.TUNNEL, family):
            assert "refused" == go(world.pupil, PLAIN[family], port)
        assert "refused" == go(world.staff, PLAIN[family], port)


def test_time_and_push_services_pass(world: FilterWorld, family: int) -> None:
    assert "origin" == world.tcp(world.pupil, APPLE[family], 5223)
    assert "refused" == world.tcp(world.pupil, PLAIN[family], 5228)

    with world.opened(world.pupil, PLAIN[family]):
        assert "origin" == world.udp(world.pupil, PLAIN[family], 123)
        assert "origin" == world.tcp(world.pupil, PLAIN[family], 5228)


def test_the_school_s_own_exception_is_left_alone_by_the_proxy(
    world: FilterWorld, family: int
) -> None:
    assert "origin" == world.tcp(world.pupil, SCHOOLS_CLOUD[family], 443)
    assert "origin" == world.tcp(world.staff, SCHOOLS_CLOUD[family], 443)
    assert "refused" == world.tcp(world.pupil, SCHOOLS_CLOUD[family], 80)


def test_from_network_to_network_only_exceptions_pass(world: FilterWorld, family: int) -> None:
    pupil = world.pupil.address(family)

    assert "pupil" == world.tcp(world.staff, pupil, PRINTER_PORT)
    assert "refused" == world.tcp(world.staff, pupil, 445)
    with world.opened(world.staff, pupil):
        assert "refused" == world.tcp(world.staff, pupil, 445)


# -- senders --


@contextlib.contextmanager
def pupil_sends_as(world: FilterWorld, address: str, to: str, family: int) -> Iterator[None]:
    """Have the pupil send to *to* from *address*, which is not theirs."""
    run = world.pupil.namespace.must
    whole = f"{address}/{32 if family == 4 else 128}"
    via = {4: "10.9.1.1", 6: "fd09:1::1"}[family]
    world.pupil.namespace.give(whole, "lo")
    run("ip", "route", "replace", to, "via", via, "dev", "lan0", "src", address)
    try:
        yield
    finally:
        run("ip", "route", "delete", to)
        run("ip", "address", "delete", whole, "dev", "lo")


def test_a_sender_of_another_network_or_of_none_is_not_heard(
    world: FilterWorld, family: int
) -> None:
    foreign = {4: ("10.9.2.77", "192.168.7.7"), 6: ("fd09:2::77", "fd77::7")}
    with world.opened(world.pupil, PLAIN[family]):
        for address in foreign[family]:
            with pupil_sends_as(world, address, PLAIN[family], family):
                assert world.is_dropped(world.pupil, PLAIN[family], 443)
        assert "origin" == world.tcp(world.pupil, PLAIN[family], 443)


def test_a_sender_who_is_heard_where_they_belong_is_not_heard_elsewhere(
    world: FilterWorld, family: int
) -> None:
    """Who belongs to an interface is remembered for a minute, of that interface alone."""
    staff = world.staff.address(family)
    with world.opened(world.pupil, PLAIN[family]), world.opened(world.staff, PLAIN[family]):
        assert "origin" == world.tcp(world.staff, PLAIN[family], 443)
        with pupil_sends_as(world, staff, PLAIN[family], family):
            assert world.is_dropped(world.pupil, PLAIN[family], 443)
        assert "origin" == world.tcp(world.staff, PLAIN[family], 443)


# -- the bell --


@pytest.mark.parametrize("kind", ["link", "address"])
def test_a_connection_that_is_cut_ends_at_once(world: FilterWorld, family: int, kind: str) -> None:
    way_of = world.way if kind == "link" else world.routed_way
    way = way_of(world.staff, PLAIN[family])
    with world.opened(world.staff, PLAIN[family]):
        connection = world.connect(world.staff, PLAIN[family], 22)
        assert "origin" == world.taker()

        with world.holding(way.set.cut_name, way.key):
            connection.sendall(b"more")
            with pytest.raises(ConnectionResetError):
                connection.recv(100)


# -- watch mode --


def test_watching_records_and_lets_pass(watching: FilterWorld, family: int) -> None:
    world = watching

    with counted(world, Reason.UNKNOWN_ADDRESS, family):
        assert "origin" == world.tcp(world.pupil, PLAIN[family], 443)
    with counted(world, Reason.TUNNEL, family):
        assert "origin" == world.udp(world.pupil, PLAIN[family], 51820)
    with world.opened(world.pupil, PLAIN[family]), counted(world, Reason.OTHER_PROTOCOL, family):
        connection = world.connect(world.pupil, PLAIN[family], 443)
        assert "origin" == world.taker()
        connection.sendall(b"SSH-2.0-client\r\n")
        assert b"SSH-2.0-client\r\n" == world.accepted().recv(100)


def test_watching_says_of_each_connection_whether_it_went_on(
    watching: FilterWorld, family: int
) -> None:
    """DNS for another resolver is answered here, watching or not."""
    world, told = watching, (Reason.UNKNOWN_ADDRESS, Reason.OTHER_RESOLVER)
    for reason in told:
        world.forget_heard(reason, family)
    with world.gateway.entered():
        log = PacketLog(LOG_GROUP)
    try:
        assert "origin" == world.tcp(world.pupil, PLAIN[family], 443)
        assert "dns" == world.udp(world.pupil, PLAIN[family], 53)

        assert {each.log_prefix(passes=each is Reason.UNKNOWN_ADDRESS) for each in told} == {
            each.prefix for each in log.read()
        }
    finally:
        log.close()


def test_watching_still_answers_dns_and_inspects(watching: FilterWorld, family: int) -> None:
    assert "dns" == watching.udp(watching.pupil, PLAIN[family], 53)
    assert "proxy" == watching.tcp(watching.pupil, INSPECTION[family], 443)
    assert "proxy" == watching.tcp(watching.staff, PLAIN[family], 443)
    assert "refused" == watching.tcp(watching.pupil, INSPECTION[family], INTERCEPT_PORT)


# -- headers, floods, the log --


def test_headers_that_could_hide_a_port_are_refused(world: FilterWorld, family: int) -> None:
    option = {
        4: (socket.IPPROTO_IP, socket.IP_OPTIONS, b"\x01\x01\x01\x00"),
        6: (socket.IPPROTO_IPV6, socket.IPV6_DSTOPTS, bytes([0, 0, 1, 4, 0, 0, 0, 0])),
    }
    with world.opened(world.staff, PLAIN[family]):
        with pytest.raises(ConnectionRefusedError):
            world.connect(world.staff, PLAIN[family], 443, option[family])
        assert "origin" == world.tcp(world.staff, PLAIN[family], 443)


def test_a_device_that_floods_dns_is_cut_short_and_others_are_not(
    world: FilterWorld, family: int
) -> None:
    with world.pupil.namespace.entered():
        flooding = socket.socket(
            {4: socket.AF_INET, 6: socket.AF_INET6}[family], socket.SOCK_DGRAM
        )
    with flooding, counted(world, Reason.DNS_FLOOD, family):
        flooding.connect((INSPECTION[family], 53))
        sent_until = time.monotonic() + 20
        while not world.refusals(Reason.DNS_FLOOD, world.pupil, family):
            assert time.monotonic() < sent_until
            for _ in range(2_000):
                flooding.send(b"probe")
    world.drain()

    assert "dns" == world.udp(world.staff, INSPECTION[family], 53)
    world.drain()


def test_refusals_are_told_to_the_log_and_not_without_end(world: FilterWorld, family: int) -> None:
    world.forget_heard(Reason.UNKNOWN_ADDRESS, family)
    with world.gateway.entered():
        log = PacketLog(LOG_GROUP)
    try:
        before = world.refusals(Reason.UNKNOWN_ADDRESS, world.pupil, family)
        for _ in range(60):
            assert "refused" == world.tcp(world.pupil, PLAIN[family], 443)

        told = [each for each in log.read() if each.prefix == Reason.UNKNOWN_ADDRESS.value]
        assert 60 == world.refusals(Reason.UNKNOWN_ADDRESS, world.pupil, family) - before
        # The first dozen at once; the minute has five seconds a piece for more.
        assert 12 <= len(told) <= 15
        assert {world.pupil.namespace.hardware_of("lan0")} == {each.hardware for each in told}
        assert {443} == {each.destination_port for each in told}
    finally:
        log.close()
