"""Databases of decisions that are made once, of which each test opens a copy of its own."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from office import QuickHasher

from schoolgate_policyd.store.decisions import DecisionStore


def database(fill: Callable[[DecisionStore], None]) -> bytes:
    """Return the file of a new store after *fill*."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "decisions.db"
        with closing(DecisionStore(path, hasher=QuickHasher())) as made:
            fill(made)
        return path.read_bytes()


def put_copy(octets: bytes, path: Path) -> None:
    """Lay *octets*, a database, down at *path*, for its owner alone as a store makes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(octets)


@contextmanager
def opened_copy(octets: bytes, folder: Path) -> Iterator[DecisionStore]:
    """Open a copy of *octets*, a database, in *folder*."""
    path = folder / "decisions.db"
    put_copy(octets, path)
    with closing(DecisionStore(path, hasher=QuickHasher())) as opened:
        yield opened
