"""
Events to a calendar, with a preview of every one: what was understood, and what was not and why.

Nothing is guessed: what contradicts itself gives no calendar, and says so.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import pairwise

import msgspec

from schoolgate_policyd.calendars.ical_reading import Event
from schoolgate_policyd.calendars.meanings import Meaning, NotUnderstood, meaning_of
from schoolgate_policyd.core.times import Calendar, DateRange
from schoolgate_policyd.rulefiles.day_files import MAX_TERM_DAYS

_FRIDAY = 4


class Understood(msgspec.Struct, frozen=True):
    """An event that says something about the school year; *note* is what else comes of it."""

    event: Event
    days: DateRange
    meaning: Meaning
    note: str = ""


class LeftOut(msgspec.Struct, frozen=True):
    """An event that says nothing that can be relied on, and why."""

    event: Event
    why: str


class Understanding(msgspec.Struct, frozen=True):
    """
    What a file of events says.

    *calendar* is None where *contradictions* (sentences) stand in the way.
    """

    understood: tuple[Understood, ...]
    left_out: tuple[LeftOut, ...]
    contradictions: tuple[str, ...]
    calendar: Calendar | None


def understand(events: Iterable[Event], id_: str) -> Understanding:
    """Return what *events* say, as the calendar called *id_*."""
    understood: list[Understood] = []
    left_out: list[LeftOut] = []
    for event in sorted(events, key=_order):
        if event.days is None:
            left_out.append(LeftOut(event, event.fault))
            continue
        found = meaning_of(event.summary, event.days)
        if isinstance(found, NotUnderstood):
            left_out.append(LeftOut(event, found.why))
        else:
            understood.append(Understood(event, event.days, found))
    year = _Year(understood)
    calendar = year.calendar(id_)
    contradictions = tuple(dict.fromkeys(year.contradictions))
    return Understanding(
        tuple(year.noted()),
        tuple(left_out),
        contradictions,
        None if contradictions else calendar,
    )


class _Year:
    """Puts what was understood together."""

    def __init__(self, understood: list[Understood]) -> None:
        self._understood = understood
        self._notes: dict[Understood, str] = {}
        self.contradictions: list[str] = []

    def calendar(self, id_: str) -> Calendar | None:
        insets = {
            day: each for each in self._said(Meaning.INSET) for day in _days_meant(each.days)
        }
        terms = self._terms()
        if not terms and not self.contradictions:
            self.contradictions.append(
                "no term was found: write events like `Autumn term starts` and `Autumn term ends`"
            )
        terms = self._with_insets(terms, insets)
        self._require_order(terms)
        return Calendar(
            id=id_,
            terms=tuple(terms),
            half_terms=tuple(self._half_terms(terms)),
            bank_holidays=frozenset(self._bank_holidays(terms)),
            inset_days=frozenset(self._in_terms(insets, terms)),
        )

    def noted(self) -> Iterator[Understood]:
        """Yield what was understood with what else comes of it."""
        for each in self._understood:
            yield msgspec.structs.replace(each, note=self._notes.get(each, ""))

    def _said(self, meaning: Meaning) -> Iterator[Understood]:
        return (each for each in self._understood if each.meaning is meaning)

    def _terms(self) -> list[DateRange]:
        """Return the terms, each given as a whole or by its start and its end."""
        whole = [each.days for each in self._said(Meaning.TERM)]
        edges = {
            (each.days.first, each.meaning): each
            for each in self._understood
            if each.meaning in {Meaning.TERM_STARTS, Meaning.TERM_ENDS}
        }
        return sorted({*whole, *self._paired(edges.values())}, key=_span)

    def _paired(self, edges: Iterable[Understood]) -> Iterator[DateRange]:
        """Yield the terms from each start to the end that follows it."""
        start: Understood | None = None
        for each in edges:
            is_start = each.meaning is Meaning.TERM_STARTS
            if is_start and start is not None:
                self._contradict(start, "this term does not end before the next one starts")
            elif start is not None:
                yield DateRange(start.days.first, each.days.first)
            elif not is_start:
                self._contradict(each, "no term starts before this end of one")
            start = each if is_start else None
        if start is not None:
            self._contradict(start, "this term does not end")

    def _with_insets(
        self, terms: list[DateRange], insets: dict[date, Understood]
    ) -> list[DateRange]:
        """Return *terms* with the INSET days just before and after them: staff are at work."""
        free = {d: each for d, each in insets.items() if not any(d in term for term in terms)}
        longer: list[DateRange] = []
        for term in terms:
            first = term.first
            while (before := _weekday_before(first)) in free:
                first = before
                self._notes[free.pop(before)] = "the term begins with it, for staff"
            longer.append(DateRange(first, term.last))
        for position, term in enumerate(longer):
            last = term.last
            while (after := _weekday_after(last)) in free:
                last = after
                self._notes[free.pop(after)] = "the term ends with it, for staff"
            longer[position] = DateRange(term.first, last)
        return longer

    def _require_order(self, terms: list[DateRange]) -> None:
        for term in terms:
            if (term.last - term.first).days >= MAX_TERM_DAYS:
                self.contradictions.append(
                    f"the term from {term.first} to {term.last} is longer than a year"
                )
        for earlier, later in pairwise(terms):
            if earlier.last >= later.first:
                self.contradictions.append(
                    f"the terms {earlier.first} to {earlier.last} and {later.first} to "
                    f"{later.last} overlap: correct their events"
                )

    def _half_terms(self, terms: list[DateRange]) -> Iterator[DateRange]:
        inside: list[DateRange] = []
        for each in self._said(Meaning.HALF_TERM):
            days = each.days
            if any(days.first in term and days.last in term for term in terms):
                inside.append(days)
            elif any(_touch(days, term) for term in terms):
                self._contradict(each, "this half-term lies partly outside its term")
            else:
                self._notes[each] = "it lies between terms, so it changes nothing"
        for each in self._said(Meaning.HOLIDAY):
            if any(
                each.days.first <= term.last and term.first <= each.days.last for term in terms
            ):
                self._contradict(each, "this holiday lies in a term")
        return iter(dict.fromkeys(inside))

    def _bank_holidays(self, terms: list[DateRange]) -> Iterator[date]:
        for each in self._said(Meaning.BANK_HOLIDAY):
            days = [day for day in _days_meant(each.days) if any(day in term for term in terms)]
            if not days:
                self._notes[each] = "it is in no term, so it changes nothing"
            yield from days

    def _in_terms(self, insets: dict[date, Understood], terms: list[DateRange]) -> Iterator[date]:
        for day, each in insets.items():
            if any(day in term for term in terms):
                yield day
            else:
                self._notes[each] = f"{day} is in no term and not beside one: it is left out"

    def _contradict(self, each: Understood, why: str) -> None:
        event = each.event
        self.contradictions.append(
            f"line {event.line}, `{event.summary}`, {each.days.first}: {why}"
        )


def _order(event: Event) -> tuple[date, bool, int]:
    """By day; a term that ends on a day does so after one that starts on it, if it is one day."""
    if event.days is None:
        return date.max, False, event.line
    found = meaning_of(event.summary, event.days)
    return event.days.first, found is Meaning.TERM_ENDS, event.line


def _span(term: DateRange) -> tuple[date, date]:
    return term.first, term.last


def _touch(days: DateRange, term: DateRange) -> bool:
    return days.first <= term.last and term.first <= days.last


def _days_meant(days: DateRange) -> list[date]:
    """Return one day as it is; of several, those from Monday to Friday."""
    every = [
        days.first + timedelta(days=offset) for offset in range((days.last - days.first).days + 1)
    ]
    return every if len(every) == 1 else [day for day in every if day.weekday() <= _FRIDAY]


def _weekday_before(day: date) -> date:
    before = day - timedelta(days=1)
    while before.weekday() > _FRIDAY:
        before -= timedelta(days=1)
    return before


def _weekday_after(day: date) -> date:
    after = day + timedelta(days=1)
    while after.weekday() > _FRIDAY:
        after += timedelta(days=1)
    return after
