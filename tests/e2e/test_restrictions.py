"""From the attempt to the incident, the restriction and the supervised session, for real."""

import re
import time
from datetime import timedelta

from chromium import ARTEFACTS
from plain_browser import PlainBrowser
from web_browser import Page
from whole_school import WholeSchool, wait_for

PUPIL_COMPUTER, CLASSMATE = "127.0.1.10", "127.0.1.99"
LESSON_SITE = "www.bbc.co.uk"


def is_open(school: WholeSchool, client: str, site: str = LESSON_SITE) -> bool:
    """Whether *client* gets a page of *site*, and not the block page."""
    return school.curl(client, school.url(site, "/"))[0] == 200


def opened(browser: PlainBrowser, path: str) -> Page:
    return Page(browser.read(path))


def incident_of(dsl: PlainBrowser) -> str | None:
    """Return the path of the first incident in the list, None while there is none."""
    links = opened(dsl, "/incidents?kind=circumvention").links
    return next((each for each in links if re.fullmatch(r"/incidents/\d+", each)), None)


def test_an_attempt_leads_to_a_restriction_only_by_decision_and_within_a_second(
    school: WholeSchool,
) -> None:
    assert is_open(school, PUPIL_COMPUTER)
    with (
        PlainBrowser(school, "dsl") as dsl,
        PlainBrowser(school, "head") as head,
        PlainBrowser(school, "teacher") as teacher,
    ):
        began = time.monotonic()
        school.dig(PUPIL_COMPUTER, "protonvpn.com")
        incident = wait_for(lambda: incident_of(dsl), 60, "the incident")
        gathered_s = time.monotonic() - began
        assert is_open(school, PUPIL_COMPUTER)

        propose, ends_on = f"{incident}/propose", "2026-12-01"
        assert "protonvpn.com" in opened(dsl, incident).text
        dsl.send(propose, propose, what="supervised-only", ends_on=ends_on, why="Again")
        assert is_open(school, PUPIL_COMPUTER)
        waiting = opened(head, "/restrictions").forms
        decide = next(each.action for each in waiting if each.action.endswith("/decide"))
        began = time.monotonic()
        head.send("/restrictions", decide, approved="yes", reasons="It fits")
        wait_for(lambda: not is_open(school, PUPIL_COMPUTER), 5, "the restriction")
        restricted_s = time.monotonic() - began
        assert is_open(school, CLASSMATE)
        assert is_open(school, PUPIL_COMPUTER, "www.childline.org.uk")

        teacher.send("/supervised", "/supervised/open")
        wait_for(lambda: is_open(school, PUPIL_COMPUTER), 5, "the supervised session")
        assert not is_open(school, PUPIL_COMPUTER, "www.tiktok.com")
        end = next(f.action for f in opened(teacher, "/supervised").forms if "/end" in f.action)
        teacher.send("/supervised", end)
        wait_for(lambda: not is_open(school, PUPIL_COMPUTER), 5, "the end of the session")
    ARTEFACTS.mkdir(exist_ok=True)
    (ARTEFACTS / "incident-and-restriction.txt").write_text(
        f"{gathered_s:.2f} s from the attempt to the incident on the page\n"
        f"{restricted_s:.2f} s from opening the page to decide to the filter\n"
    )
    assert timedelta(seconds=restricted_s) < timedelta(seconds=3)
