"""How often somebody may ask: enough for people and classrooms, not for what never stops."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from web_browser import Browser
from web_program import program_of
from web_school import ENTRY, MACHINE, PASSWORD, WebSchool

from schoolgate_webui.rates import MOST_KNOWN, Rate, Rates, for_pages

NO_WAIT = timedelta()
FEW = Rate(10, 0.1)
REQUEST = {**ENTRY, "starts_at": "2026-11-20T10:00", "ends_at": "2026-11-20T12:00"}


@pytest.fixture
def school(tmp_path: Path) -> Iterator[WebSchool]:
    """A school in which ten pages may be asked for at once, and one in ten seconds after that."""
    made = WebSchool(tmp_path, rates=Rates(per_caller=FEW, per_address=Rate(40, 1.0)))
    yield made
    made.close()


def use_up(browser: Browser) -> None:
    """Ask for pages until that is too often."""
    answers = (browser.ask("GET", "/account").status_code for _ in range(2 * FEW.burst))
    assert 429 in answers


def test_what_is_asked_too_often_waits_and_then_is_answered() -> None:
    rates = Rates(per_caller=Rate(2, 0.5), per_address=Rate(1, 1.0))

    waits = [rates.of_token(7, MACHINE) for _ in range(3)]

    assert [NO_WAIT, NO_WAIT, timedelta(seconds=2)] == waits
    assert rates.of_token(8, MACHINE) == NO_WAIT
    assert rates.of_token(7, MACHINE + timedelta(seconds=2)) == NO_WAIT
    # A clock that goes back neither gives nor locks out for good.
    assert rates.of_token(7, MACHINE - timedelta(days=1)) > NO_WAIT
    assert rates.of_token(7, MACHINE - timedelta(days=1) + timedelta(seconds=2)) == NO_WAIT


def test_a_flood_of_addresses_is_forgotten_and_makes_nobody_else_be() -> None:
    rates = Rates(per_caller=Rate(1, 0.1), per_address=Rate(1, 0.1))
    rates.of_token(7, MACHINE)
    rates.of_address("192.0.2.1", MACHINE)

    for number in range(MOST_KNOWN):
        rates.of_address(f"198.18.{number // 256}.{number % 256}", MACHINE)

    assert rates.of_address("192.0.2.1", MACHINE) == NO_WAIT
    assert rates.of_address("198.18.15.255", MACHINE) > NO_WAIT
    assert rates.of_token(7, MACHINE) > NO_WAIT


def test_whoever_has_a_whole_ipv6_network_counts_once() -> None:
    rates = Rates(per_caller=FEW, per_address=Rate(1, 0.1))

    assert rates.of_address("2001:db8::1", MACHINE) == NO_WAIT
    assert rates.of_address("2001:db8::2", MACHINE) > NO_WAIT
    assert rates.of_address("2001:db8:0:1::1", MACHINE) == NO_WAIT


def test_a_person_who_reads_all_day_with_the_log_running_never_waits() -> None:
    rates = for_pages()
    seconds = range(8 * 3600)

    # A page a second is faster than anybody reads; the log asks every other second.
    asked = [second for second in seconds for _ in range(1 + (second % 2 == 0))]

    waits = {
        rates.of_person("head", "192.0.2.1", MACHINE + timedelta(seconds=each)) for each in asked
    }

    assert {NO_WAIT} == waits


def test_classrooms_behind_one_address_do_not_wait() -> None:
    rates = for_pages()

    # Two hundred and forty children press the same link at once, and again a minute later.
    waits = {
        rates.of_address("192.0.2.1", MACHINE + timedelta(minutes=minute))
        for minute in range(3)
        for _ in range(240)
    }

    assert {NO_WAIT} == waits


def test_a_script_that_never_stops_is_told_when_to_go_on(school: WebSchool) -> None:
    browser = Browser(school).sign_in("head")

    answers = [browser.ask("GET", "/account") for _ in range(12)]
    school.go_on(timedelta(seconds=10))
    afterwards = [browser.ask("GET", "/account").status_code for _ in range(2)]

    assert [200, 429] == sorted({each.status_code for each in answers})
    assert 429 == answers[-1].status_code
    assert "10" == answers[-1].headers["retry-after"]
    assert "Wait 10 seconds, then load this page again." in answers[-1].text
    assert [200, 429] == afterwards


def test_a_form_that_is_sent_too_often_does_nothing(school: WebSchool) -> None:
    browser = Browser(school).sign_in("teacher")
    signing_out = browser.get("/account").form("/sign-out").fields
    use_up(browser)

    browser.post("/sign-out", signing_out)

    assert 429 == browser.status
    school.go_on(timedelta(seconds=10))
    assert 200 == browser.ask("GET", "/account").status_code


def test_nobody_else_waits_for_it_nor_they_themselves_elsewhere(school: WebSchool) -> None:
    use_up(Browser(school).sign_in("head"))

    elsewhere = Browser(school, "192.0.2.7").sign_in("head")
    others = Browser(school).sign_in("lead")

    assert 200 == elsewhere.ask("GET", "/account").status_code
    assert 200 == others.ask("GET", "/account").status_code
    assert 200 == Browser(school).ask("GET", "/help").status_code
    assert 200 == program_of(school, "head").ask("GET", "/me").status_code


def test_signing_in_again_gives_no_more(school: WebSchool) -> None:
    use_up(Browser(school).sign_in("head"))
    again = Browser(school)

    again.send("/sign-in", "/sign-in", username="head", password=PASSWORD)

    assert 429 == again.ask("GET", "/account").status_code


def test_whoever_is_not_signed_in_waits_by_their_address(school: WebSchool) -> None:
    here, elsewhere = Browser(school, "192.0.2.7"), Browser(school, "192.0.2.8")

    answers = [here.ask("GET", "/help").status_code for _ in range(41)]

    assert [200] * 40 + [429] == answers
    assert 200 == elsewhere.ask("GET", "/help").status_code


def test_who_is_to_wait_makes_the_server_count_nothing(school: WebSchool) -> None:
    program_of(school, "teacher").post("/requests", REQUEST, 201)
    browser = Browser(school).sign_in("lead")
    browser.get("/account")
    assert "1 waiting" in browser.last_text.replace('<span class="govuk-visually-hidden">', "")

    with capture_logs() as logged:
        use_up(browser)

    assert "sg-count" not in browser.last_text
    assert ("GET /account", "TooMany") in {(e.get("route"), e.get("cause")) for e in logged}
