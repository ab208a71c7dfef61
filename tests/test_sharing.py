"""A parallel run of these very tests: what is together on one worker. None of them is run."""

import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROCESSES = ("tests/e2e/box/test_the_bell.py", "tests/e2e/test_bell.py")
MODULES = (
    "tests/dns/upstream/test_together.py",
    "tests/policyd/core/test_names.py",
    "tests/webui/test_windows.py",
)
# A plugin by which every test passes without being run.
PASSING = """
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item):
    for when in ("setup", "call", "teardown"):
        report = pytest.TestReport(item.nodeid, item.location, {}, "passed", None, when)
        item.ihook.pytest_runtest_logreport(report=report)
    return True
"""


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Which workers had tests of each module."""
    folder = tmp_path_factory.mktemp("passing")
    (folder / "passing.py").write_text(PASSING)
    own = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")}
    command = (sys.executable, "-m", "pytest", "-p", "passing", "-p", "no:cacheprovider")
    done = subprocess.run(
        [*command, "-n", "2", "-v", "--no-cov", *MODULES, *PROCESSES],
        env=own | {"PYTHONPATH": str(folder)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stdout[-2000:] + done.stderr
    found = defaultdict[str, set[str]](set)
    for worker, module in re.findall(r"^\[(gw\d)\].* PASSED ([^:]+)::", done.stdout, re.MULTILINE):
        found[module].add(worker)
    return found


def test_a_module_is_one_worker_s(workers: dict[str, set[str]]) -> None:
    assert {*MODULES, *PROCESSES} == workers.keys()
    assert [1] * len(workers) == [len(each) for each in workers.values()]


def test_all_that_starts_real_processes_is_the_same_worker_s(workers: dict[str, set[str]]) -> None:
    assert 1 == len(set.union(*(workers[each] for each in PROCESSES)))
    assert 2 == len(set.union(*workers.values()))
