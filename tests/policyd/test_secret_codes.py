"""Codes are long enough for a fast hash, and are found however they are typed."""

import pytest

from schoolgate_policyd.secret_codes import (
    BITS_A_LETTER,
    LETTERS,
    hash_of,
    hash_of_code,
    in_groups,
    new_code,
    new_token,
)


def test_a_code_is_shown_in_groups_of_letters_that_nobody_confuses() -> None:
    groups = new_code(5, 6).split("-")

    assert [6] * 5 == [len(each) for each in groups]
    assert set() == set("".join(groups)) - set(LETTERS)
    assert set() == set("0o1li") & set(LETTERS)


def test_codes_and_tokens_differ_each_time() -> None:
    assert 100 == len({new_code(4, 4) for _ in range(100)})
    assert 100 == len({new_token() for _ in range(100)})


def test_every_letter_of_the_alphabet_comes_and_counts_as_often() -> None:
    assert len(LETTERS) == len(set(LETTERS))
    assert 4.95 < BITS_A_LETTER < 4.96
    assert set(LETTERS) == set(new_code(1, 2000))


def test_the_last_group_may_be_shorter() -> None:
    assert "abc-de" == in_groups("abcde", 3)


@pytest.mark.parametrize(
    "typed", ["abcd-efgh", "ABCD EFGH", " abcdefgh\n", "abcd\u2011efgh", "ab-cd ef.gh" + " " * 200]
)
def test_a_code_is_found_however_it_is_typed(typed: str) -> None:
    assert hash_of_code("abcd-efgh") == hash_of_code(typed)


@pytest.mark.parametrize("typed", ["abcd-efgk", "abcdefg", "", "\udcff", "x" * 5000])
def test_another_code_is_another(typed: str) -> None:
    assert hash_of_code("abcd-efgh") != hash_of_code(typed)


def test_the_same_code_of_somebody_else_is_kept_otherwise() -> None:
    assert 3 == len({hash_of_code("abcd", salt=each) for each in ("", "heron", "swift")})


def test_nothing_of_a_secret_is_in_what_is_kept() -> None:
    assert 64 == len(hash_of("\udcff"))
    assert "secret" not in hash_of("secret")
