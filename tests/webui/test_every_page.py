"""
Every page, generated from the table of routes: for everybody, on every screen, small, quick.

`make pages` (SCHOOLGATE_PAGES=all) photographs every page and asks axe-core of it both light and
dark; otherwise the pages take turns, which finds the same mistakes: a page's parts stand on many
others.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from chromium import (
    ARTEFACTS,
    IS_WHOLE,
    NARROW,
    PATIENCE_MS,
    SIDEWAYS,
    WIDE,
    Scheme,
    chromium,
    found_by_axe,
)
from free_ports import free_port
from full_school import LISTENING, FullSchool, filled_school
from keyboard import Keyboard
from page_list import NOBODY, Visited, every_page
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response
from web_server import served

pytestmark = pytest.mark.browser

PICTURES = ARTEFACTS / "pages"
# 1280 at 200 % has room for 640 CSS pixels (WCAG 1.4.4).
ZOOMED = 640
LOOKS: tuple[tuple[int, Scheme | None], ...] = ((WIDE, "light"), (ZOOMED, None), (NARROW, "dark"))
# Of what goes over the line: the page as it is, its style and scripts as they are packed.
MOST_OCTETS = 150_000
# What is asked of a page's source, in one go.
SOURCE = """() => ({
  files: performance.getEntriesByType('resource').map(each => each.name),
  headings: [...document.querySelectorAll('h1')].map(each => each.innerText),
  title: document.title,
  inline: document.querySelectorAll('[style], script:not([src]), style').length,
  current: document.querySelectorAll('nav [aria-current]').length,
})"""
# Pages on the way to somewhere else, and the one for programs: no bar leads to them.
BESIDE_THE_BAR = ("/sign-in", "/account/setup", "/sign/", "/api", "/policy/acknowledge")


@dataclass
class Window:
    """One window of somebody's, and what it was told while a page was loaded."""

    page: Page
    said: list[str] = field(default_factory=list)
    scheme: Scheme = "light"

    def hear(self, message: ConsoleMessage) -> None:
        """Keep what the browser complains of; a refused script or style says so here."""
        if message.type in {"error", "warning"}:
            self.said.append(message.text)

    def be(self, scheme: Scheme) -> None:
        """Have the pages be light or dark from now on."""
        if scheme != self.scheme:
            self.page.emulate_media(color_scheme=scheme)
            self.scheme = scheme

    def open(self, path: str) -> Response:
        """Open *path*, forgetting what was said before."""
        self.said.clear()
        answer = self.page.goto(path)
        assert answer is not None
        return answer


@dataclass
class Windows:
    """A window for each person, signed in with the session that the school was filled with."""

    browser: Browser
    url: str
    full: FullSchool
    opened: dict[str, Window] = field(default_factory=dict)
    weights: dict[str, int] = field(default_factory=dict)

    def weight_of(self, url: str) -> int:
        """Return how many octets of a file go over the line."""
        if url not in self.weights:
            with httpx.stream("GET", url, headers={"accept-encoding": "gzip"}) as answer:
                self.weights[url] = sum(map(len, answer.iter_raw()))
        return self.weights[url]

    def of(self, person: str) -> Window:
        """Return the window of *person*."""
        if person not in self.opened:
            context = self.browser.new_context(base_url=self.url, locale="en-GB")
            context.set_default_timeout(PATIENCE_MS)
            self._sign_in(context, person)
            window = Window(context.new_page())
            window.page.on("pageerror", lambda error: window.said.append(str(error)))
            window.page.on("console", window.hear)
            self.opened[person] = window
        return self.opened[person]

    def _sign_in(self, context: BrowserContext, person: str) -> None:
        port = self.url.rpartition(":")[2]
        for cookie in () if person == NOBODY else self.full.by[person].client.cookies.jar:
            # The name ends with the port at which the browser knows the pages.
            name = re.sub(r"\d+$", port, cookie.name)
            context.add_cookies([{"name": name, "value": cookie.value or "", "url": self.url}])


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FullSchool, int]]:
    port = free_port(LISTENING)
    school = filled_school(tmp_path_factory.mktemp("full"), port)
    yield school, port
    school.school.close()


@pytest.fixture(scope="module")
def windows(full: tuple[FullSchool, int]) -> Iterator[Windows]:
    PICTURES.mkdir(parents=True, exist_ok=True)
    school, port = full
    for person in {each.person for each in every_page(school)} - {NOBODY}:
        school.who(person)
    with chromium() as browser, served(school.school, LISTENING, port) as url:
        yield Windows(browser, url, school)


@pytest.mark.timeout(300)
def test_every_page_is_for_everybody_on_every_screen(windows: Windows) -> None:
    """One test for all: a browser is started and a school filled once. It says every fault."""
    faults = {}
    for turn, visited in enumerate(every_page(windows.full)):
        window = windows.of(visited.person)
        found = _wrong(windows, window, visited, turn)
        if found:
            faults[f"{visited.path} of {visited.person}"] = found
    assert {} == faults, "\n".join(f"{page}: {found}" for page, found in faults.items())


def _wrong(windows: Windows, window: Window, visited: Visited, turn: int) -> list[str]:
    page = window.page
    page.set_viewport_size({"width": WIDE, "height": 900})
    answer = window.open(visited.path)
    if answer.status != 200:
        return [f"answered {answer.status}"]
    if page.url.removeprefix("http://").partition("/")[2] != visited.path.removeprefix("/"):
        return [f"went on to {page.url}"]
    source = page.evaluate(SOURCE)
    found = [*_wrong_source(visited.path, source), *window.said]
    octets = len(answer.body()) + sum(map(windows.weight_of, set(source["files"])))
    if octets > MOST_OCTETS:
        found.append(f"{octets} octets")
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate(SIDEWAYS):
            found.append(f"scrolls sideways at {width}")
        if scheme and (IS_WHOLE or (width == NARROW) == (turn % 2 == 0)):
            window.be(scheme)
            found += found_by_axe(page)
            if IS_WHOLE:
                page.screenshot(path=PICTURES / f"{visited.name}-{width}.png", full_page=True)
    return found


def _wrong_source(path: str, source: dict[str, Any]) -> list[str]:
    found, headings, title = [], source["headings"], source["title"]
    if len(headings) != 1:
        found.append(f"headings of the first rank: {headings}")
    if not headings or not title.partition(" – ")[0].strip():
        found.append(f"the title is {title!r}")
    if source["inline"]:
        found.append("a style or script in the page")
    if not path.startswith(BESIDE_THE_BAR) and not source["current"]:
        found.append("no page of the navigation is said to be the current one")
    return found


def test_the_list_of_mistakes_is_where_the_focus_goes_and_leads_to_the_field(
    windows: Windows,
) -> None:
    page = windows.of("teacher").page
    page.goto("/requests/new")
    keyboard = Keyboard(page)
    keyboard.press("Send request")
    assert "There is a problem" in page.inner_text(":focus")

    keyboard.go_to(tag="A")
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.name") in {"url", "site_content"}
