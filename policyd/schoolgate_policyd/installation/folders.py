"""The folders of `systemd/tmpfiles.conf`: its lines read, and made with owners and modes."""

import grp
import os
import pwd
import stat
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import msgspec

from schoolgate_policyd.installation.errors import InstallationError
from schoolgate_policyd.installation.placing import make_folders

_FIELDS = 5


class Line(msgspec.Struct, frozen=True):
    """A line: *place* below the root is made (`d`) or, if it is there, put right (`z`)."""

    is_folder: bool
    place: PurePosixPath
    mode: int
    user: str
    group: str


class Owners(msgspec.Struct, frozen=True):
    """How users and groups are found; None for one that this machine does not have."""

    uid_of: Callable[[str], int | None]
    gid_of: Callable[[str], int | None]


def _uid_of(user: str) -> int | None:
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        return None


def _gid_of(group: str) -> int | None:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        return None


MACHINES_OWN = Owners(_uid_of, _gid_of)


def read_lines(path: Path) -> tuple[Line, ...]:
    """Return the lines of *path*, of the kinds that Schoolgate's has. Raises InstallationError."""
    lines = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fields = text.split()
        if not fields or fields[0].startswith("#"):
            continue
        if len(fields) != _FIELDS or fields[0] not in {"d", "z"}:
            raise InstallationError(f"{path}:{number}: is no line that is understood here")
        kind, place, mode, user, group = fields
        below = PurePosixPath(place).relative_to("/")
        lines.append(Line(kind == "d", below, int(mode, 8), user, group))
    return tuple(lines)


def make(root: Path, lines: tuple[Line, ...], owners: Owners = MACHINES_OWN) -> list[str]:
    """
    Make what *lines* say below *root*, and return what was done.

    Who is not known here, or where this process may give nothing away, gets its mode alone.
    Raises OSError.
    """
    done = []
    for line in lines:
        path = root / line.place
        is_there = path.is_dir() if line.is_folder else path.exists()
        if not is_there and line.is_folder:
            make_folders(path.parent)
            path.mkdir(mode=stat.S_IRWXU)
        if is_there or line.is_folder:
            changed = _put_right(path, line, owners)
            if changed or not is_there:
                done.append(f"{'put right' if is_there else 'made'} {path}")
    return done


def _put_right(path: Path, line: Line, owners: Owners) -> bool:
    """Give *path* the owners and the mode of *line*; whether it had others."""
    uid, gid = owners.uid_of(line.user), owners.gid_of(line.group)
    before = path.stat()
    changed = False
    if os.geteuid() == 0 and uid is not None and gid is not None:
        changed = (before.st_uid, before.st_gid) != (uid, gid)
        if changed:
            os.chown(path, uid, gid)
    # After the owners: giving a file away takes its set-group-ID bit.
    if stat.S_IMODE(path.stat().st_mode) != line.mode:
        path.chmod(line.mode)
        changed = True
    return changed
