"""What we filter and monitor: from the policy in force, in three formats, for anybody."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pdf_text import text_of
from policy_school import PolicySchool, begin, lose_break, take
from web_browser import Browser
from web_school import WebSchool

LATER = {
    "when": "day",
    "announced_on": "2026-11-20",
    "in_force_from": "2026-12-20",
    "reasons": "As the governors approved",
}
SITE = {"name": "Times Tables", "url": "https://tables.example/year-3", "about": "Maths practice"}


@pytest.fixture
def taken_up(tmp_path: Path) -> Iterator[PolicySchool]:
    opened = PolicySchool(tmp_path)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSchool]:
    """A school for tests that change nothing in it."""
    opened = WebSchool(tmp_path_factory.mktemp("calm"))
    yield opened
    opened.close()


def test_services_for_older_people_are_named_with_their_age(calm: WebSchool) -> None:
    assert "From 13 years: TikTok." in Browser(calm).get("/filtering").text


def test_how_long_records_are_kept_is_said_and_no_other_schools_document(
    calm: WebSchool,
) -> None:
    text = Browser(calm).get("/filtering").text

    assert "counts of what was allowed 90 days" in text
    assert "twiss-green" not in text


def test_it_says_who_looks_at_one_person_and_why(calm: WebSchool) -> None:
    assert "Suspected breach of the policy" in Browser(calm).get("/filtering").text


def test_the_same_is_there_as_text_and_on_paper(calm: WebSchool) -> None:
    browser = Browser(calm)
    text = browser.ask("GET", "/filtering.txt")
    paper = browser.ask("GET", "/filtering.pdf")

    assert text.headers["content-type"].startswith("text/plain")
    assert paper.headers["content-disposition"].startswith("attachment")
    for said in ("What this cannot do", "mobile data", "Social media: social networks"):
        assert said in " ".join(text.text.split())
        assert said in " ".join(text_of(paper.content).split())
    assert all(len(line) <= 80 for line in text.text.splitlines() if "://" not in line)


def test_a_paper_is_made_once_for_everybody(school: WebSchool) -> None:
    first = Browser(school).ask("GET", "/filtering.pdf").content
    school.go_on(timedelta(minutes=1))

    assert first == Browser(school).ask("GET", "/filtering.pdf").content


def test_sites_that_pupils_are_asked_to_use_stand_there_once_listed(school: WebSchool) -> None:
    lead = Browser(school).sign_in("lead")
    assert "teachers say which sites they use" in lead.get("/filtering").text

    page = lead.send("/filtering/sites", "/filtering/sites", **SITE)
    assert "The site is on the list" in page.text
    public = Browser(school).get("/filtering")
    assert "https://tables.example/year-3" in public.links
    assert "Times Tables : Maths practice" in public.text

    lead.send("/filtering/sites", "/filtering/sites/1/remove")
    assert "Times Tables" not in Browser(school).get("/filtering").text


@pytest.mark.parametrize(
    ("field", "entry", "says"),
    [
        ("url", "javascript:alert(1)", "Enter a web address, like"),
        ("url", "ftp://tables.example/", "Enter a web address"),
        ("url", "https://", "Enter a web address"),
        ("url", "", "Give the address of the page"),
        ("name", "Times\u202eselbaT", "hidden character"),
        ("about", "x" * 301, "Use 300 characters or fewer"),
    ],
)
def test_what_cannot_be_listed_is_said_beside_its_field(
    calm: WebSchool, field: str, entry: str, says: str
) -> None:
    lead = Browser(calm).sign_in("lead")

    page = lead.send("/filtering/sites", "/filtering/sites", **{**SITE, field: entry})

    assert 422 == lead.status
    assert says in page.text
    assert () == calm.decisions.suggested_sites.listed()


def test_a_site_is_on_the_list_once(school: WebSchool) -> None:
    lead = Browser(school).sign_in("lead")
    lead.send("/filtering/sites", "/filtering/sites", **SITE)

    assert "on the list already" in lead.send("/filtering/sites", "/filtering/sites", **SITE).text


def test_what_the_policy_asks_and_a_gateway_cannot_do_is_said(taken_up: PolicySchool) -> None:
    text = Browser(taken_up).get("/filtering").text

    assert "What has changed" in text
    assert "Version 1" in text


def test_a_change_that_is_announced_stands_there_before_it_is_in_force(
    taken_up: PolicySchool,
) -> None:
    technician = Browser(taken_up).sign_in("technician")
    number = begin(technician, "Staff lose break")
    lose_break(technician, number)
    taken_up.prove(number)
    take(technician, number, "propose", reasons="Breaks are short")
    direct(taken_up, number)

    text = Browser(taken_up).get("/filtering").text

    assert "What is going to change" in text
    assert "Staff lose break" in text


def direct(school: PolicySchool, number: int) -> None:
    """Have the governors approve version *number* and the head direct it for later."""
    governor = Browser(school).sign_in("governor")
    take(governor, number, "approve", met_on="2026-11-19", reference="Item 7")
    page = take(Browser(school).sign_in("head"), number, "direct", **LATER)
    assert "comes into force on Sunday 20 December 2026" in page.text, page.text
