"""Reports of content for programs: by anybody, and heard back of by a code."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from web_program import Program, program_of
from web_school import WebSchool

from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.workflow.api_scopes import Scope

SAW = "Something at https://bad.example/page made me feel bad"


@pytest.fixture
def school(tmp_path: Path) -> Iterator[WebSchool]:
    made = WebSchool(tmp_path)
    yield made
    made.close()


def test_anybody_reports_and_hears_back_by_a_code(school: WebSchool) -> None:
    anybody, lead = Program(school, None), program_of(school, "lead")

    made = anybody.post("/reports", {"saw": SAW}, 201)
    waiting = anybody.post("/reports/by-code", {"code": made["code"]})
    (line,) = lead.get("/reports")["items"]
    lead.post(
        f"/reports/{line['number']}/answer",
        {"state": "stays-open", "reasons": "A lesson site", "answer": "Thank you for telling us."},
    )
    answered = anybody.post("/reports/by-code", {"code": made["code"].lower()})

    assert made["number"] is None
    assert ("waiting", []) == (waiting["state"], waiting["answers"])
    assert ("stays-open", ["Thank you for telling us."]) == (
        answered["state"],
        answered["answers"],
    )
    # Who handles it, and why, is not for whoever has the code.
    assert {"state", "says", "reported_at", "answers"} == set(answered)


def test_a_report_with_a_token_is_its_owners(school: WebSchool) -> None:
    teacher = program_of(school, "teacher")

    made = teacher.post("/reports", {"saw": SAW, "name": "Tess"}, 201)

    assert made["code"] is None
    assert SAW == teacher.get(f"/reports/{made['number']}")["saw"]
    assert [made["number"]] == [each["number"] for each in teacher.get("/reports")["items"]]


def test_the_audit_says_that_a_report_was_made_and_not_with_which_token(school: WebSchool) -> None:
    """Its readers are not all among those who handle it, and a token is somebody's."""
    program_of(school, "teacher").post("/reports", {"saw": SAW}, 201)
    Program(school, None).post("/reports", {"saw": SAW}, 201)

    made = [
        (each.actor, each.details)
        for each in school.decisions.audit.recent()
        if each.action is AuditAction.REPORT_MADE
    ]

    assert [(None, {"by way of": "api"})] * 2 == made


def test_a_token_that_was_not_made_for_it_reports_in_nobodys_name(school: WebSchool) -> None:
    answer = program_of(school, "teacher", [Scope.CONCERNS_READ]).ask(
        "POST", "/reports", {"saw": SAW}
    )

    assert (403, "concerns:write") == (answer.status_code, answer.json()["scope"])


def test_what_is_sent_again_is_the_same_report(school: WebSchool) -> None:
    anybody = Program(school, None)
    entry = {"saw": SAW, "once": "s" * 40}

    codes = {anybody.post("/reports", entry, 201)["code"] for _ in range(2)}

    assert 1 == len(codes)
    assert 1 == len(program_of(school, "lead").get("/reports")["items"])


@pytest.mark.parametrize(
    ("path", "entry", "field"),
    [
        ("/reports", {"saw": "  "}, "saw"),
        ("/reports", {"saw": SAW, "once": "short"}, "once"),
        ("/reports", {"saw": SAW, "reporter": "head"}, "reporter"),
        ("/reports/by-code", {"code": "nonsense"}, "code"),
        ("/reports/by-code", {}, "code"),
    ],
)
def test_a_mistake_is_named(
    school: WebSchool, path: str, entry: dict[str, str], field: str
) -> None:
    answer = Program(school, None).ask("POST", path, entry)

    assert (422, field) == (answer.status_code, answer.json()["mistakes"][0]["field"])


@pytest.mark.parametrize(
    ("path", "entry", "most"), [("/reports", {"saw": SAW}, 6), ("/reports/by-code", {}, 12)]
)
def test_floods_wait_as_they_do_at_the_page_and_then_are_heard(
    school: WebSchool, path: str, entry: dict[str, str], most: int
) -> None:
    anybody = Program(school, None, address="127.0.2.90")

    answers = [anybody.ask("POST", path, entry) for _ in range(most + 1)]
    wait = timedelta(seconds=int(answers[-1].headers["retry-after"]))
    school.machine_clock.go_on(wait)

    assert 429 not in [each.status_code for each in answers[:-1]]
    assert (429, "/api#too-many-requests") == (
        answers[-1].status_code,
        answers[-1].json()["type"],
    )
    assert 429 != anybody.ask("POST", path, entry).status_code
