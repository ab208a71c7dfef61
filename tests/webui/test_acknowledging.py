"""Staff acknowledge the policy in force before they use the pages (R9)."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from policy_school import PolicySchool
from rule_tree import SCHOOL
from web_browser import Browser, Page
from web_school import LESSON, MACHINE, PASSWORD

from schoolgate_policyd.store.policy_rows import PolicyContent


@pytest.fixture
def school(tmp_path: Path) -> Iterator[PolicySchool]:
    opened = PolicySchool(tmp_path)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def unread(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PolicySchool]:
    """A school in which nobody has acknowledged anything, for tests that change nothing."""
    opened = PolicySchool(tmp_path_factory.mktemp("unread"))
    yield opened
    opened.close()


def arrived(school: PolicySchool, person: str = "teacher") -> tuple[Browser, Page]:
    """Sign *person* in and acknowledge nothing."""
    browser = Browser(school)
    browser.acknowledges = False
    page = browser.send("/sign-in", "/sign-in", username=person, password=PASSWORD)
    return browser, page


def test_the_policy_comes_before_everything_else(unread: PolicySchool) -> None:
    browser, page = arrived(unread)
    assert "Before you go on" in page.text
    assert "version 1" in page.text

    for path in ("/requests", "/requests/new", "/devices", "/"):
        assert "Before you go on" in browser.get(path).text


@pytest.mark.parametrize("path", ["/help", "/filtering", "/account", "/account/password"])
def test_what_keeps_people_safe_stays_open(unread: PolicySchool, path: str) -> None:
    browser, _ = arrived(unread)

    assert "Before you go on" not in browser.get(path).text
    assert 200 == browser.status


def test_who_has_acknowledged_is_seen_by_nobody_who_has_not(unread: PolicySchool) -> None:
    browser, _ = arrived(unread, "head")

    assert "Before you go on" in browser.get("/policy/acknowledgements").text


def test_a_device_is_nobodys_before_the_policy_is_acknowledged(unread: PolicySchool) -> None:
    browser, page = arrived(unread)
    csrf = page.form("/policy/acknowledge").fields["csrf"]

    assert "Before you go on" in browser.post("/devices/claim", {"csrf": csrf}).text
    assert () == unread.decisions.live(LESSON).claims


def test_one_can_leave_without_acknowledging(unread: PolicySchool) -> None:
    browser, page = arrived(unread)
    csrf = page.form("/sign-out").fields["csrf"]

    assert "You are signed out" in browser.post("/sign-out", {"csrf": csrf}).text


def test_who_acknowledges_goes_on_to_where_they_wanted_to_go(school: PolicySchool) -> None:
    browser, _ = arrived(school)
    page = browser.get("/requests?from=mail")

    page = browser.acknowledge(page)

    assert browser.last is not None
    assert "/requests?from=mail" == browser.last.request.url.raw_path.decode()
    assert "Before you go on" not in browser.get("/").text
    assert school.decisions.acknowledgements.has("teacher", 1)


def test_it_is_asked_once_for_each_version_wherever_one_signs_in(school: PolicySchool) -> None:
    browser, page = arrived(school)
    browser.acknowledge(page)
    _, again = arrived(school)
    assert "Before you go on" not in again.text

    take_up_another(school)

    _, later = arrived(school)
    assert "What has changed since you acknowledged version 1" in later.text
    assert "version 2" in later.text
    assert "Before you go on" in browser.get("/requests").text


def take_up_another(school: PolicySchool) -> None:
    """Have the rule files say something else."""
    before = school.decisions.policies.texts(1)
    texts = {path: f"{text}\n# changed\n" for path, text in before.items()}
    terms = school.decisions.policies.find(1).terms
    content = PolicyContent(texts, "0" * 64, terms)
    school.go_on(timedelta(minutes=5))
    school.decisions.policies.take_up(
        SCHOOL,
        content,
        at=MACHINE + timedelta(minutes=5),
        moment=LESSON + timedelta(minutes=5),
    )


@pytest.mark.parametrize("ticked", [{}, {"read": "yes"}, {"monitored": "yes"}, {"read": "no"}])
def test_each_statement_is_acknowledged_on_its_own(
    unread: PolicySchool, ticked: dict[str, str]
) -> None:
    browser, page = arrived(unread)
    fields = page.form("/policy/acknowledge").fields

    page = browser.post("/policy/acknowledge", {**fields, **ticked})

    assert 422 == browser.status
    assert "There is a problem" in page.text
    assert not unread.decisions.acknowledgements.has("teacher", 1)


def test_a_version_that_was_not_shown_is_not_acknowledged(school: PolicySchool) -> None:
    browser, page = arrived(school)
    take_up_another(school)

    page = browser.acknowledge(page)

    assert "The policy has changed since you opened this page" in page.text
    assert not school.decisions.acknowledgements.has("teacher", 2)


def test_no_way_out_leads_through_it(unread: PolicySchool) -> None:
    browser, _ = arrived(unread)
    page = browser.get("/policy/acknowledge?next=//evil.example/")

    assert "/" == page.form("/policy/acknowledge").fields["next"]


@pytest.mark.parametrize("person", ["chair", "governor", "visitor"])
def test_governors_and_visitors_are_not_asked(unread: PolicySchool, person: str) -> None:
    _, page = arrived(unread, person)

    assert "Before you go on" not in page.text


def test_the_head_sees_who_has_not(school: PolicySchool) -> None:
    head = Browser(school).sign_in("head")

    text = head.get("/policy/acknowledgements").text

    assert "Tess Teacher never" in text
    assert "Acknowledged (1)" in text
    assert "Hana Head Friday 20 November 2026" in text


def test_it_is_in_the_audit(school: PolicySchool) -> None:
    browser, page = arrived(school)
    browser.acknowledge(page)

    [entry] = [
        each for each in school.decisions.audit.recent() if each.action == "policy-acknowledged"
    ]

    assert ("teacher", "policy", "1") == (entry.actor, entry.object_kind, entry.object_id)
