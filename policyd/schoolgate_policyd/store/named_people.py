"""
Where records name people, by the kind of retention with which they go.

Every column that names a person stands here or in `ELSEWHERE`, which says why it need not: a test
goes through all tables and asks for each.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from schoolgate_policyd.store.models import (
    AcknowledgementRow,
    ApiTokenRow,
    AssignmentRow,
    AuditPersonalRow,
    BlockRow,
    DelegationRow,
    DeviceClaimRow,
    DifferentDayRow,
    DraftRow,
    GrantRow,
    IncidentRow,
    IncidentStepRow,
    LegalHoldRow,
    LookRow,
    OutboxRow,
    PersonRow,
    PolicyStepRow,
    PolicyVersionRow,
    QuestionRow,
    ReportAboutRow,
    ReportRow,
    ReportStepRow,
    RequestRow,
    RestrictionRow,
    ReviewRow,
    SessionRow,
    SetupCodeRow,
    SignatureRow,
    StandingRecordRow,
    StandingRequestRow,
    StandingStepRow,
    StepRow,
    SupervisedSessionRow,
    TrainingRow,
)
from schoolgate_policyd.store.retention_signed import OF_NO_RECORD

type Column = InstrumentedAttribute[Any]
# A record's own id, wherever it stands, and the people beside it.
type Place = tuple[Column, tuple[Column, ...]]

NAMED_IN: Mapping[str, tuple[Place, ...]] = MappingProxyType(
    {
        "requests": (
            (RequestRow.id, (RequestRow.requester_id,)),
            (StepRow.request_id, (StepRow.actor_id,)),
            (QuestionRow.request_id, (QuestionRow.asked_by,)),
            (ReviewRow.request_id, (ReviewRow.noted_by,)),
            (GrantRow.request_id, (GrantRow.person_id,)),
        ),
        "request-drafts": ((DraftRow.id, (DraftRow.author_id,)),),
        "standing-requests": (
            (StandingRequestRow.id, (StandingRequestRow.requester_id,)),
            (StandingStepRow.request_id, (StandingStepRow.actor_id,)),
        ),
        "standing-records": (
            (StandingRecordRow.id, (StandingRecordRow.actor_id, StandingRecordRow.withdrawn_by)),
        ),
        "delegations": (
            (
                DelegationRow.id,
                (DelegationRow.head_id, DelegationRow.deputy_id, DelegationRow.withdrawn_by),
            ),
        ),
        "incidents": (
            (IncidentRow.id, (IncidentRow.person_id, IncidentRow.opened_by)),
            (IncidentStepRow.incident_id, (IncidentStepRow.actor_id,)),
        ),
        "restrictions": (
            (
                RestrictionRow.id,
                (
                    RestrictionRow.person_id,
                    RestrictionRow.proposed_by,
                    RestrictionRow.decided_by,
                    RestrictionRow.ended_by,
                ),
            ),
        ),
        "supervised-sessions": (
            (
                SupervisedSessionRow.id,
                (
                    SupervisedSessionRow.person_id,
                    SupervisedSessionRow.opened_by,
                    SupervisedSessionRow.ended_by,
                ),
            ),
        ),
        "assignments": (
            (
                AssignmentRow.id,
                (AssignmentRow.person_id, AssignmentRow.assigned_by, AssignmentRow.ended_by),
            ),
        ),
        "reports": (
            (ReportRow.id, (ReportRow.reporter_id,)),
            (ReportStepRow.report_id, (ReportStepRow.actor_id,)),
            (ReportAboutRow.report_id, (ReportAboutRow.person_id, ReportAboutRow.named_by)),
        ),
        "blocks": ((BlockRow.id, (BlockRow.made_by, BlockRow.lifted_by)),),
        "looks": ((LookRow.id, (LookRow.person_id, LookRow.by_id)),),
        "acknowledgements": ((AcknowledgementRow.id, (AcknowledgementRow.person_id,)),),
        "training": ((TrainingRow.id, (TrainingRow.recorded_by,)),),
        "different-days": (
            (DifferentDayRow.id, (DifferentDayRow.directed_by, DifferentDayRow.withdrawn_by)),
        ),
        "signatures": ((SignatureRow.id, (SignatureRow.person_id,)),),
        "sessions": (
            (SessionRow.id, (SessionRow.person_id,)),
            (DeviceClaimRow.session_id, (DeviceClaimRow.person_id,)),
        ),
        "api-tokens": ((ApiTokenRow.id, (ApiTokenRow.person_id,)),),
        "setup-codes": ((SetupCodeRow.id, (SetupCodeRow.person_id, SetupCodeRow.made_by)),),
        "mails": ((OutboxRow.id, (OutboxRow.recipient_id,)),),
        "people-who-left": ((PersonRow.id, (PersonRow.leaves_by,)),),
        "audit-names": ((AuditPersonalRow.id, (AuditPersonalRow.actor_id,)),),
        "policy-versions": (
            (PolicyVersionRow.number, (PolicyVersionRow.author_id,)),
            (PolicyStepRow.version, (PolicyStepRow.actor_id,)),
        ),
        "legal-holds": ((LegalHoldRow.id, (LegalHoldRow.placed_by, LegalHoldRow.lifted_by)),),
    }
)

_WITH_THE_ACCOUNT = "deleted when they leave, with their account"
_WITH_THE_REGISTER = "taken from them when they leave"
# By table and column: what keeps them from naming somebody who left and is forgotten.
ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        "credentials.person_id": _WITH_THE_ACCOUNT,
        "passkeys.person_id": _WITH_THE_ACCOUNT,
        "one_time_codes.person_id": _WITH_THE_ACCOUNT,
        "recovery_codes.person_id": _WITH_THE_ACCOUNT,
        "email_addresses.person_id": _WITH_THE_ACCOUNT,
        "duties.person_id": _WITH_THE_REGISTER,
        "overtime_days.person_id": _WITH_THE_REGISTER,
        "class_members.person_id": _WITH_THE_REGISTER,
        "devices.owner_id": _WITH_THE_REGISTER,
        "signings.person_id": "goes with the session, and the day after it was begun",
    }
)
# By kind: which of the rows count, where the others go with records that name the same people.
ONLY: Mapping[str, ColumnElement[bool]] = MappingProxyType(
    {"signatures": SignatureRow.kind.in_(OF_NO_RECORD)}
)
