"""Your account: the password, sessions, codes, tokens, and setting one up."""

from collections.abc import Iterator
from datetime import timedelta

import pyotp
import pytest
from account_people import shown_secret
from web_browser import Browser
from web_school import HOST, LESSON, MACHINE, PASSWORD, WebSchool

from schoolgate_policyd.core.subjects import Audience, Duty, HeldDuty
from schoolgate_policyd.store.records import NewPerson, SignedIn
from schoolgate_policyd.workflow.api_scopes import Scope

NEW = "tuesday otter marmalade"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSchool]:
    """One school for the whole file; each test has a person of its own."""
    opened = WebSchool(tmp_path_factory.mktemp("office"))
    yield opened
    opened.close()


@pytest.fixture
def person(office: WebSchool, request: pytest.FixtureRequest) -> str:
    """Somebody new with a password."""
    # Other tests may have let the clock go on, and an address may have to wait.
    office.go_on(timedelta(hours=2))
    name = f"u{abs(hash(request.node.name)) % 10**9}"
    at = office.machine_clock.moment
    added = NewPerson(name, "Uma User", Audience.STAFF, name, (HeldDuty(Duty.DSL),))
    office.decisions.people.add(added, at=at, by=None)
    office.decisions.credentials.set_password(name, PASSWORD, at=at, by=None)
    return name


def test_the_password_is_changed_with_the_old_one_and_ends_other_sessions(
    office: WebSchool, person: str
) -> None:
    here, there = Browser(office).sign_in(person), Browser(office).sign_in(person)
    again = {"new_password": NEW, "new_password_again": NEW}

    page = here.send("/account/password", "/account/password", password="wrong", **again)
    assert 422 == here.status
    assert "#password" in page.links
    assert NEW not in here.last_text
    page = here.send("/account/password", "/account/password", password=PASSWORD, **again)

    assert "Your password was changed" in page.text
    assert "Sign out" not in there.get("/").text
    page = there.send("/sign-in", "/sign-in", username=person, password=NEW)
    assert "Sign out" in page.text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"new_password": "short", "new_password_again": "short"}, "#new_password"),
        ({"new_password": "", "new_password_again": ""}, "#new_password"),
        (
            {"new_password": "Uma User 12345", "new_password_again": "Uma User 12345"},
            "#new_password",
        ),
        (
            {"new_password": "willow lane 123", "new_password_again": "willow lane 123"},
            "#new_password",
        ),
        ({"new_password": NEW, "new_password_again": "another"}, "#new_password_again"),
        ({"new_password": NEW, "new_password_again": NEW, "password": ""}, "#password"),
    ],
)
def test_a_new_password_that_is_not_good_is_a_mistake_in_its_field(
    office: WebSchool, person: str, fields: dict[str, str], field: str
) -> None:
    browser = Browser(office).sign_in(person)

    page = browser.send(
        "/account/password", "/account/password", **{"password": PASSWORD, **fields}
    )

    assert 422 == browser.status
    assert field in page.links


def test_sessions_are_listed_and_ended_one_by_one_or_all(office: WebSchool, person: str) -> None:
    browsers = [Browser(office) for _ in range(3)]
    for browser in browsers:
        browser.client.headers["user-agent"] = "Mozilla/5.0 (X11; Linux) Firefox/128.0"
        browser.sign_in(person)
    here, second, third = browsers

    page = here.get("/account")
    # Each has a row, and a button where it is another one.
    assert 3 + 2 == page.text.count("Firefox on Linux")
    ends = [each for each in page.forms if each.action.endswith("/end")]
    assert 2 == len(ends)
    here.post(ends[0].action, ends[0].fields)
    assert [True, False] == sorted(
        ("Sign out" in each.get("/").text for each in (second, third)), reverse=True
    )
    here.send("/account", "/account/sessions/end-others")

    assert not any("Sign out" in each.get("/").text for each in (second, third))
    assert "Sign out" in here.get("/").text


def test_ending_sessions_asks_who_it_is_where_that_was_proven_a_while_ago(
    office: WebSchool, person: str
) -> None:
    here, other = Browser(office).sign_in(person), Browser(office).sign_in(person)
    office.go_on(timedelta(minutes=16))
    page = here.get("/account")
    one = next(each for each in page.forms if each.action.endswith("/end"))
    for action in (one.action, "/account/sessions/end-others"):
        answer = here.ask(
            "POST", action, data=one.fields, headers={"origin": f"http://{HOST}:8000"}
        )
        assert "/account/confirm?next=%2Faccount" == answer.headers["location"]
    assert "Sign out" in other.get("/").text

    here.send("/account/confirm", "/account/confirm", password=PASSWORD)
    here.send("/account", "/account/sessions/end-others")

    assert "Sign out" not in other.get("/").text


def test_whoever_proves_again_who_they_are_has_another_token_and_the_old_ends_with_a_thief(
    office: WebSchool, person: str
) -> None:
    browser = Browser(office).sign_in(person)
    copied = dict(browser.client.cookies)
    page = browser.send("/account/confirm", "/account/confirm", password=PASSWORD)
    assert "Sign out" in page.text
    assert copied != dict(browser.client.cookies)
    office.go_on(timedelta(minutes=2))

    thief = Browser(office)
    thief.client.cookies.update(copied)
    thief.get("/account")

    assert "Sign out" not in browser.get("/").text


def test_nobody_ends_a_session_of_somebody_else(office: WebSchool, person: str) -> None:
    theirs = Browser(office).sign_in("teacher")
    session = office.decisions.sessions.of("teacher", at=office.machine_clock.moment)[0]
    browser = Browser(office).sign_in(person)
    csrf = browser.get("/account/password").form("/account/password").fields["csrf"]

    browser.post(f"/account/sessions/{session.id}/end", {"csrf": csrf})

    assert 404 == browser.status
    assert "Sign out" in theirs.get("/").text


def test_a_while_after_signing_in_the_password_is_asked_for_again(
    office: WebSchool, person: str
) -> None:
    browser = Browser(office).sign_in(person)
    for _ in range(2):
        office.go_on(timedelta(minutes=10))
        browser.get("/")

    for path in ("/account/codes", "/account/recovery-codes", "/account/tokens/new"):
        assert "/account/confirm?next=" in browser.ask("GET", path).headers["location"]
    page = browser.send("/account/codes", "/account/confirm", password="wrong")
    assert 422 == browser.status
    assert "not your password" in page.text
    page = browser.send("/account/codes", "/account/confirm", password=PASSWORD)

    assert "Set up one-time codes" in page.text


def set_codes_up(office: WebSchool, browser: Browser) -> str:
    secret = shown_secret(browser.get("/account/codes").text)
    code = pyotp.TOTP(secret).at(office.machine_clock.moment)
    browser.send("/account/codes", "/account/codes", code=code)
    return secret


def test_the_secret_of_codes_is_a_picture_and_a_text(office: WebSchool, person: str) -> None:
    browser = Browser(office).sign_in(person)

    page = browser.get("/account/codes")
    secret = shown_secret(page.text)
    assert secret == shown_secret(browser.get("/account/codes").text)
    answer = browser.ask("GET", "/account/codes/qr.svg")

    assert "image/svg+xml" == answer.headers["content-type"].partition(";")[0]
    assert answer.text.startswith("<svg")
    assert "no-store" == answer.headers["cache-control"]


def test_a_wrong_first_code_sets_nothing_up(office: WebSchool, person: str) -> None:
    browser = Browser(office).sign_in(person)

    page = browser.send("/account/codes", "/account/codes", code="000000")

    assert 422 == browser.status
    assert "not right" in page.text
    assert not office.decisions.second_factor.of(person).has_one


def test_codes_can_be_taken_off_where_they_are_not_needed(office: WebSchool, person: str) -> None:
    browser = Browser(office).sign_in(person)
    set_codes_up(office, browser)

    page = browser.send("/account", "/account/codes/remove")

    assert "One-time codes are taken off." in page.text
    assert not office.decisions.second_factor.of(person).has_one


def test_new_recovery_codes_are_shown_once(office: WebSchool, person: str) -> None:
    browser = Browser(office).sign_in(person)
    set_codes_up(office, browser)
    browser.get("/account/recovery-codes")

    page = browser.send("/account/recovery-codes", "/account/recovery-codes")

    assert 10 == browser.last_text.count('class="sg-secret"')
    assert person in page.text
    assert 0 == browser.get("/account/recovery-codes").text.count("sg-secret")


def test_a_token_is_shown_once_and_can_be_revoked(office: WebSchool, person: str) -> None:
    browser = Browser(office).sign_in(person)
    page = browser.send(
        "/account/tokens/new",
        "/account/tokens/new",
        name="Timetable import",
        **{f"scope:{Scope.LOG_READ}": "yes"},
    )
    token = next(word for word in page.text.split() if word.startswith("sgt_"))
    caller = office.decisions.api_tokens.caller(token, at=office.machine_clock.moment)
    assert caller is not None
    assert {"log:read"} == caller.token.scopes
    assert token not in browser.get("/account/tokens/made").text

    page = browser.get("/account")
    assert "Timetable import" in page.text
    revoke = next(each for each in page.forms if each.action.endswith("/revoke"))
    browser.post(revoke.action, revoke.fields)

    at = office.machine_clock.moment
    assert office.decisions.api_tokens.caller(token, at=at) is None


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "#name"),
        ({"name": "a\u202eb"}, "#name"),
        ({"name": "Import", "ends_on": "2099-01-01"}, "#ends_on"),
        ({"name": "Import", "ends_on": "2020-01-01"}, "#ends_on"),
        ({"name": "Import", "ends_on": "soon"}, "#ends_on"),
        ({"name": "Import"}, "#scopes"),
    ],
)
def test_mistakes_in_a_token_are_said_beside_the_field(
    office: WebSchool, person: str, fields: dict[str, str], field: str
) -> None:
    browser = Browser(office).sign_in(person)

    page = browser.send("/account/tokens/new", "/account/tokens/new", **fields)

    assert 422 == browser.status
    assert field in page.links
    assert () == office.decisions.api_tokens.of(person)


def test_the_cookie_is_replaced_while_somebody_works(office: WebSchool, person: str) -> None:
    browser = Browser(office).sign_in(person)
    first = dict(browser.client.cookies)
    form = browser.get("/account/password").form("/account/password")
    office.go_on(timedelta(minutes=16))

    browser.get("/")
    second = dict(browser.client.cookies)
    assert first != second
    # A form that was opened before is still good.
    browser.post("/account/password", {**form.fields, "password": "wrong"})
    assert 422 == browser.status
    office.go_on(timedelta(minutes=2))
    thief = Browser(office)
    thief.client.cookies.update(first)

    assert "Sign out" not in thief.get("/").text
    assert "Sign out" not in browser.get("/").text


def invited(office: WebSchool, person: str) -> str:
    return office.decisions.setup_codes.invite(
        person, by="head", at=office.machine_clock.moment
    ).code


def test_a_code_on_paper_leads_to_a_new_password(office: WebSchool, person: str) -> None:
    there = Browser(office).sign_in(person)
    code = invited(office, person)
    browser = Browser(office)

    page = browser.send("/account/setup", "/account/setup", code=code.upper())
    assert "Uma User" in page.text
    assert browser.last is not None
    assert "/account/setup" == browser.last.url.raw_path.decode()
    form = page.form("/account/setup")
    page = browser.post(
        form.action, {**form.fields, "new_password": "short", "new_password_again": "short"}
    )
    assert 422 == browser.status
    page = browser.post(
        form.action, {**form.fields, "new_password": NEW, "new_password_again": NEW}
    )

    assert "Your account is set up" in page.text
    assert "Sign out" in page.text
    assert "Sign out" not in there.get("/").text
    outcome = office.decisions.credentials.sign_in(
        person, NEW, address="::1", at=office.machine_clock.moment, moment=LESSON
    )
    assert isinstance(outcome, SignedIn)
    browser.send("/account/setup", "/account/setup", code=code)
    assert 404 == browser.status


@pytest.mark.parametrize("code", ["nothing", "\0", "\u202e", "x" * 3000, "a/b", " "])
def test_what_is_no_code_says_nothing_of_anybody(office: WebSchool, code: str) -> None:
    browser = Browser(office)

    page = browser.send("/account/setup", "/account/setup", code=code)

    assert (422 if code.isspace() else 404) == browser.status
    assert "Set up my account" not in page.text


def test_whoever_is_signed_in_may_still_use_a_code(office: WebSchool, person: str) -> None:
    code = invited(office, person)
    browser = Browser(office).sign_in("teacher")
    page = browser.send("/account/setup", "/account/setup", code=code)

    form = page.form("/account/setup")
    browser.post(form.action, {**form.fields, "new_password": NEW, "new_password_again": NEW})

    assert "Uma User" in browser.get("/").text
    assert MACHINE < office.machine_clock.moment
