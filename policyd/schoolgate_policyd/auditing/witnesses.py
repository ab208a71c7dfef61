"""
Where checkpoints go outside of the box, so that nobody on it can deny what was in the log.

A witness that cannot be reached now is tried again: its fault is kept, shown and told.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.record_settings import AuditSettings
from schoolgate_policyd.store.checkpoints import SignedCheckpoint
from schoolgate_policyd.whole_files import write_whole

CHECKPOINTS = "checkpoints"
LOG_NAME = "audit.log"


class WitnessError(SchoolgateError):
    """A witness cannot be reached; the checkpoint is sent again later."""


type SendMail = Callable[[SignedCheckpoint], None]
type ExportLog = Callable[[], Iterator[bytes]]


class Witness(Protocol):
    """Somebody outside of the box who is given checkpoints; *name* is shown."""

    name: str

    def give(self, checkpoint: SignedCheckpoint) -> None:
        """Hand the checkpoint over. Raises WitnessError."""
        ...


class FileShare:
    """
    A folder on another machine: a file for each checkpoint, and the log itself where *export*.

    The folder is never made: where a share is not mounted, nothing may be written below it.
    """

    name = "file share"

    def __init__(self, folder: Path, export: ExportLog | None) -> None:
        self._folder = folder
        self._export = export

    def give(self, checkpoint: SignedCheckpoint) -> None:
        """Write the checkpoint, and the log. Raises WitnessError."""
        if not self._folder.is_dir():
            raise WitnessError(f"{self._folder}: is not there: mount the share")
        try:
            write_whole(
                self._folder / CHECKPOINTS / f"{checkpoint.size:012}.txt",
                checkpoint.note.encode(),
            )
            if self._export is not None:
                _write_log(self._folder / LOG_NAME, self._export())
        except OSError as error:
            raise WitnessError(f"{self._folder}: cannot be written: {error.strerror}") from error


class Mail:
    """Mails with the checkpoint, which *send* puts into the outbox."""

    name = "e-mail"

    def __init__(self, send: SendMail) -> None:
        self._send = send

    def give(self, checkpoint: SignedCheckpoint) -> None:
        """Put the mails into the outbox, which sends them as soon as it can."""
        self._send(checkpoint)


def witnesses_of(
    settings: AuditSettings, *, export: ExportLog, send: SendMail
) -> tuple[Witness, ...]:
    """Return the witnesses that the settings name."""
    found: list[Witness] = []
    if settings.share is not None:
        found.append(FileShare(settings.share, export if settings.share_has_log else None))
    if settings.by_mail:
        found.append(Mail(send))
    return tuple(found)


def _write_log(path: Path, lines: Iterator[bytes]) -> None:
    # The log may be larger than memory, so it is written beside the old one and then put there.
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        file.writelines(lines)
        file.flush()
    temporary.replace(path)
