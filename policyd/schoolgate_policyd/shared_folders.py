"""
Which files are their owner's alone, and which a group shares.

On the gateway every component is a user of its own, and who shares what is laid out in folders
(`systemd/tmpfiles.conf`). A folder that hands its group on to what is made in it (the
set-group-ID bit) is shared with that group: its files are readable to the group where the folder
is, writable where the folder is, and nobody else's. Everywhere else, so in the sample school, a
file is its owner's alone.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
_GROUP_FILE_BITS = stat.S_IRGRP | stat.S_IWGRP


def file_mode_in(folder: Path) -> int:
    """Return the mode of a file in *folder*. Raises OSError."""
    mode = folder.stat().st_mode
    return PRIVATE_FILE | (mode & _GROUP_FILE_BITS if mode & stat.S_ISGID else 0)


def socket_mode_in(folder: Path) -> int:
    """Return the mode of a Unix socket in *folder*, whose group may connect. Raises OSError."""
    return 0o660 if is_shared(folder) else PRIVATE_FILE


def is_shared(folder: Path) -> bool:
    """Whether *folder* is shared with its group. Raises OSError."""
    mode = folder.stat().st_mode
    return bool(mode & stat.S_ISGID and mode & stat.S_IXGRP)


def make_file(path: Path) -> None:
    """
    Make *path*, empty and with the mode that its folder asks for, unless it is there.

    Whatever the process's umask is: the folder alone decides. Raises OSError. It is not opened:
    whoever closes a file lets go of every lock that their process has on it, and another thread
    may have begun to use it as a database by then.
    """
    with suppress(FileExistsError):
        os.mknod(path, stat.S_IFREG | PRIVATE_FILE)
        path.chmod(file_mode_in(path.parent))
