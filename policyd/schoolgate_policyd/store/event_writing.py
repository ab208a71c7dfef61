"""Writing events of one day with what they add to its sums, in one transaction."""

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from schoolgate_policyd.ipc.messages import EventBatch
from schoolgate_policyd.store.event_rows import EventRow
from schoolgate_policyd.store.event_sums import Sums, add_up, is_added_up

# The columns of each event, by its table and its number.
type Rows = dict[type[EventRow], dict[int, dict[str, object]]]


def append_rows(session: Session, batch: EventBatch, by_type: Rows) -> int:
    """Store the rows that are not stored yet, and add them up; return how many these were."""
    require_sums(session)
    connection = session.connection()
    added, sums = 0, Sums()
    for row_type, rows in by_type.items():
        new = _new_of(session, batch, row_type, rows)
        if new:
            connection.execute(insert(row_type), new)
        for columns in new:
            sums.add(row_type, columns)
        added += len(new)
    sums.write(connection)
    return added


def require_sums(session: Session) -> None:
    """Add the day up if it was not; an older version's was not."""
    connection = session.connection()
    if not is_added_up(connection):
        add_up(connection)


def _new_of(
    session: Session,
    batch: EventBatch,
    row_type: type[EventRow],
    rows: dict[int, dict[str, object]],
) -> list[dict[str, object]]:
    """Return those of *rows* that are not stored yet: what comes again is not counted again."""
    known = set(
        session.scalars(
            select(row_type.sequence).where(
                row_type.sender == batch.sender,
                row_type.boot == batch.boot,
                row_type.sequence.between(min(rows), max(rows)),
            )
        )
    )
    return [columns for sequence, columns in rows.items() if sequence not in known]
