"""The spool's files: each holds records of one boot, which its name begins with."""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

_NAME = re.compile(r"(?P<boot>[0-9a-f]{14}-[0-9a-f]{8})\.(?P<first>[0-9]{12})\.events")


@dataclass(slots=True)
class Segment:
    """
    A file of records of one boot; those before *stored_octets* are stored in policyd.

    *sent* are the sequences last handed out, with their ends in the file. *octets_of* says whose
    the records are that this process wrote.
    """

    path: Path
    boot: str
    octets: int
    stored_octets: int = 0
    sent: list[tuple[int, int]] = field(default_factory=list)
    octets_of: Counter[str] = field(default_factory=Counter)


def segments_in(directory: Path) -> list[Segment]:
    """Return what earlier boots left, oldest first: a boot's name starts with its time."""
    left = []
    for path in sorted(directory.iterdir()):
        name = _NAME.fullmatch(path.name)
        if name is not None and path.is_file() and not path.is_symlink():
            left.append(Segment(path, name["boot"], path.stat().st_size))
    return left
