"""A bell that rings while the firewall's point is dead: what closes at once, and what later."""

import time
from datetime import datetime, timedelta

from box_bell import BELL
from box_clients import asks_until_forwarded
from box_flows import Flow, Wanted, run_flows, stop_flows, wait_over
from box_lesson import FAMILIES, LONGEST_GAP_S, is_open
from box_places import LESSON_SITE, LESSONS, SOCIAL, SOCIAL_SITE
from box_rig import Box
from box_school import INSPECTION4, INSPECTION6

_BEFORE_S = 2.0
_MOST_STARTS = 3
WITHIN_S = 1.0
# From when it serves until it has looked through what is open.
WITHIN_OF_SERVING_S = 2.0


def test_a_bell_while_the_firewall_s_point_is_dead(box: Box) -> None:
    bell = _shortly_before_the_bell(box)
    asks_until_forwarded(box, "staff", SOCIAL_SITE, LESSON_SITE)
    flows = run_flows(_wanted(), box.device("staff"), box.websites.authority)
    try:
        box.gateway.kill("firewall")
        assert time.time() < bell
        of = {path: [each for each in flows if each.wanted.name == path] for path in _PATHS}
        _assert_over(of["proxied"], bell, WITHIN_S)
        assert not is_open(box, "staff", SOCIAL_SITE)
        assert all(not each.is_over for each in of["forwarded"])
        _assert_goes_on(of["lesson"], bell)

        box.gateway.begin("firewall")
        box.gateway.wait_ready("firewall")
        served = time.time()
        _assert_over(of["forwarded"], served, WITHIN_OF_SERVING_S)
        assert is_open(box, "staff", LESSON_SITE)
        # It has looked through all that is open by then, and closed what it knows no name of.
        time.sleep(max(0.0, served + WITHIN_OF_SERVING_S - time.time()))
        _assert_goes_on(of["lesson"], bell)
    finally:
        stop_flows(flows)
        box.gateway.mend()


_PATHS = ("proxied", "forwarded", "lesson")


def _wanted() -> tuple[Wanted, ...]:
    inspection = {4: INSPECTION4, 6: INSPECTION6}
    return tuple(
        Wanted(kind, site, address, path)
        for family in FAMILIES
        for kind, site, address, path in (
            ("download", SOCIAL_SITE, SOCIAL.at(family), "forwarded"),
            ("ticks", SOCIAL_SITE, SOCIAL.at(family), "forwarded"),
            ("ticks", SOCIAL_SITE, inspection[family], "proxied"),
            ("ticks", LESSON_SITE, LESSONS.at(family), "lesson"),
        )
    )


def _shortly_before_the_bell(box: Box) -> float:
    """Have the school's clock show the end of break; return when the bell rings."""
    for _ in range(_MOST_STARTS):
        lead = timedelta(seconds=_BEFORE_S + 1.5 + 1.2 * box.gateway.start_took_s)
        box.gateway.restart((datetime.fromisoformat(BELL) - lead).isoformat())
        bell = box.gateway.moment(BELL)
        if bell - time.time() > _BEFORE_S:
            return bell
    raise AssertionError("starting takes longer each time")


def _assert_goes_on(flows: list[Flow], bell: float) -> None:
    """Assert that none of *flows* ended at the bell or since, nor was held up for long."""
    for flow in flows:
        assert not flow.is_over, flow.end
        assert flow.longest_gap_s(bell - 0.5, time.time()) < LONGEST_GAP_S


def _assert_over(flows: list[Flow], since: float, within_s: float) -> None:
    """Assert that all of *flows* end within a time of a moment."""
    wait_over(flows, since + within_s + 3.0)
    for flow in flows:
        assert flow.over_at is not None, f"{flow.wanted} goes on"
        assert flow.over_at - since <= within_s, flow.end
