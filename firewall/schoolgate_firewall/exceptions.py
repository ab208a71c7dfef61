"""What passes the firewall although it is neither web nor DNS, and what never does."""

import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from schoolgate_firewall.errors import RulesetError
from schoolgate_firewall.ranges import IpRange
from schoolgate_firewall.rule_data import FOLDER, ip_ranges, read_file
from schoolgate_policyd.firewall_settings import ExceptionSettings, Transport
from schoolgate_policyd.rulefiles.fields import (
    Reader,
    choice,
    each_of,
    list_of,
    mapping,
    one_of,
    text,
    whole_number,
)
from schoolgate_policyd.rulefiles.folders import Definitions
from schoolgate_policyd.rulefiles.mistakes import MistakeBook, printable
from schoolgate_policyd.rulefiles.nodes import Node, TextNode
from schoolgate_policyd.settings import (
    Settings,
)

FILE = "exceptions.yaml"
ANSWERED = "answered"
MAX_PORT = 65_535
_ALL_PORTS = range(1, MAX_PORT + 1)


class TunnelProtocol(StrEnum):
    """What a tunnel goes by: ports of the first two, or a protocol of its own."""

    TCP = "tcp"
    UDP = "udp"
    IPIP = "ipip"
    IPV6 = "ipv6"
    GRE = "gre"
    ESP = "esp"
    AH = "ah"

    @property
    def has_ports(self) -> bool:
        """Whether it is known by its ports."""
        return self in {TunnelProtocol.TCP, TunnelProtocol.UDP}

    @property
    def number(self) -> int:
        """Its number in the IP header (IANA, assigned internet protocol numbers)."""
        return _NUMBERS[self]


_NUMBERS = {
    TunnelProtocol.IPIP: 4,
    TunnelProtocol.TCP: 6,
    TunnelProtocol.UDP: 17,
    TunnelProtocol.IPV6: 41,
    TunnelProtocol.GRE: 47,
    TunnelProtocol.ESP: 50,
    TunnelProtocol.AH: 51,
}


@dataclass(frozen=True, slots=True)
class FixedException:
    """
    A connection that passes: to *ports* at one of *ranges*, or at what DNS told without any.

    *sources* are who may use it, everybody inside without any; *is_for_trusted* leaves out the
    closely filtered. One that *is_of_the_school* may lead from one inside network to another.
    """

    id: str
    why: str
    protocol: Transport
    ports: tuple[int, ...]
    ranges: tuple[IpRange, ...] = ()
    sources: tuple[IpRange, ...] = ()
    is_for_trusted: bool = False
    is_of_the_school: bool = False


@dataclass(frozen=True, slots=True)
class Tunnel:
    """The protocol, and the ports where it has some, of a known tunnel."""

    id: str
    protocol: TunnelProtocol
    ports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Exceptions:
    """What every school has: exceptions, and the tunnels that are refused."""

    exceptions: tuple[FixedException, ...] = ()
    tunnels: tuple[Tunnel, ...] = ()


def load_exceptions(rules_dir: Path) -> Exceptions:
    """Return what stands in *rules_dir*. Raises RuleFileErrors, which names every mistake."""
    return read_file(rules_dir / FOLDER / FILE, _exceptions_file)


def school_exceptions(settings: Settings) -> tuple[FixedException, ...]:
    """Return the exceptions of the school's configuration. Raises RulesetError."""
    found = () if settings.firewall is None else settings.firewall.exceptions
    return tuple(_school_exception(each) for each in found)


def _school_exception(written: ExceptionSettings) -> FixedException:
    place = f"firewall.exceptions `{printable(written.id)}`"
    if not written.ports or any(each not in _ALL_PORTS for each in written.ports):
        raise RulesetError(f"{place}: ports: name at least one, each from 1 to {MAX_PORT}")
    try:
        return FixedException(
            id=written.id,
            why=written.why,
            protocol=Transport(written.protocol),
            ports=written.ports,
            ranges=tuple(ipaddress.ip_network(each) for each in written.to),
            sources=tuple(ipaddress.ip_network(each) for each in written.sources),
            is_for_trusted=written.trusted_only,
            is_of_the_school=True,
        )
    except ValueError as error:
        message = f"{place}: {printable(str(error))}: correct it"
        raise RulesetError(message) from error


def _exceptions_file(node: Node, book: MistakeBook) -> Exceptions | None:
    entries = mapping("the file of exceptions", node, ("exceptions", "tunnels"), book)
    if entries is None:
        return None
    definitions = Definitions()
    exceptions = entries.required("exceptions", each_of(_exception(definitions)))
    tunnels = entries.required("tunnels", each_of(_tunnel(definitions)))
    return Exceptions(exceptions or (), tunnels or ())


def _exception(definitions: Definitions) -> Reader[FixedException]:
    def read(node: Node, book: MistakeBook) -> FixedException | None:
        keys = ("id", "why", "for", "to", "protocol", "ports", "source")
        entries = mapping("an exception", node, keys, book)
        if entries is None:
            return None
        id_ = entries.required("id", definitions.defining("exception"))
        why = entries.required("why", text)
        is_for_trusted = entries.required("for", one_of("word for whom", _FOR_TRUSTED))
        ranges = entries.required("to", _destinations)
        protocol = entries.required("protocol", choice("transport", Transport))
        ports = entries.required("ports", _PORTS)
        entries.required("source", text)
        if id_ is None or why is None or is_for_trusted is None:
            return None
        if ranges is None or protocol is None or ports is None:
            return None
        return FixedException(id_, why, protocol, ports, ranges, (), is_for_trusted)

    return read


def _tunnel(definitions: Definitions) -> Reader[Tunnel]:
    def read(node: Node, book: MistakeBook) -> Tunnel | None:
        entries = mapping("a tunnel", node, ("id", "protocol", "ports", "source"), book)
        if entries is None:
            return None
        id_ = entries.required("id", definitions.defining("tunnel"))
        protocol = entries.required("protocol", choice("protocol", TunnelProtocol))
        entries.required("source", text)
        ports = entries.optional("ports", _PORTS, default=())
        if id_ is None or protocol is None:
            return None
        if protocol.has_ports is not ("ports" in entries):
            message = "tcp and udp are known by `ports`, every other protocol has none"
            book.add(entries.place_of("ports"), f"{message}: add them, or remove them")
            return None
        return Tunnel(id_, protocol, ports)

    return read


def _destinations(node: Node, book: MistakeBook) -> tuple[IpRange, ...] | None:
    """Return ranges, none of them for whatever DNS told."""
    if isinstance(node, TextNode) and node.text == ANSWERED:
        return ()
    if isinstance(node, TextNode):
        book.add(node.place, f"write `{ANSWERED}`, or a list of ranges: `[192.0.2.0/24]`")
        return None
    return ip_ranges()(node, book)


_FOR_TRUSTED = {"everyone": False, "trusted": True}
_PORTS: Reader[tuple[int, ...]] = list_of(whole_number(1, MAX_PORT))
