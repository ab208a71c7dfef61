"""The policy in force in words, its versions, and what is between two of them."""

from datetime import date, timedelta

import pytest
from policy_versions_world import later_texts, take_up
from web_browser import Browser
from web_school import LESSON, WebSchool

from schoolgate_webui.views.policy_page import reminder


@pytest.fixture
def versions(school: WebSchool) -> WebSchool:
    take_up(school, LESSON)
    school.go_on(timedelta(hours=1))
    take_up(school, school.school_clock.now(), later_texts())
    return school


@pytest.mark.parametrize("who", ["head", "lead", "dsl", "technician", "chair", "governor"])
def test_whoever_has_a_duty_reads_the_policy(school: WebSchool, who: str) -> None:
    browser = Browser(school).sign_in(who)
    page = browser.get("/policy")

    assert 200 == browser.status
    assert "/policy" in page.links


@pytest.mark.parametrize("who", ["teacher", "operator", "visitor"])
@pytest.mark.parametrize("path", ["/policy", "/policy/versions/1", "/policy/compare"])
def test_others_do_not(versions: WebSchool, who: str, path: str) -> None:
    browser = Browser(versions).sign_in(who)
    page = browser.get(path)

    assert 403 == browser.status
    assert "/policy" not in page.links


def test_the_page_says_each_rule_with_its_section_and_what_lifts_it(versions: WebSchool) -> None:
    text = Browser(versions).sign_in("head").get("/policy").text

    for words in (
        "Pupils may not reach social media.",
        "Only a curriculum grant can lift it.",
        "§5 Personal accounts",
        "Schoolgate’s choice: no clause asks for it",
        "Nobody may reach",
        "08:50 lessons, 10:30 break",
        "What the gateway cannot enforce",
    ):
        assert words in text


def test_every_version_is_listed_with_its_time(versions: WebSchool) -> None:
    page = Browser(versions).sign_in("head").get("/policy")

    assert "/policy/versions/1" in page.links
    assert "/policy/versions/2" in page.links
    assert "In force from Friday 20 November 2026" in page.text
    assert "No longer in force" in page.text


def test_a_version_says_what_it_changed(versions: WebSchool) -> None:
    page = Browser(versions).sign_in("lead").get("/policy/versions/2")

    assert "What it changed in version 1" in page.text
    assert "lunch" in page.text
    assert "Taken up from the rule files" in page.text


def test_what_is_no_longer_in_force_can_be_brought_back_by_those_who_draft(
    versions: WebSchool,
) -> None:
    old = Browser(versions).sign_in("technician").get("/policy/versions/1")
    current = Browser(versions).sign_in("technician").get("/policy/versions/2")
    governors = Browser(versions).sign_in("governor").get("/policy/versions/1")

    assert "Bring it back as a draft" in old.text
    assert "Bring it back as a draft" not in current.text
    assert "Bring it back as a draft" not in governors.text


def test_two_versions_are_compared_in_words(versions: WebSchool) -> None:
    browser = Browser(versions).sign_in("governor")

    newest = browser.get("/policy/compare").text
    same = browser.get("/policy/compare?from=1&to=1").text

    assert "What version 2 says otherwise than version 1" in newest
    assert "lunch" in newest
    assert "Nothing is different in what they say." in same


def test_where_nothing_is_compared_yet_the_form_offers_two_versions(versions: WebSchool) -> None:
    page = Browser(versions).sign_in("governor").get("/policy/compare?from=1&to=99")
    offered = page.form("/policy/compare").fields

    assert ("1", "2") == (offered["from"], offered["to"])
    assert "says otherwise" not in page.text


@pytest.mark.parametrize("path", ["/policy/versions/99", "/policy/versions/0"])
def test_a_version_that_is_not_there_is_not_found(versions: WebSchool, path: str) -> None:
    browser = Browser(versions).sign_in("head")
    browser.get(path)

    assert browser.status in {404, 422}


def test_without_any_version_the_policy_in_force_is_shown_all_the_same(school: WebSchool) -> None:
    browser = Browser(school).sign_in("head")
    page = browser.get("/policy")

    assert 200 == browser.status
    assert "Pupils may not reach" in page.text or "may not reach social media" in page.text
    assert "one version so far" in browser.get("/policy/compare").text


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (date(2026, 6, 30), ""),
        (date(2026, 11, 1), ""),
        (date(2026, 11, 2), "is due in January 2027"),
        (date(2026, 12, 31), "is due in January 2027"),
        (date(2027, 1, 1), "is due this month"),
        (date(2027, 1, 31), "is due this month"),
        (date(2027, 2, 1), "was due in January 2027"),
    ],
)
def test_a_review_is_reminded_of_two_months_before(today: date, said: str) -> None:
    found = reminder("2027-01", today)

    assert said in found
    assert bool(said) == bool(found)


def test_a_policy_without_a_review_date_reminds_of_nothing() -> None:
    assert "" == reminder(None, date(2027, 1, 1))
    assert "was due" in reminder("2026-12", date(2027, 1, 1))
