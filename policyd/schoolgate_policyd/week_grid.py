"""
A week as a grid: days down, the school's wall clock across, the hours without change folded up.

What is outside the hours shown has one verdict a day on either side, so a drawing needs only a
narrow column for it and hides nothing.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core.decision import Verdict
from schoolgate_policyd.core.week import Stretch, Week, WeekDay

HOUR = 60
MIDNIGHT = 24 * HOUR


class Band(msgspec.Struct, frozen=True):
    """A verdict on [start, end), in minutes of the wall clock since midnight."""

    start: float
    end: float
    verdict: Verdict


class GridDay(msgspec.Struct, frozen=True):
    """A day's bands without gaps; *hours* is 23 or 25 where the clocks change."""

    day: date
    bands: tuple[Band, ...]
    hours: int

    def at(self, minute: float) -> Verdict:
        """Return the verdict at *minute* of the day."""
        return next(each.verdict for each in self.bands if each.start <= minute < each.end)


class Grid(msgspec.Struct, frozen=True):
    """
    The days, and the whole hours between which everything changes, in minutes.

    Before *first* and from *last* on every day has one verdict and one period. A week in which
    nothing changes has the whole day between them.
    """

    days: tuple[GridDay, ...]
    first: int
    last: int


def grid_of(week: Week) -> Grid:
    """Return *week* as a grid."""
    zone = ZoneInfo(week.zone)
    edges = [
        minute
        for day in week.days
        for each in day.stretches[1:]
        for minute in [_minute(each.start, zone)]
    ]
    return Grid(
        days=tuple(_grid_day(each, zone) for each in week.days),
        first=int(min(edges, default=0) // HOUR * HOUR),
        last=int(-(-max(edges, default=MIDNIGHT) // HOUR) * HOUR),
    )


def _grid_day(day: WeekDay, zone: ZoneInfo) -> GridDay:
    bands: list[Band] = []
    reached = 0.0
    for stretch in day.stretches:
        # Where the clocks go back the wall clock shows an hour twice; time never goes back here.
        end = max(reached, _end_minute(stretch, day, zone))
        if bands and bands[-1].verdict is stretch.verdict:
            bands[-1] = msgspec.structs.replace(bands[-1], end=end)
        elif end > reached:
            bands.append(Band(reached, end, stretch.verdict))
        reached = end
    length = day.stretches[-1].end - day.stretches[0].start
    return GridDay(day.day, tuple(bands), length // timedelta(hours=1))


def _end_minute(stretch: Stretch, day: WeekDay, zone: ZoneInfo) -> float:
    if stretch.end == day.stretches[-1].end:
        return MIDNIGHT
    return _minute(stretch.end, zone)


def _minute(moment: datetime, zone: ZoneInfo) -> float:
    local = moment.astimezone(zone)
    return local.hour * HOUR + local.minute + local.second / 60


def clock(minute: int) -> str:
    """Return a minute of the day as a clock shows it; the day's end is 24:00."""
    return f"{minute // HOUR:02}:{minute % HOUR:02}"
