"""
Blocked content access requests: each move is one transaction with its step, grant and audit.

The workflow decides (`workflow.moves`); here the request is read, moved and written under the
write lock, so of two who sign at once one wins and the other is told.
"""

from datetime import datetime, timedelta

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.delegations import is_standing_at, staffing_in
from schoolgate_policyd.store.models import (
    DelegationRow,
    DraftRow,
    DutyRow,
    GrantRow,
    RequestRow,
    ReviewRow,
)
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.models.requests import GrantState
from schoolgate_policyd.store.people import member_in, members_in
from schoolgate_policyd.store.records import WaitingRequest
from schoolgate_policyd.store.request_rows import (
    request_of,
    request_row_in,
    row_of_earlier,
    row_of_form,
)
from schoolgate_policyd.store.request_writing import (
    Move,
    end_grant,
    move_in,
    moved,
    require_class,
)
from schoolgate_policyd.workflow import moves
from schoolgate_policyd.workflow.actors import ACTING, Turn
from schoolgate_policyd.workflow.errors import NotAllowed
from schoolgate_policyd.workflow.forms import ReviewForm
from schoolgate_policyd.workflow.request_rights import Staffing
from schoolgate_policyd.workflow.requests import (
    OPEN_STATES,
    AccessRequest,
    RequestForm,
    State,
)

MAX_OPEN_REQUESTS = 50
MAX_PAGE = 500
# How long after its end a request is still on the requester's list, to say how it went.
ASKED_FOR = timedelta(days=28)

_PERSON: BindParameter[str] = bindparam("person")
_MOMENT: BindParameter[datetime] = bindparam("moment")
# On every page of everybody who may ask: it is put together once.
_MAY_WAIT = (
    select(RequestRow)
    .where(
        or_(
            and_(RequestRow.state.in_(OPEN_STATES), RequestRow.ends_at > _MOMENT),
            and_(
                RequestRow.state == State.APPROVED,
                RequestRow.ends_at <= _MOMENT,
                RequestRow.ends_at > bindparam("longest_ago"),
                ~RequestRow.review.has(ReviewRow.note.is_not(None)),
            ),
        ),
        or_(
            RequestRow.requester_id == _PERSON,
            exists().where(DutyRow.person_id == _PERSON, DutyRow.duty.in_(ACTING)),
            exists().where(DelegationRow.deputy_id == _PERSON, is_standing_at(_MOMENT)),
        ),
    )
    .order_by(RequestRow.id)
)


class Requests:
    """
    The requests and their grants.

    *at* is machine time, *moment* the school's clock, both aware; people are ids. Methods raise
    UnknownObject for ids that nothing has and WorkflowError with a sentence for what is refused.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

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

    def turn_of(self, request: AccessRequest, moment: datetime) -> Turn | None:
        """Return whose turn *request* is, deputies and stand-ins among them; None for nobody's."""
        with self._database.reading() as session:
            return staffing_in(session, moment).turn(request)

    def staffing(self, moment: datetime) -> Staffing:
        """Return who may act on requests at *moment* (aware, the school's clock)."""
        with self._database.reading() as session:
            return staffing_in(session, moment)

    def waiting_for(
        self, person: str, *, at: datetime, moment: datetime
    ) -> tuple[WaitingRequest, ...]:
        """Return the requests on which *person* must act, the longest waiting first."""
        with self._database.reading() as session:
            found = may_wait_in(session, person, moment)
            if not found:
                return ()
            staffing = staffing_in(session, moment)
        waiting = [
            WaitingRequest(request, turn, at - request.waiting_since)
            for request in found
            if (turn := staffing.turn(request)) is not None and turn.is_of(person)
        ]
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
        self,
        person: str,
        form: RequestForm,
        *,
        at: datetime,
        moment: datetime,
        draft: int | None = None,
    ) -> AccessRequest:
        """Submit a form for *person*; their *draft* of it is done with."""
        with self._database.writing() as session:
            requester = member_in(session, person)
            request = moves.submit(0, requester, form, at=at)
            moves.require_own_name(form.staff_name, requester, members_in(session))
            require_class(session, form)
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
            row = RequestRow(state=request.state, version=1, **row_of_form(person, form))
            session.add(row)
            kept = None if draft is None else session.get(DraftRow, draft)
            if kept is not None and kept.author_id == person:
                session.delete(kept)
            session.flush()
            return moved(session, row, request.steps[-1])

    def change(
        self,
        number: int,
        *,
        by: str,
        form: RequestForm,
        why: str,
        at: datetime,
        moment: datetime,
    ) -> AccessRequest:
        """Submit the form anew, as its next version; a grant of the one before is gone at once."""
        with self._database.writing() as session:
            row = request_row_in(session, number)
            require_class(session, form)
            changed = moves.change(
                request_of(row),
                by=member_in(session, by),
                people=members_in(session),
                form=form,
                why=why,
                at=at,
                moment=moment,
            )
            end_grant(session, row)
            for question in row.questions:
                if question.answer is None:
                    question.answered_at, question.answer = at, why
            row.earlier.append(row_of_earlier(changed.earlier[-1]))
            row.version = changed.version
            for column, value in row_of_form(row.requester_id, form).items():
                setattr(row, column, value)
            return moved(session, row, changed.steps[-1])

    def review(
        self, number: int, *, by: str, answer: ReviewForm, at: datetime, moment: datetime
    ) -> AccessRequest:
        """Confirm or refuse the control measures."""

        def move(session: Session, request: AccessRequest) -> AccessRequest:
            staffing = staffing_in(session, moment)
            return moves.review(
                request,
                by=member_in(session, by),
                people=staffing.people,
                delegations=staffing.delegations,
                are_in_place=answer.are_in_place,
                why=answer.why,
                at=at,
                moment=moment,
            )

        return self._move(number, move)

    def withdraw(
        self, number: int, *, by: str, why: str, at: datetime, moment: datetime
    ) -> AccessRequest:
        """Withdraw the request, and its grant at once and for ever."""

        def move(session: Session, request: AccessRequest) -> AccessRequest:
            staffing = staffing_in(session, moment)
            return moves.withdraw(
                request,
                by=member_in(session, by),
                people=staffing.people,
                delegations=staffing.delegations,
                why=why,
                at=at,
                moment=moment,
            )

        return self._move(number, move)

    def exported(self, number: int, *, by: str, at: datetime) -> None:
        """Record that *by* took the form of request *number* away as a file."""
        with self._database.writing() as session:
            request_row_in(session, number)
            note(session, AuditAction.EXPORTED, at=at, actor=by, on=("request", number))

    def _list(self, condition: ColumnElement[bool], limit: int = 200) -> tuple[AccessRequest, ...]:
        query = select(RequestRow).where(condition).order_by(RequestRow.id.desc())
        with self._database.reading() as session:
            rows = session.scalars(query.limit(min(limit, MAX_PAGE)))
            return tuple(map(request_of, rows))

    def _move(self, number: int, move: Move) -> AccessRequest:
        with self._database.writing() as session:
            return move_in(session, number, move)


def may_wait_in(session: Session, person: str, moment: datetime) -> tuple[AccessRequest, ...]:
    """
    Return the requests that may wait for *person* at *moment*, oldest first.

    Whether one does, `Staffing.turn` says. To whoever neither has a duty by which they act on
    those of others nor is a deputy nothing comes back but their own.
    """
    known = {"person": person, "moment": moment, "longest_ago": moment - ASKED_FOR}
    return tuple(map(request_of, session.scalars(_MAY_WAIT, known)))
