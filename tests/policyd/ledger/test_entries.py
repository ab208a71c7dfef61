"""The octets of entries are what docs/audit.md says, and nothing else has a canonical form."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.ledger.entries import Leaf, Personal, read_moment, written_moment
from schoolgate_policyd.ledger.errors import NotAnEntry

AT = datetime(2026, 11, 20, 10, 0, 0, 5, tzinfo=UTC)
SALT = bytes(range(32))


def leaf(**changed: object) -> Leaf:
    parts = {
        "number": 1,
        "at": AT,
        "action": "signed-in",
        "object_kind": "session",
        "commitment": SALT,
    }
    return Leaf(**parts | changed)  # type: ignore[arg-type]  # the point of the tables below


def test_a_leaf_is_six_lines() -> None:
    expected = (
        b"schoolgate-audit-entry-v1\n"
        b"1\n"
        b"2026-11-20T10:00:00.000005Z\n"
        b"signed-in\n"
        b"session\n"
        b"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
    )

    assert expected == leaf().octets()


def test_a_commitment_hashes_the_salt_and_three_netstrings() -> None:
    hashed = SALT + '5:swift,2:17,13:{"why": "é"},'.encode()

    assert (
        hashlib.sha256(hashed).digest()
        == Personal(SALT, "swift", "17", '{"why": "é"}').commitment()
    )
    assert hashlib.sha256(SALT + b"0:,0:,2:{},").digest() == (
        Personal(SALT, None, "", "{}").commitment()
    )


@given(
    one=st.tuples(st.text(min_size=1), st.text(), st.text()),
    other=st.tuples(st.text(min_size=1), st.text(), st.text()),
)
def test_different_personal_parts_have_different_commitments(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    assert (one == other) == (
        Personal(SALT, *one).commitment() == Personal(SALT, *other).commitment()
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"number": 0},
        {"number": 1 << 41},
        {"action": ""},
        {"action": "signed in"},
        {"action": "signed-in\nsession"},
        {"action": "x" * 41},
        {"object_kind": "Person"},
        {"object_kind": "person\n"},
        {"commitment": b"short"},
    ],
)
def test_what_has_no_canonical_form_has_no_leaf(changed: dict[str, object]) -> None:
    with pytest.raises(NotAnEntry):
        leaf(**changed).octets()


@pytest.mark.parametrize(
    "part",
    [
        Personal(b"short", "swift", "17", "{}"),
        Personal(SALT, "", "17", "{}"),
        Personal(SALT, "swift", "\ud800", "{}"),
    ],
)
def test_what_has_no_canonical_form_has_no_commitment(part: Personal) -> None:
    with pytest.raises(NotAnEntry):
        part.commitment()


@given(at=st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=1))])))
def test_a_moment_is_read_as_it_was_written(at: datetime) -> None:
    if at.astimezone(UTC).year < 1000:
        return  # strptime wants four digits, and no entry is that old

    assert at == read_moment(written_moment(at))


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T10:00:00Z",
        "2026-11-20T10:00:00.000Z",
        "2026-11-20 10:00:00.000000Z",
        "2026-11-20T10:00:00.000000+00:00",
        "2026-1-2T10:00:00.000000Z",
        "2026-02-30T10:00:00.000000Z",
        "٢٠٢٦-11-20T10:00:00.000000Z",
        "",
    ],
)
def test_a_moment_that_is_written_otherwise_is_none(text: str) -> None:
    with pytest.raises(NotAnEntry):
        read_moment(text)
