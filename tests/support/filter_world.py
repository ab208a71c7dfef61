"""
The packet filter in namespaces: devices, a gateway with stand-ins for DNS and proxy, an internet.

    pupil -- lan1 -- gateway -- wan0 -- internet
    staff -- lan2 -/

Nothing runs: a socket that listens takes connections by itself, and who took one is seen in its
queue. So a probe costs a millisecond.
"""

import contextlib
import ipaddress
import select
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from netns import Namespace, join, made
from overhearing import overhearing
from waiting import wait_for

from schoolgate_firewall import loader
from schoolgate_firewall.ruleset.sets import heard_set
from schoolgate_policyd.config import (
    DnsSettings,
    ExceptionSettings,
    FirewallMode,
    FirewallSettings,
    NetworkSettings,
    ProxySettings,
    Settings,
    Transport,
    WebSettings,
    default_rules_dir,
)
from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.netfilter.names import Reason
from schoolgate_policyd.netfilter.sets import Sets
from schoolgate_policyd.netfilter.ways import Way, address_way, link_way

FAMILIES = (4, 6)
INSPECTION = {4: "10.9.53.53", 6: "fd09:53::53"}
# Of nobody, and of a content network; the last is where nothing has ever been answered.
PLAIN = {4: "198.51.100.10", 6: "2001:db8:100::10"}
SHARED = {4: "104.16.0.10", 6: "2606:4700::10"}
APPLE = {4: "17.252.0.10", 6: "2620:149:a44::10"}
SCHOOLS_CLOUD = {4: "203.0.113.10", 6: "2001:db8:113::10"}
WAN = {4: "10.9.99.10", 6: "fd09:99::10"}
PLACES = (PLAIN, SHARED, APPLE, SCHOOLS_CLOUD)
TCP_PORTS = (22, 80, 443, 853, 1194, 5223, 5228)
UDP_PORTS = (53, 123, 443, 853, 51820)
WEB_PORT, INTERCEPT_PORT, PROXY_PORT = 8000, 8443, 8080
PRINTER_PORT = 9100
# How long what must come is waited for; what comes is not delayed by it.
PATIENCE_S = 10.0
# The kernel tells one client of few refusals a second, and tests make many of them.
_TELL_EVERY_REFUSAL = ("net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0")

CLIENT_HELLO = b"\x16\x03\x01\x00\x60\x01\x00\x00\x5c\x03\x03" + bytes(90)


def _network(number: int, audience: Audience, version: int) -> NetworkSettings:
    cidr = f"10.9.{number}.0/24" if version == 4 else f"fd09:{number}::/64"
    return NetworkSettings(
        id=f"{audience.value}{version}",
        cidr=cidr,
        audience=audience,
        device=DeviceKind.OWN_DEVICE,
        inspectable=True,
    )


def school_settings(mode: FirewallMode = FirewallMode.ENFORCE) -> Settings:
    """Return the configuration of the gateway."""
    return Settings(
        rules_dir=default_rules_dir(),
        dns=DnsSettings(
            address=INSPECTION[4],
            further_addresses=(INSPECTION[6],),
            port=53,
            inspection_addresses=(INSPECTION[4], INSPECTION[6]),
        ),
        proxy=ProxySettings(intercept_port=INTERCEPT_PORT, port=PROXY_PORT, workers=2),
        web=WebSettings(address="0.0.0.0", port=WEB_PORT),
        firewall=FirewallSettings(
            inside=("lan1", "lan2"),
            outside=("wan0", "wan1"),  # of which one is not plugged in
            mode=mode,
            administration=("10.9.2.0/24", "fd09:2::/64"),
            exceptions=(
                ExceptionSettings(
                    id="printer",
                    why="Teachers print.",
                    protocol=Transport.TCP,
                    ports=(PRINTER_PORT,),
                    to=("10.9.1.10/32", "fd09:1::10/128"),
                    sources=("10.9.2.0/24", "fd09:2::/64"),
                ),
                ExceptionSettings(
                    id="cloud",
                    why="The school's records.",
                    protocol=Transport.TCP,
                    ports=(443,),
                    to=("203.0.113.0/24", "2001:db8:113::/48"),
                ),
            ),
        ),
        networks=tuple(
            _network(number, audience, version)
            for number, audience in ((1, Audience.PUPIL), (2, Audience.STAFF))
            for version in FAMILIES
        ),
    )


@dataclass
class Device:
    """Whoever asks, behind the gateway's interface *inside*."""

    namespace: Namespace
    inside: str
    number: int

    def address(self, family: int) -> str:
        """Return its address."""
        return f"10.9.{self.number}.10" if family == 4 else f"fd09:{self.number}::10"


class FilterWorld:
    """Everything; `load` puts a ruleset into force in the gateway."""

    def __init__(
        self, pupil: Namespace, staff: Namespace, gateway: Namespace, internet: Namespace
    ) -> None:
        self.gateway = gateway
        self.internet = internet
        self.pupil = Device(pupil, "lan1", 1)
        self.staff = Device(staff, "lan2", 2)
        self._listening: dict[str, list[socket.socket]] = {}
        self._open: list[socket.socket] = []
        with gateway.entered():
            self.sets = Sets()

    def build(self) -> None:
        """Lay the cables and have everybody listen."""
        self.gateway.must("sysctl", "-qw", *_TELL_EVERY_REFUSAL)
        for device in (self.pupil, self.staff):
            join(device.namespace, "lan0", self.gateway, device.inside)
            self._lay(device.namespace, "lan0", self.gateway, device.inside, device.number)
        join(self.internet, "eth0", self.gateway, "wan0")
        self._lay(self.gateway, "wan0", self.internet, "eth0", 99)
        for school, gateway in (("10.9.0.0/16", WAN[4]), ("fd09::/16", WAN[6])):
            self.internet.must("ip", "route", "add", school, "via", gateway)
        places = [place[family] for place in PLACES for family in FAMILIES]
        for place in places:
            self.internet.give(f"{place}/{32 if '.' in place else 128}", "lo")
        with self.internet.entered():
            self._listen("origin", places, TCP_PORTS)
            self._take("origin", places, UDP_PORTS)
        with self.pupil.namespace.entered():
            inside = [self.pupil.address(family) for family in FAMILIES]
            self._listen("pupil", inside, (PRINTER_PORT, 445))

    def _lay(
        self, near: Namespace, near_device: str, far: Namespace, far_device: str, number: int
    ) -> None:
        """Give both ends of a cable addresses; the near one's way to everywhere is the far one."""
        for prefix, length in ((f"10.9.{number}.", 24), (f"fd09:{number}::", 64)):
            far.give(f"{prefix}1/{length}", far_device)
            near.give(f"{prefix}10/{length}", near_device)
            near.must("ip", "route", "add", "default", "via", f"{prefix}1")

    def serve(self) -> None:
        """Have the gateway's stand-ins listen, once its inspection addresses are there."""
        with self.gateway.entered():
            addresses = list(INSPECTION.values())
            self._listen("proxy", addresses, (INTERCEPT_PORT, INTERCEPT_PORT + 1))
            self._listen("dns", addresses, (53,))
            self._take("dns", addresses, (53,))
            self._listen("web", ["0.0.0.0", "::"], (WEB_PORT, 22))

    def load(self, settings: Settings) -> None:
        """Put the ruleset of *settings* into force."""
        with self.gateway.entered():
            loader.load(settings)

    def way(self, device: Device, destination: str) -> Way:
        """Return the way of a device on its link to *destination*."""
        index = self.gateway.index_of(device.inside)
        mac = device.namespace.hardware_of("lan0")
        return link_way(index, mac, ipaddress.ip_address(destination).packed)

    def routed_way(self, device: Device, destination: str) -> Way:
        """Return the way of a device by its address."""
        packed = ipaddress.ip_address(destination)
        client = ipaddress.ip_address(device.address(packed.version))
        return address_way(client.packed, packed.packed)

    @contextlib.contextmanager
    def holding(self, set_name: str, *keys: bytes) -> Iterator[None]:
        """Have *keys* in a set for the time of a test."""
        self.sets.add(set_name, keys, 600)
        try:
            yield
        finally:
            self.sets.remove(set_name, keys)

    @contextlib.contextmanager
    def opened(self, device: Device, *destinations: str) -> Iterator[None]:
        """Have ways open for the time of a test."""
        with contextlib.ExitStack() as stack:
            for each in destinations:
                way = self.way(device, each)
                stack.enter_context(self.holding(way.set.open_name, way.key))
            yield

    def connect(
        self,
        device: Device,
        destination: str,
        port: int,
        option: tuple[int, int, bytes] | None = None,
    ) -> socket.socket:
        """
        Return a connection with a socket *option*.

        Raises ConnectionRefusedError, and TimeoutError where nothing answers.
        """
        connection = self._stream(device, destination)
        if option is not None:
            connection.setsockopt(*option)
        connection.connect((destination, port))
        return connection

    def _stream(self, device: Device, destination: str) -> socket.socket:
        family = socket.AF_INET6 if ":" in destination else socket.AF_INET
        with device.namespace.entered():
            stream = socket.socket(family, socket.SOCK_STREAM)
        self._open.append(stream)
        stream.settimeout(PATIENCE_S)
        return stream

    def tcp(self, device: Device, destination: str, port: int) -> str:
        """Return who took a connection: a listener's name, or `refused`."""
        try:
            self.connect(device, destination, port)
        except ConnectionRefusedError:
            return "refused"
        return self.taker()

    def is_dropped(self, device: Device, destination: str, port: int) -> bool:
        """Whether nobody takes a connection, and whoever asks for it is told nothing."""
        stream = self._stream(device, destination)
        # Closed at once, it asks no second time while something else is tried.
        with overhearing(self.gateway, destination, port) as overheard, stream:
            stream.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                stream.connect((destination, port))
            wait_for(lambda: overheard.came, PATIENCE_S, f"what is for {destination}")
            return 0 == overheard.went

    def udp(self, device: Device, destination: str, port: int) -> str:
        """Return who took a datagram: a listener's name, or `refused`."""
        family = socket.AF_INET6 if ":" in destination else socket.AF_INET
        with device.namespace.entered():
            sender = socket.socket(family, socket.SOCK_DGRAM)
        with sender:
            sender.connect((destination, port))
            sender.send(b"probe")
            taker = self.taker(sender)
            if taker != "answer":
                return taker
            try:
                sender.recv(100)
            except ConnectionRefusedError:
                return "refused"
        raise AssertionError("nobody answers")

    def echo(self, device: Device, destination: str) -> str:
        """Return what comes of an ICMP echo: `back`, or `refused`."""
        is_ipv6 = ":" in destination
        family = socket.AF_INET6 if is_ipv6 else socket.AF_INET
        protocol = socket.IPPROTO_ICMPV6 if is_ipv6 else socket.IPPROTO_ICMP
        request = bytes([128 if is_ipv6 else 8, 0, 0, 0, 9, 9, 0, 1])
        if not is_ipv6:  # the kernel fills in ICMPv6's checksum, and not ICMP's
            total = sum(int.from_bytes(request[at : at + 2]) for at in range(0, 8, 2))
            request = request[:2] + (0xFFFF - total).to_bytes(2) + request[4:]
        with device.namespace.entered():
            sender = socket.socket(family, socket.SOCK_RAW, protocol)
        with sender:
            sender.settimeout(PATIENCE_S)
            sender.connect((destination, 0))
            sender.send(request)
            reply = bytes([129 if is_ipv6 else 0, 0])
            try:
                while not sender.recv(200)[0 if is_ipv6 else 20 :].startswith(reply):
                    pass
            except ConnectionRefusedError:
                return "refused"
        return "back"

    def taker(self, *waiting: socket.socket) -> str:
        """Return which listener has something, or `answer` for *waiting*."""
        names = {each: name for name, all_ in self._listening.items() for each in all_}
        ready, _, _ = select.select([*names, *waiting], [], [], PATIENCE_S)
        if not ready:
            raise TimeoutError("nobody has anything")
        first: socket.socket = ready[0]
        if first in waiting:
            return "answer"
        if first.type == socket.SOCK_STREAM:
            self._open.append(first.accept()[0])
        else:
            first.recv(100)
        return names[first]

    def accepted(self) -> socket.socket:
        """Return the other end of the connection that was taken last."""
        found = self._open[-1]
        found.settimeout(PATIENCE_S)
        return found

    def refusals(self, reason: Reason, device: Device, family: int) -> int:
        """Return how often a device was refused something for *reason*."""
        packed = ipaddress.ip_address(device.address(family)).packed
        elements = self.sets.elements(reason.count_set(family))
        return sum(each.packets for each in elements if each.key == packed)

    def drain(self) -> None:
        """Forget every datagram that waits somewhere."""
        for all_ in self._listening.values():
            for each in all_:
                with contextlib.suppress(BlockingIOError):
                    while each.type == socket.SOCK_DGRAM:
                        each.recv(100, socket.MSG_DONTWAIT)

    def forget_heard(self, reason: Reason, family: int) -> None:
        """Have everybody's rate in the log begin anew."""
        name = heard_set(reason, family)
        self.sets.remove(name, [each.key for each in self.sets.elements(name)])

    def close_listeners(self, address: str, port: int) -> None:
        """Have nobody listen at a place any more, so that somebody else can."""
        for all_ in self._listening.values():
            for each in tuple(all_):
                if each.getsockname()[:2] == (address, port):
                    all_.remove(each)
                    each.close()

    def hang_up(self) -> None:
        """Close every connection of a test."""
        for each in self._open:
            each.close()
        self._open.clear()

    def close(self) -> None:
        """Close everything."""
        self.hang_up()
        for all_ in self._listening.values():
            for each in all_:
                each.close()
        self.sets.close()

    def _listen(self, name: str, addresses: list[str], ports: tuple[int, ...]) -> None:
        for address in addresses:
            for port in ports:
                self._bind(name, address, port, socket.SOCK_STREAM).listen(50)

    def _take(self, name: str, addresses: list[str], ports: tuple[int, ...]) -> None:
        for address in addresses:
            for port in ports:
                self._bind(name, address, port, socket.SOCK_DGRAM)

    def _bind(self, name: str, address: str, port: int, kind: int) -> socket.socket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = socket.socket(family, kind)
        self._listening.setdefault(name, []).append(listener)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        return listener


@contextlib.contextmanager
def filter_world(settings: Settings) -> Iterator[FilterWorld]:
    """Build a world with the ruleset of *settings* in force; skip where that is not permitted."""
    with made("pupil", "staff", "gate", "net") as (pupil, staff, gateway, internet):
        world = FilterWorld(pupil, staff, gateway, internet)
        try:
            world.build()
            world.load(settings)
            world.serve()
            yield world
        finally:
            world.close()


def rules_without(folder: Path) -> Path:
    """Return a rules folder in which no content network is known."""
    (folder / "firewall").mkdir(parents=True)
    kept = default_rules_dir() / "firewall" / "exceptions.yaml"
    (folder / "firewall" / "exceptions.yaml").write_text(kept.read_text(encoding="utf-8"))
    (folder / "firewall" / "shared-networks.yaml").write_text("shared_networks: []\n")
    return folder
