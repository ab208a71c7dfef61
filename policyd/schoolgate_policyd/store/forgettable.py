"""Whether somebody can be forgotten, and what names their pseudonym from then on."""

from typing import Any, NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.legal_holds import held_in
from schoolgate_policyd.store.models import (
    AuditPersonalRow,
    DelegationRow,
    IncidentRow,
    IncidentStepRow,
    LookRow,
    PersonRow,
    ReportRow,
    RequestRow,
    RestrictionRow,
    StandingRecordRow,
    StandingRequestRow,
    StandingStepRow,
    StepRow,
)
from schoolgate_policyd.workflow.errors import WrongState
from schoolgate_policyd.workflow.forgetting import FORGOTTEN


class Naming(NamedTuple):
    """How many *records* of one *kind* of retention name somebody by their pseudonym."""

    kind: str
    records: int


type _Column = InstrumentedAttribute[Any]

# By kind of retention: a record's own id, wherever it stands, and the people beside it.
_NAMING: tuple[tuple[str, tuple[tuple[_Column, tuple[_Column, ...]], ...]], ...] = (
    (
        "requests",
        (
            (RequestRow.id, (RequestRow.requester_id,)),
            (StepRow.request_id, (StepRow.actor_id,)),
        ),
    ),
    (
        "standing-requests",
        (
            (StandingRequestRow.id, (StandingRequestRow.requester_id,)),
            (StandingStepRow.request_id, (StandingStepRow.actor_id,)),
        ),
    ),
    (
        "standing-records",
        ((StandingRecordRow.id, (StandingRecordRow.actor_id, StandingRecordRow.withdrawn_by)),),
    ),
    ("delegations", ((DelegationRow.id, (DelegationRow.head_id, DelegationRow.deputy_id)),)),
    (
        "incidents",
        (
            (IncidentRow.id, (IncidentRow.person_id, IncidentRow.opened_by)),
            (IncidentStepRow.incident_id, (IncidentStepRow.actor_id,)),
        ),
    ),
    (
        "restrictions",
        (
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
    ),
    ("reports", ((ReportRow.id, (ReportRow.reporter_id,)),)),
    ("looks", ((LookRow.id, (LookRow.person_id, LookRow.by_id)),)),
    ("audit-names", ((AuditPersonalRow.id, (AuditPersonalRow.actor_id,)),)),
)


# What retention calls them: a hold on the whole kind holds each of them.
_KIND = "people-who-left"


def require_forgettable_in(session: Session, person: str) -> None:
    """Raise unless *person* left, is still known, and is under no legal hold."""
    row = session.get(PersonRow, person)
    if row is None:
        raise UnknownObject(f"there is no person `{person}`")
    if not row.has_left:
        raise WrongState("Only somebody who left is forgotten: have them leave first.")
    if row.name == FORGOTTEN:
        raise WrongState("They are forgotten already.")
    held = held_in(session)
    if person in held.people or _KIND in held.kinds:
        raise WrongState("A legal hold is on this person: it must be lifted first.")


def naming_in(session: Session, person: str) -> tuple[Naming, ...]:
    """Return how many records of which kinds name *person*, kinds with none left out."""
    found = []
    for kind, places in _NAMING:
        numbers: set[int] = set()
        for key, people in places:
            is_named = or_(*(each == person for each in people))
            numbers.update(session.scalars(select(key).where(is_named)))
        if numbers:
            found.append(Naming(kind, len(numbers)))
    return tuple(found)
