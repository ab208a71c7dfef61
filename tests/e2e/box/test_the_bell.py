"""
The bell at the end of break, while staff watch: what is no longer allowed ends within a second.

The flows began in break, by every path: forwarded by the kernel, through the proxy because an
older answer led there, and through the proxy because no answer led to the address.
"""

import pytest
from box_bell import FAMILIES, KINDS, PATHS, Rung, closed_name
from box_clients import Got, curl, udp_echo
from box_places import (
    SOCIAL,
    SOCIAL_SITE,
    TWO_FACED_SITE,
    TWO_FACED_SOCIAL_SITE,
)
from box_rig import Box

WITHIN_S = 1.0
# A tick comes every 20 ms; the machine of the tests is a busy one.
LONGEST_GAP_S = 0.5


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_flow_that_is_no_longer_allowed_ends_within_a_second(
    rung: Rung, kind: str, path: str, family: int
) -> None:
    flow = rung.closed[closed_name(kind, path, family)]

    assert flow.over_at is not None, "it goes on"
    assert 0 <= flow.over_at - rung.at <= WITHIN_S, flow.end


def test_its_client_is_told_that_it_is_over(rung: Rung) -> None:
    assert {} == {name: flow.end for name, flow in rung.closed.items() if flow.end == "silent"}


def test_what_is_allowed_goes_on_without_a_gap(rung: Rung) -> None:
    for name, flow in rung.open.items():
        assert not flow.is_over, f"{name}: {flow.end}"
        assert flow.longest_gap_s(rung.at - 0.5, rung.at + 1.0) < LONGEST_GAP_S, name


@pytest.mark.parametrize("family", FAMILIES)
def test_an_address_that_staff_remember_shows_our_page(box: Box, family: int) -> None:
    place = f"{SOCIAL_SITE}:443:{SOCIAL.at(family)}"

    page = curl(box, "staff", family, "--resolve", place, f"https://{SOCIAL_SITE}/")

    assert "<html" in page
    assert "site=" not in page


@pytest.mark.parametrize("family", FAMILIES)
def test_of_two_names_at_one_address_the_allowed_one_alone_is_left(
    rung: Rung, family: int
) -> None:
    assert f"site={TWO_FACED_SITE}" in rung.two_faced[TWO_FACED_SITE, family]
    assert "<html" in rung.two_faced[TWO_FACED_SOCIAL_SITE, family]


@pytest.mark.parametrize("family", FAMILIES)
def test_quic_to_a_remembered_address_is_refused(box: Box, family: int) -> None:
    assert Got.REFUSED == udp_echo(box, "staff", (SOCIAL.at(family), 443), b"\xc3" + bytes(1199))
