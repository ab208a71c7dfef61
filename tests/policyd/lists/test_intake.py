"""Names in one spelling: the fast way and the slow one agree, and so do the sets of suffixes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from list_world import SEED
from publicsuffixlist import PublicSuffixList

from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import DomainName, parse_host
from schoolgate_policyd.lists.errors import ListError
from schoolgate_policyd.lists.intake import (
    _PLAIN,
    AT,
    AT_AND_BELOW,
    Intake,
    Spared,
    hash_name,
)
from schoolgate_policyd.lists.suffixes import (
    is_registry_suffix,
    named_suffixes,
    wildcard_endings,
)
from schoolgate_policyd.lists.tally import Reason

LABEL = st.from_regex(r"[a-z0-9_-]{1,64}", fullmatch=True)
NAMES = st.lists(LABEL, min_size=1, max_size=6).map(".".join) | st.text(
    "ab0x-._", min_size=1, max_size=40
)


@given(NAMES)
def test_what_the_fast_way_takes_is_what_the_slow_way_makes_of_it(name: str) -> None:
    if _PLAIN.match(name.encode()):
        assert DomainName(name) == parse_host(name)


@given(NAMES)
def test_a_name_that_no_browser_would_open_is_never_taken(name: str) -> None:
    intake = Intake(SEED)
    intake.take(name.encode(), AT, 1)
    try:
        parse_host(name)
    except NameSyntaxError:
        assert not any(intake.parts)


def test_the_sets_of_suffixes_agree_with_the_library() -> None:
    library = PublicSuffixList(only_icann=True)
    suspicious = [name.decode() for name in named_suffixes()]
    suspicious += [f"a{ending.decode()}" for ending in wildcard_endings()]

    assert len(suspicious) > 5000
    assert all(library.is_public(name) for name in suspicious)
    assert {b"co.uk", b"sch.uk"} <= named_suffixes()


@pytest.mark.parametrize("name", [b"www.ck", b"city.kawasaki.jp", b"example.co.uk"])
def test_a_name_that_somebody_registered_is_no_suffix(name: bytes) -> None:
    intake = Intake(SEED)
    intake.take(name, AT, 1)

    assert not is_registry_suffix(name)
    assert 17 == sum(map(len, intake.parts))


def test_every_spelling_of_a_name_has_one_hash() -> None:
    intake = Intake(SEED)
    for spelling in ("bücher.example", "BÜCHER.example", "xn--bcher-kva.example."):
        intake.take(spelling.encode(), AT_AND_BELOW, 1)

    assert {17 * 3} == {len(part) for part in intake.parts if part}
    assert 1 == len({bytes(part[:16]) for part in intake.parts if part})


def test_hashes_differ_between_gateways() -> None:
    assert hash_name(b"bad.example", 1) != hash_name(b"bad.example", 2)
    assert 16 == len(hash_name(b"bad.example", 2**64 - 1))


def test_a_list_with_too_many_names_is_refused() -> None:
    intake = Intake(SEED, max_names=3)
    for number in range(3):
        intake.take(b"n%d.example" % number, AT, number)

    with pytest.raises(ListError, match=re.escape("more than 3 names")):
        intake.take(b"n4.example", AT, 4)


def test_a_locked_list_takes_lesson_sites_too_and_says_so() -> None:
    spared = Spared([parse_host("lesson.example")])
    locked = Intake(SEED, spared, is_locked=True)
    locked.take(b"lesson.example", AT, 1)
    locked.take(b"co.uk", AT, 2)

    report = locked.report(1)
    assert 17 == sum(map(len, locked.parts))
    assert "lesson.example" in report.warnings[0]
    assert [Reason.TOO_WIDE] == [each.reason for each in report.not_honoured]
