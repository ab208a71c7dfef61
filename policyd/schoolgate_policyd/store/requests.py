"""
Blocked content access requests: each move is one transaction with its step, grant and audit.

The workflow decides (`workflow.moves`); here the request is read, moved and written under the
write lock, so of two who sign at once one wins and the other is told.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from schoolgate_policyd.store.audit import bump_version, note
from schoolgate_policyd.store.credentials import Credentials
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.models import ClassRow, GrantRow, RequestRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.models.requests import GrantState
from schoolgate_policyd.store.people import member_in, members_in
from schoolgate_policyd.store.proving_who import require_password
from schoolgate_policyd.store.records import WaitingRequest
from schoolgate_policyd.store.request_rows import (
    request_of,
    request_row_in,
    row_of_form,
    row_of_grant,
    row_of_step,
)
from schoolgate_policyd.workflow import moves
from schoolgate_policyd.workflow.actors import next_turn
from schoolgate_policyd.workflow.effects import Effects
from schoolgate_policyd.workflow.errors import FieldMistake, InvalidForm, NotAllowed, WrongState
from schoolgate_policyd.workflow.forms import DecisionForm, ReviewForm
from schoolgate_policyd.workflow.requests import (
    OPEN_STATES,
    AccessRequest,
    RequestForm,
    State,
    Step,
)

MAX_OPEN_REQUESTS = 50
MAX_PAGE = 500

_ACTIONS = {
    State.SUBMITTED: AuditAction.REQUEST_SUBMITTED,
    State.MEASURES_CONFIRMED: AuditAction.MEASURES_CONFIRMED,
    State.MEASURES_REFUSED: AuditAction.MEASURES_REFUSED,
    State.APPROVED: AuditAction.REQUEST_APPROVED,
    State.REFUSED: AuditAction.REQUEST_REFUSED,
    State.WITHDRAWN: AuditAction.REQUEST_WITHDRAWN,
}


Move = Callable[[Session, AccessRequest], AccessRequest]


class Requests:
    """
    The requests and their grants.

    *at* is machine time, *moment* the school's clock, both aware; people are ids. Methods raise
    UnknownObject for ids that nothing has and WorkflowError with a sentence for what is refused.
    """

    def __init__(self, database: Database, credentials: Credentials) -> None:
        self._database = database
        self._credentials = credentials

    def find(self, number: int) -> AccessRequest:
        """Return request *number*; whether somebody may see it is `visibility.may_see`."""
        with self._database.reading() as session:
            return request_of(request_row_in(session, number))

    def of(self, person: str) -> tuple[AccessRequest, ...]:
        """Return the requests that *person* made, newest first."""
        return self._list(RequestRow.requester_id == person)

    def every(self, *, before: int | None = None, limit: int = 100) -> tuple[AccessRequest, ...]:
        """Return everybody's requests with ids below *before*, newest first."""
        return self._list(true() if before is None else RequestRow.id < before, limit)

    def waiting_for(
        self, person: str, *, at: datetime, moment: datetime
    ) -> tuple[WaitingRequest, ...]:
        """Return the requests on which *person* must act, the longest waiting first."""
        with self._database.reading() as session:
            people = members_in(session)
            rows = session.scalars(
                select(RequestRow)
                .where(RequestRow.state.in_(OPEN_STATES), RequestRow.ends_at > moment)
                .order_by(RequestRow.id)
            )
            waiting = []
            for request in map(request_of, rows):
                turn = next_turn(request, people)
                if turn is not None and any(person == each.id for each in turn.actors):
                    waiting.append(WaitingRequest(request, turn, at - request.waiting_since))
        return tuple(sorted(waiting, key=lambda each: each.age, reverse=True))

    def in_force(self, moment: datetime) -> tuple[AccessRequest, ...]:
        """Return the approved requests whose grants are live and not over, soonest end first."""
        with self._database.reading() as session:
            rows = session.scalars(
                select(RequestRow)
                .join(GrantRow)
                .where(GrantRow.state == GrantState.LIVE, GrantRow.ends_at > moment)
                .order_by(GrantRow.ends_at, RequestRow.id)
                .limit(MAX_PAGE)
            )
            return tuple(map(request_of, rows))

    def submit(
        self, person: str, form: RequestForm, *, at: datetime, moment: datetime
    ) -> AccessRequest:
        """Submit a form for *person*."""
        with self._database.writing() as session:
            requester = member_in(session, person)
            request = moves.submit(0, requester, form, at=at)
            moves.require_own_name(form.staff_name, requester, members_in(session))
            if form.for_class is not None and session.get(ClassRow, form.for_class) is None:
                raise InvalidForm((FieldMistake("for_whom", "There is no such class."),), {})
            open_already = session.scalar(
                select(func.count())
                .select_from(RequestRow)
                .where(
                    RequestRow.requester_id == person,
                    RequestRow.state.in_(OPEN_STATES),
                    RequestRow.ends_at > moment,
                )
            )
            if (open_already or 0) >= MAX_OPEN_REQUESTS:
                raise NotAllowed(
                    f"You have {MAX_OPEN_REQUESTS} requests waiting: withdraw some first."
                )
            row = RequestRow(state=request.state, **row_of_form(person, form))
            session.add(row)
            session.flush()
            return _moved(session, row, request.steps[-1])

    def review(
        self, number: int, *, by: str, answer: ReviewForm, at: datetime, moment: datetime
    ) -> AccessRequest:
        """Confirm or refuse the control measures."""

        def move(session: Session, request: AccessRequest) -> AccessRequest:
            return moves.review(
                request,
                by=member_in(session, by),
                people=members_in(session),
                are_in_place=answer.are_in_place,
                why=answer.why,
                at=at,
                moment=moment,
            )

        return self._move(number, move)

    def decide(
        self,
        number: int,
        *,
        by: str,
        decision: DecisionForm,
        effects: Effects | None,
        address: str,
        at: datetime,
        moment: datetime,
    ) -> AccessRequest:
        """
        Approve or refuse with a signature: the password, entered again, is checked first.

        *effects* are what the signer was shown; an approval needs them, a refusal may have None.
        *address* is where the signer is, for limiting attempts. Raises InvalidForm for a wrong
        password, OpensNothing for an approval that would open nothing.
        """
        if decision.is_approved and effects is None:
            raise WrongState("What would open has not been shown: look again before signing.")
        move = _deciding(by=by, decision=decision, effects=effects, at=at, moment=moment)
        # Whoever may not sign is told so before their password is tried, and cannot try any.
        with self._database.reading() as session:
            move(session, request_of(request_row_in(session, number)))
        require_password(self._credentials, by, decision.password, address=address, at=at)
        return self._move(number, move)

    def withdraw(
        self, number: int, *, by: str, why: str, at: datetime, moment: datetime
    ) -> AccessRequest:
        """Withdraw the request, and its grant at once and for ever."""

        def move(session: Session, request: AccessRequest) -> AccessRequest:
            return moves.withdraw(
                request, by=member_in(session, by), why=why, at=at, moment=moment
            )

        return self._move(number, move)

    def _list(self, condition: ColumnElement[bool], limit: int = 200) -> tuple[AccessRequest, ...]:
        query = select(RequestRow).where(condition).order_by(RequestRow.id.desc())
        with self._database.reading() as session:
            rows = session.scalars(query.limit(min(limit, MAX_PAGE)))
            return tuple(map(request_of, rows))

    def _move(self, number: int, move: Move) -> AccessRequest:
        with self._database.writing() as session:
            row = request_row_in(session, number)
            moved = move(session, request_of(row))
            step = moved.steps[-1]
            if step.state is State.APPROVED and moved.grant is not None:
                version = bump_version(session)
                row.grant = row_of_grant(moved.grant, row.id, version)
            if (
                step.state is State.WITHDRAWN
                and row.grant is not None
                and row.grant.state is GrantState.LIVE
            ):
                row.grant.state = GrantState.WITHDRAWN
                bump_version(session)
            return _moved(session, row, step)


def _moved(session: Session, row: RequestRow, step: Step) -> AccessRequest:
    """Write the step and its audit entry; return the request as it now is."""
    row.state = step.state
    row.steps.append(row_of_step(step))
    details = {} if step.signature is None else {"signed": step.signature.digest}
    note(
        session,
        _ACTIONS[step.state],
        at=step.at,
        actor=step.actor,
        on=("request", row.id),
        details=details,
    )
    session.flush()
    return request_of(row)


def _deciding(
    *, by: str, decision: DecisionForm, effects: Effects | None, at: datetime, moment: datetime
) -> Move:
    shown = effects if decision.is_approved else None

    def move(session: Session, request: AccessRequest) -> AccessRequest:
        signer, people = member_in(session, by), members_in(session)
        signature = moves.signature_of(
            request,
            grant=None if shown is None else shown.grant,
            reasons=decision.reasons,
            name=decision.staff_name,
            signed_on=decision.signed_on,
        )
        if shown is None:
            return moves.refuse(
                request,
                by=signer,
                people=people,
                reasons=decision.reasons,
                signature=signature,
                at=at,
                moment=moment,
            )
        return moves.approve(
            request,
            by=signer,
            people=people,
            reasons=decision.reasons,
            signature=signature,
            effects=shown,
            at=at,
            moment=moment,
        )

    return move
