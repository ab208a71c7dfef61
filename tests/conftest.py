"""What every test shares: how Hypothesis searches, what may run beside what, kept bytecode."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No deadline: a loaded machine is no failing law. `thorough` is for a long run by hand.
settings.register_profile(
    "default", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("default"), max_examples=3000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# Tests start hundreds of processes. Where nobody keeps bytecode each of them would compile what it
# imports anew, which costs it more than all else.
_BYTECODE = Path(__file__).parents[1] / ".pytest_cache" / "bytecode"
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = str(_BYTECODE)
sys.dont_write_bytecode = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what starts real processes or Chromium to one worker: it has clocks to keep to."""
    processes = Path(__file__).parent / "e2e"
    for item in items:
        if item.path.is_relative_to(processes) or item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.xdist_group("processes"))
