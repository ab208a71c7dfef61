"""The gateway of the box: the real processes in a namespace, with real nftables."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from box_records import Recorded, recorded_in
from box_school import DNS_WORKERS, PROXY_WORKERS, write_config
from netns import Namespace
from started import Started
from waiting import wait_for
from whole_school import ZONE, machine_time

from schoolgate_firewall.ruleset.sets import lasting_sets
from schoolgate_policyd.clock import set_school_clock
from schoolgate_policyd.config import Settings, load_settings
from schoolgate_policyd.ipc.admin import AdminClient
from schoolgate_policyd.ipc.ready import parse_ready
from schoolgate_policyd.supervisor.accounts import accounts_of

LESSON = "2026-11-20T10:00:00"
READY_WITHIN_S = 120.0
DISK_MEGABYTES = 64
LOOKED_THROUGH_WITHIN_S = 2.0
# What is like something of the same minute is told when that is over.
RECORDED_WITHIN_S = 90.0
UNKNOWN_CLOSED = "no name was known"
MODULES = {
    "policyd": "schoolgate_policyd",
    "dns": "schoolgate_dns",
    "proxy": "schoolgate_proxy",
    "firewall": "schoolgate_firewall",
}
POINTS = DNS_WORKERS + PROXY_WORKERS + 1


class Gateway:
    """
    The processes of a gateway in *namespace*, its files in *folder*.

    *internet_ca* signs the websites' certificates. It is a sample school, so that its clock can
    be set.
    """

    def __init__(self, namespace: Namespace, folder: Path, internet_ca: Path) -> None:
        self.namespace = namespace
        self.folder = folder
        self.config = folder / "school.yaml"
        self._started = Started()
        self.start_took_s = 0.0
        self._is_loaded = False
        self._processes: dict[str, subprocess.Popen[str]] = {}
        write_config(self.config, folder, internet_ca)
        self.settings: Settings = load_settings(self.config)

    def start(self, at: str = LESSON) -> None:
        """Start everything with the school's clock at *at*, and wait until it serves."""
        began = time.monotonic()
        if not self.settings.var_dir.exists():
            self._make_disk()
        set_school_clock(self.settings, at, ZONE)
        accounts_of(self.settings)
        # It takes longest, and needs no addresses.
        self.begin("policyd")
        if not self._is_loaded:
            self.load_ruleset()
        for name in MODULES.keys() - {"policyd"}:
            self.begin(name)
        self.wait_ready()
        self.wait_in_force()
        self.start_took_s = time.monotonic() - began

    def stop(self) -> None:
        """End every process; the ruleset stays, as it does when processes die."""
        self._started.stop()
        self._processes.clear()

    def restart(self, at: str) -> None:
        """Start every process again with the school's clock at *at*."""
        self.stop()
        self.start(at)

    def load_ruleset(self) -> None:
        """Load the ruleset as its unit does."""
        done = self.try_ruleset(self.config)
        assert done.returncode == 0, done.stdout + done.stderr
        self._is_loaded = True

    def try_ruleset(self, config: Path) -> subprocess.CompletedProcess[str]:
        """Load the ruleset of *config*, if that can be."""
        return self.namespace.run(
            *("env", f"SCHOOLGATE_CONFIG={config}"),
            *(sys.executable, "-m", "schoolgate_firewall.cli", "load"),
        )

    def chains(self) -> str:
        """Return the rules that are in force, without what sets hold and counters count."""
        done = self.namespace.run("nft", "--stateless", "--terse", "list", "ruleset")
        assert done.stdout, done.stderr
        return done.stdout

    def hear_afresh(self) -> None:
        """Forget how much of each device's was told to the log: the next refusal is told there."""
        names = [each.name for each in lasting_sets() if each.name.startswith("heard_")]
        flushes = "".join(f"flush set inet schoolgate {name}\n" for name in names)
        done = self.namespace.run("nft", "-f", "-", given=flushes.encode())
        assert names
        assert done.returncode == 0, done.stderr

    def begin(self, name: str) -> None:
        """Start the process *name*."""
        with (
            (self.folder / f"{name}.out").open("w") as output,
            (self.folder / f"{name}.err").open("a") as errors,
        ):
            self._processes[name] = self._started.add(
                subprocess.Popen(
                    self.namespace.command(sys.executable, "-m", MODULES[name]),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=errors,
                    text=True,
                    env=os.environ | {"SCHOOLGATE_CONFIG": str(self.config)},
                )
            )

    def wait_ready(self, *names: str) -> None:
        """Wait until *names*, all of them by default, serve."""
        for name in names or tuple(self._processes):
            wait_for(lambda name=name: self._is_ready(name), READY_WITHIN_S, f"{name} serves")  # type: ignore[misc]  # mypy sees no default in a lambda

    def wait_in_force(self) -> None:
        """Wait until every point decides with the newest revision."""
        policyd = AdminClient(self.settings.socket_path)

        def is_everywhere() -> bool:
            status = policyd.status()
            return (
                status is not None
                and len(status.points) == POINTS
                and all(each.acknowledged == status.number for each in status.points)
            )

        wait_for(is_everywhere, READY_WITHIN_S, "every point has the newest revision")

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send *number* to the process *name* and wait until it has ended."""
        process = self._processes.pop(name)
        process.send_signal(number)
        process.wait(10)
        self._started.stop([process])

    def is_running(self, name: str) -> bool:
        """Whether the process *name* runs."""
        return self._processes[name].poll() is None

    def children(self, name: str) -> frozenset[int]:
        """Return the ids of the processes that *name* has borne."""
        own = self._processes[name].pid
        listed = Path(f"/proc/{own}/task/{own}/children").read_text()
        return frozenset(int(each) for each in listed.split())

    def kill_child(self, pid: int) -> None:
        """End a process at once that one of the gateway's has borne."""
        os.kill(pid, signal.SIGKILL)

    def mend(self) -> None:
        """Start what does not run, load the ruleset again, and wait until all is as it was."""
        self.load_ruleset()
        said_before = len(self.errors("firewall"))
        began = [
            name
            for name in MODULES
            if name not in self._processes or self._processes[name].poll() is not None
        ]
        for name in began:
            self.begin(name)
        self.wait_ready()
        self.wait_in_force()
        if "firewall" in began:
            # It looks through what is open; where all of that is known it says nothing.
            until = time.monotonic() + LOOKED_THROUGH_WITHIN_S
            wait_for(
                lambda: (
                    UNKNOWN_CLOSED in self.errors("firewall")[said_before:]
                    or time.monotonic() > until
                )
            )

    def fill_disk(self) -> None:
        """Leave no room where the gateway keeps anything."""
        with (self.settings.var_dir / "filler").open("wb", buffering=0) as file:
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(1 << 20))
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x")

    def free_disk(self) -> None:
        """Take away what filled the disk."""
        (self.settings.var_dir / "filler").unlink(missing_ok=True)

    def errors(self, name: str) -> str:
        """Return what the process *name* has logged."""
        return (self.folder / f"{name}.err").read_text()

    def moment(self, text: str) -> float:
        """Return the time of the machine at which the school's clock shows *text*, as seconds."""
        return machine_time(self.settings.clock_path, text)

    def recorded(self) -> list[Recorded]:
        """Return what policyd has stored of blocks and attempts, oldest first."""
        return recorded_in(self.settings.events_dir)

    def mark(self) -> datetime:
        """Return the moment that tells what is recorded from now on from what was before."""
        return datetime.now(UTC)

    def wait_recorded(self, client: str, attempt: str, host: str, *, since: datetime) -> Recorded:
        """
        Return what was stored of *attempt* by *client* to *host*, when it is.

        Only what came after *since* counts, a `mark` that was taken before it was tried; alike
        ones of the same minute, of which some came before, are one record with it.
        """

        def found() -> Recorded | None:
            wanted = (client, attempt, host)
            alike = (
                each
                for each in self.recorded()
                if (each.client, each.attempt, each.host) == wanted and each.last_at >= since
            )
            return next(alike, None)

        recorded = wait_for(found, RECORDED_WITHIN_S, f"{attempt} by {client} to {host}")
        assert recorded is not None
        return recorded

    def _is_ready(self, name: str) -> bool:
        process = self._processes[name]
        if process.poll() is not None:
            raise AssertionError(
                f"{name} ended with {process.returncode}: {self.errors(name)[-1500:]}"
            )
        lines = (self.folder / f"{name}.out").read_text().splitlines()
        return any(parse_ready(line) is not None for line in lines)

    def _make_disk(self) -> None:
        """Give the gateway a small disk of its own, which a test can fill."""
        var_dir = self.settings.var_dir
        var_dir.mkdir(mode=0o700, parents=True)
        options = f"size={DISK_MEGABYTES}m,mode=700"
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", var_dir],
            check=True,
            capture_output=True,
        )


def remove_disk(var_dir: Path) -> None:
    """Take away what a gateway kept in *var_dir*, if it has come to that."""
    subprocess.run(["umount", "-l", var_dir], capture_output=True, check=False)
