"""
The compiled table: every name of every list, looked up in place by all workers at once.

    magic, seed, how many names, bits of the index, length of the JSON   (40 octets)
    the names in order of their hashes                                   (18 octets each)
    where each bucket begins: 2^bits + 1 offsets, in native order        (4 octets each)
    the lists, and the combinations of what each covers                  (JSON)

A name is there as a hash of 128 bits and the number of its combination: which lists name it, and
whether they cover the name, what is under it, or both. Buckets hold two names or so, by the
first bits of the hash, so that a look-up is one hash, two offsets and one search in 36 octets.

Why no innocent name is blocked by a collision: with five million names listed, each name that is
looked up meets a stranger's hash with a chance of 5e6 / 2^128, which is 1.5e-32. A school that
looked up a thousand million different names would meet one with a chance of 1.5e-23. Nobody can
search for one either, because the hash is seeded with 64 bits that only this gateway knows. And
if one happened, it could only block: a combination never opens anything.

The file is named by the digest of its content, written once and never changed; a snapshot names
the same digest, so a point decides with exactly the names that policyd saw.
"""

import hashlib
import mmap
import struct
from collections.abc import Iterable
from io import BufferedReader
from pathlib import Path

import msgspec

from schoolgate_policyd.core.names import AddressLiteral, Host
from schoolgate_policyd.lists.errors import TableError
from schoolgate_policyd.lists.intake import AT, BELOW, DIGEST_OCTETS, HashName, hash_name

MAGIC = b"schoolgate table"
SUFFIX = ".names"
RECORD_OCTETS = DIGEST_OCTETS + 2
MAX_COMBINATIONS = 1 << 16
MAX_INDEX_BITS = 24

HEADER = struct.Struct("<16sQQII")
FIRST_BITS = struct.Struct(">I")
NUMBER = struct.Struct("<H")


class Contents(msgspec.Struct, frozen=True):
    """
    What the table says about itself.

    *lists* are ids; a combination is what it covers of each list it names, by their positions.
    """

    lists: tuple[str, ...]
    combinations: tuple[tuple[tuple[int, int], ...], ...]


def table_path(lists_dir: Path, sha256: str) -> Path:
    """Return where the table with this digest lies."""
    return lists_dir / f"{sha256}{SUFFIX}"


class NameTable:
    """
    A compiled table, mapped read-only; it is a `core.listed.NamesAt`.

    Raises TableError for a file that is missing, damaged, or not the one with the digest
    *sha256*. What is found is checked once, here: the file cannot change afterwards.
    """

    def __init__(self, path: Path, sha256: str, *, hash_with: HashName = hash_name) -> None:
        self._hash = hash_with
        try:
            with path.open("rb") as file:
                self._map = _mapped(file, path, sha256)
        except OSError as error:
            reason = error.strerror or str(error)
            raise TableError(f"{path}: the table of names cannot be opened: {reason}") from error
        self._read_header(path)

    def _read_header(self, path: Path) -> None:
        size = len(self._map)
        if size < HEADER.size:
            raise TableError(f"{path}: is too short for a table of names")
        magic, self._seed, self.names, bits, said = HEADER.unpack_from(self._map)
        if magic != MAGIC or not 1 <= bits <= MAX_INDEX_BITS:
            raise TableError(f"{path}: is no table of names that this version can read")
        index_at = HEADER.size + self.names * RECORD_OCTETS
        contents_at = index_at + 4 * ((1 << bits) + 1)
        if contents_at + said != size:
            raise TableError(f"{path}: has not the length that it says")
        try:
            contents = msgspec.json.decode(self._map[contents_at:], type=Contents)
            self._at = tuple(_ids(each, AT, contents.lists) for each in contents.combinations)
            self._below = tuple(
                _ids(each, BELOW, contents.lists) for each in contents.combinations
            )
        except (msgspec.DecodeError, IndexError) as error:
            raise TableError(f"{path}: does not say what lists it is of") from error
        self._shift = 32 - bits
        with memoryview(self._map) as octets:
            self._index = octets[index_at:contents_at].cast("I")
        self.lists = contents.lists

    def lists_of(self, host: Host) -> tuple[str, ...]:
        """Return the ids of the lists that name *host*, or cover it by a name above it."""
        hash_with, seed, shift, index = self._hash, self._seed, self._shift, self._index
        find, first_bits = self._map.find, FIRST_BITS.unpack_from
        name = host.text.encode()
        # No list names a single label, and nothing is above an address.
        dot = len(name) if host.__class__ is AddressLiteral else name.find(b".")
        covering = self._at
        found: tuple[str, ...] = ()
        while dot >= 0:
            digest = hash_with(name, seed)
            (bucket,) = first_bits(digest)
            bucket >>= shift
            at = find(digest, index[bucket], index[bucket + 1])
            if at >= 0 and (number := self._number_at(digest, at, index[bucket + 1])) is not None:
                more = covering[number]
                found = tuple(dict.fromkeys((*found, *more))) if found else more
            name = name[dot + 1 :]
            dot = name.find(b".")
            covering = self._below
        return found

    def _number_at(self, digest: bytes, at: int, end: int) -> int | None:
        """Return the number of the combination of the record at *at*, or behind it."""
        # A hash may be found across two records; then the search goes on behind it.
        while (at - HEADER.size) % RECORD_OCTETS:
            at = self._map.find(digest, at + 1, end)
            if at < 0:
                return None
        number: int = NUMBER.unpack_from(self._map, at + DIGEST_OCTETS)[0]
        return number

    def close(self) -> None:
        """Unmap the file; whoever still asks gets a ValueError."""
        self._index.release()
        self._map.close()


def _mapped(file: BufferedReader, path: Path, sha256: str) -> mmap.mmap:
    # It is read once as a whole, which also brings it into memory.
    if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
        raise TableError(f"{path}: the table of names is damaged, its checksum does not match")
    try:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError as error:
        raise TableError(f"{path}: the table of names is empty") from error


def _ids(
    combination: Iterable[tuple[int, int]], covering: int, lists: tuple[str, ...]
) -> tuple[str, ...]:
    return tuple(lists[position] for position, covers in combination if covers & covering)
