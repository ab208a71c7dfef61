"""The tree of `tree_zones`, signed and served by nsd, resolved by a validating unbound."""

import os
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import dns.exception
import dns.message
import dns.query
from free_ports import free_ports
from local_unbound import main_file, shipped_at
from tree_zones import SIGNED, TOPS, Kind, Zone

START_WITHIN_S = 60.0
# Where Debian has servers, which a user's own path may lack.
SEARCH_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
_ENVIRONMENT = os.environ | {"PATH": SEARCH_PATH}
_LONG_AGO = ("-s", "20200101000000", "-e", "20200201000000")
_DENIAL = {Kind.NSEC3: ("-3", "-", "-H", "0"), Kind.OPT_OUT: ("-3", "-", "-H", "0", "-A")}
_SIGNERS_AT_ONCE = 2


class Tree:
    """
    Serves *zones* and resolves them, while it is entered; `unbound_port` is where.

    `anchor` is a file with the tree's trust anchor, as delv wants it.
    """

    def __init__(self, folder: Path, zones: Iterable[Zone]) -> None:
        self.folder = folder
        self.zones = tuple(zones)
        self.anchor = folder / "anchor.keys"
        self.nsd_port, self.lame_port, self.unbound_port = free_ports(3)
        self._silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._silent.bind(("127.0.0.1", 0))
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        (self.folder / "zones").mkdir()
        self._write_zones()
        self._start("nsd", "-d", "-c", str(self._nsd_file("nsd", self.nsd_port, self._served())))
        self._start("nsd", "-d", "-c", str(self._nsd_file("lame", self.lame_port, ())))
        self._start("unbound", "-d", "-c", str(self._unbound_file()))
        try:
            wait_for_answer(self.nsd_port)
            wait_for_answer(self.unbound_port)
            # What a server cannot read of a zone, it does without, and says so there.
            assert "error" not in (self.folder / "nsd.log").read_text()
        except AssertionError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running:
            process.terminate()
        for process in self._running:
            process.wait(10)
        self._silent.close()

    def _start(self, *command: str) -> None:
        with (self.folder / f"{command[0]}.out").open("ab") as out:
            self._running.append(
                subprocess.Popen(command, stdout=out, stderr=out, env=_ENVIRONMENT)
            )

    def _write_zones(self) -> None:
        with ThreadPoolExecutor(_SIGNERS_AT_ONCE) as signers:
            vouched = list(signers.map(self._leaf, self.zones))
        delegations = {top: [""] for top in TOPS}
        for zone, records in zip(self.zones, vouched, strict=True):
            delegations[zone.top].append(records)
        tops = [self._inner(f"{top}.", "\n".join(delegations[top])) for top in TOPS]
        anchors = self._inner(".", "\n".join(tops))
        flags, protocol, algorithm, *key = anchors.partition("DNSKEY")[2].split()
        self.anchor.write_text(
            f'trust-anchors {{ . static-key {flags} {protocol} {algorithm} "{"".join(key)}"; }};\n'
        )
        self._anchor_record = f". DNSKEY {flags} {protocol} {algorithm} {''.join(key)}"

    def _leaf(self, zone: Zone) -> str:
        """Write *zone*; return what its parent says of it."""
        delegation = f"{zone.origin} 3600 IN NS ns.{zone.origin}\nns.{zone.origin} IN A 192.0.2.53"
        path = self._path(zone.origin)
        if zone.kind in (Kind.LAME, Kind.SILENT):
            return delegation
        path.write_text(f"$ORIGIN {zone.origin}\n{zone.text()}\n")
        if zone.kind not in SIGNED:
            return delegation
        validity = _LONG_AGO if zone.kind is Kind.EXPIRED else ()
        self._sign(zone.origin, *_DENIAL.get(zone.kind, ()), *validity)
        if zone.kind is Kind.FORGED:
            path.write_text(path.read_text().replace("\t192.0.2.", "\t198.51.100."))
        if zone.kind is Kind.UNTRUSTED:
            return delegation
        ds = self._ds_of(zone.origin)
        if zone.kind is Kind.MISMATCHED:
            ds = ds[:-8] + "".join("1" if digit == "0" else "0" for digit in ds[-8:])
        return f"{delegation}\n{ds}"

    def _inner(self, origin: str, delegations: str) -> str:
        """Write a zone of delegations; return what its parent says of it, or the root's key."""
        self._path(origin).write_text(
            f"$ORIGIN {origin}\n$TTL 3600\n@ IN SOA ns hostmaster 1 3600 600 86400 300\n"
            f"@ IN NS ns\nns IN A 192.0.2.53\nwww IN A 192.0.2.1\n{delegations}\n"
        )
        key = self._sign(origin)
        if origin == ".":
            return Path(f"{key}.key").read_text().splitlines()[-1]
        delegation = f"{origin} IN NS ns.{origin}\nns.{origin} IN A 192.0.2.53"
        return f"{delegation}\n{self._ds_of(origin)}"

    def _sign(self, origin: str, *options: str) -> Path:
        """Sign the zone with a new key, and return where that is."""
        generated = _run(
            *("dnssec-keygen", "-q", "-K", str(self.folder), "-a", "ECDSAP256SHA256"),
            *("-f", "KSK", origin),
        )
        key = self.folder / generated.strip()
        path = str(self._path(origin))
        _run(
            *("dnssec-signzone", "-q", "-P", "-S", "-z", "-n", "1", "-K", str(self.folder)),
            *("-d", str(self.folder), "-o", origin, "-f", path, "-O", "full", *options, path),
        )
        return key

    def _ds_of(self, origin: str) -> str:
        return (self.folder / f"dsset-{origin}").read_text().strip()

    def _path(self, origin: str) -> Path:
        return self.folder / "zones" / f"{origin}zone"

    def _served(self) -> Iterator[str]:
        yield from (".", *(f"{top}." for top in TOPS))
        for zone in self.zones:
            if zone.kind not in (Kind.LAME, Kind.SILENT):
                yield zone.origin

    def _nsd_file(self, name: str, port: int, origins: Iterable[str]) -> Path:
        zones = "".join(
            f'zone:\n    name: "{origin}"\n    zonefile: "{self._path(origin)}"\n'
            for origin in origins
        )
        path = self.folder / f"{name}.conf"
        path.write_text(
            f'server:\n    ip-address: 127.0.0.1@{port}\n    username: ""\n    chroot: ""\n'
            f'    zonesdir: "{self.folder}"\n    database: ""\n    zonelistfile: ""\n'
            f'    xfrdfile: "{self.folder}/{name}.xfrd"\n    xfrdir: "{self.folder}"\n'
            f'    pidfile: "{self.folder}/{name}.pid"\n    logfile: "{self.folder}/{name}.log"\n'
            f'    zonelistfile: "{self.folder}/{name}.list"\n    server-count: 1\n'
            "    tcp-count: 500\n    rrl-ratelimit: 0\n    ipv4-edns-size: 1232\n"
            f"remote-control:\n    control-enable: no\n{zones}"
        )
        return path

    def _unbound_file(self) -> Path:
        (self.folder / "schoolgate.conf").write_text(shipped_at(self.unbound_port))
        # Servers that a delegation leads to are asked at port 53, which belongs to nobody here.
        silent_port = self._silent.getsockname()[1]
        ports = {Kind.LAME: self.lame_port, Kind.SILENT: silent_port}
        asked = [(".", self.nsd_port), *((f"{top}.", self.nsd_port) for top in TOPS)]
        asked += [(zone.origin, ports.get(zone.kind, self.nsd_port)) for zone in self.zones]
        stubs = "".join(
            f'stub-zone:\n    name: "{origin}"\n    stub-addr: 127.0.0.1@{port}\n'
            for origin, port in asked
        )
        path = self.folder / "unbound.conf"
        here = f"    do-not-query-localhost: no\n    trust-anchor: {self._anchor_record!r}\n"
        path.write_text(main_file(self.folder, here.replace("'", '"') + stubs))
        return path


def wait_for_answer(port: int) -> None:
    """Return once somebody answers at *port*."""
    ask = dns.message.make_query(f"{TOPS[0]}.", "SOA")
    ends = time.monotonic() + START_WITHIN_S
    while True:
        try:
            dns.query.udp(ask, "127.0.0.1", port=port, timeout=0.2)
        except (OSError, dns.exception.Timeout):
            assert time.monotonic() < ends, f"nobody answers at {port}"
        else:
            return


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=_ENVIRONMENT)
    assert 0 == done.returncode, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout
