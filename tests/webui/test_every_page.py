"""
Every page, generated from the table of routes: for everybody, on every screen, small, quick.

`make pages` (SCHOOLGATE_PAGES=all) photographs every page and asks axe-core of it both light and
dark; otherwise the pages take turns, which finds the same mistakes: a page's parts stand on many
others.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import axe_playwright_python
import httpx
import pytest
from chromium import ARTEFACTS, RULES, chromium
from free_ports import free_port
from full_school import LISTENING, FullSchool, filled_school
from keyboard import Keyboard
from page_list import NOBODY, Visited, every_page
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response
from web_school import PASSWORD
from web_server import served

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("every-page")]

PICTURES = ARTEFACTS / "pages"
AXE = (ARTEFACTS.parent / axe_playwright_python.__path__[0] / "axe.min.js").read_text()
ASK_AXE = """async rules => {
  const found = await axe.run({runOnly: rules, resultTypes: ['violations']});
  return found.violations.map(each => each.id + ': ' + each.nodes.map(n => n.html).join(' '));
}"""
SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
# 1280 at 200 % has room for 640 CSS pixels (WCAG 1.4.4); 320 is the narrowest (1.4.10).
WIDE, ZOOMED, NARROW = 1280, 640, 320
# Of what goes over the line: the page as it is, its style and scripts as they are packed.
MOST_OCTETS = 150_000
FILES = """() => performance.getEntriesByType('resource').map(each => each.name)"""
# Pages on the way to somewhere else, and the one for programs: no bar leads to them.
BESIDE_THE_BAR = ("/sign-in", "/account/setup", "/sign/", "/api", "/policy/acknowledge")
IS_WHOLE = os.environ.get("SCHOOLGATE_PAGES") == "all"


@dataclass
class Window:
    """One window of somebody's, and what it was told while a page was loaded."""

    page: Page
    said: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        """Keep what the browser complains of; a refused script or style says so here."""
        if message.type in {"error", "warning"}:
            self.said.append(message.text)

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
            context.set_default_timeout(20_000)
            context.add_init_script(AXE)
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
    page.emulate_media(color_scheme="light")
    answer = window.open(visited.path)
    if answer.status != 200:
        return [f"answered {answer.status}"]
    if page.url.removeprefix("http://").partition("/")[2] != visited.path.removeprefix("/"):
        return [f"went on to {page.url}"]
    found = [*_wrong_source(page), *window.said]
    octets = len(answer.body()) + sum(map(windows.weight_of, set(page.evaluate(FILES))))
    if octets > MOST_OCTETS:
        found.append(f"{octets} octets")
    for width, scheme in ((WIDE, "light"), (ZOOMED, "light"), (NARROW, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        if page.evaluate(SIDEWAYS):
            found.append(f"scrolls sideways at {width}")
        if width == ZOOMED:
            continue
        if IS_WHOLE:
            page.screenshot(path=PICTURES / f"{visited.name}-{width}.png", full_page=True)
        if IS_WHOLE or (width == NARROW) == (turn % 2 == 0):
            found += page.evaluate(ASK_AXE, list(RULES))
    return found


def _wrong_source(page: Page) -> list[str]:
    found = []
    headings = page.locator("h1").all_inner_texts()
    if len(headings) != 1:
        found.append(f"headings of the first rank: {headings}")
    title = page.title()
    if not headings or not title.partition(" – ")[0].strip():
        found.append(f"the title is {title!r}")
    if page.locator("[style], script:not([src]), style").count():
        found.append("a style or script in the page")
    path = "/" + page.url.split("/", 3)[3]
    is_beside = path.startswith(BESIDE_THE_BAR)
    if not is_beside and not page.locator("nav [aria-current]").count():
        found.append("no page of the navigation is said to be the current one")
    return found


# What is done: by whom, where, what is entered in which order, the button, what is read then.
WALKS = (
    (
        "teacher",
        "/requests/new?url=https://www.tiktok.com/@pond/video/5",
        {
            "site_content": "A film about ponds",
            "reasons": "Year 4 looks at ponds",
            "measures": "Comments are off",
        },
        "Send request",
        "Your request was sent.",
    ),
    ("teacher", "/requests/4", {"answer": "I am, all the time."}, "Send the answer", "was sent"),
    (
        "lead",
        "/requests/2",
        {"in_place": "yes", "why": "I looked at the page."},
        "Record",
        "Your answer was recorded.",
    ),
    (NOBODY, "/report", {"saw": "A scary man on www.odd.example"}, "Send", "Thank you"),
    (
        "lead",
        "/blocks/new?url=www.odd.example/clown",
        {"extent": "part", "whom": "pupils", "reason": "It frightens children"},
        "Block at once",
        "It is blocked at once.",
    ),
    (
        "dsl",
        "/incidents/2",
        {"taken": "Talked with them", "outcome": "They understood"},
        "Close the incident",
        "Closed",
    ),
    (
        "lead",
        "/log/people/p-21",
        {"reason": "safeguarding", "words": "A friend is worried"},
        "Open the record",
        "Ben Hazel",
    ),
    (
        "technician",
        "/school/people/p-21/change",
        {"name": " Junior"},
        "Save",
        "It was saved.",
    ),
)


@pytest.mark.parametrize("walk", WALKS, ids=[f"{who}-{path[:24]}" for who, path, *_ in WALKS])
def test_a_keyboard_is_enough(
    windows: Windows,
    walk: tuple[str, str, dict[str, str], str, str],
) -> None:
    """Each task by Tab, Space, Enter, arrows and typing alone, with the focus in sight."""
    person, path, entered, button, read = walk
    page = windows.of(person).page
    page.set_viewport_size({"width": WIDE, "height": 900})
    page.goto(path)
    keyboard = Keyboard(page)
    for name, value in entered.items():
        keyboard.enter(name, value)
    keyboard.press(button)

    assert read in page.inner_text("body")


def test_a_supervised_session_is_ended_and_opened_with_a_keyboard_alone(
    windows: Windows,
) -> None:
    page = windows.of("teacher").page
    page.goto("/supervised")
    Keyboard(page).press("End now")
    assert "Going on now" not in page.inner_text("main")

    Keyboard(page).press("Open a session for Pia Pupil (4b)")

    assert "Supervised by Tess Teacher" in page.inner_text("main")


def test_the_head_signs_with_a_keyboard_alone_and_without_script(windows: Windows) -> None:
    context = windows.browser.new_context(base_url=windows.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/sign-in")
    keyboard = Keyboard(page)
    keyboard.enter("username", "head")
    keyboard.enter("password", PASSWORD)
    keyboard.press("Sign in")
    page.goto("/requests/3")
    keyboard.enter("approved", "yes")
    keyboard.enter("reasons", "Fits the lesson")
    keyboard.press("Continue to sign")
    keyboard.enter("password", PASSWORD)
    keyboard.press("Sign")

    assert "Approved and signed by Hana Head" in page.inner_text("main")


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
