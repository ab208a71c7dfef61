"""
A disk that keeps for certain only what was synchronised, and what a power cut leaves on it.

What was written since may be there, all of it or some, in any order, torn at any sector; sectors
that were being written may hold noise. Octets beside them stay: SQLite counts on that
(`SQLITE_IOCAP_POWERSAFE_OVERWRITE`), as every disk of today promises. A file that was made or
deleted may be there or not until its folder is synchronised.
"""

import random
from enum import StrEnum
from pathlib import Path

from recording import Created, Deleted, Operation, Synchronised, Truncated, Written

SECTOR = 512


class Loss(StrEnum):
    """What becomes of what was written to a file and not synchronised."""

    NOTHING_LEFT = "nothing-left"
    ALL_LEFT = "all-left"
    TORN = "torn"
    ANY_SECTORS = "any-sectors"
    NOISE = "noise"


class _Inode:
    """A file, whatever name leads to it."""

    def __init__(self, octets: bytes = b"") -> None:
        self.certain = bytearray(octets)
        self.pending: list[Written | Truncated] = []

    def synchronise(self) -> None:
        for each in self.pending:
            _apply(self.certain, each)
        self.pending.clear()

    def after(self, loss: Loss, rng: random.Random) -> bytes:
        """Return what a power cut leaves of it."""
        left = bytearray(self.certain)
        pending: list[Written | Truncated] = list(self.pending)
        if loss is Loss.NOTHING_LEFT:
            return bytes(left)
        if loss is Loss.TORN and pending:
            pending = pending[: rng.randrange(len(pending)) + 1]
            last = pending[-1]
            if isinstance(last, Written):
                torn = last.octets[: rng.randrange(len(last.octets) + 1)]
                pending[-1] = last._replace(octets=torn)
        if loss in {Loss.ANY_SECTORS, Loss.NOISE}:
            share = rng.choice((0.1, 0.5, 0.9))
            for each in pending:
                _apply_some(left, each, rng, share, has_noise=loss is Loss.NOISE)
            return bytes(left)
        for each in pending:
            _apply(left, each)
        return bytes(left)


class Disk:
    """The disk of one folder, which begins with *files* on it for certain."""

    def __init__(self, files: dict[str, bytes]) -> None:
        inodes = {name: _Inode(octets) for name, octets in files.items()}
        # The folder as it is for certain, and after each change since.
        self._folders = [inodes]

    @property
    def _now(self) -> dict[str, _Inode]:
        return self._folders[-1]

    def take(self, operation: Operation) -> None:
        """Take in what was asked of the disk next."""
        match operation:
            case Created(name):
                self._folders.append(self._now | {name: _Inode()})
            case Deleted(name, is_certain):
                self._folders.append({key: each for key, each in self._now.items() if key != name})
                if is_certain:
                    self._folders = [self._now]
            case Written(name) | Truncated(name):
                self._now[name].pending.append(operation)
            case Synchronised(name):
                self._now[name].synchronise()
                # SQLite synchronises the folder with a file that it made (unixSync).
                if name not in self._folders[0] or self._folders[0][name] is not self._now[name]:
                    self._folders = [self._now]

    def now(self) -> dict[str, bytes]:
        """Return the files as whoever reads them now sees them."""
        rng = random.Random()  # noqa: S311 - nothing is drawn where everything is left
        return {name: inode.after(Loss.ALL_LEFT, rng) for name, inode in self._now.items()}

    def cut(self, rng: random.Random) -> tuple[dict[str, bytes], tuple[str, ...]]:
        """Return the files that a power cut now leaves, and what was lost of each."""
        folder = rng.choice(self._folders)
        losses = {name: rng.choice(tuple(Loss)) for name in folder}
        left = {name: inode.after(losses[name], rng) for name, inode in folder.items()}
        said = tuple(f"{name}: {losses[name]}" for name in folder if folder[name].pending)
        return left, said


def put(files: dict[str, bytes], folder: Path) -> None:
    """Put *files*, and nothing else, into *folder*."""
    for path in folder.iterdir():
        path.unlink()
    for name, octets in files.items():
        (folder / name).write_bytes(octets)


def files_in(folder: Path) -> dict[str, bytes]:
    """Return every file of *folder* but the log's index, which is memory and no file."""
    return {
        path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith("-shm")
    }


def _apply(octets: bytearray, operation: Written | Truncated) -> None:
    if isinstance(operation, Truncated):
        _resize(octets, operation.size)
        return
    end = operation.offset + len(operation.octets)
    _resize(octets, max(len(octets), end))
    octets[operation.offset : end] = operation.octets


def _apply_some(
    octets: bytearray,
    operation: Written | Truncated,
    rng: random.Random,
    share: float,
    *,
    has_noise: bool,
) -> None:
    if isinstance(operation, Truncated):
        if rng.random() < share:
            _apply(octets, operation)
        return
    begin, end = operation.offset, operation.offset + len(operation.octets)
    while begin < end:
        until = min(end, (begin // SECTOR + 1) * SECTOR)
        part = operation.octets[begin - operation.offset : until - operation.offset]
        if rng.random() < share:
            _apply(octets, Written(operation.name, begin, part))
        elif has_noise and rng.random() < 0.5:
            _apply(octets, Written(operation.name, begin, rng.randbytes(len(part))))
        begin = until


def _resize(octets: bytearray, size: int) -> None:
    if size < len(octets):
        del octets[size:]
    else:
        octets.extend(bytes(size - len(octets)))
