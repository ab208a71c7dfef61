"""
The socket on which DNS tells which ways it opened.

Each datagram is one `Told`. Those that find no room in the socket are lost, and so are those that
cannot be read: their ways are nobody's, and closed at the next bell.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.ways import LONGEST_TOLD, Told, decode_told
from schoolgate_policyd.shared_folders import PRIVATE_FOLDER, socket_mode_in

RECEIVE_BUFFER_OCTETS = 8 * 1024 * 1024
# Then whatever else waits has its turn; the loop comes back at once if more is there.
MOST_AT_ONCE = 64

log = structlog.get_logger(__name__)


class HearingError(SchoolgateError):
    """The socket cannot be had; the message names it and the remedy."""


def _keep_nothing(_: Sequence[bytes]) -> None:
    pass


class Hearing:
    """
    Hands each `Told` that comes in at *path* to *take*, in the loop; `unreadable` counts.

    *note* gets the datagrams that were taken, some at a time, for whoever comes after us.
    """

    def __init__(
        self,
        path: Path,
        take: Callable[[Told], None],
        note: Callable[[Sequence[bytes]], None] = _keep_nothing,
    ) -> None:
        self.heard = 0
        self.unreadable = 0
        self._path = path
        self._take = take
        self._note = note
        self._socket: socket.socket | None = None
        self._inode = 0

    def start(self) -> None:
        """Hear from now on, in the running loop. Raises HearingError."""
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        hearing = socket.socket(socket.AF_UNIX, kind)
        try:
            hearing.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_OCTETS)
            self._path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            # Whoever was here before is gone, or there would be two firewall's points.
            self._path.unlink(missing_ok=True)
            hearing.bind(str(self._path))
            # Whoever tells is in the folder's group, and nobody else gets in.
            self._path.chmod(socket_mode_in(self._path.parent))
            self._inode = self._path.stat().st_ino
        except OSError as error:
            hearing.close()
            raise HearingError(
                f"{self._path}: DNS cannot be heard there: {error.strerror or error}; give this "
                "user the folder, or change run_dir"
            ) from error
        self._socket = hearing
        asyncio.get_running_loop().add_reader(hearing, self._hear)

    def stop(self) -> None:
        """Hear no more, and take the socket away where it is still ours."""
        if self._socket is None:
            return
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self._socket = None
        with contextlib.suppress(OSError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()

    def _hear(self) -> None:
        hearing = self._socket
        if hearing is None:
            return
        taken = 0
        datagrams: list[bytes] = []
        while taken < MOST_AT_ONCE:
            try:
                # One octet more than there may be shows what was cut off.
                octets = hearing.recv(LONGEST_TOLD + 1)
            except (BlockingIOError, InterruptedError):
                break
            self.heard += 1
            try:
                told = decode_told(octets)
            except NetfilterError as error:
                if not self.unreadable:
                    log.error("a datagram tells no ways", cause=str(error))  # noqa: TRY400 - the cause says all
                self.unreadable += 1
                taken += 1
                continue
            taken += len(told)
            for each in told:
                self._take(each)
            datagrams.append(octets)
        if datagrams:
            self._note(datagrams)
