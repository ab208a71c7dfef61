"""A site is said to be of a service, or to have pages of it; ages are named to pupils alone."""

import msgspec
import pytest
import test_decide as cases

from schoolgate_policyd.core.belonging import belonging
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.subjects import Subject

CHAT = "By its own terms Chat asks for an age of 13"
PARTS = "By its own terms Parts asks for an age of 16"


def sentences(subject: Subject, text: str) -> list[str]:
    request, snapshot = cases.asked(subject, text), cases.snapshot_with()
    return list(belonging(request, decide(request, snapshot, cases.LESSON), snapshot))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("other.example", []),
        ("chat.example", ["It belongs to Chat."]),
        ("www.chat.example", ["It belongs to Chat.", "Some of its pages belong to Parts."]),
        ("https://www.chat.example/", ["It belongs to Chat."]),
        ("https://www.chat.example/x", ["It belongs to Chat, Parts."]),
        ("https://shared.example/", []),
        ("https://shared.example/talk", ["It belongs to Parts."]),
    ],
)
def test_it_is_said_what_the_whole_and_what_some_pages_belong_to(
    text: str, expected: list[str]
) -> None:
    assert expected == sentences(cases.TEACHER, text)


def test_where_nothing_can_look_inside_a_page_is_said_to_be_what_its_site_is() -> None:
    unseen = msgspec.structs.replace(cases.TEACHER, inspectable=False)

    assert ["Some of its pages belong to Video, Parts."] == sentences(
        unseen, "https://shared.example/"
    )


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (None, [f"{CHAT}, and the pupil's age is not known."]),
        (12, [f"{CHAT}, which the pupil is under."]),
        (13, []),
    ],
)
def test_a_pupil_is_told_of_an_age_that_is_not_reached(
    age: int | None, expected: list[str]
) -> None:
    pupil = msgspec.structs.replace(cases.PUPIL, age=age)

    assert ["It belongs to Chat.", *expected] == sentences(pupil, "https://chat.example/")


def test_a_page_of_two_services_names_each_age() -> None:
    pupil = msgspec.structs.replace(cases.PUPIL, age=12)

    assert [f"{each}, which the pupil is under." for each in (CHAT, PARTS)] == sentences(
        pupil, "https://www.chat.example/x"
    )[1:]
