"""
How long incidents are kept and what followed from them, delegations and standing permissions.

An incident goes after the restrictions that came of it, and a delegation after the decisions that
were made by it: neither may be left pointing at nothing.
"""

from sqlalchemy import func, select

from schoolgate_policyd.store.models import (
    AssignmentRow,
    DelegationRow,
    IncidentRow,
    IncidentStepRow,
    RestrictionRow,
    StandingRecordRow,
    StandingRequestRow,
    StepRow,
    SupervisedSessionRow,
)
from schoolgate_policyd.store.retention_rows import YEAR, Kind, rows
from schoolgate_policyd.workflow.restrictions import RestrictionState

_OF_INCIDENTS = select(RestrictionRow.incident_id).where(RestrictionRow.incident_id.is_not(None))
_BY_DELEGATION = select(StepRow.delegation_id).where(StepRow.delegation_id.is_not(None))

PAPERWORK_KINDS: tuple[Kind, ...] = (
    Kind(
        name="restrictions",
        what="Restrictions that are over, or that nobody decided",
        reason="The DSL reviews what was withdrawn, from whom and why, over two school years.",
        days=2 * YEAR,
        least=YEAR,
        most=7 * YEAR,
        delete=rows(
            RestrictionRow,
            RestrictionRow.ends_at,
            people=(
                RestrictionRow.person_id,
                RestrictionRow.proposed_by,
                RestrictionRow.decided_by,
                RestrictionRow.ended_by,
            ),
            on=("restriction", RestrictionRow.id),
            only=RestrictionRow.state != RestrictionState.DECIDED,
        ),
    ),
    Kind(
        name="incidents",
        what="Incidents that are closed, with their steps and evidence",
        reason=(
            "The DSL sees over two school years whether it happens again. What must be kept for "
            "longer belongs into the safeguarding record, by the export."
        ),
        days=2 * YEAR,
        least=YEAR,
        most=7 * YEAR,
        delete=rows(
            IncidentRow,
            IncidentRow.closed_at,
            people=(IncidentRow.person_id, IncidentRow.opened_by),
            devices=(IncidentRow.device_id,),
            named_in=((IncidentStepRow.incident_id, IncidentStepRow.actor_id),),
            on=("incident", IncidentRow.id),
            only=IncidentRow.id.not_in(_OF_INCIDENTS),
        ),
    ),
    Kind(
        name="supervised-sessions",
        what="Supervised sessions that are over",
        reason="To see within the school year who supervised whom, and when.",
        days=YEAR,
        least=30,
        most=2 * YEAR,
        delete=rows(
            SupervisedSessionRow,
            SupervisedSessionRow.ended_at,
            people=(
                SupervisedSessionRow.person_id,
                SupervisedSessionRow.opened_by,
                SupervisedSessionRow.ended_by,
            ),
            on=("supervised-session", SupervisedSessionRow.id),
        ),
    ),
    Kind(
        name="assignments",
        what="Which pupil used which school device, after that has ended",
        reason="To see within the school year who used a device when something was tried on it.",
        days=YEAR,
        least=30,
        most=2 * YEAR,
        delete=rows(
            AssignmentRow,
            AssignmentRow.ended_at,
            people=(AssignmentRow.person_id, AssignmentRow.assigned_by, AssignmentRow.ended_by),
            devices=(AssignmentRow.device_id,),
            on=("assignment", AssignmentRow.id),
        ),
    ),
    Kind(
        name="delegations",
        what="Delegations that are over and under which no decision is kept any more",
        reason="Governors see by what right a deputy decided, as long as the decision is kept.",
        days=2 * YEAR,
        least=YEAR,
        most=7 * YEAR,
        delete=rows(
            DelegationRow,
            DelegationRow.ends_at,
            people=(DelegationRow.head_id, DelegationRow.deputy_id, DelegationRow.withdrawn_by),
            on=("delegation", DelegationRow.id),
            only=DelegationRow.id.not_in(_BY_DELEGATION),
        ),
    ),
    Kind(
        name="standing-requests",
        what="Requests for standing permissions after their review date, with their signatures",
        reason="Governors review each year what was permitted and why (twiss-green §2).",
        days=2 * YEAR,
        least=YEAR,
        most=7 * YEAR,
        delete=rows(
            StandingRequestRow,
            StandingRequestRow.review_on,
            people=(StandingRequestRow.requester_id,),
            on=("standing-request", StandingRequestRow.id),
            and_its_rows=True,
        ),
    ),
    Kind(
        name="standing-records",
        what="Records of standing permissions that were withdrawn or renewed, or that lapsed",
        reason="Governors review each year what was permitted and why (twiss-green §2).",
        days=2 * YEAR,
        least=YEAR,
        most=7 * YEAR,
        delete=rows(
            StandingRecordRow,
            func.coalesce(StandingRecordRow.withdrawn_at, StandingRecordRow.lapsed_at),
            people=(StandingRecordRow.actor_id, StandingRecordRow.withdrawn_by),
            on=("standing", StandingRecordRow.name),
        ),
    ),
)
