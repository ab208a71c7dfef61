"""Incidents, what follows from them, delegations and standing permissions go in their time."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from office import DSL, HEAD, LEAD, LESSON, LONDON, MACHINE, NETWORKS, PUPIL, TEACHER, sign
from sqlalchemy import func, select

from schoolgate_policyd.core.rules import Citation, RestrictionKind
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.incidents import NewIncident
from schoolgate_policyd.store.models import Base
from schoolgate_policyd.store.models.permissions import StandingRecordKind
from schoolgate_policyd.store.retention import days_of
from schoolgate_policyd.store.retention_kinds import KINDS
from schoolgate_policyd.store.signed_delegations import DelegationToSign
from schoolgate_policyd.workflow.delegations import DelegationForm
from schoolgate_policyd.workflow.incidents import IncidentKind, IncidentSubject, Severity
from schoolgate_policyd.workflow.legal_holds import HoldOn, NewHold
from schoolgate_policyd.workflow.restrictions import Proposal, RestrictionRecord, RestrictionState
from schoolgate_policyd.workflow.standing_requests import StandingForm

USUAL = days_of(KINDS, ())
LATER = MACHINE + timedelta(days=4 * 365)
RARE = "Zephyrine Quaverley-Umbershoot"
PROPOSAL = Proposal(
    RestrictionKind.SUPERVISED_ONLY,
    PUPIL.id,
    LESSON,
    LESSON + timedelta(days=2),
    RARE,
    Citation("Policy", "§9"),
)


def octets_of(store: DecisionStore) -> bytes:
    path = Path(str(store.database.engine.url.database))
    return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))


def count(store: DecisionStore, *tables: str) -> int:
    with store.database.reading() as session:
        known = Base.metadata.tables
        return sum(
            session.scalar(select(func.count()).select_from(known[each])) or 0 for each in tables
        )


def incident(store: DecisionStore, subject: IncidentSubject) -> int:
    new = NewIncident(IncidentKind.CIRCUMVENTION, Severity.LOW, subject, RARE, MACHINE)
    return store.incidents.open(new, by=TEACHER.id, at=MACHINE).id


def closed_incident(store: DecisionStore) -> None:
    number = incident(store, IncidentSubject(Audience.PUPIL, PUPIL.id, "pupil-computer"))
    store.incidents.note(number, by=LEAD.id, text=RARE, at=MACHINE)
    store.incidents.close(number, by=DSL.id, action="talked", outcome=RARE, at=MACHINE)


def ended_restriction(store: DecisionStore) -> None:
    number = store.restrictions.propose(PROPOSAL, by=DSL.id, at=MACHINE).id
    store.restrictions.decide(
        number, by=HEAD.id, is_approved=False, reasons=RARE, at=MACHINE, moment=LESSON
    )


def draft(store: DecisionStore) -> None:
    store.request_drafts.save(TEACHER.id, {"reasons": RARE}, at=MACHINE)


def withdrawn_standing(store: DecisionStore) -> None:
    form = StandingForm("staff-break-access", RARE, "watched", date(2027, 6, 1))
    asked = store.standing_requests.ask(DSL.id, form, at=MACHINE)
    store.standing_requests.withdraw(asked.id, by=DSL.id, why=RARE, at=MACHINE)


def withdrawn_record(store: DecisionStore) -> None:
    record = store.standing.record(
        "staff-break-access",
        StandingRecordKind.HEAD_PERMISSION,
        by=HEAD.id,
        reasons=RARE,
        review_on=date(2027, 6, 1),
        at=MACHINE,
    )
    store.standing.withdraw(record.id, by=HEAD.id, at=MACHINE)


def lapsed_record(store: DecisionStore) -> None:
    store.standing.record(
        "staff-break-access",
        StandingRecordKind.HEAD_PERMISSION,
        by=HEAD.id,
        reasons=RARE,
        review_on=LESSON.date(),
        at=MACHINE,
    )
    store.end_overdue(LESSON + timedelta(days=1), at=MACHINE)


def withdrawn_delegation(store: DecisionStore) -> None:
    form = DelegationForm(LEAD.id, LESSON, LESSON + timedelta(days=2), RARE)
    sign(store, DelegationToSign(HEAD.id, form, LESSON.date(), LONDON, MACHINE, LESSON))
    store.delegations.end(1, by=HEAD.id, why=RARE, at=MACHINE, moment=LESSON)


def ended_supervised_session(store: DecisionStore) -> None:
    opened = store.supervision.open(
        PUPIL.id,
        by=TEACHER.id,
        restrictions=(RestrictionRecord(1, PROPOSAL, DSL.id, MACHINE, RestrictionState.DECIDED),),
        ends_at=LESSON + timedelta(hours=1),
        at=MACHINE,
        moment=LESSON,
    )
    store.supervision.end(opened.id, by=TEACHER.id, at=MACHINE)


def assignment_given_back(store: DecisionStore) -> None:
    assigned = store.supervision.assign(
        "tablet",
        PUPIL.id,
        by=TEACHER.id,
        networks=NETWORKS,
        ends_at=LESSON + timedelta(hours=1),
        at=MACHINE,
        moment=LESSON,
    )
    store.supervision.give_back(assigned.id, by=TEACHER.id, at=MACHINE)


CASES: dict[str, tuple[Callable[[DecisionStore], None], tuple[str, ...], NewHold]] = {
    "incidents": (
        closed_incident,
        ("incidents", "incident_steps"),
        NewHold(HoldOn.PERSON, LEAD.id, "a claim"),
    ),
    "restrictions": (
        ended_restriction,
        ("restrictions",),
        NewHold(HoldOn.PERSON, PUPIL.id, "a claim"),
    ),
    "request-drafts": (
        draft,
        ("request_drafts",),
        NewHold(HoldOn.PERSON, TEACHER.id, "a claim"),
    ),
    "standing-requests": (
        withdrawn_standing,
        ("standing_requests", "standing_steps"),
        NewHold(HoldOn.OBJECT, "standing-request/1", "a claim"),
    ),
    "standing-records": (
        withdrawn_record,
        ("standing_records",),
        NewHold(HoldOn.KIND, "standing-records", "a claim"),
    ),
    "delegations": (
        withdrawn_delegation,
        ("delegations", "signatures"),
        NewHold(HoldOn.PERSON, LEAD.id, "a claim"),
    ),
    "supervised-sessions": (
        ended_supervised_session,
        ("supervised_sessions",),
        NewHold(HoldOn.OBJECT, "supervised-session/1", "a claim"),
    ),
    "assignments": (
        assignment_given_back,
        ("device_assignments",),
        NewHold(HoldOn.OBJECT, "device/tablet", "a claim"),
    ),
}


def test_a_standing_permission_that_lapsed_goes_in_its_time(store: DecisionStore) -> None:
    lapsed_record(store)

    assert 1 == store.retention.delete_due(USUAL, at=LATER)["standing-records"]
    assert RARE.encode() not in octets_of(store)


@pytest.mark.parametrize("kind", CASES)
def test_what_is_over_goes_in_its_time_with_every_octet_of_it(
    store: DecisionStore, kind: str
) -> None:
    make, tables, hold = CASES[kind]
    make(store)
    assert {} == store.retention.delete_due(USUAL, at=MACHINE + timedelta(days=1))
    placed = store.legal_holds.place(hold, by=DSL.id, at=MACHINE)

    store.retention.delete_due(USUAL, at=LATER)
    assert count(store, *tables)

    store.legal_holds.lift(placed.id, why="settled", by=DSL.id, at=LATER)
    assert 1 == store.retention.delete_due(USUAL, at=LATER + timedelta(days=1))[kind]
    assert 0 == count(store, *tables)
    assert RARE.encode() not in octets_of(store)


@pytest.mark.parametrize(
    ("target", "is_kept"),
    [("device/pupil-computer", True), ("device/tablet", False), ("incident/1", True)],
)
def test_a_hold_on_the_device_keeps_its_incident(
    store: DecisionStore, target: str, is_kept: bool
) -> None:
    closed_incident(store)
    store.legal_holds.place(NewHold(HoldOn.OBJECT, target, "a claim"), by=HEAD.id, at=MACHINE)

    store.retention.delete_due(USUAL, at=LATER)

    assert is_kept == bool(count(store, "incidents"))


def test_an_open_incident_and_one_that_was_opened_again_stay(store: DecisionStore) -> None:
    incident(store, IncidentSubject(Audience.PUPIL, PUPIL.id))
    closed_incident(store)
    store.incidents.reopen(2, by=DSL.id, why="again", at=MACHINE)

    store.retention.delete_due(USUAL, at=LATER)

    assert 2 == count(store, "incidents")


def test_an_incident_stays_as_long_as_a_restriction_that_came_of_it(store: DecisionStore) -> None:
    """The restriction is never changed, so it cannot lose what it came of."""
    closed_incident(store)
    proposal = Proposal(
        RestrictionKind.SUPERVISED_ONLY,
        PUPIL.id,
        LESSON,
        LESSON + timedelta(days=180),
        "again",
        Citation("Policy", "§9"),
        incident=1,
    )
    number = store.restrictions.propose(proposal, by=DSL.id, at=MACHINE).id
    store.restrictions.decide(
        number, by=HEAD.id, is_approved=True, reasons="so", at=MACHINE, moment=LESSON
    )

    store.retention.delete_due(USUAL, at=LATER)
    assert (1, 1) == (count(store, "incidents"), count(store, "restrictions"))

    store.end_overdue(LESSON + timedelta(days=200), at=MACHINE)
    store.retention.delete_due(USUAL, at=LATER)
    assert (0, 0) == (count(store, "incidents"), count(store, "restrictions"))
