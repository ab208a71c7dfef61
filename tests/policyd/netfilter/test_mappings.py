"""Of a device behind another router both addresses are known where the school's plan says so."""

import socket

import pytest

from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.netfilter.mappings import Mappings
from schoolgate_policyd.settings import NetworkSettings


def network(id_: str, cidr: str, *, is_routed: bool, mapping: str | None) -> NetworkSettings:
    return NetworkSettings(
        id=id_,
        cidr=cidr,
        audience=Audience.PUPIL,
        device=DeviceKind.OWN_DEVICE,
        inspectable=False,
        is_routed=is_routed,
        ipv6_mapping=mapping,
    )


MAPPINGS = Mappings(
    (
        network("here", "10.1.0.0/16", is_routed=False, mapping=None),
        network("hall", "10.2.0.0/16", is_routed=True, mapping=None),
        network("lab", "10.3.0.0/24", is_routed=True, mapping="fd00:3::/96"),
        network("shed", "10.3.1.0/24", is_routed=True, mapping="fd00:3::/96"),
    )
)


def packed(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


@pytest.mark.parametrize(
    ("id_", "is_routed"), [("here", False), ("hall", True), ("lab", True), ("unknown", False)]
)
def test_a_network_is_routed_if_its_settings_say_so(id_: str, *, is_routed: bool) -> None:
    assert is_routed is MAPPINGS.is_routed(id_)


@pytest.mark.parametrize(
    ("address", "known_as"),
    [
        ("fd00:3::a03:5", "10.3.0.5"),
        ("fd00:3::a03:105", "10.3.1.5"),
        ("fd00:3::a04:5", "fd00:3::a04:5"),
        ("fd00:3::1:a03:5", "fd00:3::1:a03:5"),
        ("fd00:2::a02:5", "fd00:2::a02:5"),
        ("10.3.0.5", "10.3.0.5"),
        ("fe80::nobody", "fe80::nobody"),
    ],
)
def test_a_device_is_known_by_the_ipv4_address_of_its_network(address: str, known_as: str) -> None:
    assert known_as == MAPPINGS.known_as(address)


@pytest.mark.parametrize(
    ("address", "id_", "other"),
    [
        ("10.3.0.5", "lab", "fd00:3::a03:5"),
        ("fd00:3::a03:5", "lab", "10.3.0.5"),
        ("10.2.0.5", "hall", None),
        ("10.1.0.5", "here", None),
        ("fd00:9::a03:5", "lab", None),
    ],
)
def test_the_other_address_is_known_where_there_is_a_mapping(
    address: str, id_: str, other: str | None
) -> None:
    assert (None if other is None else packed(other)) == MAPPINGS.other_of(packed(address), id_)


def test_without_mappings_every_address_is_known_as_itself() -> None:
    assert "fd00:3::a03:5" == Mappings(()).known_as("fd00:3::a03:5")
