"""The audit as the log file that somebody outside can verify (`ledger.logfile`)."""

from collections.abc import Iterator

from sqlalchemy import select

from schoolgate_policyd.ledger.entries import Leaf, Personal
from schoolgate_policyd.ledger.logfile import FORMAT, LogCheckpoint, LogHead, entry_of, written
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.models import AuditPersonalRow, AuditRow, CheckpointRow

_AT_ONCE = 1_000


def exported_log(database: Database, origin: str) -> Iterator[bytes]:
    """
    Yield the lines of the log, up to the newest checkpoint.

    Entries that came after it are left out, because nothing signs them yet. Raises StoreError.
    """
    yield written(LogHead(FORMAT, origin))
    with database.reading() as session:
        checkpoints = select(CheckpointRow.size, CheckpointRow.note).order_by(CheckpointRow.size)
        notes = {row.size: row.note for row in session.execute(checkpoints)}
    last = 0
    if 0 in notes:
        yield written(LogCheckpoint(notes[0]))
    while last < max(notes, default=0):
        # Entries never change, so that a long log needs no long transaction.
        query = (
            select(AuditRow, AuditPersonalRow)
            .outerjoin(AuditPersonalRow, AuditPersonalRow.id == AuditRow.id)
            .where(AuditRow.id > last, AuditRow.id <= max(notes))
            .order_by(AuditRow.id)
            .limit(_AT_ONCE)
        )
        with database.reading() as session:
            rows = session.execute(query).all()
        if not rows:
            return
        for row, part in rows:
            last = row.id
            yield _line(row, part)
            if last in notes:
                yield written(LogCheckpoint(notes[last]))


def _line(row: AuditRow, part: AuditPersonalRow | None) -> bytes:
    leaf = Leaf(row.id, row.at, row.action.value, row.object_kind, row.commitment)
    personal = None
    if part is not None:
        personal = Personal(part.salt, part.actor_id, part.object_id, part.details)
    return written(entry_of(leaf, personal, row.leaf_hash))
