"""
Whether an exported log is intact, from nothing but its lines and the public key; and complete.

Intact: every entry is under a checkpoint that the key signed, in its place and unchanged, and
every personal part that is still there is the one that was committed to. Whether something was
cut off at the end, or all of it made anew by whoever has the key, only somebody outside can tell:
a witness, whose checkpoints are compared.
"""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from schoolgate_policyd.ledger.checkpoints import Checkpoint, open_checkpoint
from schoolgate_policyd.ledger.errors import LedgerError
from schoolgate_policyd.ledger.logfile import (
    FORMAT,
    LogCheckpoint,
    LogEntry,
    LogHead,
    personal_of,
    read_line,
)
from schoolgate_policyd.ledger.notes import Verifier
from schoolgate_policyd.ledger.tree import Growing, leaf_hash


class Completeness(StrEnum):
    """What witnesses say of the log."""

    UNKNOWN = "unknown"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"


class Broken(msgspec.Struct, frozen=True):
    """The first place where the log is not what was signed: its *line* counts from 1."""

    line: int
    what: str


class Verdict(msgspec.Struct, frozen=True):
    """
    What was found.

    *entries* were read until the end or the broken place, *deleted* of them have no personal part
    any more; *seen* is how many entries the witnesses saw at most, *missing* says what of theirs
    is not in the log.
    """

    entries: int
    checkpoints: int
    deleted: int
    broken: Broken | None
    completeness: Completeness
    seen: int = 0
    missing: str | None = None

    @property
    def is_intact(self) -> bool:
        """Whether no place is broken."""
        return self.broken is None


def verify(
    lines: Iterable[bytes], verifier: Verifier, witnesses: Iterable[Checkpoint] = ()
) -> Verdict:
    """Return what *lines* are: the log of *verifier*, as far as *witnesses* saw it, or not."""
    reading = _Reading(verifier, tuple(witnesses))
    broken = reading.first_broken(lines)
    return reading.verdict(broken)


class _Reading:
    """A log as far as it was read."""

    def __init__(self, verifier: Verifier, witnesses: tuple[Checkpoint, ...]) -> None:
        self._verifier = verifier
        self._witnesses = witnesses
        self._tree = Growing()
        self._roots = {0: self._tree.root()}
        self._wanted = {each.size for each in witnesses}
        self._signed = 0
        self._checkpoints = 0
        self._deleted = 0

    def first_broken(self, lines: Iterable[bytes]) -> Broken | None:
        number = 0
        for number, octets in enumerate(lines, start=1):
            try:
                self._take(number, octets)
            except LedgerError as error:
                return Broken(number, str(error))
        if self._checkpoints == 0:
            return Broken(number + 1, "no checkpoint follows, so nothing is signed")
        if self._signed < self._tree.size:
            place = _entries(self._signed + 1, self._tree.size)
            return Broken(number + 1, f"no checkpoint follows {place}, so nothing signs them")
        return None

    def verdict(self, broken: Broken | None) -> Verdict:
        missing = next(filter(None, map(self._missing, self._in_order())), None)
        completeness = Completeness.COMPLETE if missing is None else Completeness.INCOMPLETE
        if broken is not None or not self._witnesses:
            # Of a log that is broken anyway nobody needs to know what else is missing.
            completeness, missing = Completeness.UNKNOWN, None
        return Verdict(
            entries=self._tree.size,
            checkpoints=self._checkpoints,
            deleted=self._deleted,
            broken=broken,
            completeness=completeness,
            seen=max(self._wanted, default=0),
            missing=missing,
        )

    def _in_order(self) -> list[Checkpoint]:
        return sorted(self._witnesses, key=lambda each: each.size)

    def _missing(self, witness: Checkpoint) -> str | None:
        root = self._roots.get(witness.size)
        if root is None:
            return (
                f"a witness saw {witness.size:,} entries, and the log ends after "
                f"{self._tree.size:,}"
            )
        if root != witness.root:
            return (
                f"the first {witness.size:,} entries are not those that a witness saw: "
                "the log was made anew"
            )
        return None

    def _take(self, number: int, octets: bytes) -> None:
        line = read_line(octets)
        if isinstance(line, LogHead) is not (number == 1):
            raise LedgerError("the log's first line, and no other, says which log it is")
        match line:
            case LogHead():
                self._begin(line)
            case LogEntry():
                self._take_entry(line)
            case LogCheckpoint():
                self._take_checkpoint(line)

    def _begin(self, head: LogHead) -> None:
        if head.format != FORMAT:
            raise LedgerError(f"`{head.format[:40]}` is not a format that is known here")
        if head.origin != self._verifier.name:
            raise LedgerError(f"it is the log of another key, `{head.origin[:80]}`")

    def _take_entry(self, entry: LogEntry) -> None:
        expected = self._tree.size + 1
        if entry.number != expected:
            raise LedgerError(f"entry {expected:,} should stand here, not {entry.number:,}")
        try:
            hashed = _hash_of(entry)
        except LedgerError as error:
            raise LedgerError(f"entry {expected:,}: {error}") from error
        self._deleted += entry.personal is None
        self._tree.append(hashed)
        if self._tree.size in self._wanted:
            self._roots[self._tree.size] = self._tree.root()

    def _take_checkpoint(self, line: LogCheckpoint) -> None:
        checkpoint = open_checkpoint(line.note, self._verifier)
        size = self._tree.size
        if checkpoint.size != size:
            raise LedgerError(f"a checkpoint of {checkpoint.size:,} entries stands after {size:,}")
        if checkpoint.root != self._tree.root():
            raise LedgerError(
                f"{_entries(self._signed + 1, size)}: they are not what this checkpoint signed"
            )
        self._signed = size
        self._checkpoints += 1


def _hash_of(entry: LogEntry) -> bytes:
    """Return the hash of the entry's leaf. Raises LedgerError if the entry is not of one piece."""
    leaf = entry.leaf()
    hashed = leaf_hash(leaf.octets())
    if hashed.hex() != entry.hash:
        raise LedgerError("it is not what its hash is of")
    if entry.personal is not None and personal_of(entry.personal).commitment() != leaf.commitment:
        raise LedgerError("its personal part is not the one that was committed to")
    return hashed


def _entries(first: int, last: int) -> str:
    return f"entry {first:,}" if first >= last else f"entries {first:,} to {last:,}"
