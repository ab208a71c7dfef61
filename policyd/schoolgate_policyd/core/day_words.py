"""Days in words, as pages, alerts and the command line say them."""

from collections.abc import Sequence
from datetime import date

_A_PAIR = 2


def day_words(day: date) -> str:
    """Return a day without its weekday: 20 November 2026."""
    return f"{day.day} {day:%B %Y}"


def weekday_words(day: date) -> str:
    """Return a day with its weekday: Friday 20 November 2026."""
    return f"{day:%A} {day_words(day)}"


def run_words(names: Sequence[str]) -> str:
    """Return days that follow one another: Wednesday, Saturday and Sunday, Monday to Friday."""
    if len(names) == 1:
        return names[0]
    return f"{names[0]} {'and' if len(names) == _A_PAIR else 'to'} {names[-1]}"
