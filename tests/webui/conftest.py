"""The school of each test, in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from web_school import WebSchool


@pytest.fixture
def school(tmp_path: Path) -> Iterator[WebSchool]:
    """A school with its pages."""
    opened = WebSchool(tmp_path)
    yield opened
    opened.close()
