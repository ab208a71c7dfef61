"""A request's life beside the straight way: drafts, questions, versions, afterwards, the PDF."""

from datetime import timedelta

import pytest
from pdf_text import text_of
from web_browser import Browser
from web_school import ENTRY, LESSON, PASSWORD, WebSchool

from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.workflow.requests import State

DECISION = {"approved": "yes", "reasons": "Fits the lesson", "password": PASSWORD}
MEASURES = {"in_place": "yes", "why": "I looked"}


@pytest.fixture
def teacher(school: WebSchool) -> Browser:
    return Browser(school).sign_in("teacher")


@pytest.fixture
def lead(school: WebSchool) -> Browser:
    return Browser(school).sign_in("lead")


@pytest.fixture
def head(school: WebSchool) -> Browser:
    return Browser(school).sign_in("head")


def ask(teacher: Browser) -> None:
    teacher.send("/requests/new", "/requests/new", **ENTRY)


def approve(lead: Browser, head: Browser) -> None:
    lead.send("/requests/1", "/requests/1/measures", **MEASURES)
    page = head.sign("/requests/1", "/requests/1/decision", **DECISION)
    assert "Approved and signed by Hana Head" in page.text


def test_a_draft_is_kept_without_script_and_sent_later(
    school: WebSchool, teacher: Browser
) -> None:
    page = teacher.send(
        "/requests/new", "/requests/new", save="yes", reasons="Not sure", url="https://x.example/"
    )

    assert "Your draft was saved." in page.text
    assert "Draft: x.example/" in page.text
    assert () == school.decisions.requests.of("teacher")
    form = teacher.get("/requests/drafts/1").form("/requests/drafts/1")
    assert "Not sure" == form.fields["reasons"]
    page = teacher.send("/requests/drafts/1", "/requests/drafts/1", **ENTRY)
    assert "Request 1: www.tiktok.com" in page.text
    assert () == school.decisions.request_drafts.of("teacher")


@pytest.mark.parametrize("colleague", ["operator", "head", "lead"])
def test_a_draft_is_there_for_nobody_but_its_author(
    school: WebSchool, teacher: Browser, colleague: str
) -> None:
    teacher.send("/requests/new", "/requests/new", save="yes", reasons="Between us")
    other = Browser(school).sign_in(colleague)
    token = other.get("/requests/new").form("/requests/new").fields["csrf"]

    assert "Draft" not in other.get("/requests").text
    other.get("/requests/drafts/1")
    assert 404 == other.status
    for action in ("/requests/drafts/1", "/requests/drafts/1/delete"):
        other.post(action, {"csrf": token, "save": "yes", "reasons": "Mine now"})
        assert 404 == other.status
    (kept,) = school.decisions.request_drafts.of("teacher")
    assert "Between us" == kept.entry["reasons"]


def test_an_author_deletes_their_draft(school: WebSchool, teacher: Browser) -> None:
    teacher.send("/requests/new", "/requests/new", save="yes", reasons="Never mind")

    page = teacher.send("/requests/drafts/1", "/requests/drafts/1/delete")

    assert "The draft was deleted." in page.text
    assert () == school.decisions.request_drafts.of("teacher")


def test_a_question_waits_for_the_requester_and_nobody_checks_meanwhile(
    teacher: Browser, lead: Browser
) -> None:
    ask(teacher)

    page = lead.send("/requests/1", "/requests/1/question", question="Are comments off?")

    assert "Question to answer" in page.text
    assert not [each for each in page.forms if each.action.endswith("/measures")]
    assert "Waiting for you Request 1" in teacher.get("/").text
    page = teacher.send("/requests/1", "/requests/1/answer", answer="They are")
    assert "Answer from Tess Teacher" in page.text
    assert "Waiting for measures" in page.text
    assert "Next, the control measures are checked by Leo Lead." in page.text
    page = lead.send("/requests/1", "/requests/1/measures", **MEASURES)
    assert "Waiting for decision" in page.text


def test_an_empty_answer_is_a_mistake_beside_its_field(teacher: Browser, lead: Browser) -> None:
    ask(teacher)
    lead.send("/requests/1", "/requests/1/question", question="Are comments off?")

    page = teacher.send("/requests/1", "/requests/1/answer", answer=" ")

    assert 422 == teacher.status
    assert "Your answer: Enter your answer." in page.text


def test_a_changed_form_is_a_new_version_and_what_was_signed_is_void(
    school: WebSchool, teacher: Browser, lead: Browser, head: Browser
) -> None:
    ask(teacher)
    approve(lead, head)
    assert 1 == len(school.decisions.live(LESSON).grants)

    page = teacher.send(
        "/requests/1/change", "/requests/1/change", measures="None", why="It was too much work"
    )

    assert "Form changed by Tess Teacher" in page.text
    assert "Waiting for measures" in page.text
    assert "Version 1, as it was until" in page.text
    assert ENTRY["measures"] in page.text
    assert () == school.decisions.live(LESSON).grants
    approve(lead, head)
    (grant,) = school.decisions.live(LESSON).grants
    assert "grant-1-2" == grant.id
    asked = school.decisions.requests.find(1)
    assert (2, State.APPROVED) == (asked.version, asked.state)


def test_a_change_answers_the_question(school: WebSchool, teacher: Browser, lead: Browser) -> None:
    ask(teacher)
    lead.send("/requests/1", "/requests/1/question", question="Are comments off?")

    teacher.send("/requests/1/change", "/requests/1/change", measures="Off", why="Yes, added")

    asked = school.decisions.requests.find(1)
    assert asked.open_question is None
    assert ("Yes, added", 2) == (asked.questions[0].answer, asked.version)


def test_a_form_that_was_not_changed_voids_nothing(
    school: WebSchool, teacher: Browser, lead: Browser, head: Browser
) -> None:
    ask(teacher)
    approve(lead, head)

    page = teacher.send("/requests/1/change", "/requests/1/change", why="Just looking")

    assert "Nothing in the form was changed." in page.text
    assert 1 == len(school.decisions.live(LESSON).grants)


def test_after_the_end_the_requester_tells_and_the_lead_notes(
    school: WebSchool, teacher: Browser, lead: Browser, head: Browser
) -> None:
    ask(teacher)
    approve(lead, head)
    assert "How did it go?" not in teacher.get("/requests/1").text
    school.school_clock.go_on(timedelta(hours=6))

    assert "Waiting for you Request 1" in teacher.get("/").text
    page = teacher.send("/requests/1", "/requests/1/how-it-went", how_it_went="They loved it")
    assert "Ended, to be reviewed" in page.text
    assert "Waiting for you Request 1" in lead.get("/").text
    page = lead.send("/requests/1", "/requests/1/note", note="Worth repeating")

    assert "Reviewed by Leo Lead" in page.text
    assert "They loved it" in page.text
    assert "Nothing waits for you." in lead.get("/").text


def test_it_can_be_asked_for_again_with_what_stood_in_it(
    school: WebSchool, teacher: Browser, lead: Browser, head: Browser
) -> None:
    ask(teacher)
    approve(lead, head)
    school.school_clock.go_on(timedelta(hours=6))
    assert "/requests/new?like=1" in teacher.get("/requests/1").links

    form = teacher.get("/requests/new?like=1").form("/requests/new").fields

    assert ENTRY["url"] == form["url"]
    assert "2026-11-20T16:00" == form["starts_at"]


def test_the_form_for_paper_has_the_forms_fields_in_its_order(
    school: WebSchool, teacher: Browser, lead: Browser, head: Browser
) -> None:
    ask(teacher)
    approve(lead, head)

    answer = teacher.ask("GET", "/requests/1/form.pdf")

    assert "attachment" in answer.headers["content-disposition"]
    assert len(answer.content) < 60_000
    text = text_of(answer.content)
    labels = ["Requester", "Staff name Tess", "Date 20", "Full URL", "Site content"]
    labels += ["Reasons for access", "Identified", "Authoriser", "Approved ✓", "Reasons Fits"]
    labels += ["Staff name Hana", "Date 20", "Signature Hana"]
    places = []
    for label in labels:
        places.append(text.index(label, places[-1] if places else 0))
    assert sorted(places) == places
    signed = school.decisions.requests.find(1).steps[-1].signature
    assert signed is not None
    assert signed.digest in text.replace(" ", "")
    (entry,) = school.decisions.audit.recent(limit=1)
    assert (AuditAction.EXPORTED, "teacher") == (entry.action, entry.actor)


def test_nobody_prints_what_they_may_not_see(school: WebSchool, teacher: Browser) -> None:
    ask(teacher)

    answer = Browser(school).sign_in("operator").ask("GET", "/requests/1/form.pdf")

    assert 404 == answer.status_code
    assert "/requests/1/form.pdf" in teacher.get("/requests/1").links


def test_an_open_request_prints_with_empty_frames_for_the_authoriser(teacher: Browser) -> None:
    ask(teacher)

    text = text_of(teacher.ask("GET", "/requests/1/form.pdf").content)

    assert "Approved ✓ / ✗ Reasons Staff name Date Signature" in text
