"""A store of decisions with the office's people in it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from office import QuickHasher, fill

from schoolgate_policyd.store.decisions import DecisionStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DecisionStore]:
    with closing(DecisionStore(tmp_path / "decisions.db", hasher=QuickHasher())) as opened:
        fill(opened)
        yield opened
