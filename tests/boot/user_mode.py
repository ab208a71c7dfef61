"""
The same Debian on a User Mode Linux: a kernel of its own that is a process of this machine's.

It has its own clock, network, packet filter, users and control groups, and runs its programs
natively, each of their calls some times slower, on one core. What it has synchronised is in its
disk's file, and what it has given to its disk; its own memory is lost with it.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from guest import Commands, Guest
from machine import CARDS, MEMORY, hardware_of, tap_of
from netns import Namespace

ANSWERS_WITHIN_S = 600.0
_ENDS_WITHIN_S = 300.0
_DRAINED_WITHIN_S = 20.0
# A line that a message of more than the terminal's 4096 octets had throttled never woke again.
_LONGEST_GIVEN = 2048
# In the image: it sets the clock as a machine's battery has it, and becomes systemd.
_INIT = "/usr/local/sbin/init-at"


class Lines(NamedTuple):
    """The descriptors of the agent's line and of the deeds' line."""

    agent: int
    deeds: int


def user_mode_command(
    kernel: Path, disk: Path, lines: Lines, clock: datetime | None = None
) -> list[str]:
    """Return the command of the *kernel* that boots *disk*, with its clock at *clock*."""
    command = [
        *(
            "nice",
            "-n",
            "1",
            str(kernel),
            f"mem={MEMORY}M",
            f"ubd0={disk}",
            "root=/dev/ubda",
            "rw",
        ),
        *("con=null", "con0=null,fd:1", "console=tty0", "loglevel=4"),
        *("ssl=null", f"ssl0=fd:{lines.agent}", f"ssl1=null,fd:{lines.deeds}"),
        *("gateway.agent=ttyS0", "net.ifnames=0", "systemd.show_status=0"),
        # Nobody sits there.
        "systemd.mask=getty@tty1.service",
        *(
            f"eth{number}=tuntap,{tap_of(card)},{hardware_of(number)}"
            for number, card in enumerate(CARDS)
        ),
    ]
    if clock is not None:
        command += [f"init={_INIT}", "--", str(int(clock.timestamp()))]
    return command


class UserMode:
    """The Debian on *disk* under *kernel*, its cards led to *room*; *folder* has what it says."""

    deeds_place = "/dev/ttyS1"

    def __init__(self, kernel: Path, disk: Path, room: Namespace, folder: Path) -> None:
        self._line, self._far_end = socket.socketpair()
        self._agent = Guest(self._near_end, _LONGEST_GIVEN)
        self.guest: Commands = self._agent
        self.folder = folder
        self.began = 0.0
        self._kernel = kernel
        self._disk = disk
        self._room = room
        self._process: subprocess.Popen[bytes] | None = None
        self._writers: list[subprocess.Popen[bytes]] = []

    @property
    def zero(self) -> float:
        """When its kernel's seconds begin, or a little before."""
        return self.began

    @property
    def is_on(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def boot(self, clock: datetime | None = None) -> None:
        """Start it with its clock at *clock*, and wait until it answers."""
        self._renew_line()
        with self._written("console.log") as console, self._written("deeds") as deeds:
            lines = Lines(self._far_end.fileno(), deeds)
            command = user_mode_command(self._kernel, self._disk, lines, clock)
            self.began = time.monotonic()
            self._process = subprocess.Popen(
                self._room.command(*command),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                pass_fds=lines,
                # All of its processes are one group, which is its own.
                start_new_session=True,
            )
        self._agent.wait(ANSWERS_WITHIN_S, lambda: self.is_on)

    def cut_power(self) -> None:
        """Take its power away: what its kernel has not given to its disk is not kept."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._ended()

    def switch_off(self) -> None:
        """Have it end as whoever presses its button does."""
        with contextlib.suppress(Exception):
            self.guest.run("systemctl poweroff --no-block", within_s=10.0)
        if self._process is not None:
            try:
                self._process.wait(_ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.cut_power()
        self._ended()

    def _ended(self) -> None:
        """Wait until it is gone, and what it said before is written."""
        self._agent.close()
        if self._process is not None:
            self._process.wait()
        for writer in self._writers:
            writer.wait(_DRAINED_WITHIN_S)
        self._process = None
        self._writers.clear()

    def _near_end(self) -> socket.socket:
        return self._line.dup()

    def _renew_line(self) -> None:
        """Lead a new line to the agent: what the last machine left unsaid is not said."""
        for end in (self._line, self._far_end):
            end.close()
        self._line, self._far_end = socket.socketpair()

    @contextlib.contextmanager
    def _written(self, name: str) -> Iterator[int]:
        """
        Give a pipe whose other end is appended to the file *name* by a process of its own.

        The kernel waits for its lines to be writable, which a file cannot be asked.
        """
        reading, writing = os.pipe()
        try:
            with (self.folder / name).open("ab") as file:
                writer = subprocess.Popen(
                    ["cat"], stdin=reading, stdout=file, start_new_session=True
                )
            self._writers.append(writer)
            yield writing
        finally:
            os.close(reading)
            os.close(writing)
