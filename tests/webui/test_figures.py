"""Figures: each number is that of the events and requests, and stands in a table."""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from web_browser import Browser
from web_events import allowed, blocked, put
from web_school import ENTRY, WebSchool

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.core.times import Calendar, DateRange
from schoolgate_webui.views.charts import Series, bars, ceiling, columns
from schoolgate_webui.views.spans import Span, SpanKind, span_of

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FRIDAY = date(2026, 11, 20)
CALENDAR = Calendar(
    "2026-27",
    (
        DateRange(date(2026, 9, 1), date(2026, 12, 18)),
        DateRange(date(2027, 1, 4), date(2027, 3, 25)),
    ),
)


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSchool]:
    opened = WebSchool(tmp_path_factory.mktemp("figures"))
    social = ("facebook",), ("social-network",)
    put(
        opened,
        blocked("a.example", person="p-7", count=5, categories=("video-sharing",)),
        blocked("b.example", count=3, categories=("video-sharing", "circumvention")),
        blocked("c.example", ago=HOUR, attempt="circumvention", count=2),
        blocked("d.example", ago=DAY, audience=Audience.STAFF, person="teacher", count=7),
        blocked("e.example", ago=30 * DAY, audience=Audience.VISITOR, count=11),
        blocked("f.example", ago=85 * DAY, count=13),
        *(
            allowed("facebook.com", ago=timedelta(minutes=n), person="teacher",
                    services=social[0], categories=social[1], count=2)
            for n in range(3)
        ),
        allowed("facebook.com", ago=DAY, person="teacher", services=social[0],
                categories=social[1]),
        allowed("facebook.com", person="lead", services=social[0], categories=social[1]),
        allowed("lessons.example", person="teacher"),
    )  # fmt: skip
    yield opened
    opened.close()


def table(school: WebSchool, name: str, span: str, who: str = "head") -> list[list[str]]:
    answer = Browser(school).sign_in(who).ask("GET", f"/figures/{name}.csv?{span}")
    assert 200 == answer.status_code, answer.text
    assert "attachment" in answer.headers["content-disposition"]
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))[1:]


def test_a_day_is_told_by_the_hour(school: WebSchool) -> None:
    rows = {row[0]: row[1:] for row in table(school, "blocked", "span=day&on=2026-11-20")}

    assert ["8", "0", "0", "8", "0", "8"] == rows["10:00"]
    assert ["2", "0", "0", "2", "2", "0"] == rows["09:00"]
    assert ["0"] * 6 == rows["15:00"]


def test_a_week_is_told_by_the_day(school: WebSchool) -> None:
    rows = table(school, "blocked", "span=week&on=2026-11-20")

    assert 7 == len(rows)
    assert ["Thu 19 Nov", "0", "7", "0", "7", "0", "1"] == rows[3]
    assert ["Fri 20 Nov", "10", "0", "0", "10", "2", "8"] == rows[4]


def test_a_term_is_told_by_the_week_and_ends_with_it(school: WebSchool) -> None:
    rows = table(school, "blocked", "span=term&on=2026-11-20")

    assert 16 == len(rows)
    assert 5 + 3 + 2 + 7 + 11 == sum(int(row[4]) for row in rows[1:])
    # 85 days before is 27 August, and no day of term.
    assert ["0"] * 6 == rows[0][1:]


def test_categories_count_what_belongs_to_them(school: WebSchool) -> None:
    rows = table(school, "categories", "span=day&on=2026-11-20")

    assert [
        ["Video sharing", "8", "0", "0", "8"],
        ["Ways round the filter", "3", "0", "0", "3"],
        ["No category", "2", "0", "0", "2"],
    ] == sorted(rows, key=lambda row: -int(row[4]))


def test_year_groups_count_each_event_once_and_say_who_is_not_known(school: WebSchool) -> None:
    answer = table(school, "years", "span=day&on=2026-11-20")

    assert [["Year 4", "5"], ["Not known", "5"]] == [row[:2] for row in answer]


def test_attempts_are_told_by_kind(school: WebSchool) -> None:
    assert [["Tried to get round the filter", "2"]] == table(
        school, "attempts", "span=week&on=2026-11-20"
    )


def test_minutes_are_told_by_person_and_day_under_a_pseudonym(school: WebSchool) -> None:
    (teacher, lead) = table(school, "minutes", "span=week&on=2026-11-20")

    assert "Tess" not in "".join(teacher)
    assert ["0", "0", "0", "1", "3", "0", "0", "4", "Facebook"] == teacher[1:]
    assert "1" == lead[-2]
    assert ["2", "3", "4"] == table(school, "minutes", "span=term&on=2026-11-20")[0][1:4]
    # Nobody reads of their own.
    assert 1 == len(table(school, "minutes", "span=day&on=2026-11-20", "lead"))


def test_governors_see_sums_and_no_people(school: WebSchool) -> None:
    browser = Browser(school).sign_in("governor")

    assert "Blocked over time" in browser.get("/figures").text
    assert "minutes per person" not in browser.last_text
    assert 404 == browser.ask("GET", "/figures/minutes.csv").status_code


def test_every_drawing_has_a_title_a_description_and_a_table_beneath(school: WebSchool) -> None:
    browser = Browser(school).sign_in("lead")
    for span in SpanKind:
        page = browser.get(f"/figures?span={span}&on=2026-11-20")
        source = browser.last_text
        for drawn in ("blocked", "categories", "years"):
            assert f'aria-labelledby="{drawn}-chart-title {drawn}-chart-description"' in source
            assert {f"{drawn}-chart-title", f"{drawn}-chart-description"} <= set(page.ids)
        assert source.count('<svg class="sg-chart"') <= source.count("sg-figure-table")
        assert len(page.ids) == len(set(page.ids))
        assert "style=" not in source
        assert len(source.encode()) < 150_000


@pytest.mark.parametrize(
    "query",
    ["?span=year", "?on=x", "?on=9999-12-31", "?on=0001-01-01", "?span=term&on=2199-12-31"],
)
def test_what_makes_no_sense_shows_a_time_that_does(school: WebSchool, query: str) -> None:
    browser = Browser(school).sign_in("dsl")
    browser.get(f"/figures{query}")

    assert 200 == browser.status


def test_requests_their_answers_and_sites_asked_for_twice(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    school = WebSchool(tmp_path_factory.mktemp("asked"))
    try:
        teacher = Browser(school).sign_in("teacher")
        for _ in range(2):
            page = teacher.send("/requests/new", "/requests/new", **ENTRY)
            assert "Your request was sent" in page.text, page.text
        school.go_on(2 * HOUR)
        lead = Browser(school).sign_in("lead")
        lead.send("/requests/1", "/requests/1/measures", in_place="no", why="Comments are open")

        rows = table(school, "requests", "span=day&on=2026-11-20")
        assert ["All", "2", "0", "1", "0%", "2 hours"] == rows[-1]
        assert [["www.tiktok.com", "2", "0"]] == table(school, "asked-twice", "span=week")
    finally:
        school.close()


@pytest.mark.parametrize(
    ("kind", "day", "expected"),
    [
        (SpanKind.DAY, FRIDAY, (FRIDAY, FRIDAY)),
        (SpanKind.WEEK, FRIDAY, (date(2026, 11, 16), date(2026, 11, 22))),
        (SpanKind.TERM, FRIDAY, (date(2026, 9, 1), date(2026, 12, 18))),
        # In the holidays the term before, and before the first the first.
        (SpanKind.TERM, date(2026, 12, 25), (date(2026, 9, 1), date(2026, 12, 18))),
        (SpanKind.TERM, date(2026, 8, 1), (date(2026, 9, 1), date(2026, 12, 18))),
    ],
)
def test_a_span_is_whole(kind: SpanKind, day: date, expected: tuple[date, date]) -> None:
    span = span_of(kind, day, CALENDAR)

    assert expected == (span.first, span.last)
    every = (span.first + DAY * n for n in range((span.last - span.first).days + 1))
    noon = (datetime(each.year, each.month, each.day, 12) for each in every)  # noqa: DTZ001 - local
    assert set(range(len(span.stretches))) >= {span.stretch_of(each) for each in noon}


def test_spans_lead_to_one_another() -> None:
    autumn = span_of(SpanKind.TERM, FRIDAY, CALENDAR)
    spring = autumn.neighbour(1, CALENDAR)

    assert spring is not None
    assert autumn == spring.neighbour(-1, CALENDAR)
    assert autumn.neighbour(-1, CALENDAR) is None
    assert Span(SpanKind.DAY, FRIDAY + DAY, FRIDAY + DAY) == span_of(
        SpanKind.DAY, FRIDAY, CALENDAR
    ).neighbour(1, CALENDAR)


def test_columns_stand_on_one_another_within_the_drawing() -> None:
    series = [Series("first", "a", (3, 0)), Series("second", "b", (1, 4))]
    drawn = columns("x", "X", ("one", "two"), series, "Things")
    first, second, third = drawn.boxes

    assert "one: a 3" == first.title
    assert float(first.y) == pytest.approx(float(second.y) + float(second.height), abs=0.2)
    assert float(third.height) == pytest.approx(4 * float(second.height), abs=0.4)
    assert all(0 <= float(each.y) and float(each.height) > 0 for each in drawn.boxes)
    assert all(float(each.x[:-1]) + float(each.width[:-1]) <= 100 for each in drawn.boxes)
    assert "Things: 8 in all, most in one with 4." == drawn.description


def test_bars_are_as_long_as_their_values() -> None:
    drawn = bars("x", "X", [("a", 10), ("b", 5), ("c", 0)], "Things")

    assert ["100.00%", "50.00%", "0.00%"] == [each.width for each in drawn.bars]


@pytest.mark.parametrize(
    ("value", "top"), [(0, 2), (1, 2), (3, 5), (9, 10), (11, 20), (99, 100), (101, 200)]
)
def test_the_topmost_line_is_round_and_never_below(value: int, top: int) -> None:
    assert top == ceiling(value)


def test_the_drawings_are_whole_as_xml(school: WebSchool) -> None:
    browser = Browser(school).sign_in("lead")
    browser.get("/figures?span=week&on=2026-11-20")
    for part in browser.last_text.split("<svg")[1:]:
        ET.fromstring(f"<svg{part.split('</svg>')[0]}</svg>")  # noqa: S314 - our own page
