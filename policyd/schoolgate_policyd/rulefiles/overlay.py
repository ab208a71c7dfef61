"""
Texts that are read in place of files: a draft of a policy, as if it lay in the rules folder.

Only what is one school's own can be laid over. What every school shares (the baseline, the
catalogue, help lines, lists) is read from the folder alone, so no draft can weaken it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

MAX_TEXTS = 50

_OWN_SITES = "services/own-"
_OVERLAID = re.compile(
    r"(?:schools|timetables|calendars|services)/[a-z0-9]+(?:-[a-z0-9]+)*\.yaml\Z", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Overlay:
    """Texts by the path of the file that each stands for."""

    texts: Mapping[Path, str] = field(default_factory=lambda: MappingProxyType({}))

    def text_at(self, path: Path) -> str | None:
        """Return the text that stands for the file at *path*, if one does."""
        return self.texts.get(path)

    def paths_in(self, folder: Path) -> frozenset[Path]:
        """Return the paths of the texts that stand for files of *folder*."""
        return frozenset(path for path in self.texts if path.parent == folder)


NO_OVERLAY = Overlay()


def own_sites_path(school: str) -> str:
    """Return the path, below the rules folder, of the services that *school* itself named."""
    return f"{_OWN_SITES}{school}.yaml"


def may_be_overlaid(path: str, school: str) -> bool:
    """Whether a draft of *school* may hold a text for *path*: its own file, days and sites."""
    if _OVERLAID.match(path) is None:
        return False
    match path.partition("/")[0]:
        case "schools":
            return path == f"schools/{school}.yaml"
        case "services":
            return path == own_sites_path(school)
        case _:
            return True
