"""Writing versions of the policy: a row, a step, its audit entry, in one transaction."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from schoolgate_policyd.store.audit import bump_version, note
from schoolgate_policyd.store.models import PolicyVersionRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.policy_rows import (
    PolicyContent,
    columns_of,
    row_of_step,
    text_rows,
    version_of,
    version_row_in,
    versions_in,
)
from schoolgate_policyd.workflow.policy_versions import (
    Move,
    Origin,
    PolicyStep,
    PolicyVersion,
    VersionState,
)

type Versions = tuple[PolicyVersion, ...]
type Moving = Callable[[Session, PolicyVersion, Versions], PolicyVersion]

_ACTIONS = {
    Move.TAKEN_UP: AuditAction.POLICY_TAKEN_UP,
    Move.BEGUN: AuditAction.POLICY_DRAFT_BEGUN,
    Move.PROPOSED: AuditAction.POLICY_PROPOSED,
    Move.APPROVED: AuditAction.POLICY_APPROVED,
    Move.DIRECTED: AuditAction.POLICY_DIRECTED,
    Move.REFUSED: AuditAction.POLICY_REFUSED,
    Move.WITHDRAWN: AuditAction.POLICY_WITHDRAWN,
}
_POLICY = "policy"


def directed_in(session: Session, school: str) -> Versions:
    """Return the directed versions of *school*, without proofs: asked every second."""
    return versions_in(
        session,
        PolicyVersionRow.school == school,
        PolicyVersionRow.state == VersionState.DIRECTED,
        with_checks=False,
    )


def proposed_in(session: Session, school: str) -> Versions:
    """Return the proposed versions of *school* and those that they were drafted on, unproved."""
    is_proposed = and_(
        PolicyVersionRow.school == school, PolicyVersionRow.state == VersionState.PROPOSED
    )
    bases = select(PolicyVersionRow.base).where(is_proposed)
    return versions_in(
        session,
        PolicyVersionRow.school == school,
        or_(is_proposed, PolicyVersionRow.number.in_(bases)),
        with_checks=False,
    )


def of_school_in(session: Session, row: PolicyVersionRow) -> Versions:
    """Return every version of the school of *row*, without proofs and replays."""
    return versions_in(session, PolicyVersionRow.school == row.school, with_checks=False)


def new_row(school: str, content: PolicyContent, origin: Origin) -> PolicyVersionRow:
    """Return the row of a new version with its texts."""
    # It begins as a draft whatever its origin: only a draft's texts can be written.
    return PolicyVersionRow(
        school=school,
        origin=origin,
        state=VersionState.DRAFT,
        texts=text_rows(content),
        **columns_of(content),
    )


def move_in(session: Session, number: int, move: Moving) -> PolicyVersion:
    """Move version *number* in the transaction of *session*."""
    row = version_row_in(session, number)
    after = move(session, version_of(session, row), of_school_in(session, row))
    return moved(session, row, after.steps[-1], after.state)


def moved(
    session: Session, row: PolicyVersionRow, step: PolicyStep, state: VersionState
) -> PolicyVersion:
    """Write the step, the state and the audit entry; return the version as it now is."""
    row.state = state
    row.steps.append(row_of_step(step))
    details: dict[str, object] = {"digest": row.digest}
    if step.signature is not None:
        details |= {"signed": step.signature.digest, "signature": step.signature.number}
    if step.direction is not None:
        details["in_force_from"] = step.direction.in_force_from.astimezone(UTC).isoformat()
    note_on(session, _ACTIONS[step.move], row, actor=step.actor, at=step.at, details=details)
    if step.direction is not None or step.move is Move.WITHDRAWN:
        bump_version(session)
    session.flush()
    return version_of(session, row)


def note_on(
    session: Session,
    action: AuditAction,
    row: PolicyVersionRow,
    *,
    actor: str | None,
    at: datetime,
    details: Mapping[str, object],
) -> None:
    """Write an audit entry about a version."""
    note(session, action, at=at, actor=actor, on=(_POLICY, row.number), details=details)
