"""The audit in pages: who sees what of it, checkpoints to print, legal holds."""

from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import text
from web_browser import Browser
from web_school import MACHINE, WebSchool

from schoolgate_policyd.ledger.checkpoints import open_checkpoint
from schoolgate_policyd.ledger.codes import read_code
from schoolgate_policyd.ledger.notes import Signer
from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.workflow.legal_holds import HoldOn, LegalHold, NewHold

SIGNER = Signer.made("school.example/audit")
HOSTILE = "<script>alert(1)</script> \u202eevil"


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSchool]:
    opened = WebSchool(tmp_path_factory.mktemp("school"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def head(school: WebSchool) -> Browser:
    browser = Browser(school)
    browser.sign_in("head")
    return browser


@pytest.fixture(scope="module")
def dsl(school: WebSchool) -> Browser:
    browser = Browser(school)
    browser.sign_in("dsl")
    return browser


def noted(school: WebSchool, actor: str | None, on: tuple[str, str], **details: object) -> None:
    with school.decisions.database.writing() as session:
        action = AuditAction.PERSON_LOOKED_AT
        note(session, action, at=MACHINE, actor=actor, on=on, details=details)


def holds_in_force(school: WebSchool) -> list[LegalHold]:
    return [each for each in school.decisions.legal_holds.every() if each.is_in_force]


def test_entries_are_shown_in_words_and_hostile_text_is_text(
    school: WebSchool, head: Browser
) -> None:
    noted(school, "technician", ("device", HOSTILE), why=HOSTILE)

    head.get("/records?object=device")
    page = head.last_text

    assert "Person looked at" in page
    assert "Tim Technician" in page
    assert "<script>alert" not in page
    assert "\u202e" not in page


def test_details_are_told_in_words(school: WebSchool, head: Browser) -> None:
    noted(school, "technician", ("machine", "m-1"), is_new=True, is_old=False, held_by=[])

    page = head.get("/records?object=machine").text

    assert "held by: none is new: yes is old: no" in page


def test_duties_are_called_by_their_names(head: Browser) -> None:
    page = head.get("/records?person=lead").text

    assert "duties: online safety lead" in page
    assert "online-safety-lead" not in page


def test_pupils_are_shown_by_their_pseudonym(school: WebSchool, head: Browser) -> None:
    noted(school, "technician", ("person", "p-7"))

    page = head.get("/records?person=p-7").text

    assert "person p-7" in page
    assert "Pia Pupil" not in page


def test_a_look_at_somebody_is_shown_to_others_and_not_to_them(
    school: WebSchool, head: Browser, dsl: Browser
) -> None:
    noted(school, "technician", ("person", "head"), why="a look at the head")
    noted(school, "head", ("person", "head"), why="the head’s own look")

    assert "a look at the head" in dsl.get("/records").text
    for page in (head.get("/records").text, head.get("/records?person=head").text):
        assert "a look at the head" not in page
        assert "the head’s own look" in page


@pytest.mark.parametrize(
    ("query", "mistake"),
    [
        ("action=nothing", "Choose one of the list."),
        ("person=Nobody", "Nobody has that name or pseudonym."),
        ("person=a", "It may be several people"),
        ("object=%3Cscript%3E", "Write its kind"),
        ("since=yesterday", "Enter a real date"),
        ("since=2026-11-20&until=2026-11-19", "The last day is before the first."),
        (f"object={'x' * 5000}", "Use 200 characters or fewer"),
    ],
)
def test_a_search_that_cannot_be_is_shown_again(head: Browser, query: str, mistake: str) -> None:
    answer = head.get(f"/records?{query}")

    assert 422 == head.status
    assert mistake in answer.text


def test_older_entries_are_a_page_further(school: WebSchool, head: Browser) -> None:
    for number in range(60):
        noted(school, "technician", ("paging", f"n{number}"))

    first = head.get("/records?object=paging")
    assert "paging n59 " in first.text
    assert "paging n9 " not in first.text
    second = head.get(next(each for each in first.links if "before=" in each)).text
    assert "paging n9 " in second
    assert "paging n10 " not in second
    assert "Older entries" not in second


def test_a_search_by_day_is_the_schools_day(school: WebSchool, head: Browser) -> None:
    day = school.school_clock.moment.date()

    assert "Tim Technician" in head.get(f"/records?since={day}&until={day}").text
    before = day - timedelta(days=1)
    assert "Nothing was found." in head.get(f"/records?until={before}").text


def test_an_entry_whose_personal_part_is_deleted_says_so(school: WebSchool, head: Browser) -> None:
    noted(school, "technician", ("fading", "f1"))
    with school.decisions.database.writing() as session:
        session.execute(text("DELETE FROM audit_personal WHERE object_id = 'f1'"))

    page = head.get("/records?object=fading").text
    assert "deleted, its time is over" in page
    assert "f1" not in page


def test_a_checkpoint_that_is_asked_for_can_be_printed_and_verified(
    school: WebSchool, head: Browser
) -> None:
    asked = head.send("/records/checkpoints", "/records/checkpoints")
    assert "The checkpoint is being made." in asked.text
    assert school.decisions.checkpoints.is_wanted(MACHINE, timedelta(days=1))

    made = school.decisions.checkpoints.make(SIGNER, at=MACHINE)
    school.decisions.checkpoints.witnessed(made.size, "file share", at=MACHINE, fault="not there")
    assert "not there" in head.get("/records/checkpoints").text
    head.get(f"/records/checkpoints/{made.size}")
    printed = unescape(head.last_text)
    groups = [part.split("<")[0] for part in printed.split('sg-groups__group">')[1:]]
    origin = SIGNER.verifier.name
    assert made.checkpoint == read_code(origin, made.size, " ".join(groups))
    written = printed.split("<pre")[1].split(">", 1)[1].split("</pre>")[0]
    assert made.checkpoint == open_checkpoint(written, SIGNER.verifier)


def test_there_is_no_checkpoint_that_was_not_made(head: Browser) -> None:
    head.get("/records/checkpoints/987654")
    assert 404 == head.status


def test_a_hold_is_placed_shown_and_lifted(school: WebSchool, head: Browser) -> None:
    place = "/records/holds/new"
    wrong = head.send(place, place, on="person", person="", reason="")
    assert 422 == head.status
    assert "Enter a name or pseudonym." in wrong.text
    assert "Say why it must be kept." in wrong.text

    placed = head.send(place, place, on="person", person="tess  TEACHER", reason="<script>x")
    assert "The legal hold is in force." in placed.text
    assert "<script>x" not in head.last_text
    hold = next(each for each in school.decisions.legal_holds.every() if each.target == "teacher")
    assert HoldOn.PERSON is hold.on
    lift = f"/records/holds/{hold.id}/lift"
    head.send("/records/holds", lift, why="")
    assert 422 == head.status
    assert hold.id in {each.id for each in holds_in_force(school)}
    head.send("/records/holds", lift, why="It is settled.")
    assert hold.id not in {each.id for each in holds_in_force(school)}


def test_nobody_sees_or_lifts_a_hold_about_themselves(
    school: WebSchool, head: Browser, dsl: Browser
) -> None:
    hold = school.decisions.legal_holds.place(
        NewHold(HoldOn.PERSON, "head", "a complaint about the head"), by="chair", at=MACHINE
    )

    assert "a complaint about the head" in dsl.get("/records/holds").text
    for path in ("/records/holds", "/records"):
        assert "a complaint about the head" not in head.get(path).text
    token = head.get("/records/holds/new").form("/records/holds/new").fields["csrf"]
    for number in (hold.id, 98765):
        head.post(f"/records/holds/{number}/lift", {"csrf": token, "why": "mine"})
        assert 404 == head.status
    assert hold.id in {each.id for each in holds_in_force(school)}


def test_the_page_of_retention_says_why_each_kind_is_kept(
    school: WebSchool, head: Browser
) -> None:
    school.decisions.retention.note_deleted({"events": 3}, at=MACHINE)

    page = head.get("/records/retention").text

    assert "90 days" in page
    assert "Limitation Act" in page
    assert "3 days of events" in page
    assert "twiss-green" not in page


def test_records_pages_are_small(head: Browser) -> None:
    for path in ("/records", "/records/checkpoints", "/records/retention", "/records/holds/new"):
        head.get(path)
        assert len(head.last_text.encode()) < 150_000


def test_the_pages_make_no_key(school: WebSchool) -> None:
    """They run as another user than policyd: they must never need the signing key."""
    assert not (school.folder / "audit").exists()
