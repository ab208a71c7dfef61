"""What a program does: the same work as at the pages, in its owner's name and never more."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from web_browser import Browser
from web_program import Program, program_of
from web_school import ENTRY, WebSchool

from schoolgate_policyd.workflow.api_scopes import Scope


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSchool]:
    """A school for tests that leave what others see as it was."""
    made = WebSchool(tmp_path_factory.mktemp("shared"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def teacher(shared: WebSchool) -> Program:
    return program_of(shared, "teacher")


@pytest.fixture(scope="module")
def number(teacher: Program) -> int:
    """A request that waits for its measures."""
    sent: int = teacher.post("/requests", REQUEST, 201)["number"]
    return sent


REQUEST = {**ENTRY, "starts_at": "2026-11-20T10:00", "ends_at": "2026-11-20T12:00"}
CONCERN = {
    "kind": "harmful-content",
    "severity": "high",
    "summary": "Something was seen.",
    "happened_at": "2026-11-20T09:30",
}


@pytest.fixture
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSchool]:
    made = WebSchool(tmp_path_factory.mktemp("school"))
    yield made
    made.close()


def test_a_request_is_sent_asked_about_answered_checked_and_not_signed(school: WebSchool) -> None:
    teacher, lead, head = (program_of(school, each) for each in ("teacher", "lead", "head"))

    sent = teacher.post("/requests", REQUEST, 201)
    asked = lead.post(f"/requests/{sent['number']}/question", {"question": "Which lesson?"})
    answered = teacher.post(f"/requests/{sent['number']}/answer", {"answer": "The third."})
    checked = lead.post(
        f"/requests/{sent['number']}/measures", {"in_place": True, "why": "They are."}
    )
    refused = head.ask("POST", f"/requests/{sent['number']}/decision", {})

    assert ("waiting-for-measures", "waiting-for-answer") == (sent["stage"], asked["stage"])
    assert "The third." == answered["questions"][0]["answer"]
    assert "waiting-for-decision" == checked["stage"]
    assert (403, "/api#signature-needed") == (refused.status_code, refused.json()["type"])
    assert f"/requests/{sent['number']}" == refused.json()["page"]
    assert "waiting-for-decision" == head.get(f"/requests/{sent['number']}")["stage"]
    # Whoever could not sign it on the page is not sent there.
    assert 404 == lead.ask("POST", f"/requests/{sent['number']}/decision", {}).status_code


def test_times_say_their_offset(shared: WebSchool) -> None:
    sent = program_of(shared, "teacher").post("/requests", REQUEST, 201)

    assert ("2026-11-20T10:00:00Z", "2026-11-20") == (
        sent["starts_at"],
        sent["form"]["written_on"],
    )


def test_the_name_on_a_form_is_the_owners(shared: WebSchool) -> None:
    teacher = program_of(shared, "teacher")

    sent = teacher.post("/requests", REQUEST, 201)
    forged = teacher.ask("POST", "/requests", {**REQUEST, "staff_name": "Hana Head"})

    assert "Tess Teacher" == sent["form"]["staff_name"]
    assert (422, "staff_name") == (
        forged.status_code,
        forged.json()["mistakes"][0]["field"],
    )


def test_mistakes_are_those_of_the_form(shared: WebSchool) -> None:
    answer = program_of(shared, "teacher").ask("POST", "/requests", {"url": "nonsense"})

    mistakes = {each["field"]: each["message"] for each in answer.json()["mistakes"]}
    assert 422 == answer.status_code
    assert "application/problem+json" == answer.headers["content-type"]
    assert "Give your reasons for access." == mistakes["reasons"]
    assert {"url", "site_content", "measures", "scope", "starts_at", "ends_at"} <= set(mistakes)


def test_who_may_not_see_a_request_is_told_that_there_is_none(shared: WebSchool) -> None:
    sent = program_of(shared, "teacher").post("/requests", REQUEST, 201)
    technician = program_of(shared, "technician")

    hidden = technician.ask("GET", f"/requests/{sent['number']}")
    missing = technician.ask("GET", "/requests/999")

    assert (404, hidden.json()) == (hidden.status_code, missing.json())
    assert [] == technician.get("/requests")["items"]


def test_each_change_says_by_which_token_it_was_made(school: WebSchool) -> None:
    browser = Browser(school).sign_in("head")
    program = program_of(school, "head", [Scope.SCHOOL_WRITE])
    program.post("/classes", {"name": "5C"}, 201)
    browser.get("/school/classes/new")

    made, signed_in = (
        next(each for each in school.decisions.audit.recent() if each.action.value == action)
        for action in ("class-added", "signed-in")
    )

    assert "api token 1" == made.details["by way of"]
    assert "head" == made.actor
    assert "by way of" not in signed_in.details


def test_a_list_is_read_in_parts_without_leaving_any_out(school: WebSchool) -> None:
    teacher, head = program_of(school, "teacher"), program_of(school, "head")
    numbers = [teacher.post("/requests", REQUEST, 201)["number"] for _ in range(5)]

    for program in (teacher, head):
        found, where = [], "/requests?limit=2"
        while where:
            part = program.get(where.removeprefix("/api/v1"))
            assert len(part["items"]) <= 2
            found += [each["number"] for each in part["items"]]
            where = part["next"]
        assert sorted(numbers, reverse=True) == found


@pytest.mark.parametrize("path", ["/requests", "/policy/versions", "/reports", "/blocks"])
def test_going_on_after_what_is_not_there_is_a_mistake(shared: WebSchool, path: str) -> None:
    person = "teacher" if path == "/requests" else "lead"

    answer = program_of(shared, person).ask("GET", f"{path}?after=999999")

    assert (422, "after") == (answer.status_code, answer.json()["mistakes"][0]["field"])


def test_a_misspelt_filter_is_a_mistake(shared: WebSchool) -> None:
    answer = program_of(shared, "head").ask("GET", "/people?audiance=pupil")

    assert (422, "audiance") == (answer.status_code, answer.json()["mistakes"][0]["field"])


def test_an_older_version_is_not_written_over_a_newer(shared: WebSchool) -> None:
    technician = program_of(shared, "technician")
    device = technician.post("/devices", {"id": "pc-9", "address": "127.0.1.9"}, 201)
    change = {"address": "127.0.1.19", "classes": ["4b"], "version": device["version"]}

    first = technician.ask("PUT", "/devices/pc-9", change)
    second = technician.ask("PUT", "/devices/pc-9", {**change, "address": "127.0.1.29"})

    assert (200, ["4b"]) == (first.status_code, first.json()["classes"])
    assert (409, "/api#stale") == (second.status_code, second.json()["type"])
    assert "127.0.1.19" == technician.get("/devices/pc-9")["address"]
    version = first.json()["version"]
    assert 204 == technician.ask("DELETE", f"/devices/pc-9?version={version}").status_code
    assert 404 == technician.ask("GET", "/devices/pc-9").status_code


def test_a_table_is_taken_up_once_its_plan_was_seen(shared: WebSchool) -> None:
    technician = program_of(shared, "technician")
    table = "id,name,year,class\np-8,Sam Small,4,4B\n"

    plan = technician.post("/people/import", {"table": table})
    nobody_yet = technician.ask("GET", "/people/p-8").status_code
    done = technician.post("/people/import", {"table": table, "shown": plan["digest"]})
    bad = technician.ask("POST", "/people/import", {"table": "id,name\n"})

    assert (404, False, ["p-8"]) == (nobody_yet, plan["is_done"], plan["added"])
    assert done["is_done"]
    assert "Sam Small" == technician.get("/people/p-8")["name"]
    assert (422, 1) == (bad.status_code, bad.json()["mistakes"][0]["line"])


def test_a_block_is_in_force_at_once_and_the_head_lifts_it_on_the_page(school: WebSchool) -> None:
    lead, head = program_of(school, "lead"), program_of(school, "head")
    entry = {"url": "https://bad.example/", "extent": "site", "whom": "everybody", "reason": "Bad"}

    made = lead.post("/blocks", entry, 201)
    lifted = head.ask("POST", f"/blocks/{made['number']}/lift", {})

    assert 1 == school.policyd.wakes
    assert [made["number"]] == [each["number"] for each in head.get("/blocks")["items"]]
    assert (403, "/api#signature-needed") == (lifted.status_code, lifted.json()["type"])
    assert head.get(f"/blocks/{made['number']}")["lifted"] is None


def test_an_incident_is_not_seen_by_whom_it_is_about(school: WebSchool) -> None:
    dsl, lead, teacher = (program_of(school, each) for each in ("dsl", "lead", "teacher"))

    told = teacher.post("/incidents", {**CONCERN, "who": "lead"}, 201)
    number = program_of(school, "head").get("/incidents")["items"][0]["number"]

    assert {"number": None} == told
    assert [] == lead.get("/incidents")["items"] == dsl.get("/incidents")["items"]
    assert 404 == lead.ask("GET", f"/incidents/{number}").status_code
    assert 404 == lead.ask("POST", f"/incidents/{number}/note", {"text": "No."}).status_code


def test_incidents_are_narrowed_to_whom_they_are_about(school: WebSchool) -> None:
    head = program_of(school, "head")
    for who in ("teacher", "lead"):
        head.post("/incidents", {**CONCERN, "who": who}, 201)

    listed, everybody = (head.get(f"/incidents{each}")["items"] for each in ("?person=lead", ""))
    file = head.ask("GET", "/incidents/record.csv?person=lead").text

    assert (1, 2) == (len(listed), len(everybody))
    assert 2 == len(file.splitlines())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[",
        b"[" * 60_000,
        b"null",
        b"[]",
        b'"text"',
        b'{"why": 1}',
        b'{"why": NaN}',
        b'{"why": ' + b"9" * 5_000 + b"}",
        b'{"why": "\\ud800"}',
        b'{"\\ud800": "x"}',
        b'{"why": "\xff"}',
        b'{"why": "a\\u0000b"}',
        b'{"why": "\\u202egpj"}',
        b'{"why": "x", "why2": "y"}',
        b'{"why": {"a": {}}}',
        b"why=please",
    ],
)
def test_a_hostile_body_changes_nothing_and_is_told_what_is_wrong(
    shared: WebSchool, teacher: Program, number: int, content: bytes
) -> None:
    shared.machine_clock.go_on(timedelta(seconds=2))

    answer = teacher.ask(
        "POST",
        f"/requests/{number}/withdraw",
        content=content,
        headers={"content-type": "application/json"},
    )

    assert answer.status_code in {400, 422}, answer.text
    assert "application/problem+json" == answer.headers["content-type"]
    assert answer.json()["status"] == answer.status_code
    assert "waiting-for-measures" == teacher.get(f"/requests/{number}")["stage"]


def test_a_body_that_is_too_large_is_a_problem(shared: WebSchool) -> None:
    answer = program_of(shared, "teacher").ask("POST", "/requests", content=b"x" * 70_000)

    assert (413, "application/problem+json") == (
        answer.status_code,
        answer.headers["content-type"],
    )


def test_what_is_no_endpoint_is_a_problem_too(shared: WebSchool) -> None:
    program = Program(shared, None)

    nowhere, wrong = program.ask("GET", "/nowhere"), program.ask("PATCH", "/people")

    assert (404, 405) == (nowhere.status_code, wrong.status_code)
    assert "application/problem+json" == nowhere.headers["content-type"]
    assert "application/problem+json" == wrong.headers["content-type"]


def test_the_page_about_the_api_shows_every_endpoint_and_its_scope(shared: WebSchool) -> None:
    page = Browser(shared).get("/api")

    assert "POST /api/v1/requests/{number}/measures" in page.text
    assert "requests:write" in page.text
    assert "/api/v1/openapi.json" in page.links
