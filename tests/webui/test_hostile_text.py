"""Whatever people type, pages show it as the text it is."""

import pytest
from web_browser import Browser
from web_events import blocked, put
from web_school import ENTRY, MACHINE, WebSchool

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.store.records import NewPerson
from schoolgate_webui.rendering import plain

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% for x in () %}",
    "</textarea></p><h1>gone</h1>",
    "&lt;b&gt; &amp; &#60;",
    '=HYPERLINK("https://evil.example")',
    "javascript:alert(1)",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_an_entry_is_shown_as_it_was_typed(school: WebSchool, text: str) -> None:
    browser = Browser(school).sign_in("teacher")
    entered = {"site_content": text, "reasons": text, "measures": text}

    page = browser.send("/requests/new", "/requests/new", **{**ENTRY, **entered})

    assert 200 == browser.status
    assert 3 == page.text.count(" ".join(text.split()))
    assert "<script>" not in browser.last_text
    assert "<img" not in browser.last_text
    assert "<h1>gone" not in browser.last_text


@pytest.mark.parametrize("text", HOSTILE)
def test_an_entry_that_comes_back_is_as_it_was_typed(school: WebSchool, text: str) -> None:
    browser = Browser(school).sign_in("teacher")

    page = browser.send(
        "/requests/new", "/requests/new", **{**ENTRY, "url": text, "site_content": text}
    )

    assert 422 == browser.status
    form = page.form("/requests/new").fields
    assert (text, text) == (form["url"], form["site_content"])
    assert "<script>" not in browser.last_text


def test_an_address_in_the_pages_own_address_is_only_filled_in(school: WebSchool) -> None:
    browser = Browser(school).sign_in("teacher")

    page = browser.get("/requests/new?url=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")

    assert '"><script>alert(1)</script>' == page.inputs["url"]
    assert "<script>alert" not in browser.last_text


@pytest.mark.parametrize("text", ["a\u202egpj.exe", "a\x00b", "a\x1b[31m", "\u2066x\u2069"])
def test_hidden_marks_in_an_entry_are_refused_and_named(school: WebSchool, text: str) -> None:
    browser = Browser(school).sign_in("teacher")

    page = browser.send("/requests/new", "/requests/new", **{**ENTRY, "reasons": text})

    assert 422 == browser.status
    assert "Remove the hidden character U+" in page.text


def test_a_hidden_mark_that_is_already_in_the_records_is_made_visible(school: WebSchool) -> None:
    name = "Ev\u202eil <b>Name</b>"
    school.decisions.people.add(
        NewPerson("evil", name, Audience.STAFF, "evil"), at=MACHINE, by=None
    )
    school.decisions.credentials.set_password("evil", "correct horse battery", at=MACHINE, by=None)

    browser = Browser(school).sign_in("evil")

    assert "\u202e" not in browser.last_text
    assert "Ev\ufffdil <b>Name</b>" in browser.get("/").text


def test_hostile_names_in_blocked_attempts_are_harmless(school: WebSchool) -> None:
    put(school, blocked("<script>alert(1)</script>.example", person="\u202e<b>x"))

    browser = Browser(school).sign_in("lead")
    page = browser.get("/log?who=%22%3E%3Cscript%3E&name=%3Cscript%3E&rule=%3Cscript%3E")
    assert "<script>alert" not in browser.last_text
    assert '"><script>' == page.inputs["who"]

    assert "<script>alert(1)</script>.example" in browser.get("/log").text
    assert "<b>x" not in browser.last_text
    assert "\u202e" not in browser.last_text


def test_a_notice_is_chosen_and_never_quoted_from_the_address(school: WebSchool) -> None:
    browser = Browser(school)

    browser.get("/?done=%3Cscript%3Ealert(1)%3C/script%3E")

    assert 200 == browser.status
    assert "alert(1)" not in browser.last_text


def test_plain_keeps_what_people_need() -> None:
    assert "line\nnext\ttab ✓ ü 漢 👩‍🏫" == plain("line\r\nnext\ttab ✓ ü 漢 👩‍🏫")
