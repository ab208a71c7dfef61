"""The form comes filled in where that is possible, and back with every entry and mistake."""

from datetime import timedelta

import pytest
from web_browser import Browser
from web_school import ENTRY, PAGE, WebSchool

from schoolgate_webui.views.request_form import LABELS


def test_the_forms_own_fields_stand_in_its_own_order_with_its_own_labels() -> None:
    paper = ("Staff name", "Date", "Full URL", "Site content", "Reasons for access")
    added = ("For whom", "Which pages", "From", "Until")

    assert (*paper, "Identified risks and control measures", *added) == tuple(LABELS.values())


def test_it_comes_filled_in_from_the_block_page(school: WebSchool) -> None:
    page = Browser(school).sign_in("teacher").get(f"/requests/new?url={PAGE}")

    form = page.form("/requests/new").fields
    assert "Tess Teacher" == form["staff_name"]
    assert "2026-11-20" == form["date"]
    assert PAGE == form["url"]
    assert "oneself" == form["for_whom"]
    assert "page" == form["scope"]
    assert "2026-11-20T10:00" == form["starts_at"]
    assert "2026-11-20T15:20" == form["ends_at"]


def test_every_mistake_is_named_with_its_field_and_every_entry_is_kept(school: WebSchool) -> None:
    browser = Browser(school).sign_in("teacher")
    entered = {
        "date": "31/02/2026",
        "url": "ftp://files.example/x",
        "site_content": '  kept <as> it "was" & is\n\nsecond paragraph',
        "reasons": "",
        "measures": "",
        "for_whom": "class:none",
        "scope": "everything",
        "starts_at": "tomorrow-ish",
        "ends_at": "2026-11-20T09:00",
    }

    page = browser.send("/requests/new", "/requests/new", **entered)

    assert 422 == browser.status
    named = [link.removeprefix("#") for link in page.links if link.startswith("#")]
    wrong = ["date", "url", "reasons", "measures", "for_whom", "scope", "starts_at", "ends_at"]
    assert ["main-content", *wrong] == named
    assert set(wrong) <= set(page.ids)
    form = page.form("/requests/new").fields
    assert "31/02/2026" == form["date"]
    assert "ftp://files.example/x" == form["url"]
    assert entered["site_content"] == form["site_content"]
    assert "tomorrow-ish" == form["starts_at"]
    assert "2026-11-20T09:00" == form["ends_at"]
    assert () == school.decisions.requests.of("teacher")


def test_an_empty_form_names_every_field_it_lacks(school: WebSchool) -> None:
    browser = Browser(school).sign_in("teacher")
    token = browser.get("/").form("/sign-out").fields["csrf"]

    page = browser.post("/requests/new", {"csrf": token})

    assert 422 == browser.status
    for label in list(LABELS.values())[1:]:
        assert f"{label}: " in page.text


def test_the_name_on_the_form_is_that_of_whoever_is_signed_in(school: WebSchool) -> None:
    browser = Browser(school).sign_in("teacher")

    browser.send("/requests/new", "/requests/new", **{**ENTRY, "staff_name": "Hana Head"})

    (request,) = school.decisions.requests.of("teacher")
    assert "Tess Teacher" == request.form.staff_name


@pytest.mark.parametrize("field", ["site_content", "reasons", "measures"])
def test_an_entry_that_is_too_long_comes_back_whole(school: WebSchool, field: str) -> None:
    text = "long words " * 500
    browser = Browser(school).sign_in("teacher")

    page = browser.send("/requests/new", "/requests/new", **{**ENTRY, field: text})

    assert 422 == browser.status
    assert text == page.form("/requests/new").fields[field]


def test_after_school_the_form_asks_until_the_school_closes(school: WebSchool) -> None:
    school.school_clock.go_on(timedelta(hours=6))

    form = Browser(school).sign_in("teacher").get("/requests/new").form("/requests/new").fields

    assert ("2026-11-20T16:00", "2026-11-20T17:30") == (form["starts_at"], form["ends_at"])


def test_pupils_and_visitors_are_told_whom_to_ask(school: WebSchool) -> None:
    browser = Browser(school).sign_in("visitor")

    assert "This page is not for you" in browser.get("/requests/new").text
    assert 403 == browser.status
