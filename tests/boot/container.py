"""
The same Debian booted in a container, by its own systemd, where a machine would take too long.

Its kernel and its clock are this machine's. The packet filter, the users, the units and their
confinement are as in a machine. Its disk is a file with a file system of its own, whose power can
be cut: what was not synchronised never gets there, and the next mount finds what is left.
"""

import contextlib
import fcntl
import os
import shlex
import signal
import struct
import subprocess
import time
from datetime import datetime
from pathlib import Path

from findings import waited
from guest import PATIENCE_S, Commands, GuestError, Said
from machine import CARDS, hardware_of, tap_of
from netns import Namespace

_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
# Debian boots with version 2 of control groups alone. What the kernel has for each network is the
# gateway's to set.
_AS_A_MACHINE = {
    "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
    "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
}
_BEGINS_WITHIN_S = 120.0
_ENDS_WITHIN_S = 60.0
_POLL_S = 0.05
# EXT4_IOC_SHUTDOWN and EXT4_GOING_FLAGS_NOLOGFLUSH of fs/ext4/ext4.h: from then on nothing reaches
# the disk, not even the journal.
_SHUTDOWN, _AT_ONCE = 0x8004587D, 2
# Mounted where nobody else sees it, so that the file system is gone when the container is. What
# the kernel has once for all networks cannot be set from within one.
_MOUNTED = """
mount -o loop "$0" "$1" || exit
printf '#!/bin/sh\\n/sbin/sysctl --ignore "$@" 2>/dev/null || true\\n' >"$1/usr/local/sbin/sysctl"
chmod 755 "$1/usr/local/sbin/sysctl"
shift
exec "$@"
"""


class Inside:
    """Commands in the container, in all of the namespaces of its first process."""

    def __init__(self) -> None:
        self.leader: int | None = None

    def run(self, command: str, *, given: str = "", within_s: float = PATIENCE_S) -> Said:
        """Run the shell's *command* to its end. Raises GuestError if it takes too long."""
        if self.leader is None:
            raise GuestError("the container does not run")
        entering = ("nsenter", "-t", str(self.leader), "-a", "--", "/bin/sh", "-c", command)
        try:
            done = subprocess.run(
                entering,
                input=given,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=within_s,
                check=False,
                env=_ENVIRONMENT,
            )
        except subprocess.TimeoutExpired as error:
            raise GuestError(f"`{command}` takes longer than {within_s:.0f} s") from error
        return Said(done.returncode, done.stdout, done.stderr)

    def get(self, command: str, *, given: str = "", within_s: float = PATIENCE_S) -> str:
        """Return what *command* prints. Raises GuestError, with what it said, if it fails."""
        return self.run(command, given=given, within_s=within_s).must(command)

    def write(self, place: str, content: str) -> None:
        """Put *content* into the file *place*, whose owner and mode stay."""
        self.get(f"cat > {shlex.quote(place)}", given=content)


class Container:
    """The Debian on *disk*, its cards led to *room*; what its console says is in *folder*."""

    deeds_place = "/var/tmp/deeds"

    def __init__(self, disk: Path, room: Namespace, folder: Path) -> None:
        self._inside = Inside()
        self.guest: Commands = self._inside
        self.folder = folder
        self.began = 0.0
        self._disk = disk
        self._root = folder / "root"
        self._room = room
        self._space: Namespace | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def zero(self) -> float:
        """When its kernel's seconds begin: with this machine's."""
        return 0.0

    def boot(self, clock: datetime | None = None) -> None:
        """Start it in a network that has never been used; its clock is this machine's."""
        del clock
        self._root.mkdir(exist_ok=True)
        # What was acknowledged is told outside, where no power is cut.
        outside = self.folder / "deeds"
        outside.touch()
        self._space = _plugged_in(self._room)
        command = (
            *("unshare", "--mount", "--propagation", "private", "sh", "-c", _MOUNTED),
            *(str(self._disk), str(self._root)),
            *("nice", "systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit"),
            *("--machine=gateway", f"--directory={self._root}", "--console=pipe"),
            f"--bind={outside}:{self.deeds_place}",
            *("--link-journal=no", "--resolv-conf=off", "--timezone=off"),
            "--capability=CAP_NET_ADMIN,CAP_NET_RAW",
            f"--network-namespace-path=/run/netns/{self._space.name}",
        )
        self.began = time.monotonic()
        with (self.folder / "console.log").open("ab") as console:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                env=os.environ | _AS_A_MACHINE,
            )
        deadline = time.monotonic() + _BEGINS_WITHIN_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise GuestError("the container does not begin (console.log says why)")
            time.sleep(_POLL_S)

    def cut_power(self) -> None:
        """Cut its disk off, and end every process of it without a word to any."""
        if self._inside.leader is not None:
            # Who is told by a dying file system that all is well would say so outside, where a
            # machine without power says nothing: whatever runs is held first.
            waited(self._is_held, _ENDS_WITHIN_S)
            place = os.open(f"/proc/{self._inside.leader}/root", os.O_RDONLY)
            try:
                fcntl.ioctl(place, _SHUTDOWN, struct.pack("I", _AT_ONCE))
            finally:
                os.close(place)
        self._end(signal.SIGKILL)

    def switch_off(self) -> None:
        """Have it end as whoever presses its button does (systemd's SIGRTMIN+4)."""
        self._end(signal.SIGRTMIN + 4)

    def _answers(self) -> bool:
        """Whether its systemd takes commands."""
        assert self._process is not None
        self._inside.leader = _leader_of(self._process.pid)
        if self._inside.leader is None:
            return False
        return self.guest.run("systemctl is-system-running").output.strip() not in {"", "offline"}

    def _is_held(self) -> bool:
        """Stop every process but the first; whether all have, and none is in the kernel."""
        leader = self._inside.leader
        assert leader is not None
        space = str(Path(f"/proc/{leader}/ns/pid").readlink())
        running = [pid for pid in _processes() if pid != leader and _is_running_in(pid, space)]
        for pid in running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        return not running

    def _is_free(self) -> bool:
        """Whether nothing has the disk any more."""
        listed = subprocess.run(
            ["losetup", "--associated", self._disk], capture_output=True, text=True, check=True
        )
        return not listed.stdout

    def _end(self, how: int) -> None:
        if self._inside.leader is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._inside.leader, how)
        if self._process is not None:
            try:
                self._process.wait(_ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._space is not None:
            self._space.remove()
        # The last process has taken the file system with it; the disk is free a moment later.
        waited(self._is_free, _ENDS_WITHIN_S)
        self._process = self._space = self._inside.leader = None


def _plugged_in(room: Namespace) -> Namespace:
    """Return a new namespace with the cards eth0, eth1 and so on, which are down as at a boot."""
    space = Namespace("gate")
    space.make()
    for number, card in enumerate(CARDS):
        tap = tap_of(card)
        with contextlib.suppress(AssertionError):
            room.ip(f"link delete {tap}")
        room.ip(
            # A card keeps its address over a boot, which devices on the link remember.
            f"link add {tap} type veth peer name eth{number} address {hardware_of(number)}"
            f" netns {space.name}",
            f"link set {tap} master br-{card}",
            f"link set {tap} up",
        )
    return space


def _leader_of(pid: int) -> int | None:
    """Return the container's first process: the one below *pid* that is 1 in its own namespace."""
    waiting = [pid]
    while waiting:
        number = waiting.pop()
        with contextlib.suppress(OSError):
            status = Path(f"/proc/{number}/status").read_text()
            numbers = next(line for line in status.splitlines() if line.startswith("NSpid:"))
            if numbers.split()[2:] and numbers.split()[-1] == "1":
                return number
            children = Path(f"/proc/{number}/task/{number}/children").read_text()
            waiting += [int(each) for each in children.split()]
    return None


def _processes() -> list[int]:
    return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]


def _is_running_in(pid: int, space: str) -> bool:
    """Whether *pid* is in the process namespace *space*, and neither stopped nor dead."""
    try:
        if str(Path(f"/proc/{pid}/ns/pid").readlink()) != space:
            return False
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except OSError:
        return False
    return state not in "TtZX"
