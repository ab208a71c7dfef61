"""A client's address, however it comes."""

import pytest

from schoolgate_dns.addresses import address_of, client_address, packed_address


@pytest.mark.parametrize(
    ("peer", "client"),
    [
        ("127.0.1.10", "127.0.1.10"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:DB8::1", "2001:db8::1"),
    ],
)
def test_a_peers_address_is_written_as_registers_write_it(peer: str, client: str) -> None:
    assert client == client_address(peer)


@pytest.mark.parametrize(
    ("packed", "address"),
    [
        (bytes([192, 0, 2, 1]), "192.0.2.1"),
        (bytes(10) + b"\xff\xff" + bytes([192, 0, 2, 1]), "192.0.2.1"),
        (bytes.fromhex("20010db8") + bytes(11) + b"\x01", "2001:db8::1"),
    ],
)
def test_packed_addresses_are_written_alike(packed: bytes, address: str) -> None:
    assert address == address_of(packed)


def test_an_address_is_packed_and_other_text_is_an_error() -> None:
    assert "2001:db8::1" == address_of(packed_address("2001:db8::1"))
    with pytest.raises(OSError, match="illegal"):
        packed_address("192.0.2")
