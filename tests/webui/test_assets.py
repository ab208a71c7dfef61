"""What pages are made of: nothing reserved to gov.uk, nothing from elsewhere, nothing large."""

import re
from pathlib import Path

import pytest
from web_browser import Browser
from web_events import blocked, put
from web_school import ENTRY, WebSchool

import schoolgate_webui
from schoolgate_webui.views.log import MAX_ROWS

PACKAGE = Path(schoolgate_webui.__file__).parent
CSS = PACKAGE / "static/schoolgate.css"
SCRIPT = PACKAGE / "static/htmx.min.js"
TEMPLATES = sorted((PACKAGE / "templates").rglob("*.html"))
MOST_OCTETS = 150 * 1024


@pytest.mark.parametrize("path", [CSS, *TEMPLATES], ids=lambda path: path.name)
def test_nothing_reserved_to_gov_uk_and_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    for reserved in ("gds transport", "crown", "crest", "@font-face", "govuk-header", "url("):
        # `url(#…)` names a part of the page itself: the hatching of a drawing.
        assert reserved not in text.lower().replace("url(#", "")
    # Help lines are linked to by the names in the catalogue, after `https://`.
    assert [] == re.findall(r"//[a-z][\w-]*\.[a-z]", text)
    assert "<style" not in text
    assert "style=" not in text
    assert " onclick" not in text
    assert "|safe" not in text.replace(" ", "")


def test_templates_ask_for_no_component_that_carries_the_logo() -> None:
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        assert "govukHeader" not in text
        assert "govukFooter" not in text


def test_the_stylesheet_is_small_and_carries_its_notice() -> None:
    text = CSS.read_text(encoding="utf-8")

    assert len(text.encode()) <= 120 * 1024
    assert text.startswith("/*! Contains form components of GOV.UK Frontend")
    assert "prefers-color-scheme:dark" in text.replace(" ", "")


def test_the_script_is_htmx_2_with_its_notice() -> None:
    first = SCRIPT.read_text(encoding="utf-8").splitlines()[0]

    assert re.match(r"/\*! htmx 2\.\d+\.\d+, Zero-Clause BSD", first)


def test_every_notice_that_is_due_is_there() -> None:
    notices = (PACKAGE / "static/LICENCES.txt").read_text(encoding="utf-8")

    assert "The MIT License (MIT)" in notices
    assert "Zero-Clause BSD" in notices


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/help",
        "/filtering",
        "/requests",
        "/requests/new",
        "/requests/1",
        "/grants",
        "/log",
        "/devices",
        "/nothing",
    ],
)
def test_no_page_is_large_with_all_it_loads(school: WebSchool, path: str) -> None:
    long_name = "a" * 60 + ".example"
    put(school, *[blocked(f"{n}.{long_name}", person="p-7") for n in range(MAX_ROWS + 10)])
    long = dict.fromkeys(("site_content", "reasons", "measures"), "word " * 700)
    browser = Browser(school).sign_in("lead")
    for _ in range(3):
        browser.send("/requests/new", "/requests/new", **{**ENTRY, **long})
    browser.client.headers["accept-encoding"] = "gzip"

    html = browser.ask("GET", path)
    loaded = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', html.text))
    sizes = [len(html.content)]
    for each in sorted(loaded):
        answer = browser.ask("GET", each)
        assert 200 == answer.status_code
        sizes.append(answer.num_bytes_downloaded)

    assert "/static/schoolgate.css" in loaded
    assert sum(sizes) <= MOST_OCTETS
