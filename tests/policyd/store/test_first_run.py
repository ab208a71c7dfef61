"""The first run: a code from the machine opens the guide once, and never where somebody is."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from office import MACHINE, QuickHasher, fill

from schoolgate_policyd.core.subjects import Duty
from schoolgate_policyd.secret_codes import BITS_A_LETTER, as_made
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.first_run import CODE_LASTS
from schoolgate_policyd.workflow.errors import NotAllowed, WrongState
from schoolgate_policyd.workflow.first_people import parse_first_people

PEOPLE = {
    "head-name": "Ngozi Thistlewood",
    "head-username": "ngozi",
    "technician-name": "Tam Pintail",
    "technician-username": "tam",
    "dsl-name": "Ngozi Thistlewood",
    "dsl-username": "ngozi",
}


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[DecisionStore]:
    with closing(DecisionStore(tmp_path / "decisions.db", hasher=QuickHasher())) as opened:
        yield opened


def opened(store: DecisionStore) -> str:
    made = store.first_run.make_code(at=MACHINE)
    assert made is not None
    token = store.first_run.open(made.code.upper().replace("-", " "), at=MACHINE)
    assert token is not None
    return token


def test_a_code_opens_the_guide_once(empty: DecisionStore) -> None:
    made = empty.first_run.make_code(at=MACHINE)
    assert made is not None

    token = empty.first_run.open(made.code, at=MACHINE)

    assert 112 <= len(as_made(made.code)) * BITS_A_LETTER
    assert empty.first_run.holds(token, at=MACHINE)
    assert empty.first_run.open(made.code, at=MACHINE) is None


@pytest.mark.parametrize("code", ["", "aaaaa-aaaaa-aaaaa-aaaaa", "x" * 100_000, "\udcff"])
def test_no_other_code_opens_it(empty: DecisionStore, code: str) -> None:
    empty.first_run.make_code(at=MACHINE)

    assert empty.first_run.open(code, at=MACHINE) is None


def test_a_code_ends_with_its_time_and_with_the_next_one(empty: DecisionStore) -> None:
    first, second = empty.first_run.make_code(at=MACHINE), empty.first_run.make_code(at=MACHINE)
    assert first is not None
    assert second is not None

    assert empty.first_run.open(first.code, at=MACHINE) is None
    assert empty.first_run.open(second.code, at=MACHINE + CODE_LASTS) is None


def test_a_code_is_nowhere_in_the_database(empty: DecisionStore, tmp_path: Path) -> None:
    made = empty.first_run.make_code(at=MACHINE)
    assert made is not None
    octets = b"".join(each.read_bytes() for each in tmp_path.glob("decisions.db*"))

    assert made.code.encode() not in octets
    assert made.code.replace("-", "").encode() not in octets


def test_there_is_no_guide_where_a_head_can_sign_in(empty: DecisionStore) -> None:
    token = opened(empty)
    fill(empty)

    assert empty.first_run.make_code(at=MACHINE) is None
    assert not empty.first_run.holds(token, at=MACHINE)
    with pytest.raises(WrongState):
        empty.first_run.name_school(token, "Ours", "kell-bank", at=MACHINE)


def test_the_guide_saves_each_step_and_ends_once(empty: DecisionStore) -> None:
    token = opened(empty)
    empty.first_run.name_school(token, "Otter Bank", "kell-bank", at=MACHINE)
    with pytest.raises(NotAllowed, match="headteacher"):
        empty.first_run.end(token, at=MACHINE)
    empty.first_run.put_members(token, parse_first_people(PEOPLE), at=MACHINE)

    empty.first_run.end(token, at=MACHINE)

    record = empty.school.record()
    assert record is not None
    assert ("Otter Bank", "kell-bank", MACHINE) == (record.name, record.preset, record.set_up_at)
    head = empty.people.find("ngozi")
    assert head is not None
    assert {Duty.HEAD, Duty.DSL} == head.duties
    assert not empty.first_run.holds(token, at=MACHINE + timedelta(seconds=1))


def test_people_entered_again_take_the_place_of_those_before(empty: DecisionStore) -> None:
    token = opened(empty)
    empty.first_run.put_members(token, parse_first_people(PEOPLE), at=MACHINE)
    other = PEOPLE | {"technician-name": "Uma Urn", "technician-username": "uma"}

    empty.first_run.put_members(token, parse_first_people(other), at=MACHINE)

    before, after = empty.people.find("tam"), empty.people.find("uma")
    assert before is not None
    assert after is not None
    assert (frozenset(), {Duty.TECHNICIAN}) == (before.duties, after.duties)
