"""
The wires of the machine: the internet, and a pupil's and a teacher's device, in namespaces.

    internet -- wan0 --+
    pupil    -- lan1 --+-- the machine's cards
    staff    -- lan2 --+

Each wire is a bridge in a namespace of QEMU's own, with the machine's interface and the other
side's in it, so that a machine without power leaves everything else as it is.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from box_internet import Internet
from box_nginx import Websites
from box_places import EVERY_PLACE
from box_school import INSPECTION4, PUPIL, STAFF, School
from machine import tap_of
from netns import Namespace, join
from started import Started
from time_server import TimeServer

DEVICE_HOST, ROUTER_HOST = 10, 1
_NEAR4, _NEAR6 = "192.0.2.2", "fd77:ff::2"
_FAR4, _FAR6 = "192.0.2.1", "fd77:ff::1"
# As the machine's timesyncd.conf.d has it.
TIME_SERVER = "203.0.113.80"


class Wires:
    """The namespaces round the machine, in a *folder* of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.room = Namespace("room")
        self.internet_space = Namespace("net")
        self.devices = {each.id: Namespace(each.id) for each in (PUPIL, STAFF)}
        self.started = Started()
        self.websites = Websites(self.internet_space, folder, self.started)
        self.internet = Internet(self.internet_space, folder, self.websites.tls)
        self.time_server = TimeServer(self.internet_space, TIME_SERVER)

    @property
    def spaces(self) -> tuple[Namespace, ...]:
        """Every namespace."""
        return (self.room, self.internet_space, *self.devices.values())

    def start(self) -> None:
        """Lay the wires and start the internet, without its time server."""
        for space in self.spaces:
            space.make()
        self._wire("wan0", self.internet_space, "gateway")
        self.internet_space.ip(
            f"address add {_FAR4}/30 dev gateway",
            f"address add {_FAR6}/64 dev gateway nodad",
            *(f"route add {each.ranges[0]} via {_NEAR4}" for each in (PUPIL, STAFF)),
            *(f"route add {each.ranges[1]} via {_NEAR6}" for each in (PUPIL, STAFF)),
            f"address add {TIME_SERVER}/32 dev lo",
            *(f"address add {place.ipv4}/32 dev lo" for place in EVERY_PLACE),
            *(f"address add {place.ipv6}/128 dev lo nodad" for place in EVERY_PLACE),
        )
        for school in (PUPIL, STAFF):
            self._attach(school)
        self.internet.start()
        self.websites.start()

    def stop(self) -> None:
        """End everything and take the namespaces away."""
        with contextlib.ExitStack() as last:
            for space in self.spaces:
                last.callback(space.remove)
            last.callback(self.internet.stop)
            last.callback(self.time_server.stop)
            last.callback(self.started.stop)

    def _wire(self, card: str, space: Namespace, end: str) -> None:
        """Lead the machine's *card* to *space*, where the wire's end is called *end*."""
        tap, bridge, plug = tap_of(card), f"br-{card}", f"to-{card}"
        join(self.room, plug, space, end)
        self.room.ip(
            f"link add {bridge} type bridge forward_delay 0",
            f"tuntap add {tap} mode tap",
            *(f"link set {each} master {bridge}" for each in (tap, plug)),
            *(f"link set {each} up" for each in (tap, bridge)),
        )

    def _attach(self, school: School) -> None:
        device = self.devices[school.id]
        self._wire(f"lan{school.number}", device, "lan0")
        device.ip(
            f"address add {school.address(4, DEVICE_HOST)}/24 dev lan0",
            f"address add {school.address(6, DEVICE_HOST)}/64 dev lan0 nodad",
            f"route add default via {school.address(4, ROUTER_HOST)}",
            f"route add ::/0 via {school.address(6, ROUTER_HOST)}",
        )
        device.resolv_conf = self.folder / f"resolv-{school.id}.conf"
        device.resolv_conf.write_text(f"nameserver {INSPECTION4}\noptions timeout:2 attempts:1\n")


@contextlib.contextmanager
def laid_wires() -> Iterator[Wires]:
    """Give laid wires, and take them away afterwards, whatever happened."""
    folder = Path(tempfile.mkdtemp(prefix="sg-wires-", dir="/tmp"))
    wires = Wires(folder)
    try:
        wires.start()
        yield wires
    finally:
        wires.stop()
        shutil.rmtree(folder, ignore_errors=True)
