"""Servers as child processes: started on a core, looked at from outside, ended by their ids."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from datagrams import connected
from load_generator import OWN_CORE, SERVER_CORE
from origin import COUNT
from packets import Ask, is_answer_to

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from free_ports import free_port

_SELF = Path(__file__).parent
_STOPS_WITHIN_S = 10.0


class NotStartedError(Exception):
    """A server could not be started; the message has the end of what it printed."""


@dataclass(frozen=True)
class Memory:
    """Megabytes of a process and its children: in all, shared pages once, and private ones."""

    proportional: float
    private: float


class Server:
    """*command* as a child on *core*, on every one without; see `wait_until_it_answers`."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        port: int,
        folder: Path,
        *,
        environment: Mapping[str, str] | None = None,
        core: int | None = SERVER_CORE,
    ) -> None:
        self.name, self.port = name, port
        self._printed: IO[bytes] = (folder / "printed.txt").open("wb")
        self._began_s = time.monotonic()
        # A child begins where its parent runs, with every thread that it will have.
        own_cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, range(os.cpu_count() or 1) if core is None else {core})
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=self._printed,
            stderr=subprocess.STDOUT,
            env=os.environ | dict(environment or {}),
        )
        os.sched_setaffinity(0, own_cores)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process's id; that of its first process, if it has several."""
        return self._process.pid

    def wait_until_it_answers(self, ask: Ask, client: str, within_s: float = 120.0) -> float:
        """
        Return how long it took from the start until *ask* was answered.

        Raises NotStartedError.
        """
        packet = ask.packet(1)
        with connected(client, self.port) as own:
            own.settimeout(0.1)
            while time.monotonic() - self._began_s < within_s:
                if self._process.poll() is not None:
                    raise NotStartedError(f"{self.name} ended: {self._last_words()}")
                try:
                    own.send(packet)
                    if is_answer_to(own.recv(4096), packet, ask.rcode):
                        return time.monotonic() - self._began_s
                except ConnectionRefusedError:
                    time.sleep(0.02)
                except TimeoutError:
                    continue
        raise NotStartedError(f"{self.name} did not answer: {self._last_words()}")

    def pids(self) -> list[int]:
        """Return the ids of the process and of everything that it started."""
        parents = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parents[int(folder.name)] = int(
                    (folder / "stat").read_text().rpartition(")")[2].split()[1]
                )
            except OSError:
                continue  # ended while we looked
        found = [self.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def cpu_s(self) -> float:
        """Return the seconds of CPU that its living processes have used, to the nanosecond."""
        # A process's CPU clock has this number (clock_getcpuclockid(3)).
        return sum(time.clock_gettime((~pid << 3) | 2) for pid in self.pids())

    def memory(self) -> Memory:
        """Return what is in its memory now."""
        kilobytes = {"Pss": 0, "Private_Clean": 0, "Private_Dirty": 0}
        for pid in self.pids():
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                name, _, rest = line.partition(":")
                if name in kilobytes:
                    kilobytes[name] += int(rest.split()[0])
        private = kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]
        return Memory(kilobytes["Pss"] / 1000, private / 1000)

    def stop(self) -> None:
        """End it."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_STOPS_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._printed.close()

    def _last_words(self) -> str:
        return Path(self._printed.name).read_text(errors="replace")[-2000:]


class Origin(Server):
    """The upstream, on the generator's core; `asked` is how many queries it has had."""

    def __init__(self, folder: Path, delay_ms: float = 0.0) -> None:
        folder.mkdir(exist_ok=True)
        self._counter = folder / "asked"
        self._counter.write_bytes(COUNT.pack(0))
        port = unused_port()
        command = [sys.executable, str(_SELF / "origin.py"), "--port", str(port)]
        command += ["--delay-ms", str(delay_ms), "--counter", str(self._counter)]
        super().__init__("origin", command, port, folder, core=OWN_CORE)

    @property
    def asked(self) -> int:
        """How many queries have come so far."""
        count: int = COUNT.unpack(self._counter.read_bytes()[: COUNT.size])[0]
        return count


def unused_port() -> int:
    """Return a port that nobody has, for UDP and TCP alike."""
    return free_port()


@contextmanager
def origin(folder: Path, delay_ms: float = 0.0) -> Iterator[Origin]:
    """Run an upstream that answers *delay_ms* late."""
    with Origin(folder, delay_ms) as running:
        running.wait_until_it_answers(Ask("ready.example"), "127.0.0.1")
        yield running
