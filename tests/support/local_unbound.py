"""A real unbound on a free port of the loopback, as it is shipped, with signed zones."""

import subprocess
import time
from pathlib import Path
from typing import Self

import dns.dnssec
import dns.exception
import dns.message
import dns.query
import dns.rrset
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec
from free_ports import free_port

SHIPPED = Path(__file__).parents[2] / "systemd" / "unbound-schoolgate.conf"
PORT = "127.0.0.1@5335"
ORIGINS = ("signed.example", "broken.example", "plain.example")
RECORDS = """
@ 3600 IN SOA ns root 1 3600 600 86400 300
@ 3600 IN NS ns
ns 3600 IN A 192.0.2.53
www 3600 IN A 192.0.2.1
alias 3600 IN CNAME www
inside 3600 IN A 192.168.1.1
sub 3600 IN NS ns.sub
sub 3600 IN DS 12345 13 2 e2d3c916f6deeac73294e8268fb5885044a833fc5459588f4a9184cfc41a5766
ns.sub 3600 IN A 192.0.2.54
web 3600 IN HTTPS 1 . alpn="h2,h3"
"""


def shipped_at(port: int) -> str:
    """Return the shipped configuration, but for the port."""
    text = SHIPPED.read_text("utf-8")
    assert text.count(PORT) == 1
    return text.replace(PORT, f"127.0.0.1@{port}")


def main_file(folder: Path, more: str = "") -> str:
    """Return what Debian's own files say otherwise, for a process without privileges."""
    return f"""
server:
    directory: "{folder}"
    chroot: ""
    username: ""
    pidfile: "{folder}/unbound.pid"
    use-syslog: no
    logfile: "{folder}/unbound.log"
    do-daemonize: no
{more}
include: "{folder}/schoolgate.conf"
"""


class LocalUnbound:
    """
    Answers for three zones, while it is entered.

    `signed.example` is signed and trusted, `broken.example` has signatures that do not hold, and
    `plain.example` has none.
    """

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._path = folder / "unbound.conf"
        (folder / "schoolgate.conf").write_text(shipped_at(self.port), "utf-8")
        anchors = [f'    trust-anchor: "{_sign(folder, origin)}"' for origin in ORIGINS[:2]]
        _write_plain(folder)
        zones = [
            f'auth-zone:\n    name: "{origin}"\n    zonefile: "{folder}/{origin}"\n'
            "    for-upstream: yes\n    for-downstream: no\n    fallback-enabled: no"
            for origin in ORIGINS
        ]
        self._path.write_text(main_file(folder, "\n".join(anchors + zones)), "utf-8")

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(["unbound", "-d", "-c", str(self._path)])
        ask = dns.message.make_query("www.plain.example", "A")
        ends = time.monotonic() + 10
        while True:
            try:
                dns.query.udp(ask, "127.0.0.1", port=self.port, timeout=0.2)
            except (OSError, dns.exception.Timeout):
                if time.monotonic() > ends or self._process.poll() is not None:
                    self.__exit__()
                    log = (self._folder / "unbound.log").read_text("utf-8")
                    raise AssertionError(log) from None
            else:
                return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)


def _sign(folder: Path, origin: str) -> str:
    """Write the zone, signed now, and return the key that unbound is to trust."""
    zone = dns.zone.from_text(RECORDS, origin=origin, relativize=False)
    private = ec.generate_private_key(ec.SECP256R1())
    key = dns.dnssec.make_dnskey(private.public_key(), dns.dnssec.Algorithm.ECDSAP256SHA256)
    dns.dnssec.sign_zone(zone, keys=[(private, key)], lifetime=86_400)
    if origin == "broken.example":
        www = zone.find_rrset(f"www.{origin}.", "A")
        zone.replace_rdataset(
            www.name, dns.rrset.from_text(www.name, 3600, "IN", "A", "192.0.2.66")
        )
    zone.to_file(str(folder / origin), relativize=False)
    return f"{origin}. DNSKEY {key}"


def _write_plain(folder: Path) -> None:
    zone = dns.zone.from_text(RECORDS, origin="plain.example", relativize=False)
    zone.to_file(str(folder / "plain.example"), relativize=False)
