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
    PATIENT,
    PATIENT_DIG,
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
    ADULT_SITE,
    DOH,
    DOH_SITE,
    DOH_SITE_2,
    LESSON_SITE,
    LESSONS,
    LOOKED_INTO_SITE,
    ODD,
    ODD_2,
    ODD_3,
    ODD_SITE,
    ODD_SITE_2,
    ODD_SITE_3,
    OTHER_RESOLVER,
    OTHER_RESOLVER_2,
    SHARED,
    SHARED_LESSON_SITE,
    SHARED_SOCIAL_SITE,
    SOCIAL,
    SOCIAL_SITE,
    SOCIAL_SITE_2,
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

    *attempt* None: what is recorded is an ordinary block, or nothing. *host* is what the record
    names over a family: no other probe's has both alike, so each is known by its own record.
    """

    name: str
    attempts: Try
    pupil: Got = Got.REFUSED
    staff: Got = Got.REFUSED
    guest: Got = Got.REFUSED
    attempt: str | None = None
    host: Callable[[int], str] | None = None
    families: tuple[int, ...] = (4, 6)

    def expected(self, who: str) -> Got:
        """Return what comes of it for *who*."""
        return {"home": Got.REACHED, "pupil": self.pupil, "staff": self.staff}.get(who, self.guest)


# DNS past ours.


def _plain(resolver: Place, *options: str) -> Try:
    def attempt(box: Box, who: str, family: int) -> Got:
        wanted = "A" if family == 4 else "AAAA"
        done = box.device(who).run(
            *("dig", f"@{resolver.at(family)}", SOCIAL_SITE, wanted),
            *(*PATIENT_DIG, "+noall", "+comments", "+answer", *options),
        )
        if SOCIAL.at(family) in done.stdout:
            return Got.REACHED
        return Got.OURS if "status:" in done.stdout else Got.REFUSED

    return attempt


def _over_tls(box: Box, who: str, family: int) -> Got:
    done = box.device(who).run(
        *("kdig", "+tls", "+retry=0", f"+time={PATIENCE_S:.0f}", f"@{OTHER_RESOLVER.at(family)}"),
        *(SOCIAL_SITE, "A"),
    )
    return Got.REACHED if SOCIAL.ipv4 in done.stdout else Got.REFUSED


def _over_https(place: Callable[[int], str]) -> Try:
    def attempt(box: Box, who: str, family: int) -> Got:
        query = dns.message.make_query(SOCIAL_SITE, "A")
        query.id = 0
        done = box.device(who).run(
            *("curl", f"-{family}", "-sSk", *PATIENT, "--data-binary", "@-"),
            *("-H", "Content-Type: application/dns-message", "--output", "-"),
            f"https://{place(family)}/dns-query",
            given=query.to_wire(),
        )
        answer = done.stdout.encode(errors="surrogateescape")
        if socket.inet_aton(SOCIAL.ipv4) in answer:
            return Got.REACHED
        return page_of(done.stdout)

    return attempt


# Other names than those that DNS was asked for. What is recorded of a name names no family, so
# that each has names of its own.


def _doh_site(family: int) -> str:
    return DOH_SITE if family == 4 else DOH_SITE_2


def _social_site(family: int) -> str:
    return SOCIAL_SITE if family == 4 else SOCIAL_SITE_2


def _shared_social_site(family: int) -> str:
    return SHARED_SOCIAL_SITE if family == 4 else ADULT_SITE


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
    header = ("-H", f"Host: {_social_site(family)}")
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


def _other_authority(site: str, authority: Callable[[int], str]) -> Try:
    """Ask on an HTTP/2 connection to *site* for a blocked *authority*, after one for the site."""

    def attempt(box: Box, who: str, family: int) -> Got:
        def work() -> Got:
            with socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6) as plain:
                plain.settimeout(PATIENCE_S)
                plain.connect((address, HTTPS))
                return page_of(http2_pages(plain, site, (site, authority(family)))[-1])

        kind = "A" if family == 4 else "AAAA"
        asked = box.device(who).run("dig", "+short", *PATIENT_DIG, site, kind)
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
    Probe(
        "another-resolver-udp",
        _plain(OTHER_RESOLVER),
        *(OURS, OURS, OURS, "other-resolver", OTHER_RESOLVER.at),
    ),
    Probe(
        "another-resolver-tcp",
        _plain(OTHER_RESOLVER_2, "+tcp"),
        *(OURS, OURS, OURS, "other-resolver", OTHER_RESOLVER_2.at),
    ),
    Probe("dot", _over_tls, attempt="encrypted-dns", host=OTHER_RESOLVER.at),
    Probe(
        "doq",
        _echo("udp", OTHER_RESOLVER_2, DOT, QUIC_FIRST),
        attempt="encrypted-dns",
        host=OTHER_RESOLVER_2.at,
    ),
    Probe("doh-by-name", _over_https(_doh_site), OURS, OURS, NO, "circumvention", _doh_site),
    Probe("doh-by-address", _over_https(DOH.written), attempt="unknown-address", host=DOH.at),
    Probe("hosts-file", _hosts_file, OURS, R, NO),
    Probe("allowed-sni-blocked-host", _other_host, NO, OURS, NO, "unknown-address", SOCIAL.at),
    Probe(
        "blocked-host-on-inspected",
        _host_looked_into,
        *(OURS, OURS, R, "name-mismatch", _social_site),
    ),
    Probe(
        "http2-other-authority",
        _other_authority(LOOKED_INTO_SITE, _shared_social_site),
        *(OURS, OURS, R, "name-mismatch", _shared_social_site),
    ),
    Probe("no-sni", _no_sni, NO, R, NO, "no-name", SHARED.at),
    Probe("quic-allowed-site", _echo("udp", LESSONS, HTTPS, QUIC_FIRST, LESSON_SITE), NO, R, NO),
    Probe("quic-blocked-site", _echo("udp", SOCIAL, HTTPS, QUIC_FIRST, SOCIAL_SITE)),
    Probe(
        "openvpn-udp-1194",
        _echo("udp", ODD, OPENVPN, OPENVPN_FIRST, ODD_SITE),
        attempt="tunnel",
        host=ODD.at,
    ),
    Probe(
        "openvpn-tcp-1194",
        _echo("tcp", ODD_2, OPENVPN, OPENVPN_FIRST, ODD_SITE_2),
        attempt="tunnel",
        host=ODD_2.at,
    ),
    Probe(
        "openvpn-443",
        _echo("tcp", VPN_443, HTTPS, b"\0\x0e" + OPENVPN_FIRST, VPN_SITE),
        *(NO, R, NO, "other-protocol", VPN_443.at),
    ),
    Probe(
        "wireguard",
        _echo("udp", ODD_3, WIREGUARD, WIREGUARD_FIRST, ODD_SITE_3),
        attempt="tunnel",
        host=ODD_3.at,
    ),
    Probe(
        "ssh-22",
        _echo("ssh", ODD, SSH, b"SSH-2.0-mine\r\n", ODD_SITE),
        *(NO, R, NO, "other-port", ODD.at),
    ),
    Probe(
        "ssh-443",
        _echo("ssh", SSH_443, HTTPS, b"SSH-2.0-mine\r\n", SSH_SITE),
        *(NO, R, NO, "other-protocol", SSH_443.at),
    ),
    Probe("tor", _tor, NO, OURS, NO, "unknown-address", TOR.at),
)

# What is reached all the same: docs/limits.md says so in plain words.
LIMITS = (
    Probe("blocked-site-at-an-allowed-one-s-own-address", _two_faced, R, R, R),
    Probe("blocked-host-inside-what-is-passed-through", _fronted, R, R, R),
    Probe(
        "blocked-authority-inside-what-is-passed-through",
        _other_authority(SHARED_LESSON_SITE, _shared_social_site),
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
