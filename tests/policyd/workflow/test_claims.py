"""When "This is my device" is refused, and how long it lasts."""

from datetime import UTC, datetime

import pytest
from office import DEVICES, LESSON, LONDON, NETWORKS

from schoolgate_policyd.workflow.claims import canonical_address, ends_at, why_refused

OWN = {"127.0.0.1", "127.0.2.1"}
BY_ADDRESS = {device.address: device for device in DEVICES}


def refusal(address: str, person: str = "heron") -> str | None:
    return why_refused(
        address,
        person,
        networks=NETWORKS,
        device=BY_ADDRESS.get(canonical_address(address) or ""),
        own_addresses=OWN,
    )


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("127.0.0.1", "gateway itself"),
        ("::ffff:127.0.0.1", "gateway itself"),
        ("127.0.2.1", "gateway itself"),
        ("127.0.9.9", "not on a network"),
        ("127.0.1.10", "own devices"),
        ("127.0.3.10", "own devices"),
        ("127.0.5.10", "own devices"),
        ("127.0.2.20", "Several people"),
        ("127.0.2.21", "Several people"),
        ("127.0.2.22", "belongs to the school"),
        ("nonsense", "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_the_table_of_refusals(address: str, words: str) -> None:
    assert words in (refusal(address) or "")


def test_a_device_registered_to_somebody_else_is_refused_and_ones_own_is_not() -> None:
    assert "somebody else" in (refusal("127.0.2.10", "robin") or "")
    assert refusal("127.0.2.10", "heron") is None


@pytest.mark.parametrize("address", ["127.0.2.30", "::ffff:127.0.2.30", "127.0.4.30"])
def test_an_unregistered_own_device_may_be_claimed(address: str) -> None:
    assert refusal(address) is None


def test_a_claim_lasts_fifteen_minutes_or_to_the_schools_midnight() -> None:
    assert LESSON.replace(minute=15) == ends_at(LESSON, LONDON)
    # In summer the school's midnight is 23:00 UTC.
    late = datetime(2027, 6, 7, 22, 50, tzinfo=UTC)
    assert datetime(2027, 6, 7, 23, 0, tzinfo=UTC) == ends_at(late, LONDON)
