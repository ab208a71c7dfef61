"""What the ruleset needs of the configuration: parsed, so that nothing else reaches nft."""

import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from schoolgate_firewall.errors import RulesetError
from schoolgate_firewall.exceptions import (
    Exceptions,
    FixedException,
    Tunnel,
    school_exceptions,
)
from schoolgate_firewall.ranges import IpRange, joined, trusted_ranges
from schoolgate_firewall.ruleset.families import FAMILIES, Family
from schoolgate_firewall.ruleset.sets import StaticSet
from schoolgate_firewall.shared_networks import SharedNetworks
from schoolgate_policyd.dns_settings import EncryptedDnsSettings
from schoolgate_policyd.firewall_settings import FirewallMode, FirewallSettings
from schoolgate_policyd.rulefiles.mistakes import printable
from schoolgate_policyd.setting_kinds import MAX_WORKERS
from schoolgate_policyd.settings import Settings

# A ruleset is text, so a name is checked where it enters it, whoever made the settings.
_INTERFACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,14}", re.ASCII)
_MAX_PORT = 65_535
# What is brought to the proxy at an inspection address.
_STEERED_PORTS = frozenset({80, 443})


@dataclass(frozen=True, slots=True)
class FamilyPlan:
    """What the rules of one family need; *inspection* is the inspection address."""

    family: Family
    inspection: str
    sets: tuple[StaticSet, ...]


@dataclass(frozen=True, slots=True)
class Ports:
    """
    The gateway's own ports.

    *intercept* are the proxy workers', in their order; *proxy* those that browsers are told of,
    *web* the pages', *encrypted* DNS over TLS and HTTPS, where each can be reached from inside.
    """

    dns: int
    ssh: int
    intercept: tuple[int, ...]
    proxy: tuple[int, ...] = ()
    web: tuple[int, ...] = ()
    encrypted: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that the template asks for."""

    inside: tuple[str, ...]
    outside: tuple[str, ...]
    is_watching: bool
    masquerade: bool
    ports: Ports
    families: tuple[FamilyPlan, ...]
    exceptions: tuple[FixedException, ...]
    tunnels: tuple[Tunnel, ...]


def plan_of(settings: Settings, shared: SharedNetworks, exceptions: Exceptions) -> Plan:
    """Return the plan of a ruleset. Raises RulesetError, which names the setting."""
    firewall = settings.firewall
    if firewall is None:
        raise RulesetError("firewall: not configured: name its interfaces `inside` and `outside`")
    inside = _interfaces("firewall.inside", firewall.inside)
    outside = _interfaces("firewall.outside", firewall.outside)
    both = sorted({*inside} & {*outside})
    if both:
        raise RulesetError(f"firewall: `{both[0]}` is inside and outside: remove it from one")
    return Plan(
        inside=inside,
        outside=outside,
        is_watching=_parsed("firewall.mode", [firewall.mode], FirewallMode)[0]
        is FirewallMode.WATCH,
        masquerade=bool(firewall.masquerade),
        ports=_ports(settings, firewall),
        families=tuple(_family_plan(each, settings, firewall, shared) for each in FAMILIES),
        exceptions=(*school_exceptions(settings), *exceptions.exceptions),
        tunnels=exceptions.tunnels,
    )


def inspection_address(settings: Settings, version: int) -> str:
    """Return the inspection address of IP *version*. Raises RulesetError."""
    found = _parsed("dns.inspection_addresses", settings.dns.inspection_addresses, _address)
    of_version = [each for each in found if each.version == version]
    if len(of_version) != 1:
        # With one family alone the other would have no proxy to be judged by.
        message = f"dns.inspection_addresses: needs exactly one IPv{version} address: write one"
        raise RulesetError(message)
    return str(of_version[0])


def _family_plan(
    family: Family, settings: Settings, firewall: FirewallSettings, shared: SharedNetworks
) -> FamilyPlan:
    inspection = inspection_address(settings, family.number)
    cidrs = (*settings.address_ranges, *(each.cidr for each in settings.networks))
    own = _parsed("address_ranges and networks", cidrs, ipaddress.ip_network)
    dns = settings.dns
    names = () if dns.encrypted is None else dns.encrypted.addresses
    listening = _parsed(
        "dns.address, dns.further_addresses and dns.encrypted.addresses",
        (dns.address, *dns.further_addresses, *names, inspection),
        ipaddress.ip_network,
    )
    administration = _parsed(
        "firewall.administration", firewall.administration, ipaddress.ip_network
    )
    contents: tuple[tuple[str, Iterable[IpRange]], ...] = (
        ("own", own),
        ("trusted_ranges", trusted_ranges(settings)),
        ("shared", shared.ranges(family.number)),
        # Those on the loopback are for the gateway itself, and an address that means any is none.
        ("dns_addresses", (each for each in listening if _is_reachable(each))),
        ("administration", administration),
    )
    sets = tuple(
        StaticSet(f"{name}{family.number}", family.address, joined(ranges, family.number))
        for name, ranges in contents
    )
    return FamilyPlan(family, inspection, sets)


def _ports(settings: Settings, firewall: FirewallSettings) -> Ports:
    dns, proxy, web = settings.dns, settings.proxy, settings.web
    if proxy.intercept_port is None:
        raise RulesetError("proxy.intercept_port: not set: write a free port, such as 8443")
    if not 1 <= proxy.workers <= MAX_WORKERS:
        raise RulesetError(f"proxy.workers: must be between 1 and {MAX_WORKERS}")
    encrypted = dns.encrypted
    if encrypted is not None:
        _require_reachable(encrypted, settings)
    return Ports(
        dns=_port("dns.port", dns.port),
        ssh=_port("firewall.ssh_port", firewall.ssh_port),
        intercept=_several("proxy.intercept_port", proxy.intercept_port, proxy.workers),
        proxy=()
        if _is_loopback("proxy.address", proxy.address)
        else _several("proxy.port", proxy.port, proxy.workers),
        web=() if _is_loopback("web.address", web.address) else (_port("web.port", web.port),),
        encrypted=()
        if encrypted is None
        else (
            _port("dns.encrypted.tls_port", encrypted.tls_port),
            _port("dns.encrypted.https_port", encrypted.https_port),
        ),
    )


def _require_reachable(encrypted: EncryptedDnsSettings, settings: Settings) -> None:
    """Raise RulesetError where DNS over HTTPS is at a port that leads to the proxy."""
    dns = settings.dns
    addresses = encrypted.addresses or (dns.address, *dns.further_addresses)
    both = sorted({*addresses} & {*dns.inspection_addresses})
    if both and encrypted.https_port in _STEERED_PORTS:
        raise RulesetError(
            f"dns.encrypted.https_port: {encrypted.https_port} of {both[0]} leads to the proxy, "
            "since that is an inspection address: write another port, or another address in "
            "dns.encrypted.addresses"
        )


def _interfaces(place: str, names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise RulesetError(f"{place}: names no interface: write at least one")
    for name in names:
        if not _INTERFACE.fullmatch(name):
            message = f"{place}: `{printable(name)}` is no name of a network interface"
            raise RulesetError(f"{message}: write one such as eth0 or br0.10")
    return tuple(dict.fromkeys(names))


def _several(place: str, first: int, count: int) -> tuple[int, ...]:
    return tuple(_port(place, first + number) for number in range(count))


def _port(place: str, number: int) -> int:
    if not 1 <= number <= _MAX_PORT:
        raise RulesetError(f"{place}: {number} is no port: write one from 1 to {_MAX_PORT}")
    return int(number)


def _parsed[T](place: str, texts: Iterable[str], parse: Callable[[str], T]) -> list[T]:
    try:
        return [parse(each) for each in texts]
    except ValueError as error:
        raise RulesetError(f"{place}: {printable(str(error))}: correct it") from error


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address(text)


def _is_loopback(place: str, address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError as error:
        # Such as `localhost`: what it leads to is not ours to say.
        if address == "localhost":
            return True
        raise RulesetError(f"{place}: {printable(str(error))}: write an address") from error


def _is_reachable(network: IpRange) -> bool:
    return not network.is_loopback and not network.network_address.is_unspecified
