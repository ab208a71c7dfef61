"""What the firewall refused, in words that a person reads."""

from collections.abc import Mapping
from typing import assert_never

from schoolgate_firewall.way_parts import text_of
from schoolgate_policyd.netfilter.log import Logged
from schoolgate_policyd.netfilter.names import Reason

_PROTOCOLS = {
    1: "ICMP",
    4: "IP in IP",
    6: "TCP",
    17: "UDP",
    41: "IPv6 in IP",
    47: "GRE",
    50: "ESP",
    51: "AH",
    58: "ICMPv6",
    132: "SCTP",
}


_MEANINGS: Mapping[Reason, str] = {
    Reason.OTHER_RESOLVER: "DNS of somebody else was asked, and ours answered",
    Reason.ENCRYPTED_DNS: "encrypted DNS of somebody else was asked",
    Reason.UNKNOWN_ADDRESS: "no name that was asked for leads there",
    Reason.TUNNEL: "VPNs use this",
    Reason.OTHER_PROTOCOL: "what was said there is no web traffic",
    Reason.OTHER_PORT: "nothing that is used here needs this port",
    Reason.FOREIGN_SOURCE: "the sender's address was not one of its own network",
    Reason.INSIDE: "it is in another of the school's networks",
    Reason.DNS_FLOOD: "more DNS queries than any device has",
    Reason.QUIC: "QUIC, for which browsers use TCP instead",
}


def is_attempt(reason: Reason) -> bool:
    """Whether what is refused for *reason* is an attempt to get round the filter."""
    match reason:
        case Reason.QUIC | Reason.INSIDE:
            return False
        case (
            Reason.OTHER_RESOLVER
            | Reason.ENCRYPTED_DNS
            | Reason.UNKNOWN_ADDRESS
            | Reason.TUNNEL
            | Reason.OTHER_PROTOCOL
            | Reason.OTHER_PORT
            | Reason.FOREIGN_SOURCE
            | Reason.DNS_FLOOD
        ):
            return True
        case _:
            assert_never(reason)


def evidence_of(logged: Logged, reason: Reason) -> str:
    """Return what was seen of a connection."""
    said = f"{_what(logged)}: {_MEANINGS[reason]}"
    if reason is Reason.FOREIGN_SOURCE:
        said += f"; it called itself {text_of(logged.source)}"
        if logged.hardware:
            said += f", its hardware address was {logged.hardware.hex(':')}"
    return said


def lapsed_evidence(logged: Logged, name: str) -> str:
    """Return what was seen of a connection to an address that stood for *name* until lately."""
    return f"{_what(logged)}: the address of {name}, which was told to it earlier"


def _what(logged: Logged) -> str:
    protocol = _PROTOCOLS.get(logged.protocol, f"IP protocol {logged.protocol}")
    port = "" if logged.destination_port is None else f" port {logged.destination_port}"
    return f"{protocol}{port} to {text_of(logged.destination)}"
