"""Each refused attempt stands in policyd's store, of the device that made it."""

from collections.abc import Callable

import pytest
from box_clients import Got
from box_probes import PROBES
from box_rig import DEVICE_HOST, Box
from box_school import PUPIL

# Whatever the family: on the gateway's own link a device is known by its IPv4 address.
CLIENT = PUPIL.address(4, DEVICE_HOST)
ROWS = [
    pytest.param(probe.name, probe.attempt, family, id=f"{probe.name}-{family}")
    for probe in PROBES
    for family in probe.families
    if probe.attempt is not None
]


@pytest.mark.parametrize(("name", "attempt", "family"), ROWS)
def test_a_pupil_s_attempt_is_recorded(
    box: Box, tried: Callable[[str, str, int], Got], name: str, attempt: str, family: int
) -> None:
    assert tried(name, "pupil", family) is not Got.REACHED

    recorded = box.gateway.wait_recorded(CLIENT, attempt, family)

    assert recorded.count >= 1
    assert recorded.point in {"dns", "proxy", "firewall"}
