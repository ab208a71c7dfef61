"""`schoolgate check`: the twiss-green policy row by row, the JSON, the batch, bad input."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from schoolgate_policyd.checking import answer, answer_line
from schoolgate_policyd.cli import app
from schoolgate_policyd.config import load_settings
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.presets import SnapshotShelf
from schoolgate_policyd.questions import QuestionError, parse_hours

NOW = datetime(2026, 11, 20, 10, 29, tzinfo=UTC)
STAFF_BREAK = {"audience": "staff", "assume": ["staff-break-access"], "at": "2026-11-20T10:35"}


@pytest.fixture(scope="module")
def shelf() -> SnapshotShelf:
    return SnapshotShelf(load_settings())


def asked(shelf: SnapshotShelf, **fields: object) -> dict[str, object]:
    line = json.dumps({"url": "https://www.tiktok.com/", "school": "twiss-green"} | fields)
    found = answer_line(line, shelf.snapshot_of, NOW)
    decoded = json.loads(msgspec.json.encode(found))
    assert isinstance(decoded, dict)
    return decoded


@pytest.mark.parametrize(
    ("fields", "verdict", "rules", "until"),
    [
        # Pupils: always (§7).
        ({}, "block", ["pupils-social-media"], None),
        (
            {"at": "2026-11-20T10:35", "device": "own-device"},
            "block",
            ["pupils-social-media"],
            None,
        ),
        ({"at": "2026-11-21T12:00"}, "block", ["pupils-social-media"], None),
        # Staff in lessons, at break and at lunch (§5), both edges of each.
        ({"audience": "staff", "device": "own-device"}, "block", ["staff-social-media"], None),
        (
            STAFF_BREAK | {"device": "own-device", "at": "2026-11-20T10:29:59"},
            "block",
            ["staff-social-media"],
            "2026-11-20T10:30:00",
        ),
        (
            STAFF_BREAK | {"device": "own-device", "at": "2026-11-20T10:30"},
            "allow",
            ["staff-social-media"],
            "2026-11-20T10:45:00",
        ),
        (
            STAFF_BREAK | {"device": "school-computer", "at": "2026-11-20T10:44:59"},
            "allow",
            ["staff-social-media"],
            "2026-11-20T10:45:00",
        ),
        (
            STAFF_BREAK | {"device": "own-device", "at": "2026-11-20T10:45"},
            "block",
            ["staff-social-media"],
            "2026-11-20T12:15:00",
        ),
        (
            STAFF_BREAK | {"device": "own-device", "at": "2026-11-20T12:15"},
            "allow",
            ["staff-social-media"],
            "2026-11-20T13:15:00",
        ),
        (
            STAFF_BREAK | {"device": "own-device", "at": "2026-11-20T13:15"},
            "block",
            ["staff-social-media"],
            "2026-11-23T10:30:00",
        ),
        # School-owned mobiles and unknown devices never; nor without the standing permission.
        (STAFF_BREAK | {"device": "school-mobile"}, "block", ["staff-social-media"], None),
        (STAFF_BREAK, "block", ["staff-social-media"], None),
        (STAFF_BREAK | {"assume": [], "device": "own-device"}, "block", None, None),
        # Before and after school, at weekends and in the holidays.
        (STAFF_BREAK | {"device": "own-device", "at": "2026-11-20T08:15"}, "block", None, None),
        (STAFF_BREAK | {"device": "own-device", "at": "2026-11-20T16:00"}, "block", None, None),
        (STAFF_BREAK | {"device": "own-device", "at": "2026-11-21T10:35"}, "block", None, None),
        (STAFF_BREAK | {"device": "own-device", "at": "2026-10-28T10:35"}, "block", None, None),
        # An INSET day: staff keep the timetable.
        (STAFF_BREAK | {"device": "own-device", "at": "2026-11-02T10:35"}, "allow", None, None),
        # Those whose job needs it, at any time.
        ({"audience": "staff", "duty": ["dsl"]}, "allow", ["staff-social-media"], None),
        ({"audience": "staff", "duty": ["account-operator"]}, "allow", None, None),
        ({"audience": "staff", "duty": ["head"]}, "block", ["staff-social-media"], None),
        # Visitors: ours.
        (
            {"audience": "visitor", "device": "own-device"},
            "block",
            ["visitors-social-media"],
            None,
        ),
    ],
)
def test_the_twiss_green_policy_holds(
    shelf: SnapshotShelf,
    fields: dict[str, object],
    verdict: str,
    rules: list[str] | None,
    until: str | None,
) -> None:
    found = asked(shelf, **fields)

    assert verdict == found["verdict"]
    if rules is not None:
        assert rules == found["rules"]
    if until is not None:
        assert f"{until}+00:00" == found["valid_until"]


@pytest.mark.parametrize(
    ("url", "verdict"),
    [
        ("www.bbc.co.uk", "allow"),
        ("https://www.childline.org.uk/get-support/", "allow"),
        ("https://teams.microsoft.com/", "allow"),
        ("scratch.mit.edu", "allow"),
        ("i.ytimg.com", "block"),
        ("youtu.be", "block"),
        ("pornhub.com", "block"),
        ("nordvpn.com", "block"),
        ("dns.google", "block"),
        ("1.1.1.1", "block"),
        ("http://3627734734/", "block"),
        ("WWW.TIKTOK.COM.", "block"),
        ("https://user@www.tiktok.com:443/", "block"),
        ("www.mumsnet.com", "depends"),
        ("https://www.mumsnet.com/talk/x", "block"),
        ("https://www.mumsnet.com/recipes", "allow"),
    ],
)
def test_names_and_pages_get_the_verdict_a_school_expects(
    shelf: SnapshotShelf, url: str, verdict: str
) -> None:
    assert verdict == asked(shelf, url=url, device="school-computer")["verdict"]


def test_the_json_has_every_field_of_the_answer(shelf: SnapshotShelf) -> None:
    found = asked(shelf, device="own-device", at="2026-11-20T10:35")

    assert {"verdict", "period", "rules", "citations", "grants", "valid_until", "explanation"} <= (
        found.keys()
    )
    assert "break" == found["period"]
    assert ["Social Media Policy, September 2022, §7"] == found["citations"]
    assert [] == found["grants"]
    assert isinstance(found["explanation"], list)


def test_an_uninspectable_device_gets_no_depends(shelf: SnapshotShelf) -> None:
    assert "block" == asked(shelf, url="www.mumsnet.com", uninspectable=True)["verdict"]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "{",
        "\x00",
        '{"url": 1}',
        '{"school": "twiss-green"}',
        '{"url": "https://a.example/", "unknown": 1}',
        '{"url": "https://a.example/", "audience": "parent"}',
        '{"url": "https://a.example/", "at": "yesterday"}',
        '{"url": "ftp://a.example/", "school": "twiss-green"}',
        '{"url": "a.example", "school": "no-such-school"}',
        '{"url": "a.example", "school": "../../etc/passwd"}',
        '{"url": "a.example", "school": "twiss-green", "assume": ["nothing"]}',
        '{"url": "a.example", "school": "twiss-green", "hours": "nine to five"}',
        '{"url": "a.example", "school": "twiss-green", "platform": ["nothing"]}',
        '{"url": "a.example", "address": "127.0.1.10", "audience": "staff"}',
        '{"url": "' + "a" * 70_000 + '"}',
        "[" * 50_000,
    ],
)
def test_a_faulty_question_is_refused_with_a_sentence(shelf: SnapshotShelf, line: str) -> None:
    with pytest.raises(SchoolgateError) as caught:
        answer_line(line, shelf.snapshot_of, NOW)

    assert str(caught.value)


def test_an_address_is_asked_for_as_the_school_knows_it(shelf: SnapshotShelf) -> None:
    question = json.dumps({"url": "www.tiktok.com", "address": "127.0.4.9"})
    found = answer_line(question, shelf.snapshot_of, NOW)

    assert ("visitors-social-media",) == found.rules


def test_own_hours_are_written_with_a_dash() -> None:
    assert "08:30:00" == str(parse_hours("08:30-16:30").start)
    with pytest.raises(QuestionError, match="08:30-16:30"):
        parse_hours("16:30-08:30")


def test_a_batch_answers_line_by_line_and_goes_on_after_a_fault(tmp_path: Path) -> None:
    batch = tmp_path / "batch.jsonl"
    batch.write_text(
        '{"url": "https://www.tiktok.com/", "school": "twiss-green", "at": "2026-11-20T10:35"}\n'
        "nonsense\n"
        "\n"
        '{"url": "www.bbc.co.uk", "school": "twiss-green", "duty": "dsl", "audience": "staff"}\n'
    )
    result = CliRunner().invoke(app, ["check", "--batch", str(batch)])
    lines = [json.loads(line) for line in result.stdout.splitlines()]

    assert 1 == result.exit_code
    assert ["block", None, "allow"] == [line.get("verdict") for line in lines]
    assert 2 == lines[1]["line"]
    assert lines[1]["error"].startswith("the line is not a question: JSON is malformed")


def test_options_stand_for_what_a_line_of_a_batch_leaves_out(tmp_path: Path) -> None:
    batch = tmp_path / "batch.jsonl"
    batch.write_text(
        '\ufeff{"url": "https://www.tiktok.com/"}\n'
        '{"url": "https://www.tiktok.com/", "audience": "pupil"}\n'
        '{"url": "https://www.tiktok.com/", "at": "2026-11-20T10:45"}\n'
    )
    options = ["--school", "twiss-green", "--audience", "staff", "--device", "own-device"]
    options += ["--at", "2026-11-20T10:35", "--assume", "staff-break-access"]
    result = CliRunner().invoke(app, ["check", "--batch", str(batch), *options])

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert ["allow", "block", "block"] == [line.get("verdict") for line in lines]


def test_a_reader_who_has_seen_enough_ends_a_batch_without_words(tmp_path: Path) -> None:
    batch = tmp_path / "batch.jsonl"
    batch.write_text('{"url": "www.tiktok.com", "school": "twiss-green"}\n' * 300)
    command = [sys.executable, "-m", "schoolgate_policyd.cli", "check", "--batch", str(batch)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "block" == json.loads(process.stdout.readline())["verdict"]
        process.stdout.close()
        assert "" == process.stderr.read()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check"], "name a web address"),
        (["check", "a.example", "--batch", "-"], "not both"),
        (["check", "--batch", "/nowhere/x"], "cannot be read"),
        (["check", "https://"], "names no host"),
        (["check", "a.example", "--school", "twis-green"], "twiss-green"),
        (["check", "a.example", "--at", "noon"], "2026-11-20T10:35"),
        (["--config", "/nowhere.yaml", "check", "a.example"], "cannot be read"),
    ],
)
def test_a_mistake_on_the_command_line_is_said_in_a_sentence(
    arguments: list[str], words: str
) -> None:
    result = CliRunner().invoke(app, arguments)

    assert 2 == result.exit_code
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_the_command_reads_questions_from_standard_input() -> None:
    question = '{"url": "www.tiktok.com", "school": "twiss-green"}\n'
    ran = subprocess.run(
        [sys.executable, "-m", "schoolgate_policyd.cli", "check", "--batch", "-"],
        input=question,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "block" == json.loads(ran.stdout)["verdict"]


def test_without_json_the_command_prints_sentences() -> None:
    result = CliRunner().invoke(app, ["check", "www.tiktok.com", "--school", "twiss-green"])

    assert 0 == result.exit_code
    assert result.stdout.startswith("BLOCK\n  A pupil on an unknown device asks")


def test_rules_without_mistakes_pass() -> None:
    result = CliRunner().invoke(app, ["check-rules"])

    assert 0 == result.exit_code
    assert result.stdout.startswith("No mistakes in ")


def test_answers_are_the_same_from_code_and_from_a_line(shelf: SnapshotShelf) -> None:
    line = '{"url": "www.tiktok.com", "school": "twiss-green"}'
    from schoolgate_policyd.questions import Question  # noqa: PLC0415

    question = Question(url="www.tiktok.com", school="twiss-green")
    expected = answer(question, shelf.snapshot_of, NOW)
    assert expected == answer_line(line, shelf.snapshot_of, NOW)


@pytest.mark.parametrize(
    ("field", "number"), [("age", -1), ("age", 131), ("year_group", -3), ("year_group", 14)]
)
def test_ages_and_years_that_nobody_has_are_refused(
    shelf: SnapshotShelf, field: str, number: int
) -> None:
    line = f'{{"url": "tiktok.com", "school": "kell-bank", "{field}": {number}}}'

    with pytest.raises(QuestionError, match=f"{field}: `{number}` is not between 0 and"):
        answer_line(line, shelf.snapshot_of, NOW)
