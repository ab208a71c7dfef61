"""Drafts of the policy for programs: from the first change to what the head signs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from policy_school import PolicySchool
from rule_tree import SCHOOL
from web_program import Program, program_of
from web_school import LESSON, MACHINE

from schoolgate_policyd.config import Settings
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.drafting.proofs import ProofSays
from schoolgate_policyd.replay.outcome import Change, NameEffect, Replay, Total
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.workflow.api_scopes import Scope
from schoolgate_webui.changing.kinds import Kind
from schoolgate_webui.checks import Checks

MEETING = {"met_on": "2026-11-19", "reference": "Full governing body, item 7"}
LOSE_BREAK = ["lunch"]
GAIN_LESSONS = ["break", "lunch", "lesson"]


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PolicySchool]:
    """A school for all of them: each has drafts of its own, and none is put in force."""
    opened = PolicySchool(tmp_path_factory.mktemp("school"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def technician(school: PolicySchool) -> Program:
    return of(school, "technician")


def of(school: PolicySchool, person: str) -> Program:
    """Return a program of somebody who acknowledged the policy in force."""
    school.decisions.acknowledgements.acknowledge(
        person, 1, school=SCHOOL, at=MACHINE, moment=LESSON
    )
    return program_of(school, person)


@pytest.fixture(scope="module")
def unchanged(technician: Program) -> dict[str, Any]:
    """A draft that stays as it was begun."""
    return begun(technician)


def begun(program: Program, summary: str = "Staff lose break") -> dict[str, Any]:
    """Return a new draft."""
    made: dict[str, Any] = program.post("/policy/drafts", {"summary": summary}, 201)
    return made


def nothing() -> Replay:
    """Return a replay in which a single name is newly open."""
    none = Total()
    name = NameEffect(Change.GAINED, Audience.STAFF, "clips.example", None, False, (), none, None)
    return Replay(
        "hill", "hill", None, None, none, none, none, none, none, none, {}, {}, none, none,
        (), (name,), 0,
    )  # fmt: skip


def changed(program: Program, draft: dict[str, Any], **fields: object) -> dict[str, Any]:
    """Return the draft once an exception of a rule was changed as its form was found."""
    where = f"/policy/drafts/{draft['number']}/changes/exception"
    form = program.get(f"{where}?rule=staff&exception=0")
    as_found = {each["name"]: each["value"] for each in form["fields"]}
    made: dict[str, Any] = program.post(
        where, {"shown": form["digest"], "fields": {**as_found, **fields}}
    )
    return made


def test_a_draft_goes_from_its_first_change_to_the_signature_and_no_further(
    school: PolicySchool, technician: Program
) -> None:
    governor, head = of(school, "governor"), of(school, "head")
    draft = changed(technician, begun(technician), periods=GAIN_LESSONS)
    number, shown = draft["number"], {"shown": draft["digest"]}
    path = f"/policy/drafts/{number}"
    early = technician.ask("POST", f"{path}/propose", {**shown, "reasons": "Asked for"})
    school.prove(number)
    wakes = school.policyd.wakes

    proof = technician.get(f"{path}/proof")
    proposed = technician.post(f"{path}/propose", {**shown, "reasons": "Asked for"})
    approved = governor.post(f"{path}/approve", {**shown, **MEETING})
    directed = head.ask("POST", f"/policy/versions/{number}/direct", {})

    assert ["Staff may now also reach social media in lesson"] == [
        each[:47] for each in draft["differences"]
    ]
    assert (409, "/api#settled") == (early.status_code, early.json()["type"])
    assert (True, True, False) == (
        proof["proof"]["is_ok"],
        proof["proof"]["is_current"],
        proof["is_running"],
    )
    assert proof["proof"]["openings"]
    assert ("waiting-for-governors", "waiting-for-head") == (
        proposed["stage"],
        approved["stage"],
    )
    assert wakes + 2 == school.policyd.wakes
    # What would put it in force is a signature, and that no program gives.
    assert (403, "/api#signature-needed") == (directed.status_code, directed.json()["type"])
    assert "waiting-for-head" == head.get(path)["stage"]
    steps = head.get(f"/policy/versions/{number}")["steps"]
    assert ["begun", "proposed", "approved"] == [each["move"] for each in steps]
    assert "api token" in str(school.decisions.audit.recent()[0].details["by way of"])


def test_a_proposal_is_refused_and_a_draft_withdrawn_with_reasons(
    school: PolicySchool, technician: Program
) -> None:
    head = of(school, "head")
    draft = changed(technician, begun(technician), periods=LOSE_BREAK)
    school.prove(draft["number"])
    shown = {"shown": draft["digest"]}
    path = f"/policy/drafts/{draft['number']}"
    technician.post(f"{path}/propose", {**shown, "reasons": "Lunch is enough"})

    missing = head.ask("POST", f"{path}/refuse", {**shown, "reasons": " "})
    refused = head.post(f"{path}/refuse", {**shown, "reasons": "Not this year"})
    other = begun(technician)
    withdrawn = technician.post(
        f"/policy/drafts/{other['number']}/withdraw", {"shown": other["digest"], "why": "Not so"}
    )

    assert (422, "reasons") == (missing.status_code, missing.json()["mistakes"][0]["field"])
    assert ("refused", "withdrawn") == (refused["stage"], withdrawn["stage"])


def test_what_was_changed_meanwhile_is_not_changed_by_whoever_has_not_seen_that(
    technician: Program,
) -> None:
    first = begun(technician)
    path = f"/policy/drafts/{first['number']}"
    changed(technician, first, periods=LOSE_BREAK)
    entered = {"shown": first["digest"]}

    answers = [
        technician.ask("POST", f"{path}/{step}", {**entered, **more})
        for step, more in (
            ("changes/document", {"fields": {"title": "A", "version": "B"}}),
            ("undo", {"position": 0}),
            ("propose", {"reasons": "So"}),
            ("withdraw", {"why": "So"}),
        )
    ]

    assert [(409, "/api#stale")] * 4 == [(e.status_code, e.json()["type"]) for e in answers]
    assert 1 == len(technician.get(path)["changes"])


def test_a_change_is_taken_out_again(technician: Program) -> None:
    draft = changed(technician, begun(technician), periods=LOSE_BREAK)
    path = f"/policy/drafts/{draft['number']}/undo"

    none = technician.ask("POST", path, {"shown": draft["digest"], "position": 7})
    undone = technician.post(path, {"shown": draft["digest"], "position": 0})

    assert (422, "/api#change-refused") == (none.status_code, none.json()["type"])
    assert ([], []) == (undone["changes"], undone["differences"])


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("document", {"title": "", "version": "May"}, "title"),
        ("document", {"title": "A", "version": "B", "titel": "A"}, "titel"),
        ("document", {"title": ["A"], "version": "B"}, "title"),
        ("document", {"title": "A\u202eB", "version": "B"}, "title"),
        ("block", {"what": "talk", "reason": "So", "audience": "pupil"}, "audience"),
        ("block", {"what": "talk", "reason": "So", "audience": ["parent"]}, "audience"),
        ("block", {"what": "nothing", "reason": "So", "audience": ["pupil"]}, "what"),
        ("lifting", {"kinds": []}, "rule"),
        ("exception", {"rule": "nothing", "exception": "0"}, "exception"),
        ("bells", {"timetable": "day", "bell": ["08:30"]}, "bell"),
        ("bells", {"timetable": "day", "bell": [{"at": "8", "period": "closed"}]}, "weekdays"),
        ("file", {"path": "schools/hill.yaml", "text": "no: [policy"}, "text"),
    ],
)
def test_a_mistake_in_a_change_is_named_and_nothing_is_changed(
    technician: Program, unchanged: dict[str, Any], kind: str, fields: dict[str, Any], field: str
) -> None:
    draft = unchanged
    path = f"/policy/drafts/{draft['number']}"

    answer = technician.ask(
        "POST", f"{path}/changes/{kind}", {"shown": draft["digest"], "fields": fields}
    )

    assert (422, field) == (answer.status_code, answer.json()["mistakes"][0]["field"]), answer.text
    assert draft == technician.get(path)


def test_every_form_takes_back_what_it_gives(technician: Program) -> None:
    """Of every kind of change: no field of a form is one that sending it does not know."""
    program = technician
    path = f"/policy/drafts/{begun(program)['number']}/changes"
    kinds = [each["kind"] for each in program.get(path)["kinds"]]
    assert [each.value for each in Kind] == kinds
    for kind in kinds:
        form = program.get(f"{path}/{kind}")
        if form["choices"]:
            form = program.get(f"{path}/{kind}?{urlencode(form['choices'][-1]['fields'])}")
        fields = {each["name"]: each["value"] for each in form["fields"]}

        answer = program.ask("POST", f"{path}/{kind}", {"shown": form["digest"], "fields": fields})

        # It is taken, or what stands in it is a mistake; never that it stands there.
        assert answer.status_code in {200, 422}, (kind, answer.text)
        assert "no such field" not in answer.text, kind
        assert "what the form offers" not in answer.text, kind


def test_a_draft_is_its_authors_and_files_are_for_technicians(
    school: PolicySchool, technician: Program
) -> None:
    draft = begun(technician)
    head, teacher = of(school, "head"), of(school, "teacher")
    lead = of(school, "lead")
    path = f"/policy/drafts/{draft['number']}"
    own = begun(lead, "Something else")

    entered = {"shown": draft["digest"], "fields": {"title": "A", "version": "B"}}
    by_head = head.ask("POST", f"{path}/changes/document", entered)
    file = lead.ask("GET", f"/policy/drafts/{own['number']}/changes/file")

    assert (403, "/api#not-allowed") == (by_head.status_code, by_head.json()["type"])
    assert (403, "/api#not-for-you") == (file.status_code, file.json()["type"])
    assert 403 == teacher.ask("GET", path).status_code
    assert "file" not in str(lead.get(f"/policy/drafts/{own['number']}/changes")["kinds"])
    # Version 1 was taken up and never a draft.
    assert 404 == technician.ask("GET", "/policy/drafts/1").status_code
    assert 404 == technician.ask("GET", "/policy/drafts/99").status_code


def test_an_earlier_version_is_brought_back_and_versions_are_compared(
    technician: Program,
) -> None:
    draft = changed(technician, begun(technician), periods=LOSE_BREAK)

    found = technician.get(f"/policy/compare?from=1&to={draft['number']}")
    same = technician.ask("POST", "/policy/versions/1/bring-back")
    back = technician.post(f"/policy/versions/{draft['number']}/bring-back", status=201)
    stands = technician.ask("POST", f"/policy/drafts/{draft['number']}/rebase")

    assert draft["differences"] == found["differences"]
    assert ["Staff may no longer reach social media at break (§5)."] == found["differences"]
    assert (422, "/api#change-refused") == (same.status_code, same.json()["type"])
    assert draft["differences"] == back["differences"]
    assert (409, "/api#settled") == (stands.status_code, stands.json()["type"])


def test_a_proof_and_a_replay_are_started_and_read_when_they_are_done(
    tmp_path: Path,
) -> None:
    checked: list[Checks] = []

    def made(settings: Settings, store: DecisionStore) -> Checks:
        checked.append(
            Checks(settings, store.policies, lambda *_: ProofSays(), lambda *_: nothing())
        )
        return checked[0]

    school = PolicySchool(tmp_path, checks=made)
    try:
        technician, lead = of(school, "technician"), of(school, "lead")
        path = f"/policy/drafts/{begun(technician)['number']}"
        technician.post(f"{path}/proof", status=202)
        technician.post(f"{path}/replay", status=202)
        checked[0].join(60)

        proof, replays = (
            technician.get(f"{path}/proof"),
            [each.get(f"{path}/replay")["replay"] for each in (technician, lead)],
        )

        assert proof["proof"]["is_current"]
        assert ("2026-11-13", "2026-11-20") == (replays[0]["first"], replays[0]["last"])
        # Names of sites are for those alone who may see blocked attempts.
        names = [[name["host"] for name in each["result"]["names"]] for each in replays]
        assert [[], ["clips.example"]] == names
    finally:
        school.close()


def test_a_scope_to_read_the_policy_drafts_nothing(school: PolicySchool) -> None:
    of(school, "technician")
    reader = program_of(school, "technician", [Scope.POLICY_READ])

    answer = reader.ask("POST", "/policy/drafts", {"summary": "Mine"})

    assert (403, "policy:write") == (answer.status_code, answer.json()["scope"])
