"""A real tunnel, iodine's: it works where nothing looks for it, and is stopped where we do."""

import pytest
from tunnel_rig import rig, why_not

REFUSAL = why_not()
pytestmark = pytest.mark.skipif(REFUSAL is not None, reason=f"no tunnel can be dug: {REFUSAL}")

WITHIN_S, WITHIN_OCTETS = 30.0, 50_000
OPENED_WITHIN_S = 60.0
CARRIED_OCTETS = 11_000


@pytest.mark.parametrize("type_", ["NULL", "TXT"])
def test_the_tunnel_works_where_nothing_looks_for_it(type_: str) -> None:
    with rig("open", type_=type_) as built:
        built.wait(lambda: built.fetched() == CARRIED_OCTETS, OPENED_WITHIN_S)

        assert [] == built.events()


@pytest.mark.parametrize("type_", ["NULL", "TXT", "SRV", "MX", "CNAME", "A"])
def test_the_tunnel_is_stopped_within_30_s_and_50_kb(type_: str) -> None:
    with rig("watched", type_=type_) as built:
        built.wait(lambda: bool(built.events()), WITHIN_S)
        first = built.events()[0]

        assert ("evil.example", "dns-tunnel", 1) == (
            first["host"],
            first["attempt"],
            first["count"],
        )
        assert "new names" in first["evidence"]
        assert first["octets"] <= WITHIN_OCTETS
        assert first["at_s"] - built.began_s <= WITHIN_S
        assert 0 == built.fetched()
        # One event for the first, and none for each query after it.
        assert [first] == built.events()[:1]
        assert len(built.events()) <= 3
