"""
The nights on which the clocks change, on real processes under libfaketime.

The school is closed on both nights, so these tests give it a timetable of the night: break from
01:30 to 01:45 and from 02:30 to 02:45. On 25 October 2026 01:30 comes twice; on 28 March 2027 it
never comes.
"""

from pathlib import Path

import pytest
from whole_school import WholeSchool, with_own_rules

TEACHER = "127.0.2.10"
NIGHT = """\
timetable: primary-day
days:
  - weekdays: [monday, tuesday, wednesday, thursday, friday, saturday, sunday]
    bells:
      - {at: "00:15", period: lesson}
      - {at: "01:30", period: break}
      - {at: "01:45", period: lesson}
      - {at: "02:30", period: break}
      - {at: "02:45", period: lesson}
      - {at: "05:00", period: closed}
"""


def night_school(machine_time: str) -> WholeSchool:
    """A school that starts at *machine_time* (UTC) with real time and a night's timetable."""
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    assert libraries, "the Debian package libfaketime is not installed"
    school = WholeSchool(
        at="now",
        environment={
            "LD_PRELOAD": str(libraries[0]),
            "FAKETIME": f"@{machine_time}",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "TZ": "UTC",
        },
    )
    rules = with_own_rules(school)
    (rules / "timetables" / "primary-day.yaml").write_text(NIGHT)
    # Its own examples speak of the day's bells: with them no proof would let the policy pass.
    twiss_green = rules / "schools" / "twiss-green.yaml"
    twiss_green.write_text(twiss_green.read_text().partition("\nexamples:\n")[0] + "\n")
    calendar = rules / "calendars" / "england-2026-27.yaml"
    calendar.write_text(calendar.read_text().replace("2027-03-25", "2027-03-29"))
    return school


@pytest.mark.parametrize(
    ("machine_time", "is_open"),
    [
        ("2026-10-25 00:35:00", True),  # 01:35, the first time
        ("2026-10-25 01:35:00", False),  # 01:35 again: break is long over
        ("2027-03-28 00:50:00", False),  # 00:50, before the skipped hour
        ("2027-03-28 01:05:00", False),  # 02:05, just after it: its break never was
        ("2027-03-28 01:35:00", True),  # 02:35
    ],
)
def test_a_bell_of_the_night_rings_once(machine_time: str, is_open: bool) -> None:
    with night_school(machine_time) as school:
        found = "status: NOERROR" in school.dig(TEACHER, "www.tiktok.com")
        assert is_open is found
