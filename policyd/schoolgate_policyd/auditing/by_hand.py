"""What whoever administrates the machine does with the audit: export it, make a checkpoint."""

from contextlib import closing
from pathlib import Path

from schoolgate_policyd.auditing.keeper import CHECKPOINT_FILE, append_checkpoint
from schoolgate_policyd.auditing.keys import AuditError, signer_of
from schoolgate_policyd.clock import MachineClock
from schoolgate_policyd.settings import Settings
from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.checkpoints import SignedCheckpoint
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.log_export import exported_log
from schoolgate_policyd.store.models.audit import AuditAction


def make_checkpoint(settings: Settings) -> SignedCheckpoint:
    """Make a checkpoint of the log as it is. Raises AuditError, StoreError."""
    with closing(_store(settings)) as store:
        return _made(settings, store)


def export_log(settings: Settings, path: Path) -> SignedCheckpoint:
    """
    Write the log to *path* and return the checkpoint that it ends with.

    The export is an entry itself, and under that checkpoint. Raises AuditError, StoreError.
    """
    with closing(_store(settings)) as store:
        at = MachineClock().now()
        with store.database.writing() as session:
            details = {"by way of": "command line"}
            action, on = AuditAction.AUDIT_EXPORTED, ("audit", "log")
            note(session, action, at=at, actor=None, on=on, details=details)
        made = _made(settings, store)
        origin = signer_of(settings).verifier.name
        try:
            with path.open("wb") as file:
                file.writelines(exported_log(store.database, origin))
        except OSError as error:
            raise AuditError(f"{path}: cannot be written: {error.strerror}") from error
        return made


def _made(settings: Settings, store: DecisionStore) -> SignedCheckpoint:
    made = store.checkpoints.make(signer_of(settings), at=MachineClock().now())
    try:
        append_checkpoint(settings.audit_dir / CHECKPOINT_FILE, made.note)
    except OSError as error:
        place = settings.audit_dir / CHECKPOINT_FILE
        raise AuditError(f"{place}: cannot be written: {error.strerror}") from error
    return made


def _store(settings: Settings) -> DecisionStore:
    if not settings.decisions_path.exists():
        raise AuditError("there is no audit yet: start the school once with `up`")
    return DecisionStore(settings.decisions_path)
