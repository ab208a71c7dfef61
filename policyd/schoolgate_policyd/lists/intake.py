"""
Names of a list on their way in: each in one spelling, checked, hashed and kept by its hash.

A list can only block, so whatever is doubtful is left out and counted. What is kept of a name is
a hash of 128 bits, seeded with a number that nobody outside knows; see `table` for why that is
enough. Hashes lie in 256 parts by their first octet, in few large pieces of memory: five million
names take 85 MB while a list is read.
"""

import re
import struct
from collections.abc import Callable, Iterable, Mapping

import xxhash

from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import AddressLiteral, Host, parse_host
from schoolgate_policyd.lists.errors import ListError
from schoolgate_policyd.lists.suffixes import (
    is_registry_suffix,
    named_suffixes,
    wildcard_endings,
)
from schoolgate_policyd.lists.tally import Reason, Report, Tally

AT, BELOW = 1, 2
"""What an entry covers: the name itself, and every name under it."""
AT_AND_BELOW = AT | BELOW

DIGEST_OCTETS = 16
PARTS = 256
MAX_NAMES = 10_000_000
MAX_NAME_OCTETS = 1024

HashName = Callable[[bytes, int], bytes]
"""A hash of 16 octets of a name, with a seed of 64 bits."""

hash_name: HashName = xxhash.xxh3_128_digest

# Nearly every name of every list: letters, digits, hyphens, and a last label with a letter first
# (else it may be an address). What does not match takes the slow way, `parse_host`.
_PLAIN = re.compile(
    rb"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?\Z"
)
_TAGS = tuple(struct.pack("B", covers) for covers in range(AT_AND_BELOW + 1))


class Spared:
    """
    The names that an unlocked list leaves out: essentials, help lines, and what is above them.

    INVARIANT: this only keeps such names out of the count and out of sight. That no list blocks
    them is the core's doing, which also spares what lies under an essential.
    """

    def __init__(self, hosts: Iterable[Host] = ()) -> None:
        names = {name.encode("ascii") for host in hosts for name in host.parents()}
        self.names = frozenset(names)

    @property
    def text(self) -> str:
        """All of them in one text that changes when they do."""
        return b" ".join(sorted(self.names)).decode("ascii")


class Intake:
    """Takes the names of one list and counts what it leaves out."""

    def __init__(
        self,
        seed: int,
        spared: Spared | None = None,
        *,
        is_locked: bool = False,
        tally: Tally | None = None,
        hash_with: HashName = hash_name,
        max_names: int = MAX_NAMES,
    ) -> None:
        spared = Spared() if spared is None else spared
        self.tally = Tally() if tally is None else tally
        self.parts = tuple(bytearray() for _ in range(PARTS))
        self._seed = seed
        self._hash = hash_with
        self._max_octets = max_names * (DIGEST_OCTETS + 1)
        self._octets = 0
        self._warned: dict[bytes, None] = {}
        self._is_locked = is_locked
        self._refused: Mapping[bytes, Reason] = dict.fromkeys(
            named_suffixes(), Reason.TOO_WIDE
        ) | dict.fromkeys(spared.names - named_suffixes(), Reason.SPARED)
        self._wildcards = wildcard_endings()

    def take(self, written: bytes, covers: int, number: int) -> None:
        """
        Take the name *written* in line *number*, or count why not.

        Raises ListError when there are more names than any list may have.
        """
        name = written.lower()
        if _PLAIN.match(name) is None:
            slow = self._read_slowly(name, written, number)
            if slow is None:
                return
            name = slow
        reason = self._refused.get(name)
        if reason is not None and self._is_refused(name, reason, written, number):
            return
        if name.endswith(self._wildcards) and is_registry_suffix(name):
            self.tally.leave(Reason.TOO_WIDE, written, number)
            return
        digest = self._hash(name, self._seed)
        self.parts[digest[0]].extend(digest + _TAGS[covers])
        self._octets += DIGEST_OCTETS + 1
        if self._octets > self._max_octets:
            most = self._max_octets // (DIGEST_OCTETS + 1)
            raise ListError(f"the list has more than {most:,} names: subscribe to a part of it")

    def leave(self, reason: Reason, line: bytes, number: int) -> None:
        """Count *line*, which cannot be honoured."""
        self.tally.leave(reason, line, number)

    def report(self, names: int) -> Report:
        """Return what was read, given that *names* different ones were."""
        warnings = tuple(
            f"{name.decode('ascii')} is a lesson site, a help line or above one; this list is "
            "locked, so it is blocked all the same, help lines excepted"
            for name in list(self._warned)[:10]
        )
        return Report(names, self.tally.not_honoured(), warnings)

    def _is_refused(self, name: bytes, reason: Reason, written: bytes, number: int) -> bool:
        if reason is Reason.SPARED and self._is_locked:
            self._warned[name] = None
            return False
        self.tally.leave(reason, written, number)
        return True

    def _read_slowly(self, name: bytes, written: bytes, number: int) -> bytes | None:
        if len(name) > MAX_NAME_OCTETS:
            self.tally.leave(Reason.SYNTAX, written, number)
            return None
        try:
            host = parse_host(name.decode("utf-8"))
        except (NameSyntaxError, UnicodeDecodeError):
            self.tally.leave(Reason.SYNTAX, written, number)
            return None
        if isinstance(host, AddressLiteral):
            if not host.is_global:
                self.tally.leave(Reason.NOT_PUBLIC, written, number)
                return None
        elif "." not in host.text:
            self.tally.leave(Reason.TOO_WIDE, written, number)
            return None
        return host.text.encode("ascii")
