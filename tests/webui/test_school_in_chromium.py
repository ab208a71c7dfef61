"""The pages of the school's register in a real browser: looked at closely, light and dark."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import Scheme, chromium
from chromium import look as look_closely
from free_ports import free_port
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page
from web_school import MACHINE, NETWORKS, PASSWORD, WebSchool, WebSettings, settings_in
from web_server import served

pytestmark = pytest.mark.browser

LISTENING = "127.0.8.1"
TABLE = "id,name,year,class\np-7,Pia Pupil,5,5B\nsorrel,Mo Sorrel,R,5B\n"


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[WebSchool, str]]:
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


def signed_in(browser: Chromium, url: str, username: str, scheme: Scheme) -> Page:
    context = browser.new_context(base_url=url, color_scheme=scheme, locale="en-GB")
    page = context.new_page()
    page.goto("/sign-in")
    page.fill("#username", username)
    page.fill("#password", PASSWORD)
    page.click("main button")
    return page


def look(page: Page, name: str, scheme: Scheme) -> None:
    look_closely(page, name, scheme, folder="webui/school")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_the_register(
    school: tuple[WebSchool, str], browser: Chromium, scheme: Scheme
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
def test_the_first_run_guide(tmp_path: Path, browser: Chromium, scheme: Scheme) -> None:
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
