"""
Events that wait in the spool of a worker that is no more.

A configuration with fewer workers leaves spools behind that nobody delivers. What is in them
says of itself to which sequence it belongs, so another sender may carry it.
"""

import fcntl
import re
from pathlib import Path

import structlog

_EVENTS = "*.events"

log = structlog.get_logger(__name__)


def adopt_orphans(spool_dir: Path, point: str, workers: int) -> None:
    """
    Move what workers of *point* beyond the first *workers* left into the first one's spool.

    Call it before that is opened. What cannot be moved is logged, and tried at the next start.
    """
    numbered = re.compile(rf"{re.escape(point)}-(?P<number>[0-9]+)")
    for folder in sorted(spool_dir.glob(f"{point}-*")):
        match = numbered.fullmatch(folder.name)
        if match is None or int(match["number"]) <= workers:
            continue
        try:
            _move_all(folder, spool_dir / point)
        except OSError as error:
            log.error("events of a former worker stay where they are", cause=str(error))  # noqa: TRY400 - the cause says all


def _move_all(folder: Path, target: Path) -> None:
    """Move every segment in *folder* to *target*. Raises OSError, also where it is in use."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock_path = folder / "lock"
    with lock_path.open("ab") as lock_file:
        fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for segment in sorted(folder.glob(_EVENTS)):
            segment.rename(target / segment.name)
        lock_path.unlink()
    folder.rmdir()
