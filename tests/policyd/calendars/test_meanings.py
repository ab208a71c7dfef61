"""What the names of events say, as county councils and schools write them."""

from datetime import date

import pytest

from schoolgate_policyd.calendars.meanings import Meaning, NotUnderstood, meaning_of
from schoolgate_policyd.core.times import DateRange

ONE_DAY = DateRange(date(2026, 11, 20), date(2026, 11, 20))
A_WEEK = DateRange(date(2026, 10, 26), date(2026, 10, 30))
WEEKS = DateRange(date(2027, 1, 4), date(2027, 3, 25))


@pytest.mark.parametrize(
    ("summary", "days", "expected"),
    [
        ("Autumn term starts", ONE_DAY, Meaning.TERM_STARTS),
        ("Term Starts", ONE_DAY, Meaning.TERM_STARTS),
        ("First day of Autumn Term 2026", ONE_DAY, Meaning.TERM_STARTS),
        ("Start of the Spring Term", ONE_DAY, Meaning.TERM_STARTS),
        ("School re-opens", ONE_DAY, NotUnderstood("nothing in its words is known")),
        ("School reopens", ONE_DAY, Meaning.TERM_STARTS),
        ("Pupils return", ONE_DAY, Meaning.TERM_STARTS),
        ("Autumn term ends", ONE_DAY, Meaning.TERM_ENDS),
        ("END OF TERM!", ONE_DAY, Meaning.TERM_ENDS),
        ("Last day of Summer term 2027", ONE_DAY, Meaning.TERM_ENDS),
        ("School breaks up", ONE_DAY, Meaning.TERM_ENDS),
        ("School closes for Christmas", ONE_DAY, Meaning.TERM_ENDS),
        ("Spring Term 2027", WEEKS, Meaning.TERM),
        ("Autumn 1", WEEKS, Meaning.TERM),
        ("Term 3", WEEKS, Meaning.TERM),
        ("Half-term", A_WEEK, Meaning.HALF_TERM),
        ("HALF TERM", A_WEEK, Meaning.HALF_TERM),
        ("Halfterm", A_WEEK, Meaning.HALF_TERM),
        ("October Half-Term Holiday 2026", A_WEEK, Meaning.HALF_TERM),
        ("Half Term - school closed", A_WEEK, Meaning.HALF_TERM),
        ("Half term (autumn)", A_WEEK, Meaning.HALF_TERM),
        ("Mid-term break", A_WEEK, Meaning.HALF_TERM),
        ("INSET day", ONE_DAY, Meaning.INSET),
        ("Inset Day - no children in school", ONE_DAY, Meaning.INSET),
        ("INSET (pupils not in school)", ONE_DAY, Meaning.INSET),
        ("In-service day", ONE_DAY, Meaning.INSET),
        ("Staff training day", ONE_DAY, Meaning.INSET),
        ("School closed to pupils", ONE_DAY, Meaning.INSET),
        ("Non-pupil day", ONE_DAY, Meaning.INSET),
        ("May Day Bank Holiday", ONE_DAY, Meaning.BANK_HOLIDAY),
        ("Bank Holiday (school closed)", ONE_DAY, Meaning.BANK_HOLIDAY),
        ("Good Friday", ONE_DAY, Meaning.BANK_HOLIDAY),
        ("St. Andrew’s Day", ONE_DAY, Meaning.BANK_HOLIDAY),
        ("Saint Patrick's Day", ONE_DAY, Meaning.BANK_HOLIDAY),
        ("New Year's Day", ONE_DAY, Meaning.BANK_HOLIDAY),
        ("Christmas holidays", A_WEEK, Meaning.HOLIDAY),
        ("Easter Break", A_WEEK, Meaning.HOLIDAY),
    ],
)
def test_common_names_are_understood(
    summary: str, days: DateRange, expected: Meaning | NotUnderstood
) -> None:
    assert expected == meaning_of(summary, days)


SAYS_TWO = "it says two things: make an event of each"
ONE_EVENT = "a half-term is one event, `Half-term`, from its first day to its last"


@pytest.mark.parametrize(
    ("summary", "days", "why"),
    [
        ("Nativity play", ONE_DAY, "nothing in its words is known"),
        ("", ONE_DAY, "nothing in its words is known"),
        ("Year 6 tests start", ONE_DAY, "nothing in its words is known"),
        ("Harvest service", ONE_DAY, "nothing in its words is known"),
        ("May Day fair", ONE_DAY, "nothing in its words is known"),
        ("End of term assembly", ONE_DAY, "it seems to be about something else: `assembly`"),
        (
            "Reception term starts",
            ONE_DAY,
            "it seems to be for some of the school only: `reception`",
        ),
        (
            "Term starts for Year 7",
            ONE_DAY,
            "it seems to be for some of the school only: `year 7`",
        ),
        ("INSET day (Y3 only)", ONE_DAY, "it seems to be for some of the school only: `y3`"),
        (
            "INSET day moved to Friday",
            ONE_DAY,
            "its words take something back, or are not sure: `moved`",
        ),
        ("NOT an INSET day", ONE_DAY, "its words take something back, or are not sure: `not`"),
        (
            "Bank holiday - provisional",
            ONE_DAY,
            "its words take something back, or are not sure: `provisional`",
        ),
        ("Autumn term starts (INSET)", ONE_DAY, SAYS_TWO),
        ("School opens after the bank holiday", ONE_DAY, SAYS_TWO),
        ("School closes for half term", ONE_DAY, ONE_EVENT),
        ("Half-term begins", ONE_DAY, ONE_EVENT),
        ("1st half term reports", ONE_DAY, ONE_EVENT),
        (
            "Term starts and ends",
            ONE_DAY,
            "it both starts and ends something: make two events of it",
        ),
        ("Term starts", A_WEEK, "a term starts and ends on one day, and this has several"),
        (
            "Summer term",
            A_WEEK,
            "a term lasts weeks: write `starts`, `ends`, or all of its days",
        ),
        ("INSET", WEEKS, "it lasts longer than a week"),
        ("Bank holiday", WEEKS, "it lasts longer than a week"),
    ],
)
def test_what_is_not_understood_says_why(summary: str, days: DateRange, why: str) -> None:
    assert NotUnderstood(why) == meaning_of(summary, days)
