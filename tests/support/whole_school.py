"""
The whole of Schoolgate as real processes, with an upstream and websites of the test's own.

`WholeSchool` runs `schoolgate up` the way `make run` does, in a folder and on ports of its own,
and reads from what it prints who can sign in.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from free_ports import free_ports
from local_internet import ORIGIN, PERMITTED, LocalInternet
from ruamel.yaml import YAML
from waiting import wait_for
from zone_upstream import Records, ZoneUpstream

from schoolgate_policyd.clock import read_clock_state

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "rules" / "samples" / "sample-school.yaml"
ZONE = ZoneInfo("Europe/London")
START_WITHIN_S = 120.0
# What is looked at before a bell takes part of that.
LEAST_BEFORE_S = 3.0
_MOST_STARTS = 3
WEBSITES = (
    "www.tiktok.com",
    "tiktok.com",
    "www.bbc.co.uk",
    "www.youtube.com",
    "restrict.youtube.com",  # where safe search leads
    "lessons.example",
    "alias.example",
    "www.childline.org.uk",
)
RECORDS: Records = {
    **{(name, "A"): (ORIGIN,) for name in WEBSITES if name != "alias.example"},
    ("www.bbc.co.uk", "AAAA"): ("2001:db8::15",),
    ("www.bbc.co.uk", "TXT"): ('"hello"',),
    ("www.bbc.co.uk", "MX"): ("10 mail.bbc.co.uk.",),
    ("www.bbc.co.uk", "HTTPS"): ('1 . alpn="h2"',),
    ("alias.example", "CNAME"): ("www.tiktok.com.",),
    ("long.example", "TXT"): tuple(f'"{number:03} {"x" * 240}"' for number in range(30)),
}


def machine_time(clock_path: Path, text: str) -> float:
    """
    Return the time of the machine at which a school's clock shows *text*, as seconds.

    *clock_path* is where that school keeps its clock.
    """
    state = read_clock_state(clock_path)
    assert state is not None
    local = datetime.fromisoformat(text).replace(tzinfo=ZONE)
    return (local - timedelta(seconds=state.shift_s)).timestamp()


def with_own_rules(school: "WholeSchool") -> Path:
    """Give *school*, which is not yet running, a copy of the rules, and return its folder."""
    rules = school.folder / "rules"
    shutil.copytree(ROOT / "rules", rules)
    school.further["rules_dir"] = str(rules)
    return rules


@dataclass
class WholeSchool:
    """
    A running sample school. *passwords* are those that its first start printed.

    *environment* is added to that of its processes; *further* are settings of its own.
    """

    at: str | None = "2026-11-20T10:00:00"
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="sg-", dir="/tmp")))
    environment: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    passwords: dict[str, str] = field(default_factory=dict)
    further: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.internet = LocalInternet(names_with_certificates=WEBSITES)
        self.upstream = ZoneUpstream(dict(RECORDS))
        self.start_took_s = 0.0

    def __enter__(self) -> Self:
        self.internet.start()
        self.upstream.__enter__()
        self.configure()
        self.start(self.at)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.upstream.__exit__()
        self.internet.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def configure(self) -> None:
        """Write the sample school's configuration with ports and folders of our own."""
        raw = YAML(typ="safe").load(SAMPLE.read_text())
        self.dns_port, self.proxy_port, self.web_port, *relays = free_ports(3 + 10)
        raw["var_dir"] = str(self.folder / "var")
        raw["people_file"] = str(SAMPLE.parent / raw["people_file"])
        raw["dns"] = {"port": self.dns_port, "upstreams": [f"127.0.0.1:{self.upstream.port}"]}
        raw["dns"]["upstream_timeout_s"] = 0.5
        # Its internet is on the loopback, where no name of the real one may lead.
        raw["dns"]["permitted_destinations"] = [PERMITTED]
        authority = self.internet.write_authority(self.folder / "origins.pem")
        raw["proxy"] = {
            "port": self.proxy_port,
            "permitted_destinations": [PERMITTED],
            "upstream_ca": str(authority),
        }
        raw["web"] |= {"port": self.web_port, "public_url": f"http://localhost:{self.web_port}"}
        self.proxy_relays: dict[str, int] = {}
        self.web_relays: dict[str, int] = {}
        for network in raw["networks"]:
            network["proxy_relay_port"] = self.proxy_relays[network["id"]] = relays.pop()
            network["web_relay_port"] = self.web_relays[network["id"]] = relays.pop()
        raw |= self.further
        self.config = self.folder / "school.yaml"
        with self.config.open("w") as file:
            YAML().dump(raw, file)

    @property
    def var(self) -> Path:
        return self.folder / "var"

    @property
    def ca(self) -> Path:
        return self.var / "certificates" / "ca.pem"

    def start_before(self, bell: str) -> None:
        """Start everything shortly before the school's clock shows *bell*."""
        lead_s = self.start_took_s + LEAST_BEFORE_S
        for _ in range(_MOST_STARTS):
            self.start((datetime.fromisoformat(bell) - timedelta(seconds=lead_s)).isoformat())
            if self.moment(bell) - time.time() > LEAST_BEFORE_S / 2:
                return
            self.stop()
            # A busy machine takes longer; what this start took says how much.
            lead_s = LEAST_BEFORE_S + 1.5 * self.start_took_s
        raise AssertionError("starting takes longer each time")

    def moment(self, text: str) -> float:
        """Return the time of the machine at which the school's clock shows *text*."""
        return machine_time(self.var / "clock" / "clock.json", text)

    def start(self, at: str | None) -> None:
        """Start everything and wait until it greets."""
        began = time.monotonic()
        at_option = [] if at is None else ["--at", at]
        self.lines = []
        command = [sys.executable, "-m", "schoolgate_policyd.cli", "--config", str(self.config)]
        self.process = subprocess.Popen(
            [*command, "up", *at_option],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | self.environment,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        try:
            wait_for(self._has_greeted, START_WITHIN_S, "the greeting")
        except AssertionError as error:
            self.stop()
            raise AssertionError("\n".join(self.lines)) from error
        self.start_took_s = time.monotonic() - began

    def _has_greeted(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError("ended: " + "\n".join(self.lines))
        return any("Ctrl-C stops" in line for line in self.lines)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            found = re.match(r"  (\S+) +.*password (\S+)$", line)
            if found:
                self.passwords[found[1]] = found[2]

    def stop(self) -> int:
        """Interrupt as Ctrl-C does and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            status = self.process.wait(10)
        self._reader.join(10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status

    def pid_of(self, name: str) -> int:
        """Return the process id of the component *name*, which must be running."""
        found = self.running(name)
        assert found is not None, f"no process {name}"
        return found

    def running(self, name: str) -> int | None:
        """Return the process id of the component *name*, found by its module, if it runs."""
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                command = (folder / "cmdline").read_bytes().split(b"\0")
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
            # The DNS process becomes `schoolgate_dns.process.serve` once it has read its settings.
            module = f"schoolgate_{name}".encode()
            is_it = any(each == module or each.startswith(module + b".") for each in command)
            if is_it and parent == self.process.pid:
                return int(folder.name)
        return None

    def dig(self, client: str, name: str, *options: str) -> str:
        """Return what dig prints for *name* asked from *client*."""
        command = ["dig", "-b", client, "@127.0.0.1", "-p", str(self.dns_port), name, *options]
        ran = subprocess.run(
            [*command, "+tries=1", "+time=5"], capture_output=True, text=True, check=False
        )
        return ran.stdout

    def curl(self, client: str, url: str, *options: str) -> tuple[int, str]:
        """Return status and body of *url* fetched through the proxy from *client*; 0: none."""
        ran = subprocess.run(
            [
                *("curl", "-sS", "--max-time", "15", "--interface", client),
                *("-x", f"http://127.0.0.1:{self.proxy_port}", "--cacert", str(self.both_cas())),
                *("-H", "Accept: text/html", "-w", "\n%{http_code}", *options, url),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        body, _, status = ran.stdout.rpartition("\n")
        return int(status or 0), body + ran.stderr

    def both_cas(self) -> Path:
        """Return a file with the school's authority and the websites' own."""
        both = self.folder / "both.pem"
        both.write_text(self.ca.read_text() + (self.folder / "origins.pem").read_text())
        return both

    def url(self, host: str, path: str = "/") -> str:
        """Return the address of one of our websites."""
        return f"https://{host}:{self.internet.https_port}{path}"

    def check(self, *arguments: str) -> dict[str, object]:
        """Return what `schoolgate check --json` says of the live configuration."""
        ran = subprocess.run(
            [
                *(sys.executable, "-m", "schoolgate_policyd.cli", "--config", str(self.config)),
                *("check", "--json", *arguments),
            ],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=True,
        )
        found = json.loads(ran.stdout)
        assert isinstance(found, dict)
        return found
