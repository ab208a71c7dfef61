"""`schoolgate explain`: the answer with rule, runner-up and week; people; bad input."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import test_decide as cases
from msgspec.structs import replace
from office import (
    LEAD,
    LESSON,
    MACHINE,
    TEACHER,
    QuickHasher,
    fill,
)
from office import source as office_source
from typer.testing import CliRunner

from schoolgate_policyd.cli import app
from schoolgate_policyd.config import load_settings
from schoolgate_policyd.core.decision import Verdict
from schoolgate_policyd.core.policy import Live
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot
from schoolgate_policyd.core.subjects import Audience, DeviceClaim, DeviceKind, Duty
from schoolgate_policyd.explaining import NOT_NOW, Explained, explained
from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot
from schoolgate_policyd.person_subjects import subject_of_person
from schoolgate_policyd.questions import Question, QuestionError
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.models.audit import AuditAction

STAFF = Question(url="chat.example", audience=Audience.STAFF, device=DeviceKind.OWN_DEVICE)


def found(
    question: Question, snapshot: Snapshot | None = None, *, week: bool = False
) -> Explained:
    held = cases.snapshot_with() if snapshot is None else snapshot
    return explained(question, lambda _: held, cases.LESSON, with_week=week)


def test_a_block_has_its_rule_in_words_and_its_runner_up() -> None:
    answer = found(STAFF)

    assert Verdict.BLOCK is answer.answer.verdict
    assert answer.deciding is not None
    assert ("staff-messaging", "Policy", "§1", False) == (
        answer.deciding.rule,
        answer.deciding.document,
        answer.deciding.section,
        answer.deciding.is_ours,
    )
    assert answer.deciding.words.startswith("Staff may not reach messaging, except at break")
    assert answer.runner_up is not None
    assert (Verdict.ALLOW, None) == (answer.runner_up.verdict, answer.runner_up.rule)
    assert answer.until == answer.answer.explanation[-1]


def test_what_no_rule_speaks_of_has_neither() -> None:
    answer = found(Question(url="other.example"))

    assert (None, None) == (answer.deciding, answer.runner_up)


def test_a_help_line_holds_for_ever() -> None:
    assert "" == found(Question(url="help.example")).until


def test_another_moment_than_now_is_said_to_be_judged_by_what_is_recorded_now() -> None:
    assert "" == found(STAFF).note
    assert NOT_NOW == found(replace(STAFF, at="2026-11-20T10:35")).note


def test_the_week_is_that_of_the_moment() -> None:
    assert found(STAFF).week is None
    week = found(replace(STAFF, at="2026-10-22T10:35"), week=True).week
    assert week is not None
    assert [19, 20, 21, 22, 23, 24, 25] == [each.day.day for each in week.days]


def office(live: Live | None = None) -> Snapshot:
    return compile_snapshot(replace(office_source(), live=live or Live()))


def test_a_person_asks_from_a_device_of_theirs_with_what_is_known_of_them() -> None:
    subject = subject_of_person(TEACHER.id, office(), LESSON)

    assert subject is not None
    assert (TEACHER.id, DeviceKind.OWN_DEVICE, "teacher-phone", "own") == (
        subject.person,
        subject.device,
        subject.device_id,
        subject.network,
    )


@pytest.mark.parametrize("kind", [DeviceKind.SCHOOL_COMPUTER, DeviceKind.UNKNOWN])
def test_without_a_device_of_that_kind_they_are_in_no_network(kind: DeviceKind) -> None:
    subject = subject_of_person(TEACHER.id, office(), LESSON, device=kind, inspectable=False)

    assert subject is not None
    assert (TEACHER.id, kind, False, False) == (
        subject.person,
        subject.device,
        subject.inspectable,
        subject.is_network_known,
    )


def test_a_claimed_device_is_theirs_while_the_claim_lasts() -> None:
    claim = DeviceClaim("c1", "127.0.2.99", LEAD.id, datetime(2026, 11, 20, 12, tzinfo=UTC))
    snapshot = office(Live(claims=(claim,)))

    during = subject_of_person(LEAD.id, snapshot, LESSON)
    after = subject_of_person(LEAD.id, snapshot, claim.ends_at)

    assert during is not None
    assert after is not None
    assert ["own", "unknown"] == [during.network, after.network]
    assert after.duties == during.duties
    assert Duty.ONLINE_SAFETY_LEAD in {each.duty for each in during.duties}


def test_nobody_is_nobody() -> None:
    assert subject_of_person("nobody", office(), LESSON) is None
    with pytest.raises(QuestionError, match="person: nobody of that name"):
        found(Question(url="clips.example", person="nobody"), office())


def test_a_person_says_who_asks_but_the_device() -> None:
    question = Question(url="clips.example", person=TEACHER.id, device=DeviceKind.SCHOOL_COMPUTER)
    assert "A member of staff on a school computer" in " ".join(
        found(question, office()).answer.explanation
    )
    with pytest.raises(QuestionError, match="person: says already who asks, so leave out age"):
        found(replace(question, age=40), office())


# The command line.


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner(env={"COLUMNS": "110", "NO_COLOR": "1"}).invoke(
        app, ["explain", *arguments]
    )
    return result.exit_code, " ".join(result.output.split("\n"))


PRESET = ("www.tiktok.com", "--school", "twiss-green", "--audience", "staff")
BREAK = ("--device", "own-device", "--assume", "staff-break-access", "--at", "2026-11-20T10:35")


def test_the_command_says_why_and_draws_the_week() -> None:
    result = CliRunner(env={"COLUMNS": "110"}).invoke(app, ["explain", *PRESET, *BREAK, "--week"])
    lines = result.output.splitlines()

    assert 0 == result.exit_code, result.output
    assert "ALLOW" == lines[0]
    text = " ".join(" ".join(lines).split())
    for words in (
        "because it is break, it is their own device and staff-break-access is recorded",
        "Without the exception, rule staff-social-media would block it",
        "Rule staff-social-media in words: Staff may not reach social media",
        NOT_NOW,
        "The week of Monday 16 November 2026",
        "On the sides: before 08:00 and from 18:00",
        "Mon-Fri 00:00 08:00 blocked school closed",
        "10:30 10:45 allowed break",
    ):
        assert words in text
    monday = next(line for line in lines if line.startswith("Mon 16"))
    assert "Mon 16  █ ██████████·██████····███████████████████ █" == monday
    assert "\x1b[" not in result.output


def test_without_room_cells_that_mix_say_so() -> None:
    result = CliRunner(env={"COLUMNS": "40"}).invoke(app, ["explain", *PRESET, *BREAK, "--week"])

    monday = next(line for line in result.output.splitlines() if line.startswith("Mon 16"))
    assert "|" in monday
    assert "| changes within 30 minutes" in result.output


def test_a_week_without_change_is_drawn_whole() -> None:
    result = CliRunner(env={"COLUMNS": "60"}).invoke(
        app, ["explain", *PRESET, "--at", "2031-01-08T10:00", "--week"]
    )

    assert f"Wed  8    {'█' * 48}" in result.output
    assert "On the sides" not in result.output


def test_a_terminal_without_unicode_gets_letters() -> None:
    result = CliRunner(env={"COLUMNS": "110"}, charset="ascii").invoke(
        app, ["explain", *PRESET, *BREAK, "--week"]
    )

    assert 0 == result.exit_code, result.output
    assert "Mon 16  B BBBBBBBBBB.BBBBBB....BBBBBBBBBBBBBBBBBBB B" in result.output


def test_json_has_all_of_it() -> None:
    result = CliRunner().invoke(app, ["explain", *PRESET, *BREAK, "--week", "--json"])
    answer = json.loads(result.output)

    assert "allow" == answer["answer"]["verdict"]
    assert "staff-social-media" == answer["deciding"]["rule"]
    assert "block" == answer["runner_up"]["verdict"]
    assert 7 == len(answer["week"]["days"])
    assert {"start", "end", "verdict", "periods", "rule", "citation"} == set(
        answer["week"]["days"][0]["stretches"][0]
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("a..b",), "not a host name"),
        (("www.tiktok.com", "--at", "noon"), "not a moment"),
        (("www.tiktok.com", "--assume", "x", "--school", "twiss-green"), "assume: `x` is n"),
        (("www.tiktok.com", "--person", "x", "--school", "twiss-green"), "a preset knows nobody"),
    ],
)
def test_a_mistake_is_said_in_a_sentence(arguments: tuple[str, ...], complaint: str) -> None:
    code, output = run(*arguments)

    assert 2 == code
    assert complaint in output
    assert "Traceback" not in output


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "schoolgate.yaml"
    path.write_text(f"school: twiss-green\nvar_dir: {tmp_path}\n")
    return path


def run_in(config: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner(env={"COLUMNS": "400"}).invoke(
        app, ["--config", str(config), "explain", "www.clips.example", *arguments]
    )
    return result.exit_code, result.output


def test_a_person_of_the_live_school_is_asked_for_and_the_look_recorded(config: Path) -> None:
    settings = load_settings(config)
    save_last_snapshot(settings.last_snapshot_path("policyd"), office_source())
    store = DecisionStore(settings.decisions_path, hasher=QuickHasher())
    fill(store)
    store.close()

    code, output = run_in(config, "--person", "teacher", "--at", "2026-11-20T10:00")

    assert 0 == code, output
    assert "A member of staff on their own device" in output
    store = DecisionStore(settings.decisions_path, hasher=QuickHasher())
    entry = store.audit.recent(limit=1)[0]
    store.close()
    assert (AuditAction.PERSON_LOOKED_AT, None, "heron", {"by way of": "command line"}) == (
        entry.action,
        entry.actor,
        entry.object_id,
        entry.details,
    )
    assert entry.at != MACHINE
    code, output = run_in(config, "--person", "nobody")
    assert 2 == code
    assert "nobody has that user name or pseudonym" in output


def test_a_school_without_people_has_nobody_to_ask_for(config: Path) -> None:
    code, output = run_in(config, "--person", "teacher")

    assert 2 == code
    assert "the school has no people yet" in output
    assert not load_settings(config).decisions_path.exists()


def test_a_batch_names_no_people() -> None:
    """`check --batch` answers by the thousand and records nothing."""
    result = CliRunner().invoke(
        app, ["check", "--batch", "-"], input='{"url": "www.bbc.co.uk", "person": "heron"}\n'
    )

    assert 1 == result.exit_code
    assert "a look at one person is recorded" in result.output


def test_a_user_name_is_found_before_an_id(tmp_path: Path) -> None:
    store = DecisionStore(tmp_path / "decisions.db", hasher=QuickHasher())
    fill(store)
    people = store.people
    by_name, by_id, nobody = people.find("teacher"), people.find("heron"), people.find("' OR 1")
    store.close()

    assert TEACHER == by_name == by_id
    assert nobody is None
