"""Reports and blocks at once in a real browser: looked at closely."""

from collections.abc import Iterator

import pytest
from chromium import Scheme, chromium, look
from free_ports import free_port
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page
from web_school import PASSWORD, WebSchool, WebSettings, settings_in
from web_server import served

pytestmark = pytest.mark.browser

LISTENING = "127.0.8.1"


class Someone:
    """Somebody at Chromium, who looks closely at each page they come to."""

    def __init__(self, browser: Chromium, url: str, scheme: Scheme, username: str = "") -> None:
        context = browser.new_context(base_url=url, color_scheme=scheme, locale="en-GB")
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: pytest.fail(str(error)))
        self._scheme = scheme
        if username:
            self.page.goto("/sign-in")
            self.page.fill("#username", username)
            self.page.fill("#password", PASSWORD)
            self.page.click("main button")
            self._acknowledge()

    def _acknowledge(self) -> None:
        for box in self.page.locator("input[name=read], input[name=monitored]").all():
            box.check()
        if self.page.locator("input[name=read]").count():
            self.page.click("main button")

    def look(self, name: str, path: str = "") -> None:
        """Look closely at the page at *path*, or where they are."""
        if path:
            self.page.goto(path)
        look(self.page, name, self._scheme)


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("reports")
    port = free_port(LISTENING)
    web = WebSettings(address=LISTENING, port=port, public_url=f"http://{LISTENING}:{port}")
    school = WebSchool(folder, settings=settings_in(folder, web))
    try:
        with served(school, LISTENING, port) as opened:
            yield opened
    finally:
        school.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_what_a_child_saw_to_the_block_and_the_answer(
    browser: Chromium, url: str, scheme: Scheme
) -> None:
    child = Someone(browser, url, scheme)
    child.look("report", "/report")
    child.page.click("main button")
    child.look("report-empty")
    assert "There is a problem" in child.page.inner_text(":focus")
    child.page.fill("#saw", f"I saw a scary man on www.bad-games.com/{scheme}")
    child.page.click("main button")
    child.look("report-sent")
    code = child.page.inner_text(".sg-code-word")
    child.look("report-answer-form", "/report/answer")

    lead = Someone(browser, url, scheme, "lead")
    lead.look("reports", "/reports")
    lead.page.click(f"text=www.bad-games.com/{scheme}")
    lead.look("report-handled")
    lead.page.click("text=Block at once")
    lead.look("block-new")
    lead.page.fill("#reason", "Masked men, children frightened")
    lead.page.click("main button")
    lead.look("block")
    lead.look("blocks", "/blocks")
    lead.page.goto("/blocks/new?url=www.tiktok.com")
    lead.page.click("main button")
    lead.look("block-mistakes")

    Someone(browser, url, scheme, "head").look("block-lift", "/blocks/1")
    child.page.fill("#code", code.lower())
    child.page.click("main button")
    child.look("report-answer")
    assert "It does not open here any more." in child.page.inner_text("main")
