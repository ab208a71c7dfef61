"""Estimated minutes of social media per person and day, under pseudonyms."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from schoolgate_policyd.core.catalogue import Service
from schoolgate_webui.paper.csv_text import Cell
from schoolgate_webui.views.charts import Columns, Series, columns
from schoolgate_webui.views.figure_tables import Table
from schoolgate_webui.views.pseudonyms import Shown, Viewed
from schoolgate_webui.views.spans import Span, SpanKind
from schoolgate_webui.views.use_minutes import METHOD, PersonDay

_TITLE = "Social media, minutes per person and day"


def use_table(
    used: tuple[PersonDay, ...], span: Span, viewed: Viewed, services: Mapping[str, Service]
) -> Table:
    """Return who used social media for how many minutes; most first."""
    shown = {each.person: _shown(each.person, viewed) for each in used}
    # Who is not told apart for the viewer has no line of their own, and so no minutes.
    inside = [each for each in used if span.holds(each.day) and shown[each.person].code]
    by_person = defaultdict[str, dict[date, int]](dict)
    named = defaultdict[str, set[str]](set)
    for each in inside:
        by_person[each.person][each.day] = each.minutes
        named[each.person] |= each.services
    lines = sorted(by_person.items(), key=lambda each: (-sum(each[1].values()), each[0]))
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            shown[person].text,
            *_minutes(days, span),
            ", ".join(sorted(services[s].name if s in services else s for s in named[person])),
        )
        for person, days in lines
    )
    return Table(
        "minutes",
        _TITLE,
        ("Person", *_headings(span), "Services"),
        rows,
        note=f"{METHOD} The log finds each of them by the same pseudonym {viewed.holds}.",
        empty="No use of social media is known in this time.",
        columns=None if span.kind is SpanKind.DAY else _drawing(inside, span),
    )


def _headings(span: Span) -> tuple[str, ...]:
    match span.kind:
        case SpanKind.DAY:
            return ("Minutes",)
        case SpanKind.WEEK:
            return (*span.stretches, "All")
        case SpanKind.TERM:
            return ("Days with use", "Most on one day", "All")


def _minutes(days: Mapping[date, int], span: Span) -> tuple[int, ...]:
    match span.kind:
        case SpanKind.DAY:
            return (sum(days.values()),)
        case SpanKind.WEEK:
            week = (span.first + timedelta(days=number) for number in range(7))
            return (*(days.get(day, 0) for day in week), sum(days.values()))
        case SpanKind.TERM:
            return (len(days), max(days.values()), sum(days.values()))


def _shown(person: str, viewed: Viewed) -> Shown:
    member = viewed.people.get(person)
    return viewed.shown(person, None if member is None else member.audience)


def _drawing(used: list[PersonDay], span: Span) -> Columns:
    minutes = [0] * len(span.stretches)
    for each in used:
        # Any moment of the day will do: stretches are days or weeks.
        minutes[span.stretch_of(datetime.combine(each.day, time(12), UTC))] += each.minutes
    series = [Series("first", "Minutes", tuple(minutes))]
    return columns("minutes-chart", _TITLE, span.stretches, series, "Minutes of all people")
