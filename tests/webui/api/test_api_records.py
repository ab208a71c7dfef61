"""Records for programs: legal holds, training, checkpoints, acknowledgements, mail, files."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from pdf_text import pages_of
from sqlalchemy import delete
from web_browser import Browser
from web_program import Program, program_of
from web_school import ENTRY, MACHINE, WebSchool

from schoolgate_policyd.ledger.notes import Signer
from schoolgate_policyd.store.models.acknowledgements import TrainingRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.workflow.alerts import Alert, AlertKind
from schoolgate_policyd.workflow.api_scopes import Scope
from schoolgate_policyd.workflow.training import TrainingKind

SIGNER = Signer.made("school.example/audit")
REQUEST = {**ENTRY, "starts_at": "2026-11-20T10:00", "ends_at": "2026-11-20T12:00"}
GIVEN = {
    "kind": "staff-training",
    "what": "Social media and the law",
    "for_whom": "All staff",
    "given_on": "2026-11-19",
    "due_again_on": "2027-11-19",
}
CONCERN = {
    "who": "p-7",
    "kind": "circumvention",
    "severity": "medium",
    "summary": "=A way round the filter",
    "happened_at": "2026-11-20T09:30",
}


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSchool]:
    made = WebSchool(tmp_path_factory.mktemp("kept"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def head(school: WebSchool) -> Program:
    return program_of(school, "head")


@pytest.fixture(scope="module")
def dsl(school: WebSchool) -> Program:
    return program_of(school, "dsl")


def newest(school: WebSchool) -> tuple[AuditAction, str | None, str]:
    """Return what was done last, by whom and by way of what."""
    entry = school.decisions.audit.recent()[0]
    return entry.action, entry.actor, str(entry.details["by way of"]).rstrip("0123456789")


def test_a_hold_is_placed_and_lifted_with_reasons(
    school: WebSchool, head: Program, dsl: Program
) -> None:
    target = f"incident/{dsl.post('/incidents', CONCERN, 201)['number']}"
    placed = dsl.post(
        "/legal-holds", {"on": "object", "object": target, "reason": "Police asked"}, 201
    )
    placing = newest(school)
    path = f"/legal-holds/{placed['number']}/lift"
    without = head.ask("POST", path, {"why": " "})
    lifted = head.post(path, {"why": "They are done"})
    again = head.ask("POST", path, {"why": "They are done"})

    assert (AuditAction.LEGAL_HOLD_PLACED, "dsl", "api token ") == placing
    assert (target, None) == (placed["target"], placed["lifted_at"])
    assert (422, "why") == (without.status_code, without.json()["mistakes"][0]["field"])
    assert ("head", "They are done") == (lifted["lifted_by"]["id"], lifted["lifted_why"])
    assert 409 == again.status_code
    assert lifted in dsl.get("/legal-holds")["items"]


def test_whom_a_hold_is_about_neither_sees_nor_lifts_it(head: Program, dsl: Program) -> None:
    placed = head.post(
        "/legal-holds", {"on": "person", "person": "Dana Dsl", "reason": "A complaint"}, 201
    )

    own = dsl.ask("POST", "/legal-holds", {"on": "person", "person": "Dana Dsl", "reason": "Mine"})

    assert placed["number"] not in [e["number"] for e in dsl.get("/legal-holds")["items"]]
    lift = f"/legal-holds/{placed['number']}/lift"
    assert 404 == dsl.ask("POST", lift, {"why": "No"}).status_code
    assert 403 == own.status_code


def test_an_incident_about_oneself_cannot_be_told_from_one_that_is_not_there(
    school: WebSchool, head: Program, dsl: Program
) -> None:
    about = head.post("/incidents", {**CONCERN, "who": "dsl"}, 201)["number"]
    browser = Browser(school).sign_in("dsl")

    def answers(number: int) -> tuple[int, str, str]:
        entry = {"on": "object", "object": f"incident/{number}", "reason": "So"}
        answer = dsl.ask("POST", "/legal-holds", entry)
        form = "/records/holds/new"
        page = browser.send(form, form, **entry)
        target = f"incident/{number}"
        return answer.status_code, answer.text.replace(target, ""), page.text.replace(target, "")

    assert answers(9999) == answers(about)
    assert 422 == answers(about)[0]
    assert "knows no such object" in answers(about)[2]


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({"reason": "So"}, "on"),
        ({"on": "kind", "kind": "everything", "reason": "So"}, "kind"),
        ({"on": "person", "person": "Nobody Atall", "reason": "So"}, "person"),
        ({"on": "object", "object": "incident 17", "reason": "So"}, "object"),
        ({"on": "object", "object": "incident/9999", "reason": "So"}, "object"),
        ({"on": "kind", "kind": "events"}, "reason"),
    ],
)
def test_a_mistake_in_a_hold_is_named(head: Program, entry: dict[str, str], field: str) -> None:
    answer = head.ask("POST", "/legal-holds", entry)

    assert (422, field) == (answer.status_code, answer.json()["mistakes"][0]["field"])


def test_training_is_written_down_and_listed_in_parts(school: WebSchool, head: Program) -> None:
    chair = program_of(school, "chair")

    made = head.post("/training", GIVEN, 201)
    done = newest(school)
    wrong = head.ask("POST", "/training", {**GIVEN, "given_on": "2026-12-24"})
    head.post("/training", {**GIVEN, "what": "Another"}, 201)
    first = chair.get("/training?limit=1")
    second = chair.get(first["next"].removeprefix("/api/v1"))

    assert (AuditAction.TRAINING_RECORDED, "head", "api token ") == done
    assert ("2026-11-19", "2027-11-19", "head") == (
        made["given_on"],
        made["due_again_on"],
        made["recorded_by"]["id"],
    )
    assert (422, "given_on") == (wrong.status_code, wrong.json()["mistakes"][0]["field"])
    assert ["Another", GIVEN["what"]] == [e["items"][0]["what"] for e in (first, second)]
    assert 403 == chair.ask("POST", "/training", GIVEN).status_code


def whole(program: Program, path: str) -> list[dict[str, Any]]:
    """Return what *path* lists, read to its end."""
    found, going_on = [], path
    while going_on:
        part = program.get(going_on)
        found += part["items"]
        going_on = (part["next"] or "").removeprefix("/api/v1")
    return found


def test_training_of_long_ago_is_among_more_than_one_answer_has(
    school: WebSchool, head: Program
) -> None:
    """What was written down now is answered with, whatever else stands there."""
    row = {
        "kind": TrainingKind.STAFF_TRAINING,
        "for_whom": "All staff",
        "given_on": date(2026, 11, 20),
        "recorded_at": MACHINE,
        "recorded_by": "head",
    }
    with school.decisions.database.writing() as session:
        session.add_all([TrainingRow(**row, what=f"Course {n}") for n in range(510)])

    made = head.post("/training", {**GIVEN, "what": "The first", "given_on": "2020-01-02"}, 201)
    listed = whole(head, "/training?limit=100")
    nowhere = head.ask("GET", "/training?after=99999")
    with school.decisions.database.writing() as session:
        session.execute(delete(TrainingRow).where(TrainingRow.what.startswith("Course ")))

    assert ("The first", "2020-01-02") == (made["what"], made["given_on"])
    assert made == listed[-1]
    assert len({each["number"] for each in listed}) == len(listed) >= 511
    assert (422, "after") == (nowhere.status_code, nowhere.json()["mistakes"][0]["field"])


def test_checkpoints_and_deletions_go_on_to_their_end(school: WebSchool, head: Program) -> None:
    sizes = []
    for hour in range(3):
        assert 204 == head.ask("POST", "/audit/checkpoints").status_code
        school.decisions.retention.note_deleted({"events": hour}, at=MACHINE)
        sizes.append(school.decisions.checkpoints.make(SIGNER, at=MACHINE).size)

    checkpoints = whole(head, "/audit/checkpoints?limit=1")
    runs = whole(head, "/retention/runs?limit=1")

    assert sorted(sizes, reverse=True) == [each["size"] for each in checkpoints][:3]
    assert [2, 1, 0] == [each["counts"]["events"] for each in runs][:3]
    assert runs[:2] == head.get("/retention/runs?limit=2")["items"]
    assert [] == head.get(f"/audit/checkpoints?after={checkpoints[-1]['size']}")["items"]


def test_a_checkpoint_is_asked_for_of_policyd(school: WebSchool, head: Program) -> None:
    answer = head.ask("POST", "/audit/checkpoints")

    assert 204 == answer.status_code
    assert (AuditAction.CHECKPOINT_WANTED, "head", "api token ") == newest(school)


def test_who_has_not_acknowledged_comes_first(school: WebSchool, head: Program) -> None:
    found = head.get("/acknowledgements")["items"]

    assert {"teacher", "lead"} <= {each["person"]["id"] for each in found}
    assert "p-7" not in {each["person"]["id"] for each in found}
    assert {(None, False)} == {(each["version"], each["is_current"]) for each in found}
    assert 403 == program_of(school, "teacher").ask("GET", "/acknowledgements").status_code


def test_mails_in_confidence_are_seen_by_whom_they_are_for_alone(
    school: WebSchool, head: Program
) -> None:
    outbox, lead = school.decisions.outbox, program_of(school, "lead")
    facts: dict[str, str | int] = {"number": 3}
    alerts = [
        Alert(AlertKind.REPORT_ARRIVED, "report:3", ("lead",), "/reports/3", facts),
        Alert(AlertKind.POLICY_ANNOUNCED, "policy:2", ("lead",), "/filtering", facts),
    ]
    outbox.put(alerts, at=MACHINE)

    state, own = head.get("/mail"), lead.get("/mail")

    # A part without anything that one may see is not the end.
    first = head.get("/mail?limit=1")
    assert state["items"] == [*first["items"], *whole(head, first["next"][len("/api/v1") :])]
    assert own["items"] == whole(lead, "/mail?limit=1")
    assert 1 == len(state["items"])
    assert 2 == len(own["items"])
    assert {"lead"} == {each["recipient"]["id"] for each in own["items"]}
    assert (False, None, 2) == (
        state["has_server"],
        state["failing_since"],
        state["without_address"],
    )


def test_where_ones_own_alerts_go_is_read_and_not_changed(school: WebSchool) -> None:
    teacher = program_of(school, "teacher")
    store = school.decisions.email_addresses
    store.set_email("teacher", "t@school.example", by="teacher", at=MACHINE)

    shown = teacher.ask("GET", "/me/email").json()
    changed = teacher.ask("PUT", "/me/email", {"email": "else@where.example"})
    unread = program_of(school, "teacher", [Scope.REQUESTS_READ]).ask("GET", "/me/email")

    assert {"email": "t@school.example"} == shown
    assert changed.status_code == 405
    assert (403, "account:read") == (unread.status_code, unread.json()["scope"])


def test_what_was_deleted_is_listed(school: WebSchool, head: Program) -> None:
    school.decisions.retention.note_deleted({"events": 2}, at=MACHINE)

    assert {"events": 2} == head.get("/retention/runs")["items"][0]["counts"]


def test_a_request_is_printed_for_those_who_may_and_the_audit_says_so(
    school: WebSchool, head: Program
) -> None:
    number = program_of(school, "teacher").post("/requests", REQUEST, 201)["number"]

    paper = head.ask("GET", f"/requests/{number}/form.pdf")
    done = newest(school)

    assert "application/pdf" == paper.headers["content-type"]
    assert "attachment" in paper.headers["content-disposition"]
    assert "Year 4 looks at fossils" in " ".join(pages_of(paper.content)[0].split())
    assert (AuditAction.EXPORTED, "head", "api token ") == done
    technician = program_of(school, "technician")
    assert 404 == technician.ask("GET", f"/requests/{number}/form.pdf").status_code


@pytest.mark.parametrize("what", ["record.csv", "record.pdf"])
def test_an_incident_is_taken_out_by_those_who_handle_it(
    school: WebSchool, dsl: Program, what: str
) -> None:
    number = dsl.post("/incidents", CONCERN, 201)["number"]
    lead = program_of(school, "lead")
    about_lead = {**CONCERN, "who": "lead"}
    hidden = program_of(school, "head").post("/incidents", about_lead, 201)["number"]

    taken = dsl.ask("GET", f"/incidents/{number}/{what}")

    assert (200, AuditAction.EXPORTED) == (taken.status_code, newest(school)[0])
    assert "attachment" in taken.headers["content-disposition"]
    assert 404 == lead.ask("GET", f"/incidents/{hidden}/{what}").status_code
    assert 404 == lead.ask("GET", f"/incidents/9999/{what}").status_code


def test_incidents_are_taken_out_as_a_table_in_which_nothing_is_a_formula(dsl: Program) -> None:
    dsl.post("/incidents", CONCERN, 201)

    every = dsl.ask("GET", "/incidents/record.csv?open=true")
    none = dsl.ask("GET", "/incidents/record.csv?severity=high&open=false")
    wrong = dsl.ask("GET", "/incidents/record.csv?severity=worst")

    assert "'=A way round" in every.text
    assert "A way round" not in none.text
    assert every.text.splitlines()[0] == none.text.splitlines()[0]
    assert (422, "severity") == (wrong.status_code, wrong.json()["mistakes"][0]["field"])


def test_figures_are_taken_out_table_by_table(head: Program) -> None:
    table = head.ask("GET", "/figures/blocked.csv?span=day&on=2026-11-20")

    assert 'filename="blocked-day-2026-11-20.csv"' in table.headers["content-disposition"]
    assert 404 == head.ask("GET", "/figures/nothing.csv").status_code
    assert 422 == head.ask("GET", "/figures/blocked.csv?on=2026-02-30").status_code


def test_what_is_filtered_is_anybodys_to_keep(school: WebSchool) -> None:
    text = Program(school, None).ask("GET", "/filtering.txt")

    assert "text/plain; charset=utf-8" == text.headers["content-type"]
    assert "Social Media Policy" in text.text
