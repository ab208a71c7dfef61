"""
Lines of a list from a file, a gzip file, or a folder or archive of categories, within bounds.

What comes in is a stranger's. Nothing is unpacked to disk; text is counted while it is
decompressed, so a small file cannot become a huge one; a line that is too long counts as one that
names nothing.
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from schoolgate_policyd.lists import trees
from schoolgate_policyd.lists.errors import ListError
from schoolgate_policyd.lists.formats import READERS
from schoolgate_policyd.lists.intake import Intake
from schoolgate_policyd.lists.subscription import Format
from schoolgate_policyd.lists.tally import Reason

MAX_LINE_OCTETS = 8192
BLOCK_OCTETS = 1 << 18
# Lists of names compress to a quarter or so; what swells far beyond that is no list.
MOST_SWELLING = 12
MEGABYTE = 1_000_000
_GZIP = b"\x1f\x8b"
_OVERLONG = b"\xff a line that is too long"


class Readable(Protocol):
    """What has octets to read, and ends."""

    def read(self, size: int, /) -> bytes:
        """Return at most *size* octets, none at the end."""
        ...


class BoundedText:
    """Octets of *stream* up to a bound, beyond which the list is refused."""

    def __init__(self, stream: Readable, most_octets: int) -> None:
        self._stream = stream
        self._left = most_octets
        self._most = most_octets

    def read(self, size: int, /) -> bytes:
        """Return at most *size* octets, none at the end. Raises ListError."""
        try:
            octets = self._stream.read(size)
        except (OSError, EOFError, zlib.error) as error:
            raise ListError(f"the list cannot be unpacked: {error}") from error
        self._left -= len(octets)
        if self._left < 0:
            raise ListError(
                f"the list has more than {self._most // MEGABYTE:,} MB of text: raise its "
                "`max_megabytes`, or subscribe to a part of it"
            )
        return octets


class Recipe(NamedTuple):
    """How a list is to be read: its *format*, the *member* of a tree, and its bound."""

    format: Format
    member: str | None
    max_megabytes: int


def read_list(path: Path, recipe: Recipe, intake: Intake) -> None:
    """
    Give *intake* every name of the list in *path*.

    Raises ListError for what cannot be read, cannot be unpacked, or is beyond a bound.
    """
    try:
        if path.is_dir():
            _read_folder(path, recipe, intake)
            return
        with path.open("rb") as file:
            if file.seek(0, io.SEEK_END) > recipe.max_megabytes * MEGABYTE:
                raise ListError(f"the list is larger than {recipe.max_megabytes} MB")
            file.seek(0)
            _read_file(file, recipe, intake)
    except OSError as error:
        raise ListError(f"{path}: cannot be read: {error.strerror or error}") from error


def _read_file(file: BinaryIO, recipe: Recipe, intake: Intake) -> None:
    most_octets = recipe.max_megabytes * MEGABYTE
    is_packed = file.read(len(_GZIP)) == _GZIP
    file.seek(0)
    if is_packed:
        with gzip.GzipFile(fileobj=file) as unpacked:
            text = BoundedText(unpacked, most_octets * MOST_SWELLING)
            _read_text(text, recipe, intake)
    else:
        _read_text(BoundedText(file, most_octets), recipe, intake)


def _read_text(text: BoundedText, recipe: Recipe, intake: Intake) -> None:
    read = READERS[recipe.format]
    if recipe.format is not Format.UT1:
        read(lines_of(text), intake)
        return
    is_found = False
    for name, content in trees.members(text):
        match trees.part_of(name, recipe.member):
            case "domains":
                is_found = True
                read(lines_of(content), intake)
            case "urls":
                _count_pages(lines_of(content), intake)
            case _:
                pass
    _require(recipe.member, is_found=is_found)


def _read_folder(folder: Path, recipe: Recipe, intake: Intake) -> None:
    if recipe.format is not Format.UT1:
        raise ListError(f"{folder}: is a folder: only the format `ut1` is a tree")
    category = folder if recipe.member is None else folder / recipe.member
    domains = category / "domains"
    _require(recipe.member, is_found=domains.is_file())
    most_octets = recipe.max_megabytes * MEGABYTE
    with domains.open("rb") as file:
        READERS[Format.UT1](lines_of(BoundedText(file, most_octets)), intake)
    urls = category / "urls"
    if urls.is_file():
        with urls.open("rb") as file:
            _count_pages(lines_of(BoundedText(file, most_octets)), intake)


def _require(member: str | None, *, is_found: bool) -> None:
    if not is_found:
        where = "" if member is None else f" in a folder `{member}`"
        raise ListError(f"the tree has no file `domains`{where}: check `member`")


def _count_pages(lines: Iterator[bytes], intake: Intake) -> None:
    for number, line in enumerate(lines, 1):
        if line.strip():
            intake.leave(Reason.PAGE, line, number)


def lines_of(text: Readable) -> Iterator[bytes]:
    """Return the lines of *text* without their ends, each of at most MAX_LINE_OCTETS."""
    return chain.from_iterable(_blocks(text))


def _blocks(text: Readable) -> Iterator[list[bytes]]:
    begun = b""
    is_too_long = False
    while block := text.read(BLOCK_OCTETS):
        *complete, begun = (begun + block).split(b"\n")
        if complete and is_too_long:
            complete[0] = _OVERLONG
            is_too_long = False
        if complete and max(map(len, complete)) > MAX_LINE_OCTETS:
            complete = [each if len(each) <= MAX_LINE_OCTETS else _OVERLONG for each in complete]
        yield complete
        if len(begun) > MAX_LINE_OCTETS:
            begun = b""
            is_too_long = True
    yield [_OVERLONG if is_too_long else begun]
