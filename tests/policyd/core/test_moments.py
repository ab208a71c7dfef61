"""Moments as people write them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.core.moments import MomentSyntaxError, parse_moment

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20T10:35", datetime(2026, 11, 20, 10, 35, tzinfo=UTC)),
        ("2026-11-20 10:35", datetime(2026, 11, 20, 10, 35, tzinfo=UTC)),
        ("2026-11-20T12:14:30", datetime(2026, 11, 20, 12, 14, 30, tzinfo=UTC)),
        ("  2026-11-20T10:35\n", datetime(2026, 11, 20, 10, 35, tzinfo=UTC)),
        ("2026-07-01T10:35", datetime(2026, 7, 1, 9, 35, tzinfo=UTC)),
        ("2026-07-01T10:35Z", datetime(2026, 7, 1, 10, 35, tzinfo=UTC)),
        ("2026-07-01t10:35z", datetime(2026, 7, 1, 10, 35, tzinfo=UTC)),
        ("2026-07-01T10:35:01+02:00", datetime(2026, 7, 1, 8, 35, 1, tzinfo=UTC)),
        ("2026-07-01T10:35-0530", datetime(2026, 7, 1, 16, 5, tzinfo=UTC)),
        ("2026-07-01T10:35+01", datetime(2026, 7, 1, 9, 35, tzinfo=UTC)),
        # Programs write fractions of a second; what is finer than a microsecond is cut off.
        ("2026-11-20T10:29:59.5", datetime(2026, 11, 20, 10, 29, 59, 500_000, UTC)),
        ("2026-11-20T10:29:59,5Z", datetime(2026, 11, 20, 10, 29, 59, 500_000, UTC)),
        ("2026-07-01T11:29:59.999999999+01:00", datetime(2026, 7, 1, 10, 29, 59, 999_999, UTC)),
        # The clocks go back at 02:00 on 25 October 2026: 01:30 comes twice, the first is BST.
        ("2026-10-25T01:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25T01:30+00:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("2026-10-25T02:00", datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
        # They go forward at 01:00 on 28 March 2027.
        ("2027-03-28T00:59", datetime(2027, 3, 28, 0, 59, tzinfo=UTC)),
        ("2027-03-28T02:00", datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_on_the_schools_clock_unless_it_says_otherwise(
    text: str, expected: datetime
) -> None:
    assert expected == parse_moment(text, LONDON)
    assert UTC is parse_moment(text, LONDON).tzinfo


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "10:35",
        "2026-11-20",
        "20/11/2026 10:35",
        "2026-11-20T1035",
        "2026-11-20T10",
        "2026-11-20T10:35.5",
        "2026-11-20T10:35:30.",
        "2026-11-20T10:35:30.5.5",
        "2026-11-20T10:35 Europe/London",
        "2026-W47-5T10:35",
        "2026-13-01T10:35",
        "2026-02-29T10:35",
        "2026-11-20T24:00",
        "2026-11-20T10:60",
        "2026-11-20T10:35+24:00",
        "٢٠٢٦-11-20T10:35",
        "1999-12-31T23:59",
        "2200-01-01T00:00",
        "9999-12-31T23:59Z",
        "0001-01-01T00:00+14:00",
        "2026-11-20T10:35" + "0" * 10_000,
    ],
)
def test_what_is_no_moment_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(MomentSyntaxError, match="2026-11-20T10:35") as caught:
        parse_moment(text, LONDON)
    assert 250 > len(str(caught.value))


def test_the_refusal_names_what_was_written() -> None:
    with pytest.raises(MomentSyntaxError, match="`tea time` is not a moment"):
        parse_moment("tea time", LONDON)


def test_a_time_that_the_clocks_skip_is_refused() -> None:
    with pytest.raises(MomentSyntaxError, match="`2027-03-28T01:30` never was"):
        parse_moment("2027-03-28T01:30", LONDON)


@given(st.text(max_size=40) | st.from_regex(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(Z|\+\d\d:\d\d)?"))
def test_whatever_is_written_is_a_moment_or_one_kind_of_error(text: str) -> None:
    try:
        moment = parse_moment(text, LONDON)
    except MomentSyntaxError:
        return
    assert 2000 <= moment.astimezone(LONDON).year + 1
    assert moment.astimezone(LONDON).year <= 2200
