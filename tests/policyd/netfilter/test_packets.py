import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.netfilter.packets import PacketHead, packet_head

S4, D4 = bytes([10, 1, 0, 2]), bytes([192, 0, 2, 1])
S6 = bytes.fromhex("fd000000000000000000000000000002")
D6 = bytes.fromhex("20010db8000000000000000000000001")
PORTS = bytes.fromhex("c35101bb")  # 50001, 443
TCP, UDP, ICMP = 6, 17, 1


def ipv4(protocol: int, rest: bytes, *, words: int = 5, fragment: int = 0) -> bytes:
    head = bytes([0x40 | words, 0, 0, 60, 0, 0, *fragment.to_bytes(2), 64, protocol, 0, 0])
    return head + S4 + D4 + bytes(max(words - 5, 0) * 4) + rest


def ipv6(protocol: int, rest: bytes) -> bytes:
    return bytes([0x60, 0, 0, 0, 0, 40, protocol, 64]) + S6 + D6 + rest


def four(protocol: int, source: int | None, destination: int | None) -> PacketHead:
    return PacketHead(S4, D4, protocol, source, destination)


def six(protocol: int, source: int | None, destination: int | None) -> PacketHead:
    return PacketHead(S6, D6, protocol, source, destination)


@pytest.mark.parametrize(
    ("octets", "head"),
    [
        (ipv4(TCP, PORTS), four(TCP, 50001, 443)),
        (ipv4(UDP, PORTS), four(UDP, 50001, 443)),
        (ipv4(ICMP, PORTS), four(ICMP, None, None)),
        (ipv4(TCP, PORTS, words=8), four(TCP, 50001, 443)),
        (ipv4(TCP, PORTS[:3]), four(TCP, None, None)),
        (ipv4(TCP, PORTS, fragment=0x2000), four(TCP, 50001, 443)),
        (ipv4(TCP, PORTS, fragment=0x0001), four(TCP, None, None)),
        (ipv6(TCP, PORTS), six(TCP, 50001, 443)),
        (ipv6(58, PORTS), six(58, None, None)),
        (ipv6(0, bytes([TCP, 0]) + bytes(6) + PORTS), six(TCP, 50001, 443)),
        (ipv6(60, bytes([UDP, 1]) + bytes(14) + PORTS), six(UDP, 50001, 443)),
        (ipv6(51, bytes([TCP, 4]) + bytes(22) + PORTS), six(TCP, 50001, 443)),
        (ipv6(44, bytes([UDP, 0, 0, 1]) + bytes(4) + PORTS), six(UDP, 50001, 443)),
        (ipv6(44, bytes([UDP, 0, 0, 8]) + bytes(4) + PORTS), six(UDP, None, None)),
        (ipv6(0, bytes([TCP, 255])), six(0, None, None)),
        (ipv6(0, bytes([TCP, 255]) + bytes(6) + PORTS), six(TCP, None, None)),
        (ipv6(0, bytes(8) * 9 + PORTS), six(0, None, None)),
    ],
)
def test_the_head_of_a_packet_is_read(octets: bytes, head: PacketHead) -> None:
    assert head == packet_head(octets)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x45",
        ipv4(TCP, b"")[:19],
        ipv4(TCP, PORTS, words=4),
        ipv6(TCP, b"")[:39],
        b"\x50" * 60,
    ],
)
def test_what_is_not_the_head_of_a_packet_is_none(octets: bytes) -> None:
    assert packet_head(octets) is None


@given(st.binary(max_size=128), st.sampled_from([0x45, 0x4F, 0x60]))
def test_any_octets_give_a_head_or_none(octets: bytes, first: int) -> None:
    head = packet_head(bytes([first]) + octets)

    assert head is None or len(head.source) == len(head.destination) == (4 if first < 0x60 else 16)
