"""
The nights on which the clocks change, and a clock that steps, on real processes under libfaketime.

The school is closed on both nights, so these tests give it a timetable of the night: break from
01:30 to 01:45 and from 02:30 to 02:45. On 25 October 2026 01:30 comes twice; on 28 March 2027 it
never comes.
"""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import time

import pytest
from whole_school import WholeSchool, wait_for, with_own_rules

from schoolgate_policyd.ipc.admin import AdminClient

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


def faked(how: dict[str, str]) -> dict[str, str]:
    """Return the environment of processes whose wall clock alone is a fake one."""
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    assert libraries, "the Debian package libfaketime is not installed"
    return how | {
        "LD_PRELOAD": str(libraries[0]),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "TZ": "UTC",
    }


def night_school(machine_time: str) -> WholeSchool:
    """A school that starts at *machine_time* (UTC) with real time and a night's timetable."""
    school = WholeSchool(at="now", environment=faked({"FAKETIME": f"@{machine_time}"}))
    rules = with_own_rules(school)
    (rules / "timetables" / "primary-day.yaml").write_text(NIGHT)
    # Its own examples speak of the day's bells: with them no proof would let the policy pass.
    twiss_green = rules / "schools" / "twiss-green.yaml"
    twiss_green.write_text(twiss_green.read_text().partition("\nexamples:\n")[0] + "\n")
    calendar = rules / "calendars" / "england-2026-27.yaml"
    calendar.write_text(calendar.read_text().replace("2027-03-25", "2027-03-29"))
    return school


# When the machine's clock shows this (UTC), whether staff may, as they may in break.
NIGHTS = {
    "2026-10-25 00:35:00": True,  # 01:35, the first time
    "2026-10-25 01:35:00": False,  # 01:35 again: break is long over
    "2027-03-28 00:50:00": False,  # 00:50, before the skipped hour
    "2027-03-28 01:05:00": False,  # 02:05, just after it: its break never was
    "2027-03-28 01:35:00": True,  # 02:35
}


# A busy machine takes half a minute for each of five starts.
@pytest.mark.timeout(600)
def test_a_bell_of_the_night_rings_once() -> None:
    first, *later = NIGHTS
    with night_school(first) as school:
        found = {first: _is_open(school)}
        for moment in later:
            assert 0 == school.stop()
            school.environment |= {"FAKETIME": f"@{moment}"}
            school.start("now")
            found[moment] = _is_open(school)
    assert NIGHTS == found


def _is_open(school: WholeSchool) -> bool:
    answer = school.dig(TEACHER, "www.tiktok.com")
    assert re.search("status: (NOERROR|NXDOMAIN)", answer), answer
    return "status: NOERROR" in answer


BREAK = datetime(2026, 11, 20, 10, 31, tzinfo=UTC)
LUNCH = datetime(2026, 11, 20, 12, 31, tzinfo=UTC)


class Stepping:
    """A school whose machine's clock is set while it runs."""

    def __init__(self) -> None:
        how = {"FAKETIME_CACHE_DURATION": "1"}
        self.school = WholeSchool(at="now", environment=faked(how))
        self._file = self.school.folder / "faketime"
        self.school.environment["FAKETIME_TIMESTAMP_FILE"] = str(self._file)

    def set_to(self, moment: datetime) -> None:
        """Set the clock to *moment*; every process sees it within a second."""
        written = self._file.with_suffix(".new")
        written.write_text(f"{moment.timestamp() - time():+.0f}\n")
        written.rename(self._file)

    def is_open(self) -> bool:
        return _is_open(self.school)

    def faults(self) -> tuple[str, ...]:
        """What policyd says is not as it should be."""
        status = AdminClient(self.school.var / "policyd.sock").status()
        return () if status is None else status.faults

    @contextmanager
    def downloading(self) -> Iterator["subprocess.Popen[bytes]"]:
        """A download through the proxy, of what never ends."""
        into = self.school.folder / "slow"
        into.write_bytes(b"")
        curl = subprocess.Popen(
            [
                *("curl", "--disable", "--silent", "--no-buffer", "--interface", TEACHER),
                *("--proxy", f"http://127.0.0.1:{self.school.proxy_port}", "--noproxy", ""),
                *("--cacert", str(self.school.folder / "origins.pem"), "--output", str(into)),
                self.school.url("www.tiktok.com", "/slow"),
            ]
        )
        try:
            wait_for(lambda: into.stat().st_size > 0, what="the download")
            yield curl
        finally:
            curl.kill()
            curl.wait()


def test_a_clock_that_steps_from_break_to_lunch_opens_nothing_and_closes_what_was_open() -> None:
    stepping = Stepping()
    stepping.set_to(BREAK)
    with stepping.school, stepping.downloading() as download:
        assert stepping.is_open()
        assert () == stepping.faults()

        stepping.set_to(LUNCH)
        wait_for(lambda: not stepping.is_open(), 10, "the doubt in DNS")
        wait_for(lambda: download.poll() is not None, 10, "the doubt in the proxy")
        (fault,) = wait_for(stepping.faults, 10, "the alarm")
        assert "the gateway's clock stepped forward by 2 hours" in fault
        assert not stepping.is_open()
        assert "status: NOERROR" in stepping.school.dig(TEACHER, "www.bbc.co.uk")
