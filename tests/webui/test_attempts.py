"""Blocked attempts as the online safety lead sees them."""

from datetime import timedelta

import pytest
from web_browser import Browser, Page
from web_events import blocked, put
from web_school import WebSchool

from schoolgate_firewall.evidence import is_attempt
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.ipc.messages import PointKind
from schoolgate_policyd.netfilter.names import Reason
from schoolgate_webui.routes.attempts import LIVE_FOR_S


@pytest.fixture
def busy_school(school: WebSchool) -> WebSchool:
    put(
        school,
        blocked("www.tiktok.com", person="p-7", count=4),
        blocked(
            "vpn.example",
            ago=timedelta(minutes=3),
            client="127.0.1.11",
            attempt="circumvention",
            rule="circumvention",
        ),
        blocked(
            "www.facebook.com",
            ago=timedelta(minutes=8),
            audience=Audience.STAFF,
            client="127.0.2.10",
            person="teacher",
            rule="staff-social-media",
        ),
    )
    return school


def seen(school: WebSchool, query: str = "") -> Page:
    return Browser(school).sign_in("lead").get(f"/attempts{query}")


def test_the_newest_stands_first_with_who_name_rule_clause_and_time(
    busy_school: WebSchool,
) -> None:
    text = seen(busy_school).text

    assert text.index("www.tiktok.com") < text.index("vpn.example") < text.index("facebook")
    assert "10:00:00 4 times, last at 10:00:00 Pupil p-7 School computer, 127.0.1.10" in text
    assert "pupils-social-media Social Media Policy, §7" in text
    assert "Tess Teacher" not in text


def test_an_attempt_to_get_round_the_filter_is_marked_as_such(busy_school: WebSchool) -> None:
    page = seen(busy_school)

    assert 1 == page.text.count("Tried to get round the filter")
    assert "vpn.example Tried to get round the filter" in page.text
    assert "sg-attempt" in page.classes


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?audience=staff", {"www.facebook.com"}),
        ("?audience=pupil", {"www.tiktok.com", "vpn.example"}),
        ("?who=p-7", {"www.tiktok.com"}),
        ("?who=127.0.1.11", {"vpn.example"}),
        ("?name=TIK", {"www.tiktok.com"}),
        ("?name=%25", set()),
        ("?rule=staff-social-media", {"www.facebook.com"}),
        ("?circumvention=yes", {"vpn.example"}),
        ("?audience=pupil&circumvention=yes&name=tik", set()),
        ("?audience=nobody", {"www.tiktok.com", "vpn.example", "www.facebook.com"}),
    ],
)
def test_filters_show_what_fits(busy_school: WebSchool, query: str, shown: set[str]) -> None:
    page = seen(busy_school, query)

    names = {"www.tiktok.com", "vpn.example", "www.facebook.com"}
    assert shown == {name for name in names if name in page.text}


def test_the_filters_stay_as_they_were_set(busy_school: WebSchool) -> None:
    page = seen(busy_school, "?audience=staff&who=x&name=y&circumvention=yes")

    form = page.form("/attempts").fields
    assert {"audience": "staff", "who": "x", "name": "y", "circumvention": "yes"} == {
        name: form[name] for name in ("audience", "who", "name", "circumvention")
    }


def test_it_is_live_and_without_javascript_has_a_link(busy_school: WebSchool) -> None:
    browser = Browser(busy_school).sign_in("lead")
    page = browser.get("/attempts?audience=staff")
    assert 'hx-trigger="every 2s"' in browser.last_text
    assert "/attempts?audience=staff" in page.links
    until = int(busy_school.machine_clock.now().timestamp()) + LIVE_FOR_S
    assert f'hx-get="/attempts/rows?audience=staff&amp;until={until}"' in browser.last_text

    rows = browser.ask("GET", f"/attempts/rows?audience=staff&until={until}")

    assert 200 == rows.status_code
    assert "www.facebook.com" in rows.text
    assert "www.tiktok.com" not in rows.text
    assert "<html" not in rows.text


def test_a_page_that_is_left_open_stops_asking(busy_school: WebSchool) -> None:
    browser = Browser(busy_school).sign_in("lead")
    until = int(busy_school.machine_clock.now().timestamp())

    rows = browser.ask("GET", f"/attempts/rows?until={until}")

    assert 286 == rows.status_code
    assert "not live any more" in rows.text


def test_something_new_is_there_at_the_next_look(busy_school: WebSchool) -> None:
    browser = Browser(busy_school).sign_in("dsl")
    put(busy_school, blocked("new.tiktok.com"), boot="b2")

    assert "new.tiktok.com" in browser.ask("GET", "/attempts/rows?until=9999999999").text


def test_nothing_blocked_is_said(school: WebSchool) -> None:
    assert "Nothing was blocked that fits." in seen(school).text


EVIDENCE = "26 new names in 25 s, 26 of them like code; types TXT 26"


def test_what_the_filter_noticed_itself_shows_its_evidence_and_asks_no_why(
    school: WebSchool,
) -> None:
    tunnel = blocked("evil.example", attempt="dns-tunnel", evidence=EVIDENCE, rule="", count=9)
    put(school, tunnel)
    page = seen(school)

    assert "evil.example Tried to tunnel through DNS " + EVIDENCE in page.text
    assert "Noticed by the filter itself" in page.text
    assert [] == [link for link in page.links if link.startswith("/why?")]


REFUSED = "TCP port 443 to 192.0.2.80: no name that was asked for leads there"


@pytest.mark.parametrize(
    ("host", "attempt", "evidence", "said"),
    [
        (
            "192.0.2.80",
            "unknown-address",
            REFUSED,
            f"192.0.2.80 Went to an address without asking for its name {REFUSED}",
        ),
        ("192.0.2.80", "tunnel", "GRE to 192.0.2.80: VPNs use this", "Tried a VPN or another"),
        ("(many)", "unknown-address", None, "(many) Went to an address without asking"),
    ],
)
def test_what_the_firewall_refused_shows_what_was_seen_and_asks_no_why(
    school: WebSchool, host: str, attempt: str, evidence: str | None, said: str
) -> None:
    refused = blocked(host, attempt=attempt, evidence=evidence, rule="", point=PointKind.FIREWALL)
    put(school, refused)
    page = seen(school)

    assert said in page.text
    assert "Refused by the firewall" in page.text
    assert [] == [link for link in page.links if link.startswith("/why?")]


def test_every_reason_of_the_firewall_has_words_of_its_own(school: WebSchool) -> None:
    reasons = [each for each in Reason if is_attempt(each)]
    put(
        school,
        *(blocked(e, attempt=e, rule="", point=PointKind.FIREWALL) for e in reasons),
    )
    text = seen(school).text

    assert all(f"{each} " in text for each in reasons)
    assert "Tried to get round the filter" not in text


def test_evidence_is_text_whatever_it_says(school: WebSchool) -> None:
    put(school, blocked("evil.example", attempt="circumvention", evidence="<b>&amp;"))

    assert "<b>&amp;" in seen(school).text
