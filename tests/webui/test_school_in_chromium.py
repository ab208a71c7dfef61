"""The pages of the school's register in a real browser, at three widths, light and dark."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import ARTEFACTS, RULES, chromium
from free_ports import free_port
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page
from web_school import MACHINE, NETWORKS, PASSWORD, WebSchool, WebSettings, settings_in
from web_server import served

pytestmark = pytest.mark.browser

PICTURES = ARTEFACTS / "webui" / "school"
AXE = {"runOnly": list(RULES), "resultTypes": ["violations"]}
LISTENING = "127.0.8.1"
WIDTHS = (320, 1280)
SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
TABLE = "id,name,year,class\np-7,Pia Pupil,5,5B\nsorrel,Mo Sorrel,R,5B\n"


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[WebSchool, str]]:
    PICTURES.mkdir(parents=True, exist_ok=True)
    folder = tmp_path_factory.mktemp("school")
    port = free_port(LISTENING)
    web = WebSettings(address=LISTENING, port=port, public_url=f"http://{LISTENING}:{port}")
    settings = dataclasses.replace(settings_in(folder, web, NETWORKS))
    opened = WebSchool(folder, settings=settings)
    try:
        with served(opened, LISTENING, port) as url:
            yield opened, url
    finally:
        opened.close()


def signed_in(browser: Chromium, url: str, username: str, scheme: str) -> Page:
    context = browser.new_context(base_url=url, color_scheme=scheme, locale="en-GB")
    page = context.new_page()
    page.goto("/sign-in")
    page.fill("#username", username)
    page.fill("#password", PASSWORD)
    page.click("main button")
    return page


def look(page: Page, name: str, scheme: str) -> None:
    """Keep a picture at each width, and fail for what axe-core finds or what scrolls sideways."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=PICTURES / f"{name}-{width}-{scheme}.png", full_page=True)
        found = Axe().run(page, options=AXE)
        assert 0 == found.violations_count, f"{name} at {width}:\n{found.generate_report()}"
        assert not page.evaluate(SIDEWAYS), f"{name} scrolls sideways at {width}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_the_register(
    school: tuple[WebSchool, str], browser: Chromium, scheme: str
) -> None:
    _, url = school
    head = signed_in(browser, url, "head", scheme)
    for path in (
        "/school",
        "/school/people",
        "/school/people/new",
        "/school/people/teacher",
        "/school/people/teacher/change",
        "/school/people/teacher/duties",
        "/school/people/teacher/leave",
        "/school/classes",
        "/school/classes/4b",
        "/school/devices",
        "/school/devices/teachers-phone",
        "/school/networks",
        "/school/networks/pupil-computers",
        "/school/calendar",
        "/school/calendar/different",
        "/school/calendar/overtime",
        "/school/import",
        "/school/year",
    ):
        answer = head.goto(path)
        assert answer is not None
        assert 200 == answer.status, path
        look(head, path.strip("/").replace("/", "-"), scheme)
    head.goto("/school/import")
    head.fill("#table", TABLE)
    head.click("main button")
    look(head, "school-import-shown", scheme)
    head.goto("/school/import")
    head.fill("#table", "id,name,year\n??,,99\n")
    head.click("main button")
    look(head, "school-import-mistakes", scheme)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_first_run_guide(tmp_path: Path, browser: Chromium, scheme: str) -> None:
    port = free_port(LISTENING)
    web = WebSettings(address=LISTENING, port=port, public_url=f"http://{LISTENING}:{port}")
    opened = WebSchool(tmp_path, settings=settings_in(tmp_path, web, NETWORKS), is_empty=True)
    try:
        made = opened.decisions.first_run.make_code(at=MACHINE)
        assert made is not None
        with served(opened, LISTENING, port) as url:
            page = browser.new_context(base_url=url, color_scheme=scheme).new_page()
            page.goto("/first-run")
            look(page, "first-run-code", scheme)
            page.fill("#code", made.code)
            page.click("main button")
            look(page, "first-run", scheme)
            page.goto("/first-run/school")
            look(page, "first-run-school", scheme)
            page.fill("#name", "Otter Bank Primary School")
            page.click("main button")
            page.goto("/first-run/networks/pupil-computers")
            look(page, "first-run-network", scheme)
            page.click("main button")
            page.goto("/first-run/people")
            for duty, name in (("head", "Hana Head"), ("technician", "Tim Technician")):
                page.fill(f"#{duty}-name", name)
                page.fill(f"#{duty}-username", duty)
            look(page, "first-run-people", scheme)
            page.click("main button")
            look(page, "first-run-saved", scheme)
            page.click("main button")
            look(page, "first-run-ended", scheme)
            assert "Otter Bank Primary School is set up" in page.inner_text("h1")
    finally:
        opened.close()
