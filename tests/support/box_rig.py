"""
The box: a school's networks, the gateway, the internet, and a home without any gateway.

    pupil -- lan1 --+
    staff -- lan2 --+-- gateway -- wan0 --+-- internet
    guest -- lan3 --+                     |
    home  -- lan9 ----- plain ---- wan0 --+

`plain` forwards everything: what works from home is a way round for whoever is at school.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from box_gateway import LESSON, Gateway, remove_disk
from box_internet import Internet
from box_nginx import Websites
from box_places import EVERY_PLACE, UPSTREAM
from box_school import GUEST, INSPECTION4, INSPECTION6, NETWORKS, OUTSIDE, PUPIL, STAFF, School
from netns import Namespace, is_of_the_dead, join
from started import Started

_FOLDERS = Path("/tmp")
HOME = School("home", 9, "visitor", "own-device", inspectable=False)
DEVICE_HOST, ROUTER_HOST = 10, 1
DEVICE_LINK = "lan0"
# A prefix that nobody at school has: what a rogue advertisement would give a device.
ROGUE_PREFIX = "2001:db8:bad::/64"
ROGUE_ADDRESS = "2001:db8:bad::10"
# The kernel tells one client of few refusals a second, and tests make many of them.
_TELL_EVERY_REFUSAL = {"ipv4/icmp_ratelimit": "0", "ipv6/icmp/ratelimit": "0"}
_FORWARDING = {"ipv4/ip_forward": "1", "ipv6/conf/all/forwarding": "1"}
_CABLES = {
    "gateway": ("192.0.2.2", "192.0.2.1", "fd77:ff::2", "fd77:ff::1"),
    "plain": ("192.0.2.6", "192.0.2.5", "fd77:fe::2", "fd77:fe::1"),
}


class Box:
    """Everything, in a *folder* of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.internet_space = Namespace("net")
        self.gateway_space = Namespace("gate")
        self.plain_space = Namespace("plain")
        self.devices = {each.id: Namespace(each.id) for each in (*NETWORKS, HOME)}
        self._started = Started()
        self.websites = Websites(self.internet_space, folder, self._started)
        self.internet = Internet(self.internet_space, folder, self.websites.tls)
        self.gateway = Gateway(self.gateway_space, folder, self.websites.authority)

    @property
    def both_cas(self) -> Path:
        """A file with the school's authority and the internet's."""
        both = self.folder / "both.pem"
        if not both.exists():
            school = self.gateway.settings.ca_certificate_path.read_text()
            both.write_text(school + self.websites.authority.read_text())
        return both

    def device(self, who: str) -> Namespace:
        """Return the device of *who*: pupil, staff, guest, or home."""
        return self.devices[who]

    def address_of(self, who: str, family: int) -> str:
        """Return the address of *who*'s device."""
        school = next(each for each in (*NETWORKS, HOME) if each.id == who)
        return school.address(family, DEVICE_HOST)

    @property
    def spaces(self) -> tuple[Namespace, ...]:
        """Every namespace."""
        return (self.internet_space, self.gateway_space, self.plain_space, *self.devices.values())

    def lay_out(self) -> None:
        """Make the namespaces and the cables between them, with addresses and routes."""
        for space in self.spaces:
            space.make()
        for router, role in ((self.gateway_space, "gateway"), (self.plain_space, "plain")):
            self._connect(router, role)
        # The gateway's own is the loader's to set, once there are rules.
        self.plain_space.set(_FORWARDING)
        self.gateway_space.set(_TELL_EVERY_REFUSAL)
        for school in NETWORKS:
            self._attach(school, self.gateway_space, (INSPECTION4, INSPECTION6))
        self._attach(HOME, self.plain_space, (UPSTREAM.ipv4, UPSTREAM.ipv6))
        self.internet_space.ip(
            *(f"address add {place.ipv4}/32 dev lo" for place in EVERY_PLACE),
            *(f"address add {place.ipv6}/128 dev lo nodad" for place in EVERY_PLACE),
        )

    def _connect(self, router: Namespace, role: str) -> None:
        """Lay the cable from *router* to the internet, which knows what lies behind it."""
        near4, far4, near6, far6 = _CABLES[role]
        join(router, OUTSIDE, self.internet_space, role)
        router.ip(
            f"address add {near4}/30 dev {OUTSIDE}",
            f"address add {near6}/64 dev {OUTSIDE} nodad",
            f"route add default via {far4}",
            f"route add ::/0 via {far6}",
        )
        numbers = [each.number for each in (NETWORKS if role == "gateway" else (HOME,))]
        self.internet_space.ip(
            f"address add {far4}/30 dev {role}",
            f"address add {far6}/64 dev {role} nodad",
            *(f"route add 10.77.{number}.0/24 via {near4}" for number in numbers),
            *(f"route add fd77:{number}::/64 via {near6}" for number in numbers),
        )

    def _attach(self, school: School, router: Namespace, resolvers: tuple[str, str]) -> None:
        """Put the device of *school* behind *router*."""
        device = self.devices[school.id]
        join(router, school.inside, device, DEVICE_LINK)
        router4, router6 = (school.address(family, ROUTER_HOST) for family in (4, 6))
        own4, own6 = (school.address(family, DEVICE_HOST) for family in (4, 6))
        router.ip(
            f"address add {router4}/24 dev {school.inside}",
            f"address add {router6}/64 dev {school.inside} nodad",
        )
        device.ip(
            f"address add {own4}/24 dev {DEVICE_LINK}",
            f"address add {own6}/64 dev {DEVICE_LINK} nodad",
            f"route add default via {router4}",
            f"route add ::/0 via {router6}",
        )
        device.resolv_conf = self.folder / f"resolv-{school.id}.conf"
        device.resolv_conf.write_text(f"nameserver {resolvers[0]}\noptions timeout:5 attempts:1\n")

    def start(self, at: str = LESSON) -> None:
        """Start the internet and the gateway."""
        self.lay_out()
        self.internet.start()
        self.websites.start()
        self.gateway.start(at)

    def stop(self) -> None:
        """End everything and take the namespaces away."""
        with contextlib.ExitStack() as last:
            for space in self.spaces:
                last.callback(space.remove)
            last.callback(self.internet.stop)
            last.callback(self._started.stop)
            last.callback(remove_disk, self.gateway.settings.var_dir)
            last.callback(self.gateway.stop)


@contextlib.contextmanager
def running_box(at: str = LESSON) -> Iterator[Box]:
    """Give a running box, and take it away afterwards, whatever happened."""
    _remove_those_of_the_dead()
    folder = Path(tempfile.mkdtemp(prefix=f"sg-{os.getpid()}-box-", dir=_FOLDERS))
    box = Box(folder)
    try:
        box.start(at)
        yield box
    finally:
        box.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _remove_those_of_the_dead() -> None:
    """Take away the folders of runs that were killed, and the disks that are mounted there."""
    for folder in _FOLDERS.glob("sg-*-box-*"):
        if is_of_the_dead(folder.name):
            remove_disk(folder / "var")
            shutil.rmtree(folder, ignore_errors=True)


__all__ = ["GUEST", "HOME", "PUPIL", "STAFF", "Box", "running_box"]
