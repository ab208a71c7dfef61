import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.netfilter import netlink
from schoolgate_policyd.netfilter.errors import NetfilterError


def test_messages_are_taken_apart_as_they_were_put_together() -> None:
    octets = netlink.message(7, 1, 42, b"abcd") + netlink.message(8, 0, 43, b"")

    assert [(7, 1, 42, b"abcd"), (8, 0, 43, b"")] == list(netlink.messages(octets))


def test_attributes_are_filled_up_and_taken_apart_without_what_filled_them() -> None:
    octets = netlink.attribute(1, b"abcde") + netlink.nested(2, netlink.text(3, "ab"))

    assert 12 + 12 == len(octets)
    assert [(1, b"abcde"), (2, netlink.text(3, "ab")[:7] + b"\0")] == list(
        netlink.attributes(octets)
    )


@pytest.mark.parametrize("length", [0, 3, 15, 17, 0xFFFF_FFFF])
def test_a_message_that_lies_about_its_length_is_an_error(length: int) -> None:
    octets = netlink.MESSAGE_HEAD.pack(length, 1, 0, 0, 0)

    with pytest.raises(NetfilterError):
        list(netlink.messages(octets))


@pytest.mark.parametrize("length", [0, 3, 5, 0xFFFF])
def test_an_attribute_that_lies_about_its_length_is_an_error(length: int) -> None:
    with pytest.raises(NetfilterError):
        list(netlink.attributes(netlink.ATTRIBUTE_HEAD.pack(length, 1)))


def test_an_attribute_that_would_not_fit_is_an_error_and_not_a_wrong_length() -> None:
    with pytest.raises(NetfilterError):
        netlink.attribute(1, bytes(65_536))


@given(st.binary(max_size=200))
def test_any_octets_are_messages_or_an_error(octets: bytes) -> None:
    try:
        parts = list(netlink.messages(octets))
    except NetfilterError:
        return
    assert len(octets) >= sum(netlink.MESSAGE_HEAD.size + len(part.body) for part in parts)
