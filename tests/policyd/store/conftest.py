"""A store of decisions with the office's people in it, or nobody: copied from one made once."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from office import QuickHasher, fill

from schoolgate_policyd.store.decisions import DecisionStore


@pytest.fixture(scope="session")
def filled_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("office") / "decisions.db"
    with closing(DecisionStore(path, hasher=QuickHasher())) as made:
        fill(made)
    return path.read_bytes()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("empty") / "decisions.db"
    with closing(DecisionStore(path, hasher=QuickHasher())):
        pass
    return path.read_bytes()


@pytest.fixture
def empty(tmp_path: Path, empty_database: bytes) -> Iterator[DecisionStore]:
    path = tmp_path / "decisions.db"
    path.touch(mode=0o600)
    path.write_bytes(empty_database)
    with closing(DecisionStore(path, hasher=QuickHasher())) as opened:
        yield opened


@pytest.fixture
def store(tmp_path: Path, filled_database: bytes) -> Iterator[DecisionStore]:
    path = tmp_path / "decisions.db"
    path.touch(mode=0o600)
    path.write_bytes(filled_database)
    with closing(DecisionStore(path, hasher=QuickHasher())) as opened:
        yield opened
