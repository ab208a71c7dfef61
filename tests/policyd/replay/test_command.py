"""`schoolgate replay` with a real store, real rule files and everything that can be wrong."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from schoolgate_policyd.cli import app
from schoolgate_policyd.config import default_rules_dir
from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.ipc.messages import (
    AllowedCount,
    Blocked,
    Event,
    EventBatch,
    NumberedEvent,
    PointKind,
)
from schoolgate_policyd.store.day_files import path_of
from schoolgate_policyd.store.events import EventStore

BREAK = datetime(2026, 11, 20, 10, 35, tzinfo=UTC)
RULES = default_rules_dir()
WEEK = ("--since", "2026-11-16", "--until", "2026-11-21")
WITHOUT_BREAK = ("        period: [break, lunch]\n", "        period: [break]\n")
CONFIG = """\
school: twiss-green
is_sample: true
var_dir: {var}
networks:
  - {{id: pupils, cidr: 10.1.0.0/16, audience: pupil, device: school-computer, inspectable: true}}
  - {{id: staff, cidr: 10.2.0.0/16, audience: staff, device: own-device, inspectable: true}}
"""


@pytest.fixture
def var(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture
def config(tmp_path: Path, var: Path) -> Path:
    path = tmp_path / "schoolgate.yaml"
    path.write_text(CONFIG.format(var=var), encoding="utf-8")
    return path


@pytest.fixture
def store(var: Path) -> Iterator[EventStore]:
    with closing(EventStore(var / "events")) as opened:
        yield opened


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """Twiss Green's file, but staff have the break alone, not lunch."""
    text = (RULES / "schools" / "twiss-green.yaml").read_text(encoding="utf-8")
    assert 1 == text.count(WITHOUT_BREAK[0])
    path = tmp_path / "draft.yaml"
    path.write_text(text.replace(*WITHOUT_BREAK), encoding="utf-8")
    return path


def put(store: EventStore, *happened: Event, boot: str = "b1") -> None:
    numbered = tuple(NumberedEvent(number, each) for number, each in enumerate(happened, start=1))
    store.append(EventBatch("dns", boot, numbered), at=BREAK)


def allowed(at: datetime, host: str = "www.tiktok.com", count: int = 1) -> AllowedCount:
    return AllowedCount(at, PointKind.DNS, "10.2.0.1", host, count)


def blocked(at: datetime = BREAK, host: str = "www.tiktok.com") -> Blocked:
    return Blocked(
        at=at,
        school_at=at,
        last_at=at,
        point=PointKind.DNS,
        client="10.1.0.1",
        audience=Audience.PUPIL,
        device=DeviceKind.SCHOOL_COMPUTER,
        network="pupils",
        host=host,
        rules=("pupils-social-media",),
        citations=("Social Media Policy, §7",),
    )


LUNCH = BREAK.replace(hour=12, minute=30)


def run(config: Path, *arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(
        app,
        ["--config", str(config), "replay", *arguments],
        env={"COLUMNS": "160"},
        catch_exceptions=False,
    )
    return result.exit_code, result.stdout, result.stderr


def test_staff_who_lose_lunch_are_told_with_exact_counts(
    config: Path, store: EventStore, draft: Path
) -> None:
    put(
        store,
        allowed(BREAK, count=5),
        allowed(LUNCH, count=7),
        allowed(LUNCH, "www.bbc.co.uk", 9),
        blocked(),
    )

    code, shown, complaints = run(config, "--policy", str(draft), *WEEK)

    assert (0, "") == (code, complaints)
    assert "Of 22 requests, 7 requests would be newly blocked." in shown
    lines = [line.split("  ") for line in shown.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert ["Staff", "lose", "Video sharing", "at lunch", "7", "fewer than 5"] in cells
    assert ["www.tiktok.com", "Staff", "staff-social-media", "7", "fewer than 5"] in cells
    assert "Unchanged: 14 requests open, 1 request blocked." in shown


def test_json_is_one_object_with_the_same_counts(
    config: Path, store: EventStore, draft: Path
) -> None:
    put(store, allowed(LUNCH, count=7))

    code, shown, _ = run(config, "--policy", str(draft), *WEEK, "--json")
    found = json.loads(shown)

    assert 0 == code
    assert {"events": 1, "requests": 7} == found["lost"] == found["total"]
    assert "2026-11-16T00:00:00Z" == found["since"]
    assert [["lost", "staff", "www.tiktok.com"]] == [
        [each["change"], each["audience"], each["host"]] for each in found["names"]
    ]


def test_a_preset_is_compared_with_the_live_policy_or_with_another(
    config: Path, store: EventStore, draft: Path
) -> None:
    put(store, allowed(LUNCH))

    same = run(config, "--policy", "twiss-green", *WEEK)
    against = run(config, "--policy", "twiss-green", "--against", str(draft), *WEEK)

    assert "Nothing changes for 1 request recorded in that time." in same[1]
    assert "1 request would be newly open" in against[1]
    assert 0 == same[0] == against[0]


def test_without_events_it_says_so(config: Path, var: Path) -> None:
    code, shown, complaints = run(config, "--policy", "broad-square")

    assert (0, "") == (code, complaints)
    assert "No requests were recorded in that time." in shown
    assert not (var / "events").exists()


def test_the_last_days_are_replayed_by_the_machines_clock(config: Path, store: EventStore) -> None:
    now = datetime.now(UTC)
    for number, age in enumerate((timedelta(hours=1), timedelta(days=3), timedelta(days=30))):
        numbered = (NumberedEvent(1, blocked(now - age)),)
        store.append(EventBatch("dns", f"boot-{number}", numbered), at=now)

    def count(*arguments: str) -> int:
        _, shown, _ = run(config, "--policy", "twiss-green", "--json", *arguments)
        events = json.loads(shown)["total"]["events"]
        assert isinstance(events, int)
        return events

    assert 2 == count()
    assert 1 == count("--days", "1")
    assert 3 == count("--days", "60")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--policy", "nowhere"), "`nowhere` is no school in schools/"),
        (("--policy", "/nowhere/x.yaml"), "/nowhere/x.yaml:1:1: cannot be read"),
        (("--policy", "twiss-green", "--against", "nowhere"), "`nowhere`"),
        (("--policy", "twiss-green", "--since", "soon"), "`soon` is not a moment"),
        (("--policy", "twiss-green", "--until", "2026-02-30"), "not on any calendar"),
        (("--policy", "twiss-green", "--since", "2099-01-01"), "ends before it begins"),
        (("--policy", "twiss-green", "--days", "0"), "--days"),
        ((), "--policy"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_replayed(
    config: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    code, shown, complaints = run(config, *arguments)

    assert 2 == code
    assert complaint in complaints
    assert "" == shown


def test_a_mistake_in_the_file_is_named_with_its_place_in_that_file(
    config: Path, draft: Path
) -> None:
    text = draft.read_text(encoding="utf-8")
    line = text[: text.index("[break]")].count("\n") + 1
    draft.write_text(text.replace("[break]", "[brake]"), encoding="utf-8")

    code, _, complaints = run(config, "--policy", str(draft))

    assert 2 == code
    assert f"{draft}:{line}:" in complaints
    assert "brake" in complaints


def test_a_damaged_day_is_left_out_and_the_exit_code_says_so(
    config: Path, store: EventStore, var: Path, draft: Path
) -> None:
    put(store, allowed(LUNCH, count=7), allowed(LUNCH - timedelta(days=1), count=2))
    store.close()
    path = path_of(var / "events", LUNCH.date())
    path.write_bytes(b"garbage" * 1000)

    code, shown, complaints = run(config, "--policy", str(draft), *WEEK)

    assert 1 == code
    assert "2 requests would be newly blocked" in shown
    assert f"schoolgate: {path}: is damaged" in complaints


def test_hostile_names_reach_no_terminal(config: Path, store: EventStore, draft: Path) -> None:
    put(
        store,
        allowed(LUNCH, "\x1b]0;owned\x07\x1b[31m.tiktok.com"),
        allowed(LUNCH, "[bold red]www[/].tiktok.com"),
        allowed(LUNCH, "xn--80ak6aa92e.tiktok.com", 3),
        allowed(LUNCH, f"{'a' * 63}.{'b' * 63}.{'c' * 63}.tiktok.com"),
    )

    code, shown, _ = run(config, "--policy", str(draft), *WEEK)

    assert 0 == code
    assert "\x1b" not in shown
    assert "bold" not in shown
    assert "xn--80ak6aa92e.tiktok.com" in shown
    assert "2 requests asked for something that is no name: not decided anew." in shown


def test_at_most_the_names_asked_for_are_printed(
    config: Path, store: EventStore, draft: Path
) -> None:
    put(store, *(allowed(LUNCH, f"n{number}.tiktok.com", number) for number in range(1, 6)))

    _, shown, _ = run(config, "--policy", str(draft), *WEEK, "--names", "2")

    assert "n5.tiktok.com" in shown
    assert "n4.tiktok.com" in shown
    assert "n3.tiktok.com" not in shown
    assert "and 3 more" in shown


def in_process(config: Path, *arguments: str) -> list[str]:
    program = [sys.executable, "-m", "schoolgate_policyd.cli"]
    return [*program, "--config", str(config), "replay", "--policy", "twiss-green", *arguments]


def test_progress_is_drawn_on_a_terminal_alone(config: Path, store: EventStore) -> None:
    put(store, *(allowed(LUNCH, f"n{number}.example") for number in range(3_000)))
    ours, theirs = pty.openpty()

    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    on_terminal = subprocess.run(
        in_process(config, *WEEK),
        stdout=subprocess.PIPE,
        stderr=theirs,
        check=True,
        env=environment,
    )
    os.close(theirs)
    drawn = os.read(ours, 65_536).decode()
    os.close(ours)
    piped = subprocess.run(
        in_process(config, *WEEK), capture_output=True, check=True, env=environment
    )

    assert "Replaying" in drawn
    assert "events" in drawn
    assert b"" == piped.stderr
    # The time to replay has an end, so both say the same.
    assert piped.stdout == on_terminal.stdout
    assert b"\x1b" not in piped.stdout
