"""A clock that is not kept right, or that steps, is not believed; and it lengthens nothing."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from two_clocks import BOOT, START, FakeMachine

from schoolgate_policyd import kernel_clock
from schoolgate_policyd.clock import ClockState, SchoolClock, open_school_clock
from schoolgate_policyd.clock_doubt import UNKEPT, UNTOLD, ClockWatch, Trusted, in_words
from schoolgate_policyd.config import ClockSettings, Settings

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
# Longer than a doubt lasts, and looked at often enough.
LONG_ENOUGH_S = 121


def watch_of(
    machine: FakeMachine, *, has_to_be_kept: bool = False, trusted: Trusted | None = None
) -> ClockWatch:
    asked = machine.is_synchronised if has_to_be_kept else None
    return ClockWatch(machine.times, asked, boot=BOOT, trusted=trusted)


def clock_of(
    machine: FakeMachine, state: ClockState | None = None, *, has_to_be_kept: bool = False
) -> SchoolClock:
    trusted = None if state is None else state.trusted
    watch = watch_of(machine, has_to_be_kept=has_to_be_kept, trusted=trusted)
    return SchoolClock(state=state, watch=watch)


def is_doubted(clock: SchoolClock) -> bool:
    return clock.doubt is not None


def after(seconds: float) -> object:
    return START + timedelta(seconds=seconds)


@pytest.mark.parametrize("step_s", [61.0, -61.0, 2 * HOUR_S, -2 * HOUR_S, 400 * DAY_S])
def test_a_step_is_not_followed_not_even_for_a_moment(step_s: float) -> None:
    machine = FakeMachine()
    clock = clock_of(machine)
    machine.pass_s(10)
    assert after(10) == clock.now()

    machine.step(step_s)
    assert after(10) == clock.now()
    machine.pass_s(100)
    assert after(110) == clock.now()
    assert is_doubted(clock)


@pytest.mark.parametrize("step_s", [59.0, 60.0])
def test_what_a_time_server_corrects_is_no_step(step_s: float) -> None:
    machine = FakeMachine()
    clock = clock_of(machine)
    machine.step(step_s)

    assert after(step_s) == clock.now()
    assert not is_doubted(clock)


@pytest.mark.parametrize("direction", [1, -1])
def test_many_small_steps_are_a_large_one(direction: int) -> None:
    """Whoever answers in the time server's place must not walk the clock to lunch."""
    machine = FakeMachine()
    clock = clock_of(machine)
    for _ in range(3):
        machine.pass_s(64)
        machine.step(30 * direction)
        clock.now()

    assert is_doubted(clock)


def test_a_clock_that_runs_a_little_wrong_all_day_is_no_step() -> None:
    """The kernel corrects by at most half a millisecond a second, here for three days."""
    machine = FakeMachine()
    clock = clock_of(machine)
    for _ in range(72):
        machine.pass_s(HOUR_S)
        machine.step(HOUR_S * 490e-6)
        clock.now()

    assert machine.moment == clock.now()
    assert not is_doubted(clock)


def test_a_process_that_looks_once_a_week_tells_a_step_from_corrections() -> None:
    machine = FakeMachine()
    clock = clock_of(machine)
    machine.pass_s(7 * DAY_S)
    machine.step(200)  # of 302 s that corrections could make
    assert not is_doubted(clock)
    machine.pass_s(7 * DAY_S)
    machine.step(400)
    assert is_doubted(clock)


def test_a_doubt_ends_two_minutes_after_the_last_step_and_the_time_is_taken_over() -> None:
    machine = FakeMachine()
    clock = clock_of(machine)
    machine.step(2 * HOUR_S)
    clock.now()
    machine.pass_s(100)
    machine.step(300)
    clock.now()
    machine.pass_s(119)
    assert is_doubted(clock)
    assert after(219) == clock.now()

    machine.pass_s(2)
    assert not is_doubted(clock)
    assert machine.moment == clock.now()


def test_a_step_back_is_followed_by_standing_still_which_is_a_doubt_too() -> None:
    """A clock that stands still would end no grant."""
    machine = FakeMachine()
    clock = clock_of(machine)
    machine.step(-HOUR_S)
    for _ in range(LONG_ENOUGH_S):
        clock.now()
        machine.pass_s(1)

    assert after(120) >= clock.now() >= after(119)
    assert clock.doubt is not None
    assert "1 hour behind the highest time seen" in clock.doubt.why
    stands_at = clock.now()
    machine.pass_s(HOUR_S - 70)
    assert stands_at == clock.now()
    assert is_doubted(clock)
    machine.pass_s(20)
    assert stands_at == clock.now()
    assert not is_doubted(clock)
    machine.pass_s(61)
    assert machine.moment == clock.now()


def test_since_is_the_last_certain_moment_for_as_long_as_the_doubt_lasts() -> None:
    machine = FakeMachine()
    clock = clock_of(machine)
    machine.pass_s(10)
    clock.now()
    machine.step(-HOUR_S)
    found = set()
    for _ in range(10):
        machine.pass_s(30)
        assert clock.doubt is not None
        found.add(clock.doubt.since)

    assert {after(10)} == found


@pytest.mark.parametrize(("kept", "why"), [(False, UNKEPT), (None, UNTOLD)])
def test_where_the_clock_has_to_be_kept_right_one_that_is_not_is_doubted(
    kept: bool | None, why: str
) -> None:
    machine = FakeMachine()
    clock = clock_of(machine, has_to_be_kept=True)
    assert not is_doubted(clock)
    machine.kept = kept
    machine.pass_s(HOUR_S)

    assert clock.doubt is not None
    assert why == clock.doubt.why
    machine.kept = True
    for _ in range(3):
        machine.pass_s(39)
        assert is_doubted(clock)
    machine.pass_s(3)
    assert not is_doubted(clock)


def test_elsewhere_nobody_asks() -> None:
    machine = FakeMachine()
    machine.kept = False

    assert not is_doubted(clock_of(machine))
    assert 0 == machine.times_asked


def test_the_kernel_is_not_asked_at_every_query() -> None:
    machine = FakeMachine()
    clock = clock_of(machine, has_to_be_kept=True)
    before = machine.times_asked
    for _ in range(100):
        machine.pass_s(0.01)
        clock.now()

    assert 3 <= machine.times_asked - before <= 5


def test_after_a_weekend_switched_off_a_clock_that_is_kept_right_is_believed() -> None:
    friday = ClockState(highest=START, trusted=Trusted("another boot", 1.0, 50_000.0))
    machine = FakeMachine(START + timedelta(days=3), ran_s=20.0)
    clock = clock_of(machine, friday, has_to_be_kept=True)

    assert machine.moment == clock.now()
    assert not is_doubted(clock)


def test_with_a_dead_battery_time_goes_on_from_the_highest_ever_seen() -> None:
    """The clock comes back in 1970 and is set right when a time server is found."""
    machine = FakeMachine(START - timedelta(days=20_000), ran_s=20.0)
    machine.kept = False
    clock = clock_of(machine, ClockState(highest=START), has_to_be_kept=True)
    assert START == clock.now()
    machine.pass_s(600)
    assert after(600) == clock.now()
    assert is_doubted(clock)

    machine.step(20_000 * DAY_S + HOUR_S)
    machine.kept = True
    clock.now()
    machine.pass_s(LONG_ENOUGH_S)
    assert not is_doubted(clock)
    assert machine.moment == clock.now()


def test_with_a_dead_battery_and_no_time_server_it_is_doubted_until_it_is_set() -> None:
    machine = FakeMachine(START - timedelta(days=20_000), ran_s=20.0)
    clock = clock_of(machine, ClockState(highest=START))
    machine.pass_s(10 * HOUR_S)

    assert is_doubted(clock)
    assert START == clock.now()


def test_what_a_clock_says_that_nobody_kept_right_is_not_kept_as_the_highest() -> None:
    """A wrong year, once kept, would be the highest for ever."""
    machine = FakeMachine(START + timedelta(days=4000), ran_s=20.0)
    machine.kept = False
    clock = clock_of(machine, has_to_be_kept=True)
    assert machine.moment == clock.now()
    assert clock.state.highest is None

    machine.step(-4000 * DAY_S)
    machine.kept = True
    clock.now()
    machine.pass_s(LONG_ENOUGH_S)
    assert not is_doubted(clock)
    assert machine.moment == clock.now() == clock.state.highest


def test_a_process_that_starts_after_a_step_of_the_same_boot_notices_it() -> None:
    machine = FakeMachine()
    before = clock_of(machine)
    machine.pass_s(60)
    state = before.state
    machine.step(2 * HOUR_S)
    after_it = clock_of(machine, state)

    assert is_doubted(after_it)
    assert after(60) == after_it.now()
    machine.pass_s(LONG_ENOUGH_S)
    assert not is_doubted(after_it)


def test_what_is_kept_while_in_doubt_is_what_was_certain() -> None:
    machine = FakeMachine()
    clock = clock_of(machine)
    machine.pass_s(60)
    certain = clock.state
    machine.step(2 * HOUR_S)
    machine.pass_s(10)
    state = clock.state

    assert certain.trusted == state.trusted
    assert after(70) == state.highest


def test_the_sample_schools_shift_goes_on_and_steps_still_matter() -> None:
    machine = FakeMachine()
    state = ClockState(shift_s=-DAY_S, highest=START - timedelta(days=1))
    clock = clock_of(machine, state)
    machine.pass_s(5)
    assert after(5 - DAY_S) == clock.now()
    machine.step(2 * HOUR_S)
    machine.pass_s(5)

    assert after(10 - DAY_S) == clock.now()
    assert is_doubted(clock)


@pytest.mark.parametrize("has_to_be_kept", [True, False])
def test_the_settings_say_whether_the_kernel_is_asked(
    tmp_path: Path, *, has_to_be_kept: bool
) -> None:
    settings = Settings(var_dir=tmp_path, clock=ClockSettings(must_be_synchronised=has_to_be_kept))
    clock = open_school_clock(settings)

    assert is_doubted(clock) is (has_to_be_kept and not kernel_clock.is_synchronised())


def test_a_file_from_before_the_last_step_is_read(tmp_path: Path) -> None:
    """The real clocks: what an earlier process of this boot kept says that there was a step."""
    times = kernel_clock.read_times()
    trusted = Trusted(kernel_clock.boot_id(), times.wall_s - times.ran_s - 7200, times.ran_s)
    settings = Settings(var_dir=tmp_path)
    settings.clock_path.parent.mkdir(parents=True, exist_ok=True)
    settings.clock_path.write_bytes(msgspec.json.encode(ClockState(trusted=trusted)))

    doubt = open_school_clock(settings).doubt
    assert doubt is not None
    assert "the gateway's clock stepped forward by 2 hours" == doubt.why


def test_the_kernels_clocks_are_read_at_one_moment() -> None:
    first, second = kernel_clock.read_times(), kernel_clock.read_times()

    assert 0 <= second.ran_s - first.ran_s < 5
    assert abs((second.wall_s - second.ran_s) - (first.wall_s - first.ran_s)) < 0.05
    assert kernel_clock.is_synchronised() in {True, False}
    assert 36 == len(kernel_clock.boot_id())


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1.0, "1 second"),
        (-58.0, "58 seconds"),
        (3599.0, "1 hour"),
        (60.0, "1 minute"),
        (100.0, "2 minutes"),
        (3600.0, "1 hour"),
        (-7200.0, "2 hours"),
        (86_400.0, "1 day"),
        (1e9, "11574 days"),
    ],
)
def test_a_length_of_time_is_told_as_people_tell_it(seconds: float, words: str) -> None:
    assert words == in_words(seconds)
