"""The box, started once for all of its tests; they run in the lesson after the bell."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest
from box_bell import BEFORE_THE_BELL, Rung, ring
from box_clients import Got
from box_probes import LIMITS, PROBES
from box_rig import Box, running_box
from netns import why_not

_HERE = Path(__file__).parent
_BY_NAME = {probe.name: probe for probe in (*PROBES, *LIMITS)}


class Tried:
    """What came of each probe; each is made once."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self._got: dict[tuple[str, str, int], Got] = {}
        self._began: dict[tuple[str, str, int], datetime] = {}

    def __call__(self, name: str, who: str, family: int) -> Got:
        """Return what comes of the probe *name* for *who*."""
        key = (name, who, family)
        if key not in self._got:
            # Whatever other tests had refused: of one device a dozen a minute are told one by one.
            self.box.gateway.hear_afresh()
            self._began[key] = self.box.gateway.mark()
            self._got[key] = _BY_NAME[name].attempts(self.box, who, family)
        return self._got[key]

    def began(self, name: str, who: str, family: int) -> datetime:
        """Return the mark that was taken before the probe *name*, which has been made."""
        return self._began[name, who, family]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together what shares the box, whatever the order is, and give it time to start."""
    ours = [item for item in items if item.path.is_relative_to(_HERE)]
    for item in ours:
        # Whichever comes first starts the whole box, and waits for its bell.
        item.add_marker(pytest.mark.timeout(300))
    if ours:
        first = items.index(ours[0])
        others = [item for item in items if not item.path.is_relative_to(_HERE)]
        items[:] = [*others[:first], *ours, *others[first:]]


@pytest.fixture(scope="session")
def ending() -> Iterator[ExitStack]:
    """What ends the box."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module", autouse=True)
def ends_with_this_folder(request: pytest.FixtureRequest, ending: ExitStack) -> None:
    """Have the box end with the last of its tests: what comes afterwards needs the machine."""
    folder = request.node.parent
    assert folder.path == _HERE
    folder.addfinalizer(ending.close)


@pytest.fixture(scope="session")
def started_box(ending: ExitStack) -> Box:
    """The box shortly before the end of break."""
    reason = why_not()
    if reason is not None:
        if os.environ.get("CI"):
            pytest.fail(f"{reason}, and this is a machine of CI")
        pytest.skip(reason)
    return ending.enter_context(running_box(BEFORE_THE_BELL))


@pytest.fixture(scope="session")
def rung(started_box: Box) -> Rung:
    """The bell at the end of break, which rang while staff's flows were running."""
    return ring(started_box)


@pytest.fixture(scope="session")
def box(started_box: Box, rung: Rung) -> Box:
    """The box, in the lesson after the bell."""
    del rung
    return started_box


@pytest.fixture(scope="session")
def tried(box: Box) -> Tried:
    """What comes of each way round."""
    return Tried(box)
