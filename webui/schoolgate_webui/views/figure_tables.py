"""What was blocked, attempted and used in a span, added up into tables with their drawings."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta

import msgspec

from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.store.event_figures import DaySums
from schoolgate_policyd.store.event_sum_rows import EVERY_CATEGORY, NO_CATEGORY
from schoolgate_webui.paper.csv_text import Cell
from schoolgate_webui.views.charts import Bars, Columns, Series, bars, columns
from schoolgate_webui.views.log_rows import ATTEMPTS
from schoolgate_webui.views.moments import Now
from schoolgate_webui.views.spans import FIRST_HOUR, LAST_HOUR, Span, SpanKind
from schoolgate_webui.views.words import AUDIENCES

MAX_BARS = 12
MAX_COLUMNS = 5
_KINDS = {Audience.PUPIL: "first", Audience.STAFF: "second", Audience.VISITOR: "third"}
_HALF_HOUR = timedelta(minutes=30)


class Table(msgspec.Struct, frozen=True):
    """
    A table of figures: *id* names it in addresses, *note* says how it was made.

    Its drawing is *columns* over time or *bars*, at most one of them.
    """

    id: str
    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    empty: str = "Nothing in this time."
    columns: Columns | None = None
    bars: Bars | None = None


def blocked_over_time(days: Iterable[DaySums], span: Span, now: Now) -> Table:
    """Return how much was blocked and allowed in each stretch, by audience, and attempts."""
    blocked = defaultdict[int, Counter[Audience]](Counter)
    attempts, allowed = Counter[int](), Counter[int]()
    for day in days:
        for hour in {*(each.hour for each in day.blocked), *day.allowed}:
            local = local_hour(day, hour, now)
            if not span.holds(local.date()):
                continue
            place = span.stretch_of(local)
            allowed[place] += day.allowed.get(hour, 0)
            for each in day.blocked:
                if each.hour == hour:
                    blocked[place][each.audience] += each.count
                    attempts[place] += each.count if each.attempt else 0
    places = _places(span, {*blocked, *allowed})
    names = [span.stretches[place] for place in places]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            names[number],
            *(blocked[place][each] for each in Audience),
            blocked[place].total(),
            attempts[place],
            allowed[place],
        )
        for number, place in enumerate(places)
    )
    series = [
        Series(_KINDS[each], AUDIENCES[each], tuple(blocked[place][each] for place in places))
        for each in Audience
    ]
    title = "Blocked over time"
    return Table(
        "blocked",
        title,
        (span.stretch_word, *AUDIENCES.values(), "All blocked", "Of these attempts", "Allowed"),
        rows if any(any(row[1:]) for row in rows) else (),
        note="A flood of alike requests counts each of them.",
        columns=columns("blocked-chart", title, names, series, "Blocked requests"),
    )


def by_category(days: Iterable[DaySums], policy: Policy) -> Table:
    """Return how much of each category was blocked, by audience."""
    counts = defaultdict[str, Counter[Audience]](Counter)
    for day in days:
        for each in day.categories:
            if each.category != EVERY_CATEGORY:
                counts[each.category][each.audience] += each.count
    names = category_names(policy)
    inorder = sorted(counts.items(), key=lambda each: (-each[1].total(), each[0]))
    title = "Blocked by category"
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (names.get(category, category), *(by[each] for each in Audience), by.total())
        for category, by in inorder
    )
    drawn = [(str(row[0]), by.total()) for row, (_, by) in zip(rows, inorder, strict=True)]
    return Table(
        "categories",
        title,
        ("Category", *AUDIENCES.values(), "All"),
        rows,
        note="What belongs to several categories counts in each.",
        bars=bars("categories-chart", title, drawn[:MAX_BARS], "Blocked requests"),
    )


def by_year_group(days: Iterable[DaySums], policy: Policy, years: Sequence[str]) -> Table:
    """Return how much was blocked for each year group, and of which categories most."""
    counts = defaultdict[str, Counter[str]](Counter)
    every = Counter[str]()
    for day in days:
        for each in day.categories:
            if each.audience is Audience.PUPIL:
                counts[each.group][each.category] += each.count
                every[each.category] += each.count
    del every[EVERY_CATEGORY]
    shown = [category for category, _ in every.most_common(MAX_COLUMNS)]
    names = category_names(policy)
    groups = [each for each in (*years, "") if each in counts]
    title = "Blocked for pupils, by year group"
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            each or "Not known",
            counts[each][EVERY_CATEGORY],
            *(counts[each][category] for category in shown),
        )
        for each in groups
    )
    drawn = [(str(row[0]), int(str(row[1]))) for row in rows]
    return Table(
        "years",
        title,
        ("Year group", "All blocked", *(names.get(each, each) for each in shown)),
        rows,
        note="Pupils on shared computers are not known, and stand in the last line.",
        bars=bars("years-chart", title, drawn, "Blocked requests"),
    )


def by_attempt(days: Iterable[DaySums], span: Span, now: Now) -> Table:
    """Return how often each way round the filter was tried."""
    counts = Counter[str]()
    for day in days:
        for each in day.blocked:
            if each.attempt and span.holds(local_hour(day, each.hour, now).date()):
                counts[each.attempt] += each.count
    title = "Attempts to get round the filter"
    rows = tuple((ATTEMPTS.get(kind, kind), count) for kind, count in counts.most_common())
    return Table(
        "attempts",
        title,
        ("What was tried", "Times"),
        rows,
        empty="No attempts in this time.",
        bars=bars("attempts-chart", title, [(str(n), int(c)) for n, c in rows], "Attempts"),
    )


def category_names(policy: Policy) -> Mapping[str, str]:
    """Return the categories' names by id, with that of what belongs to none."""
    named = {each.id: each.name for each in policy.catalogue.categories}
    return named | {NO_CATEGORY: "No category"}


def local_hour(day: DaySums, hour: int, now: Now) -> datetime:
    """Return an hour of a day (UTC, machine time) as the school's clock shows its middle."""
    start = datetime.combine(day.day, time(hour), UTC)
    return now.recorded(start + _HALF_HOUR)


def _places(span: Span, used: set[int]) -> list[int]:
    """Return the stretches that are shown: of a day those of school, and those with something."""
    if span.kind is not SpanKind.DAY:
        return list(range(len(span.stretches)))
    first, last = min({FIRST_HOUR, *used}), max({LAST_HOUR, *used})
    return list(range(first, last + 1))
