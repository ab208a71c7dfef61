"""
Whether the machine's clock may be believed.

The machine has a second clock that nobody can set: it counts the seconds since it was switched
on, those asleep included. The two run side by side. Where the difference changes faster than a
time server's corrections can change it, the clock has stepped; and a kernel whose clock nobody
keeps right says so. Both are a doubt, which ends once neither has been seen for two minutes.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import inf
from typing import NamedTuple

import msgspec

LARGEST_STEP_S = 60.0
QUIET_FOR_S = 120.0
# The kernel corrects a clock by at most half a millisecond a second (adjtimex(2), tolerance): a
# difference that grows by more than that was not made by corrections. So many small steps one
# after the other count as the large one that they are.
FASTEST_CORRECTION = 500e-6
ASK_EVERY_S = 0.25
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
_ALMOST = 0.02

UNKEPT = "no time server keeps the gateway's clock right"
UNTOLD = "the kernel does not tell whether a time server keeps the gateway's clock right"


class Times(NamedTuple):
    """The machine's time in seconds since 1970, and the seconds since it was switched on."""

    wall_s: float
    ran_s: float


class Trusted(msgspec.Struct, frozen=True):
    """
    By how much the wall clock was ahead of the boot-time clock when it was last trusted.

    That was *ran_s* after the start of the machine that the kernel calls *boot*.
    """

    boot: str
    ahead_s: float
    ran_s: float


class Look(NamedTuple):
    """The machine's clock as it stands (aware); *why* it is doubted, empty while it is not."""

    moment: datetime
    ran_s: float
    why: str


class ClockWatch:
    """
    Watches the machine's clock; threads may share it.

    *times* reads both clocks. *is_synchronised* asks the kernel, which may not tell (None); left
    away, nobody has to keep the clock right. *trusted* is what an earlier process of this *boot*
    knew: a step since then is noticed, however late.
    """

    def __init__(
        self,
        times: Callable[[], Times],
        is_synchronised: Callable[[], bool | None] | None = None,
        *,
        boot: str = "",
        trusted: Trusted | None = None,
    ) -> None:
        self._times = times
        self._is_synchronised = is_synchronised
        self._boot = boot
        self._lock = threading.Lock()
        self._trusted = trusted if trusted is not None and boot and trusted.boot == boot else None
        self._ahead_s: float | None = None
        self._looked_s = 0.0
        if self._trusted is not None:
            self._ahead_s, self._looked_s = self._trusted.ahead_s, self._trusted.ran_s
        self._why = ""
        self._disturbed_s = -inf
        self._asked_s = -inf
        self._unkept = ""

    @property
    def trusted(self) -> Trusted | None:
        """What is known for certain of both clocks, None while nothing ever was."""
        with self._lock:
            return self._trusted

    def look(self) -> Look:
        """Return what time the machine says it is, and whether to believe it."""
        with self._lock:
            wall_s, ran_s = self._times()
            self._compare(wall_s - ran_s, ran_s)
            self._ask(ran_s)
            if self._why and ran_s - self._disturbed_s >= QUIET_FOR_S:
                self._why = ""
            if not self._why:
                self._trusted = Trusted(self._boot, wall_s - ran_s, ran_s)
            return Look(_EPOCH + timedelta(seconds=wall_s), ran_s, self._why)

    def _compare(self, ahead_s: float, ran_s: float) -> None:
        """Notice a step, and let what is expected follow what a time server corrects."""
        expected_s = ahead_s if self._ahead_s is None else self._ahead_s
        corrected_s = FASTEST_CORRECTION * max(0.0, ran_s - self._looked_s)
        # INVARIANT: `_looked_s` and `_ahead_s` change together, so no time is counted twice.
        self._looked_s = ran_s
        step_s = ahead_s - expected_s
        if abs(step_s) <= LARGEST_STEP_S + corrected_s:
            self._ahead_s = expected_s + min(max(step_s, -corrected_s), corrected_s)
            return
        self._ahead_s = ahead_s
        direction = "forward" if step_s > 0 else "back"
        self._disturb(ran_s, f"the gateway's clock stepped {direction} by {in_words(step_s)}")

    def _ask(self, ran_s: float) -> None:
        """Ask the kernel, where the clock has to be kept right, but not at every look."""
        if self._is_synchronised is None:
            return
        if not 0 <= ran_s - self._asked_s < ASK_EVERY_S:
            self._asked_s = ran_s
            answer = self._is_synchronised()
            self._unkept = UNTOLD if answer is None else "" if answer else UNKEPT
        if self._unkept:
            self._disturb(ran_s, self._unkept)

    def _disturb(self, ran_s: float, why: str) -> None:
        self._disturbed_s, self._why = ran_s, why


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def in_words(seconds: float) -> str:
    """Return about how long *seconds* are, forward or back, as people say it: `2 hours`."""
    length_s = abs(seconds)
    for unit_s, name in ((_DAY_S, "day"), (_HOUR_S, "hour"), (_MINUTE_S, "minute")):
        count = round(length_s / unit_s)
        if count > 1 or abs(length_s - unit_s) <= unit_s * _ALMOST:
            return f"{count} {name}{'s' * (count != 1)}"
    count = round(length_s)
    return f"{count} second{'s' * (count != 1)}"
