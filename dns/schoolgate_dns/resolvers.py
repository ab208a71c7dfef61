"""Whom to ask: the configured upstreams, else the system's, never ourselves."""

import ipaddress
from pathlib import Path

import msgspec

from schoolgate_dns.errors import NoUpstreamError

DNS_PORT = 53
RESOLV_CONF = Path("/etc/resolv.conf")
MAX_UPSTREAMS = 3  # as many as the system's own resolver takes from the file


class Place(msgspec.Struct, frozen=True):
    """An address literal and a port."""

    address: str
    port: int

    def __str__(self) -> str:
        return (
            f"[{self.address}]:{self.port}"
            if ":" in self.address
            else (f"{self.address}:{self.port}")
        )


def parse_place(text: str) -> Place:
    """
    Return `address`, `address:port` or `[address]:port` as a place.

    Raises NoUpstreamError for anything else, host names included: a name would need an upstream.
    """
    address, port_text = text, str(DNS_PORT)
    if text.startswith("["):
        address, closing, rest = text[1:].partition("]")
        port_text = rest.removeprefix(":") if rest else port_text if closing else ""
    elif text.count(":") == 1:
        address, _, port_text = text.partition(":")
    try:
        port = int(port_text)
        parsed = ipaddress.ip_address(address)
    except ValueError as error:
        raise NoUpstreamError(
            f"dns.upstreams: `{text}` is no upstream, give an address or address:port"
        ) from error
    if not 0 < port <= 65_535:  # noqa: PLR2004 - what a port is
        raise NoUpstreamError(f"dns.upstreams: `{text}` has no port between 1 and 65535")
    return Place(str(parsed), port)


def upstreams_of(
    configured: tuple[str, ...], listening: Place, resolv_conf: Path = RESOLV_CONF
) -> tuple[Place, ...]:
    """
    Return whom to ask, in order, when we answer at *listening*.

    Raises NoUpstreamError when nobody is left.
    """
    if configured:
        places = [parse_place(text) for text in configured]
    else:
        places = _places_in(resolv_conf)[:MAX_UPSTREAMS]
    others = tuple(place for place in places if not _is_ourselves(place, listening))
    if not others:
        where = "dns.upstreams" if configured else str(resolv_conf)
        raise NoUpstreamError(
            f"{where}: names nobody to ask but ourselves; add an address to dns.upstreams"
        )
    return others


def _places_in(resolv_conf: Path) -> list[Place]:
    try:
        text = resolv_conf.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise NoUpstreamError(
            f"{resolv_conf}: cannot be read ({error.strerror}); add an address to dns.upstreams"
        ) from error
    lines = (line.split() for line in text.splitlines())
    named = [words[1] for words in lines if len(words) > 1 and words[0] == "nameserver"]
    return [Place(name, DNS_PORT) for name in named if _is_address(name)]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_ourselves(place: Place, listening: Place) -> bool:
    if place.port != listening.port:
        return False
    asked = ipaddress.ip_address(place.address)
    ours = ipaddress.ip_address(listening.address)
    return asked == ours or asked.is_unspecified or (ours.is_unspecified and asked.is_loopback)
