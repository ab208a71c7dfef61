"""Real processes, real clients: one running sample school for each module that shares it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from whole_school import WholeSchool

CLIENTS = ("dig", "kdig", "curl", "faketime")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    missing = [client for client in CLIENTS if shutil.which(client) is None]
    for item in items:
        if not item.path.is_relative_to(here):
            continue
        item.add_marker(pytest.mark.e2e)
        item.add_marker(pytest.mark.timeout(300))
        # On a machine of CI a missing client is a fault, elsewhere a reason to skip.
        if missing and not os.environ.get("CI"):
            item.add_marker(pytest.mark.skip(reason=f"not installed: {', '.join(missing)}"))


@pytest.fixture(scope="module")
def school() -> Iterator[WholeSchool]:
    """A school in a lesson, half an hour before break."""
    with WholeSchool(at="2026-11-20T10:00:00") as running:
        yield running
