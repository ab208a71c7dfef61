"""The head has somebody who left forgotten, and is told what is kept and why."""

from pathlib import Path

import pytest
from web_browser import Browser
from web_school import LESSON, MACHINE, WebSchool

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.store.incidents import NewIncident
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.records import NewPerson
from schoolgate_policyd.workflow.incidents import IncidentKind, IncidentSubject, Severity
from schoolgate_policyd.workflow.legal_holds import HoldOn, NewHold

RARE = "Zephyrine Quaverley"
WHO = "/school/people/p-99"
FORGET = f"{WHO}/forget"


def left(school: WebSchool, *, is_open: bool = False) -> None:
    """Have a pupil be in an incident, which is closed unless it *is_open*, and leave."""
    decisions = school.decisions
    new = NewPerson("p-99", RARE, Audience.PUPIL, None, year_group=6)
    decisions.people.add(new, at=MACHINE, by="head")
    subject = IncidentSubject(Audience.PUPIL, "p-99")
    incident = NewIncident(IncidentKind.CIRCUMVENTION, Severity.LOW, subject, "A VPN", MACHINE)
    number = decisions.incidents.open(incident, by="teacher", at=MACHINE).id
    if not is_open:
        decisions.incidents.close(number, by="dsl", action="talked", outcome="over", at=MACHINE)
    version = decisions.person_records.one("p-99").version
    decisions.people_changes.leave(
        "p-99", LESSON, version=version, by="head", at=MACHINE, moment=LESSON
    )


def octets_of(school: WebSchool) -> bytes:
    """Return every octet that is on the disk of the database."""
    path = Path(str(school.decisions.database.engine.url.database))
    return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))


def test_the_head_sees_what_is_kept_and_why_and_forgets_them(school: WebSchool) -> None:
    left(school)
    head = Browser(school).sign_in("head")
    assert FORGET in head.get(WHO).links
    page = head.get(FORGET)
    assert (
        "Kept, 1: Incidents that are closed, with their steps and evidence (2 years)" in page.text
    )
    assert "This cannot be undone." in page.text
    assert RARE.encode() in octets_of(school)

    page = head.send(FORGET, FORGET)

    assert "They are forgotten" in page.text
    assert RARE not in page.text
    assert "Somebody who left" in page.text
    assert FORGET not in page.links
    assert RARE.encode() not in octets_of(school)
    newest = school.decisions.audit.recent(object_kind="person", object_id="p-99")[0]
    assert (AuditAction.RECORDS_DELETED, "head") == (newest.action, newest.actor)


def test_a_legal_hold_keeps_them_known(school: WebSchool) -> None:
    left(school)
    hold = NewHold(HoldOn.PERSON, "p-99", "a complaint")
    placed = school.decisions.legal_holds.place(hold, by="dsl", at=MACHINE)
    head = Browser(school).sign_in("head")

    page = head.get(WHO)
    assert FORGET not in page.links
    assert "A legal hold is on them" in page.text
    assert "it must be lifted first" in head.get(FORGET).text
    assert RARE == school.decisions.person_records.one("p-99").entry.name

    school.decisions.legal_holds.lift(placed.id, why="settled", by="dsl", at=MACHINE)
    head.send(FORGET, FORGET)
    assert RARE != school.decisions.person_records.one("p-99").entry.name


def test_the_head_is_told_what_is_open_of_somebody_who_left(school: WebSchool) -> None:
    left(school, is_open=True)
    head = Browser(school).sign_in("head")

    assert "something open: 1 incident that is not closed" in head.get(FORGET).text
    assert RARE == school.decisions.person_records.one("p-99").entry.name


@pytest.mark.parametrize("who", ["technician", "chair", "dsl"])
def test_nobody_else_forgets_anybody(school: WebSchool, who: str) -> None:
    left(school)
    browser = Browser(school).sign_in(who)

    assert FORGET not in browser.get(WHO).links
    assert "A legal hold" not in browser.get(WHO).text


def test_nobody_is_forgotten_who_has_not_left(school: WebSchool) -> None:
    head = Browser(school).sign_in("head")

    assert "have them leave first" in head.get("/school/people/p-7/forget").text
    assert "/school/people/p-7/forget" not in head.get("/school/people/p-7").links
