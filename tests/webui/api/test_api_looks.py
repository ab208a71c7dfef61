"""Somebody's record for programs: opened for a reason, for a while, and never unseen."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text
from web_events import allowed, blocked, put
from web_program import Program, program_of
from web_school import WebSchool

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.workflow.api_scopes import Scope
from schoolgate_policyd.workflow.looks import OPEN_FOR

REASON = {"reason": "safeguarding", "words": "a worried note"}
PUPIL = {**REASON, "person": "p-7"}


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSchool]:
    made = WebSchool(tmp_path_factory.mktemp("looked-at"))
    put(
        made,
        blocked("www.tiktok.com", person="p-7"),
        blocked("=cmd.example", person="p-7", ago=timedelta(minutes=1)),
        blocked("www.bbc.example", person="teacher", audience=Audience.STAFF),
        allowed(
            "facebook.com",
            ago=timedelta(minutes=3),
            person="teacher",
            services=("facebook",),
            categories=("social-network",),
        ),
    )
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _nothing_is_open(school: WebSchool) -> Iterator[None]:
    """No record is open as a test begins, and each begins at the same moment."""
    with school.decisions.database.writing() as session:
        session.execute(text("DELETE FROM looks"))
    before = school.machine_clock.moment
    yield
    school.machine_clock.moment = before


@pytest.fixture(scope="module")
def dsl(school: WebSchool) -> Program:
    return program_of(school, "dsl")


def test_a_record_is_opened_by_a_pseudonym_of_the_token_and_the_look_is_seen(
    school: WebSchool, dsl: Program
) -> None:
    lead = program_of(school, "lead")
    theirs = lead.get("/log?name=tiktok")["items"][0]["who"]["id"]
    strangers = dsl.ask("POST", "/log/looks", {**REASON, "who": theirs})

    look = lead.post("/log/looks", {**REASON, "who": theirs}, 201)

    assert 404 == strangers.status_code
    assert ("p-7", "Pia Pupil", "lead") == (
        look["person"]["id"],
        look["person"]["name"],
        look["by"]["id"],
    )
    assert "Pia Pupil" == lead.get("/log?person=p-7")["items"][0]["who"]["name"]
    assert look == dsl.get("/log/looks")["items"][0]
    noted = next(
        each
        for each in school.decisions.audit.recent()
        if each.action is AuditAction.RECORD_OPENED
    )
    assert str(noted.details["by way of"]).startswith("api token ")
    # It is the owner's to read, and nobody else's.
    assert 403 == dsl.ask("GET", "/log/people/p-7").status_code


def test_a_record_closes_by_itself(school: WebSchool, dsl: Program) -> None:
    before = dsl.ask("GET", "/log/people/p-7")
    dsl.post("/log/looks", PUPIL, 201)
    record = dsl.get("/log/people/p-7")
    found = dsl.get("/log/people")["items"]
    school.machine_clock.go_on(OPEN_FOR)
    after = dsl.ask("GET", "/log/people/p-7")

    assert (403, "/api#not-allowed") == (before.status_code, before.json()["type"])
    assert "open it first" in before.json()["detail"]
    assert ("Pia Pupil", "safeguarding", "a worried note") == (
        record["person"]["name"],
        record["reason"],
        record["words"],
    )
    assert [("p-7", 4, record["open_until"])] == [
        (each["id"], each["year_group"], each["open_until"]) for each in found
    ]
    assert 403 == after.status_code


def test_minutes_of_social_media_are_in_the_record(school: WebSchool) -> None:
    head = program_of(school, "head")
    head.post(
        "/log/looks", {"person": "teacher", "reason": "breach-of-the-policy", "words": "x"}, 201
    )

    days = head.get("/log/people/teacher")["days"]

    assert [(1, ["Facebook"])] == [(each["minutes"], each["services"]) for each in days]


def test_people_are_found_by_name_and_nobody_is_listed_without(dsl: Program) -> None:
    assert [] == dsl.get("/log/people")["items"]
    assert ["p-7"] == [each["id"] for each in dsl.get("/log/people?words=pia")["items"]]
    assert [] == dsl.get("/log/people?words=tess")["items"]


def test_the_log_of_a_person_is_taken_out_only_while_it_is_open_and_the_audit_says_so(
    school: WebSchool, dsl: Program
) -> None:
    closed = dsl.ask("GET", "/log/people/p-7/records.csv")
    dsl.post("/log/looks", PUPIL, 201)

    taken = dsl.ask("GET", "/log/people/p-7/records.csv")

    assert 403 == closed.status_code
    assert "attachment" in taken.headers["content-disposition"]
    assert taken.headers["content-type"].startswith("text/csv")
    assert "'=cmd.example" in taken.text
    newest = school.decisions.audit.recent()[0]
    assert (AuditAction.EXPORTED, "dsl") == (newest.action, newest.actor)
    assert str(newest.details["by way of"]).startswith("api token ")


@pytest.mark.parametrize(
    ("entry", "status", "field"),
    [
        ({"person": "p-7"}, 422, "reason"),
        ({"person": "p-7", "reason": "safeguarding", "words": " "}, 422, "words"),
        ({"person": "p-7", "reason": "curiosity", "words": "x"}, 422, "reason"),
        ({"person": "p-7", "reason": "social-media-in-working-time", "words": "x"}, 422, "reason"),
        (REASON, 422, "person"),
        ({**PUPIL, "who": "ABCD"}, 422, "person"),
        ({**REASON, "person": "teacher"}, 404, ""),
        ({**REASON, "person": "dsl"}, 404, ""),
        ({**REASON, "person": "nobody"}, 404, ""),
        ({**REASON, "who": "ABCD"}, 404, ""),
    ],
)
def test_no_record_is_opened_without_a_reason_or_by_somebody_whose_it_is_not(
    dsl: Program, entry: dict[str, str], status: int, field: str
) -> None:
    answer = dsl.ask("POST", "/log/looks", entry)

    assert status == answer.status_code, answer.text
    assert not field or field == answer.json()["mistakes"][0]["field"]
    assert [] == dsl.get("/log/people")["items"]


def test_a_token_that_reads_the_log_opens_nobodys_record(school: WebSchool) -> None:
    reader = program_of(school, "dsl", [Scope.LOG_READ])

    answer = reader.ask("POST", "/log/looks", PUPIL)

    assert (403, "log:write") == (answer.status_code, answer.json()["scope"])
