"""
Standing permissions on their way: each move is one transaction with its step, record and audit.

What comes of them are the two records of `store.standing`: the confirmed controls when the
controls are confirmed, the head's permission when it is signed. A renewal puts new ones in the
place of those that stand.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import StandingRequestRow, StandingStepRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.models.permissions import StandingRecordKind
from schoolgate_policyd.store.people import duty_holders_in, member_in
from schoolgate_policyd.store.standing import renew_record
from schoolgate_policyd.workflow import standing_requests
from schoolgate_policyd.workflow.actors import Turn
from schoolgate_policyd.workflow.errors import WrongState
from schoolgate_policyd.workflow.forms import ReviewForm
from schoolgate_policyd.workflow.requests import OPEN_STATES, Signature, State, Step
from schoolgate_policyd.workflow.standing_requests import StandingForm, StandingRequest

MAX_SHOWN = 200
_OPEN = (
    select(StandingRequestRow)
    .where(StandingRequestRow.state.in_(OPEN_STATES))
    .order_by(StandingRequestRow.id)
)

_RECORDS = {
    State.MEASURES_CONFIRMED: StandingRecordKind.CONFIRMED_CONTROLS,
    State.APPROVED: StandingRecordKind.HEAD_PERMISSION,
}
# The other steps put no record on file, so they have entries of their own.
_ACTIONS = {
    State.SUBMITTED: AuditAction.STANDING_ASKED,
    State.MEASURES_REFUSED: AuditAction.STANDING_REFUSED,
    State.REFUSED: AuditAction.STANDING_REFUSED,
    State.WITHDRAWN: AuditAction.STANDING_WITHDRAWN,
}

Move = Callable[[Session, StandingRequest], StandingRequest]


class StandingRequests:
    """What was asked to be permitted; *at* is machine time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, number: int) -> StandingRequest:
        """Return request *number*. Raises UnknownObject."""
        with self._database.reading() as session:
            return _request(_row_in(session, number))

    def every(self) -> tuple[StandingRequest, ...]:
        """Return every request for one, newest first."""
        query = select(StandingRequestRow).order_by(StandingRequestRow.id.desc()).limit(MAX_SHOWN)
        with self._database.reading() as session:
            return tuple(map(_request, session.scalars(query)))

    def turn_of(self, request: StandingRequest) -> Turn | None:
        """Return whose turn it is."""
        with self._database.reading() as session:
            return standing_requests.turn_of(request, duty_holders_in(session))

    def ask(self, person: str, form: StandingForm, *, at: datetime) -> StandingRequest:
        """Ask for one. Raises NotAllowed, WrongState where one is being decided already."""
        with self._database.writing() as session:
            asked = standing_requests.ask(member_in(session, person), form, at=at)
            is_open = select(StandingRequestRow.id).where(
                StandingRequestRow.name == form.name, StandingRequestRow.state.in_(OPEN_STATES)
            )
            if session.scalar(is_open.limit(1)) is not None:
                raise WrongState("This has been asked for already, and waits to be decided.")
            row = StandingRequestRow(
                name=form.name,
                requester_id=person,
                state=asked.state,
                reasons=form.reasons,
                measures=form.measures,
                review_on=form.review_on,
            )
            session.add(row)
            session.flush()
            return _moved(session, row, asked.steps[-1])

    def check(self, number: int, *, by: str, answer: ReviewForm, at: datetime) -> StandingRequest:
        """Confirm or refuse the controls."""

        def move(session: Session, request: StandingRequest) -> StandingRequest:
            return standing_requests.check(
                request,
                by=member_in(session, by),
                people=duty_holders_in(session),
                are_in_place=answer.are_in_place,
                why=answer.why,
                at=at,
            )

        return self._move(number, move)

    def withdraw(self, number: int, *, by: str, why: str, at: datetime) -> StandingRequest:
        """Withdraw what was asked for and not decided."""

        def move(session: Session, request: StandingRequest) -> StandingRequest:
            member = member_in(session, by)
            return standing_requests.withdraw(request, by=member, why=why, at=at)

        return self._move(number, move)

    def _move(self, number: int, move: Move) -> StandingRequest:
        with self._database.writing() as session:
            return move_in(session, number, move)


def move_in(session: Session, number: int, move: Move) -> StandingRequest:
    """Move request *number* in the transaction of *session*."""
    row = _row_in(session, number)
    return _moved(session, row, move(session, _request(row)).steps[-1])


def _moved(session: Session, row: StandingRequestRow, step: Step) -> StandingRequest:
    """Write the step with the record that comes of it, or its audit entry."""
    row.state = step.state
    row.steps.append(_row_of_step(step))
    kind = _RECORDS.get(step.state)
    signed: dict[str, object] = {}
    if step.signature is not None:
        signed = {"signed": step.signature.digest, "signature": step.signature.number}
    if kind is not None:
        renew_record(
            session,
            row.name,
            kind,
            by=step.actor,
            reasons=step.reasons,
            review_on=row.review_on,
            at=step.at,
            came_of={"request": row.id, **signed},
        )
    else:
        note(
            session,
            _ACTIONS[step.state],
            at=step.at,
            actor=step.actor,
            on=("standing-request", row.id),
            details={"name": row.name, **signed},
        )
    session.flush()
    return _request(row)


def standing_request_in(session: Session, number: int) -> StandingRequest:
    """Return request *number*. Raises UnknownObject."""
    return _request(_row_in(session, number))


def open_in(session: Session) -> tuple[StandingRequest, ...]:
    """Return those that are not decided yet, oldest first."""
    return tuple(map(_request, session.scalars(_OPEN)))


def _row_in(session: Session, number: int) -> StandingRequestRow:
    row = session.get(StandingRequestRow, number)
    if row is None:
        raise UnknownObject(f"there is no request for a standing permission {number}")
    return row


def _row_of_step(step: Step) -> StandingStepRow:
    signature = step.signature
    return StandingStepRow(
        state=step.state,
        actor_id=step.actor,
        at=step.at,
        reasons=step.reasons,
        signed_name=None if signature is None else signature.name,
        signed_on=None if signature is None else signature.signed_on,
        signed_digest=None if signature is None else signature.digest,
    )


def _request(row: StandingRequestRow) -> StandingRequest:
    form = StandingForm(row.name, row.reasons, row.measures, row.review_on)
    return StandingRequest(row.id, row.requester_id, form, tuple(map(_step, row.steps)))


def _step(row: StandingStepRow) -> Step:
    signature = None
    if row.signed_digest is not None and row.signed_on is not None:
        signature = Signature(row.signed_name or "", row.signed_on, row.signed_digest)
    return Step(row.state, row.actor_id, row.at, row.reasons, signature)
