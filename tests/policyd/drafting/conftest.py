"""The rule files of a small school."""

from pathlib import Path

import pytest
from rule_tree import plant


@pytest.fixture(scope="session")
def rules_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the hill's rule files; no test of drafts writes into it."""
    return plant(tmp_path_factory.mktemp("rules"))
