"""Events to a calendar: what comes of them, what contradicts, and the way there and back."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.calendars import (
    Event,
    Understanding,
    calendar_text,
    read_ical,
    understand,
    write_ical,
)
from schoolgate_policyd.config import default_rules_dir
from schoolgate_policyd.core.times import Calendar, DateRange
from schoolgate_policyd.rulefiles import RuleFileErrors, load_calendar
from schoolgate_policyd.rulefiles.bank_holidays import Nation
from schoolgate_policyd.rulefiles.day_files import calendar_file
from schoolgate_policyd.rulefiles.mistakes import MistakeBook
from schoolgate_policyd.rulefiles.nodes import parse_nodes

LONDON = ZoneInfo("Europe/London")
STAMP = datetime(2026, 11, 20, 10, 29, tzinfo=UTC)
TERM = (
    ("Autumn term starts", "2026-09-02"),
    ("Half-term", "2026-10-26", "2026-10-30"),
    ("Autumn term ends", "2026-12-18"),
)


def days_of(first: str, last: str = "") -> DateRange:
    return DateRange(date.fromisoformat(first), date.fromisoformat(last or first))


def understood(*events: tuple[str, ...]) -> Understanding:
    return understand(
        [Event(line, summary, days_of(*days)) for line, (summary, *days) in enumerate(events, 1)],
        "year",
    )


def calendar_of(*events: tuple[str, ...]) -> Calendar:
    found = understood(*events)
    assert () == found.contradictions
    assert found.calendar is not None
    return found.calendar


def notes_of(*events: tuple[str, ...]) -> list[str]:
    return [each.note for each in understood(*events).understood if each.note]


def test_a_term_has_its_half_terms_and_days() -> None:
    calendar = calendar_of(
        *TERM,
        ("INSET day", "2026-11-02"),
        ("Bank holiday", "2026-11-30"),
        ("Christmas holidays", "2026-12-21", "2027-01-01"),
        ("Nativity play", "2026-12-10"),
    )

    assert (
        Calendar(
            id="year",
            terms=(days_of("2026-09-02", "2026-12-18"),),
            half_terms=(days_of("2026-10-26", "2026-10-30"),),
            inset_days=frozenset({date(2026, 11, 2)}),
            bank_holidays=frozenset({date(2026, 11, 30)}),
        )
        == calendar
    )


def test_a_term_may_be_one_event_and_say_its_edges_as_well() -> None:
    calendar = calendar_of(*TERM, ("Autumn Term", "2026-09-02", "2026-12-18"), *TERM)

    assert (days_of("2026-09-02", "2026-12-18"),) == calendar.terms


def test_inset_days_beside_a_term_lengthen_it() -> None:
    """A weekend lies between: staff come on Thursday and Friday, pupils on Monday."""
    events = (
        ("INSET days", "2026-09-03", "2026-09-04"),
        ("Term starts", "2026-09-07"),
        ("Term ends", "2026-12-18"),
        ("INSET day", "2026-12-21"),
        ("INSET day", "2027-01-20"),
    )

    calendar = calendar_of(*events)

    assert (days_of("2026-09-03", "2026-12-21"),) == calendar.terms
    assert {date(2026, 9, 3), date(2026, 9, 4), date(2026, 12, 21)} == calendar.inset_days
    assert [
        "the term begins with it, for staff",
        "the term ends with it, for staff",
        "2027-01-20 is in no term and not beside one: it is left out",
    ] == notes_of(*events)


def test_what_changes_nothing_says_so() -> None:
    assert [
        "it lies between terms, so it changes nothing",
        "it is in no term, so it changes nothing",
    ] == notes_of(*TERM, ("Bank holiday", "2027-01-01"), ("Half-term", "2026-08-03", "2026-08-07"))


OVERLAP = (
    "the terms 2026-09-02 to 2026-12-18 and 2026-12-01 to 2027-03-25 overlap: correct their events"
)


@pytest.mark.parametrize(
    ("events", "contradiction"),
    [
        ([], "no term was found: write events like `Autumn term starts` and `Autumn term ends`"),
        (
            [("Term starts", "2026-09-02")],
            "line 1, `Term starts`, 2026-09-02: this term does not end",
        ),
        (
            [("Term ends", "2026-12-18")],
            "line 1, `Term ends`, 2026-12-18: no term starts before this end of one",
        ),
        (
            [("Term starts", "2026-09-02"), ("Term starts", "2027-01-04")],
            "line 1, `Term starts`, 2026-09-02: this term does not end before the next one starts",
        ),
        (
            [*TERM, ("Spring term", "2026-12-01", "2027-03-25")],
            OVERLAP,
        ),
        (
            [*TERM, ("Half-term", "2026-12-14", "2026-12-22")],
            "line 4, `Half-term`, 2026-12-14: this half-term lies partly outside its term",
        ),
        (
            [*TERM, ("Christmas holidays", "2026-12-17", "2027-01-02")],
            "line 4, `Christmas holidays`, 2026-12-17: this holiday lies in a term",
        ),
        (
            [("Term starts", "2026-09-02"), ("Term ends", "2027-12-18")],
            "the term from 2026-09-02 to 2027-12-18 is longer than a year",
        ),
    ],
)
def test_a_contradiction_gives_no_calendar(
    events: list[tuple[str, ...]], contradiction: str
) -> None:
    found = understood(*events)

    assert contradiction in found.contradictions
    assert found.calendar is None


def test_every_event_is_in_the_preview_once() -> None:
    events = [Event(9, "INSET day", None, "it recurs"), Event(5, "Play", days_of("2026-12-01"))]
    events += [Event(line, *_summary_and_days(each)) for line, each in enumerate(TERM)]

    found = understand(events, "year")

    shown = [each.event for each in (*found.understood, *found.left_out)]
    assert sorted(each.line for each in events) == sorted(each.line for each in shown)
    assert ["nothing in its words is known", "it recurs"] == [each.why for each in found.left_out]


def _summary_and_days(written: tuple[str, ...]) -> tuple[str, DateRange]:
    summary, *days = written
    return summary, days_of(*days)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Terms in order, some of one day and some side by side, with days anywhere in them."""
    day = date(2026, 8, 20)
    terms: list[DateRange] = []
    half_terms: list[DateRange] = []
    inset_days: set[date] = set()
    bank_holidays: set[date] = set()
    for _ in range(draw(st.integers(1, 4))):
        first = day + timedelta(days=draw(st.integers(0, 20)))
        length = draw(st.integers(0, 100))
        term = DateRange(first, first + timedelta(days=length))
        terms.append(term)
        offsets = st.integers(0, length)
        edges = sorted(draw(st.lists(offsets, max_size=4, unique=True)))
        half_terms += [
            DateRange(first + timedelta(days=start), first + timedelta(days=end))
            for start, end in zip(edges[::2], edges[1::2], strict=False)
        ]
        inset_days |= {first + timedelta(days=each) for each in draw(st.sets(offsets, max_size=3))}
        bank_holidays |= {
            first + timedelta(days=each) for each in draw(st.sets(offsets, max_size=3))
        }
        day = term.last + timedelta(days=1)
    return Calendar(
        id="year",
        terms=tuple(terms),
        half_terms=tuple(half_terms),
        inset_days=frozenset(inset_days),
        bank_holidays=frozenset(bank_holidays),
    )


def read_back(text: str) -> Calendar:
    book = MistakeBook()
    node = parse_nodes(text, Path("year.yaml"), book)
    assert node is not None
    calendar = calendar_file(Path("year.yaml"))(node, book)
    assert () == book.mistakes()
    assert calendar is not None
    return calendar


@given(calendars())
def test_what_was_exported_is_imported_as_the_same_calendar(calendar: Calendar) -> None:
    events = read_ical(write_ical(calendar, stamp=STAMP), LONDON)
    found = understand(events, "year")

    assert () == found.contradictions
    assert () == found.left_out
    assert calendar == found.calendar
    assert calendar == read_back(calendar_text(calendar))


@given(calendars(), st.sampled_from(Nation))
def test_a_nation_s_bank_holidays_are_named_by_the_nation(
    calendar: Calendar, nation: Nation
) -> None:
    """Days that its library has are not written out, and none of the others is lost."""
    read = read_back(calendar_text(calendar, nation))
    in_half_terms = {
        day for day in calendar.bank_holidays if any(day in each for each in calendar.half_terms)
    }

    assert calendar.bank_holidays - in_half_terms <= read.bank_holidays
    assert (calendar.terms, calendar.half_terms) == (read.terms, read.half_terms)


def test_the_shipped_calendar_goes_out_and_comes_back() -> None:
    calendar = load_calendar(default_rules_dir(), "england-2026-27")

    found = understand(read_ical(write_ical(calendar, stamp=STAMP), LONDON), calendar.id)

    assert calendar == found.calendar


def test_an_export_is_what_clients_ask_for() -> None:
    """RFC 5545: PRODID and VERSION; UID and DTSTAMP; whole days whose end is the day after."""
    calendar = load_calendar(default_rules_dir(), "england-2026-27")
    octets = write_ical(calendar, stamp=STAMP)
    again = write_ical(calendar, stamp=STAMP + timedelta(days=9))

    parsed = icalendar.Calendar.from_ical(octets)
    events = parsed.walk("VEVENT")
    assert ("2.0", "-//Schoolgate//School calendar//EN") == (parsed["VERSION"], parsed["PRODID"])
    assert 13 == len({event["UID"] for event in events})
    assert {STAMP} == {event["DTSTAMP"].dt for event in events}
    half_term = next(event for event in events if event["SUMMARY"] == "Half-term")
    assert date(2026, 10, 26) == half_term["DTSTART"].dt
    assert date(2026, 10, 31) == half_term["DTEND"].dt
    assert b"DTSTART;VALUE=DATE:20261026\r\nDTEND;VALUE=DATE:20261031\r\n" in octets
    assert octets.splitlines(keepends=True) == [
        line + b"\r\n" for line in octets.split(b"\r\n") if line
    ]
    assert all(len(line) <= 75 for line in octets.split(b"\r\n"))
    uids = [event["UID"] for event in icalendar.Calendar.from_ical(again).walk("VEVENT")]
    assert [event["UID"] for event in events] == uids


def test_a_calendar_that_no_rule_file_can_say_is_refused() -> None:
    term = days_of("2026-09-02", "2026-12-18")
    overlapping = Calendar(id="year", terms=(term, term))
    outside = Calendar(id="year", terms=(term,), half_terms=(days_of("2027-02-01"),))

    with pytest.raises(RuleFileErrors, match="the term begins before the one above ends"):
        calendar_text(overlapping)
    with pytest.raises(RuleFileErrors, match="a rule file cannot say this calendar"):
        calendar_text(outside)
    with pytest.raises(RuleFileErrors, match="`Year 7` cannot be an id"):
        calendar_text(Calendar(id="Year 7", terms=(term,)))
