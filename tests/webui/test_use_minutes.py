"""Minutes of use fall on the school's own days, whatever the clocks do."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.store.event_figures import DaySums, Use
from schoolgate_webui.views.moments import Now
from schoolgate_webui.views.use_minutes import person_days

LONDON = ZoneInfo("Europe/London")
# Around both changes of the clocks, and in summer, where a day of the school begins at 23:00 UTC.
DAYS = [date(2026, 3, 28), date(2026, 6, 10), date(2026, 10, 24), date(2026, 11, 20)]


def now(day: date, ahead: timedelta) -> Now:
    machine = datetime.combine(day, time(12), UTC)
    return Now(machine + ahead, machine, LONDON)


@given(
    first=st.sampled_from(DAYS),
    ahead=st.sampled_from([timedelta(), timedelta(hours=-7, minutes=-13), timedelta(days=-101)]),
    used=st.sets(st.tuples(st.integers(0, 2), st.integers(0, 24 * 60 - 1)), max_size=40),
)
def test_each_minute_counts_once_on_its_local_day(
    first: date, ahead: timedelta, used: set[tuple[int, int]]
) -> None:
    clocks = now(first, ahead)
    sums = []
    for number in range(3):
        bits = sum(1 << minute for day, minute in used if day == number)
        # Two devices and services at once are still one minute.
        use = tuple(Use(client, "heron", (client,), bits) for client in ("a", "b"))
        sums.append(DaySums(first + timedelta(days=number), (), {}, (), use))
    found = {each.day: each.minutes for each in person_days(sums, clocks)}

    start = datetime.combine(first, time(), UTC)
    moments = (start + timedelta(days=day, minutes=minute) for day, minute in used)
    assert Counter(clocks.recorded(each).date() for each in moments) == found


def test_use_of_somebody_who_is_not_known_is_nobodys() -> None:
    sums = DaySums(DAYS[0], (), {}, (), (Use("a", "", (), 7),))

    assert () == person_days([sums], now(DAYS[0], timedelta()))


@pytest.mark.parametrize(("hour", "day"), [(22, date(2026, 6, 10)), (23, date(2026, 6, 11))])
def test_in_summer_the_schools_day_begins_before_midnight_utc(hour: int, day: date) -> None:
    use = Use("a", "heron", ("clips",), 1 << hour * 60)
    sums = DaySums(date(2026, 6, 10), (), {}, (), (use,))

    (found,) = person_days([sums], now(date(2026, 6, 10), timedelta()))
    assert (day, 1, frozenset({"clips"})) == (found.day, found.minutes, found.services)
