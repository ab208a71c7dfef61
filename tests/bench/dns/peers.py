"""
The servers to be compared with, each with 1,000,000 blocked names and a cache, on one thread.

Each is Debian's package, started as a child on a free port of the loopback from a configuration
made here; the system's own services are not touched. What is blocked does not exist (NXDOMAIN),
everything else is asked of the benchmark's upstream and answered from the cache from then on.
"""

import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

SYSTEM_FOLDERS = "/usr/sbin:/usr/bin:/sbin:/bin"
_OLD_SETTINGS = "--enable-old-settings"


class MissingError(Exception):
    """A peer is not installed; the message names the package."""


@dataclass(frozen=True)
class Site:
    """Where a peer runs: its own *folder*, the *port* to serve on, the upstream's port."""

    folder: Path
    port: int
    upstream_port: int

    def write(self, name: str, *parts: Iterable[str]) -> Path:
        """Write lines to the file *name* and return its path."""
        path = self.folder / name
        with path.open("w") as file:
            for part in parts:
                file.writelines(f"{line}\n" for line in part)
        return path


@dataclass(frozen=True)
class Peer:
    """A server: its *program* of the Debian *package*, and what makes its command line."""

    name: str
    program: str
    package: str
    prepare: Callable[[str, Site, Iterable[str]], list[str]]

    def command(self, site: Site, blocked: Iterable[str]) -> list[str]:
        """Write the configuration and return the command line. Raises MissingError."""
        return self.prepare(self.path(), site, blocked)

    def path(self) -> str:
        """Return where the program is. Raises MissingError."""
        found = shutil.which(self.program, path=SYSTEM_FOLDERS)
        if found is None:
            raise MissingError(
                f"{self.name} is left out: install it with "
                f"`apt-get install --no-install-recommends {self.package}`"
            )
        return found


def _unbound_server(site: Site, modules: str) -> list[str]:
    return [
        "server:",
        *("  interface: 127.0.0.1", f"  port: {site.port}", "  access-control: 127.0.0.0/8 allow"),
        *("  num-threads: 1", "  do-daemonize: no", '  username: ""', '  chroot: ""'),
        *(f'  directory: "{site.folder}"', '  pidfile: ""', "  use-syslog: no", '  logfile: ""'),
        *("  do-not-query-localhost: no", f'  module-config: "{modules}"'),
        *("  msg-cache-size: 128m", "  rrset-cache-size: 256m", "  so-rcvbuf: 1m"),
        *("  outgoing-range: 4096", "  num-queries-per-thread: 4096"),
    ]


def _unbound_rest(site: Site) -> list[str]:
    return [
        *("forward-zone:", '  name: "."', f"  forward-addr: 127.0.0.1@{site.upstream_port}"),
        *("remote-control:", "  control-enable: no"),
    ]


def _unbound_tags(program: str, site: Site, blocked: Iterable[str]) -> list[str]:
    # By tags a local zone counts for some clients alone: the nearest to rules by subject.
    tags = ['  define-tag: "listed"', '  access-control-tag: 127.0.0.0/8 "listed"']
    zones = (
        f'  local-zone: "{name}" always_nxdomain\n  local-zone-tag: "{name}" "listed"'
        for name in blocked
    )
    server = _unbound_server(site, "iterator")
    path = site.write("unbound.conf", server, tags, zones, _unbound_rest(site))
    return [program, "-d", "-p", "-c", str(path)]


def _rpz_lines(blocked: Iterable[str]) -> Iterable[str]:
    yield "$TTL 3600"
    yield "@ SOA localhost. root.localhost. 1 3600 600 86400 3600"
    yield "@ NS localhost."
    for name in blocked:
        yield f"{name} CNAME ."


def _unbound_rpz(program: str, site: Site, blocked: Iterable[str]) -> list[str]:
    zone = site.write("listed.rpz", _rpz_lines(blocked))
    rpz = ["rpz:", '  name: "listed.rpz"', f'  zonefile: "{zone}"']
    server = _unbound_server(site, "respip iterator")
    path = site.write("unbound.conf", server, rpz, _unbound_rest(site))
    return [program, "-d", "-p", "-c", str(path)]


def _dnsmasq(program: str, site: Site, blocked: Iterable[str]) -> list[str]:
    head = [
        *("keep-in-foreground", "user=", "group=", "pid-file=", "no-resolv", "no-hosts"),
        *("listen-address=127.0.0.1", "bind-interfaces", f"port={site.port}"),
        *(f"server=127.0.0.1#{site.upstream_port}", "cache-size=10000", "dns-forward-max=1000"),
    ]
    path = site.write("dnsmasq.conf", head, (f"local=/{name}/" for name in blocked))
    return [program, f"--conf-file={path}"]


def _dnsdist(program: str, site: Site, blocked: Iterable[str]) -> list[str]:
    names = site.write("blocked.txt", blocked)
    path = site.write(
        "dnsdist.conf",
        [
            "setUDPMultipleMessagesVectorSize(64)",  # its own batching, off by default
            f'setLocal("127.0.0.1:{site.port}")',
            'setACL({"127.0.0.0/8"})',
            "setSecurityPollSuffix('')",
            f'newServer({{address="127.0.0.1:{site.upstream_port}", healthCheckMode="up"}})',
            'getPool(""):setCache(newPacketCache(200000))',
            "local listed = newSuffixMatchNode()",
            f'for name in io.lines("{names}") do listed:add(name) end',
            "addAction(SuffixMatchNodeRule(listed), RCodeAction(DNSRCode.NXDOMAIN))",
        ],
    )
    return [program, "--supervised", "--disable-syslog", "-C", str(path)]


def _recursor(program: str, site: Site, blocked: Iterable[str]) -> list[str]:
    zone = site.write("listed.rpz", _rpz_lines(blocked))
    lua = site.write(
        "rpz.lua",
        [f'rpzFile("{zone}", {{policyName="listed", defpol=Policy.NXDOMAIN}})'],
    )
    site.write(
        "recursor.conf",
        [
            *("local-address=127.0.0.1", f"local-port={site.port}", "allow-from=127.0.0.0/8"),
            *(f"forward-zones-recurse=.=127.0.0.1:{site.upstream_port}", "dont-query="),
            *("threads=1", "pdns-distributes-queries=no", "dnssec=off", "daemon=no"),
            *(f"lua-config-file={lua}", f"socket-dir={site.folder}", "security-poll-suffix="),
            *("hint-file=no", "export-etc-hosts=no", "quiet=yes", "setuid=", "setgid="),
            *("max-packetcache-entries=500000", "write-pid=no"),
        ],
    )
    command = [program, f"--config-dir={site.folder}"]
    return [*command, _OLD_SETTINGS] if _has_new_settings(program) else command


def _has_new_settings(program: str) -> bool:
    """Whether it reads YAML (from its version 5 on) unless it is told otherwise."""
    told = subprocess.run([program, "--help"], capture_output=True, text=True, check=False)
    return _OLD_SETTINGS in told.stdout


UNBOUND = Peer("unbound, tags", "unbound", "unbound", _unbound_tags)
PEERS = (
    UNBOUND,
    Peer("unbound, RPZ", "unbound", "unbound", _unbound_rpz),
    Peer("pdns-recursor, RPZ", "pdns_recursor", "pdns-recursor", _recursor),
    Peer("dnsdist", "dnsdist", "dnsdist", _dnsdist),
    Peer("dnsmasq", "dnsmasq", "dnsmasq-base", _dnsmasq),
)
