"""What is refused is logged by its page or endpoint, and nothing secret with it."""

from collections.abc import Callable

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs
from web_browser import Browser
from web_program import Program, program_of
from web_school import WebSchool

from schoolgate_policyd.workflow.api_scopes import Scope


def not_theirs(school: WebSchool) -> None:
    Browser(school).sign_in("teacher").get("/records")


def a_forged_form(school: WebSchool) -> None:
    Browser(school).ask("POST", "/account/setup", data={"code": "secret-code"})


def too_many_passwords(school: WebSchool) -> None:
    browser = Browser(school)
    for _ in range(12):
        browser.send("/sign-in", "/sign-in", username="head", password="my-secret-guess")


def without_the_scope(school: WebSchool) -> None:
    program_of(school, "head", [Scope.LOG_READ]).ask("GET", "/people/p-secret")


def without_the_duty(school: WebSchool) -> None:
    program_of(school, "teacher").ask("GET", "/audit")


def without_a_token(school: WebSchool) -> None:
    Program(school, "sgt_secret").ask("GET", "/people")


@pytest.mark.parametrize(
    ("attempt", "route", "cause"),
    [
        (not_theirs, "GET /records", "NotForYou"),
        (a_forged_form, "POST /account/setup", "ForgedForm"),
        (too_many_passwords, "POST /sign-in", "TooMany"),
        (without_the_scope, "GET /people/{person}", "ScopeMissing"),
        (without_the_duty, "GET /audit", "NotForYou"),
        (without_a_token, "GET /people", "TokenNeeded"),
    ],
)
def test_what_is_refused_is_logged_without_a_word_that_was_sent(
    school: WebSchool, attempt: Callable[[WebSchool], None], route: str, cause: str
) -> None:
    with capture_logs() as logged:
        attempt(school)

    found = {(each.get("route"), each.get("cause")) for each in logged}
    assert (route, cause) in found
    assert "secret" not in str(logged)


def test_a_page_that_fails_is_logged_without_what_stands_in_its_address(
    school: WebSchool,
) -> None:
    browser = Browser(school).sign_in("head")
    with school.decisions.database.writing() as session:
        session.execute(text("DROP TABLE classes"))

    with capture_logs() as logged:
        answer = browser.ask("GET", "/school/classes/secret-name")

    assert 503 == answer.status_code
    assert "GET /school/classes/{line}" in {each.get("route") for each in logged}
    assert "secret" not in str(logged)
