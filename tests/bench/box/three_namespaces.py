"""A client, a gateway and an origin in namespaces of their own, joined by veth, all by itself."""

import os
import secrets
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CLIENT, GATEWAY_INSIDE = "10.61.1.2", "10.61.1.1"
ORIGIN, GATEWAY_OUTSIDE = "10.61.2.2", "10.61.2.1"
HTTPS = 443


@dataclass(frozen=True)
class Namespaces:
    """The names of the three namespaces."""

    client: str
    gateway: str
    origin: str

    def run(self, where: str, *command: str) -> str:
        """Run *command* in the namespace *where* to its end and return what it printed."""
        finished = subprocess.run(
            ["ip", "netns", "exec", where, *command], capture_output=True, text=True, check=False
        )
        if finished.returncode:
            raise RuntimeError(f"{command}: {finished.stderr.strip()}")
        return finished.stdout

    def start(
        self, where: str, command: Sequence[str], printed: Path, **environment: str
    ) -> subprocess.Popen[bytes]:
        """Start *command* in the namespace *where*; it is the process that is returned."""
        with printed.open("wb") as file:
            return subprocess.Popen(
                # `ip` becomes the command, so the process's id is the command's.
                ["ip", "netns", "exec", where, *command],
                stdout=file,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **environment},
            )

    def bring_to(self, address: str, port: int) -> None:
        """Have the gateway bring new connections from the client to *address* and *port*."""
        self.forward_all()
        rules = (
            "table ip brought { chain arriving { type nat hook prerouting priority dstnat; "
            f"iifname inside tcp dport {HTTPS} dnat to {address}:{port}; }}; }}"
        )
        self.run(self.gateway, "nft", rules)

    def forward_all(self) -> None:
        """Have the gateway forward everything."""
        self.run(self.gateway, "nft", "flush ruleset")


@contextmanager
def namespaces() -> Iterator[Namespaces]:
    """Make the three and take them away again."""
    mark = f"sg-{os.getpid()}-{secrets.token_hex(2)}"
    made = Namespaces(f"{mark}-c", f"{mark}-g", f"{mark}-o")
    try:
        for name in (made.client, made.gateway, made.origin):
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        _join(made.client, made.gateway, "inside", CLIENT, GATEWAY_INSIDE)
        _join(made.origin, made.gateway, "outside", ORIGIN, GATEWAY_OUTSIDE)
        made.run(made.gateway, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        yield made
    finally:
        for name in (made.client, made.gateway, made.origin):
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def _join(end: str, gateway: str, link: str, address: str, gateway_address: str) -> None:
    peer = ("peer", "name", "uplink", "netns", end)
    _ip("-n", gateway, "link", "add", link, "type", "veth", *peer)
    for name, interface, own in ((gateway, link, gateway_address), (end, "uplink", address)):
        _ip("-n", name, "address", "add", f"{own}/24", "dev", interface)
        _ip("-n", name, "link", "set", interface, "up")
    _ip("-n", end, "route", "add", "default", "via", gateway_address)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
