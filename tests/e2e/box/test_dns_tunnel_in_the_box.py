"""iodine, which carries anything inside DNS: the resolver is the gateway's whatever it asks."""

import time
from collections.abc import Iterator

import pytest
from box_clients import Got
from box_rig import DEVICE_HOST, Box
from box_school import PUPIL
from box_tunnels import DnsTunnels
from whole_school import wait_for

LONGER_S = 4.0


@pytest.fixture(scope="module")
def tunnels(box: Box) -> Iterator[DnsTunnels]:
    running = DnsTunnels(box, ("home", "pupil"))
    running.start()
    yield running
    running.stop()


def test_a_dns_tunnel_works_from_home_alone(box: Box, tunnels: DnsTunnels) -> None:
    wait_for(lambda: tunnels.passes("home") is Got.REACHED, 20, "the tunnel from home")
    until = time.monotonic() + LONGER_S
    while time.monotonic() < until:
        assert Got.REFUSED == tunnels.passes("pupil")
        time.sleep(0.2)
    assert "tunnel" in (
        box.gateway.wait_recorded(PUPIL.address(4, DEVICE_HOST), "dns-tunnel").attempt or ""
    )
