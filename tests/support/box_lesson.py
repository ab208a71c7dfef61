"""A pupil's lesson while something fails: it goes on, and what nobody gets stays closed."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

from box_clients import PATIENT, Got, asks_until_forwarded, curl, tls_get
from box_flows import Flow, Wanted, run_flows, stop_flows
from box_places import HIDDEN, LESSON_SITE, LESSONS, NEWS_SITE, SOCIAL, SOCIAL_SITE
from box_rig import Box

FAMILIES = (4, 6)
EVERYBODY = ("pupil", "staff", "guest")
LONGEST_GAP_S = 0.5


@dataclass(frozen=True)
class Lesson:
    """What a pupil's lesson gets, and what somebody at home gets of the same site meanwhile."""

    flows: list[Flow]
    beside: Flow


@contextlib.contextmanager
def in_a_lesson(box: Box) -> Iterator[Lesson]:
    """Give a lesson over both families, forwarded; mend everything afterwards."""
    asks_until_forwarded(box, "pupil", LESSON_SITE, NEWS_SITE)
    at_home = (Wanted("ticks", LESSON_SITE, LESSONS.at(4), "home"),)
    wanted = tuple(
        Wanted("ticks", LESSON_SITE, LESSONS.at(family), f"lesson-{family}") for family in FAMILIES
    )
    authority = box.websites.authority
    flows = run_flows(at_home, box.device("home"), authority)
    try:
        flows += run_flows(wanted, box.device("pupil"), authority)
        yield Lesson(flows[1:], flows[0])
    finally:
        stop_flows(flows)
        box.internet.is_upstream_dead = False
        box.gateway.free_disk()
        box.gateway.mend()
        asks_until_forwarded(box, "pupil", LESSON_SITE, NEWS_SITE)


def assert_lesson_goes_on(lesson: Lesson, since: float) -> None:
    """
    Assert that nothing ended, and nothing was held up for long, since a moment.

    What holds up those at home too is no gateway: it is the machine, which has other work.
    """
    for flow in lesson.flows:
        assert not flow.is_over, f"{flow.wanted.name}: {flow.end}"
        now = time.time()
        longest_s = LONGEST_GAP_S + lesson.beside.longest_gap_s(since, now)
        assert flow.longest_gap_s(since, now) < longest_s, flow.wanted.name


def assert_closed(box: Box) -> None:
    """Assert that nobody gets what nobody gets, by name or by address, over both families."""
    for family in FAMILIES:
        for who in EVERYBODY:
            place = f"{SOCIAL_SITE}:443:{SOCIAL.at(family)}"
            for options in ((), ("--resolve", place)):
                got = curl(box, who, family, *options, f"https://{SOCIAL_SITE}/")
                assert "site=" not in got, (who, family, options)
            assert Got.REFUSED == tls_get(box, who, HIDDEN.at(family), None, "hidden.example")


def assert_open(box: Box, who: str, site: str, family: int = 4) -> None:
    """Assert that *who* gets the page of *site*, whatever else is said in its place."""
    got = box.device(who).run("curl", f"-{family}", "-sSk", *PATIENT, f"https://{site}/")
    assert f"site={site}" in got.stdout, (got.stdout[:200], got.stderr)


def is_open(box: Box, who: str, site: str, family: int = 4) -> bool:
    """Whether *who* gets the page of *site*."""
    return f"site={site}" in curl(box, who, family, f"https://{site}/")
