"""The bell, on running processes whose clock starts just before it."""

import re
import time

from local_internet import ORIGIN
from whole_school import WholeSchool, wait_for

TEACHER, PUPIL = "127.0.2.10", "127.0.1.10"
BREAK, LESSON = "2026-11-20T10:30:00", "2026-11-20T10:45:00"


def answered_ttl(answer: str) -> int:
    found = re.search(r"^www\.tiktok\.com\.\s+(\d+)\s+IN\s+A", answer, re.MULTILINE)
    return int(found[1]) if found else -1


def test_at_break_staff_s_pages_open_and_the_ttl_ends_with_it(school: WholeSchool) -> None:
    school.stop()
    school.start_before(BREAK)
    left_s = school.moment(BREAK) - time.time()
    blocked = school.dig(TEACHER, "www.tiktok.com")
    assert "status: NXDOMAIN" in blocked
    negative = re.search(r"^\S+\s+(\d+)\s+IN\s+SOA", blocked, re.MULTILINE)
    assert negative is not None
    assert int(negative[1]) <= left_s

    opened = _when_open(school)
    assert time.time() >= school.moment(BREAK)
    assert ORIGIN in opened
    assert 0 <= answered_ttl(opened) <= 15 * 60
    status, body = school.curl(TEACHER, school.url("www.tiktok.com", "/x"))
    assert (200, True) == (status, "says /x" in body)
    assert "status: NXDOMAIN" in school.dig(PUPIL, "www.tiktok.com")


def _when_open(school: WholeSchool) -> str:
    found: list[str] = []

    def is_open() -> bool:
        found.append(school.dig(TEACHER, "www.tiktok.com"))
        return "status: NOERROR" in found[-1]

    wait_for(is_open, 60, "break")
    return found[-1]


def test_a_lesson_closes_what_break_opened_and_the_clock_goes_on_after_a_restart(
    school: WholeSchool,
) -> None:
    school.stop()
    school.start_before(LESSON)
    left_s = school.moment(LESSON) - time.time()
    opened = school.dig(TEACHER, "www.tiktok.com")
    assert "status: NOERROR" in opened
    assert answered_ttl(opened) <= left_s

    wait_for(lambda: "status: NXDOMAIN" in school.dig(TEACHER, "www.tiktok.com"), 60, "the lesson")
    assert 0 == school.stop()

    assert school.passwords
    school.passwords.clear()
    school.start(None)
    assert not school.passwords  # they are shown once
    assert "status: NXDOMAIN" in school.dig(TEACHER, "www.tiktok.com")
    shown = [line for line in school.lines if "school's clock" in line]
    assert re.search(r"20 November 2026, 10:4[5-9]", shown[0])
