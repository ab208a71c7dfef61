"""iodine, which carries anything inside DNS: the resolver is the gateway's whatever it asks."""

from collections.abc import Iterator

import pytest
from box_clients import Got
from box_rig import DEVICE_HOST, Box
from box_school import PUPIL
from box_tunnels import DnsTunnels
from whole_school import wait_for


@pytest.fixture(scope="module")
def tunnels(box: Box) -> Iterator[DnsTunnels]:
    running = DnsTunnels(box, ("home", "pupil"))
    running.start()
    yield running
    running.stop()


def test_a_dns_tunnel_works_from_home_alone(box: Box, tunnels: DnsTunnels) -> None:
    wait_for(lambda: tunnels.passes("home") is Got.REACHED, 20, "the tunnel from home")

    def is_recorded() -> bool:
        assert Got.REFUSED == tunnels.passes("pupil")
        return any(
            (PUPIL.address(4, DEVICE_HOST), "dns-tunnel") == (each.client, each.attempt)
            for each in box.gateway.recorded()
        )

    wait_for(is_recorded, 20, "the tunnel is recorded, and never passes until then")
