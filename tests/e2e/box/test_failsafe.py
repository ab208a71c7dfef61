"""
The fail-safe table, row by row: what dies under traffic closes things, and never opens any.

While a part is away a lesson goes on and what was closed stays closed. Docs/failsafe.md has the
same rows in words; what is kept meanwhile is in test_failsafe_kept.py.
"""

import shutil
import signal
import time
from collections.abc import Iterator

import pytest
from box_clients import curl
from box_lesson import (
    FAMILIES,
    Lesson,
    assert_closed,
    assert_lesson_goes_on,
    assert_open,
    in_a_lesson,
    is_open,
)
from box_places import LESSON_SITE, LESSONS, LOOKED_INTO_SITE, NEWS_SITE, SHARED_LESSON_SITE
from box_rig import Box
from whole_school import wait_for

from schoolgate_firewall import loader
from schoolgate_firewall.errors import RulesetError
from schoolgate_firewall.packet_filter import PacketFilter


@pytest.fixture
def lesson(box: Box) -> Iterator[Lesson]:
    """A pupil's lesson over both families; everything is mended afterwards."""
    with in_a_lesson(box) as given:
        yield given


def test_a_dns_worker_dead(box: Box, lesson: Lesson) -> None:
    since = time.time()
    before = box.gateway.children("dns")
    box.gateway.kill_child(min(before))

    for family in (*FAMILIES, *FAMILIES):
        assert_open(box, "pupil", NEWS_SITE, family)
    wait_for(lambda: _is_borne_again(box, before), 20, "another worker")
    assert_closed(box)
    assert_lesson_goes_on(lesson, since)


def _is_borne_again(box: Box, before: frozenset[int]) -> bool:
    now = box.gateway.children("dns")
    return len(now) == len(before) and now != before


def test_dns_dead(box: Box, lesson: Lesson) -> None:
    since = time.time()
    box.gateway.kill("dns")

    assert not is_open(box, "pupil", NEWS_SITE)  # names lead nowhere
    assert_closed(box)
    assert_lesson_goes_on(lesson, since)
    box.gateway.begin("dns")
    box.gateway.wait_ready("dns")
    wait_for(lambda: is_open(box, "pupil", NEWS_SITE), 10, "names lead somewhere again")


def test_upstream_dead(box: Box, lesson: Lesson) -> None:
    assert_open(box, "pupil", NEWS_SITE)
    since = time.time()
    box.internet.is_upstream_dead = True

    assert_open(box, "pupil", NEWS_SITE)  # it is remembered
    assert not is_open(box, "pupil", "www.childline.org.uk")  # nobody asked for it before
    assert_closed(box)
    assert_lesson_goes_on(lesson, since)


def test_proxy_dead(box: Box, lesson: Lesson) -> None:
    since = time.time()
    box.gateway.kill("proxy")

    assert_open(box, "pupil", NEWS_SITE)
    for family in FAMILIES:
        assert not is_open(box, "pupil", SHARED_LESSON_SITE, family)  # never past the proxy
    assert_closed(box)
    assert_lesson_goes_on(lesson, since)


def test_the_firewall_s_point_dead(box: Box, lesson: Lesson) -> None:
    since = time.time()
    box.gateway.kill("firewall")

    assert_open(box, "pupil", LESSON_SITE)
    assert_closed(box)
    assert_lesson_goes_on(lesson, since)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_firewall_s_point_anew(box: Box, lesson: Lesson, family: int) -> None:
    """It knows the names of the ways that are open, by what its predecessor was told."""
    since = time.time()
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
    assert all(f"site={LESSON_SITE}" in each for each in pages)
    assert_closed(box)
    assert_lesson_goes_on(lesson, since)


class _LateRefusal(PacketFilter):
    """A packet filter in which what passed the check is refused when it is loaded."""

    def load(self, ruleset: str) -> None:
        """Have the kernel refuse the very last line, when it has taken all before it."""
        super().load(f"{ruleset}\nadd rule inet schoolgate forward jump nowhere\n")


class _EarlyRefusal(PacketFilter):
    """A packet filter for which a line of the ruleset is no sentence."""

    def check(self, ruleset: str) -> None:
        """Have nft misread the last line."""
        super().check(f"{ruleset}\nadd rule inet schoolgate forward accept everything\n")


@pytest.mark.parametrize("refusing", [_EarlyRefusal, _LateRefusal])
def test_a_ruleset_that_the_kernel_refuses(
    box: Box, lesson: Lesson, refusing: type[PacketFilter]
) -> None:
    since, before = time.time(), box.gateway.chains()

    with pytest.raises(RulesetError, match=r"nothing was loaded: /dev/stdin:\d+:\d+"):
        box.gateway_space.do(lambda: loader.load(box.gateway.settings, refusing()))

    assert before == box.gateway.chains()
    _assert_as_before(box, lesson, since)


def test_a_ruleset_with_a_mistake_in_its_rules(box: Box, lesson: Lesson) -> None:
    since, before = time.time(), box.gateway.chains()
    rules = box.folder / "mistaken-rules"
    shutil.copytree(box.gateway.settings.rules_dir, rules)
    exceptions = rules / "firewall" / "exceptions.yaml"
    exceptions.write_text(exceptions.read_text().replace("protocol: udp", "protocol: utp", 1))
    config = box.folder / "mistaken.yaml"
    config.write_text(f"{box.gateway.config.read_text()}\nrules_dir: {rules}\n")

    done = box.gateway.try_ruleset(config)

    assert 2 == done.returncode
    assert "exceptions.yaml:" in done.stderr
    assert before == box.gateway.chains()
    _assert_as_before(box, lesson, since)


def _assert_as_before(box: Box, lesson: Lesson, since: float) -> None:
    assert_open(box, "pupil", NEWS_SITE)
    assert_closed(box)
    # A good one goes over what stands, and the ways that are open stay so.
    box.gateway.load_ruleset()
    remembered = ("--resolve", f"{LESSON_SITE}:443:{LESSONS.ipv4}")
    got = curl(box, "pupil", 4, *remembered, f"https://{LESSON_SITE}/")
    assert f"site={LESSON_SITE}" in got
    assert_closed(box)
    assert_lesson_goes_on(lesson, since)


def test_ca_key_gone(box: Box, lesson: Lesson) -> None:
    since = time.time()
    ca_dir = box.gateway.settings.ca_dir
    away = ca_dir.with_name("ca-away")
    certificate = box.folder / "ca-before.pem"
    shutil.copyfile(box.gateway.settings.ca_certificate_path, certificate)
    trusted = ("--cacert", str(certificate))
    ca_dir.rename(away)
    assert "site=" in _looked_into(box, *trusted)  # by the key that the proxy has read
    try:
        box.gateway.kill("proxy", signal.SIGTERM)
        box.gateway.begin("proxy")
        assert_open(box, "pupil", NEWS_SITE)
        assert_closed(box)
        box.gateway.wait_ready("proxy")
        assert_open(box, "pupil", SHARED_LESSON_SITE)  # it is passed through
        assert not _looked_into(box, *trusted)  # a new key, which nobody trusts yet
        assert "site=" in _looked_into(box, "--insecure")
        assert_lesson_goes_on(lesson, since)
    finally:
        box.gateway.kill("proxy")
        if ca_dir.exists():
            shutil.rmtree(ca_dir)
        away.rename(ca_dir)


def _looked_into(box: Box, *options: str) -> str:
    """Return what a pupil gets of a site that is looked into, with curl's *options*."""
    page = ("--max-time", "8", f"https://{LOOKED_INTO_SITE}/")
    return box.device("pupil").run("curl", "-4", "-sS", *options, *page).stdout
