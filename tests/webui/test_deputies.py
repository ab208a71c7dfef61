"""While the head is away a deputy decides in the head's name, and never for themselves."""

from datetime import timedelta

import pytest
from pdf_text import text_of
from web_browser import Browser
from web_school import ENTRY, LESSON, MACHINE, PASSWORD, WebSchool

from schoolgate_policyd.core.subjects import Device

NAMING = {
    "deputy": "operator",
    "starts_on": "2026-11-20",
    "ends_on": "2026-11-27",
    "reasons": "A conference",
    "password": PASSWORD,
}
DECISION = {"approved": "yes", "reasons": "Fits the lesson", "password": PASSWORD}


@pytest.fixture
def head(school: WebSchool) -> Browser:
    return Browser(school).sign_in("head")


def name_deputy(head: Browser, **entered: str) -> str:
    return head.sign("/delegations", "/delegations", **{**NAMING, **entered}).text


def waiting(school: WebSchool, by: str = "teacher") -> None:
    Browser(school).sign_in(by).send("/requests/new", "/requests/new", **ENTRY)
    lead = Browser(school).sign_in("lead")
    lead.send("/requests/1", "/requests/1/measures", in_place="yes", why="I looked")


def test_a_deputy_signs_in_the_heads_name_and_page_and_paper_say_so(
    school: WebSchool, head: Browser
) -> None:
    assert "Olu Operator decides Holds now" in name_deputy(head)
    waiting(school)
    deputy = Browser(school).sign_in("operator")
    assert "Waiting for you Request 1" in deputy.get("/").text

    page = deputy.sign("/requests/1", "/requests/1/decision", **DECISION)

    assert "Approved and signed by Olu Operator, deputy for Hana Head" in page.text
    assert 1 == len(school.decisions.live(LESSON).grants)
    paper = text_of(deputy.ask("GET", "/requests/1/form.pdf").content)
    assert "delegation 1, deputy for Hana Head" in paper


def test_without_a_delegation_the_request_is_not_there_for_them(school: WebSchool) -> None:
    waiting(school)
    colleague = Browser(school).sign_in("operator")

    colleague.get("/requests/1")

    assert 404 == colleague.status


def test_a_delegation_ends_after_its_last_day(school: WebSchool, head: Browser) -> None:
    name_deputy(head, ends_on="2026-11-20")
    waiting(school)
    deputy = Browser(school).sign_in("operator")
    assert "Authoriser: decide and sign" in deputy.get("/requests/1").text
    school.school_clock.go_on(timedelta(hours=14))

    assert 404 == deputy.ask("GET", "/requests/1").status_code
    assert "Over" in deputy.get("/delegations").text


def test_a_withdrawn_delegation_decides_nothing(school: WebSchool, head: Browser) -> None:
    name_deputy(head)
    waiting(school)
    deputy = Browser(school).sign_in("operator")
    form = deputy.get("/requests/1").form("/requests/1/decision")

    page = head.send("/delegations", "/delegations/1/withdraw", why="I am back")
    assert "Withdrawn by Hana Head: I am back" in page.text
    deputy.post("/requests/1/decision", {**form.fields, **DECISION})

    assert 404 == deputy.status
    assert () == school.decisions.live(LESSON).grants


def test_a_deputys_own_request_stays_with_the_head_or_goes_to_the_chair(
    school: WebSchool, head: Browser
) -> None:
    school.decisions.people.register_device(
        Device("127.0.2.12", "olus-phone", owner="operator"), at=MACHINE, by=None
    )
    name_deputy(head)
    waiting(school, by="operator")
    deputy = Browser(school).sign_in("operator")
    assert "Authoriser: decide and sign" not in deputy.get("/requests/1").text
    token = deputy.get("/").form("/sign-out").fields["csrf"]

    page = deputy.post("/requests/1/decision", {"csrf": token, **DECISION, "date": "2026-11-20"})

    assert "Nobody reviews or authorises their own request." in page.text or 422 == deputy.status
    assert () == school.decisions.live(LESSON).grants
    assert "Authoriser: decide and sign" in head.get("/requests/1").text
    chair = Browser(school).sign_in("chair")
    page = chair.sign("/requests/1", "/requests/1/decision", **DECISION)
    assert "Approved and signed by Charlie Chair" in page.text


@pytest.mark.parametrize(
    ("entered", "said"),
    [
        ({"ends_on": "2027-01-08"}, "It lasts six weeks at most"),
        ({"ends_on": ""}, "every delegation has an end"),
        ({"ends_on": "2026-11-19"}, "The last day must not be before the first."),
        ({"starts_on": "2026-11-19"}, "It cannot start before today."),
        ({"deputy": "head"}, "Choose who decides in your name."),
        ({"deputy": "visitor"}, "Choose who decides in your name."),
        ({"deputy": "p-7"}, "Choose who decides in your name."),
        ({"reasons": ""}, "Give your reasons."),
        ({"password": "guessed"}, "This is not your password: nothing was signed."),
    ],
)
def test_what_makes_no_delegation_is_said_beside_its_field(
    school: WebSchool, head: Browser, entered: dict[str, str], said: str
) -> None:
    assert said in name_deputy(head, **entered)
    assert 422 == head.status
    assert () == school.decisions.delegations.every()
    assert "guessed" not in head.last_text


def test_only_a_head_names_one(school: WebSchool) -> None:
    lead = Browser(school).sign_in("lead")
    assert "Name a deputy" not in lead.get("/delegations").text
    token = lead.get("/").form("/sign-out").fields["csrf"]

    lead.post("/delegations", {"csrf": token, **NAMING})

    assert 403 == lead.status
    assert () == school.decisions.delegations.every()
