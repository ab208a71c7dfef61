"""
Signed checkpoints of the audit: made by policyd, which has the key; shown by the pages.

Each is made from the one before it and the entries since, so that it takes no longer however old
the log is.
"""

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from schoolgate_policyd.ledger.checkpoints import Checkpoint, signed_checkpoint
from schoolgate_policyd.ledger.notes import Signer, read_verifier
from schoolgate_policyd.ledger.tree import HASH_SIZE, Growing
from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.store.models import (
    AuditRow,
    CheckpointRow,
    CheckpointWishRow,
    WitnessRow,
)
from schoolgate_policyd.store.models.audit import AuditAction

MAX_PAGE = 500
_AT_ONCE = 10_000


class Witnessed(msgspec.Struct, frozen=True):
    """That a *witness* got a checkpoint, or by what *fault* it has not (machine time, aware)."""

    witness: str
    at: datetime
    fault: str | None


class SignedCheckpoint(msgspec.Struct, frozen=True):
    """A checkpoint of the first *size* entries, as a signed *note* (machine time, aware)."""

    size: int
    at: datetime
    root: bytes
    note: str
    key: str
    witnessed: tuple[Witnessed, ...] = ()

    @property
    def checkpoint(self) -> Checkpoint:
        """What the note says."""
        return Checkpoint(read_verifier(self.key).name, self.size, self.root)


class Checkpoints:
    """What the whole log was, from day to day."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(self, signer: Signer, *, at: datetime) -> SignedCheckpoint:
        """
        Return a checkpoint of the log as it is; nobody's wish for one is open any more.

        Raises StoreError, also when another key signed those before: nobody could verify both.
        """
        with self._database.writing() as session:
            session.execute(delete(CheckpointWishRow))
            newest = _newest_in(session)
            if newest is not None and newest.key != str(signer.verifier):
                raise StoreError(
                    "the audit's checkpoints were signed with another key: restore the folder "
                    "`audit` of that key from a backup"
                )
            tree = Growing() if newest is None else _tree_of(newest)
            _append_new(session, tree)
            if newest is not None and newest.size == tree.size:
                return _checkpoint_of(newest)
            root = tree.root()
            row = CheckpointRow(
                size=tree.size,
                at=at,
                root=root,
                subtrees=b"".join(tree.subtrees),
                note=signed_checkpoint(signer, tree.size, root),
                key=str(signer.verifier),
            )
            session.add(row)
            session.flush()
            return _checkpoint_of(row)

    def is_wanted(self, at: datetime, every: timedelta) -> bool:
        """Whether one is asked for, or the newest is older than *every* with entries since."""
        with self._database.reading() as session:
            if session.get(CheckpointWishRow, 1) is not None:
                return True
            newest = _newest_in(session)
            if newest is not None and at - newest.at < every:
                return False
            entries = session.scalar(select(func.max(AuditRow.id))) or 0
            return entries > (0 if newest is None else newest.size)

    def want(self, *, by: str, at: datetime) -> None:
        """Ask policyd for a checkpoint."""
        with self._database.writing() as session:
            wish = insert(CheckpointWishRow).values(id=1, at=at).on_conflict_do_nothing()
            session.execute(wish)
            note(session, AuditAction.CHECKPOINT_WANTED, at=at, actor=by, on=("audit", "log"))

    def recent(
        self, *, limit: int = 50, before: int | None = None
    ) -> tuple[SignedCheckpoint, ...]:
        """Return the newest first, at most *limit* of them, of fewer than *before* entries."""
        query = select(CheckpointRow).order_by(CheckpointRow.size.desc())
        if before is not None:
            query = query.where(CheckpointRow.size < before)
        with self._database.reading() as session:
            found = session.scalars(query.limit(max(0, min(limit, MAX_PAGE)))).all()
            witnessed = _witnessed_in(session, [each.size for each in found])
            return tuple(_checkpoint_of(each, witnessed.get(each.size, ())) for each in found)

    def find(self, size: int) -> SignedCheckpoint | None:
        """Return the checkpoint of *size* entries, if there is one."""
        with self._database.reading() as session:
            row = session.get(CheckpointRow, size)
            if row is None:
                return None
            return _checkpoint_of(row, _witnessed_in(session, [size]).get(size, ()))

    def witnessed(self, size: int, witness: str, *, at: datetime, fault: str | None) -> None:
        """Keep that *witness* got the checkpoint of *size* entries, or why it has not."""
        values = {"at": at, "fault": fault}
        statement = insert(WitnessRow).values(size=size, witness=witness, **values)
        with self._database.writing() as session:
            session.execute(
                statement.on_conflict_do_update(index_elements=["size", "witness"], set_=values)
            )


def _newest_in(session: Session) -> CheckpointRow | None:
    return session.scalar(select(CheckpointRow).order_by(CheckpointRow.size.desc()).limit(1))


def _tree_of(row: CheckpointRow) -> Growing:
    octets = row.subtrees
    subtrees = (octets[at : at + HASH_SIZE] for at in range(0, len(octets), HASH_SIZE))
    return Growing(row.size, subtrees)


def _append_new(session: Session, tree: Growing) -> None:
    """Add the entries after the tree's last to *tree*."""
    while True:
        hashes = session.scalars(
            select(AuditRow.leaf_hash)
            .where(AuditRow.id > tree.size)
            .order_by(AuditRow.id)
            .limit(_AT_ONCE)
        ).all()
        for each in hashes:
            tree.append(each)
        if len(hashes) < _AT_ONCE:
            return


def _witnessed_in(session: Session, sizes: list[int]) -> dict[int, tuple[Witnessed, ...]]:
    found: dict[int, tuple[Witnessed, ...]] = {}
    query = select(WitnessRow).where(WitnessRow.size.in_(sizes)).order_by(WitnessRow.witness)
    for row in session.scalars(query):
        witnessed = Witnessed(row.witness, row.at, row.fault)
        found[row.size] = (*found.get(row.size, ()), witnessed)
    return found


def _checkpoint_of(row: CheckpointRow, witnessed: tuple[Witnessed, ...] = ()) -> SignedCheckpoint:
    return SignedCheckpoint(
        size=row.size,
        at=row.at,
        root=row.root,
        note=row.note,
        key=row.key,
        witnessed=witnessed,
    )
