"""A calendar as the text of a rule file, read back by the loader before it is given out."""

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from schoolgate_policyd.core.times import Calendar, DateRange
from schoolgate_policyd.rulefiles.bank_holidays import Nation, bank_holidays
from schoolgate_policyd.rulefiles.day_files import calendar_file
from schoolgate_policyd.rulefiles.fields import identifier
from schoolgate_policyd.rulefiles.mistakes import MistakeBook, Place, RuleFileErrors
from schoolgate_policyd.rulefiles.nodes import TextNode, parse_nodes


def calendar_text(calendar: Calendar, nation: Nation | None = None) -> str:
    """
    Return *calendar*, with the bank holidays of *nation*, as a rule file says it.

    Raises RuleFileErrors if the loader would not take it as that calendar.
    """
    path = Path(f"{calendar.id}.yaml")
    book = MistakeBook()
    if identifier(TextNode(Place(path), calendar.id), book) is None:
        raise RuleFileErrors(book.mistakes())
    national = {} if nation is None else bank_holidays(nation, calendar.terms)
    text = "".join(f"{line}\n" for line in _lines(calendar, nation, national))
    node = parse_nodes(text, path, book)
    read = None if node is None else calendar_file(path)(node, book)
    if read is not None and _days_of(read) != _days_of(calendar, national):
        book.add(Place(path), "a rule file cannot say this calendar: correct its events")
    if book.mistakes():
        raise RuleFileErrors(book.mistakes())
    return text


def _lines(calendar: Calendar, nation: Nation | None, national: Iterable[date]) -> Iterator[str]:
    yield f"calendar: {calendar.id}"
    yield "terms:"
    for term in sorted(calendar.terms, key=lambda each: each.first):
        yield f"  - first: {term.first}"
        yield f"    last: {term.last}"
        half_terms = [each for each in calendar.half_terms if each.first in term]
        if half_terms:
            yield "    half_term:"
        for each in half_terms:
            yield f"      - {{first: {each.first}, last: {each.last}}}"
    yield from _dates("inset_days", calendar.inset_days)
    if nation is not None:
        yield f"nation: {nation}"
    yield from _dates("bank_holidays", calendar.bank_holidays.difference(national))


def _dates(key: str, days: Iterable[date]) -> Iterator[str]:
    listed = sorted(days)
    if listed:
        yield f"{key}:"
    for day in listed:
        yield f"  - {day}"


def _days_of(
    calendar: Calendar, national: Iterable[date] = ()
) -> tuple[tuple[DateRange, ...], frozenset[DateRange], frozenset[date], frozenset[date]]:
    """Return what a calendar says, whatever the order; in a half-term a bank holiday is none."""
    closed = {
        day
        for day in calendar.bank_holidays.union(national)
        if not any(day in each for each in calendar.half_terms)
    }
    terms = tuple(sorted(calendar.terms, key=lambda each: each.first))
    return terms, frozenset(calendar.half_terms), frozenset(closed), calendar.inset_days
