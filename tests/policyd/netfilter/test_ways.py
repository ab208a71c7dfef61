from sys import byteorder

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.names import WaySet
from schoolgate_policyd.netfilter.ways import (
    MOST_NAMES,
    MOST_TOLD_AT_ONCE,
    MOST_WAYS,
    Told,
    Way,
    address_way,
    datagram_of,
    decode_told,
    encode_told,
    link_way,
)

MAC = bytes.fromhex("02005e000001")
IPV4 = bytes([192, 0, 2, 1])
IPV6 = bytes.fromhex("20010db8000000000000000000000001")
TOLD = Told("10.1.0.2", ("a.example", "b.example"), (link_way(3, MAC, IPV4),), 60)


@pytest.mark.parametrize(("destination", "kind"), [(IPV4, WaySet.LINK4), (IPV6, WaySet.LINK6)])
def test_the_key_of_a_link_is_filled_up_as_the_kernel_compares_it(
    destination: bytes, kind: WaySet
) -> None:
    index = (3).to_bytes(4, byteorder)

    assert Way(kind, index + MAC + b"\0\0" + destination) == link_way(3, MAC, destination)


@pytest.mark.parametrize(
    ("client", "destination", "kind"),
    [(IPV4, IPV4, WaySet.ADDRESS4), (IPV6, IPV6, WaySet.ADDRESS6)],
)
def test_the_key_of_an_address_is_both_addresses(
    client: bytes, destination: bytes, kind: WaySet
) -> None:
    assert Way(kind, client + destination) == address_way(client, destination)


@pytest.mark.parametrize(("client", "destination"), [(IPV4, IPV6), (IPV6, IPV4), (b"", b"")])
def test_an_address_of_another_family_leads_nowhere(client: bytes, destination: bytes) -> None:
    with pytest.raises(NetfilterError):
        address_way(client, destination)


@pytest.mark.parametrize(("mac", "destination"), [(b"", IPV4), (MAC + b"\0", IPV4), (MAC, b"a")])
def test_a_link_has_six_octets_and_an_address_four_or_sixteen(
    mac: bytes, destination: bytes
) -> None:
    with pytest.raises(NetfilterError):
        link_way(3, mac, destination)


def test_what_is_told_is_heard() -> None:
    other = msgspec.structs.replace(TOLD, names=("other.example",))

    assert (TOLD,) == decode_told(datagram_of([encode_told(TOLD)]))
    assert (TOLD, other) == decode_told(datagram_of([encode_told(TOLD), encode_told(other)]))


@pytest.mark.parametrize("count", [0, MOST_TOLD_AT_ONCE + 1])
def test_a_datagram_tells_of_some_answers_and_not_too_many(count: int) -> None:
    short = encode_told(msgspec.structs.replace(TOLD, names=("a",), ways=()))

    with pytest.raises(NetfilterError, match="answers"):
        decode_told(datagram_of([short] * count))


@pytest.mark.parametrize(
    "told",
    [
        msgspec.structs.replace(TOLD, names=()),
        msgspec.structs.replace(TOLD, names=("a",) * (MOST_NAMES + 1)),
        msgspec.structs.replace(TOLD, names=("a" * 256,)),
        msgspec.structs.replace(TOLD, client="a" * 256),
        msgspec.structs.replace(TOLD, ways=TOLD.ways * (MOST_WAYS + 1)),
        msgspec.structs.replace(TOLD, ways=(Way(WaySet.LINK6, TOLD.ways[0].key),)),
        msgspec.structs.replace(TOLD, lifetime_s=-1),
        msgspec.structs.replace(TOLD, lifetime_s=86_401),
        msgspec.structs.replace(TOLD, ways=(Way(WaySet.LINK4, bytes(20_000)),)),
    ],
)
def test_what_no_answer_has_is_not_heard(told: Told) -> None:
    with pytest.raises(NetfilterError):
        decode_told(datagram_of([encode_told(told)]))


@given(st.data())
def test_spoiled_octets_are_heard_or_an_error(data: st.DataObject) -> None:
    octets = bytearray(datagram_of([encode_told(TOLD)]))
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        told = decode_told(bytes(octets[: data.draw(st.integers(0, len(octets)))]))
    except NetfilterError:
        return
    assert all(each.names for each in told)
    assert {16} >= {len(way.key) for each in told for way in each.ways}
