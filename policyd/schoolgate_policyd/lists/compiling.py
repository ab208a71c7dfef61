"""
The last good versions of all lists, merged to one table.

Part by part, so that memory stays small whatever the lists hold; see `table` for what the file
looks like.
"""

import hashlib
import os
from array import array
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from schoolgate_policyd.lists.errors import ListError
from schoolgate_policyd.lists.intake import DIGEST_OCTETS
from schoolgate_policyd.lists.records import RECORD, read_records
from schoolgate_policyd.lists.table import (
    FIRST_BITS,
    HEADER,
    MAGIC,
    MAX_COMBINATIONS,
    MAX_INDEX_BITS,
    NUMBER,
    RECORD_OCTETS,
    Contents,
    table_path,
)
from schoolgate_policyd.shared_folders import file_mode_in

MAX_LISTS = 200
MAX_TABLE_NAMES = 50_000_000
_LEAST_INDEX_BITS = 8
_NAMES_IN_A_BUCKET = 2
_READABLE = 0o440


class Kept(NamedTuple):
    """The last good version of a list: its records, their digest and their number."""

    path: Path
    sha256: str
    names: int


class Compiled(NamedTuple):
    """A table: its digest, which is its name, and how many different names it holds."""

    sha256: str
    names: int


def compile_table(lists_dir: Path, kept: Mapping[str, Kept], seed: int) -> Compiled:
    """
    Write the table of the lists *kept*, by id, to *lists_dir*; when this returns it is there.

    Raises ListError for damaged records or too many lists, and OSError.
    """
    total = sum(each.names for each in kept.values())
    if len(kept) > MAX_LISTS or total > MAX_TABLE_NAMES:
        raise ListError(
            f"there are {len(kept)} lists with {total:,} names: the most are {MAX_LISTS} with "
            f"{MAX_TABLE_NAMES:,}"
        )
    temporary = lists_dir / ".begun.table"
    try:
        with temporary.open("wb") as file:
            names = _Merge(kept, total).write(file, seed)
            file.flush()
            os.fsync(file.fileno())
        with temporary.open("rb") as written:
            sha256 = hashlib.file_digest(written, "sha256").hexdigest()
        # Nobody changes it any more, whoever has it open.
        temporary.chmod(file_mode_in(lists_dir) & _READABLE)
        temporary.replace(table_path(lists_dir, sha256))
    finally:
        temporary.unlink(missing_ok=True)
    return Compiled(sha256, names)


class _Merge:
    """Merges the records of several lists, each name once with the number of its combination."""

    def __init__(self, kept: Mapping[str, Kept], total: int) -> None:
        self._lists = tuple(sorted(kept))
        self._kept = tuple(kept[id_] for id_ in self._lists)
        bits = (total // _NAMES_IN_A_BUCKET).bit_length()
        self._bits = min(max(bits, _LEAST_INDEX_BITS), MAX_INDEX_BITS)
        self._counts = array("I", bytes(4 << self._bits))
        # By the octets (covers, list) of all records of a name, in order.
        self._numbers: dict[bytes, bytes] = {}

    def write(self, file: BinaryIO, seed: int) -> int:
        """Write the whole table; return how many names it has."""
        file.write(bytes(HEADER.size))
        names = 0
        with ExitStack() as stack:
            sources = [
                stack.enter_context(closing(read_records(each.path, each.sha256)))
                for each in self._kept
            ]
            for parts in zip(*sources, strict=True):
                found = self._merged(self._ordered(parts))
                names += len(found)
                file.write(b"".join(found))
        self._write_index(file)
        contents = msgspec.json.encode(Contents(self._lists, self._combinations()))
        file.write(contents)
        file.seek(0)
        file.write(HEADER.pack(MAGIC, seed, names, self._bits, len(contents)))
        return names

    def _ordered(self, parts: tuple[bytes, ...]) -> list[bytes]:
        """Return the records of one part of all lists in order, each with its list's position."""
        marked = [
            record + mark
            for mark, part in zip(self._marks(), parts, strict=True)
            for (record,) in RECORD.iter_unpack(part)
        ]
        if len(parts) > 1:
            marked.sort()
        return marked

    def _marks(self) -> list[bytes]:
        return [bytes([position]) for position in range(len(self._lists))]

    def _merged(self, records: list[bytes]) -> list[bytes]:
        numbers, counts = self._numbers, self._counts
        first_bits, shift = FIRST_BITS.unpack_from, 32 - self._bits
        merged: list[bytes] = []
        before = said = b""
        for record in records:
            digest, covers = record[:DIGEST_OCTETS], record[DIGEST_OCTETS:]
            if digest == before:
                # The name is on several lists: its combination is another one.
                said += covers
                merged[-1] = digest + (numbers.get(said) or self._number(said))
                continue
            before, said = digest, covers
            counts[first_bits(digest)[0] >> shift] += 1
            merged.append(digest + (numbers.get(covers) or self._number(covers)))
        return merged

    def _number(self, said: bytes) -> bytes:
        """Return the number of a combination that is new."""
        if len(self._numbers) >= MAX_COMBINATIONS:
            raise ListError("the lists overlap in too many ways: subscribe to fewer")
        return self._numbers.setdefault(said, NUMBER.pack(len(self._numbers)))

    def _combinations(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        return tuple(tuple(zip(said[1::2], said[::2], strict=True)) for said in self._numbers)

    def _write_index(self, file: BinaryIO) -> None:
        index = array("I", [HEADER.size])
        offset = HEADER.size
        for count in self._counts:
            offset += count * RECORD_OCTETS
            index.append(offset)
        file.write(index.tobytes())
