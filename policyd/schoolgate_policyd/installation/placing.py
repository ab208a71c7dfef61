"""
Files put in their places, and those that somebody has edited left alone.

What was put is noted, with its digest, in a file that `sha256sum --check` reads: a file that is
not as it was put has been edited, and the new one is laid beside it.
"""

import hashlib
import os
from pathlib import Path, PurePosixPath

from schoolgate_policyd.installation.contents import ORDINARY_FILE, File

NOTES = PurePosixPath("etc/schoolgate/.installed")
_FOLDER = 0o755
_DIGEST_LENGTH = 64


class Placing:
    """Puts files below *root*; *done* says in order what was done, a line each."""

    def __init__(self, root: Path) -> None:
        self.done: list[str] = []
        self._root = root
        self._notes = _read_notes(root / NOTES)

    def put(self, file: File) -> None:
        """Put *file*, or lay it beside one that was edited. Raises OSError."""
        path, content = self._root / file.place, file.content.encode()
        there, noted = _content_of(path), self._notes.get(str(file.place))
        if there == content:
            path.chmod(file.mode)
            self._note(file.place, content)
        elif there is None or _digest(there) == noted:
            _write(path, content, file.mode)
            self._note(file.place, content)
            self.done.append(f"{'wrote' if there is None else 'renewed'} {path}")
        elif _digest(content) != noted:
            self._lay_beside(path, content)

    def link(self, place: PurePosixPath, target: PurePosixPath) -> None:
        """Have a symbolic link to *target* at *place*. Raises OSError."""
        path = self._root / place
        if path.is_symlink() and path.readlink() == Path(target):
            return
        make_folders(path.parent)
        path.unlink(missing_ok=True)
        path.symlink_to(target)
        self.done.append(f"linked {path}")

    def unlink(self, place: PurePosixPath) -> None:
        """Have no symbolic link at *place*. Raises OSError."""
        path = self._root / place
        if path.is_symlink():
            path.unlink()
            self.done.append(f"removed {path}")

    def keep_notes(self) -> None:
        """Keep what was put for the next time. Raises OSError."""
        lines = (f"{digest}  {place}\n" for place, digest in sorted(self._notes.items()))
        _write(self._root / NOTES, "".join(lines).encode(), ORDINARY_FILE)

    def _lay_beside(self, path: Path, content: bytes) -> None:
        """Put *content* beside *path*, which was edited, once for each version of it."""
        beside = path.with_name(f"{path.name}.new")
        if _content_of(beside) != content:
            _write(beside, content, ORDINARY_FILE)
            self.done.append(f"kept {path}, which was edited; this version's is {beside}")

    def _note(self, place: PurePosixPath, content: bytes) -> None:
        self._notes[str(place)] = _digest(content)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _content_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write(path: Path, content: bytes, mode: int) -> None:
    """Replace *path* whole, with *mode* whatever the umask is. Raises OSError."""
    make_folders(path.parent)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def make_folders(folder: Path) -> None:
    """Make *folder* and those above it that are missing, for everybody to look into."""
    if not folder.is_dir():
        make_folders(folder.parent)
        folder.mkdir()
        folder.chmod(_FOLDER)


def _read_notes(path: Path) -> dict[str, str]:
    content = _content_of(path) or b""
    pairs = (line.split("  ", 1) for line in content.decode("utf-8", "replace").splitlines())
    return {
        pair[1]: pair[0]
        for pair in pairs
        if len(pair) == 2 and len(pair[0]) == _DIGEST_LENGTH  # noqa: PLR2004 - a pair
    }
