"""The whole way on paper: the form, the measures, the signature, the grant, its end."""

from datetime import timedelta

import msgspec
import pytest
from web_browser import Browser
from web_school import (
    ENTRY,
    LESSON,
    MACHINE,
    PAGE,
    TEACHER_DEVICE,
    WebSchool,
    policy,
)

from schoolgate_policyd.core.names import parse_url
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.rules import GrantKind, PageScope, ServiceScope
from schoolgate_policyd.core.subjects import Device
from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot

DECISION = {"approved": "yes", "reasons": "Fits the lesson"}


def ask(browser: Browser, **entered: str) -> None:
    page = browser.send("/requests/new", "/requests/new", **{**ENTRY, **entered})
    assert "Waiting for measures" in page.text, page.text


def confirm(browser: Browser, number: int = 1) -> None:
    page = browser.send(
        f"/requests/{number}", f"/requests/{number}/measures", in_place="yes", why="I looked"
    )
    assert "Waiting for decision" in page.text, page.text


def sign(browser: Browser, number: int = 1, **entered: str) -> str:
    page = browser.sign(
        f"/requests/{number}", f"/requests/{number}/decision", **{**DECISION, **entered}
    )
    return page.text


def test_a_signed_request_is_a_grant_for_exactly_what_was_asked(school: WebSchool) -> None:
    ask(Browser(school).sign_in("teacher"))
    lead = Browser(school).sign_in("lead")
    assert "Request 1" in lead.get("/").text
    confirm(lead)
    head = Browser(school).sign_in("head")
    assert "Tess Teacher, own device: lesson time" in head.get("/requests/1").text

    assert "Approved and signed by Hana Head" in sign(head)

    (grant,) = school.decisions.live(LESSON).grants
    assert PageScope(parse_url(PAGE)) == grant.scope
    assert frozenset({"teacher"}) == grant.people
    assert frozenset() == grant.classes
    assert GrantKind.ACCESS_GRANT == grant.kind
    assert LESSON == grant.starts_at
    assert LESSON.replace(hour=15, minute=20) == grant.ends_at


def test_a_request_for_a_class_is_a_curriculum_grant_for_the_whole_service(
    school: WebSchool,
) -> None:
    ask(Browser(school).sign_in("teacher"), for_whom="class:4b", scope="site")
    confirm(Browser(school).sign_in("lead"))

    sign(Browser(school).sign_in("head"))

    (grant,) = school.decisions.live(LESSON).grants
    assert GrantKind.CURRICULUM_GRANT == grant.kind
    assert frozenset({"4b"}) == grant.classes
    assert frozenset() == grant.people
    assert ServiceScope("tiktok") == grant.scope


def test_policyd_is_woken_after_every_change(school: WebSchool) -> None:
    wakes = []
    ask(Browser(school).sign_in("teacher"))
    wakes.append(school.policyd.wakes)
    confirm(Browser(school).sign_in("lead"))
    wakes.append(school.policyd.wakes)
    head = Browser(school).sign_in("head")
    sign(head)
    wakes.append(school.policyd.wakes)
    head.send("/grants", "/requests/1/withdraw", why="No longer needed")
    wakes.append(school.policyd.wakes)

    assert [1, 2, 3, 4] == wakes


def test_it_is_called_in_force_only_once_every_point_has_acknowledged_it(
    school: WebSchool,
) -> None:
    teacher = Browser(school).sign_in("teacher")
    ask(teacher)
    confirm(Browser(school).sign_in("lead"))
    sign(Browser(school).sign_in("head"))
    version = school.decisions.version()

    assert "does not answer" in teacher.get("/requests/1").text
    school.policyd.acknowledges(version - 1)
    assert "being put in force" in teacher.get("/requests/1").text
    school.policyd.acknowledges(version, is_connected=False)
    assert "Not every part of the gateway answers: proxy" in teacher.get("/requests/1").text
    assert "It is open now" not in teacher.get("/requests/1").text
    school.policyd.acknowledges(version)
    assert "In force It is open now" in teacher.get("/requests/1").text


def test_the_head_withdraws_at_once(school: WebSchool) -> None:
    ask(Browser(school).sign_in("teacher"))
    confirm(Browser(school).sign_in("lead"))
    head = Browser(school).sign_in("head")
    sign(head)
    assert "This page only" in head.get("/grants").text

    page = head.send("/grants", "/requests/1/withdraw", why="Misused")

    assert "Withdrawn by Hana Head" in page.text
    assert () == school.decisions.live(LESSON).grants
    assert "Nothing is open beyond the policy" in head.get("/grants").text


def test_a_grant_ends_by_itself(school: WebSchool) -> None:
    teacher = Browser(school).sign_in("teacher")
    ask(teacher)
    confirm(Browser(school).sign_in("lead"))
    sign(Browser(school).sign_in("head"))
    school.school_clock.go_on(timedelta(hours=6))

    assert "Ended by itself" in teacher.get("/requests/1").text


def test_nobody_reviews_their_own_the_leads_goes_to_the_dsl(school: WebSchool) -> None:
    lead = Browser(school).sign_in("lead")
    ask(lead)
    form = lead.get("/requests/1").forms
    assert not [each for each in form if each.action.endswith("/measures")]
    token = lead.get("/").form("/sign-out").fields["csrf"]

    page = lead.post("/requests/1/measures", {"csrf": token, "in_place": "yes", "why": "Fine"})

    assert 403 == lead.status
    assert "Nobody reviews or authorises their own request." in page.text
    assert "Waiting for measures" in lead.get("/requests/1").text
    confirm(Browser(school).sign_in("dsl"))


def test_the_heads_own_request_goes_to_the_chair_of_governors(school: WebSchool) -> None:
    school.decisions.people.register_device(
        Device("127.0.2.11", "heads-phone", owner="head"), at=MACHINE, by=None
    )
    head = Browser(school).sign_in("head")
    ask(head)
    confirm(Browser(school).sign_in("lead"))
    assert not [f for f in head.get("/requests/1").forms if f.action.endswith("/decision")]

    assert "Approved and signed by Charlie Chair" in sign(Browser(school).sign_in("chair"))


def test_a_grant_that_opens_nothing_is_not_signed(school: WebSchool) -> None:
    ask(Browser(school).sign_in("teacher"), url="https://vpn.example/", scope="site")
    confirm(Browser(school).sign_in("lead"))
    head = Browser(school).sign_in("head")
    shown = head.get("/requests/1").text
    assert "Nothing would open, so this cannot be approved." in shown
    assert "which nothing can lift" in shown

    text = sign(head)

    assert 422 == head.status
    assert "Nothing would open" in text
    assert () == school.decisions.live(LESSON).grants


def test_a_grant_for_what_is_open_already_is_not_signed(school: WebSchool) -> None:
    ask(Browser(school).sign_in("teacher"), url="https://open.example/", scope="site")
    confirm(Browser(school).sign_in("lead"))
    head = Browser(school).sign_in("head")
    assert "Nothing blocks it in that time" in head.get("/requests/1").text

    sign(head)

    assert 422 == head.status
    assert () == school.decisions.live(LESSON).grants


def test_it_can_still_be_refused(school: WebSchool) -> None:
    teacher = Browser(school).sign_in("teacher")
    ask(teacher, url="https://vpn.example/", scope="site")
    confirm(Browser(school).sign_in("lead"))

    sign(Browser(school).sign_in("head"), approved="no", reasons="It is locked")

    page = teacher.get("/requests/1")
    assert "Not approved, signed by Hana Head" in page.text
    assert "It is locked" in page.text


def test_a_wrong_password_signs_nothing_and_keeps_the_reasons(school: WebSchool) -> None:
    ask(Browser(school).sign_in("teacher"))
    confirm(Browser(school).sign_in("lead"))
    head = Browser(school).sign_in("head")

    text = sign(head, password="guessed")

    assert 422 == head.status
    assert "This is not your password: nothing was signed." in text
    assert "Fits the lesson" in text
    assert "guessed" not in head.last_text
    assert () == school.decisions.live(LESSON).grants


def test_what_is_signed_is_what_was_shown(school: WebSchool) -> None:
    """The device leaves the register while the head reads: the page has to be looked at again."""
    ask(Browser(school).sign_in("teacher"), for_whom="class:4b")
    confirm(Browser(school).sign_in("lead"))
    head = Browser(school).sign_in("head")
    form = head.get("/requests/1").form("/requests/1/decision")
    school.decisions.people.register_device(
        Device("127.0.1.11", "pupils-own", owner="p-7"), at=MACHINE, by=None
    )

    page = head.post("/requests/1/decision", {**form.fields, **DECISION})

    assert 422 == head.status
    assert "has changed since you opened this page" in page.text
    assert () == school.decisions.live(LESSON).grants
    assert "Approved and signed" in sign(head)


def test_refused_measures_end_it_with_a_reason_for_the_requester(school: WebSchool) -> None:
    teacher = Browser(school).sign_in("teacher")
    ask(teacher)
    lead = Browser(school).sign_in("lead")
    lead.send("/requests/1", "/requests/1/measures", in_place="no", why="Comments were on")

    page = teacher.get("/requests/1")

    assert "Measures not in place" in page.text
    assert "Comments were on" in page.text


def test_a_waiting_request_shows_its_age_to_whoever_must_act(school: WebSchool) -> None:
    ask(Browser(school).sign_in("teacher"))
    school.go_on(timedelta(hours=2, minutes=5))

    page = Browser(school).sign_in("lead").get("/")

    assert "Waiting for you Request 1" in page.text
    assert "Waiting for 2 hours." in page.text
    assert "sg-card--overdue" not in page.classes
    school.go_on(timedelta(hours=2))
    assert "Waiting for 4 hours." in Browser(school).sign_in("dsl").get("/requests").text


def test_times_of_the_record_are_shown_as_the_schools_clock_stood(school: WebSchool) -> None:
    """The sample school's clock is shifted; the record keeps the machine's."""
    teacher = Browser(school).sign_in("teacher")
    ask(teacher)
    school.go_on(timedelta(minutes=3))

    page = teacher.get("/requests/1")

    assert "Request sent by Tess Teacher Friday 20 November 2026, 10:00" in page.text
    assert "2027" not in page.text


@pytest.mark.parametrize("action", ["measures", "decision", "withdraw"])
def test_the_request_of_another_is_not_there_for_a_colleague(
    school: WebSchool, action: str
) -> None:
    ask(Browser(school).sign_in("head"))
    colleague = Browser(school).sign_in("operator")
    token = colleague.get("/").form("/sign-out").fields["csrf"]

    assert "This page is not here" in colleague.get("/requests/1").text
    colleague.post(f"/requests/1/{action}", {"csrf": token, "why": "x", "in_place": "yes"})

    assert 404 == colleague.status
    assert TEACHER_DEVICE not in colleague.last_text
    assert "submitted" == school.decisions.requests.find(1).state


def test_a_site_that_is_no_service_is_the_host_and_what_lies_under_it(school: WebSchool) -> None:
    ask(Browser(school).sign_in("teacher"), url="https://www.facebook.com/groups/x", scope="site")
    assert "The whole of Facebook" in Browser(school).sign_in("lead").get("/requests/1").text
    ask(Browser(school).sign_in("teacher"), url="https://notes.museum.example/", scope="site")

    page = Browser(school).sign_in("lead").get("/requests/2")

    assert "The whole site: museum.example and everything under it" in page.text


def test_a_signature_is_under_the_scope_that_was_shown(school: WebSchool) -> None:
    """A site that becomes a service in the meantime is more hosts under the same list."""
    ask(Browser(school).sign_in("teacher"), scope="site")
    confirm(Browser(school).sign_in("lead"))
    head = Browser(school).sign_in("head")
    form = head.get("/requests/1").form("/requests/1/decision")
    wider = policy()
    (tiktok, *others) = wider.catalogue.services
    services = (msgspec.structs.replace(tiktok, id="tiktok-and-more"), *others)
    catalogue = msgspec.structs.replace(wider.catalogue, services=services)
    assert school.settings is not None
    save_last_snapshot(
        school.settings.last_snapshot_path("policyd"),
        Source(number=2, policy=msgspec.structs.replace(wider, catalogue=catalogue)),
    )

    page = head.post("/requests/1/decision", {**form.fields, **DECISION})

    assert "What would open has changed since you opened this page" in page.text
    assert () == school.decisions.live(LESSON).grants
