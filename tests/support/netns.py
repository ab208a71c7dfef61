"""
Network namespaces of a test's own: made under random names, joined by veth, removed at the end.

    with made("pupil", "gateway") as (pupil, gateway):
        join(pupil, "eth0", gateway, "pupils0")
        gateway.give("10.1.0.1/24", "pupils0")
        with gateway.entered():
            sets = Sets()  # a socket stays in the namespace that it was opened in

The machine's own namespace is left as it is: the ends of each cable are made inside.
"""

import contextlib
import functools
import os
import secrets
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from subprocess import CompletedProcess, Popen
from typing import IO

import pytest
from started import Started
from waiting import wait_for

_FOLDER = Path("/run/netns")
_PATIENCE_S = 20.0
_TOOK_TOO_LONG = 124
_WITH_RESOLVER = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'


class Namespace:
    """A network namespace for *role*, with a name of its own, and what was started in it."""

    def __init__(self, role: str) -> None:
        self.role = role
        self.name = f"sg-{os.getpid()}-{secrets.token_hex(3)}-{role}"
        self.resolv_conf: Path | None = None
        self._started = Started()

    def make(self) -> None:
        """Make it, with a loopback that is up."""
        _must("netns", "add", self.name)
        # An address is used at once: nobody else has it.
        self.set({"ipv6/conf/default/accept_dad": "0", "ipv6/conf/default/dad_transmits": "0"})
        self.ip("link set lo up")

    def remove(self) -> None:
        """End what was started inside, and all that it started, and take it away."""
        self._started.stop()
        if not (_FOLDER / self.name).exists():
            return
        wait_for(lambda: not _kill_all_in(self.name), _PATIENCE_S, f"the end of {self.name}")
        _must("netns", "delete", self.name)

    def ip(self, *lines: str) -> None:
        """Run each of *lines* as a command of `ip` in here."""
        _must("-n", self.name, "-batch", "-", given="\n".join(lines) + "\n")

    def give(self, address: str, device: str) -> None:
        """Give a device an address with its length, which is usable at once."""
        # Without it an IPv6 address is tentative until a thread of the kernel's has looked at it.
        self.ip(f"address add {address} dev {device}{' nodad' if ':' in address else ''}")

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
        inside = os.open(_FOLDER / self.name, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.setns(inside, os.CLONE_NEWNET)
        finally:
            os.close(inside)

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Let this thread be inside; sockets that it opens stay inside afterwards."""
        outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            self.enter()
            try:
                yield
            finally:
                os.setns(outside, os.CLONE_NEWNET)
        finally:
            os.close(outside)

    def command(self, *command: str) -> list[str]:
        """Return *command* as it is run in here, with this namespace's resolv.conf if any."""
        if self.resolv_conf is None:
            return ["ip", "netns", "exec", self.name, *command]
        # What `ip netns exec` mounts is seen by nobody else: it makes a mount namespace.
        wrapped = ("sh", "-c", _WITH_RESOLVER, str(self.resolv_conf), *command)
        return ["ip", "netns", "exec", self.name, *wrapped]

    def run(self, *command: str, given: bytes = b"") -> CompletedProcess[str]:
        """Run *command* to its end in here; one that takes too long ends with status 124."""
        try:
            done = subprocess.run(
                self.command(*command),
                input=given,
                capture_output=True,
                timeout=_PATIENCE_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            return CompletedProcess(
                command, _TOOK_TOO_LONG, _text(error.stdout), _text(error.stderr)
            )
        return CompletedProcess(command, done.returncode, _text(done.stdout), _text(done.stderr))

    def must(self, *command: str, given: str = "") -> str:
        """Return what a command prints that must succeed in here; a failure is told whole."""
        done = self.run(*command, given=given.encode())
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(
        self,
        *command: str,
        output: int | IO[str] = subprocess.DEVNULL,
        errors: int | IO[str] = subprocess.DEVNULL,
        environment: Mapping[str, str] | None = None,
    ) -> Popen[str]:
        """Start a process inside; it ends with the namespace at the latest."""
        return self._started.add(
            Popen(
                self.command(*command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                env=environment,
                text=True,
            )
        )

    def hardware_of(self, device: str) -> bytes:
        """Return the hardware address of one of its devices."""
        written = self.must("cat", f"/sys/class/net/{device}/address")
        return bytes.fromhex(written.strip().replace(":", ""))

    def index_of(self, device: str) -> int:
        """Return the index of one of its devices."""
        return int(self.must("cat", f"/sys/class/net/{device}/ifindex"))


@functools.cache
def why_not() -> str | None:
    """Return the sentence that says why there are no namespaces here, if there are none."""
    _remove_those_of_the_dead()
    trial = Namespace("trial")
    try:
        trial.make()
        filtered = trial.run("nft", "add", "table", "inet", "trial")
        with trial.entered():
            pass
    except (OSError, AssertionError) as error:
        return f"network namespaces are not permitted here: {error}"
    finally:
        trial.remove()
    if filtered.returncode != 0:
        return f"nftables is not permitted here: {filtered.stderr.strip()}"
    return None


@contextlib.contextmanager
def made(*roles: str) -> Iterator[tuple[Namespace, ...]]:
    """
    Make a namespace for each role, with its loopback up, and remove them all at the end.

    Skips the test where namespaces are not permitted.
    """
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    namespaces = tuple(Namespace(role) for role in roles)
    with contextlib.ExitStack() as last:
        for namespace in namespaces:
            last.callback(namespace.remove)
            namespace.make()
        yield namespaces


def join(left: Namespace, left_device: str, right: Namespace, right_device: str) -> None:
    """Join two namespaces by a pair of veth, both ends up."""
    left.ip(
        f"link add {left_device} type veth peer name {right_device} netns {right.name}",
        f"link set {left_device} up",
    )
    right.ip(f"link set {right_device} up")


def is_of_the_dead(name: str) -> bool:
    """Whether *name* begins with what a run of tests gives its things, and that run is over."""
    parts = name.split("-")
    return len(parts) > 1 and parts[0] == "sg" and parts[1].isdigit() and not _lives(parts[1])


def _lives(pid: str) -> bool:
    return Path("/proc", pid).exists()


def _remove_those_of_the_dead() -> None:
    """Take away the namespaces of runs that were killed, and what still runs in them."""
    for name in sorted(path.name for path in _FOLDER.glob("sg-*")):
        if is_of_the_dead(name):
            _kill_all_in(name)
            # Another worker may be at it too.
            _ip("netns", "delete", name)


def _kill_all_in(name: str) -> bool:
    """Kill what runs in the namespace *name*; whether anything did."""
    pids = _ip("netns", "pids", name).stdout.split()
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    return bool(pids)


def _ip(*arguments: str, given: str | None = None) -> CompletedProcess[str]:
    return subprocess.run(
        ["ip", *arguments],
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
    )


def _must(*arguments: str, given: str | None = None) -> None:
    done = _ip(*arguments, given=given)
    if done.returncode != 0:
        raise AssertionError(f"ip {' '.join(arguments)} {given or ''}: {done.stderr.strip()}")


def _text(octets: bytes | str | None) -> str:
    if octets is None:
        return ""
    return octets if isinstance(octets, str) else octets.decode(errors="surrogateescape")
