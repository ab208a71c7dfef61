"""What a gateway logs of a pupil's packets, in namespaces of this file's."""

import contextlib
import select
import socket
from collections.abc import Iterator
from struct import Struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from netns import Namespace, join, made

from schoolgate_policyd.netfilter import netlink
from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.log import Logged, PacketLog, logged_of
from schoolgate_policyd.netfilter.names import LOG_GROUP, Reason

RULES = f"""
table inet logging {{
  chain heard {{
    type filter hook input priority 0;
    tcp dport 81 log prefix "{Reason.OTHER_PORT}" group {LOG_GROUP} reject with tcp reset
    udp dport 1194 log prefix "{Reason.TUNNEL}" group {LOG_GROUP} drop
  }}
}}
"""
ADDRESSES = {4: ("10.1.0.2", "10.1.0.1"), 6: ("fd00:1::2", "fd00:1::1")}


@pytest.fixture(scope="module")
def net() -> Iterator[tuple[Namespace, Namespace]]:
    with made("gateway", "pupil") as (gateway, pupil):
        join(gateway, "pupils0", pupil, "eth0")
        for family in (4, 6):
            of_pupil, of_gateway = (f"{each}/24" for each in ADDRESSES[family])
            gateway.give(of_gateway, "pupils0")
            pupil.give(of_pupil, "eth0")
        gateway.must("nft", "-f", "-", given=RULES)
        yield gateway, pupil


@pytest.fixture
def log(net: tuple[Namespace, Namespace]) -> Iterator[PacketLog]:
    with net[0].entered():
        opened = PacketLog(LOG_GROUP)
    yield opened
    opened.close()


def read(log: PacketLog, count: int) -> list[Logged]:
    found: list[Logged] = []
    while len(found) < count:
        assert select.select([log], [], [], 5)[0], f"only {len(found)} of {count} were logged"
        found += log.read()
    return found


@pytest.mark.parametrize("family", [4, 6])
def test_who_tried_what_is_read(
    net: tuple[Namespace, Namespace], log: PacketLog, family: int
) -> None:
    gateway, pupil = net
    kind = {4: socket.AF_INET, 6: socket.AF_INET6}[family]
    source, destination = ADDRESSES[family]
    with pupil.entered(), socket.socket(kind, socket.SOCK_DGRAM) as sending:
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection((destination, 81), timeout=5)
        sending.bind((source, 0))
        sending.sendto(b"?", (destination, 1194))
        port = sending.getsockname()[1]

    tried, tunnel = read(log, 2)
    assert (Reason.OTHER_PORT, 6, 81) == (tried.prefix, tried.protocol, tried.destination_port)
    assert (
        Logged(
            Reason.TUNNEL,
            gateway.index_of("pupils0"),
            pupil.hardware_of("eth0"),
            socket.inet_pton(kind, source),
            socket.inet_pton(kind, destination),
            17,
            port,
            1194,
        )
        == tunnel
    )


def test_nothing_is_read_where_nothing_was_logged(log: PacketLog) -> None:
    assert [] == log.read()


@pytest.mark.usefixtures("log")
def test_a_group_that_somebody_reads_is_an_error(net: tuple[Namespace, Namespace]) -> None:
    with net[0].entered(), pytest.raises(NetfilterError, match=f"group {LOG_GROUP}.*EPERM"):
        PacketLog(LOG_GROUP)


def test_a_flood_is_counted_as_one_and_reading_goes_on(
    net: tuple[Namespace, Namespace], log: PacketLog
) -> None:
    log._socket._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with net[1].entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        for _ in range(600):
            sending.sendto(b"?", (ADDRESSES[4][1], 1194))
    assert read(log, 1)
    while log.read():
        pass

    assert log.overruns > 0
    with net[1].entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.sendto(b"?", (ADDRESSES[4][1], 1194))
    assert Reason.TUNNEL == read(log, 1)[0].prefix


PACKET = bytes.fromhex("4500002800000000400600000a010002c0000201") + bytes.fromhex("c35101bb")
ENTRY = (
    bytes(4)
    + netlink.text(10, "other-port")
    + netlink.attribute(4, Struct(">I").pack(3))
    + netlink.attribute(8, b"\0\6\0\0" + b"\2\0\0\0\0\1" + b"\0\0")
    + netlink.attribute(9, PACKET)
)


def test_an_entry_is_read() -> None:
    logged = Logged(
        "other-port",
        3,
        b"\2\0\0\0\0\1",
        bytes([10, 1, 0, 2]),
        bytes([192, 0, 2, 1]),
        6,
        50001,
        443,
    )

    assert logged == logged_of(ENTRY)


def test_an_entry_without_an_interface_or_a_packet_is_read_as_far_as_it_goes() -> None:
    bare = logged_of(bytes(4) + netlink.attribute(9, PACKET))

    assert bare is not None
    assert ("", 0, b"") == (bare.prefix, bare.in_index, bare.hardware)
    assert logged_of(bytes(4) + netlink.text(10, "other-port")) is None


@given(st.data())
def test_spoiled_octets_are_an_entry_or_none_or_an_error(data: st.DataObject) -> None:
    octets = bytearray(ENTRY)
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        entry = logged_of(bytes(octets[: data.draw(st.integers(0, len(octets)))]))
    except NetfilterError:
        return
    if entry is not None:
        assert len(entry.prefix) <= 128
        assert len(entry.hardware) <= 8
        assert {4, 16} >= {len(entry.source), len(entry.destination)}
