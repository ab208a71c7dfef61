"""
Secrets that people type from paper and that programs hold: made, read as typed, kept as hashes.

A fast hash is enough for what was made at random and is too long to be tried: `BITS_A_LETTER`
times its letters. What somebody thought of (a password) is hashed slowly, elsewhere.
"""

import hashlib
import math
import secrets
from collections.abc import Iterable

# Small letters and digits that nobody confuses on paper.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
BITS_A_LETTER = math.log2(len(LETTERS))
# Longer than any code with its hyphens and blanks: the rest of what was typed is not looked at.
_LONGEST_TYPED = 100
_TOKEN_OCTETS = 32


def new_code(groups: int, length: int) -> str:
    """Return a random code of *groups* groups of *length* letters."""
    letters = [secrets.choice(LETTERS) for _ in range(groups * length)]
    return in_groups(letters, length)


def in_groups(letters: Iterable[str], length: int) -> str:
    """Return *letters* as they are shown: hyphens between groups of *length*."""
    whole = "".join(letters)
    return "-".join(whole[start : start + length] for start in range(0, len(whole), length))


def as_made(typed: str) -> str:
    """Return what somebody *typed* as it was made: without case, hyphens, blanks and signs."""
    return "".join(each for each in typed[:_LONGEST_TYPED].lower() if each.isalnum())


def new_token() -> str:
    """Return a random token, which is never typed (256 bits)."""
    return secrets.token_urlsafe(_TOKEN_OCTETS)


def hash_of(secret: str) -> str:
    """Return what is kept of *secret*, in hexadecimal."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def hash_of_code(typed: str, *, salt: str = "") -> str:
    """Return what is kept of a code, however it is *typed*; a *salt* says whose or what it is."""
    code = as_made(typed)
    return hash_of(f"{salt}\0{code}" if salt else code)
