"""Drafts, questions, versions, deputies and standing permissions: looked at, light and dark."""

import dataclasses
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from chromium import ARTEFACTS, IS_WHOLE, Scheme, chromium
from chromium import look as look_closely
from free_ports import free_port
from playwright.sync_api import Page
from web_browser import Browser
from web_school import ENTRY, HOST, NETWORKS, PASSWORD, WebSchool, WebSettings, settings_in
from web_server import served

from schoolgate_policyd.config import DnsSettings, NetworkSettings, ProxySettings
from schoolgate_policyd.core.subjects import Audience, DeviceKind

pytestmark = pytest.mark.browser

LISTENING = "127.0.8.2"
HERE = NetworkSettings(
    id="staff-own-devices-here",
    cidr="127.0.0.0/24",
    audience=Audience.STAFF,
    device=DeviceKind.OWN_DEVICE,
    inspectable=True,
)
DECISION = {"approved": "yes", "reasons": "Fits the lesson", "password": PASSWORD}
MEASURES = {"in_place": "yes", "why": "I looked at the page; comments are off."}
STANDING = {
    "name": "staff-break-access",
    "reasons": "Staff may use social media at break",
    "measures": "Own devices and the staff room's computers only",
    "review_on": "2026-12-10",
}


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with chromium() as opened:
        yield opened.new_context(locale="en-GB").new_page()


@pytest.fixture
def served_school(tmp_path: Path) -> Iterator[tuple[WebSchool, str]]:
    port = free_port(LISTENING)
    web = WebSettings(address=LISTENING, port=port, public_url=f"http://{HOST}:8000")
    settings = dataclasses.replace(
        settings_in(tmp_path, web, (*NETWORKS, HERE)),
        dns=DnsSettings(address=LISTENING),
        proxy=ProxySettings(address=LISTENING),
    )
    school = WebSchool(tmp_path, settings=settings)
    try:
        with served(school, LISTENING, port) as url:
            yield school, url
    finally:
        school.close()


@pytest.fixture
def thread(served_school: tuple[WebSchool, str]) -> Iterator[Executor]:
    school, _ = served_school
    with ThreadPoolExecutor(1) as opened:
        yield opened
        opened.submit(school.runner.close).result()


def look(page: Page, name: str) -> None:
    """Look closely at the page, light and dark, and keep it as it is on paper."""
    schemes: tuple[Scheme, ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        look_closely(page, name, scheme)
    if IS_WHOLE:
        page.emulate_media(media="print", color_scheme="light")
        page.screenshot(path=ARTEFACTS / "webui" / f"{name}-print.png", full_page=True)
        page.emulate_media(media="screen")


class Colleague:
    """Somebody at a browser without script, in a thread: Playwright has a loop in this one."""

    def __init__(self, thread: Executor, school: WebSchool, username: str) -> None:
        self._thread = thread
        browser = Browser(school)
        self._browser = thread.submit(lambda: browser.sign_in(username)).result()

    def send(self, path: str, action: str, **entered: str) -> None:
        """Fill in the form at *path* and send it."""
        sent = self._thread.submit(lambda: self._browser.send(path, action, **entered)).result()
        assert "There is a problem" not in sent.text, sent.text

    def sign(self, path: str, action: str, **entered: str) -> None:
        """Fill in the form at *path* and sign what it leads to."""
        signed = self._thread.submit(lambda: self._browser.sign(path, action, **entered)).result()
        assert "signed" in signed.text, signed.text


def sign_in(page: Page, url: str, username: str) -> None:
    page.context.clear_cookies()
    page.goto(f"{url}/sign-in")
    page.fill("#username", username)
    page.fill("#password", PASSWORD)
    page.click("main button")


def test_a_requests_life(
    page: Page, served_school: tuple[WebSchool, str], thread: Executor
) -> None:
    school, url = served_school
    names = ("teacher", "lead", "head", "operator")
    by = {name: Colleague(thread, school, name) for name in names}
    teacher, lead, head = by["teacher"], by["lead"], by["head"]
    sign_in(page, url, "teacher")
    teacher.send("/requests/new", "/requests/new", **ENTRY, save="yes")
    page.goto(f"{url}/requests/drafts/1")
    look(page, "request-draft")
    teacher.send("/requests/drafts/1", "/requests/drafts/1", **ENTRY)
    lead.send("/requests/1", "/requests/1/question", question="Who is in the room with them?")
    page.goto(f"{url}/requests/1")
    look(page, "request-question")
    page.goto(f"{url}/requests/1/change")
    look(page, "request-change")
    teacher.send(
        "/requests/1/change", "/requests/1/change", measures="I am in the room.", why="I am."
    )
    head.sign(
        "/delegations",
        "/delegations",
        deputy="operator",
        starts_on="2026-11-20",
        ends_on="2026-11-27",
        reasons="A conference",
        password=PASSWORD,
    )
    lead.send("/requests/1", "/requests/1/measures", **MEASURES)
    by["operator"].sign("/requests/1", "/requests/1/decision", **DECISION)
    school.policyd.acknowledges(10**6)
    page.goto(f"{url}/requests/1")
    look(page, "request-by-a-deputy")
    school.school_clock.go_on(timedelta(hours=6))
    page.goto(f"{url}/requests/1")
    look(page, "request-ended")
    teacher.send("/requests/1", "/requests/1/how-it-went", how_it_went="They asked for more.")
    sign_in(page, url, "lead")
    page.goto(f"{url}/requests/1")
    look(page, "request-to-note")
    sign_in(page, url, "head")
    page.goto(f"{url}/delegations")
    look(page, "delegations")


def test_standing_permissions(
    page: Page, served_school: tuple[WebSchool, str], thread: Executor
) -> None:
    school, url = served_school
    Colleague(thread, school, "technician").send("/standing/new", "/standing/new", **STANDING)
    lead, path = Colleague(thread, school, "lead"), "/standing/requests/1"
    lead.send(path, f"{path}/controls", in_place="yes", why="They are in place")
    sign_in(page, url, "head")
    page.goto(f"{url}{path}")
    look(page, "standing-decision")
    Colleague(thread, school, "head").sign(path, f"{path}/decision", **DECISION)
    page.goto(f"{url}/standing")
    look(page, "standing")
    page.goto(f"{url}/standing/new")
    look(page, "standing-new")
    page.goto(url)
    look(page, "home-to-review")
