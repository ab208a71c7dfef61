"""What is blocked at once: made in one transaction with its audit entry, lifted in another."""

from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from schoolgate_policyd.core.at_once import AtOnce, Blockable
from schoolgate_policyd.store.audit import bump_version, note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.models.reports import BlockRow
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.workflow import blocks as workflow
from schoolgate_policyd.workflow.blocks import Block, BlockForm, Lifted
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.signing import StoredSignature

MAX_PAGE = 500


class Blocks:
    """
    The blocks at once.

    *at* is machine time, aware; people are ids. Methods raise UnknownObject for numbers that
    nothing has and WorkflowError with a sentence for what is refused.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, number: int) -> Block:
        """Return block *number*."""
        with self._database.reading() as session:
            return block_in(session, number)

    def in_force(self) -> tuple[Block, ...]:
        """Return what is blocked at once, newest first."""
        with self._database.reading() as session:
            return in_force_in(session)

    def lifted(self, *, limit: int = 100) -> tuple[Block, ...]:
        """Return what was blocked and is lifted, the newest lifted first."""
        with self._database.reading() as session:
            rows = session.scalars(
                select(BlockRow)
                .where(BlockRow.lifted_at.is_not(None))
                .order_by(BlockRow.lifted_at.desc(), BlockRow.id.desc())
                .limit(min(limit, MAX_PAGE))
            )
            return tuple(map(_block_of, rows))

    def at_once(self) -> tuple[AtOnce, ...]:
        """Return what the policy in force has of them, oldest first."""
        with self._database.reading() as session:
            return tuple(each.at_once for each in reversed(in_force_in(session)))

    def make(self, form: BlockForm, *, by: str, at: datetime) -> Block:
        """Block at once what *form* says."""
        with self._database.writing() as session:
            return put_block(session, form, by=member_in(session, by), at=at)


def put_block(
    session: Session, form: BlockForm, *, by: Member, at: datetime, report: int | None = None
) -> Block:
    """Block at once in the transaction of *session*."""
    workflow.require_may_block(by)
    workflow.require_new(form, in_force_in(session))
    row = BlockRow(
        what=msgspec.json.encode(form.what).decode(),
        is_for_everybody=form.is_for_everybody,
        reason=form.reason,
        made_by=by.id,
        made_at=at,
        report=report,
    )
    session.add(row)
    session.flush()
    note(
        session,
        AuditAction.BLOCKED_AT_ONCE,
        at=at,
        actor=by.id,
        on=("block", row.id),
    )
    bump_version(session)
    return _block_of(row)


def lift_in(
    session: Session, number: int, reason: str, signature: StoredSignature, *, at: datetime
) -> Block:
    """Lift block *number* with the *signature* that was just kept."""
    row, by = _row_in(session, number), signature.person
    after = workflow.lifted(_block_of(row), by=member_in(session, by), reason=reason, at=at)
    row.lifted_at, row.lifted_by, row.lift_reason = at, by, reason
    row.signed_digest = signature.digest
    details = {"signed": signature.digest, "signature": signature.id}
    note(
        session,
        AuditAction.BLOCK_LIFTED,
        at=at,
        actor=by,
        on=("block", number),
        details=details,
    )
    bump_version(session)
    return after


def block_in(session: Session, number: int) -> Block:
    """Return block *number* in the transaction of *session*. Raises UnknownObject."""
    return _block_of(_row_in(session, number))


def in_force_in(session: Session) -> tuple[Block, ...]:
    """Return what is blocked at once, newest first."""
    rows = session.scalars(
        select(BlockRow).where(BlockRow.lifted_at.is_(None)).order_by(BlockRow.id.desc())
    )
    return tuple(map(_block_of, rows))


def _row_in(session: Session, number: int) -> BlockRow:
    row = session.get(BlockRow, number)
    if row is None:
        raise UnknownObject(f"there is no block {number}")
    return row


def _block_of(row: BlockRow) -> Block:
    lifted = None
    if row.lifted_at is not None and row.lifted_by is not None:
        lifted = Lifted(row.lifted_by, row.lifted_at, row.lift_reason or "")
    return Block(
        number=row.id,
        what=msgspec.json.decode(row.what, type=Blockable),
        is_for_everybody=row.is_for_everybody,
        reason=row.reason,
        by=row.made_by,
        at=row.made_at,
        report=row.report,
        lifted=lifted,
    )
