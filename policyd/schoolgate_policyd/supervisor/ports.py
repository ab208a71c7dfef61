"""Whether the ports that Schoolgate needs are free, and what to do about those that are not."""

import errno
import ipaddress
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from schoolgate_policyd.config import Settings
from schoolgate_policyd.core.errors import SchoolgateError


class PortsError(SchoolgateError):
    """Some ports cannot be had; each line of the message names one and its remedy."""


@dataclass(frozen=True, slots=True)
class WantedPort:
    """
    A port of *purpose*; *setting* is where in the configuration it is chosen.

    *address_setting* is where its address is; None where that is called alike.
    """

    purpose: str
    setting: str
    address: str
    port: int
    is_udp: bool = False
    address_setting: str | None = None


def wanted_ports(settings: Settings) -> tuple[WantedPort, ...]:
    """Return every port that `schoolgate up` listens on."""
    dns, web = settings.dns, settings.web
    wanted = [
        WantedPort("DNS", "dns.port", dns.address, dns.port, is_udp=True),
        WantedPort("DNS", "dns.port", dns.address, dns.port),
        *_proxy_ports(settings),
        WantedPort("the web pages", "web.port", web.address, web.port),
    ]
    for network in settings.networks:
        for port, name in (
            (network.proxy_relay_port, "proxy_relay_port"),
            (network.web_relay_port, "web_relay_port"),
        ):
            if port is not None:
                setting = f"{name} of network {network.id}"
                wanted.append(WantedPort(f"a relay of {network.id}", setting, "127.0.0.1", port))
    return tuple(wanted)


def _proxy_ports(settings: Settings) -> Iterator[WantedPort]:
    """Yield the ports of each of the proxy's workers."""
    proxy = settings.proxy
    for further in range(proxy.workers):
        purpose = "the proxy" if not further else f"the proxy's worker {further + 1}"
        # Port 0 is a port that the kernel chooses, for each worker anew.
        port = proxy.port + further if proxy.port else 0
        yield WantedPort(purpose, "proxy.port", proxy.address, port)
        if proxy.intercept_port is not None:
            port = proxy.intercept_port + further
            for address in settings.dns.inspection_addresses:
                yield WantedPort(
                    purpose,
                    "proxy.intercept_port",
                    address,
                    port,
                    address_setting="dns.inspection_addresses",
                )


def check_ports(wanted: Iterable[WantedPort]) -> None:
    """Raise PortsError, naming every port of *wanted* that cannot be listened on."""
    faults = []
    seen: dict[tuple[str, int, bool], WantedPort] = {}
    for each in wanted:
        key = (each.address, each.port, each.is_udp)
        if each.port and key in seen:
            faults.append(
                f"{_place(each)} is wanted for {seen[key].purpose} and for {each.purpose}: "
                f"set `{each.setting}` to another port"
            )
            continue
        seen[key] = each
        try:
            _try_binding(each)
        except OSError as error:
            faults.append(_fault(each, error))
    if faults:
        raise PortsError("\n".join(faults))


def _try_binding(wanted: WantedPort) -> None:
    is_ipv6 = isinstance(ipaddress.ip_address(wanted.address), ipaddress.IPv6Address)
    family = socket.AF_INET6 if is_ipv6 else socket.AF_INET
    kind = socket.SOCK_DGRAM if wanted.is_udp else socket.SOCK_STREAM
    with socket.socket(family, kind) as probe:
        if not wanted.is_udp:
            # As servers do: connections of the last run that linger are no reason to refuse.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((wanted.address, wanted.port))
        if not wanted.is_udp:
            probe.listen(1)


def _fault(wanted: WantedPort, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            found = "is taken by another program"
            remedy = f"stop that (`ss -lnp` names it), or set `{wanted.setting}` to another port"
        case errno.EACCES:
            found = "may not be used by this user"
            remedy = f"set `{wanted.setting}` to a port above 1023"
        case errno.EADDRNOTAVAIL:
            found = "is no address of this machine"
            setting = wanted.address_setting or wanted.setting.replace("port", "address")
            remedy = f"set `{setting}` to one that is"
        case _:
            found = f"cannot be listened on ({error.strerror})"
            remedy = f"set `{wanted.setting}` to another port"
    return f"{_place(wanted)}, for {wanted.purpose}, {found}: {remedy}"


def _place(wanted: WantedPort) -> str:
    return f"{wanted.address} port {wanted.port} ({'UDP' if wanted.is_udp else 'TCP'})"
