"""Signing in with a second factor, through the pages, in a browser without JavaScript."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from account_people import shown_secret
from given_passkeys import passkey_of
from local_browser import ORIGIN, Local
from soft_authenticator import SoftAuthenticator
from web_browser import Browser, Page
from web_school import HOST, WebSchool, WebSettings, settings_in

from schoolgate_policyd.config import SecondFactorRule

# The same pages, where browsers have no passkeys.
BY_ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSchool]:
    """A school that requires a second factor, at an address that may have passkeys."""
    folder = tmp_path_factory.mktemp("strict")
    web = WebSettings(address="127.0.0.1", port=8000, public_url=ORIGIN)
    school = WebSchool(
        folder, settings=settings_in(folder, web), second_factor=SecondFactorRule.REQUIRED
    )
    yield school
    school.close()


def app_code(school: WebSchool, secret: str) -> str:
    """Return what an app shows now, a step later than whatever it showed before."""
    school.go_on(timedelta(seconds=31))
    return pyotp.TOTP(secret).at(school.machine_clock.moment)


def with_codes(school: WebSchool, username: str) -> tuple[Local, str, Page]:
    """Sign *username* in for the first time, with one-time codes; return their secret too."""
    browser = Local(school)
    browser.enter(username)
    secret = shown_secret(browser.get("/account/codes").text)
    page = browser.send("/account/codes", "/account/codes", code=app_code(school, secret))
    return browser, secret, page


def test_whoever_must_have_a_second_factor_is_led_to_set_one_up(strict: WebSchool) -> None:
    browser = Local(strict)

    page = browser.enter("lead", going_on="/attempts")

    assert "Set up a second step, Leo Lead" in page.text
    assert {"/account/codes", "/account/passkeys/new"} <= set(page.links)
    for path in ("/", "/attempts", "/requests", "/account", "/account/password", "/devices"):
        answer = browser.ask("GET", path)
        is_public = path == "/"
        assert is_public or answer.headers["location"].startswith("/sign-in"), path
        assert "Leo Lead" not in answer.text
    # Where they wanted to go leads back to here, not round in circles.
    assert "Set up a second step" in browser.get("/attempts").text


def test_after_setting_codes_up_one_is_signed_in_with_recovery_codes_to_print(
    strict: WebSchool,
) -> None:
    browser, secret, page = with_codes(strict, "dsl")

    assert "Recovery codes" in page.text
    assert "Dana Dsl" in page.text
    assert 10 == browser.last_text.count('class="sg-secret"')
    # They are shown once.
    assert 0 == browser.get("/account/recovery-codes").text.count("sg-secret")
    assert secret not in browser.last_text
    assert "Set up since" in browser.get("/account").text


def test_the_next_time_a_code_is_asked_for(strict: WebSchool) -> None:
    _, secret, _ = with_codes(strict, "technician")
    browser = Local(strict)

    page = browser.enter("technician", going_on="/why?person=teacher")
    assert "One more step, Tim Technician" in page.text
    page = browser.send("/sign-in/second", "/sign-in/second", code="000000")
    assert 422 == browser.status
    assert "not right" in page.text
    page = browser.send("/sign-in/second", "/sign-in/second", code="")
    assert "#code" in page.links

    code = app_code(strict, secret)
    form = browser.get("/sign-in/second?next=/policy").form("/sign-in/second")
    browser.post("/sign-in/second", {**form.fields, "code": code})

    assert "Policy" in browser.last_text
    assert "Sign out" in browser.get("/").text


def test_with_the_password_alone_no_factor_can_be_added_or_seen(strict: WebSchool) -> None:
    with_codes(strict, "head")
    thief = Local(strict)
    thief.enter("head")

    for path in (
        "/account",
        "/account/codes",
        "/account/codes/qr.svg",
        "/account/passkeys/new",
        "/account/passkeys/options",
        "/account/recovery-codes",
        "/account/tokens/new",
    ):
        location = thief.ask("GET", path).headers["location"]
        assert location.startswith(("/sign-in/second", "/sign-in?")), path
    csrf = thief.get("/sign-in/second").form("/sign-in/second").fields["csrf"]
    for path in ("/account/codes", "/account/passkeys/new", "/account/recovery-codes"):
        thief.post(path, {"csrf": csrf, "code": "123456", "answer": "{}"})
        assert "Sign out" not in thief.get("/").text


def test_codes_that_are_guessed_have_to_wait(strict: WebSchool) -> None:
    _, secret, _ = with_codes(strict, "chair")
    browser = Local(strict)
    browser.enter("chair")
    for _ in range(6):
        page = browser.send("/sign-in/second", "/sign-in/second", code="000000")

    assert 429 == browser.status
    assert "nobody is locked out for good" in page.text
    strict.go_on(timedelta(minutes=1))
    browser.send("/sign-in/second", "/sign-in/second", code=app_code(strict, secret))
    assert "Sign out" in browser.get("/").text


def test_a_sign_in_that_is_part_way_can_be_left(strict: WebSchool) -> None:
    browser = Local(strict)
    page = browser.enter("lead")

    page = browser.post("/sign-out", page.form("/sign-out").fields)

    assert "You are signed out." in page.text
    assert "User name" in browser.get("/sign-in/second").text


def test_duties_without_personal_data_need_no_second_factor(strict: WebSchool) -> None:
    assert "Sign out" in Local(strict).enter("operator").text


def add_passkey(browser: Local, authenticator: SoftAuthenticator) -> Page:
    form = browser.get("/account/passkeys/new").form("/account/passkeys/new")
    answer = authenticator.make(browser.options("/account/passkeys/options"))
    return browser.post("/account/passkeys/new", {**form.fields, "answer": answer})


def sign_in_by_passkey(browser: Local, authenticator: SoftAuthenticator) -> Page:
    form = browser.get("/sign-in?next=/account").form("/sign-in/passkey")
    answer = authenticator.sign(browser.options("/sign-in/passkey"))
    return browser.post("/sign-in/passkey", {**form.fields, "answer": answer})


def test_a_passkey_signs_in_alone(strict: WebSchool) -> None:
    browser = Local(strict)
    browser.enter("teacher")
    authenticator = SoftAuthenticator(ORIGIN)
    assert "The passkey was added." in add_passkey(browser, authenticator).text

    other = Local(strict)
    page = sign_in_by_passkey(other, authenticator)

    assert "Your account" in page.text
    assert "Tess Teacher" in page.text


def test_a_passkey_comes_after_the_password_too(strict: WebSchool) -> None:
    browser = Local(strict)
    browser.enter("governor")
    authenticator = SoftAuthenticator(ORIGIN)
    add_passkey(browser, authenticator)
    other = Local(strict)
    page = other.enter("governor", going_on="/policy")
    fields = page.form("/sign-in/second/passkey").fields

    options = other.options("/sign-in/second/passkey")
    assert 1 == len(options["allowCredentials"])  # type: ignore[arg-type]  # JSON
    stranger = SoftAuthenticator(ORIGIN)
    wrong = other.post("/sign-in/second/passkey", {**fields, "answer": stranger.sign(options)})
    assert 422 == other.status
    assert "#passkey" in wrong.links
    assert "#code" not in wrong.links
    options = other.options("/sign-in/second/passkey")
    page = other.post("/sign-in/second/passkey", {**fields, "answer": authenticator.sign(options)})

    assert "Sign out" in page.text


def test_whose_passkey_does_not_work_at_an_address_is_told_where_it_does(
    strict: WebSchool,
) -> None:
    passkey_of(strict, "technician", ORIGIN)

    page = Local(strict, BY_ADDRESS).enter("technician", going_on="/policy")

    assert "One more step" in page.text
    assert f"{ORIGIN}/sign-in?next=/policy" in page.links
    assert "/sign-in/second/passkey" not in [each.action for each in page.forms]
    # Where it works they are told the same beside the form, for browsers that have no passkeys.
    there = Local(strict).enter("technician", going_on="/policy")
    assert f"{ORIGIN}/sign-in?next=/policy" in there.links
    assert "/sign-in/second/passkey" in [each.action for each in there.forms]


def test_whoever_sets_one_up_where_passkeys_do_not_work_is_told_where_they_do(
    strict: WebSchool,
) -> None:
    browser, there = Local(strict, BY_ADDRESS), Local(strict)

    choice, making = browser.enter("lead"), browser.get("/account/passkeys/new")
    choice_there, making_there = there.enter("lead"), there.get("/account/passkeys/new")

    elsewhere = "You cannot make a passkey at the address in your browser."
    assert elsewhere in choice.text
    assert f"{ORIGIN}/sign-in" in choice.links
    assert {"/account/codes"} == {each for each in choice.links if each.startswith("/account/")}
    assert elsewhere in making.text
    assert {f"{ORIGIN}/account/passkeys/new", "/account/codes"} <= set(making.links)
    # The reason is the address alone: nothing has to be changed by anybody.
    assert "https" not in choice.text + making.text
    assert elsewhere not in choice_there.text + making_there.text
    assert "/account/passkeys/new" in choice_there.links


def test_an_account_says_where_its_passkeys_work(strict: WebSchool) -> None:
    browser, there = Local(strict, BY_ADDRESS), Local(strict)
    for each in (browser, there):
        each.enter("teacher")

    none = browser.get("/account")
    passkey_of(strict, "teacher", ORIGIN)
    one, one_there = browser.get("/account"), there.get("/account")

    assert "You cannot make a passkey at the address in your browser." in none.text
    assert "Your passkey does not work at the address in your browser." in one.text
    assert f"{ORIGIN}/account" in one.links
    assert "/account/passkeys/new" not in one.links
    assert "/account/passkeys/new" in one_there.links
    assert "the address in your browser" not in one_there.text


def test_whose_passkey_works_nowhere_is_told_what_the_school_has_to_change(
    tmp_path: Path,
) -> None:
    web = WebSettings(address="127.0.0.1", port=8000, public_url=BY_ADDRESS)
    with closing(WebSchool(tmp_path, settings=settings_in(tmp_path, web))) as school:
        passkey_of(school, "chair", ORIGIN)

        page = Local(school, BY_ADDRESS).enter("chair")

    assert "Passkeys need https and a name" in page.text
    assert f"the school has these pages at {BY_ADDRESS}." in page.text
    assert "web.public_url" in page.text


def test_an_answer_is_taken_once_and_from_the_browser_that_asked(strict: WebSchool) -> None:
    browser = Local(strict)
    browser.enter("visitor")
    authenticator = SoftAuthenticator(ORIGIN, count=None)
    add_passkey(browser, authenticator)
    first, thief = Local(strict), Local(strict)
    fields = first.get("/sign-in").form("/sign-in/passkey").fields
    answer = authenticator.sign(first.options("/sign-in/passkey"))
    stolen = thief.get("/sign-in").form("/sign-in/passkey").fields

    thief.post("/sign-in/passkey", {**stolen, "answer": answer})
    assert 422 == thief.status
    first.post("/sign-in/passkey", {**fields, "answer": answer})
    assert "Sign out" in first.last_text
    kept = dict(first.client.cookies)
    first.send("/", "/sign-out")
    first.client.cookies.update(kept)
    fields = first.get("/sign-in").form("/sign-in/passkey").fields
    first.post("/sign-in/passkey", {**fields, "answer": answer})
    assert 422 == first.status


@pytest.mark.parametrize("answer", ["", "{}", "null", "[[[", '{"response": {}}', "x" * 40_000])
def test_answers_that_are_none_are_mistakes(strict: WebSchool, answer: str) -> None:
    browser = Local(strict)
    fields = browser.get("/sign-in").form("/sign-in/passkey").fields

    browser.post("/sign-in/passkey", {**fields, "answer": answer})

    strict.go_on(timedelta(minutes=5))
    assert 422 == browser.status


def test_where_there_are_no_passkeys_none_are_offered(school: WebSchool) -> None:
    browser = Browser(school)

    page = browser.get("/sign-in")
    assert HOST in str(browser.client.base_url)
    assert "/sign-in/passkey" not in [each.action for each in page.forms]
    assert "passkey.js" not in browser.last_text
    assert 404 == browser.ask("GET", "/sign-in/passkey").status_code
    browser.sign_in("teacher")
    assert "Passkeys need https" in browser.get("/account/passkeys/new").text


def test_where_a_second_factor_is_offered_nobody_has_to_set_one_up(school: WebSchool) -> None:
    browser = Browser(school).sign_in("head")

    assert "Sign out" in browser.get("/").text
    assert "Not set up" in browser.get("/account").text
