"""Where each class goes in the new year: what is proposed can be read back."""

import pytest

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.workflow.people import SchoolClass
from schoolgate_policyd.workflow.register_people import PersonEntry, PersonRecord
from schoolgate_policyd.workflow.year_moves import moved_up

LAST_YEAR = 6


def pupil_of(class_: str) -> PersonRecord:
    entry = PersonEntry(
        name="Pia Pupil", audience=Audience.PUPIL, classes=frozenset({class_}), year_group=4
    )
    return PersonRecord("p-7", entry, (), 1, None, has_left=False, has_account=False)


def test_each_class_goes_to_the_one_that_is_called_a_year_more() -> None:
    classes = (SchoolClass("4b", "4B"), SchoolClass("5b", "5B"))

    moves = moved_up((pupil_of("4b"),), classes, None, LAST_YEAR)

    assert "4B > 5B\n5B >" == moves.text
    assert [frozenset({"5b"})] == [each.after.classes for each in moves.moved]


@pytest.mark.parametrize("name", ["4B -> 5B", "Oaks → Elms", "<b>Oaks</b>"])
def test_a_class_in_whose_name_is_an_arrow_goes_by_its_id(name: str) -> None:
    classes = (SchoolClass("oaks", name), SchoolClass("elms", "Elms"))

    moves = moved_up((pupil_of("oaks"),), classes, None, LAST_YEAR)
    again = moved_up((pupil_of("oaks"),), classes, "oaks > Elms", LAST_YEAR)

    assert "oaks >\nElms >" == moves.text
    assert [frozenset({"elms"})] == [each.after.classes for each in again.moved]


def test_classes_of_the_same_name_go_by_their_ids() -> None:
    classes = (SchoolClass("oaks", "Oaks"), SchoolClass("oaks-2", "Oaks"))

    moves = moved_up((), classes, None, LAST_YEAR)

    assert "oaks >\noaks-2 >" == moves.text


def test_a_class_that_is_called_as_another_one_s_id_goes_by_its_own() -> None:
    classes = (SchoolClass("oaks", "Elms"), SchoolClass("elms", "Oak -> tree"))

    moves = moved_up((pupil_of("elms"),), classes, None, LAST_YEAR)
    again = moved_up((pupil_of("elms"),), classes, "elms > oaks", LAST_YEAR)

    assert "oaks >\nelms >" == moves.text
    assert [frozenset({"oaks"})] == [each.after.classes for each in again.moved]
