"""The page of figures: its spans, where to go from here, and the tables."""

from urllib.parse import urlencode

import msgspec

from schoolgate_policyd.core.times import Calendar
from schoolgate_webui.views.figure_tables import Table
from schoolgate_webui.views.moments import Now
from schoolgate_webui.views.opened import missing_words
from schoolgate_webui.views.spans import Span, SpanKind

_TITLES = {SpanKind.DAY: "Day", SpanKind.WEEK: "Week", SpanKind.TERM: "Term"}


class SpanLink(msgspec.Struct, frozen=True):
    """A link to another span."""

    text: str
    href: str
    is_here: bool = False


class TableShown(msgspec.Struct, frozen=True):
    """A table with where it is as a file."""

    table: Table
    csv_href: str


class FiguresPage(msgspec.Struct, frozen=True):
    """The figures of one span; *before* and *after* are its neighbours, empty beyond now."""

    words: str
    kinds: tuple[SpanLink, ...]
    neighbours: tuple[SpanLink, ...]
    tables: tuple[TableShown, ...]
    missing: str


def figures_page(
    span: Span, tables: tuple[Table, ...], calendar: Calendar, now: Now, missing: int
) -> FiguresPage:
    """Return the page; *missing* is how many days are not added up yet."""
    today = now.local(now.school).date()
    # From a term one comes to the day it is, if it is in it.
    day = today if span.holds(today) else span.first
    neighbours = []
    for step, text in ((-1, "Before"), (1, "After")):
        other = span.neighbour(step, calendar)
        if other is not None and other.first <= today:
            neighbours.append(SpanLink(f"{text}: {other.words}", _href(span.kind, other.first)))
    return FiguresPage(
        words=span.words,
        kinds=tuple(
            SpanLink(title, _href(kind, day), kind is span.kind) for kind, title in _TITLES.items()
        ),
        neighbours=tuple(neighbours),
        tables=tuple(
            TableShown(each, f"/figures/{each.id}.csv?{_query(span.kind, span.first)}")
            for each in tables
        ),
        missing=missing_words(missing),
    )


def _href(kind: SpanKind, day: object) -> str:
    return f"/figures?{_query(kind, day)}"


def _query(kind: SpanKind, day: object) -> str:
    return urlencode({"span": kind.value, "on": str(day)})
