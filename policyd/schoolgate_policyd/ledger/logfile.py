"""
The exported log: one JSON object on each line, in UTF-8.

The first line names the log, then come the entries in their order, and each checkpoint right
after the last entry that it is about. A line has exactly the octets that `written` gives for what
it says, so there are no two readings of one. Every octet that is read is taken to be hostile.
"""

from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from schoolgate_policyd.ledger.entries import (
    COMMITMENT_SIZE,
    SALT_SIZE,
    Leaf,
    Personal,
    read_moment,
    written_moment,
)
from schoolgate_policyd.ledger.errors import LedgerError, NotAnEntry

FORMAT = "schoolgate-audit-log-v1"
MAX_LINE = 1024 * 1024


class LogHead(
    msgspec.Struct, frozen=True, tag_field="line", tag="log", forbid_unknown_fields=True
):
    """The first line: the *format*, and the *origin* that checkpoints name."""

    format: str
    origin: str


class PersonalPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The personal part of an entry, its *salt* in hexadecimal."""

    salt: str
    actor: str | None
    object: str
    details: str


class LogEntry(
    msgspec.Struct, frozen=True, tag_field="line", tag="entry", forbid_unknown_fields=True
):
    """
    An entry: its leaf, its personal part (null once it is deleted), the hash of its leaf.

    *commitment* and *hash* are hexadecimal.
    """

    number: int
    at: str
    action: str
    kind: str
    commitment: str
    hash: str
    personal: PersonalPart | None

    def leaf(self) -> Leaf:
        """Return the leaf. Raises NotAnEntry."""
        commitment = _from_hex(self.commitment, COMMITMENT_SIZE)
        return Leaf(self.number, read_moment(self.at), self.action, self.kind, commitment)


class LogCheckpoint(
    msgspec.Struct, frozen=True, tag_field="line", tag="checkpoint", forbid_unknown_fields=True
):
    """A signed checkpoint of everything above it."""

    note: str


type LogLine = LogHead | LogEntry | LogCheckpoint
_READER: msgspec.json.Decoder[LogLine] = msgspec.json.Decoder(LogHead | LogEntry | LogCheckpoint)
_WRITER = msgspec.json.Encoder()


def entry_of(leaf: Leaf, personal: Personal | None, leaf_hash: bytes) -> LogEntry:
    """Return the line of an entry, with the *leaf_hash* that it was given when it was written."""
    return LogEntry(
        number=leaf.number,
        at=written_moment(leaf.at),
        action=leaf.action,
        kind=leaf.object_kind,
        commitment=leaf.commitment.hex(),
        hash=leaf_hash.hex(),
        personal=None
        if personal is None
        else PersonalPart(
            personal.salt.hex(), personal.actor, personal.object_id, personal.details
        ),
    )


def personal_of(part: PersonalPart) -> Personal:
    """Return the personal part. Raises NotAnEntry."""
    return Personal(_from_hex(part.salt, SALT_SIZE), part.actor, part.object, part.details)


def written(line: LogLine) -> bytes:
    """Return the octets of *line*, its line feed included."""
    return _WRITER.encode(line) + b"\n"


def read_line(octets: bytes) -> LogLine:
    """Return what a line says. Raises LedgerError for one that `written` would not write."""
    if len(octets) > MAX_LINE:
        raise LedgerError(f"it has more than {MAX_LINE} octets")
    if not octets.endswith(b"\n"):
        raise LedgerError("it is cut off")
    try:
        line = _READER.decode(octets)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise LedgerError("it is not a line of a log") from error
    if written(line) != octets:
        raise LedgerError("it is not written as a line of a log is")
    return line


def lines_in(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of *file*, each cut soon after MAX_LINE octets. Raises OSError."""
    while line := file.readline(MAX_LINE + 1):
        yield line


def _from_hex(text: str, size: int) -> bytes:
    try:
        octets = bytes.fromhex(text)
    except ValueError as error:
        raise NotAnEntry("a part of it is not hexadecimal") from error
    if len(octets) != size or octets.hex() != text:
        raise NotAnEntry(f"a part of it is not {size} octets in small hexadecimal letters")
    return octets
