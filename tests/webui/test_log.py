"""The log as the online safety lead sees it: live, searchable, and without names."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from web_browser import Browser, Page
from web_events import allowed, blocked, put
from web_school import LESSON, WebSchool

from schoolgate_firewall.evidence import is_attempt
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.ipc.messages import PointKind
from schoolgate_policyd.netfilter.names import Reason
from schoolgate_webui.routes.log import LIVE_FOR_S
from schoolgate_webui.views.log import MAX_ROWS

MINUTE = timedelta(minutes=1)
NAMES = {"www.tiktok.com", "vpn.example", "www.facebook.com", "lessons.example"}


@pytest.fixture(scope="module")
def busy_school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSchool]:
    school = WebSchool(tmp_path_factory.mktemp("busy"))
    put(
        school,
        blocked(
            "www.tiktok.com",
            person="p-7",
            count=4,
            categories=("video-sharing",),
            device_id="pc-1",
        ),
        blocked(
            "vpn.example",
            ago=3 * MINUTE,
            client="127.0.1.11",
            attempt="circumvention",
            rule="circumvention",
        ),
        blocked(
            "www.facebook.com",
            ago=timedelta(days=8),
            audience=Audience.STAFF,
            client="127.0.2.10",
            person="teacher",
            rule="staff-social-media",
            device_id="teachers-phone",
        ),
        blocked(
            "old.example",
            ago=timedelta(days=9),
            audience=Audience.STAFF,
            client="127.0.2.11",
            person="teacher",
            device_id="phone-that-left-the-register",
        ),
        allowed("lessons.example", ago=5 * MINUTE, person="teacher", categories=("wiki",)),
    )
    yield school
    school.close()


@pytest.fixture(scope="module")
def lead(busy_school: WebSchool) -> Browser:
    return Browser(busy_school).sign_in("lead")


def pseudonym_of(page: Page, kind: str) -> str:
    """Return the letters by which *page* calls the first of that kind."""
    return page.text.split(f"{kind} ", 1)[1].split(",")[0].split(" ")[0]


def test_the_newest_stands_first_with_who_device_network_name_rule_clause_and_time(
    lead: Browser,
) -> None:
    page = lead.get("/log")
    text = page.text

    assert text.index("www.tiktok.com") < text.index("vpn.example") < text.index("facebook")
    assert "10:00:00 4 times, last at 10:00:00 Pupil " in text
    assert ", year 4 School computer, pc-1 (127.0.1.10) Pupil computers www.tiktok.com" in text
    said = "Pupils may not reach social media. Social Media Policy, §7 pupils-social-media"
    assert said in text


def test_no_name_and_no_id_stands_in_the_log_before_a_record_is_opened(lead: Browser) -> None:
    lead.get("/log?allowed=yes")
    source = lead.last_text

    assert "Tess" not in source
    assert "Pia" not in source
    assert "p-7" not in source
    assert "teacher" not in source.replace("headteacher", "")
    # Not even of a device that the register does not know any more.
    assert "old.example" in source
    assert "phone-that-left" not in source


def test_a_pseudonym_is_the_same_all_over_the_session_and_another_for_somebody_else(
    busy_school: WebSchool, lead: Browser
) -> None:
    code = pseudonym_of(lead.get("/log"), "Pupil")

    assert code == pseudonym_of(lead.get("/log?name=tiktok"), "Pupil")
    for other in ("dsl", "lead"):
        browser = Browser(busy_school).sign_in(other)
        assert code != pseudonym_of(browser.get("/log"), "Pupil")


def test_the_one_who_looks_finds_themselves_as_somebody_not_known(school: WebSchool) -> None:
    put(
        school,
        blocked("www.facebook.com", audience=Audience.STAFF, person="lead"),
        blocked("www.facebook.com", audience=Audience.STAFF, person="head", ago=MINUTE),
    )
    page = Browser(school).sign_in("lead").get("/log")

    # Nor is the head told apart: they alone could not be opened.
    assert 2 == page.text.count("Staff, not known")
    assert "Open the record" not in page.text


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", NAMES - {"lessons.example"}),
        ("?allowed=yes", NAMES),
        ("?audience=staff", {"www.facebook.com"}),
        ("?audience=staff&allowed=yes", {"www.facebook.com", "lessons.example"}),
        ("?audience=pupil", {"www.tiktok.com", "vpn.example"}),
        ("?who=127.0.1.11", {"vpn.example"}),
        ("?who=pc-1", {"www.tiktok.com"}),
        ("?who=p-7", set()),
        ("?name=TIK", {"www.tiktok.com"}),
        ("?name=%25", set()),
        ("?rule=staff-social-media", {"www.facebook.com"}),
        ("?category=video-sharing", {"www.tiktok.com"}),
        ("?category=wiki&allowed=yes", {"lessons.example"}),
        ("?attempts=yes", {"vpn.example"}),
        ("?audience=pupil&attempts=yes&name=tik", set()),
        ("?audience=nobody", NAMES - {"lessons.example"}),
        ("?from=2026-11-20T09:58&to=2026-11-20T10:01", {"www.tiktok.com"}),
        ("?to=2026-11-20T09:58", {"vpn.example", "www.facebook.com"}),
    ],
)
def test_filters_show_what_fits(lead: Browser, query: str, shown: set[str]) -> None:
    page = lead.get(f"/log{query}")

    assert shown == {name for name in NAMES if name in page.text.split("What you can do", 1)[1]}


def test_a_pseudonym_asks_for_everything_of_the_same_person(lead: Browser) -> None:
    code = pseudonym_of(lead.get("/log"), "Pupil")
    page = lead.get(f"/log?who={code.lower()}")

    assert "www.tiktok.com" in page.text
    assert "vpn.example" not in page.text


def test_the_filters_stay_as_they_were_set(lead: Browser) -> None:
    set_to = {"audience": "staff", "who": "x", "name": "y", "attempts": "yes", "allowed": "yes"}
    page = lead.get(f"/log?{urlencode(set_to)}&from=2026-11-20T09:00")

    form = page.form("/log").fields
    assert set_to | {"from": "2026-11-20T09:00"} == {
        name: form[name] for name in (*set_to, "from")
    }


def test_a_time_that_is_none_is_said_beside_its_field(lead: Browser) -> None:
    page = lead.get("/log?from=yesterday")

    assert 422 == lead.status
    assert "There is a problem" in page.text
    assert "yesterday" == page.form("/log").fields["from"]
    assert "www.tiktok.com" not in page.text


def test_a_row_leads_to_a_request_a_block_and_the_reason(lead: Browser) -> None:
    links = lead.get("/log?name=tiktok").links

    found = {
        split.path: parse_qs(split.query)["url"]
        for split in map(urlsplit, links)
        if "url=" in split.query
    }
    assert {
        "/requests/new": ["https://www.tiktok.com/"],
        "/blocks/new": ["https://www.tiktok.com/"],
        "/why": ["www.tiktok.com"],
    } == found


def test_the_form_that_a_row_leads_to_has_the_address(lead: Browser) -> None:
    page = lead.get("/requests/new?url=https%3A%2F%2Fwww.tiktok.com%2F")

    assert "https://www.tiktok.com/" == page.inputs["url"]


def test_it_is_live_and_without_javascript_has_a_link(
    busy_school: WebSchool, lead: Browser
) -> None:
    page = lead.get("/log?audience=staff")
    assert 'hx-trigger="every 2s"' in lead.last_text
    assert "/log?audience=staff" in page.links
    until = int(busy_school.machine_clock.now().timestamp()) + LIVE_FOR_S
    assert f'hx-get="/log/rows?audience=staff&amp;until={until}"' in lead.last_text

    rows = lead.ask("GET", f"/log/rows?audience=staff&until={until}")

    assert 200 == rows.status_code
    assert "www.facebook.com" in rows.text
    assert "www.tiktok.com" not in rows.text
    assert "<html" not in rows.text


def test_a_page_that_is_left_open_stops_asking(busy_school: WebSchool, lead: Browser) -> None:
    until = int(busy_school.machine_clock.now().timestamp())

    rows = lead.ask("GET", f"/log/rows?until={until}")

    assert 286 == rows.status_code
    assert "not live any more" in rows.text


def test_attempts_of_old_leads_to_the_log(lead: Browser) -> None:
    answer = lead.ask("GET", "/attempts?circumvention=yes&name=x")

    assert (303, "/log?attempts=yes&name=x") == (answer.status_code, answer.headers["location"])


def test_pages_of_the_log_neither_repeat_nor_miss_and_older_ones_stand_still(
    school: WebSchool,
) -> None:
    hosts = [f"n{number}.example" for number in range(MAX_ROWS + 7)]
    put(school, *(blocked(host, ago=MINUTE * number * 40) for number, host in enumerate(hosts)))
    browser = Browser(school).sign_in("lead")
    first = browser.get("/log")
    older = next(link for link in first.links if "before=" in link)
    second = browser.get(older)

    assert "hx-get" not in browser.last_text
    assert "/log" in second.links
    for number, host in enumerate(hosts):
        assert (number < MAX_ROWS) == (f" {host} " in first.text)
        assert (number >= MAX_ROWS) == (f" {host} " in second.text)


def test_something_new_is_there_at_the_next_look(school: WebSchool) -> None:
    browser = Browser(school).sign_in("dsl")
    assert "Nothing that fits." in browser.get("/log").text
    put(school, blocked("new.tiktok.com"), boot="b2")

    assert "new.tiktok.com" in browser.ask("GET", "/log/rows?until=9999999999").text


EVIDENCE = "26 new names in 25 s, 26 of them like code; types TXT 26"
REFUSED = "TCP port 443 to 192.0.2.80: no name that was asked for leads there"


def test_what_was_noticed_or_refused_shows_what_was_seen_and_asks_no_why(
    school: WebSchool,
) -> None:
    firewall = PointKind.FIREWALL
    put(
        school,
        blocked("evil.example", attempt="dns-tunnel", evidence=EVIDENCE, rule="", count=9),
        blocked(
            "192.0.2.80", attempt="unknown-address", evidence=REFUSED, rule="", point=firewall
        ),
        blocked("192.0.2.80", attempt="tunnel", evidence="GRE: VPNs", rule="", point=firewall),
        blocked("(many)", attempt="unknown-address", rule="", point=firewall),
        blocked("bold.example", attempt="circumvention", evidence="<b>&amp;", rule=""),
    )
    page = Browser(school).sign_in("lead").get("/log")

    assert f"evil.example Tried to tunnel through DNS {EVIDENCE}" in page.text
    assert f"192.0.2.80 Went to an address without asking for its name {REFUSED}" in page.text
    assert "192.0.2.80 Tried a VPN or another tunnel GRE: VPNs" in page.text
    assert "(many) Went to an address without asking" in page.text
    assert "bold.example Tried to get round the filter <b>&amp;" in page.text
    assert "Noticed by the filter itself" in page.text
    assert "Refused by the firewall" in page.text
    assert [] == [link for link in page.links if link.startswith("/why?")]
    # Nobody asks for what has no name of its own.
    assert not any("many" in link for link in page.links if link.startswith("/requests/new"))


def test_every_reason_of_the_firewall_has_words_of_its_own(school: WebSchool) -> None:
    reasons = [each for each in Reason if is_attempt(each)]
    put(school, *(blocked(e, attempt=e, rule="", point=PointKind.FIREWALL) for e in reasons))
    text = Browser(school).sign_in("lead").get("/log").text

    assert all(f"{each} " in text for each in reasons)
    assert "Tried to get round the filter" not in text.split("What you can do", 1)[1]


def test_times_are_entered_by_the_schools_clock(lead: Browser) -> None:
    """The machine's clock of a test is four months ahead of the school's."""
    page = lead.get(f"/log?from={LESSON:%Y-%m-%dT%H:%M}")

    assert "www.tiktok.com" in page.text
    assert "vpn.example" not in page.text
