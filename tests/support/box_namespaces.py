"""
Network namespaces of a test's own, and what runs in them.

Names are random, and the machine's own namespace is left as it is: the ends of each pair of
interfaces are made inside.
"""

import contextlib
import os
import secrets
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

_WITH_RESOLVER = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
_STOP_WITHIN_S = 6.0


def why_not() -> str | None:
    """Return why there can be no namespaces here, None where there can be."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    probe = Namespace("probe")
    try:
        probe.make()
        nft = subprocess.run(
            ["ip", "netns", "exec", probe.name, "nft", "list", "ruleset"],
            capture_output=True,
            check=False,
        )
    except (OSError, subprocess.CalledProcessError):
        return "network namespaces are not permitted here"
    finally:
        probe.remove()
    return "nftables is not permitted here" if nft.returncode else None


class Namespace:
    """A network namespace for *role*, with a name of its own."""

    def __init__(self, role: str) -> None:
        self.role = role
        self.name = f"sg-{os.getpid()}-{secrets.token_hex(3)}-{role}"
        self.resolv_conf: Path | None = None
        self._descriptor: int | None = None

    def make(self) -> None:
        """Make it, with a loopback that is up."""
        _run("ip", "netns", "add", self.name)
        self._descriptor = os.open(f"/run/netns/{self.name}", os.O_RDONLY | os.O_CLOEXEC)
        # An address is used at once: nobody else has it.
        self.set({"ipv6/conf/default/accept_dad": "0", "ipv6/conf/default/dad_transmits": "0"})
        self.ip("link set lo up")

    def remove(self) -> None:
        """Take it away, if it is there; whatever still runs in it keeps it alive unseen."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        if Path(f"/run/netns/{self.name}").exists():
            subprocess.run(["ip", "netns", "del", self.name], capture_output=True, check=False)

    def ip(self, *lines: str) -> None:
        """Run each of *lines* as a command of `ip` in here."""
        done = subprocess.run(
            ["ip", "-n", self.name, "-batch", "-"],
            input="\n".join(lines) + "\n",
            text=True,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise OSError(f"ip in {self.name}: {done.stderr}")

    def set(self, settings: Mapping[str, str]) -> None:
        """Write *settings*, by their path below /proc/sys/net, of this namespace."""

        def write() -> None:
            for path, value in settings.items():
                Path("/proc/sys/net", path).write_text(value)

        self.do(write)

    def do[T](self, work: Callable[[], T]) -> T:
        """
        Return what *work* returns in a thread that lives in here.

        Sockets stay of the namespace that they were made in, whoever uses them afterwards.
        """
        results: list[T] = []
        faults: list[BaseException] = []

        def enter() -> None:
            try:
                self.enter()
                results.append(work())
            except BaseException as error:  # noqa: BLE001 - it is raised again by whoever waits
                faults.append(error)

        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        if faults:
            raise faults[0]
        return results[0]

    def enter(self) -> None:
        """Have the calling thread, and whatever it starts, live in here from now on."""
        assert self._descriptor is not None, f"{self.name} is not there"
        os.setns(self._descriptor, os.CLONE_NEWNET)

    def command(self, *command: str) -> list[str]:
        """Return *command* as it is run in here, with this namespace's resolv.conf if any."""
        if self.resolv_conf is None:
            return ["ip", "netns", "exec", self.name, *command]
        # What `ip netns exec` mounts is seen by nobody else: it makes a mount namespace.
        wrapped = ("sh", "-c", _WITH_RESOLVER, str(self.resolv_conf), *command)
        return ["ip", "netns", "exec", self.name, *wrapped]

    def run(
        self, *command: str, timeout_s: float = 20.0, octets_in: bytes = b""
    ) -> subprocess.CompletedProcess[str]:
        """Run *command* to its end in here; one that takes too long ends with status 124."""
        try:
            done = subprocess.run(
                self.command(*command),
                input=octets_in,
                capture_output=True,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            return subprocess.CompletedProcess(
                command, 124, _text(error.stdout), _text(error.stderr)
            )
        return subprocess.CompletedProcess(
            command, done.returncode, _text(done.stdout), _text(done.stderr)
        )


def join(first: tuple[Namespace, str], second: tuple[Namespace, str]) -> None:
    """Lay a cable: an interface of the given name in each of the two, both up."""
    (near, near_name), (far, far_name) = first, second
    near.ip(
        f"link add {near_name} type veth peer name {far_name} netns {far.name}",
        f"link set {near_name} up",
    )
    far.ip(f"link set {far_name} up")


class Started:
    """Processes that were started and are ended together."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[str]] = []

    def add(self, process: subprocess.Popen[str]) -> subprocess.Popen[str]:
        """Take care of *process*."""
        self._processes.append(process)
        return process

    def stop(self, processes: Iterable[subprocess.Popen[str]] | None = None) -> None:
        """End *processes*, all of them by default, by force those that do not listen."""
        ending = list(self._processes if processes is None else processes)
        for process in ending:
            process.terminate()
        for process in ending:
            try:
                process.wait(_STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()
            with contextlib.suppress(ValueError):
                self._processes.remove(process)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _text(octets: bytes | str | None) -> str:
    if octets is None:
        return ""
    return octets if isinstance(octets, str) else octets.decode(errors="surrogateescape")
