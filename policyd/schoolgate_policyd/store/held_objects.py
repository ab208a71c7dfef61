"""Which objects a legal hold may name, and whether one of them is there."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import Integer, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from schoolgate_policyd.store.about import is_number
from schoolgate_policyd.store.models import (
    AcknowledgementRow,
    ApiTokenRow,
    AssignmentRow,
    AuditPersonalRow,
    AuditRow,
    BlockRow,
    ClassRow,
    DelegationRow,
    DeviceClaimRow,
    DeviceRow,
    DifferentDayRow,
    GrantRow,
    IncidentRow,
    LookRow,
    NetworkRow,
    PasskeyRow,
    PersonRow,
    PolicyVersionRow,
    ReportRow,
    RequestRow,
    RestrictionRow,
    SessionRow,
    StandingRecordRow,
    StandingRequestRow,
    SuggestedSiteRow,
    SupervisedSessionRow,
    TrainingRow,
)

# By the word for it in `incident/17`: the column with the 17.
HOLDABLE: Mapping[str, InstrumentedAttribute[Any]] = MappingProxyType(
    {
        "acknowledgement": AcknowledgementRow.id,
        "api-token": ApiTokenRow.id,
        "assignment": AssignmentRow.id,
        "block": BlockRow.id,
        "claim": DeviceClaimRow.id,
        "class": ClassRow.id,
        "delegation": DelegationRow.id,
        "device": DeviceRow.id,
        "different-day": DifferentDayRow.id,
        "grant": GrantRow.id,
        "incident": IncidentRow.id,
        "look": LookRow.id,
        "network": NetworkRow.id,
        "passkey": PasskeyRow.id,
        "person": PersonRow.id,
        "policy": PolicyVersionRow.number,
        "report": ReportRow.id,
        "request": RequestRow.id,
        "restriction": RestrictionRow.id,
        "session": SessionRow.id,
        "site": SuggestedSiteRow.id,
        "standing": StandingRecordRow.name,
        "standing-request": StandingRequestRow.id,
        "supervised-session": SupervisedSessionRow.id,
        "training": TrainingRow.id,
    }
)
# The log and the audit go on naming these when the register does not any more.
_OUTLIVED = frozenset({"class", "device", "network"})


def is_there_in(session: Session, kind: str, id_: str) -> bool:
    """Whether there is the object *kind*/*id_*, or for a part of the register, ever was."""
    column = HOLDABLE.get(kind)
    if column is None:
        return False
    if isinstance(column.type, Integer):
        if not is_number(id_):
            return False
        return session.scalar(select(column).where(column == int(id_)).limit(1)) is not None
    if session.scalar(select(column).where(column == id_).limit(1)) is not None:
        return True
    return kind in _OUTLIVED and _was_there_in(session, kind, id_)


def _was_there_in(session: Session, kind: str, id_: str) -> bool:
    named = (
        select(AuditRow.id)
        .join(AuditPersonalRow, AuditPersonalRow.id == AuditRow.id)
        .where(AuditRow.object_kind == kind, AuditPersonalRow.object_id == id_)
        .limit(1)
    )
    known = session.scalar(named)
    if known is None and kind == "device":
        # A device that only a network knows stands in incidents and nowhere else.
        known = session.scalar(select(IncidentRow.id).where(IncidentRow.device_id == id_).limit(1))
    return known is not None
