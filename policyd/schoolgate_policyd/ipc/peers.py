"""
Who is on the other side of policyd's socket, as the kernel says, and what they may say.

On the gateway every component is a user of its own. A process that was broken into may then say
what it likes as itself, and is never taken for another point, nor for the pages.
"""

import asyncio
import os
import pwd
import socket
import struct
from collections.abc import Callable, Mapping

import msgspec

from schoolgate_policyd.ipc.messages import PointKind

WEBUI_USER = "schoolgate-webui"
# systemd/sysusers.conf makes them.
USERS: Mapping[PointKind, str] = {
    PointKind.POLICYD: "schoolgate-policyd",
    PointKind.DNS: "schoolgate-dns",
    PointKind.PROXY: "schoolgate-proxy",
    PointKind.FIREWALL: "schoolgate-firewall",
}
_ROOT = 0
# struct ucred of unix(7): process, user and group.
_CREDENTIALS = struct.Struct("3i")


class Peer(msgspec.Struct, frozen=True):
    """A process and its user; None where the kernel does not say (no Linux, so no gateway)."""

    pid: int | None
    uid: int | None


def peer_behind(writer: asyncio.StreamWriter) -> Peer:
    """Return who is behind the connection *writer*."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return Peer(None, None)
    credentials = writer.get_extra_info("socket").getsockopt(
        socket.SOL_SOCKET, option, _CREDENTIALS.size
    )
    pid, uid, _ = _CREDENTIALS.unpack(credentials)
    return Peer(pid, uid)


def _uid_of(user: str) -> int | None:
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        return None


class Peers:
    """
    Which user may be which point, and who may ask; *uid_of* finds a user's number.

    policyd's *own* user may be everything: in the sample school it is the only one there is.
    """

    def __init__(
        self, uid_of: Callable[[str], int | None] = _uid_of, own: int | None = None
    ) -> None:
        self._uid_of = uid_of
        self._own = os.geteuid() if own is None else own

    def may_be(self, peer: Peer, kind: PointKind) -> bool:
        """Whether *peer* may be a point of *kind*."""
        return self._is_own(peer) or peer.uid == self._uid_of(USERS[kind])

    def may_ask(self, peer: Peer) -> bool:
        """Whether *peer* may wake policyd and ask what is in force: the pages, and commands."""
        return self._is_own(peer) or peer.uid in {_ROOT, self._uid_of(WEBUI_USER)}

    def _is_own(self, peer: Peer) -> bool:
        return peer.uid is None or peer.uid == self._own
