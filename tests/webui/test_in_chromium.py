"""Pages on the ways that people go most, in a real browser: looked at closely, light and dark."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from chromium import Scheme, acknowledge, chromium, found_by_axe, look
from free_ports import free_port
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page
from policy_versions_world import later_texts, take_up
from web_events import allowed, blocked, noticed, put
from web_school import ENTRY, LESSON, NETWORKS, PASSWORD, WebSchool, WebSettings, settings_in
from web_server import served

from schoolgate_policyd.config import DnsSettings, NetworkSettings, ProxySettings
from schoolgate_policyd.core.subjects import Audience, DeviceKind

pytestmark = pytest.mark.browser

# Chromium asks from 127.0.0.1, so the pages listen elsewhere and that is an own devices' network.
LISTENING = "127.0.8.1"
HERE = NetworkSettings(
    id="staff-own-devices-here",
    cidr="127.0.0.0/24",
    audience=Audience.STAFF,
    device=DeviceKind.OWN_DEVICE,
    inspectable=True,
)


@dataclass
class Someone:
    """Somebody at Chromium, who looks closely at each page they come to."""

    page: Page
    scheme: Scheme

    def sign_in(self, username: str) -> "Someone":
        self.page.goto("/sign-in")
        self.page.fill("#username", username)
        self.page.fill("#password", PASSWORD)
        self.page.click("main button")
        acknowledge(self.page)
        return self

    def look(self, name: str) -> None:
        """Look closely at the page they came to."""
        look(self.page, name, self.scheme)

    def ask(self, url: str, whom: str, scope: str) -> None:
        self.page.goto(f"/requests/new?url={url}")
        for name in ("site_content", "reasons", "measures"):
            self.page.fill(f"#{name}", ENTRY[name])
        self.page.check(f'input[name=for_whom][value="{whom}"]')
        self.page.check(f'input[name=scope][value="{scope}"]')
        self.page.click("text=Send request")


@dataclass
class Office:
    """The pages, served, and who comes to them."""

    school: WebSchool
    url: str
    chromium: Chromium
    scheme: Scheme

    def someone(self) -> Someone:
        context = self.chromium.new_context(
            base_url=self.url, color_scheme=self.scheme, locale="en-GB"
        )
        page = context.new_page()
        # A script or style that the policy refused would say so here.
        page.on("pageerror", lambda error: pytest.fail(str(error)))
        page.on("console", _no_refusals)
        return Someone(page, self.scheme)


def _no_refusals(message: object) -> None:
    text = getattr(message, "text", "")
    assert "Content Security Policy" not in text, text


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with chromium() as opened:
        yield opened


@pytest.fixture(params=["light", "dark"])
def office(request: pytest.FixtureRequest, tmp_path: Path, browser: Chromium) -> Iterator[Office]:
    port = free_port(LISTENING)
    web = WebSettings(address=LISTENING, port=port, public_url=f"http://{LISTENING}:{port}")
    settings = dataclasses.replace(
        settings_in(tmp_path, web, (*NETWORKS, HERE)),
        dns=DnsSettings(address=LISTENING),
        proxy=ProxySettings(address=LISTENING),
    )
    school = WebSchool(tmp_path, settings=settings)
    try:
        with served(school, LISTENING, port) as url:
            yield Office(school, url, browser, request.param)
    finally:
        school.close()


def test_axe_core_is_really_asked(browser: Chromium) -> None:
    """A page with a picture without words must not pass, or no other page's passing counts."""
    page = browser.new_page()
    page.set_content('<html lang="en"><title>x</title><img src="x"><input></html>')

    found = found_by_axe(page)

    assert {"image-alt", "label"} <= {each.partition(":")[0] for each in found}


def test_public_pages(office: Office) -> None:
    anybody = office.someone()
    for path, name in (
        ("/", "landing"),
        ("/help", "help"),
        ("/filtering", "filtering"),
        ("/sign-in", "sign-in"),
        ("/nothing", "not-found"),
    ):
        anybody.page.goto(path)
        anybody.look(name)
    anybody.page.goto("/sign-in")
    anybody.page.fill("#username", "teacher")
    anybody.page.fill("#password", "wrong")
    anybody.page.click("main button")
    anybody.look("sign-in-wrong")
    assert "There is a problem" in anybody.page.inner_text(":focus")


def test_from_the_form_to_the_grant(office: Office) -> None:
    school = office.school
    school.policyd.acknowledges(10**6)
    teacher = office.someone().sign_in("teacher")
    teacher.look("home-empty")
    teacher.page.goto(f"/requests/new?url={ENTRY['url']}")
    teacher.look("request-form")
    teacher.page.fill("#ends_at", "2026-11-20T09:00")
    teacher.page.click("text=Send request")
    teacher.look("request-form-mistakes")
    assert "2026-11-20T09:00" == teacher.page.input_value("#ends_at")
    teacher.ask(ENTRY["url"], "oneself", "page")
    teacher.look("request-sent")
    teacher.ask("https://www.facebook.com/groups/historians", "class:4b", "site")
    school.go_on(timedelta(minutes=12))

    lead = office.someone().sign_in("lead")
    lead.look("home-lead")
    for number in (1, 2):
        lead.page.goto(f"/requests/{number}")
        lead.look(f"request-{number}-measures")
        lead.page.check("input[name=in_place][value=yes]")
        lead.page.fill("#measures-why", "I looked at the page; comments are off.")
        lead.page.click('main button:has-text("Record")')
    lead.look("request-2-waits-for-decision")

    head = office.someone().sign_in("head")
    head.look("home-head")
    for number in (1, 2):
        head.page.goto(f"/requests/{number}")
        head.look(f"request-{number}-decision")
    head.page.goto("/requests/1")
    go_on = 'main button:has-text("Continue to sign")'
    head.page.click(go_on)
    head.look("request-decision-mistakes")
    head.page.check("input[name=approved][value=yes]")
    head.page.fill("#decision-reasons", "Fits the lesson.")
    head.page.click(go_on)
    head.page.fill("#password", PASSWORD)
    head.look("sign-decision")
    head.page.click('main button:has-text("Sign")')
    head.look("request-in-force")
    assert 1 == len(school.decisions.live(school.school_clock.now()).grants)
    for path in ("requests", "grants"):
        head.page.goto(f"/{path}")
        head.look(path)
    school.policyd.answer = None
    teacher.page.goto("/requests/1")
    teacher.look("request-on-its-way")


def test_this_is_my_device(office: Office) -> None:
    teacher = office.someone().sign_in("operator")
    teacher.page.goto("/devices")
    teacher.look("devices")
    teacher.page.click("main button")
    teacher.look("devices-claimed")
    live = office.school.decisions.live(office.school.school_clock.now())
    assert [("127.0.0.1", "operator")] == [(each.address, each.person) for each in live.claims]
    teacher.page.goto("/log")
    teacher.look("not-for-you")


def test_blocked_attempts_come_in_by_themselves(office: Office) -> None:
    school = office.school
    put(
        school,
        blocked("www.tiktok.com", person="p-7", count=4),
        blocked("vpn.example", ago=timedelta(minutes=3), attempt="circumvention"),
        *[blocked("www.tiktok.com", ago=timedelta(minutes=10 + n)) for n in range(6)],
    )
    lead = office.someone().sign_in("lead")
    lead.page.goto("/log")
    lead.look("log")

    put(school, blocked("new.tiktok.com"), boot="b2")

    lead.page.wait_for_selector("text=new.tiktok.com")
    assert "/log" == lead.page.url.removeprefix(office.url)
    lead.page.goto("/log?attempts=yes")
    lead.look("log-attempts")


def test_what_the_filter_noticed_itself(office: Office) -> None:
    tunnel = (
        "26 new names in 25 s, 26 of them like code; 494 octets in names and 1,700 in answers; "
        "types TXT 14, MX 12; the last name looked like 9a9999aaa99aaaa9a9.a"
    )
    crowd = (
        "within an hour it asked, as these systems do, whether it is online: Android or ChromeOS, "
        "Apple, Windows; asked for 200 or more sites a minute in 7 minutes, at most for about 412"
    )
    put(
        office.school,
        blocked("evil.example", attempt="dns-tunnel", evidence=tunnel, rule="", person="p-7"),
        blocked("www.tiktok.com", ago=timedelta(minutes=3)),
        noticed("127.0.1.66", crowd),
        noticed("2001:db8:1234:5678:9abc:def0:1234:5678", crowd, ago=timedelta(days=1)),
    )
    lead = office.someone().sign_in("lead")
    lead.page.goto("/log")
    lead.look("log-evidence")
    technician = office.someone().sign_in("technician")
    technician.page.goto("/")
    technician.look("home-sources")


def test_a_record_and_the_figures(office: Office) -> None:
    minute, day = timedelta(minutes=1), timedelta(days=1)
    social = {"services": ("facebook",), "categories": ("social-network",)}
    put(
        office.school,
        *(
            blocked("www.tiktok.com", ago=n * 7 * minute, person="p-7", count=n % 5 + 1)
            for n in range(20)
        ),
        *(
            blocked(
                "vpn.example",
                ago=n * day,
                audience=audience,
                count=3 + n,
                categories=("circumvention",),
                attempt="circumvention",
            )
            for n in range(40)
            for audience in Audience
        ),
        *(
            allowed("facebook.com", ago=n * 11 * minute, person="teacher", **social)
            for n in range(300)
        ),
    )
    lead = office.someone().sign_in("lead")
    lead.page.goto("/log/people?q=t")
    lead.look("log-people")
    lead.page.goto("/log/people/teacher")
    lead.page.click("main button")
    lead.look("log-open-mistakes")
    lead.page.check('input[value="social-media-in-working-time"]')
    lead.page.fill("#words", "A parent saw posts during lessons")
    lead.page.click("main button")
    lead.look("log-record")
    for span in ("day", "week", "term"):
        lead.page.goto(f"/figures?span={span}")
        lead.look(f"figures-{span}")
    dsl = office.someone().sign_in("dsl")
    dsl.page.goto("/log/looks")
    dsl.look("log-looks")


def test_why(office: Office) -> None:
    grant = "url=https%3A%2F%2Fwww.tiktok.com%2F%40museum%2Fvideo%2F7&audience=staff"
    at_break = (
        "url=www.tiktok.com&audience=staff&device=own-device&at=2026-11-20T10:35"
        "&assume=staff-break-access"
    )
    lead = office.someone().sign_in("lead")
    for query, name in (
        ("", "why"),
        ("?url=www.tiktok.com&audience=pupil&device=school-computer", "why-always-blocked"),
        (f"?{at_break}", "why-staff-break"),
        (f"?{at_break.replace('11-20', '10-25')}", "why-clock-change"),
        ("?url=www.childline.org.uk", "why-help-line"),
        (f"?{grant}&at=2027-08-02T12:00", "why-beyond-the-calendar"),
        ("?url=a..b&at=tomorrow&age=x&person=nobody&audience=y", "why-mistakes"),
    ):
        lead.page.goto(f"/why{query}")
        lead.look(name)
    assert "There is a problem" in lead.page.inner_text(":focus")


def test_the_policy_in_words(office: Office) -> None:
    take_up(office.school, LESSON)
    office.school.go_on(timedelta(hours=1))
    take_up(office.school, office.school.school_clock.now(), later_texts())
    head = office.someone().sign_in("head")
    for path, name in (
        ("/policy", "policy"),
        ("/policy/versions/2", "policy-version"),
        ("/policy/compare", "policy-compare"),
    ):
        head.page.goto(path)
        head.look(name)
