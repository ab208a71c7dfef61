"""
A checkpoint as groups of letters, short enough for paper.

Base32 (RFC 4648) of the root and the first three octets of SHA-256 over the checkpoint's text:
fourteen groups of four. The three octets tell a letter that was read wrongly from a log that is
another one; beside the code stands the number of entries.
"""

import base64
import binascii
import hashlib

from schoolgate_policyd.ledger.checkpoints import Checkpoint
from schoolgate_policyd.ledger.errors import NotANote
from schoolgate_policyd.ledger.tree import HASH_SIZE

CHECK_SIZE = 3
GROUP = 4
_LETTERS = (HASH_SIZE + CHECK_SIZE) * 8 // 5


def groups_of(checkpoint: Checkpoint) -> tuple[str, ...]:
    """Return the groups of letters of *checkpoint*."""
    letters = base64.b32encode(checkpoint.root + _check(checkpoint)).decode("ascii")
    return tuple(letters[at : at + GROUP] for at in range(0, len(letters), GROUP))


def read_code(origin: str, size: int, code: str) -> Checkpoint:
    """Return the checkpoint that was printed, as typed again with any spaces. Raises NotANote."""
    # Base32 has neither 0 nor 1 nor 8: whoever types one read a letter that looks like it.
    letters = "".join(code[:400].replace("-", " ").split()).upper()
    letters = letters.translate(str.maketrans("018", "OIB"))
    if len(letters) != _LETTERS:
        raise NotANote(f"a printed code has {_LETTERS} letters, and this one {len(letters)}")
    try:
        octets = base64.b32decode(letters)
    except (binascii.Error, ValueError) as error:
        raise NotANote("a printed code has the letters A to Z and the digits 2 to 7") from error
    checkpoint = Checkpoint(origin, size, octets[:HASH_SIZE])
    if octets[HASH_SIZE:] != _check(checkpoint):
        raise NotANote(
            "the printed code, the number of entries and the key do not belong together: "
            "look for a letter or digit that was read wrongly"
        )
    return checkpoint


def _check(checkpoint: Checkpoint) -> bytes:
    return hashlib.sha256(checkpoint.text().encode()).digest()[:CHECK_SIZE]
