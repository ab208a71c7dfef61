"""
What runs on one worker of a parallel run, because it shares something or has clocks to keep to.

`pytest -n 2` by itself deals single tests out to whoever is free. What a module's tests have
between them would be built on each worker so; and two gateways that start beside each other are
late for their bells. So a module is dealt out whole, and everything with real processes at once.
"""

import re

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

PROCESSES = "tests/e2e/"
# What takes long though it has few tests: a browser that goes through many pages.
_LONG = re.compile(r"in_chromium|every_page|without_script|everywhere|keyboard|objects|survives")


def unit_of(nodeid: str) -> str:
    """Return of what the test *nodeid* is a part, all of which one worker runs."""
    module = nodeid.partition("::")[0]
    return PROCESSES if module.startswith(PROCESSES) else module


class BySharing(LoadScopeScheduling):
    """Deals out units, the long ones first: nobody waits for them in the end."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        longest = max(self.workqueue, key=self._length)
        self.workqueue.move_to_end(longest, last=False)
        super()._assign_work_unit(node)

    def _length(self, unit: str) -> tuple[bool, bool, int]:
        return unit == PROCESSES, bool(_LONG.search(unit)), len(self.workqueue[unit])


def scheduler(config: pytest.Config, log: Producer) -> BySharing | None:
    """Return what deals out the tests, or None where another way was asked for by `--dist`."""
    return BySharing(config, log) if config.getvalue("dist") == "load" else None
