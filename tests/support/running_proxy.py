"""The real proxy in a process of its own, and a stand-in for policyd that feeds it."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import msgspec
from local_internet import PERMITTED, LocalInternet
from proxy_school import LESSON, ZONE, school_source
from raw_tunnel import RawTunnel
from ruamel.yaml import YAML

from schoolgate_policyd.clock import set_school_clock
from schoolgate_policyd.config import Settings, load_settings
from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot
from schoolgate_policyd.ipc.messages import Blocked, Direction, EventBatch
from schoolgate_policyd.ipc.ready import parse_ready
from schoolgate_policyd.ipc.rollout import Revision
from schoolgate_policyd.ipc.server import PolicydServer

# Where the firewall would bring connections to: an address of its own for each proxy.
_INSPECTION_ADDRESSES = (f"127.0.3.{number}" for number in range(1, 255))


@dataclass(frozen=True)
class Fetched:
    """What curl got: *exit_status* 0 is success, *status* that of the page or of the CONNECT."""

    exit_status: int
    status: int
    connect_status: int
    version: str
    headers: str
    body: str
    said: str


@dataclass
class RunningProxy:
    """The real proxy in a process of its own, and a stand-in for policyd that feeds it."""

    folder: Path
    internet: LocalInternet
    at: datetime = LESSON
    source: Source = field(default_factory=school_source)
    is_live: bool = False
    intercept_port: int | None = None
    blocked: list[Blocked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.inspection = next(_INSPECTION_ADDRESSES)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.origin_ca = self.internet.write_authority(self.folder / "origins.pem")
        self.settings = self._settings()

    @property
    def ca(self) -> Path:
        """The school's certificate, for devices to trust."""
        return self.settings.ca_certificate_path

    def start(self) -> None:
        self._thread.start()
        set_school_clock(self.settings, self.at.isoformat(), ZONE)
        save_last_snapshot(self.settings.last_snapshot_path("proxy"), self.source)
        self.do(self._start_policyd())
        errors = (self.folder / "errors.log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "schoolgate_proxy"],
            env={
                **os.environ,
                "SCHOOLGATE_CONFIG": str(self.folder / "config.yaml"),
                "SCHOOLGATE_LIVE": "1" if self.is_live else "0",
            },
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        errors.close()
        assert self._process.stdout is not None
        ready = parse_ready(self._process.stdout.readline())
        assert ready is not None, self.errors
        self.host, port_text = ready[1].split(":")
        self.port = int(port_text)

    def read_line(self) -> str:
        """Return the next line on standard output, where live lines come."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    @property
    def errors(self) -> str:
        """What the proxy has logged."""
        return (self.folder / "errors.log").read_text()

    def stop(self) -> int:
        """Stop everything and return the proxy's exit status; a second call does nothing."""
        if self._loop.is_closed():
            return self._process.returncode
        self._process.terminate()
        assert self._process.stdout is not None
        self._process.stdout.close()
        status = self._process.wait(10)
        self.do(self._policyd.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        return status

    def curl(self, who: str, url: str, *options: str, trusting: Path | None = None) -> Fetched:
        """Have curl fetch *url* from the address *who* through the proxy."""
        proxy = ("--proxy", f"http://{self.host}:{self.port}", "--noproxy", "")
        return self.fetch(who, url, *proxy, *options, trusting=trusting)

    def fetch(self, who: str, url: str, *options: str, trusting: Path | None = None) -> Fetched:
        """Have curl fetch *url* from the address *who*, by the way that *options* say."""
        got = self.folder / "got"
        heads = self.folder / "heads"
        for file in (got, heads):
            file.write_bytes(b"")
        finished = subprocess.run(
            [
                *("curl", "--silent", "--show-error", "--max-time", "20", "--disable"),
                *("--interface", who, "--cacert", str(trusting or self.ca)),
                *("--output", str(got), "--dump-header", str(heads)),
                *("--write-out", "%{http_code} %{http_connect} %{http_version}"),
                *options,
                url,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        status, connect_status, version = finished.stdout.split(" ")
        return Fetched(
            exit_status=finished.returncode,
            status=int(status),
            connect_status=int(connect_status),
            version=version,
            headers=heads.read_text(),
            body=got.read_text(errors="replace"),
            said=finished.stderr,
        )

    def tunnel(self, who: str) -> RawTunnel:
        """Return a connection from the address *who* that says what it is told to."""
        return RawTunnel((self.host, self.port), who)

    @property
    def peak_mebibytes(self) -> int:
        """The most memory that the proxy ever held."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) // 1024

    def wait_for_block(self, client: str, host: str) -> Blocked:
        """Return the first block of *host* for *client*, when it came."""
        until = monotonic() + 5
        while monotonic() < until:
            for event in self.blocked:
                if (event.client, event.host) == (client, host):
                    return event
            sleep(0.02)
        raise AssertionError(f"no block of {host} for {client} among {self.blocked}")

    def do[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Run *work* beside the stand-in for policyd and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def put_in_force(self, live: Live) -> None:
        """Send a revision with *live* and wait until the proxy has it in force."""
        self.source = msgspec.structs.replace(
            self.source, number=self.source.number + 1, live=live
        )
        self.do(self._publish(self.source))

    async def _publish(self, source: Source) -> None:
        self._policyd.publish(Revision(source, 0, Direction.LOOSEN, is_full=False))
        rollout = self._policyd.rollout
        for _ in range(500):
            if [source.number] == [each.acknowledged for each in rollout.statuses()]:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"revision {source.number} is not in force: {rollout.statuses()}")

    async def _start_policyd(self) -> None:
        async def take(batch: EventBatch) -> None:
            self.blocked += [
                each.event for each in batch.events if isinstance(each.event, Blocked)
            ]

        async def nothing(_number: int = 0) -> None:
            return

        self._policyd = PolicydServer(
            self.settings.socket_path, on_wake=nothing, on_events=take, on_ahead=nothing
        )
        await self._policyd.start()
        self._policyd.publish(Revision(self.source, 0, Direction.LOOSEN, is_full=True))

    def _settings(self) -> Settings:
        config = self.folder / "config.yaml"
        YAML().dump(
            {
                "is_sample": True,
                "var_dir": str(self.folder / "var"),
                "dns": {
                    "upstreams": [f"127.0.0.1:{self.internet.dns_port}"],
                    "upstream_timeout_s": 1.0,
                    "inspection_addresses": [self.inspection],
                },
                "proxy": {
                    "port": 0,
                    "intercept_port": self.intercept_port,
                    "permitted_destinations": [PERMITTED],
                    "upstream_ca": str(self.origin_ca),
                },
                "web": {"public_url": "https://schoolgate.example"},
            },
            config,
        )
        return load_settings(config)
