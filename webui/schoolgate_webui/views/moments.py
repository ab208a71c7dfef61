"""Times on the school's clock and ages, in words."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core.day_words import weekday_words

_MINUTE_S = 60
_HOUR_S = 60 * _MINUTE_S
_DAY_S = 24 * _HOUR_S
_UNITS = ((_DAY_S, "day"), (_HOUR_S, "hour"), (_MINUTE_S, "minute"))


class Now(msgspec.Struct, frozen=True):
    """
    One moment on both clocks (aware), read once for each request, and the school's zone.

    The sample school's clock is shifted: *school* and *machine* then differ, and what was
    recorded in machine time is shown as the school's clock stood then.
    """

    school: datetime
    machine: datetime
    zone: ZoneInfo

    def local(self, moment: datetime) -> datetime:
        """Return a moment of the school's clock as local time."""
        return moment.astimezone(self.zone)

    def recorded(self, machine_moment: datetime) -> datetime:
        """Return a moment of the machine's clock as the school's clock showed it, local."""
        return self.local(machine_moment + (self.school - self.machine))

    def age(self, machine_moment: datetime) -> timedelta:
        """Return how long ago a moment of the machine's clock was, never negative."""
        return max(self.machine - machine_moment, timedelta())


def day_and_time(local: datetime) -> str:
    """Return `Friday 20 November 2026, 10:31`."""
    return f"{weekday_words(local)}, {local:%H:%M}"


def short_day_and_time(local: datetime) -> str:
    """Return `Fri 20 Nov, 10:31`."""
    return f"{local:%a} {local.day} {local:%b, %H:%M}"


def window(starts: datetime, ends: datetime) -> str:
    """Return the words for [starts, ends) (local): the day is named once when it is one day."""
    if starts.date() == ends.date():
        return f"{day_and_time(starts)} to {ends:%H:%M}"
    return f"{day_and_time(starts)} to {day_and_time(ends)}"


def in_words(length: timedelta) -> str:
    """Return the words for a length of time in its largest unit: `2 hours`, `3 days`."""
    seconds = int(length.total_seconds())
    if seconds < _MINUTE_S:
        return "less than a minute"
    unit_s, word = next(each for each in _UNITS if seconds >= each[0])
    count = seconds // unit_s
    return f"{count} {word}{'' if count == 1 else 's'}"
