"""A pupil's lesson while something fails: it goes on, and what nobody gets stays closed."""

import contextlib
import re
import time
from collections.abc import Iterator

from box_clients import PATIENT, Got, asks_for, curl, tls_get
from box_flows import Flow, Wanted, run_flows, stop_flows
from box_places import HIDDEN, LESSON_SITE, LESSONS, NEWS, NEWS_SITE, SOCIAL, SOCIAL_SITE
from box_rig import Box
from box_school import PUPIL
from whole_school import wait_for

FAMILIES = (4, 6)
EVERYBODY = ("pupil", "staff", "guest")
LONGEST_GAP_S = 0.5


@contextlib.contextmanager
def in_a_lesson(box: Box) -> Iterator[list[Flow]]:
    """Give a lesson over both families, forwarded; mend everything afterwards."""
    asks_for(box, "pupil", LESSON_SITE)
    wanted = tuple(
        Wanted("ticks", LESSON_SITE, LESSONS.at(family), f"lesson-{family}") for family in FAMILIES
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
        assert flow.longest_gap_s(since, time.time()) < LONGEST_GAP_S, flow.wanted.name


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
