"""Signed notes, checkpoints and printed codes; other programs read and write the same notes."""

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.ledger.checkpoints import (
    Checkpoint,
    notes_in,
    open_checkpoint,
    read_checkpoint,
    signed_checkpoint,
)
from schoolgate_policyd.ledger.codes import groups_of, read_code
from schoolgate_policyd.ledger.errors import LedgerError, NotANote, WrongSignature
from schoolgate_policyd.ledger.notes import (
    Signer,
    read_note,
    read_signer,
    read_verifier,
)

# The example of golang.org/x/mod/sumdb/note, whose format C2SP took up.
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
SIGNATURE = (
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)
NOTE = f"{TEXT}\n\u2014 PeterNeumann {SIGNATURE}\n"
ROOT = bytes(range(32))
SIGNER = Signer.made("school.example/audit")


def test_a_note_is_signed_and_read_as_go_does() -> None:
    assert NOTE == read_signer(SKEY).signed(TEXT)
    assert TEXT == read_verifier(VKEY).text_of(read_note(NOTE))
    assert VKEY == str(read_verifier(VKEY)) == str(read_signer(SKEY).verifier)
    assert SKEY == read_signer(SKEY).written()


def test_signatures_of_others_are_passed_over() -> None:
    others = f"{NOTE}\u2014 somebody {base64.b64encode(b'1234' + b'x' * 64).decode()}\n"

    assert TEXT == read_verifier(VKEY).text_of(read_note(others))
    with pytest.raises(WrongSignature, match="no signature"):
        SIGNER.verifier.text_of(read_note(others))


@given(at=st.integers(0, len(TEXT) - 2))
def test_a_changed_letter_voids_the_signature(at: int) -> None:
    changed = TEXT[:at] + ("x" if TEXT[at] != "x" else "y") + TEXT[at + 1 :]

    with contextlib.suppress(NotANote), pytest.raises(WrongSignature):
        read_verifier(VKEY).text_of(read_note(NOTE.replace(TEXT, changed)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        TEXT,
        NOTE[:-1],
        NOTE.replace("\n\n", "\n"),
        NOTE.replace("\u2014 ", "- "),
        NOTE.replace("PeterNeumann", "Peter Neumann"),
        NOTE.replace("PeterNeumann x08", "PeterNeumannx08"),
        NOTE.replace("x08go", "x08g!"),
        NOTE.replace("BwJnAM=", "BwJnAN="),
        NOTE.replace("your", "\x1b[31m", 1),
        f"{TEXT}\n\u2014 PeterNeumann eDA4\n",
        NOTE + "\u2014 x AAAAAAAA\n" * 200,
        "x" * 70_000 + NOTE,
    ],
)
def test_what_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(NotANote):
        read_note(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        VKEY.replace("c74f20a3", "c74f20a4"),
        VKEY.replace("c74f20a3", "c74f20"),
        VKEY.replace("c74f20a3", "zzzzzzzz"),
        VKEY.replace("+AR", "+BR"),
        VKEY.replace("Peter", "Peter "),
        VKEY[:-4],
        "x" * 500,
        SKEY,
    ],
)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(NotANote):
        read_verifier(text)


@pytest.mark.parametrize("text", ["", VKEY, SKEY.replace("c74f20a3", "c74f20a4"), SKEY[:-4]])
def test_what_is_no_private_key_is_refused_without_saying_it(text: str) -> None:
    with pytest.raises(NotANote) as caught:
        read_signer(text)
    assert "AYEKFAL" not in str(caught.value)


def test_a_checkpoint_is_three_lines_under_its_origins_signature() -> None:
    note = signed_checkpoint(SIGNER, 17, ROOT)

    body = f"school.example/audit\n17\n{base64.b64encode(ROOT).decode()}\n"
    assert note.startswith(f"{body}\n\u2014 school.example/audit ")
    assert Checkpoint("school.example/audit", 17, ROOT) == open_checkpoint(note, SIGNER.verifier)


def test_a_checkpoint_of_another_log_is_refused() -> None:
    note = SIGNER.signed(Checkpoint("other.example/audit", 17, ROOT).text())

    with pytest.raises(NotANote, match="another log"):
        open_checkpoint(note, SIGNER.verifier)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n17\n",
        "\n17\nAAAA\n",
        f"origin\n-1\n{base64.b64encode(ROOT).decode()}\n",
        f"origin\n017\n{base64.b64encode(ROOT).decode()}\n",
        f"origin\n{'9' * 5000}\n{base64.b64encode(ROOT).decode()}\n",
        f"origin\n9999999999999\n{base64.b64encode(ROOT).decode()}\n",
        "origin\n17\nAAAA\n",
        "origin\n17\n!!!!\n",
        f"origin\n17\n{base64.b64encode(ROOT).decode()[:-1]}\n",
        f"origin\n17\n{base64.b64encode(ROOT).decode()} \n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NotANote):
        read_checkpoint(text)


@given(text=st.text())
def test_any_text_is_a_note_or_refused(text: str) -> None:
    for read in (read_note, read_verifier, read_signer, read_checkpoint):
        with contextlib.suppress(LedgerError):
            read(text)
    with contextlib.suppress(LedgerError):
        list(notes_in(text))


def test_notes_that_were_appended_are_read_one_by_one() -> None:
    notes = [signed_checkpoint(SIGNER, size, ROOT) for size in (1, 5)]

    assert notes == list(notes_in("\n".join(notes)))
    assert notes[:1] == list(notes_in(notes[0]))
    with pytest.raises(NotANote):
        list(notes_in(notes[0] + "\nhalf a note\n"))


def test_a_printed_code_is_typed_again_in_any_case_and_spacing() -> None:
    checkpoint = Checkpoint("school.example/audit", 17, ROOT)
    groups = groups_of(checkpoint)

    assert 14 == len(groups)
    assert {4} == {len(each) for each in groups}
    for typed in (" ".join(groups), "-".join(groups).lower(), "".join(groups).replace("O", "0")):
        assert checkpoint == read_code("school.example/audit", 17, typed)


@given(at=st.integers(0, 55), letter=st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
def test_a_letter_that_was_read_wrongly_is_noticed(at: int, letter: str) -> None:
    code = "".join(groups_of(Checkpoint("school.example/audit", 17, ROOT)))
    if code[at] == letter:
        return

    with pytest.raises(NotANote, match="read wrongly"):
        read_code("school.example/audit", 17, code[:at] + letter + code[at + 1 :])


@pytest.mark.parametrize("code", ["", "ABCD", "A" * 57, "!" * 56, "A" * 100_000])
def test_what_is_no_code_is_refused(code: str) -> None:
    with pytest.raises(NotANote):
        read_code("school.example/audit", 17, code)


def test_a_code_belongs_to_its_number_of_entries() -> None:
    code = "".join(groups_of(Checkpoint("school.example/audit", 17, ROOT)))

    with pytest.raises(NotANote, match="belong together"):
        read_code("school.example/audit", 18, code)
