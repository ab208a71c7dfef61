"""Legal holds as they are kept: placed, lifted once, never deleted."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schoolgate_policyd.store.about import people_about_in
from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.held_objects import is_there_in
from schoolgate_policyd.store.models import LegalHoldRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.store.retention_kinds import KINDS
from schoolgate_policyd.workflow.errors import InvalidForm, WrongState, mistake_in
from schoolgate_policyd.workflow.legal_holds import (
    MAX_IN_FORCE,
    Held,
    HoldOn,
    LegalHold,
    NewHold,
    held_by,
    parse_object,
    require_may_lift,
    require_may_place,
)


class LegalHolds:
    """What must not be deleted although its time is over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def every(self) -> tuple[LegalHold, ...]:
        """Return every hold, those in force first, then the newest first."""
        with self._database.reading() as session:
            return tuple(
                _hold_of(session, row)
                for row in session.scalars(
                    select(LegalHoldRow).order_by(
                        LegalHoldRow.lifted_at.is_not(None), LegalHoldRow.id.desc()
                    )
                )
            )

    def held(self) -> Held:
        """Return everything that is under a legal hold now."""
        with self._database.reading() as session:
            return held_in(session)

    def place(self, new: NewHold, *, by: str, at: datetime) -> LegalHold:
        """
        Place a hold at *at* (machine time).

        Raises NotAllowed, UnknownObject for a person or kind that is not there, InvalidForm for
        an object that is not, or that is a matter about *by*; WrongState when there are too many.
        """
        with self._database.writing() as session:
            _require_right_in(session, new, by)
            _require_there(session, new)
            in_force = select(func.count()).where(LegalHoldRow.lifted_at.is_(None))
            if (session.scalar(in_force) or 0) >= MAX_IN_FORCE:
                raise WrongState(f"There are {MAX_IN_FORCE} legal holds already: lift some first.")
            row = LegalHoldRow(
                on=new.on, target=new.target, reason=new.reason, placed_by=by, placed_at=at
            )
            session.add(row)
            session.flush()
            note(
                session,
                AuditAction.LEGAL_HOLD_PLACED,
                at=at,
                actor=by,
                on=("legal-hold", row.id),
                details={"on": new.on, "target": new.target, "reason": new.reason},
            )
            return _hold_of(session, row)

    def lift(self, hold: int, *, why: str, by: str, at: datetime) -> LegalHold:
        """Lift a hold for ever. Raises NotAllowed, WrongState, UnknownObject."""
        with self._database.writing() as session:
            row = session.get(LegalHoldRow, hold)
            if row is None:
                raise UnknownObject(f"there is no legal hold {hold}")
            require_may_lift(member_in(session, by), _hold_of(session, row))
            row.lifted_by, row.lifted_at, row.lifted_why = by, at, why
            note(
                session,
                AuditAction.LEGAL_HOLD_LIFTED,
                at=at,
                actor=by,
                on=("legal-hold", row.id),
                details={"why": why},
            )
            return _hold_of(session, row)


def held_in(session: Session) -> Held:
    """Return everything that is under a legal hold, in the transaction of *session*."""
    rows = session.scalars(select(LegalHoldRow).where(LegalHoldRow.lifted_at.is_(None)))
    return held_by(_hold_of(session, row) for row in rows)


def _require_right_in(session: Session, new: NewHold, by: str) -> None:
    about = people_about_in(session, new.on, new.target)
    if new.on is not HoldOn.OBJECT or new.target == f"person/{by}":
        require_may_place(member_in(session, by), about)
        return
    require_may_place(member_in(session, by), frozenset())
    if by in about:
        # Any other answer would tell them that there is a matter about them, and its number.
        raise _no_such_object()


def _no_such_object() -> InvalidForm:
    return mistake_in("object", "Schoolgate knows no such object: check its kind and its number.")


def _require_there(session: Session, new: NewHold) -> None:
    if new.on is HoldOn.OBJECT and not is_there_in(session, *parse_object(new.target)):
        raise _no_such_object()
    if new.on is HoldOn.PERSON:
        member_in(session, new.target)
    if new.on is HoldOn.KIND and new.target not in {each.name for each in KINDS}:
        raise UnknownObject(f"there is no kind of record `{new.target}`")


def _hold_of(session: Session, row: LegalHoldRow) -> LegalHold:
    return LegalHold(
        id=row.id,
        on=row.on,
        target=row.target,
        reason=row.reason,
        placed_by=row.placed_by,
        placed_at=row.placed_at,
        about=people_about_in(session, row.on, row.target),
        lifted_by=row.lifted_by,
        lifted_at=row.lifted_at,
        lifted_why=row.lifted_why,
    )
