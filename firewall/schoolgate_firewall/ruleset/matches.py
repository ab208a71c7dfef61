"""Exceptions and tunnels as what a rule matches."""

from collections.abc import Iterable

from schoolgate_firewall.exceptions import FixedException, Tunnel, TunnelProtocol
from schoolgate_firewall.ranges import IpRange, joined
from schoolgate_firewall.ruleset.families import Family
from schoolgate_policyd.firewall_settings import Transport
from schoolgate_policyd.rulefiles.mistakes import printable

_WEB_PORTS = frozenset({80, 443})


def is_of_the_web(exception: FixedException) -> bool:
    """Whether it has a port of the web, at ranges: the proxy must leave such connections alone."""
    return (
        exception.protocol is Transport.TCP
        and bool(exception.ranges)
        and not _WEB_PORTS.isdisjoint(exception.ports)
    )


def matches(exception: FixedException, family: Family) -> str | None:
    """Return what a rule of *family* matches for *exception*; None where it has nothing there."""
    parts: list[str] = []
    for field, ranges in (("saddr", exception.sources), ("daddr", exception.ranges)):
        of_family = joined(ranges, family.number)
        if ranges and not of_family:
            return None
        if of_family:
            parts.append(f"{family.ip} {field} {braces(of_family)}")
    ports = braces(sorted(set(exception.ports)))
    return " ".join([*parts, f"{exception.protocol.value} dport {ports}"])


def tunnel_matches(tunnels: Iterable[Tunnel]) -> tuple[str, ...]:
    """Return what rules match for all *tunnels*: the ports of each transport, and protocols."""
    ports: dict[TunnelProtocol, set[int]] = {}
    numbers: set[int] = set()
    for tunnel in tunnels:
        if tunnel.protocol.has_ports:
            ports.setdefault(tunnel.protocol, set()).update(tunnel.ports)
        else:
            numbers.add(tunnel.protocol.number)
    found = [f"{each.value} dport {braces(sorted(ports[each]))}" for each in sorted(ports)]
    if numbers:
        found.append(f"meta l4proto {braces(sorted(numbers))}")
    return tuple(found)


def braces(values: Iterable[int | str | IpRange]) -> str:
    """Return *values* as an anonymous set."""
    return "{ " + ", ".join(str(each) for each in values) + " }"


def remark(text: str) -> str:
    """Return *text* as it can stand in a comment: in one line, whoever wrote it."""
    return printable(text)
