"""What a gateway installs is what the tests ran with, and nothing that they alone need."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def pinned(file: str) -> dict[str, str]:
    """Return what *file* says of each library: its version, marker and hashes."""
    text = (ROOT / "requirements" / file).read_text()
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    return {block.partition("==")[0]: block for block in blocks}


def names_of(requirements: list[str]) -> set[str]:
    return {re.split(r"[^a-z0-9-]", each, maxsplit=1)[0] for each in requirements}


def test_a_gateway_has_the_files_that_the_tests_ran_with() -> None:
    gateway = pinned("gateway.txt").items()

    assert gateway <= pinned("lock.txt").items()
    assert all("--hash=sha256:" in block for _, block in gateway)


def test_a_gateway_has_what_the_program_names_and_not_what_tests_name() -> None:
    gateway = set(pinned("gateway.txt"))
    wanted = names_of(PROJECT["project"]["dependencies"])
    for_tests = names_of(PROJECT["dependency-groups"]["dev"])

    assert wanted <= gateway
    assert not (for_tests - wanted) & gateway
