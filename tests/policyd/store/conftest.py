"""A store of decisions with the office's people in it, or nobody: copied from one made once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from copied_store import database, opened_copy
from office import fill

from schoolgate_policyd.store.decisions import DecisionStore


@pytest.fixture(scope="session")
def filled_database() -> bytes:
    return database(fill)


@pytest.fixture(scope="session")
def empty_database() -> bytes:
    return database(lambda _made: None)


@pytest.fixture
def empty(tmp_path: Path, empty_database: bytes) -> Iterator[DecisionStore]:
    with opened_copy(empty_database, tmp_path) as opened:
        yield opened


@pytest.fixture
def store(tmp_path: Path, filled_database: bytes) -> Iterator[DecisionStore]:
    with opened_copy(filled_database, tmp_path) as opened:
        yield opened
