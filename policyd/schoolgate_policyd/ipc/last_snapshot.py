"""
The newest source on disk, so that a restart needs no policyd.

A source is written in one way only, so its digest says whether two processes have the same one.
"""

import hashlib
from pathlib import Path

import msgspec

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.ipc.messages import MAX_FRAME_OCTETS
from schoolgate_policyd.whole_files import write_whole

_MAGIC = b"schoolgate source 1\n"
_DIGEST_OCTETS = hashlib.sha256().digest_size
# Sets are written in order: the same source has the same digest in every process.
_ENCODER = msgspec.msgpack.Encoder(order="deterministic")
_DECODER = msgspec.msgpack.Decoder(Source)


class LastSnapshotError(SchoolgateError):
    """The file with the last snapshot is damaged or from another version."""


def digest_of(source: Source) -> str:
    """Return what tells *source* from every other, its number included."""
    return hashlib.sha256(_ENCODER.encode(source)).hexdigest()


def save_last_snapshot(path: Path, source: Source) -> str:
    """
    Put *source* in the place of what *path* held, at once or not at all; return its digest.

    When this returns it is on the disk. Raises OSError.
    """
    value = _ENCODER.encode(source)
    digest = hashlib.sha256(value)
    write_whole(path, _MAGIC + digest.digest() + value)
    return digest.hexdigest()


def load_last_snapshot(path: Path) -> Source | None:
    """
    Return the source in *path*, or None when there is no such file.

    Raises LastSnapshotError, naming *path*, for one that cannot be trusted, and OSError.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FRAME_OCTETS + 1)
    except FileNotFoundError:
        return None
    value = content[len(_MAGIC) + _DIGEST_OCTETS :]
    digest = content[len(_MAGIC) : len(_MAGIC) + _DIGEST_OCTETS]
    if not content.startswith(_MAGIC) or hashlib.sha256(value).digest() != digest:
        raise LastSnapshotError(f"{path}: is damaged, its checksum does not match")
    try:
        return _DECODER.decode(value)
    except (msgspec.DecodeError, ValueError) as error:
        raise LastSnapshotError(f"{path}: was written by another version") from error
