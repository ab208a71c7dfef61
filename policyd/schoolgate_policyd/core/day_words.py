"""Days in words, as pages, alerts and the command line say them."""

from datetime import date


def day_words(day: date) -> str:
    """Return a day without its weekday: 20 November 2026."""
    return f"{day.day} {day:%B %Y}"


def weekday_words(day: date) -> str:
    """Return a day with its weekday: Friday 20 November 2026."""
    return f"{day:%A} {day_words(day)}"
