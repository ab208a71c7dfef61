"""
Checkpoints (c2sp.org/tlog-checkpoint): what the whole log was at one moment, in one signed note.

The note's text is three lines: the log's origin, how many entries it has, and its root in base64.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import NamedTuple

from schoolgate_policyd.ledger.entries import MAX_ENTRIES
from schoolgate_policyd.ledger.errors import NotANote
from schoolgate_policyd.ledger.notes import Signer, Verifier, read_note
from schoolgate_policyd.ledger.tree import HASH_SIZE

# A file of appended checkpoints: one a day is a hundred kilobytes a year.
MAX_FILE = 16 * 1024 * 1024
_SIZE = re.compile(r"0|[1-9][0-9]{0,12}", re.ASCII)
_LINES = 3


class Checkpoint(NamedTuple):
    """The *origin* names the log; *size* entries have the Merkle root *root*."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n"


def signed_checkpoint(signer: Signer, size: int, root: bytes) -> str:
    """Return the signed note about the log that *signer* is for; its name is the origin."""
    return signer.signed(Checkpoint(signer.verifier.name, size, root).text())


def read_checkpoint(text: str) -> Checkpoint:
    """Return what the text of a note says. Raises NotANote."""
    # What follows the three lines are extensions, which we neither write nor know.
    lines = text.split("\n")
    if len(lines) <= _LINES or not lines[0]:
        raise NotANote("a checkpoint has three lines: origin, number of entries, root")
    origin, size, root = lines[:_LINES]
    if not _SIZE.fullmatch(size) or int(size) > MAX_ENTRIES:
        raise NotANote(f"`{size[:40]}` is not a number of entries")
    try:
        octets = base64.b64decode(root, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotANote("the root of a checkpoint is not base64") from error
    if len(octets) != HASH_SIZE or base64.b64encode(octets).decode("ascii") != root:
        raise NotANote("the root of a checkpoint is not a SHA-256 hash in base64")
    return Checkpoint(origin, int(size), octets)


def open_checkpoint(note: str, verifier: Verifier) -> Checkpoint:
    """
    Return the checkpoint that *note* is, signed by *verifier* and about its log.

    Raises NotANote, WrongSignature.
    """
    checkpoint = read_checkpoint(verifier.text_of(read_note(note)))
    if checkpoint.origin != verifier.name:
        raise NotANote(f"it is about another log, `{checkpoint.origin[:80]}`")
    return checkpoint


def notes_in(text: str) -> Iterator[str]:
    """
    Yield each note of a file to which notes were appended, an empty line between them.

    Raises NotANote for a text that is no such file.
    """
    if len(text) > MAX_FILE:
        raise NotANote(f"a file of checkpoints has at most {MAX_FILE} characters")
    # A note of three or more lines has one empty line in it, before its signatures.
    parts = text.strip("\n").split("\n\n")
    if len(parts) % 2:
        raise NotANote("a file of checkpoints is signed notes with an empty line between them")
    for body, signatures in zip(parts[::2], parts[1::2], strict=True):
        yield f"{body}\n\n{signatures}\n"
