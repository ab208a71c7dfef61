"""The bell at the end of break, with flows of staff running: what ended when, and what did not."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

from box_clients import asks_for, asks_until_forwarded, curl
from box_flows import Flow, Wanted, run_flows, stop_flows, wait_over
from box_places import (
    LESSON_SITE,
    NAMES,
    SOCIAL_SITE,
    SOCIAL_SITE_2,
    TWO_FACED_SITE,
    TWO_FACED_SOCIAL_SITE,
)
from box_rig import Box
from box_school import INSPECTION4, INSPECTION6

BELL = "2026-11-20T10:45:00"
# Starting takes its time; what is left of it is used for flows that run.
BEFORE_THE_BELL = "2026-11-20T10:44:44"
# A flow that has begun, and the bell a while later.
LEAST_S = 3.0
_MOST_STARTS = 3
OVER_WITHIN_S = 5.0
KINDS = ("download", "ticks", "websocket", "http2")
PATHS = ("forwarded", "proxied", "judged")
FAMILIES = (4, 6)
_FORWARDED = (SOCIAL_SITE, LESSON_SITE)
_JUDGED = (TWO_FACED_SITE, TWO_FACED_SOCIAL_SITE)


@dataclass
class Rung:
    """
    The bell rang at *at* (machine time, seconds): *closed* flows were to end, *open* not.

    *two_faced* are the pages that staff then got, by site and family, at an address to which both
    an allowed and a closed name had led them.
    """

    at: float
    closed: dict[str, Flow]
    open: dict[str, Flow]
    two_faced: dict[tuple[str, int], str]


def closed_name(kind: str, path: str, family: int) -> str:
    """Return the name of a flow that the bell ends."""
    return f"{kind}-{path}-{family}"


def ring(box: Box) -> Rung:
    """Start flows before the bell, let it ring, and return once all of them have had time."""
    for _ in range(_MOST_STARTS):
        if box.gateway.moment(BELL) - time.time() > LEAST_S:
            break
        # A busy machine takes longer; what the last start took says how much.
        lead = timedelta(seconds=2 * LEAST_S + 1.3 * box.gateway.start_took_s)
        box.gateway.restart((datetime.fromisoformat(BELL) - lead).isoformat())
    bell = box.gateway.moment(BELL)
    asks_until_forwarded(box, "staff", *_FORWARDED)
    for name in _JUDGED:
        asks_for(box, "staff", name)
    device, authority = box.device("staff"), box.websites.authority
    closed = run_flows(_to_be_closed(), device, authority)
    try:
        going_on = run_flows(_to_go_on(), device, authority)
    except AssertionError:
        stop_flows(closed)
        raise
    try:
        wait_over(closed, bell + OVER_WITHIN_S)
        while time.time() < bell + 1.5:
            time.sleep(0.05)
    finally:
        stop_flows([*closed, *going_on])
    return Rung(
        bell,
        {flow.wanted.name: flow for flow in closed},
        {flow.wanted.name: flow for flow in going_on},
        {
            (site, family): _at_two_faced(box, site, family)
            for site in (TWO_FACED_SITE, TWO_FACED_SOCIAL_SITE)
            for family in FAMILIES
        },
    )


def _at_two_faced(box: Box, site: str, family: int) -> str:
    place = f"{site}:443:{NAMES[site].at(family)}"
    return curl(box, "staff", family, "--resolve", place, f"https://{site}/")


def _to_be_closed() -> tuple[Wanted, ...]:
    return tuple(
        Wanted(kind, *_where(path, family), closed_name(kind, path, family))
        for kind, path, family in product(KINDS, PATHS, FAMILIES)
    )


def _where(path: str, family: int) -> tuple[str, str]:
    """Return host and address: as DNS told, as it had told before, or as nobody told."""
    match path:
        case "forwarded":
            return SOCIAL_SITE, NAMES[SOCIAL_SITE].at(family)
        case "proxied":
            return SOCIAL_SITE, INSPECTION4 if family == 4 else INSPECTION6
        case _:
            return SOCIAL_SITE_2, NAMES[SOCIAL_SITE_2].at(family)


def _to_go_on() -> tuple[Wanted, ...]:
    inspection = {4: INSPECTION4, 6: INSPECTION6}
    return tuple(
        Wanted(kind, LESSON_SITE, address, f"{kind}-{path}-{family}")
        for kind in ("ticks", "http2", "websocket")
        for family in FAMILIES
        for path, address in (
            ("forwarded", NAMES[LESSON_SITE].at(family)),
            ("proxied", inspection[family]),
        )
    )
