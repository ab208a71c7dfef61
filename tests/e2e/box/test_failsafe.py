"""
The fail-safe table, row by row: what dies under traffic closes things, and never opens any.

While a part is away a lesson goes on, what was closed stays closed, and nothing that policyd has
acknowledged is lost. Docs/failsafe.md has the same rows in words.
"""

import re
import signal
import time
from collections.abc import Iterator

import pytest
from box_clients import Got, asks_for, curl, tcp_echo, tls_get
from box_flows import Flow, Wanted, run_flows, stop_flows
from box_internet import DOT
from box_places import (
    HIDDEN,
    LATER,
    LESSON_SITE,
    LESSONS,
    MEANWHILE,
    NEWS,
    NEWS_SITE,
    SHARED_LESSON_SITE,
    SOCIAL,
    SOCIAL_SITE,
)
from box_rig import DEVICE_HOST, Box
from box_school import PUPIL
from whole_school import wait_for

CLIENT = PUPIL.address(4, DEVICE_HOST)
EVERYBODY = ("pupil", "staff", "guest")


@pytest.fixture
def lesson(box: Box) -> Iterator[list[Flow]]:
    """A pupil's lesson over both families, forwarded; everything is mended afterwards."""
    asks_for(box, "pupil", LESSON_SITE)
    wanted = tuple(
        Wanted("ticks", LESSON_SITE, LESSONS.at(family), f"lesson-{family}") for family in (4, 6)
    )
    flows = run_flows(wanted, box.device("pupil"), box.websites.authority)
    try:
        yield flows
    finally:
        stop_flows(flows)
        box.internet.is_upstream_dead = False
        box.gateway.free_disk()
        box.gateway.mend()
        wait_for(lambda: _is_forwarded_again(box), 15, "DNS has told the ways of a lesson anew")


def _is_forwarded_again(box: Box) -> bool:
    """Ask for the pupils' sites; whether none of them is judged by the proxy any more."""
    for name in (LESSON_SITE, NEWS_SITE):
        asks_for(box, "pupil", name)
    for set_name in ("judged_link4", "judged_link6"):
        listed = box.gateway_space.run("nft", "list", "set", "inet", "schoolgate", set_name)
        for place in (LESSONS, NEWS):
            for address in (place.ipv4, place.ipv6):
                if re.search(rf'"{PUPIL.inside}" \. \S+ \. {re.escape(address)} ', listed.stdout):
                    return False
    return True


def assert_lesson_goes_on(flows: list[Flow], since: float) -> None:
    """Assert that nothing ended, and nothing was held up for long, since a moment."""
    for flow in flows:
        assert not flow.is_over, f"{flow.wanted.name}: {flow.end}"
        assert flow.longest_gap_s(since, time.time()) < 0.5, flow.wanted.name


def assert_closed(box: Box) -> None:
    """Assert that nobody gets what nobody gets, by name or by address, over both families."""
    for family in (4, 6):
        for who in EVERYBODY:
            place = f"{SOCIAL_SITE}:443:{SOCIAL.at(family)}"
            for options in ((), ("--resolve", place)):
                got = curl(box, who, family, *options, f"https://{SOCIAL_SITE}/")
                assert "site=" not in got, (who, family, options)
            assert Got.REFUSED == tls_get(box, who, HIDDEN.at(family), None, "hidden.example")


def assert_open(box: Box, who: str, site: str, family: int = 4) -> None:
    """Assert that *who* gets the page of *site*, whatever else is said in its place."""
    got = box.device(who).run("curl", f"-{family}", "-sSk", "--max-time", "8", f"https://{site}/")
    assert f"site={site}" in got.stdout, (got.stdout[:200], got.stderr)


def is_open(box: Box, who: str, site: str, family: int = 4) -> bool:
    return f"site={site}" in curl(box, who, family, f"https://{site}/")


def test_policyd_dead(box: Box, lesson: list[Flow]) -> None:
    since = time.time()
    box.gateway.kill("policyd")

    assert_open(box, "pupil", NEWS_SITE, 6)
    assert_open(box, "pupil", SHARED_LESSON_SITE)
    assert_closed(box)
    # An attempt that is made now is in the store once policyd is back.
    assert Got.REFUSED == _try_other_dns(box, MEANWHILE.ipv4)
    assert_lesson_goes_on(lesson, since)
    assert not _is_recorded(box, MEANWHILE.ipv4)
    box.gateway.begin("policyd")
    wait_for(lambda: _is_recorded(box, MEANWHILE.ipv4), 20, "what was tried meanwhile")


def test_dns_dead(box: Box, lesson: list[Flow]) -> None:
    since = time.time()
    box.gateway.kill("dns")

    assert not is_open(box, "pupil", NEWS_SITE)  # names lead nowhere
    assert_closed(box)
    assert_lesson_goes_on(lesson, since)
    box.gateway.begin("dns")
    box.gateway.wait_ready("dns")
    wait_for(lambda: is_open(box, "pupil", NEWS_SITE), 10, "names lead somewhere again")


def test_upstream_dead(box: Box, lesson: list[Flow]) -> None:
    since = time.time()
    box.internet.is_upstream_dead = True

    assert not is_open(box, "pupil", "www.childline.org.uk")  # nobody asked for it before
    assert_closed(box)
    assert_lesson_goes_on(lesson, since)


def test_proxy_dead(box: Box, lesson: list[Flow]) -> None:
    since = time.time()
    box.gateway.kill("proxy")

    assert_open(box, "pupil", NEWS_SITE)
    for family in (4, 6):
        assert not is_open(box, "pupil", SHARED_LESSON_SITE, family)  # never past the proxy
    assert_closed(box)
    assert_lesson_goes_on(lesson, since)


def test_the_firewall_s_point_dead(box: Box, lesson: list[Flow]) -> None:
    since = time.time()
    box.gateway.kill("firewall")

    assert_open(box, "pupil", LESSON_SITE)
    assert_closed(box)
    assert_lesson_goes_on(lesson, since)


@pytest.mark.parametrize("family", [4, 6])
def test_the_firewall_s_point_anew(box: Box, lesson: list[Flow], family: int) -> None:
    """It knows no names of the ways that are open: what goes there is judged by its name."""
    assert all(not flow.is_over for flow in lesson)
    box.gateway.kill("firewall")
    box.gateway.begin("firewall")
    box.gateway.wait_ready("firewall")
    box.gateway.wait_in_force()
    # The device does not ask again: it has the answer still.
    remembered = ("--resolve", f"{LESSON_SITE}:443:{LESSONS.at(family)}")
    until = time.monotonic() + 2.0
    pages = []
    while time.monotonic() < until:
        pages.append(curl(box, "pupil", family, *remembered, f"https://{LESSON_SITE}/"))
    # One may be under way in the moment in which the proxy takes over.
    assert sum(f"site={LESSON_SITE}" not in each for each in pages) <= 1
    assert f"site={LESSON_SITE}" in pages[-1]
    assert_closed(box)


def test_everything_dead_but_the_kernel(box: Box, lesson: list[Flow]) -> None:
    since = time.time()
    for name in ("policyd", "firewall", "proxy", "dns"):
        box.gateway.kill(name)

    assert_closed(box)
    assert not is_open(box, "guest", NEWS_SITE)
    assert_lesson_goes_on(lesson, since)


def test_disk_full(box: Box, lesson: list[Flow]) -> None:
    since = time.time()
    box.gateway.fill_disk()

    assert_open(box, "pupil", NEWS_SITE)
    assert_open(box, "pupil", SHARED_LESSON_SITE, 6)
    assert_closed(box)
    assert_lesson_goes_on(lesson, since)
    box.gateway.free_disk()
    assert Got.REFUSED == _try_other_dns(box, LATER.ipv4)
    wait_for(lambda: _is_recorded(box, LATER.ipv4), 15, "what was tried after it")


def _try_other_dns(box: Box, address: str) -> Got:
    """Make an attempt of a kind of which few are made here, so that each is heard."""
    return tcp_echo(box, "guest", (address, DOT), b"hello")


def _is_recorded(box: Box, host: str) -> bool:
    return any(each.host == host for each in box.gateway.recorded())


def test_database_gone(box: Box, lesson: list[Flow]) -> None:
    since = time.time()
    decisions = box.gateway.settings.decisions_path
    away = decisions.with_suffix(".away")
    decisions.rename(away)
    try:
        decisions.mkdir()  # what is there cannot be opened
        assert_open(box, "pupil", NEWS_SITE)
        assert_closed(box)
        assert_lesson_goes_on(lesson, since)
    finally:
        decisions.rmdir()
        away.rename(decisions)


def test_ca_key_gone(box: Box, lesson: list[Flow]) -> None:
    since = time.time()
    ca_dir = box.gateway.settings.ca_dir
    away = ca_dir.with_name("ca-away")
    ca_dir.rename(away)
    try:
        box.gateway.kill("proxy", signal.SIGTERM)
        box.gateway.begin("proxy")
        assert_open(box, "pupil", NEWS_SITE)
        assert_closed(box)
        assert_lesson_goes_on(lesson, since)
    finally:
        box.gateway.kill("proxy")
        if ca_dir.exists():
            for file in ca_dir.iterdir():
                file.unlink()
            ca_dir.rmdir()
        away.rename(ca_dir)
