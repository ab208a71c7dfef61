"""Each refused attempt stands in policyd's store, of the device that made it."""

from datetime import datetime
from typing import Protocol

import pytest
from box_clients import Got
from box_probes import PROBES, Probe
from box_rig import DEVICE_HOST, Box
from box_school import PUPIL

# Whatever the family: on the gateway's own link a device is known by its IPv4 address.
CLIENT = PUPIL.address(4, DEVICE_HOST)
RECORDED = [probe for probe in PROBES if probe.attempt is not None]
ROWS = [
    pytest.param(probe, family, id=f"{probe.name}-{family}")
    for probe in RECORDED
    for family in probe.families
]


class Tried(Protocol):
    """What came of each probe, and when it was made."""

    def __call__(self, name: str, who: str, family: int) -> Got: ...

    def began(self, name: str, who: str, family: int) -> datetime: ...


def _known_by(probe: Probe, family: int) -> tuple[str, str]:
    assert probe.attempt is not None
    assert probe.host is not None, probe.name
    return probe.attempt, probe.host(family)


def test_each_attempt_is_known_by_a_record_of_its_own() -> None:
    known_by = [_known_by(probe, family) for probe in RECORDED for family in probe.families]

    assert len(known_by) == len(set(known_by))


@pytest.mark.parametrize(("probe", "family"), ROWS)
def test_a_pupil_s_attempt_is_recorded(box: Box, tried: Tried, probe: Probe, family: int) -> None:
    assert tried(probe.name, "pupil", family) is not Got.REACHED

    attempt, host = _known_by(probe, family)
    since = tried.began(probe.name, "pupil", family)
    recorded = box.gateway.wait_recorded(CLIENT, attempt, host, since=since)

    assert recorded.count >= 1
    assert recorded.point in {"dns", "proxy", "firewall"}
