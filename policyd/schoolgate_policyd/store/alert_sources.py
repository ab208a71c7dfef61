"""
From the audit to alerts: what an entry is about is read, and the workflow says who is told.

An entry about something that is not there any more tells nobody.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.store.delegations import staffing_in
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.incident_rows import incident_of, incident_row_in
from schoolgate_policyd.store.models import (
    AuditPersonalRow,
    AuditRow,
    DelegationRow,
    GrantRow,
    PolicyVersionRow,
    ReportRow,
    RequestRow,
    RestrictionRow,
    StandingRecordRow,
)
from schoolgate_policyd.store.models.acknowledgements import TrainingRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.models.requests import GrantState
from schoolgate_policyd.store.policy_rows import version_of, version_row_in
from schoolgate_policyd.store.policy_writes import of_school_in
from schoolgate_policyd.store.report_rows import report_of
from schoolgate_policyd.store.request_rows import request_of, request_row_in
from schoolgate_policyd.store.standing_requests import standing_request_in
from schoolgate_policyd.workflow.alert_dates import Dues, Ending, Standing
from schoolgate_policyd.workflow.alerts import (
    Alert,
    about_delegation,
    about_incident,
    about_policy,
    about_report,
    about_request,
    about_restriction,
    about_standing,
)
from schoolgate_policyd.workflow.incidents import IncidentSubject
from schoolgate_policyd.workflow.request_rights import Staffing
from schoolgate_policyd.workflow.training import TrainingKind

log = structlog.get_logger(__name__)


class Since(NamedTuple):
    """Entries after number *after*, at most *limit*; *moment* is the school's clock now."""

    after: int
    limit: int
    moment: datetime


class Entry(NamedTuple):
    """What an entry says of itself: who did what to the object with which id."""

    action: AuditAction
    actor: str | None
    object_id: str


type Source = Callable[[Session, Entry, Staffing], tuple[Alert, ...]]


def alerts_since(session: Session, since: Since) -> tuple[list[Alert], int]:
    """Return the alerts of the next entries, and the number of the last that was read."""
    query = (
        select(AuditRow, AuditPersonalRow)
        .outerjoin(AuditPersonalRow, AuditPersonalRow.id == AuditRow.id)
        .where(AuditRow.id > since.after)
        .order_by(AuditRow.id)
        .limit(since.limit)
    )
    found: list[Alert] = []
    last = since.after
    around: Staffing | None = None
    for row, personal in session.execute(query):
        last = row.id
        source = SOURCES.get(row.object_kind)
        if source is None or personal is None:
            continue
        around = around or staffing_in(session, since.moment)
        entry = Entry(row.action, personal.actor_id, personal.object_id)
        try:
            found.extend(source(session, entry, around))
        except UnknownObject:
            log.info("nobody is told of what is gone", entry=row.id)
    return found, last


def dues_in(session: Session) -> Dues:
    """Return what the school keeps that comes due, but for the policy's own review."""
    live = (
        select(GrantRow, RequestRow.requester_id)
        .join(RequestRow, RequestRow.id == GrantRow.request_id)
        .where(GrantRow.state == GrantState.LIVE)
    )
    standing = select(StandingRecordRow).where(StandingRecordRow.withdrawn_at.is_(None))
    records = session.scalars(select(TrainingRow).order_by(TrainingRow.given_on, TrainingRow.id))
    # Training that was given again is due from then on.
    newest: dict[tuple[TrainingKind, str], TrainingRow] = {}
    education: set[date] = set()
    for row in records:
        newest[row.kind, row.what.casefold()] = row
        if row.kind is TrainingKind.ONLINE_SAFETY_EDUCATION:
            education.add(row.given_on)
    return Dues(
        endings=tuple(
            Ending(grant.request_id, requester, grant.starts_at, grant.ends_at)
            for grant, requester in session.execute(live)
        ),
        standing=tuple(Standing(row.id, row.review_on) for row in session.scalars(standing)),
        training=tuple(
            (row.id, row.due_again_on) for row in newest.values() if row.due_again_on is not None
        ),
        education_given=frozenset(education),
    )


def _of_request(session: Session, entry: Entry, around: Staffing) -> tuple[Alert, ...]:
    if entry.action not in _REQUEST_MOVES:
        return ()
    request = request_of(request_row_in(session, _number(entry)))
    return about_request(request, around, by=entry.actor)


def _of_grant(session: Session, entry: Entry, around: Staffing) -> tuple[Alert, ...]:
    """Return who is asked how it went, once a grant is over."""
    row = session.get(GrantRow, entry.object_id)
    if row is None or entry.action is not AuditAction.GRANT_ENDED:
        return ()
    request = request_of(request_row_in(session, row.request_id))
    return about_request(request, around, by=request.requester)


def _of_standing(session: Session, entry: Entry, around: Staffing) -> tuple[Alert, ...]:
    request = standing_request_in(session, _number(entry))
    return about_standing(request, around.people, by=entry.actor)


def _of_report(session: Session, entry: Entry, around: Staffing) -> tuple[Alert, ...]:
    row = session.get(ReportRow, _number(entry))
    if row is None or entry.action not in _REPORT_MOVES:
        return ()
    return about_report(report_of(row), around.people, by=entry.actor)


def _of_incident(session: Session, entry: Entry, around: Staffing) -> tuple[Alert, ...]:
    if entry.action not in _INCIDENT_MOVES:
        return ()
    incident = incident_of(incident_row_in(session, _number(entry)))
    return about_incident(incident, by=entry.actor, people=around.people)


def _of_restriction(session: Session, entry: Entry, around: Staffing) -> tuple[Alert, ...]:
    row = session.get(RestrictionRow, _number(entry))
    if row is None or entry.action not in _RESTRICTION_MOVES:
        return ()
    known = next((each for each in around.people if each.id == row.person_id), None)
    # Nobody of that name any more: the matter is as that of a pupil.
    audience = Audience.PUPIL if known is None else known.audience
    return about_restriction(
        row.id,
        IncidentSubject(audience, row.person_id),
        around.people,
        is_proposed=entry.action is AuditAction.RESTRICTION_PROPOSED,
        proposed_by=row.proposed_by,
        by=entry.actor,
    )


def _of_delegation(session: Session, entry: Entry, around: Staffing) -> tuple[Alert, ...]:
    row = session.get(DelegationRow, _number(entry))
    if row is None or entry.action is not AuditAction.DEPUTY_NAMED:
        return ()
    return about_delegation(
        row.id, deputy=row.deputy_id, head=row.head_id, people=around.people, by=entry.actor
    )


def _of_policy(session: Session, entry: Entry, around: Staffing) -> tuple[Alert, ...]:
    if entry.action not in _POLICY_MOVES:
        return ()
    row: PolicyVersionRow = version_row_in(session, _number(entry))
    return about_policy(
        version_of(session, row),
        of_school_in(session, row),
        by=entry.actor,
        people=around.people,
        moment=around.moment,
    )


_POLICY_MOVES = frozenset(
    {
        AuditAction.POLICY_PROPOSED,
        AuditAction.POLICY_APPROVED,
        AuditAction.POLICY_DIRECTED,
        AuditAction.POLICY_REFUSED,
    }
)


# Who exports or looks moves nothing.
_REQUEST_MOVES = frozenset(
    {
        AuditAction.REQUEST_SUBMITTED,
        AuditAction.REQUEST_CHANGED,
        AuditAction.QUESTION_ASKED,
        AuditAction.QUESTION_ANSWERED,
        AuditAction.MEASURES_CONFIRMED,
        AuditAction.MEASURES_REFUSED,
        AuditAction.REQUEST_APPROVED,
        AuditAction.REQUEST_REFUSED,
        AuditAction.REQUEST_WITHDRAWN,
        AuditAction.REQUEST_TOLD,
    }
)
_REPORT_MOVES = frozenset(
    {
        AuditAction.REPORT_MADE,
        AuditAction.REPORT_ANSWERED,
        AuditAction.REPORT_TO_HEAD,
        AuditAction.REPORT_ABOUT,
    }
)
_INCIDENT_MOVES = frozenset(
    {
        AuditAction.INCIDENT_OPENED,
        AuditAction.INCIDENT_MORE_SEVERE,
        AuditAction.INCIDENT_NAMED,
        AuditAction.INCIDENT_REOPENED,
    }
)
_RESTRICTION_MOVES = frozenset(
    {
        AuditAction.RESTRICTION_PROPOSED,
        AuditAction.RESTRICTION_DECIDED,
        AuditAction.RESTRICTION_REFUSED,
        AuditAction.RESTRICTION_ENDED_EARLY,
    }
)


def _number(entry: Entry) -> int:
    if not entry.object_id.isdecimal():
        raise UnknownObject(f"`{entry.object_id}` is no number")
    return int(entry.object_id)


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "request": _of_request,
        "grant": _of_grant,
        "standing-request": _of_standing,
        "report": _of_report,
        "incident": _of_incident,
        "restriction": _of_restriction,
        "delegation": _of_delegation,
        "policy": _of_policy,
    }
)
