"""One challenge for one text, one version, one nonce: nothing else can be meant by a signature."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.workflow.errors import WrongState
from schoolgate_policyd.workflow.signing import (
    MAX_SIGNED_TEXT,
    SIGNING_LASTS,
    SignedDocument,
    SignedKind,
    Signing,
    challenge_of,
)

NONCE = "0123456789abcdef" * 4
BEGUN = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
DOCUMENT = SignedDocument(SignedKind.DECISION, "12", 3, "Staff name: Tess – “Téss”")

documents = st.builds(
    SignedDocument,
    kind=st.sampled_from(SignedKind),
    object_id=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,10}", fullmatch=True),
    version=st.integers(0, 99),
    text=st.text(st.characters(codec="utf-8"), max_size=60),
)
nonces = st.binary(min_size=32, max_size=32).map(bytes.hex)


def test_the_challenge_is_as_it_is_described() -> None:
    text = DOCUMENT.text.encode()
    written = (
        b"schoolgate signature 1\ndecision 12\nversion 3\nnonce "
        + NONCE.encode()
        + f"\noctets {len(text)}\n\n".encode()
        + text
    )

    assert sha256(written).digest() == challenge_of(DOCUMENT, NONCE)


@given(documents, nonces, documents, nonces)
def test_two_challenges_are_equal_only_for_the_same_document_and_nonce(
    one: SignedDocument, nonce: str, other: SignedDocument, another: str
) -> None:
    are_same = (one, nonce) == (other, another)

    assert are_same is (challenge_of(one, nonce) == challenge_of(other, another))


@given(documents, nonces, st.data())
def test_any_change_makes_another_challenge(
    document: SignedDocument, nonce: str, data: st.DataObject
) -> None:
    changed = data.draw(
        st.sampled_from(
            [
                msgspec.structs.replace(document, text=document.text + " "),
                msgspec.structs.replace(document, version=document.version + 1),
                msgspec.structs.replace(document, object_id=document.object_id + "0"),
            ]
        )
    )

    assert challenge_of(document, nonce) != challenge_of(changed, nonce)


@pytest.mark.parametrize("object_id", ["", "1\nversion 9", "-1", "x" * 81, "a b", "1\n"])
def test_an_object_that_could_be_read_in_two_ways_is_refused(object_id: str) -> None:
    with pytest.raises(ValueError, match="plain id"):
        SignedDocument(SignedKind.DECISION, object_id, 1, "")


def test_a_text_has_a_bound() -> None:
    with pytest.raises(ValueError, match="octets"):
        SignedDocument(SignedKind.DECISION, "1", 1, "é" * (MAX_SIGNED_TEXT // 2 + 1))


@pytest.mark.parametrize("nonce", ["", NONCE[:-1], NONCE.upper(), NONCE + "\n"])
def test_what_is_no_nonce_is_refused(nonce: str) -> None:
    with pytest.raises(ValueError, match="nonce"):
        challenge_of(DOCUMENT, nonce)


def test_a_signing_is_open_for_its_time_and_once() -> None:
    signing = Signing(NONCE, 1, "head", DOCUMENT, {}, BEGUN)
    signing.require_open(BEGUN)
    signing.require_open(BEGUN + SIGNING_LASTS - timedelta(seconds=1))

    for late in (BEGUN + SIGNING_LASTS, BEGUN - timedelta(seconds=1)):
        with pytest.raises(WrongState, match="too long"):
            signing.require_open(late)
    with pytest.raises(WrongState, match="signed already"):
        msgspec.structs.replace(signing, is_used=True).require_open(BEGUN)
