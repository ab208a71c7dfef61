"""iodine on devices of the box, and iodined on the internet."""

import subprocess
from collections.abc import Iterable

from box_clients import Got, tcp_echo
from box_internet import INNER_PORT
from box_places import TUNNEL_ZONE, TUNNELS
from box_rig import Box
from started import Started

PASSWORD = "hidden"
INSIDE = "10.92.0.1"


class DnsTunnels:
    """iodine on the devices of *whose*, each asking the resolver of its resolv.conf."""

    def __init__(self, box: Box, whose: Iterable[str]) -> None:
        self._box = box
        self._whose = tuple(whose)
        self._started = Started()

    def start(self) -> None:
        """Let all of them begin to log in."""
        self._run(
            self._box.internet_space.command(
                *("iodined", "-f", "-c", "-P", PASSWORD, "-l", TUNNELS.ipv4),
                *(f"{INSIDE}/24", TUNNEL_ZONE),
            )
        )
        for who in self._whose:
            device = self._box.device(who)
            assert device.resolv_conf is not None
            resolver = device.resolv_conf.read_text().split()[1]
            command = ("iodine", "-f", "-r", "-P", PASSWORD, "-T", "TXT", resolver, TUNNEL_ZONE)
            self._run(device.command(*command))

    def stop(self) -> None:
        """End all of them."""
        self._started.stop()

    def passes(self, who: str) -> Got:
        """Return whether anything comes through the tunnel of *who*."""
        return tcp_echo(self._box, who, (INSIDE, INNER_PORT), b"through the tunnel")

    def _run(self, command: list[str]) -> None:
        self._started.add(
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        )
