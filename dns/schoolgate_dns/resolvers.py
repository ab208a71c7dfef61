"""Whom to ask: the configured upstreams, else the system's, never ourselves."""

import ipaddress
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from schoolgate_dns.errors import NoUpstreamError
from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import parse_host

DNS_PORT: Final = 53
TLS_PORT: Final = 853
HTTPS_PORT: Final = 443
DEFAULT_PATH: Final = "/dns-query"
RESOLV_CONF: Final = Path("/etc/resolv.conf")
MAX_UPSTREAMS: Final = 3  # as many as the system's own resolver takes from the file

type _Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Place(msgspec.Struct, frozen=True):
    """An address literal and a port."""

    address: str
    port: int

    def __str__(self) -> str:
        literal = f"[{self.address}]" if ":" in self.address else self.address
        return f"{literal}:{self.port}"


class UpstreamKind(StrEnum):
    """How an upstream is asked."""

    PLAIN = "plain"
    TLS = "tls"
    HTTPS = "https"


class UpstreamPlace(msgspec.Struct, frozen=True):
    """
    An upstream: where it is and how it is asked.

    *name* is what its certificate must prove, None for a plain one; *path* is of HTTPS alone.
    """

    kind: UpstreamKind
    place: Place
    name: str | None = None
    path: str = ""

    def __str__(self) -> str:
        if self.kind is UpstreamKind.PLAIN:
            return str(self.place)
        return f"{self.kind}://{self.place}{self.path}#{self.name}"


def parse_place(
    text: str, *, setting: str = "dns.upstreams", default_port: int = DNS_PORT
) -> Place:
    """
    Return `address`, `address:port` or `[address]:port` as a place.

    Raises NoUpstreamError for anything else, host names included: a name would need an upstream.
    The error names *setting*.
    """
    address, port_text = text, str(default_port)
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
            f"{setting}: `{text}` is no upstream, give an address or address:port"
        ) from error
    if not 0 < port <= 65_535:  # noqa: PLR2004 - what a port is
        raise NoUpstreamError(f"{setting}: `{text}` has no port between 1 and 65535")
    return Place(str(parsed), port)


def parse_upstream(text: str, *, setting: str = "dns.upstreams") -> UpstreamPlace:
    """
    Return a configured upstream: a place, `tls://place#name` or `https://place/path#name`.

    Raises NoUpstreamError, which names *setting* and what to write instead.
    """
    scheme, separator, rest = text.partition("://")
    if not separator:
        return UpstreamPlace(UpstreamKind.PLAIN, parse_place(text, setting=setting))
    if scheme not in (UpstreamKind.TLS, UpstreamKind.HTTPS):
        raise NoUpstreamError(
            f"{setting}: `{text}` begins with `{scheme}://`, give an address, tls:// or https://"
        )
    kind = UpstreamKind(scheme)
    before, _, name = rest.partition("#")
    where, slash, path = before.partition("/")
    if kind is UpstreamKind.TLS and slash:
        raise NoUpstreamError(f"{setting}: `{text}` has a path, which tls:// cannot have")
    default_port = TLS_PORT if kind is UpstreamKind.TLS else HTTPS_PORT
    try:
        place = parse_place(where, setting=setting, default_port=default_port)
    except NoUpstreamError as error:
        raise NoUpstreamError(
            f"{setting}: `{text}` has no address after {kind}://; give the address, and the name "
            f"behind it: {kind}://9.9.9.9#dns.quad9.net"
        ) from error
    path = f"/{path}" if path else DEFAULT_PATH
    return UpstreamPlace(
        kind, place, _proven_name(name, text, setting), path if kind is UpstreamKind.HTTPS else ""
    )


def _proven_name(name: str, text: str, setting: str) -> str:
    try:
        return parse_host(name).text
    except NameSyntaxError as error:
        raise NoUpstreamError(
            f"{setting}: `{text}` does not say whom to expect; add #name, the name that the "
            "upstream's certificate proves"
        ) from error


def upstreams_of(
    configured: tuple[str, ...],
    listening: Place,
    resolv_conf: Path = RESOLV_CONF,
    *,
    further_addresses: Collection[str] = (),
    own_ports: Collection[int] = (),
    setting: str = "dns.upstreams",
) -> tuple[UpstreamPlace, ...]:
    """
    Return whom to ask, in order, when we answer at *listening*.

    *further_addresses* are ours as well, and at each of them *own_ports* beside *listening*'s.
    Raises NoUpstreamError, which names *setting*, when a text cannot be read or nobody is left.
    """
    if configured:
        places = [parse_upstream(text, setting=setting) for text in configured]
    else:
        places = _places_in(resolv_conf)[:MAX_UPSTREAMS]
    ports = {listening.port, *own_ports}
    # Asked twice, an upstream would be its own substitute.
    ours = [ipaddress.ip_address(each) for each in (listening.address, *further_addresses)]
    others = tuple(
        each
        for each in dict.fromkeys(places)
        if each.place.port not in ports or not _is_ours(each.place.address, ours)
    )
    if not others:
        where = setting if configured else str(resolv_conf)
        raise NoUpstreamError(
            f"{where}: names nobody to ask but ourselves; add an address to {setting}"
        )
    return others


def _places_in(resolv_conf: Path) -> list[UpstreamPlace]:
    try:
        text = resolv_conf.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise NoUpstreamError(
            f"{resolv_conf}: cannot be read ({error.strerror}); add an address to dns.upstreams"
        ) from error
    lines = (line.split() for line in text.splitlines())
    named = [words[1] for words in lines if len(words) > 1 and words[0] == "nameserver"]
    return [
        UpstreamPlace(UpstreamKind.PLAIN, Place(name, DNS_PORT))
        for name in named
        if _is_address(name)
    ]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_ours(address: str, ours: Collection[_Address]) -> bool:
    asked = ipaddress.ip_address(address)
    if asked in ours or asked.is_unspecified:
        return True
    return asked.is_loopback and any(each.is_unspecified for each in ours)
