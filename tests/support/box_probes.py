"""
Ways round the gateway, each as a client would try it.

A probe takes the box, who tries, and the family of addresses (4 or 6), and returns what came of
it. From home, where there is no gateway, each of them works.
"""

import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass

import dns.message
import h2.config
import h2.connection
import h2.events
import h2.exceptions
from box_clients import (
    PATIENCE_S,
    Got,
    asks_for,
    curl,
    http2_pages,
    page_of,
    tcp_echo,
    tls_get,
    udp_echo,
)
from box_internet import DOT, HTTPS, OPENVPN, SSH, SSH_BANNER, WIREGUARD
from box_places import (
    DOH,
    DOH_SITE,
    LESSON_SITE,
    LESSONS,
    LOOKED_INTO_SITE,
    ODD,
    ODD_SITE,
    OTHER_RESOLVER,
    SHARED,
    SHARED_LESSON_SITE,
    SHARED_SOCIAL_SITE,
    SOCIAL,
    SOCIAL_SITE,
    SSH_443,
    SSH_SITE,
    TOR,
    TWO_FACED_2,
    TWO_FACED_SITE_2,
    TWO_FACED_SOCIAL_SITE_2,
    VPN_443,
    VPN_SITE,
    Place,
)
from box_rig import Box

# The first packets of OpenVPN (P_CONTROL_HARD_RESET_CLIENT_V2) and WireGuard (an initiation).
OPENVPN_FIRST = b"\x38" + bytes(range(8)) + b"\0\0\0\0\0"
WIREGUARD_FIRST = b"\x01\0\0\0" + bytes(144)
QUIC_FIRST = b"\xc3\0\0\0\x01\x08" + bytes(1194)


type Try = Callable[[Box, str, int], Got]


@dataclass(frozen=True)
class Probe:
    """
    A way round: what comes of it for each, and the attempt that is recorded of the pupil.

    *attempt* None: what is recorded is an ordinary block, or nothing.
    """

    name: str
    attempts: Try
    pupil: Got = Got.REFUSED
    staff: Got = Got.REFUSED
    guest: Got = Got.REFUSED
    attempt: str | None = None
    families: tuple[int, ...] = (4, 6)

    def expected(self, who: str) -> Got:
        """Return what comes of it for *who*."""
        return {"home": Got.REACHED, "pupil": self.pupil, "staff": self.staff}.get(who, self.guest)


# DNS past ours.


def _plain(*options: str) -> Try:
    def attempt(box: Box, who: str, family: int) -> Got:
        wanted = "A" if family == 4 else "AAAA"
        done = box.device(who).run(
            *("dig", f"@{OTHER_RESOLVER.at(family)}", SOCIAL_SITE, wanted),
            *("+tries=1", "+time=2", "+noall", "+comments", "+answer", *options),
        )
        if SOCIAL.at(family) in done.stdout:
            return Got.REACHED
        return Got.OURS if "status:" in done.stdout else Got.REFUSED

    return attempt


def _over_tls(box: Box, who: str, family: int) -> Got:
    done = box.device(who).run(
        *("kdig", "+tls", "+retry=0", "+time=2", f"@{OTHER_RESOLVER.at(family)}"),
        *(SOCIAL_SITE, "A"),
    )
    return Got.REACHED if SOCIAL.ipv4 in done.stdout else Got.REFUSED


def _over_https(place: Callable[[int], str]) -> Try:
    def attempt(box: Box, who: str, family: int) -> Got:
        query = dns.message.make_query(SOCIAL_SITE, "A")
        query.id = 0
        done = box.device(who).run(
            *("curl", f"-{family}", "-sSk", "--max-time", "4", "--data-binary", "@-"),
            *("-H", "Content-Type: application/dns-message", "--output", "-"),
            f"https://{place(family)}/dns-query",
            octets_in=query.to_wire(),
        )
        answer = done.stdout.encode(errors="surrogateescape")
        if socket.inet_aton(SOCIAL.ipv4) in answer:
            return Got.REACHED
        return page_of(done.stdout)

    return attempt


# Other names than those that DNS was asked for.


def _hosts_file(box: Box, who: str, family: int) -> Got:
    """Give a blocked name the shared address of an allowed one, to which a way is open."""
    assert "site=" in curl(box, who, family, f"https://{SHARED_LESSON_SITE}/")
    place = f"{SHARED_SOCIAL_SITE}:443:{SHARED.at(family)}"
    return page_of(curl(box, who, family, "--resolve", place, f"https://{SHARED_SOCIAL_SITE}/"))


def _other_host(box: Box, who: str, family: int) -> Got:
    """Go to a blocked site's address with an allowed SNI and the blocked Host."""
    place = f"{LESSON_SITE}:443:{SOCIAL.at(family)}"
    header = ("-H", f"Host: {SOCIAL_SITE}")
    got = curl(box, who, family, "--resolve", place, *header, f"https://{LESSON_SITE}/")
    # The proxy goes where our DNS says that the allowed site is: that site's address tells.
    at_allowed_site = any(f"address={each} " in got for each in (LESSONS.ipv4, LESSONS.ipv6))
    return Got.OURS if at_allowed_site else page_of(got)


def _host_looked_into(box: Box, who: str, family: int) -> Got:
    """Ask a site that is looked into for a blocked Host on the same connection."""
    header = ("-H", f"Host: {SOCIAL_SITE}")
    return page_of(curl(box, who, family, *header, f"https://{LOOKED_INTO_SITE}/"))


def _no_sni(box: Box, who: str, family: int) -> Got:
    """Leave the name out towards a shared address to which a way is open."""
    assert "site=" in curl(box, who, family, f"https://{SHARED_LESSON_SITE}/")
    return tls_get(box, who, SHARED.at(family), None, SHARED_SOCIAL_SITE)


def _tor(box: Box, who: str, family: int) -> Got:
    """Begin as Tor does: a random name, to an address that no name led to."""
    name = f"www.{secrets.token_hex(6)}.com"
    return tls_get(box, who, TOR.at(family), name, name)


def _two_faced(box: Box, who: str, family: int) -> Got:
    """Ask the unshared address of an allowed site for a blocked one that is there as well."""
    asks_for(box, who, TWO_FACED_SITE_2)
    return tls_get(
        box, who, TWO_FACED_2.at(family), TWO_FACED_SOCIAL_SITE_2, TWO_FACED_SOCIAL_SITE_2
    )


def _fronted(box: Box, who: str, family: int) -> Got:
    """Name an allowed site of a shared network in the open, and a blocked one inside."""
    asks_for(box, who, SHARED_LESSON_SITE)
    return tls_get(box, who, SHARED.at(family), SHARED_LESSON_SITE, SHARED_SOCIAL_SITE)


def _other_authority(site: str) -> Try:
    """Ask on an HTTP/2 connection to *site* for a blocked authority, after one for the site."""

    def attempt(box: Box, who: str, family: int) -> Got:
        def work() -> Got:
            with socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6) as plain:
                plain.settimeout(PATIENCE_S * 2)
                plain.connect((address, HTTPS))
                return page_of(http2_pages(plain, site, (site, SHARED_SOCIAL_SITE))[-1])

        kind = "A" if family == 4 else "AAAA"
        asked = box.device(who).run("dig", "+short", "+tries=1", "+time=3", site, kind)
        address = asked.stdout.strip()
        try:
            return box.device(who).do(work)
        except (OSError, h2.exceptions.ProtocolError):
            return Got.REFUSED

    return attempt


# Other protocols.


def _echo(kind: str, place: Place, port: int, octets: bytes, name: str | None = None) -> Try:
    """Return the probe of *port* at *place*, after DNS was asked for *name* where given."""

    def attempt(box: Box, who: str, family: int) -> Got:
        if name is not None:
            asks_for(box, who, name)
        where = (place.at(family), port)
        if kind == "udp":
            return udp_echo(box, who, where, octets)
        banner = SSH_BANNER if kind == "ssh" else b""
        return tcp_echo(box, who, where, octets, banner)

    return attempt


R, OURS, NO = Got.REACHED, Got.OURS, Got.REFUSED
PROBES = (
    Probe("another-resolver-udp", _plain(), OURS, OURS, OURS, attempt="other-resolver"),
    Probe("another-resolver-tcp", _plain("+tcp"), OURS, OURS, OURS, attempt="other-resolver"),
    Probe("dot", _over_tls, attempt="encrypted-dns"),
    Probe("doq", _echo("udp", OTHER_RESOLVER, DOT, QUIC_FIRST), attempt="encrypted-dns"),
    Probe("doh-by-name", _over_https(lambda _: DOH_SITE), OURS, OURS, NO, attempt="circumvention"),
    Probe("doh-by-address", _over_https(DOH.written), attempt="unknown-address"),
    Probe("hosts-file", _hosts_file, OURS, R, NO),
    Probe("allowed-sni-blocked-host", _other_host, NO, OURS, NO, attempt="unknown-address"),
    Probe("blocked-host-on-inspected", _host_looked_into, OURS, OURS, R, attempt="name-mismatch"),
    Probe(
        "http2-other-authority",
        _other_authority(LOOKED_INTO_SITE),
        *(OURS, OURS, R),
        attempt="name-mismatch",
    ),
    Probe("no-sni", _no_sni, NO, R, NO, attempt="no-name"),
    Probe("quic-allowed-site", _echo("udp", LESSONS, HTTPS, QUIC_FIRST, LESSON_SITE), NO, R, NO),
    Probe("quic-blocked-site", _echo("udp", SOCIAL, HTTPS, QUIC_FIRST, SOCIAL_SITE)),
    Probe(
        "openvpn-udp-1194",
        _echo("udp", ODD, OPENVPN, OPENVPN_FIRST, ODD_SITE),
        attempt="tunnel",
    ),
    Probe(
        "openvpn-tcp-1194",
        _echo("tcp", ODD, OPENVPN, OPENVPN_FIRST, ODD_SITE),
        attempt="tunnel",
    ),
    Probe(
        "openvpn-443",
        _echo("tcp", VPN_443, HTTPS, b"\0\x0e" + OPENVPN_FIRST, VPN_SITE),
        *(NO, R, NO),
        attempt="other-protocol",
    ),
    Probe("wireguard", _echo("udp", ODD, WIREGUARD, WIREGUARD_FIRST, ODD_SITE), attempt="tunnel"),
    Probe(
        "ssh-22",
        _echo("ssh", ODD, SSH, b"SSH-2.0-mine\r\n", ODD_SITE),
        *(NO, R, NO),
        attempt="other-port",
    ),
    Probe(
        "ssh-443",
        _echo("ssh", SSH_443, HTTPS, b"SSH-2.0-mine\r\n", SSH_SITE),
        *(NO, R, NO),
        attempt="other-protocol",
    ),
    Probe("tor", _tor, NO, OURS, NO, attempt="unknown-address"),
)

# What is reached all the same: docs/limits.md says so in plain words.
LIMITS = (
    Probe("blocked-site-at-an-allowed-one-s-own-address", _two_faced, R, R, R),
    Probe("blocked-host-inside-what-is-passed-through", _fronted, R, R, R),
    Probe(
        "blocked-authority-inside-what-is-passed-through",
        _other_authority(SHARED_LESSON_SITE),
        R,
        R,
        R,
    ),
)

SPELLINGS4 = (
    "203.0.113.66",
    "3405803842",
    "0xcb007142",
    "0xCB.0x0.0x71.0x42",
    "0313.0.0161.0102",
    "203.0.28994",
    "203.28994",
    "[::ffff:203.0.113.66]",
    "[::ffff:cb00:7142]",
)
SPELLINGS6 = (
    "[2001:db8:1::66]",
    "[2001:0DB8:0001:0000:0000:0000:0000:0066]",
    "[2001:db8:1:0::0:66]",
)
