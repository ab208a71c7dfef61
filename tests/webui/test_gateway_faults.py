"""What is not as it should be stands on the first page of whoever looks after the system."""

from datetime import timedelta

import pytest
from web_browser import Browser
from web_events import clock_noticed, noticed, put
from web_school import WebSchool

from schoolgate_policyd.ipc.messages import Status

FAULTS, CLOCK, SOURCES = "Not as it should be", "The gateway’s clock", "many devices"
STEPPED = "the gateway's clock stepped forward by 2 hours"


def read(school: WebSchool, who: str) -> str:
    return Browser(school).sign_in(who).get("/").text


@pytest.mark.parametrize(
    ("who", "is_shown"),
    [("technician", True), ("lead", True), ("head", True), ("teacher", False), ("dsl", False)],
)
def test_an_alarm_is_shown_to_whoever_looks_after_the_system(
    school: WebSchool, who: str, *, is_shown: bool
) -> None:
    school.policyd.answer = Status(1, 1, 1, (), (STEPPED,))
    page = read(school, who)

    assert is_shown is (FAULTS in page)
    assert is_shown is (STEPPED in page)


@pytest.mark.parametrize("answer", [None, Status(1, 1, 1, ())])
def test_without_a_fault_there_is_no_title(school: WebSchool, answer: Status | None) -> None:
    school.policyd.answer = answer

    assert FAULTS not in read(school, "technician")


def test_what_was_noticed_of_the_clock_is_no_source_of_many_devices(school: WebSchool) -> None:
    put(
        school,
        clock_noticed(STEPPED, ago=timedelta(hours=2)),
        clock_noticed("it is trusted again", ago=timedelta(hours=1)),
    )
    page = read(school, "technician")

    assert CLOCK in page
    assert "it is trusted again" in page
    assert STEPPED not in page  # the newest says how things are
    assert SOURCES not in page


def test_a_source_of_many_devices_is_no_word_about_the_clock(school: WebSchool) -> None:
    put(school, noticed("127.0.1.66", "Apple, Windows"))
    page = read(school, "technician")

    assert SOURCES in page
    assert CLOCK not in page
