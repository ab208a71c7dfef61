"""The school for programs: its name, day and year, overtime, sites, and what is withdrawn."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from web_browser import Browser
from web_program import Program, program_of
from web_school import LESSON, MACHINE, WebSchool

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.models.permissions import StandingRecordKind
from schoolgate_policyd.store.records import NewPerson
from schoolgate_policyd.workflow.incidents import IncidentKind

YEAR_ON = date(2027, 11, 20)
NAMING = {
    "deputy": "operator",
    "starts_on": "2026-11-20",
    "ends_on": "2026-11-27",
    "reasons": "I am away",
}
SITE = {"name": "Fossils", "url": "https://www.example.org/fossils", "about": "For Year 4"}


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSchool]:
    made = WebSchool(tmp_path_factory.mktemp("own"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def head(school: WebSchool) -> Program:
    return program_of(school, "head")


@pytest.fixture(scope="module")
def technician(school: WebSchool) -> Program:
    return program_of(school, "technician")


def newest(school: WebSchool) -> tuple[AuditAction, str | None]:
    """Return what was done last by a token, and by whose."""
    entry = school.decisions.audit.recent()[0]
    assert str(entry.details["by way of"]).startswith("api token ")
    return entry.action, entry.actor


def test_the_school_gets_another_name_and_none_over_a_newer(
    school: WebSchool, technician: Program
) -> None:
    before = technician.get("/school")

    named = technician.ask("PUT", "/school", {"version": before["version"], "name": "Hill School"})
    late = technician.ask("PUT", "/school", {"version": before["version"], "name": "Vale School"})
    empty = technician.ask("PUT", "/school", {"version": 1, "name": " "})

    assert (200, "Hill School", 1) == (
        named.status_code,
        named.json()["name"],
        named.json()["version"],
    )
    assert (AuditAction.SCHOOL_CHANGED, "technician") == newest(school)
    assert (409, "/api#stale") == (late.status_code, late.json()["type"])
    assert (422, "name") == (empty.status_code, empty.json()["mistakes"][0]["field"])
    assert "Hill School" == Program(school, None).get("/filtering")["school"]


def test_the_calendar_says_terms_and_bells(technician: Program) -> None:
    calendar = technician.get("/calendar")

    assert [{"first": "2026-09-01", "last": "2026-12-18"}] == calendar["terms"]
    (timetable,) = calendar["timetables"]
    assert ["monday", "tuesday"] == [each["weekday"] for each in timetable["days"][:2]]
    assert {"at": "10:30", "period": "break"} == timetable["days"][0]["bells"][2]
    assert ([], None) == (timetable["days"][6]["bells"], timetable["year_groups"])
    assert ("08:30", "16:00") == (calendar["staff_from"], calendar["staff_until"])


def test_somebody_is_put_on_overtime_and_taken_off(school: WebSchool, technician: Program) -> None:
    entry = {"person": "teacher", "day": "2026-11-20"}
    wakes = school.policyd.wakes

    on = technician.post("/overtime", {**entry, "what": "on"})
    off = technician.post("/overtime", {**entry, "what": "off"})
    wrong = technician.ask("POST", "/overtime", {"person": "p-7", "day": "soon", "what": "on"})

    assert (["2026-11-20"], []) == (on["overtime"], off["overtime"])
    assert wakes + 2 == school.policyd.wakes
    assert ["person", "day"] == [each["field"] for each in wrong.json()["mistakes"]]


def test_a_site_is_listed_and_taken_off(school: WebSchool, head: Program) -> None:
    listed = head.post("/suggested-sites", SITE, 201)
    done = newest(school)
    again = head.ask("POST", "/suggested-sites", SITE)
    scheme = head.ask("POST", "/suggested-sites", {**SITE, "url": "ftp://x.example/"})
    public = Program(school, None).ask("GET", "/filtering").text
    removed = head.ask("DELETE", f"/suggested-sites/{listed['number']}")

    assert (AuditAction.SITE_SUGGESTED, "head") == done
    assert {"number": listed["number"], **SITE} == listed
    assert [(422, "url")] * 2 == [
        (each.status_code, each.json()["mistakes"][0]["field"]) for each in (again, scheme)
    ]
    assert "Fossils" in public
    assert 204 == removed.status_code
    assert [] == head.get("/suggested-sites")["items"]
    assert 404 == head.ask("DELETE", "/suggested-sites/999").status_code


def test_everybody_moves_up_once_that_was_seen(technician: Program) -> None:
    following = technician.post("/classes", {"name": "5B"}, 201)
    entry = {"last_year": "6", "leave_on": "2026-12-18", **technician.get("/school-year")}

    plan = technician.post("/school-year", entry)
    stale = technician.ask("POST", "/school-year", {**entry, "shown": "0" * 64})
    still = technician.get("/people/p-7")["classes"]
    done = technician.post("/school-year", {**entry, "shown": plan["digest"]})
    wrong = technician.ask("POST", "/school-year", {**entry, "moves": "9Z > 1A"})

    assert "4B > 5B" in entry["moves"]
    assert (False, ["p-7"]) == (plan["is_done"], [each["id"] for each in plan["moved"]])
    assert ["classes", "year_group"] == sorted(plan["moved"][0]["fields"])
    assert (409, ["4b"]) == (stale.status_code, still)
    assert done["is_done"]
    assert [following["id"]] == technician.get("/people/p-7")["classes"]
    assert (422, "moves") == (wrong.status_code, wrong.json()["mistakes"][0]["field"])


def test_the_head_has_somebody_who_left_forgotten(
    school: WebSchool, head: Program, technician: Program
) -> None:
    decisions = school.decisions
    pupil = NewPerson("p-99", "Zephyrine Quaverley", Audience.PUPIL, None, year_group=6)
    decisions.people.add(pupil, at=MACHINE, by="head")
    concern = {
        "who": "p-99",
        "kind": IncidentKind.CIRCUMVENTION.value,
        "severity": "low",
        "summary": "A VPN",
        "happened_at": "2026-11-20T09:30",
    }
    dsl, same, other = program_of(school, "dsl"), {"person": "p-99"}, {"person": "p-9"}
    number = dsl.post("/incidents", concern, 201)["number"]
    early = head.ask("POST", "/people/p-99/forget", same)
    version = technician.get("/people/p-99")["version"]
    technician.post("/people/p-99/leave", {"version": version, "last_day": "2026-11-20"})

    in_incident = head.ask("POST", "/people/p-99/forget", same)
    dsl.post(f"/incidents/{number}/close", {"taken": "Talked", "outcome": "Over"})
    kept = head.get("/people/p-99/forgetting")
    by_technician = technician.ask("POST", "/people/p-99/forget", same)
    unsure = [head.ask("POST", "/people/p-99/forget", each) for each in ({}, other)]
    still = head.get("/people/p-99")["name"]
    forgotten = head.ask("POST", "/people/p-99/forget", same)

    assert (409, 409) == (early.status_code, in_incident.status_code)
    assert "1 incident that is not closed" in in_incident.json()["detail"]
    assert {(422, "person")} == {
        (each.status_code, each.json()["mistakes"][0]["field"]) for each in unsure
    }
    assert "Zephyrine Quaverley" == still
    assert 1 in [each["records"] for each in kept["kept"]]
    assert (403, 204) == (by_technician.status_code, forgotten.status_code)
    assert "Zephyrine" not in head.ask("GET", "/people/p-99").text
    assert 404 == head.ask("GET", "/people/nobody/forgetting").status_code


def test_what_the_head_signed_is_withdrawn_without_a_signature(
    school: WebSchool, head: Program
) -> None:
    """What a signature opened or changed, taking it back needs none: as at the pages."""
    browser = Browser(school).sign_in("head")
    days = "/school/calendar/different"
    browser.sign(days, days, kind="closed", name="Snow")
    browser.sign("/delegations", "/delegations", **NAMING)
    (day,) = head.get("/different-days")["items"]
    (deputy,) = head.get("/delegations")["items"]
    for kind, by in (
        (StandingRecordKind.HEAD_PERMISSION, "head"),
        (StandingRecordKind.CONFIRMED_CONTROLS, "lead"),
    ):
        school.decisions.standing.record(
            "staff-break-access", kind, by=by, reasons="So", review_on=YEAR_ON, at=MACHINE
        )
    (before,) = head.get("/standing")["items"]
    lead, wakes = program_of(school, "lead"), school.policyd.wakes

    withdrawn = [
        head.ask("POST", f"/different-days/{day['number']}/withdraw").status_code,
        head.ask("POST", f"/delegations/{deputy['number']}/withdraw", {"why": ""}).status_code,
        head.ask("POST", f"/delegations/{deputy['number']}/withdraw", {"why": "Back"}).status_code,
        head.ask("POST", f"/standing/records/{before['confirmed_record']}/withdraw").status_code,
        lead.ask("POST", f"/standing/records/{before['confirmed_record']}/withdraw").status_code,
    ]

    assert [204, 422, 200, 403, 200] == withdrawn
    assert wakes + 2 == school.policyd.wakes
    assert [] == head.get("/different-days")["items"]
    assert [False] == [each["is_live"] for each in head.get("/delegations")["items"]]
    (after,) = head.get("/standing")["items"]
    assert (True, False) == (before["is_in_force"], after["is_in_force"])
    assert (None, "head") == (after["confirmed_by"], after["permitted_by"]["id"])
    assert AuditAction.STANDING_WITHDRAWN == newest(school)[0]


@pytest.mark.parametrize(
    "path",
    ["/different-days/99/withdraw", "/delegations/99/withdraw", "/standing/records/99/withdraw"],
)
def test_what_is_not_there_is_not_withdrawn(head: Program, path: str) -> None:
    body = {"why": "So"} if "delegations" in path else None

    assert 404 == head.ask("POST", path, body).status_code


@pytest.fixture
def own(tmp_path: Path) -> Iterator[WebSchool]:
    """A school in which no other test did anything."""
    with closing(WebSchool(tmp_path)) as made:
        yield made


def test_pupils_under_supervised_only_use_are_listed_for_staff(own: WebSchool) -> None:
    teacher, dsl = program_of(own, "teacher"), program_of(own, "dsl")
    none = teacher.get("/supervised-pupils")["items"]
    concern = {
        "who": "p-7",
        "kind": "circumvention",
        "severity": "medium",
        "summary": "Twice",
        "happened_at": "2026-11-20T09:30",
    }
    number = dsl.post("/incidents", concern, 201)["number"]
    proposal = dsl.post(
        f"/incidents/{number}/propose",
        {
            "what": "supervised-only",
            "ends_on": "2026-11-27",
            "why": "So",
            "section": "\u00a77",
        },
        201,
    )
    own.decisions.restrictions.decide(
        proposal["number"],
        by="head",
        is_approved=True,
        reasons="So",
        at=own.machine_clock.now(),
        moment=LESSON,
    )
    (listed,) = teacher.get("/supervised-pupils")["items"]
    opened = teacher.post("/supervised-sessions", {"person": "p-7"}, 201)
    (going_on,) = teacher.get("/supervised-pupils")["items"]

    assert [] == none
    assert ("p-7", False) == (listed["person"]["id"], listed["has_session"])
    nowhere, on_shared = listed["where"]
    assert "enforced nowhere" in nowhere
    assert "Not enforced on other shared devices" in on_shared
    assert going_on["has_session"]
    assert opened["person"] == going_on["person"]
