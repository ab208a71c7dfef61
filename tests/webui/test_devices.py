"""This is my device: told to the filter by a button, never by signing in."""

from datetime import timedelta

import pytest
from web_browser import Browser
from web_school import (
    FREE_OWN_DEVICE,
    LESSON,
    PUPILS_COMPUTER,
    SHARED_DEVICE,
    TEACHER_DEVICE,
    WebSchool,
)


def claims(school: WebSchool) -> list[tuple[str, str]]:
    live = school.decisions.live(school.school_clock.now())
    return [(claim.address, claim.person) for claim in live.claims]


def claim(browser: Browser) -> str:
    return browser.send("/devices", "/devices/claim").text


def test_the_button_tells_the_filter_about_the_address_one_comes_from(school: WebSchool) -> None:
    browser = Browser(school, FREE_OWN_DEVICE).sign_in("operator")
    assert "somebody it does not know" in browser.get("/devices").text

    text = claim(browser)

    assert [(FREE_OWN_DEVICE, "operator")] == claims(school)
    assert "an own device of you, Olu Operator" in text
    assert "Network Staff own devices The filter sees" in text
    assert 1 == school.policyd.wakes


def test_it_is_said_to_be_known_only_once_every_point_has_it(school: WebSchool) -> None:
    browser = Browser(school, FREE_OWN_DEVICE).sign_in("operator")
    claim(browser)
    assert "The filter is being told now." in browser.get("/devices").text

    school.policyd.acknowledges(school.decisions.version())

    assert "The filter knows this device as yours until 10:15" in browser.get("/devices").text


def test_a_forwarded_address_is_the_clients_word_and_is_not_believed(school: WebSchool) -> None:
    browser = Browser(school, PUPILS_COMPUTER).sign_in("teacher")
    browser.client.headers["x-forwarded-for"] = FREE_OWN_DEVICE
    browser.client.headers["forwarded"] = f"for={FREE_OWN_DEVICE}"
    token = browser.get("/").form("/sign-out").fields["csrf"]

    page = browser.post("/devices/claim", {"csrf": token})

    assert "This is not a network for people's own devices." in page.text
    assert [] == claims(school)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        (PUPILS_COMPUTER, "This is not a network for people's own devices."),
        ("127.0.9.9", "This device is not on a network that the school knows."),
        ("127.0.0.1", "This is the gateway itself, not a device of yours."),
        (SHARED_DEVICE, "Several people use this device, so it cannot be one person's."),
        (TEACHER_DEVICE, "This device is registered to somebody else."),
    ],
)
def test_a_refusal_is_explained_and_holds_without_the_button_too(
    school: WebSchool, address: str, reason: str
) -> None:
    browser = Browser(school, address).sign_in("operator")
    page = browser.get("/devices")
    assert reason in page.text
    assert "/devices/claim" not in {form.action for form in page.forms}

    page = browser.post("/devices/claim", {"csrf": page.form("/sign-out").fields["csrf"]})

    assert 403 == browser.status
    assert reason in page.text
    assert [] == claims(school)


def test_ones_own_registered_device_needs_no_button(school: WebSchool) -> None:
    page = Browser(school, TEACHER_DEVICE).sign_in("teacher").get("/devices")

    assert "This device is registered as yours" in page.text
    assert "/devices/claim" not in {form.action for form in page.forms}


def test_it_ends_with_signing_out(school: WebSchool) -> None:
    browser = Browser(school, FREE_OWN_DEVICE).sign_in("operator")
    claim(browser)
    wakes = school.policyd.wakes

    browser.send("/", "/sign-out")

    assert [] == claims(school)
    assert wakes + 1 == school.policyd.wakes


def test_it_can_be_given_up(school: WebSchool) -> None:
    browser = Browser(school, FREE_OWN_DEVICE).sign_in("operator")
    claim(browser)

    browser.send("/devices", "/devices/release")

    assert [] == claims(school)


def test_using_the_pages_keeps_it_and_leaving_them_alone_ends_it(school: WebSchool) -> None:
    browser = Browser(school, FREE_OWN_DEVICE).sign_in("operator")
    claim(browser)
    for _ in range(3):
        school.go_on(timedelta(minutes=10))
        browser.get("/requests")
    assert [(FREE_OWN_DEVICE, "operator")] == claims(school)

    school.go_on(timedelta(minutes=15))

    assert [] == claims(school)


def test_a_page_that_asks_for_itself_is_no_use_of_the_device(school: WebSchool) -> None:
    browser = Browser(school, FREE_OWN_DEVICE).sign_in("lead")
    claim(browser)
    for _ in range(4):
        school.go_on(timedelta(minutes=4))
        browser.ask("GET", "/log/rows?until=9999999999")

    assert [] == claims(school)


def test_it_never_lasts_past_the_end_of_the_day(school: WebSchool) -> None:
    evening = LESSON.replace(hour=23, minute=50)
    school.go_on(evening - LESSON)
    browser = Browser(school, FREE_OWN_DEVICE).sign_in("operator")
    claim(browser)
    school.go_on(timedelta(minutes=9))
    browser.get("/")
    assert [(FREE_OWN_DEVICE, "operator")] == claims(school)

    school.go_on(timedelta(minutes=1))

    assert [] == claims(school)
