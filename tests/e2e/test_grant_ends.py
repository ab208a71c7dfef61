"""A signed grant opens at once and ends by itself, also while policyd is dead."""

import os
import signal
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from chromium import ARTEFACTS
from plain_browser import PlainBrowser
from whole_school import WholeSchool, wait_for

TEACHER = "127.0.2.10"
# As long as it takes to sign, and some.
_SIGNED_BEFORE_S = 12


@pytest.fixture
def school() -> Iterator[WholeSchool]:
    """A school that has started when enough of its minute is left to sign a grant in."""
    with WholeSchool(at="2026-11-20T10:00:22") as running:
        yield running


def school_time(school: WholeSchool) -> datetime:
    """Return the school's wall clock, from what `check` says of this moment."""
    found = school.check("www.bbc.co.uk")
    explanation = found["explanation"]
    assert isinstance(explanation, list)
    shown = str(explanation[0]).partition(" on an unknown device asks for www.bbc.co.uk on ")[2]
    day, _, at = shown.partition(", ")[0].partition(" at ")
    at = at if at.count(":") == 2 else f"{at}:00"
    return datetime.strptime(f"{day} {at}", "%A %d %B %Y %H:%M:%S")  # noqa: DTZ007 - wall clock


def test_a_grant_opens_at_once_and_ends_on_time_while_policyd_is_dead(
    school: WholeSchool,
) -> None:
    wanted = school.url("www.tiktok.com", "/lesson")
    now = school_time(school)
    # To the minute, as the form takes it, and late enough to be signed before.
    ends = now.replace(second=0) + timedelta(
        minutes=1 if now.second + _SIGNED_BEFORE_S < 60 else 2
    )
    with (
        PlainBrowser(school, "teacher") as teacher,
        PlainBrowser(school, "safety-lead") as lead,
        PlainBrowser(school, "head") as head,
    ):
        number = teacher.ask(
            wanted,
            for_whom="oneself",
            scope="page",
            starts_at=f"{now:%Y-%m-%dT%H:%M}",
            ends_at=f"{ends:%Y-%m-%dT%H:%M}",
        )
        lead.confirm(number)
        signed = time.monotonic()
        head.sign(number)
        wait_for(lambda: school.curl(TEACHER, wanted)[0] == 200, 5, "the page opening")
        took_s = time.monotonic() - signed
    ARTEFACTS.mkdir(exist_ok=True)
    took = f"{took_s:.2f} s from opening the form to sign, through the signature, to the page\n"
    (ARTEFACTS / "signature-to-page.txt").write_text(took)

    # The supervisor would start policyd again, so it sleeps meanwhile.
    os.kill(school.process.pid, signal.SIGSTOP)
    try:
        os.kill(school.pid_of("policyd"), signal.SIGKILL)
        left_s = (ends - now).total_seconds() + 10
        wait_for(lambda: school.curl(TEACHER, wanted)[0] == 403, left_s, "the end of the grant")
        assert school_time(school) >= ends
    finally:
        os.kill(school.process.pid, signal.SIGCONT)
    wait_for(lambda: school.running("policyd"), 30, "policyd again")
