"""Days as people say them."""

from datetime import date

import pytest

from schoolgate_policyd.core.day_words import day_words, run_words, weekday_words


def test_a_day_has_no_leading_nought() -> None:
    assert "3 March 2027" == day_words(date(2027, 3, 3))
    assert "Wednesday 3 March 2027" == weekday_words(date(2027, 3, 3))


@pytest.mark.parametrize(
    ("expected", "days"),
    [
        ("Wednesday", ["Wednesday"]),
        ("Saturday and Sunday", ["Saturday", "Sunday"]),
        ("Monday to Friday", ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]),
    ],
)
def test_days_that_follow_one_another_are_a_run(expected: str, days: list[str]) -> None:
    assert expected == run_words(days)
