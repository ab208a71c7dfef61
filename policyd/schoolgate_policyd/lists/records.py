"""
What one list names, as hashes in a file: the last good version that tables are made of.

The file holds the number of hashes in each of 256 parts, then the hashes of each part in order,
each of 16 octets with one that says what it covers. A digest of the whole stands in `state`.
"""

import hashlib
import os
import struct
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import NamedTuple

from schoolgate_policyd.lists.errors import ListError
from schoolgate_policyd.lists.intake import DIGEST_OCTETS, PARTS

MAGIC = b"schoolgate list 1\n"
RECORD_OCTETS = DIGEST_OCTETS + 1
_COUNTS = struct.Struct(f"<{PARTS}I")
_HEADER_OCTETS = len(MAGIC) + _COUNTS.size
RECORD = struct.Struct(f"{RECORD_OCTETS}s")


class Written(NamedTuple):
    """What was written: how many different names, and the file's digest in hexadecimal."""

    names: int
    sha256: str


def sorted_records(part: bytes | bytearray) -> list[bytes]:
    """Return the records of *part* in order, each digest once with all that it covers."""
    records = sorted({record for (record,) in RECORD.iter_unpack(part)})
    joined: list[bytes] = []
    before = b""
    for record in records:
        # The same name twice, covering different things, covers both.
        if record[:DIGEST_OCTETS] == before:
            joined[-1] = before + bytes([joined[-1][DIGEST_OCTETS] | record[DIGEST_OCTETS]])
        else:
            before = record[:DIGEST_OCTETS]
            joined.append(record)
    return joined


def count_names(parts: Sequence[bytearray]) -> int:
    """Return how many different names *parts* hold."""
    return sum(len(sorted_records(part)) for part in parts)


def write_records(path: Path, parts: Sequence[bytearray]) -> Written:
    """
    Write *parts*, which are emptied, to *path*; when this returns it is on the disk.

    Raises OSError.
    """
    counts: list[int] = []
    with path.open("wb") as file:
        file.write(bytes(_HEADER_OCTETS))
        for part in parts:
            records = sorted_records(part)
            part.clear()
            counts.append(len(records))
            file.write(b"".join(records))
        file.seek(0)
        file.write(MAGIC + _COUNTS.pack(*counts))
        file.flush()
        os.fsync(file.fileno())
    with path.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256")
    return Written(sum(counts), digest.hexdigest())


def read_records(path: Path, sha256: str) -> Generator[bytes]:
    """
    Yield the records of each part of *path*, whose digest must be *sha256*.

    Raises ListError for a file that is missing or damaged.
    """
    try:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise ListError(f"{path}: is damaged, its checksum does not match")
            file.seek(len(MAGIC))
            for count in _COUNTS.unpack(file.read(_COUNTS.size)):
                yield file.read(count * RECORD_OCTETS)
    except OSError as error:
        raise ListError(f"{path}: cannot be read: {error.strerror}") from error
