"""How a moved request is written: its step, the end of its grant, its audit entry, together."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from schoolgate_policyd.store.audit import bump_version, note
from schoolgate_policyd.store.models import ClassRow, RequestRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.models.requests import GrantState
from schoolgate_policyd.store.request_rows import (
    request_of,
    request_row_in,
    row_of_grant,
    row_of_step,
)
from schoolgate_policyd.workflow.errors import mistake_in
from schoolgate_policyd.workflow.requests import AccessRequest, RequestForm, State, Step

_ACTIONS = {
    State.SUBMITTED: AuditAction.REQUEST_SUBMITTED,
    State.MEASURES_CONFIRMED: AuditAction.MEASURES_CONFIRMED,
    State.MEASURES_REFUSED: AuditAction.MEASURES_REFUSED,
    State.APPROVED: AuditAction.REQUEST_APPROVED,
    State.REFUSED: AuditAction.REQUEST_REFUSED,
    State.WITHDRAWN: AuditAction.REQUEST_WITHDRAWN,
}


Move = Callable[[Session, AccessRequest], AccessRequest]


def require_class(session: Session, form: RequestForm) -> None:
    """Raise InvalidForm unless the class that *form* is for is there."""
    if form.for_class is not None and session.get(ClassRow, form.for_class) is None:
        raise mistake_in("for_whom", "There is no such class.")


def end_grant(session: Session, row: RequestRow) -> None:
    """Withdraw the grant of *row*, if it has a live one, at once and for ever."""
    if row.grant is not None and row.grant.state is GrantState.LIVE:
        row.grant.state = GrantState.WITHDRAWN
        bump_version(session)


def move_in(session: Session, number: int, move: Move) -> AccessRequest:
    """Make *move* with request *number*, with what follows for its grant."""
    row = request_row_in(session, number)
    after = move(session, request_of(row))
    step = after.steps[-1]
    if step.state is State.APPROVED and after.grant is not None:
        version = bump_version(session)
        row.grants.append(row_of_grant(after.grant, after, version))
    if step.state is State.WITHDRAWN:
        end_grant(session, row)
    return moved(session, row, step)


def moved(session: Session, row: RequestRow, step: Step) -> AccessRequest:
    """Write the step and its audit entry; return the request as it now is."""
    row.state = step.state
    row.steps.append(row_of_step(step))
    is_changed = step.state is State.SUBMITTED and step.version > 1
    details: dict[str, object] = {} if step.version == 1 else {"version": step.version}
    if step.signature is not None:
        details |= {"signed": step.signature.digest, "signature": step.signature.number}
    if step.delegation is not None:
        details |= {"delegation": step.delegation, "for": step.for_head}
    note(
        session,
        AuditAction.REQUEST_CHANGED if is_changed else _ACTIONS[step.state],
        at=step.at,
        actor=step.actor,
        on=("request", row.id),
        details=details,
    )
    session.flush()
    return request_of(row)
