import pytest

from schoolgate_policyd.netfilter.identity import Identities
from schoolgate_policyd.netfilter.neighbours import Neighbours


class Told(Neighbours):
    """Neighbours that are told by the test; counts how often it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def ipv4_of(self, packed: bytes) -> bytes | None:
        self.asked += 1
        return super().ipv4_of(packed)

    def put(self, packed: bytes, mac: bytes) -> None:
        self._table.put(2, packed, mac)


IPV4 = bytes([10, 1, 0, 2])
IPV6 = bytes.fromhex("fd000001000000000000000000000002")
MAC = b"\2\0\0\0\0\1"


@pytest.mark.parametrize(
    ("address", "known"),
    [
        ("10.1.0.2", "10.1.0.2"),
        ("::ffff:10.1.0.2", "10.1.0.2"),
        ("::FFFF:0a01:0002", "10.1.0.2"),
        ("fd00:1:0::0009", "fd00:1::9"),
        ("fe80::1%eth0", "fe80::1"),
        ("nobody", "nobody"),
        ("", ""),
        (":" * 50, ":" * 50),
        ("fe80::1%" + "0" * 500, "fe80::1%" + "0" * 500),
    ],
)
def test_who_is_on_no_link_is_known_by_the_address_itself(address: str, known: str) -> None:
    assert known == Identities(Told()).known_as(address)


def test_what_was_found_is_not_looked_for_again_until_something_changes() -> None:
    neighbours = Told()
    neighbours.put(IPV6, MAC)
    identities = Identities(neighbours)
    for _ in range(3):
        assert identities.known_as("fd00:1::2") == "fd00:1::2"
    assert neighbours.asked == 1

    neighbours.put(IPV4, MAC)
    for _ in range(3):
        assert identities.known_as("fd00:1::2") == "10.1.0.2"
    assert neighbours.asked == 2


def test_what_is_kept_is_bounded() -> None:
    identities = Identities(Told())
    for number in range(5000):
        identities.known_as(f"fd00::{number:x}")

    assert len(identities._cached) <= 4096
