"""Hostile and careless files: every event with its days or its fault, and all within bounds."""

import contextlib
import os
import time
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.calendars import IcalError, read_events, read_ical
from schoolgate_policyd.calendars.ical_reading import (
    MAX_EVENTS,
    MAX_FILE_OCTETS,
    MAX_NESTING,
    Event,
)
from schoolgate_policyd.core.times import DateRange

LONDON = ZoneInfo("Europe/London")


def file_of(*lines: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""]).encode()


def event_of(*lines: str) -> Event:
    (event,) = read_ical(file_of("BEGIN:VEVENT", *lines, "END:VEVENT"), LONDON)
    return event


@pytest.mark.parametrize(
    ("lines", "first", "last"),
    [
        (["DTSTART;VALUE=DATE:20260901"], date(2026, 9, 1), date(2026, 9, 1)),
        (["DTSTART:20260901"], date(2026, 9, 1), date(2026, 9, 1)),
        (
            ["DTSTART;VALUE=DATE:20261026", "DTEND;VALUE=DATE:20261031"],
            *(date(2026, 10, 26), date(2026, 10, 30)),
        ),
        # Some programs write an event of one day with both ends on it.
        (
            ["DTSTART;VALUE=DATE:20261026", "DTEND;VALUE=DATE:20261026"],
            *(date(2026, 10, 26), date(2026, 10, 26)),
        ),
        (["DTSTART;VALUE=DATE:20261026", "DURATION:P5D"], date(2026, 10, 26), date(2026, 10, 30)),
        (["DTSTART:20260901T090000", "DURATION:PT6H"], date(2026, 9, 1), date(2026, 9, 1)),
        (
            ["DTSTART;TZID=Europe/London:20261218T131500", "DTEND:20261218T140000"],
            *(date(2026, 12, 18), date(2026, 12, 18)),
        ),
        (
            ["DTSTART:20261026T000000", "DTEND:20261031T000000"],
            *(date(2026, 10, 26), date(2026, 10, 30)),
        ),
        # In summer time the school's midnight is at 23:00 UTC of the day before.
        (
            ["DTSTART:20260831T230000Z", "DTEND:20260901T230000Z"],
            *(date(2026, 9, 1), date(2026, 9, 1)),
        ),
        # The clocks go back on 25 October: its midnights are an hour apart on UTC's clock.
        (
            ["DTSTART:20261024T230000Z", "DTEND:20261026T000000Z"],
            *(date(2026, 10, 25), date(2026, 10, 25)),
        ),
        # A stranger's name of a zone is never looked up; the clock it shows is the school's.
        (["DTSTART;TZID=../../etc/passwd:20260901T090000"], date(2026, 9, 1), date(2026, 9, 1)),
        (['DTSTART;X-A="a:b";VALUE=DATE:20260901'], date(2026, 9, 1), date(2026, 9, 1)),
    ],
)
def test_the_days_of_an_event_are_those_of_the_school_s_clock(
    lines: list[str], first: date, last: date
) -> None:
    assert DateRange(first, last) == event_of(*lines, "SUMMARY:Half-term").days


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ([], "its dates are no dates"),
        (["DTSTART:soon"], "its dates are no dates"),
        (["DTSTART;VALUE=DATE:20260231"], "its dates are no dates"),
        (["DTSTART;VALUE=DATE:19991231"], "its dates are no dates"),
        (["DTSTART;VALUE=DATE:99991231"], "its dates are no dates"),
        (["DTSTART;VALUE=DATE:20260901", "DTEND:later"], "its dates are no dates"),
        (["DTSTART;VALUE=DATE:20260901", "DTEND;VALUE=DATE:20990901"], "its dates are no dates"),
        (["DTSTART;VALUE=DATE:20260901", "DURATION:P99999D"], "its dates are no dates"),
        (["DTSTART;VALUE=DATE:20260901", "DURATION:-P1D"], "its dates are no dates"),
        (["DTSTART;VALUE=DATE:20260901", "DURATION:P1"], "its dates are no dates"),
        (["DTSTART:20260901", "DTSTART:20260902"], "it has DTSTART twice"),
        (["DTSTART:20260901", "STATUS:CANCELLED"], "it is cancelled"),
        (
            ["DTSTART:20260901", "RRULE:FREQ=SECONDLY;COUNT=99999999"],
            "it recurs, and recurring events are not followed: write out its days",
        ),
        (
            ["DTSTART:20260901", "RDATE:20260902,20260903"],
            "it recurs, and recurring events are not followed: write out its days",
        ),
        (["DTSTART:" + "9" * 1001], "its DTSTART is longer than 1000 characters"),
    ],
)
def test_an_event_whose_days_cannot_be_told_says_why(lines: list[str], fault: str) -> None:
    event = event_of(*lines, "SUMMARY:INSET day")

    assert (None, fault, "INSET day", 2) == (event.days, event.fault, event.summary, event.line)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("SUMMARY:Half-term\\, autumn", "Half-term, autumn"),
        ("SUMMARY;LANGUAGE=en-gb:Half-term", "Half-term"),
        ("SUMMARY:Half-\r\n term", "Half-term"),
        ("SUMMARY:Half-\r\n\tterm", "Half-term"),
        ("summary:Half-term", "Half-term"),
        ("SUMMARY: \\n Half \\n term ", "Half term"),
        ("SUMMARY:\x1b[31mHalf\x07-term", "[31mHalf -term"),
        ("DESCRIPTION:Nothing", ""),
    ],
)
def test_a_summary_is_one_printable_line(written: str, expected: str) -> None:
    assert expected == event_of("DTSTART:20260901", written).summary


def test_what_lies_in_other_components_is_no_event() -> None:
    """The rule of a time zone recurs for ever; an alarm has a summary of its own."""
    octets = file_of(
        *("BEGIN:VTIMEZONE", "TZID:Europe/London", "BEGIN:STANDARD", "DTSTART:19701025T020000"),
        *("RRULE:FREQ=YEARLY;BYMONTH=10", "END:STANDARD", "END:VTIMEZONE"),
        *("BEGIN:VTODO", "DTSTART:20260901", "SUMMARY:Term starts", "END:VTODO"),
        *("BEGIN:VEVENT", "DTSTART:20261026", "SUMMARY:Half-term"),
        *("BEGIN:VALARM", "SUMMARY:Wake up", "RRULE:FREQ=SECONDLY", "END:VALARM"),
        *("ATTACH:http://192.0.2.1/", "END:VEVENT"),
    )

    (event,) = read_ical(octets, LONDON)

    assert Event(13, "Half-term", DateRange(date(2026, 10, 26), date(2026, 10, 26))) == event


def test_lines_may_end_without_a_return_and_be_empty() -> None:
    text = "\ufeffBEGIN:VCALENDAR\n\nBEGIN:VEVENT\nDTSTART:20260901\nEND:VEVENT\nEND:VCALENDAR"

    (event,) = read_ical(text.encode(), LONDON)

    assert 3 == event.line


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        (b"", "there is no event in the file"),
        (b"<html>", "line 1 stands outside a calendar"),
        (b"BEGIN:VCALENDAR\nEND:VCALENDAR\n", "there is no event in the file"),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n", "the file stops midway"),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n", "line 3 ends what did not begin"),
        (b"END:VCALENDAR\n", "line 1 stands outside a calendar"),
        (b"BEGIN:VEVENT\nEND:VEVENT\n", "line 1 stands outside a calendar"),
        (file_of("BEGIN:VEVENT", "END:VEVENT") + b"SUMMARY:x", "line 5 stands outside"),
        (b"BEGIN:VCALENDAR\n\xff\xfe\n", "line 2 is not UTF-8"),
        (b"BEGIN:VCALENDAR\n" * (MAX_NESTING + 1), "line 9 is nested more than 8 deep"),
        (b" " * (MAX_FILE_OCTETS + 1), "the file is larger than 2 MiB"),
        (
            file_of(*["BEGIN:VEVENT", "END:VEVENT"] * (MAX_EVENTS + 1)),
            "there are more than 2000 events",
        ),
    ],
)
def test_what_is_no_calendar_or_beyond_the_bounds_is_refused(octets: bytes, message: str) -> None:
    with pytest.raises(IcalError, match=message):
        read_ical(octets, LONDON)


@pytest.mark.parametrize(
    "octets",
    [
        b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:" + b"\n \\;" * 400_000,
        b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + b"SUMMARY:\\\\\\n\\;,\n" * 100_000,
        b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + b'DTSTART;"' * 200_000,
        b"BEGIN:VCALENDAR\n" + b"BEGIN:VTODO\nEND:VTODO\n" * 80_000,
        file_of(*["BEGIN:VEVENT", "SUMMARY:" + "\\," * 499, "END:VEVENT"] * 1900),
        file_of(*["BEGIN:VEVENT", "DTSTART:" + "20260901," * 110, "END:VEVENT"] * 1900),
        file_of(*["BEGIN:VEVENT", "DURATION:P" + "1" * 990 + "W", "END:VEVENT"] * 1900),
    ],
)
def test_a_hostile_file_within_the_bounds_costs_seconds_at_most(octets: bytes) -> None:
    assert len(octets) <= MAX_FILE_OCTETS
    started = time.process_time()
    with contextlib.suppress(IcalError):
        read_ical(octets, LONDON)
    assert time.process_time() - started < 10


@given(
    st.lists(
        st.sampled_from(
            [
                *("BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", " folded", ""),
                *("DTSTART:20260901", "DTSTART;VALUE=DATE:1", "DTEND:20260902T000000Z", "X", ":"),
                *("DURATION:P1W", "RRULE:", "SUMMARY:Term starts", "SUMMARY:\\", "STATUS:\\n"),
                *("DTSTART;TZID=x:20260901T000000", "BEGIN:", 'A;B="', "END:VALARM", "\x00"),
            ]
        )
        | st.text(max_size=20),
        max_size=30,
    )
)
def test_whatever_stands_in_a_file_nothing_else_is_raised(lines: list[str]) -> None:
    for octets in ("\r\n".join(lines).encode("utf-8", "replace"), file_of(*lines)):
        try:
            events = read_ical(octets, LONDON)
        except IcalError:
            continue
        assert events
        for event in events:
            assert (event.days is None) is bool(event.fault)
            assert event.summary.isprintable()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.ics")
    (tmp_path / "large.ics").write_bytes(b" " * (MAX_FILE_OCTETS + 1))

    with pytest.raises(IcalError, match=r"gone\.ics` cannot be read: no such file"):
        read_events(tmp_path / "gone.ics", LONDON)
    with pytest.raises(IcalError, match=r"pipe\.ics` is no ordinary file"):
        read_events(tmp_path / "pipe.ics", LONDON)
    with pytest.raises(IcalError, match="larger than 2 MiB"):
        read_events(tmp_path / "large.ics", LONDON)
    with pytest.raises(IcalError, match="its name cannot be used"):
        read_events(tmp_path / "a\0b", LONDON)
