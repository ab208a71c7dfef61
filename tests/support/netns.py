"""
Network namespaces of a test's own: made under random names, joined by veth, removed at the end.

    with made("pupil", "gateway") as (pupil, gateway):
        join(pupil, "eth0", gateway, "pupils0")
        gateway.run("ip", "address", "add", "10.1.0.1/24", "dev", "pupils0")
        with gateway.entered():
            sets = Sets()  # a socket stays in the namespace that it was opened in
"""

import contextlib
import functools
import os
import secrets
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from subprocess import CompletedProcess, Popen
from typing import IO

import pytest

_FOLDER = Path("/run/netns")
_PATIENCE_S = 20


class Namespace:
    """One network namespace and the processes that were started in it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._started: list[Popen[str]] = []

    def run(
        self, *command: str, given: str | None = None, check: bool = True
    ) -> CompletedProcess[str]:
        """Run a command inside to its end, with *given* as its input; a failure is told whole."""
        done = subprocess.run(
            self.command(*command),
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done

    def start(
        self,
        *command: str,
        output: int | IO[str] = subprocess.DEVNULL,
        errors: int | IO[str] = subprocess.DEVNULL,
        environment: Mapping[str, str] | None = None,
    ) -> Popen[str]:
        """Start a process inside; it ends with the namespace at the latest."""
        process = Popen(
            self.command(*command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            env=environment,
            text=True,
        )
        self._started.append(process)
        return process

    def command(self, *command: str) -> list[str]:
        """Return the command that runs *command* inside."""
        return ["ip", "netns", "exec", self.name, *command]

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Let this thread be inside; sockets that it opens stay inside afterwards."""
        outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        inside = os.open(_FOLDER / self.name, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.setns(inside, os.CLONE_NEWNET)
            try:
                yield
            finally:
                os.setns(outside, os.CLONE_NEWNET)
        finally:
            os.close(inside)
            os.close(outside)

    def hardware_of(self, device: str) -> bytes:
        """Return the hardware address of one of its devices."""
        found = self.run("cat", f"/sys/class/net/{device}/address")
        return bytes.fromhex(found.stdout.strip().replace(":", ""))

    def index_of(self, device: str) -> int:
        """Return the index of one of its devices."""
        return int(self.run("cat", f"/sys/class/net/{device}/ifindex").stdout)

    def remove(self) -> None:
        """End what was started inside, and all that it started, and delete the namespace."""
        for process in self._started:
            process.terminate()
        for process in self._started:
            _wait_or_kill(process)
        for line in _ip("netns", "pids", self.name).stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(line), signal.SIGKILL)
        _ip("netns", "delete", self.name)


def why_not() -> str | None:
    """Return the sentence that says why there are no namespaces here, if there are none."""
    return _why_not()


@contextlib.contextmanager
def made(*roles: str) -> Iterator[tuple[Namespace, ...]]:
    """
    Make a namespace for each role, with its loopback up, and remove them all at the end.

    Skips the test where namespaces are not permitted.
    """
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    names: list[Namespace] = []
    try:
        for role in roles:
            namespace = Namespace(_unused_name(role))
            _must("netns", "add", namespace.name)
            names.append(namespace)
            _must("-netns", namespace.name, "link", "set", "lo", "up")
        yield tuple(names)
    finally:
        for namespace in reversed(names):
            namespace.remove()


def join(left: Namespace, left_device: str, right: Namespace, right_device: str) -> None:
    """Join two namespaces by a pair of veth, both ends up and without waiting for DAD."""
    _must(
        *("-netns", left.name, "link", "add", left_device, "type", "veth"),
        *("peer", "name", right_device, "netns", right.name),
    )
    for namespace, device in ((left, left_device), (right, right_device)):
        # An address is usable at once: nobody else is on a link that was made just now.
        namespace.run("sysctl", "-qw", f"net.ipv6.conf.{device}.accept_dad=0")
        _must("-netns", namespace.name, "link", "set", device, "up")


@functools.cache
def _why_not() -> str | None:
    """Try once whether a namespace can be made, entered and given a packet filter."""
    trial = Namespace(_unused_name("trial"))
    try:
        added = _ip("netns", "add", trial.name)
        if added.returncode != 0:
            return f"network namespaces are not permitted here: {added.stderr.strip()}"
        try:
            filtered = trial.run("nft", "add", "table", "inet", "trial", check=False)
            if filtered.returncode != 0:
                return f"nftables is not permitted here: {filtered.stderr.strip()}"
            with trial.entered():
                pass
        finally:
            trial.remove()
    except OSError as error:
        return f"network namespaces are not permitted here: {error}"
    return None


def _unused_name(role: str) -> str:
    return f"sg-{os.getpid()}-{secrets.token_hex(3)}-{role}"


def _ip(*arguments: str) -> CompletedProcess[str]:
    return subprocess.run(
        ["ip", *arguments], capture_output=True, text=True, timeout=_PATIENCE_S, check=False
    )


def _must(*arguments: str) -> None:
    done = _ip(*arguments)
    if done.returncode != 0:
        raise AssertionError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


def _wait_or_kill(process: Popen[str]) -> None:
    try:
        process.communicate(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
