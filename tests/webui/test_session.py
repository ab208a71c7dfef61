"""Signing in and out."""

from datetime import timedelta

from web_browser import Browser
from web_school import FREE_OWN_DEVICE, HOST, LESSON, PASSWORD, PUPILS_COMPUTER, WebSchool


def test_after_signing_in_one_goes_on_to_the_page_that_was_asked_for(school: WebSchool) -> None:
    browser = Browser(school)
    page = browser.get("/requests/new?url=https://www.tiktok.com/%3Fa%3D1%26b")
    form = page.form("/sign-in")

    page = browser.post("/sign-in", {**form.fields, "username": "teacher", "password": PASSWORD})

    assert "https://www.tiktok.com/?a=1&b" == page.inputs["url"]


def test_a_wrong_password_is_said_kindly_and_the_name_is_kept(school: WebSchool) -> None:
    browser = Browser(school)

    page = browser.send("/sign-in", "/sign-in", username="teacher", password="wrong")

    assert 422 == browser.status
    assert "do not belong together" in page.text
    assert "teacher" == page.inputs["username"]
    assert "" == page.inputs["password"]


def test_an_unknown_name_is_answered_like_a_wrong_password(school: WebSchool) -> None:
    known = Browser(school).send("/sign-in", "/sign-in", username="teacher", password="x")
    unknown = Browser(school).send("/sign-in", "/sign-in", username="nobody", password="x")

    assert known.text == unknown.text


def test_empty_fields_are_named(school: WebSchool) -> None:
    page = Browser(school).send("/sign-in", "/sign-in", username=" ", password="")

    assert {"#username", "#password"} <= set(page.links)


def test_many_wrong_passwords_must_wait_and_then_may_go_on(school: WebSchool) -> None:
    browser = Browser(school)
    for _ in range(10):
        page = browser.send("/sign-in", "/sign-in", username="teacher", password="wrong")
    assert 429 == browser.status
    assert "nobody is locked out for good" in page.text

    page = browser.send("/sign-in", "/sign-in", username="teacher", password=PASSWORD)
    assert 429 == browser.status
    school.go_on(timedelta(minutes=6))

    browser.sign_in("teacher")


def test_signing_in_changes_nothing_for_the_filter(school: WebSchool) -> None:
    before = school.decisions.live(LESSON), school.decisions.version()

    Browser(school, FREE_OWN_DEVICE).sign_in("teacher")

    assert before == (school.decisions.live(LESSON), school.decisions.version())
    assert 0 == school.policyd.wakes


def test_signing_out_ends_the_session_for_good(school: WebSchool) -> None:
    browser = Browser(school, PUPILS_COMPUTER).sign_in("teacher")
    kept = dict(browser.client.cookies)
    fields = browser.get("/").form("/sign-out").fields
    answer = browser.ask(
        "POST", "/sign-out", data=fields, headers={"origin": f"http://{HOST}:8000"}
    )
    assert '"cache", "storage"' == answer.headers["clear-site-data"]
    page = browser.get(answer.headers["location"])
    assert "You are signed out." in page.text

    browser.client.cookies.update(kept)

    assert "Sign out" not in browser.get("/").text


def test_a_session_ends_by_itself_when_it_is_left_alone(school: WebSchool) -> None:
    browser = Browser(school).sign_in("teacher")
    school.go_on(timedelta(minutes=31))

    assert "Sign out" not in browser.get("/").text


def test_somebody_who_is_signed_in_is_not_asked_again(school: WebSchool) -> None:
    browser = Browser(school).sign_in("teacher")

    assert "/requests" == browser.ask("GET", "/sign-in?next=/requests").headers["location"]
