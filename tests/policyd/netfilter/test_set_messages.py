"""What the kernel answers about elements, spoiled."""

from struct import Struct

from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.netfilter import netlink
from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.set_messages import Element, elements_of, timeout_ms_of

NUMBER = Struct(">Q")
KEY = netlink.nested(1, netlink.attribute(1, b"abcd"))
COUNTER = netlink.text(1, "counter") + netlink.nested(
    2, netlink.attribute(1, NUMBER.pack(84)), netlink.attribute(2, NUMBER.pack(2))
)
LIMIT = netlink.text(1, "limit") + netlink.nested(2, netlink.attribute(1, NUMBER.pack(9)))


def answer(*elements: bytes) -> bytes:
    listed = [netlink.nested(1, element) for element in elements]
    return bytes(4) + netlink.text(1, "schoolgate") + netlink.nested(3, *listed)


def test_a_counter_is_read_alone_and_among_other_expressions() -> None:
    alone = KEY + netlink.nested(7, COUNTER)
    among = KEY + netlink.nested(11, netlink.nested(1, LIMIT), netlink.nested(1, COUNTER))
    other = KEY + netlink.nested(7, LIMIT)

    counted, uncounted = Element(b"abcd", None, 2, 84), Element(b"abcd", None, 0, 0)
    assert [counted, counted, uncounted] == list(elements_of(answer(alone, among, other)))


def test_times_are_read() -> None:
    timed = (
        KEY + netlink.attribute(4, NUMBER.pack(60_000)) + netlink.attribute(5, NUMBER.pack(1500))
    )

    assert [Element(b"abcd", 1.5, 0, 0)] == list(elements_of(answer(timed)))
    assert timeout_ms_of(answer(timed)) == 60_000
    assert timeout_ms_of(answer(KEY)) == 0


@given(st.data())
def test_spoiled_octets_give_elements_or_an_error(data: st.DataObject) -> None:
    octets = bytearray(answer(KEY + netlink.nested(7, COUNTER)))
    for _ in range(data.draw(st.integers(1, 3))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        elements = list(elements_of(bytes(octets)))
    except NetfilterError:
        return
    assert len(elements) <= 2
