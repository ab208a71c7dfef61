"""The log for programs: as the page shows it, without names, and figures."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from web_events import allowed, blocked, put
from web_program import Program, program_of
from web_school import MACHINE, WebSchool

from schoolgate_policyd.workflow.looks import LookForm, LookReason


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSchool]:
    made = WebSchool(tmp_path_factory.mktemp("busy"))
    put(
        made,
        blocked("www.tiktok.com", person="p-7", count=4, categories=("video-sharing",)),
        blocked(
            "vpn.example",
            ago=timedelta(minutes=3),
            client="127.0.1.11",
            attempt="circumvention",
            rule="circumvention",
        ),
        allowed("lessons.example", ago=timedelta(minutes=5), person="teacher"),
        allowed(
            "facebook.com",
            ago=timedelta(minutes=6),
            person="teacher",
            services=("facebook",),
            categories=("social-network",),
        ),
    )
    yield made
    made.close()


@pytest.fixture(scope="module")
def lead(school: WebSchool) -> Program:
    return program_of(school, "lead")


def test_names_are_pseudonyms_and_each_token_has_its_own(school: WebSchool, lead: Program) -> None:
    other = program_of(school, "lead")

    mine, theirs = (each.get("/log?name=tiktok")["items"][0]["who"] for each in (lead, other))

    assert "Pia" not in lead.ask("GET", "/log").text
    assert mine["id"] is not None
    assert mine["id"] != theirs["id"]
    assert ["www.tiktok.com"] == [
        each["name"] for each in lead.get(f"/log?who={mine['id']}")["items"]
    ]
    assert [] == lead.get(f"/log?who={theirs['id']}")["items"]


def test_a_record_is_read_by_name_only_while_it_is_open(school: WebSchool, lead: Program) -> None:
    dsl = program_of(school, "dsl")
    closed = dsl.ask("GET", "/log?person=p-7")
    form = LookForm(LookReason.SAFEGUARDING, "A concern.")

    school.decisions.looks.open("p-7", by="dsl", form=form, at=MACHINE)

    assert 404 == closed.status_code
    line = dsl.get("/log?person=p-7")["items"][0]
    assert ({"id": "p-7", "name": "Pia Pupil"}, 4) == (line["who"], line["count"])
    assert 404 == lead.ask("GET", "/log?person=p-7").status_code
    assert "A concern." == dsl.get("/log/looks")["items"][0]["words"]


def test_the_log_is_read_in_parts_and_narrowed(lead: Program) -> None:
    first = lead.get("/log?limit=1")
    second = lead.get(first["next"].removeprefix("/api/v1"))

    assert ["www.tiktok.com"] == [each["name"] for each in first["items"]]
    assert ["vpn.example"] == [each["name"] for each in second["items"]]
    assert ["vpn.example"] == [each["name"] for each in lead.get("/log?attempts=true")["items"]]
    assert "lessons.example" in [each["name"] for each in lead.get("/log?allowed=true")["items"]]
    wrong = lead.ask("GET", "/log?from=yesterdayish")
    assert (422, "from") == (wrong.status_code, wrong.json()["mistakes"][0]["field"])


def test_figures_are_the_tables_of_the_page_without_names(lead: Program) -> None:
    figures = lead.get("/figures?span=day")

    tables = {each["id"] for each in figures["tables"]}
    assert {"blocked", "categories", "attempts", "requests"} <= tables
    assert ("2026-11-20", "2026-11-20") == (figures["first"], figures["last"])
    assert "Tess" not in str(figures)
    assert figures == lead.get("/figures?span=day&on=")


def minutes_of(program: Program) -> str:
    """Return the pseudonym of the one who used social media, as the figures have it."""
    tables = {each["id"]: each for each in program.get("/figures?span=day")["tables"]}
    ((who, *_),) = tables["minutes"]["rows"]
    (code,) = re.findall("[0-9A-Z]{6}", who)
    assert code in program.ask("GET", "/figures/minutes.csv?span=day").text
    return str(code)


def test_figures_have_the_pseudonyms_of_the_token_and_they_open_a_look(
    school: WebSchool, lead: Program
) -> None:
    other = program_of(school, "lead")
    theirs = {"who": minutes_of(lead), "reason": "breach-of-the-policy", "words": "Much of it"}

    strangers = other.ask("POST", "/log/looks", theirs)
    look = lead.post("/log/looks", theirs, 201)

    assert minutes_of(lead) != minutes_of(other)
    assert 404 == strangers.status_code
    assert "teacher" == look["person"]["id"]


def test_a_pseudonym_holds_for_a_day_with_a_token(school: WebSchool, lead: Program) -> None:
    """Whoever collects them for a year could otherwise tell who it is by what they do."""
    before = lead.get("/log?name=tiktok")["items"][0]["who"]["id"]
    school.machine_clock.go_on(timedelta(days=1))

    after = lead.get("/log?name=tiktok")["items"][0]["who"]["id"]
    school.machine_clock.go_on(-timedelta(days=1))

    assert before != after
    assert before == lead.get("/log?name=tiktok")["items"][0]["who"]["id"]


@pytest.mark.parametrize("on", ["2026-02-30", "yesterday", "1999-12-31", "2200-01-01"])
@pytest.mark.parametrize("path", ["/figures", "/figures/blocked.csv"])
def test_a_day_that_is_none_is_a_mistake_and_not_another_day(
    lead: Program, path: str, on: str
) -> None:
    answer = lead.ask("GET", f"{path}?on={on}")

    assert (422, "on") == (answer.status_code, answer.json()["mistakes"][0]["field"])
