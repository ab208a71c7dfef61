"""
UT1 and squidGuard trees as archives: which file of a tar is which, read as it streams by.

Python's tarfile reads whatever length a header claims at once; a hostile archive would decide how
much memory that is. These trees need nothing but names, lengths and contents.
"""

from collections.abc import Iterator
from typing import Literal, Protocol

from schoolgate_policyd.lists.errors import ListError

BLOCK = 512
MAX_MEMBERS = 20_000
MAX_EXTENSION_OCTETS = 65_536
_REGULAR = (b"0", b"\0")
_LONG_NAME = b"L"
_SKIPPED_EXTENSIONS = (b"x", b"g", b"K")


class _Text(Protocol):
    def read(self, size: int, /) -> bytes:
        """Return at most *size* octets, none at the end."""
        ...


class Content:
    """What one member holds, to be read before the next one is asked for."""

    def __init__(self, text: _Text, octets: int) -> None:
        self._text = text
        self._left = octets

    def read(self, size: int, /) -> bytes:
        """Return at most *size* octets, none at the end. Raises ListError."""
        wanted = min(size, self._left)
        octets = self._text.read(wanted) if wanted else b""
        if wanted and not octets:
            raise ListError("the archive ends in the middle of a file")
        self._left -= len(octets)
        return octets

    def skip(self) -> None:
        """Read the rest and forget it."""
        while self.read(1 << 18):
            pass


def members(text: _Text) -> Iterator[tuple[str, Content]]:
    """
    Yield name and content of each regular file of a tar archive.

    Raises ListError for what is no archive, or one with too much in it.
    """
    long_name: bytes | None = None
    for _ in range(MAX_MEMBERS):
        header = _exactly(text, BLOCK)
        if not header.strip(b"\0"):
            return
        name, octets, kind = _parse(header)
        padding = -octets % BLOCK
        content = Content(text, octets)
        if kind == _LONG_NAME or kind in _SKIPPED_EXTENSIONS:
            if octets > MAX_EXTENSION_OCTETS:
                raise ListError("the archive has a header that no list needs")
            said = _exactly(content, octets)
            long_name = said.rstrip(b"\0") if kind == _LONG_NAME else long_name
        else:
            if kind in _REGULAR:
                yield (long_name or name).decode("utf-8", "replace"), content
            content.skip()
            long_name = None
        _exactly(text, padding)
    raise ListError(f"the archive has more than {MAX_MEMBERS:,} files")


def part_of(name: str, member: str | None) -> Literal["domains", "urls"] | None:
    """Return which part of the category *member* the file *name* is, if it is one."""
    *folders, last = [part for part in name.split("/") if part not in {"", "."}]
    if member is not None and folders[-1:] != [member]:
        return None
    if member is None and len(folders) > 1:
        return None
    if last == "domains":
        return "domains"
    return "urls" if last == "urls" else None


def _parse(header: bytes) -> tuple[bytes, int, bytes]:
    """Return name, length and kind of the member that *header* begins (POSIX.1-1988 ustar)."""
    summed = sum(header[:148]) + 8 * ord(" ") + sum(header[156:])
    if _octal(header[148:156]) != summed:
        raise ListError("the archive is damaged, or is none")
    name = header[:100].rstrip(b"\0")
    if header[257:262] == b"ustar" and header[257:263] != b"ustar ":
        prefix = header[345:500].rstrip(b"\0")
        name = prefix + b"/" + name if prefix else name
    return name.partition(b"\0")[0], _octal(header[124:136]), header[156:157]


def _octal(field: bytes) -> int:
    digits = field.strip(b"\0 ")
    if not digits or digits.strip(b"01234567"):
        raise ListError("the archive is damaged, or is none")
    return int(digits, 8)


def _exactly(text: _Text, octets: int) -> bytes:
    found = b""
    while len(found) < octets:
        more = text.read(octets - len(found))
        if not more:
            raise ListError("the archive ends in the middle of a file")
        found += more
    return found
