"""Two clocks: one that only the sample school may shift, and that never goes back."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from ipc_world import eventually

from schoolgate_policyd.clock import (
    FIRST_SAMPLE_MOMENT,
    ClockError,
    ClockState,
    MachineClock,
    SchoolClock,
    keep_clock,
    open_school_clock,
    read_clock_state,
    set_school_clock,
)
from schoolgate_policyd.config import Settings
from schoolgate_policyd.core.moments import MomentSyntaxError

LONDON = ZoneInfo("Europe/London")
START = datetime(2027, 1, 11, 9, 0, tzinfo=UTC)


class FakeMachine:
    def __init__(self, moment: datetime = START) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def pass_s(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


def _write_clock(var_dir: Path, content: bytes) -> None:
    path = _sample(var_dir).clock_path
    path.parent.mkdir()
    path.write_bytes(content)


def _sample(tmp_path: Path) -> Settings:
    return Settings(is_sample=True, var_dir=tmp_path)


def _school(tmp_path: Path) -> Settings:
    return Settings(is_sample=False, var_dir=tmp_path)


def test_the_machines_clock_is_aware_and_in_utc() -> None:
    assert UTC is MachineClock().now().tzinfo


def test_the_sample_school_starts_a_minute_before_its_first_break(tmp_path: Path) -> None:
    machine = FakeMachine()
    set_school_clock(_sample(tmp_path), None, LONDON, machine)
    clock = open_school_clock(_sample(tmp_path), machine)

    assert FIRST_SAMPLE_MOMENT == clock.now()
    assert (2026, 11, 20, 10, 29) == clock.now().astimezone(LONDON).timetuple()[:5]
    machine.pass_s(61)
    assert FIRST_SAMPLE_MOMENT + timedelta(seconds=61) == clock.now()


def test_a_second_start_goes_on(tmp_path: Path) -> None:
    machine = FakeMachine()
    set_school_clock(_sample(tmp_path), None, LONDON, machine)
    machine.pass_s(600)
    set_school_clock(_sample(tmp_path), None, LONDON, machine)

    expected = FIRST_SAMPLE_MOMENT + timedelta(seconds=600)
    assert expected == open_school_clock(_sample(tmp_path), machine).now()


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-20T12:14:30", datetime(2026, 11, 20, 12, 14, 30, tzinfo=UTC)),
        ("2026-07-01T12:14", datetime(2026, 7, 1, 11, 14, tzinfo=UTC)),
        ("2026-07-01T12:14+00:00", datetime(2026, 7, 1, 12, 14, tzinfo=UTC)),
        ("now", START),
    ],
)
def test_the_sample_schools_clock_can_be_set(tmp_path: Path, at: str, expected: datetime) -> None:
    machine = FakeMachine()
    set_school_clock(_sample(tmp_path), at, LONDON, machine)

    assert expected == open_school_clock(_sample(tmp_path), machine).now()


def test_setting_it_may_turn_it_back(tmp_path: Path) -> None:
    machine = FakeMachine()
    set_school_clock(_sample(tmp_path), "2026-11-27T10:00", LONDON, machine)
    set_school_clock(_sample(tmp_path), "2026-11-20T10:00", LONDON, machine)

    expected = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    assert expected == open_school_clock(_sample(tmp_path), machine).now()


def test_only_the_sample_school_can_be_set(tmp_path: Path) -> None:
    with pytest.raises(ClockError, match="leave `--at` away"):
        set_school_clock(_school(tmp_path), "2026-11-20T10:00", LONDON)
    assert not _sample(tmp_path).clock_path.exists()


def test_a_shift_in_the_file_moves_no_real_school(tmp_path: Path) -> None:
    machine = FakeMachine()
    set_school_clock(_sample(tmp_path), "2026-11-20T10:00", LONDON, machine)

    assert START == open_school_clock(_school(tmp_path), machine).now()


def test_what_is_no_moment_sets_nothing(tmp_path: Path) -> None:
    with pytest.raises(MomentSyntaxError, match="`half past ten`"):
        set_school_clock(_sample(tmp_path), "half past ten", LONDON)
    assert not _sample(tmp_path).clock_path.exists()


def test_a_machine_clock_that_goes_back_leaves_the_schools_standing() -> None:
    machine = FakeMachine()
    clock = SchoolClock(machine)
    machine.pass_s(100)
    assert START + timedelta(seconds=100) == clock.now()
    machine.pass_s(-3600)
    assert START + timedelta(seconds=100) == clock.now()
    assert timedelta(seconds=3600) == clock.lag
    machine.pass_s(3600 + 5)
    assert START + timedelta(seconds=105) == clock.now()
    assert timedelta(0) == clock.lag


def test_a_machine_clock_that_went_back_between_two_starts_revives_nothing(
    tmp_path: Path,
) -> None:
    async def first_run() -> None:
        clock = open_school_clock(_school(tmp_path), machine)
        keeping = asyncio.create_task(keep_clock(clock, _school(tmp_path).clock_path))
        await eventually(lambda: read_clock_state(_school(tmp_path).clock_path) is not None)
        machine.pass_s(1000)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)

    machine = FakeMachine()
    asyncio.run(first_run())
    machine.pass_s(-5000)

    assert START + timedelta(seconds=1000) == open_school_clock(_school(tmp_path), machine).now()


def test_the_highest_time_is_kept_while_it_runs(tmp_path: Path) -> None:
    """Not only at the stop: a power cut is no stop."""

    async def run() -> None:
        path = _school(tmp_path).clock_path
        keeping = asyncio.create_task(keep_clock(SchoolClock(machine), path, every_s=0.01))
        for _ in range(3):
            machine.pass_s(60)
            await eventually(
                lambda: (read_clock_state(path) or ClockState()).highest == machine.moment
            )
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)

    machine = FakeMachine()
    asyncio.run(run())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"shift_s": "a lot"}',
        b'{"highest": "2026-11-20T10:00:00"}',
        b'{"highest": "yesterday"}',
        b'{"shift_s": 1e300}',
        b"\xff" * 5000,
    ],
)
def test_a_damaged_file_stops_no_process(tmp_path: Path, content: bytes) -> None:
    _write_clock(tmp_path, content)
    machine = FakeMachine()

    assert START == open_school_clock(_sample(tmp_path), machine).now()


def test_a_damaged_file_is_named_before_a_start(tmp_path: Path) -> None:
    _write_clock(tmp_path, b"{")
    with pytest.raises(ClockError, match=r"clock\.json: does not hold a clock; .* remove"):
        set_school_clock(_sample(tmp_path), None, LONDON)


def test_across_the_clock_change_the_schools_clock_runs_on_evenly() -> None:
    """Moments are UTC, so the hour that comes twice is two hours."""
    machine = FakeMachine(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    clock = SchoolClock(machine)
    first = clock.now()
    machine.pass_s(3600)
    second = clock.now()

    assert timedelta(hours=1) == second - first
    assert first.astimezone(LONDON).strftime("%H:%M") == second.astimezone(LONDON).strftime(
        "%H:%M"
    )
