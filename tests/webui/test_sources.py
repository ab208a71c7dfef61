"""Sources that are many devices, named to those who look after the network."""

from datetime import timedelta

import pytest
from web_browser import Browser
from web_events import blocked, noticed, put
from web_school import WebSchool

TITLE = "Sources that are many devices"
EVIDENCE = "within an hour it asked, as these systems do, whether it is online: Apple, Windows"


@pytest.mark.parametrize(
    ("who", "is_shown"),
    [("technician", True), ("lead", True), ("head", True), ("teacher", False), ("dsl", False)],
)
def test_they_are_named_to_whoever_looks_after_the_system(
    school: WebSchool, who: str, *, is_shown: bool
) -> None:
    put(school, noticed("127.0.1.66", EVIDENCE))
    page = Browser(school).sign_in(who).get("/")

    assert is_shown is (TITLE in page.text)
    assert is_shown is ("127.0.1.66" in page.text)
    assert is_shown is (EVIDENCE in page.text)
    assert is_shown is ("Network Pupil computers" in page.text)


def test_each_stands_once_with_what_was_seen_last(school: WebSchool) -> None:
    put(
        school,
        noticed("127.0.1.66", "the older", ago=timedelta(days=2)),
        noticed("127.0.1.66", "the newer", ago=timedelta(days=1)),
        noticed("127.0.1.67", "another", ago=timedelta(days=3)),
    )
    text = Browser(school).sign_in("technician").get("/").text

    assert 1 == text.count("127.0.1.66")
    assert "the newer" in text
    assert "the older" not in text
    assert text.index("127.0.1.66") < text.index("127.0.1.67")


def test_after_a_week_without_a_sign_they_are_gone(school: WebSchool) -> None:
    put(school, noticed("127.0.1.66", EVIDENCE, ago=timedelta(days=8)), blocked("a.example"))

    assert TITLE not in Browser(school).sign_in("technician").get("/").text
