"""Of an exported log every change is found and named, whatever is in the file."""

import io
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schoolgate_policyd.ledger.checkpoints import Checkpoint, signed_checkpoint
from schoolgate_policyd.ledger.entries import Leaf, Personal
from schoolgate_policyd.ledger.logfile import (
    FORMAT,
    MAX_LINE,
    LogCheckpoint,
    LogEntry,
    LogHead,
    LogLine,
    entry_of,
    lines_in,
    written,
)
from schoolgate_policyd.ledger.notes import Signer
from schoolgate_policyd.ledger.tree import EMPTY_ROOT, Growing, leaf_hash
from schoolgate_policyd.ledger.verifying import Completeness, verify

SIGNER = Signer.made("school.example/audit")
AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def entry(number: int, *, actor: str = "swift", is_deleted: bool = False) -> LogEntry:
    salt = number.to_bytes(32)
    part = Personal(salt, actor, "17", '{"why": "a \\"reason\\" of Größe"}')
    leaf = Leaf(number, AT, "signed-in", "session", part.commitment())
    return entry_of(leaf, None if is_deleted else part, leaf_hash(leaf.octets()))


def log_of(entries: list[LogEntry], at: tuple[int, ...], signer: Signer = SIGNER) -> list[bytes]:
    """Return the log of *entries* with a checkpoint after each number in *at*."""
    lines: list[LogLine] = [LogHead(FORMAT, signer.verifier.name)]
    tree = Growing()
    for each in entries:
        lines.append(each)
        tree.append(bytes.fromhex(each.hash))
        if tree.size in at:
            lines.append(LogCheckpoint(signed_checkpoint(signer, tree.size, tree.root())))
    return [written(line) for line in lines]


def witness_of(lines: list[bytes], size: int) -> Checkpoint:
    tree = Growing()
    for line in lines[1:]:
        found = msgspec.json.decode(line)
        if found["line"] == "entry" and tree.size < size:
            tree.append(bytes.fromhex(found["hash"]))
    return Checkpoint(SIGNER.verifier.name, size, tree.root())


# Entries 1 to 7 and checkpoints after 3 and 7: the lines are 0 head, 1-3, 4 note, 5-8, 9 note.
LOG = log_of([entry(number, is_deleted=number == 2) for number in range(1, 8)], at=(3, 7))


def test_what_was_exported_is_intact_and_its_completeness_unknown() -> None:
    verdict = verify(LOG, SIGNER.verifier)

    assert (True, 7, 2, 1) == (
        verdict.is_intact,
        verdict.entries,
        verdict.checkpoints,
        verdict.deleted,
    )
    assert Completeness.UNKNOWN is verdict.completeness


def test_an_empty_log_is_intact_under_its_checkpoint() -> None:
    head = written(LogHead(FORMAT, SIGNER.verifier.name))
    note = written(LogCheckpoint(signed_checkpoint(SIGNER, 0, EMPTY_ROOT)))

    assert verify([head, note], SIGNER.verifier).is_intact
    assert not verify([head], SIGNER.verifier).is_intact
    assert not verify([], SIGNER.verifier).is_intact


@pytest.mark.parametrize("seen", [(0,), (3,), (7,), (3, 7), (5,)])
def test_a_log_that_has_all_that_witnesses_saw_is_complete(seen: tuple[int, ...]) -> None:
    verdict = verify(LOG, SIGNER.verifier, [witness_of(LOG, size) for size in seen])

    assert (True, Completeness.COMPLETE, max(seen)) == (
        verdict.is_intact,
        verdict.completeness,
        verdict.seen,
    )


def test_a_log_that_was_cut_off_is_intact_but_not_what_the_witness_saw() -> None:
    verdict = verify(LOG[:5], SIGNER.verifier, [witness_of(LOG, 7)])

    assert (True, Completeness.INCOMPLETE) == (verdict.is_intact, verdict.completeness)
    assert "a witness saw 7 entries, and the log ends after 3" == verdict.missing


def test_a_log_that_was_made_anew_with_the_key_is_not_what_the_witness_saw() -> None:
    anew = log_of([entry(number, actor="crane") for number in range(1, 8)], at=(3, 7))

    assert verify(anew, SIGNER.verifier).is_intact
    verdict = verify(anew, SIGNER.verifier, [witness_of(LOG, 3)])
    assert Completeness.INCOMPLETE is verdict.completeness
    assert "made anew" in (verdict.missing or "")


def changed_entry(**changed: object) -> list[bytes]:
    """Return the log with entry 5 changed."""
    line = msgspec.structs.replace(entry(5), **changed)
    return [*LOG[:6], written(line), *LOG[7:]]


ANOTHER = Signer.made("school.example/audit")


@pytest.mark.parametrize(
    ("lines", "line", "what"),
    [
        (changed_entry(action="signed-out"), 7, "entry 5: it is not what its hash is of"),
        (changed_entry(at="2026-11-20T10:00:01.000000Z"), 7, "entry 5: it is not what its hash"),
        (changed_entry(commitment="00" * 32), 7, "entry 5: it is not what its hash is of"),
        (changed_entry(hash="00" * 32), 7, "entry 5: it is not what its hash is of"),
        (changed_entry(number=6), 7, "entry 5 should stand here, not 6"),
        (
            changed_entry(personal=entry(5, actor="crane").personal),
            7,
            "entry 5: its personal part is not the one",
        ),
        (changed_entry(action="Signed In"), 7, "entry 5: `Signed In` is not a word"),
        (changed_entry(at="yesterday"), 7, "entry 5: `yesterday` is not a moment"),
        (changed_entry(commitment="zz"), 7, "entry 5: a part of it is not hexadecimal"),
        # Whoever changes an entry and its hash is found where the next checkpoint stands.
        (
            [*LOG[:6], written(entry(5, actor="crane")), *LOG[7:]],
            10,
            "entries 4 to 7: they are not what this checkpoint signed",
        ),
        ([*LOG[:6], *LOG[7:]], 7, "entry 5 should stand here, not 6"),
        ([*LOG[:7], LOG[6], *LOG[7:]], 8, "entry 6 should stand here, not 5"),
        ([*LOG[:6], LOG[7], LOG[6], *LOG[8:]], 7, "entry 5 should stand here, not 6"),
        (LOG[:-1], 10, "no checkpoint follows entries 4 to 7"),
        ([*LOG, written(entry(8))], 12, "no checkpoint follows entry 8"),
        (LOG[:3], 4, "no checkpoint follows, so nothing is signed"),
        ([*LOG[:4], *LOG[5:]], None, ""),
        ([*LOG[:5], LOG[4], *LOG[5:]], None, ""),
        ([*LOG[:4], LOG[9], *LOG[5:]], 5, "a checkpoint of 7 entries stands after 3"),
        (LOG[1:], 1, "the log's first line"),
        ([*LOG, LOG[0]], 11, "the log's first line"),
        ([LOG[0].replace(b"school.ex", b"church.ex"), *LOG[1:]], 1, "is the log of another key"),
        ([LOG[0].replace(b"-v1", b"-v2"), *LOG[1:]], 1, "is not a format"),
        ([LOG[0].replace(b'{"', b'{ "'), *LOG[1:]], 1, "not written as"),
        ([LOG[0].replace(b'"origin"', b'"origin":"x","origin"'), *LOG[1:]], 1, "not written as"),
        ([LOG[0].replace(b'"origin"', b'"more":1,"origin"'), *LOG[1:]], 1, "is not a line"),
        ([*LOG[:3], b"\xff\xfe\n", *LOG[3:]], 4, "is not a line of a log"),
        ([*LOG[:3], b"[" * 100_000 + b"\n", *LOG[3:]], 4, "is not a line of a log"),
        ([*LOG[:3], b"\n", *LOG[3:]], 4, "is not a line of a log"),
        ([*LOG[:-1], LOG[-1][:-1]], 10, "it is cut off"),
        (log_of([entry(1)], (1,), ANOTHER), 3, "there is no signature of the key"),
    ],
)
def test_the_first_broken_place_is_named(lines: list[bytes], line: int | None, what: str) -> None:
    verdict = verify(lines, SIGNER.verifier)

    assert line == (None if verdict.broken is None else verdict.broken.line)
    assert verdict.broken is None or what in verdict.broken.what


def test_of_a_broken_log_no_witness_says_that_it_is_complete() -> None:
    verdict = verify(changed_entry(number=6), SIGNER.verifier, [witness_of(LOG, 3)])

    assert (False, Completeness.UNKNOWN) == (verdict.is_intact, verdict.completeness)


WHOLE = b"".join(LOG)


@settings(max_examples=300)
@given(at=st.integers(0, len(WHOLE) - 1), bits=st.integers(1, 255))
@example(at=len(WHOLE) - 1, bits=1)
def test_no_octet_of_the_log_can_be_changed(at: int, bits: int) -> None:
    changed = WHOLE[:at] + bytes([WHOLE[at] ^ bits]) + WHOLE[at + 1 :]

    assert not verify(lines_in(io.BytesIO(changed)), SIGNER.verifier).is_intact


@given(octets=st.binary(max_size=300))
def test_any_file_is_read_to_a_verdict(octets: bytes) -> None:
    assert not verify(lines_in(io.BytesIO(octets)), SIGNER.verifier).is_intact


def test_a_line_without_an_end_is_not_read_into_memory() -> None:
    endless = io.BytesIO(LOG[0] + b"x" * (3 * MAX_LINE))

    broken = verify(lines_in(endless), SIGNER.verifier).broken
    assert broken is not None
    assert (2, f"it has more than {MAX_LINE} octets") == (broken.line, broken.what)
    assert endless.tell() <= len(LOG[0]) + MAX_LINE + 1
