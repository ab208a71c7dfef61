"""
The two clocks.

The machine's clock serves certificates, sessions and audit. The school's clock serves periods
and grants; the sample school alone may shift it. The highest school time ever seen is kept, so a
clock that went backwards revives nothing: the school's clock stands still until time catches up.
While the machine's clock may not be believed (`clock_doubt`), it goes on from the last moment that
was certain, by the seconds that the machine has run.

policyd is the only writer of the clock's file, and before it starts the supervisor; every
other process reads it once, at its start.
"""

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

import msgspec
import structlog

from schoolgate_policyd import kernel_clock
from schoolgate_policyd.clock_doubt import (
    LARGEST_STEP_S,
    ClockWatch,
    Look,
    Trusted,
    in_words,
)
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.core.moments import parse_moment
from schoolgate_policyd.core.times import require_aware
from schoolgate_policyd.settings import Settings
from schoolgate_policyd.whole_files import write_whole

FIRST_SAMPLE_MOMENT = datetime(2026, 11, 20, 10, 29, tzinfo=ZoneInfo("Europe/London"))
KEEP_EVERY_S = 5.0
# Less than this is the ordinary work of a time daemon.
NOTABLE_LAG = timedelta(seconds=5)
LARGEST_LAG = timedelta(seconds=LARGEST_STEP_S)
MAX_FILE_OCTETS = 4096
_BEHIND = (
    "the gateway's clock is {} behind the highest time seen: set it right, or if that time was "
    "wrong, stop Schoolgate, remove clock.json and start again"
)

log = structlog.get_logger(__name__)


class ClockError(SchoolgateError):
    """The school's clock cannot be set or its file not read; the message names the remedy."""


class Clock(Protocol):
    """Something that knows what time it is."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...


class MachineClock:
    """The clock of the machine, never shifted."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return datetime.now(UTC)


class Doubt(NamedTuple):
    """Why nobody knows the time, in a sentence, and the last moment that was certain (aware)."""

    why: str
    since: datetime


class ClockState(msgspec.Struct, frozen=True):
    """
    What is kept: the shift in seconds, and the highest school time ever seen (aware).

    *trusted* is what was last known for certain of the machine's clocks.
    """

    shift_s: float = 0.0
    highest: datetime | None = None
    trusted: Trusted | None = None

    def __post_init__(self) -> None:
        if self.highest is not None:
            require_aware(self.highest)


class SchoolClock:
    """
    The school's clock: *machine* and a shift, never before the highest time seen.

    With a *watch* it is that one's machine, and a step of it is not followed before it is sure:
    not even for the moment between the step and the next look. Threads may share it.
    """

    def __init__(
        self,
        machine: Clock | None = None,
        state: ClockState | None = None,
        watch: ClockWatch | None = None,
    ) -> None:
        state = state or ClockState()
        self._machine = machine or MachineClock()
        self._watch = watch
        self._shift = timedelta(seconds=state.shift_s)
        self._lock = threading.Lock()
        look = self._read()
        # What a clock says that was never sure is good for now, and not worth keeping.
        self._is_certain = state.highest is not None or not look.why
        self._highest = state.highest or look.moment + self._shift
        self._ran_s = look.ran_s
        self._lag = timedelta()
        self._doubt: Doubt | None = None
        self._look()

    def now(self) -> datetime:
        """Return the school's moment, aware, in UTC; never less than a certain one before."""
        with self._lock:
            self._look()
            return self._highest

    @property
    def doubt(self) -> Doubt | None:
        """Why nobody knows what time it is, None while it is known."""
        with self._lock:
            self._look()
            return self._doubt

    @property
    def state(self) -> ClockState:
        """What has to be kept for the next start."""
        highest = self.now()
        return ClockState(
            self._shift.total_seconds(),
            highest if self._is_certain else None,
            None if self._watch is None else self._watch.trusted,
        )

    @property
    def lag(self) -> timedelta:
        """How far the machine's clock is behind the highest time seen; zero if it is not."""
        with self._lock:
            self._look()
            return self._lag

    def _read(self) -> Look:
        return Look(self._machine.now(), 0.0, "") if self._watch is None else self._watch.look()

    def _look(self) -> None:
        look = self._read()
        last, ran_for_s = self._highest, max(0.0, look.ran_s - self._ran_s)
        self._ran_s = look.ran_s
        moment = look.moment + self._shift
        why = look.why
        if why:
            self._highest += timedelta(seconds=ran_for_s)
        elif not self._is_certain:
            self._highest, self._is_certain = moment, True
        self._lag = max(timedelta(), self._highest - moment)
        if not why:
            self._highest = max(self._highest, moment)
            # A clock that stands still ends no grant.
            if self._lag > LARGEST_LAG:
                why = _BEHIND.format(in_words(self._lag.total_seconds()))
        if not why:
            self._doubt = None
        elif self._doubt is None or self._doubt.why != why:
            self._doubt = Doubt(why, last if self._doubt is None else self._doubt.since)


def read_clock_state(path: Path) -> ClockState | None:
    """Return what *path* keeps, or None when there is no such file. Raises ClockError."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(MAX_FILE_OCTETS), type=ClockState)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ClockError(f"{path}: cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, ValueError, OverflowError) as error:
        raise ClockError(
            f"{path}: does not hold a clock; stop Schoolgate, remove the file and start again"
        ) from error


def open_school_clock(settings: Settings, machine: Clock | None = None) -> SchoolClock:
    """
    Return the school's clock for a process that starts; the file is only read.

    Without a file that can be read it is the machine's clock, and that is logged. Where a
    *machine* is given, it is believed whatever it says.
    """
    try:
        state = read_clock_state(settings.clock_path) or ClockState()
        if not settings.is_sample:
            state = msgspec.structs.replace(state, shift_s=0.0)
        clock = SchoolClock(machine, state, _watch(settings, machine, state))
        lag = clock.lag
    except (ClockError, OverflowError) as error:
        log.error("the school's clock starts anew", cause=str(error))  # noqa: TRY400 - the cause says all
        return SchoolClock(machine, watch=_watch(settings, machine, ClockState()))
    if lag > NOTABLE_LAG:
        log.error(
            "the machine's clock is behind the highest time seen; the school's clock stands still",
            behind_s=round(lag.total_seconds()),
            remedy=f"set the clock; if the highest time was wrong, remove {settings.clock_path}",
        )
    return clock


def _watch(settings: Settings, machine: Clock | None, state: ClockState) -> ClockWatch | None:
    if machine is not None:
        return None
    return ClockWatch(
        kernel_clock.read_times,
        kernel_clock.is_synchronised if settings.clock.must_be_synchronised else None,
        boot=kernel_clock.boot_id(),
        trusted=state.trusted,
    )


async def keep_clock(clock: SchoolClock, path: Path, every_s: float = KEEP_EVERY_S) -> None:
    """Keep the highest time in *path* until cancelled, and once more then."""
    try:
        while True:
            await asyncio.to_thread(_keep, clock, path)
            await asyncio.sleep(every_s)
    finally:
        _keep(clock, path)


def _keep(clock: SchoolClock, path: Path) -> None:
    try:
        write_whole(path, msgspec.json.encode(clock.state))
    except OSError as error:
        log.error("the highest time seen is not kept", cause=str(error))  # noqa: TRY400 - the cause says all


def set_school_clock(
    settings: Settings, at: str | None, zone: ZoneInfo, machine: Clock | None = None
) -> None:
    """
    Set the school's clock before a start, to *at*: a moment in *zone*'s wall time, or `now`.

    None leaves it going on, or sets the sample school's to its first moment at the first
    start. Only this may turn it back. Raises ClockError and MomentSyntaxError.
    """
    if at is not None and not settings.is_sample:
        raise ClockError(
            "only the sample school's clock can be set: leave `--at` away, "
            "or start with a configuration that has `is_sample: true`"
        )
    if not settings.is_sample or (
        at is None and read_clock_state(settings.clock_path) is not None
    ):
        return
    present = (machine or MachineClock()).now()
    if at is None:
        moment = FIRST_SAMPLE_MOMENT.astimezone(UTC)
    else:
        moment = present if at == "now" else parse_moment(at, zone)
    state = ClockState((moment - present).total_seconds(), moment)
    try:
        write_whole(settings.clock_path, msgspec.json.encode(state))
    except OSError as error:
        raise ClockError(f"{settings.clock_path}: cannot be written: {error.strerror}") from error
