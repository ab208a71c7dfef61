"""What every test shares: how Hypothesis searches, what may run beside what, kept bytecode."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sharing import BySharing, scheduler
from xdist.remote import Producer

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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> BySharing | None:
    """Have each module run on one worker, and all that starts a school or a box on the same."""
    return scheduler(config, log)


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Have CI's record be of what failed: ten thousand dots would push it out."""
    if os.environ.get("CI") and report.when == "call" and report.passed:
        return "passed", "", "PASSED"
    return None
