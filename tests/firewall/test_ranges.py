"""In which ranges nobody is closely filtered: as a decision would say of each address."""

import ipaddress
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import strategies as worlds
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_firewall.ranges import IpRange, trusted_ranges
from schoolgate_policyd.config import NetworkSettings, Settings
from schoolgate_policyd.core.policy import Register
from schoolgate_policyd.core.register import SubjectFinder
from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.networks import networks_of

SOURCE = worlds.source_of(())
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def network(
    cidr: str, audience: Audience, device: DeviceKind = DeviceKind.OWN_DEVICE
) -> NetworkSettings:
    return NetworkSettings(
        id=f"n{cidr}", cidr=cidr, audience=audience, device=device, inspectable=True
    )


def school(*networks: NetworkSettings) -> Settings:
    return Settings(rules_dir=Path("rules"), networks=networks)


def ranges(*texts: str) -> tuple[IpRange, ...]:
    return tuple(ipaddress.ip_network(each) for each in texts)


STAFF, PUPIL = Audience.STAFF, Audience.PUPIL


@pytest.mark.parametrize(
    ("networks", "expected"),
    [
        ([network("10.0.0.0/24", STAFF)], ranges("10.0.0.0/24")),
        ([network("10.0.0.0/24", PUPIL)], ()),
        ([network("10.0.0.0/24", Audience.VISITOR)], ()),
        ([network("10.0.0.0/24", STAFF, DeviceKind.UNKNOWN)], ()),
        # The narrowest says whose it is, whichever comes first.
        (
            [network("10.0.0.0/24", STAFF), network("10.0.0.0/25", PUPIL)],
            ranges("10.0.0.128/25"),
        ),
        (
            [network("10.0.0.64/26", STAFF), network("10.0.0.0/24", PUPIL)],
            ranges("10.0.0.64/26"),
        ),
        # The first of two that are alike.
        ([network("10.0.0.0/24", PUPIL), network("10.0.0.0/24", STAFF)], ()),
        ([network("10.0.0.0/24", STAFF), network("10.0.0.0/24", PUPIL)], ranges("10.0.0.0/24")),
        (
            [
                network("fd00::/16", STAFF),
                network("fd00::/17", PUPIL),
                network("fd00::/18", STAFF),
            ],
            ranges("fd00::/18", "fd00:8000::/17"),
        ),
        ([network("10.0.0.0/8", STAFF), network("::/0", PUPIL)], ranges("10.0.0.0/8")),
    ],
)
def test_the_narrowest_range_says_who_is_trusted(
    networks: list[NetworkSettings], expected: tuple[IpRange, ...]
) -> None:
    assert expected == trusted_ranges(school(*networks))


@st.composite
def some_network(draw: st.DrawFn) -> NetworkSettings:
    length = draw(st.integers(24, 32))
    first = draw(st.integers(0, 255)) & (0xFF << (32 - length))
    device = draw(st.sampled_from([DeviceKind.OWN_DEVICE, DeviceKind.UNKNOWN]))
    return network(f"10.0.0.{first}/{length}", draw(st.sampled_from(Audience)), device)


@given(networks=st.lists(some_network(), max_size=6), last=st.integers(0, 255))
def test_an_address_is_trusted_exactly_where_a_decision_says_so(
    networks: list[NetworkSettings], last: int
) -> None:
    settings = school(*networks)
    register = Register(networks=networks_of(settings))
    finder = SubjectFinder(msgspec.structs.replace(SOURCE, register=register))
    address = ipaddress.ip_address(f"10.0.0.{last}")

    is_trusted = any(address in each for each in trusted_ranges(settings))

    assert is_trusted is not finder.subject_at(str(address), NOW).is_closely_filtered
