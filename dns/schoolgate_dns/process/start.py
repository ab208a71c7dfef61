"""
What is worked out before the process that answers is there, and handed to it.

Reading the configuration and the rule files takes twelve megabytes of libraries that answering
never needs again. So one program reads, and then becomes another (`serve`), which finds here what
was read: the settings, and the source to begin with.
"""

import os
from pathlib import Path
from typing import Any

import msgspec
import structlog

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.ipc.last_snapshot import load_last_snapshot
from schoolgate_policyd.lists.opening import open_snapshot
from schoolgate_policyd.settings import Settings

log = structlog.get_logger(__name__)


class Start(msgspec.Struct, frozen=True):
    """The settings, and the source that every worker begins with; it could be compiled."""

    settings: Settings
    source: Source


class First(msgspec.Struct, frozen=True):
    """What workers begin with: compiled before they were born, so they all have the same one."""

    snapshot: Snapshot
    digest: str


def take_over(kept: int) -> Start:
    """Return what was handed over in the file descriptor *kept*, and close it."""
    with os.fdopen(kept, "rb") as file:
        return msgspec.msgpack.decode(file.read(), type=Start, dec_hook=_path)


def _path(type_: type, value: Any) -> Any:  # noqa: ANN401 - msgspec asks so for what it does not know
    if type_ is not Path:
        raise NotImplementedError(type_)
    return Path(value)


def newest_usable(settings: Settings, point: str) -> Source | None:
    """
    Return the newest source that any worker of *point* had last and that can be put in force.

    What cannot is removed: whoever had it is sent everything.
    """
    found: list[tuple[Source, Path]] = []
    for path in sorted((settings.snapshots_dir / point).glob(f"{point}*.snapshot")):
        try:
            source = load_last_snapshot(path)
        except (SchoolgateError, OSError) as error:
            log.error("last snapshot unreadable", path=str(path), cause=str(error))  # noqa: TRY400 - the cause says all
            continue
        if source is not None:
            found.append((source, path))
    for source, path in sorted(found, key=lambda each: each[0].number, reverse=True):
        try:
            open_snapshot(source, settings.lists_dir)
        except Exception as error:  # noqa: BLE001 - whatever an older version wrote, the next is tried
            log.error("last snapshot of no use", path=str(path), cause=str(error))  # noqa: TRY400 - the cause says all
            path.unlink(missing_ok=True)
        else:
            return source
    return None
