"""The whole way of a change in a real browser, each page looked at closely."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from chromium import Scheme, acknowledge, chromium, look
from free_ports import free_port
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect
from policy_school import PolicySchool
from web_events import blocked, put
from web_school import NETWORKS, PASSWORD, WebSettings, settings_in
from web_server import served

from schoolgate_policyd.config import NetworkSettings
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
FINISHES_WITHIN_MS = 60_000


@dataclass
class Someone:
    """Somebody at Chromium, who looks closely at each page they come to."""

    page: Page
    scheme: Scheme

    def look(self, name: str) -> None:
        """Look closely at the page they came to."""
        look(self.page, f"policy-{name}", self.scheme)

    def press(self, name: str) -> None:
        self.page.get_by_role("main").get_by_role("button", name=name).click()

    def follow(self, name: str) -> None:
        self.page.get_by_role("main").get_by_role("link", name=name, exact=True).click()


@dataclass
class Office:
    """The pages, served, and who comes to them."""

    school: PolicySchool
    url: str
    chromium: Chromium
    scheme: Scheme

    def someone(self, username: str) -> Someone:
        context = self.chromium.new_context(
            base_url=self.url, color_scheme=self.scheme, locale="en-GB"
        )
        page = context.new_page()
        page.on("pageerror", lambda error: pytest.fail(str(error)))
        page.on("console", _no_refusals)
        page.goto("/sign-in")
        page.fill("#username", username)
        page.fill("#password", PASSWORD)
        page.click("main button")
        acknowledge(page)
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
    settings = settings_in(tmp_path, web, (*NETWORKS, HERE))
    school = PolicySchool(tmp_path, settings=settings)
    try:
        with served(school, LISTENING, port) as url:
            yield Office(school, url, browser, request.param)
    finally:
        school.close()


def test_from_a_technicians_draft_over_governors_and_head_to_the_policy(office: Office) -> None:
    day = timedelta(days=1)
    put(
        office.school,
        blocked("clips.example.org", audience=Audience.STAFF, ago=day, count=4, rule="staff"),
        blocked("chat.example.org", audience=Audience.PUPIL, ago=day, count=2, rule="pupils"),
    )
    technician = office.someone("technician")
    number = _draft(technician)
    _check(technician)
    technician.follow("Propose it")
    technician.page.get_by_label("Why is it proposed?").fill("Staff asked for it")
    technician.look("propose")
    technician.press("Propose")
    technician.look("proposed")
    technician.page.context.close()

    governor = office.someone("governor")
    governor.page.goto(f"/policy/drafts/{number}")
    governor.follow("Governors’ approval")
    governor.page.get_by_label("Date of the meeting").fill("2026-11-19")
    governor.look("approve")
    governor.page.get_by_label("Minute reference").fill("Full governing body, item 7")
    governor.press("Record approval")
    governor.page.context.close()

    head = office.someone("head")
    head.page.goto(f"/policy/drafts/{number}")
    head.follow("The headteacher’s direction")
    head.page.get_by_label("On which day was it announced?").fill("2026-11-20")
    head.page.get_by_label("In force from the beginning of").fill("2026-12-01")
    head.page.get_by_label("Reasons").fill("As the governors approved")
    head.press("Continue to sign")
    expect(head.page.get_by_text("the earliest date is 20 December 2026").first).to_be_visible()
    head.look("direct-early")
    head.page.get_by_label("In force from the beginning of").fill("2026-12-20")
    head.press("Continue to sign")
    head.look("direct-to-sign")
    head.page.get_by_label("Password").fill(PASSWORD)
    head.press("Sign")
    expect(head.page.get_by_text("comes into force on Sunday 20 December 2026")).to_be_visible()
    head.look("directed")
    head.page.context.close()


def _draft(technician: Someone) -> int:
    page = technician.page
    page.goto("/policy")
    technician.press("Draft a change")
    technician.press("Begin the draft")
    technician.look("new-mistake")
    page.get_by_label("What is to change?").fill("Staff may in lessons too")
    technician.press("Begin the draft")
    number = int(page.url.split("/")[-2])
    technician.look("changes-none")
    for kind in ("block", "exception", "bells", "terms", "one-off", "file", "promise"):
        page.goto(f"/policy/drafts/{number}/changes/{kind}")
        technician.look(f"change-{kind}")
    page.goto(f"/policy/drafts/{number}/changes/bells?timetable=day&from=monday")
    page.get_by_label("Bell 2: At").fill("08:00")
    technician.press("Put it into the draft")
    technician.look("change-bells-mistake")
    page.goto(f"/policy/drafts/{number}/changes/file?path=schools/hill.yaml")
    technician.look("change-file-text")
    page.goto(f"/policy/drafts/{number}/changes/block")
    technician.press("Put it into the draft")
    technician.look("change-block-mistake")
    page.goto(f"/policy/drafts/{number}/changes/exception?rule=staff&exception=0")
    technician.look("change-exception-form")
    page.get_by_label("Lesson time").check()
    technician.press("Put it into the draft")
    technician.look("changes")
    technician.press("Go on: what is to be done next")
    technician.look("draft")
    return number


def _check(technician: Someone) -> None:
    page = technician.page
    technician.follow("Proof")
    technician.press("Run the proof")
    technician.page.wait_for_selector("#progress, #run")
    # htmx asks each second, and the page comes anew by itself once the proof is done.
    expect(page.get_by_text("It keeps every promise")).to_be_visible(timeout=FINISHES_WITHIN_MS)
    technician.look("proof")
    page.get_by_role("link", name="Back to the draft").click()
    technician.follow("Replay of the last seven days")
    technician.press("Run the replay")
    expect(page.get_by_text("Last run on")).to_be_visible(timeout=FINISHES_WITHIN_MS)
    technician.look("replay")
    page.get_by_role("link", name="Back to the draft").click()
