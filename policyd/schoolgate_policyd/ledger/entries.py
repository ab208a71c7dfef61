"""
What is hashed of an entry of the audit, octet for octet; docs/audit.md is the same for readers.

A leaf is six lines of ASCII, each ended by a line feed, with nothing in it about a person but a
commitment. The personal part (who did it, the object's id, the details) is three netstrings; the
commitment is SHA-256 over a salt of 32 random octets and these. Without the salt nobody can try
names against it, so that deleting the personal part with its salt deletes what it said.
"""

import hashlib
import re
from datetime import UTC, datetime
from typing import NamedTuple

from schoolgate_policyd.ledger.errors import NotAnEntry

SALT_SIZE = 32
COMMITMENT_SIZE = 32
FIRST_LINE = "schoolgate-audit-entry-v1"
# A word of the leaf: an action or a kind of object.
_WORD = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)
# What a log of one school can never reach; it bounds what a reader has to count to.
MAX_ENTRIES = 1 << 40


class Leaf(NamedTuple):
    """
    What stays of an entry for ever; *at* is machine time.

    *number* counts from 1: entry 1 is the tree's leaf 0. *commitment* is that of the entry's
    `Personal` part.
    """

    number: int
    at: datetime
    action: str
    object_kind: str
    commitment: bytes

    def octets(self) -> bytes:
        """Return the octets of the leaf. Raises NotAnEntry for what has no canonical form."""
        if not 1 <= self.number <= MAX_ENTRIES:
            raise NotAnEntry(f"{self.number} is not the number of an entry")
        for word in (self.action, self.object_kind):
            if not _WORD.fullmatch(word):
                raise NotAnEntry(f"`{word[:80]}` is not a word of small letters, digits and -")
        if len(self.commitment) != COMMITMENT_SIZE:
            raise NotAnEntry(f"a commitment has {COMMITMENT_SIZE} octets")
        lines = (
            FIRST_LINE,
            str(self.number),
            written_moment(self.at),
            self.action,
            self.object_kind,
            self.commitment.hex(),
        )
        return "".join(f"{line}\n" for line in lines).encode("ascii")


class Personal(NamedTuple):
    """
    What may be deleted of an entry; *actor* None is Schoolgate itself.

    *details* is JSON, kept and hashed as the text that was written.
    """

    salt: bytes
    actor: str | None
    object_id: str
    details: str

    def commitment(self) -> bytes:
        """Return what the leaf says of it. Raises NotAnEntry."""
        if len(self.salt) != SALT_SIZE:
            raise NotAnEntry(f"a salt has {SALT_SIZE} octets")
        if self.actor == "":
            raise NotAnEntry("an actor has an id; Schoolgate itself is no actor")
        hashed = hashlib.sha256(self.salt)
        for part in (self.actor or "", self.object_id, self.details):
            try:
                octets = part.encode("utf-8")
            except UnicodeEncodeError as error:
                raise NotAnEntry("a personal part is not Unicode text") from error
            hashed.update(b"%d:%b," % (len(octets), octets))
        return hashed.digest()


def written_moment(at: datetime) -> str:
    """Return *at* (aware) in UTC with microseconds, as `2026-11-20T10:00:00.000000Z`."""
    if at.tzinfo is None:
        raise ValueError("moment must be timezone-aware")
    in_utc = at.astimezone(UTC).replace(tzinfo=None)
    return f"{in_utc.isoformat(timespec='microseconds')}Z"


def read_moment(text: str) -> datetime:
    """Return the moment that `written_moment` wrote. Raises NotAnEntry for any other text."""
    try:
        at = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise NotAnEntry(f"`{text[:80]}` is not a moment in UTC") from error
    if written_moment(at) != text:
        raise NotAnEntry(f"`{text[:80]}` is not a moment in UTC as entries write it")
    return at
