"""A Unix socket that its owner, or a group, can reach, made where an earlier one may lie."""

import contextlib
import os
import socket
import stat
from pathlib import Path

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.shared_folders import PRIVATE_FOLDER, is_shared, socket_mode_in

# sun_path of sockaddr_un has 108 octets on Linux, the closing zero included (unix(7)).
MAX_PATH_OCTETS = 107
_BACKLOG = 16


class SocketPathError(SchoolgateError):
    """The socket cannot be made at its path; the message names the path and the remedy."""


def check_path_length(path: Path) -> None:
    """Raise SocketPathError when *path* is longer than the kernel takes."""
    octets = len(os.fsencode(path))
    if octets > MAX_PATH_OCTETS:
        raise SocketPathError(
            f"{path}: has {octets} octets, and a Unix socket's path at most {MAX_PATH_OCTETS}; "
            "choose a shorter `var_dir`, or start from inside it with a relative one"
        )


def listen_privately(path: Path) -> socket.socket:
    """
    Return a socket that listens at *path*, its owner's alone in a folder that is so too.

    In a folder that is shared (`shared_folders`) the folder's group may connect as well.

    A socket that a dead process left is replaced. Raises SocketPathError.
    """
    check_path_length(path)
    try:
        _make_private(path.parent)
        _remove_stale(path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(str(path))
            # Nobody can connect before listen, so there is no moment with another mode.
            path.chmod(socket_mode_in(path.parent))
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise SocketPathError(f"{path}: cannot be listened on: {error.strerror}") from error
    return listener


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    status = folder.stat()
    if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise SocketPathError(
            f"{folder}: other users can write there; give `var_dir` a folder of its own, "
            "owned by the user that runs Schoolgate"
        )
    if not is_shared(folder) and stat.S_IMODE(status.st_mode) != PRIVATE_FOLDER:
        folder.chmod(PRIVATE_FOLDER)


def _remove_stale(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise SocketPathError(f"{path}: is not a socket; remove it and start again")
        if is_answered(path):
            raise SocketPathError(f"{path}: another policyd answers there; stop it first")
        path.unlink()


def is_answered(path: Path) -> bool:
    """Whether a process accepts connections at *path*."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except (BlockingIOError, TimeoutError):
            return True  # somebody listens, and is busy
        except OSError:
            return False
        return True
