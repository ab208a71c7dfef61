"""Whatever stage a matter ends in, it is deleted in its time; what has not ended stays."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

import paper_stages as paper
import pytest
import told_stages as told
from office import HEAD, LESSON, MACHINE, TEACHER
from paper_stages import Make
from sqlalchemy import select

from schoolgate_policyd.core.subjects import Duty
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.models import SignatureRow
from schoolgate_policyd.store.models.requests import GrantState
from schoolgate_policyd.store.retention_kinds import KINDS
from schoolgate_policyd.store.retention_rows import Sweep
from schoolgate_policyd.workflow.incidents import IncidentState
from schoolgate_policyd.workflow.legal_holds import Held
from schoolgate_policyd.workflow.reports import ReportState
from schoolgate_policyd.workflow.requests import Stage, State
from schoolgate_policyd.workflow.restrictions import RestrictionState

YEAR = timedelta(days=365)
LATER = MACHINE + 12 * YEAR
NOT_BEFORE = LATER + YEAR

NOT_ENDED = "nobody has ended the matter yet"
ENDED = {"ended_at": MACHINE, "ended_by": TEACHER.id}
LIFTED = {"lifted_at": MACHINE, "lifted_by": HEAD.id, "lift_reason": "checked"}
WITHDRAWN = {"withdrawn_at": MACHINE, "withdrawn_by": HEAD.id}


class Paper(NamedTuple):
    """A record of *kind* in *stage*: what makes one, and why it *stays*, "" where it goes."""

    kind: str
    stage: str
    make: Make
    stays: str = ""


# Approved and in force, waiting and lapsed are the same rows: the moment alone tells them apart.
REQUESTS = {
    Stage.WAITING_FOR_ANSWER: paper.requested(State.SUBMITTED, paper.question),
    Stage.WAITING_FOR_MEASURES: paper.requested(State.SUBMITTED),
    Stage.MEASURES_REFUSED: paper.requested(State.MEASURES_REFUSED),
    Stage.WAITING_FOR_DECISION: paper.requested(State.MEASURES_CONFIRMED),
    Stage.REFUSED: paper.requested(State.REFUSED),
    Stage.APPROVED: paper.approved(GrantState.LIVE),
    Stage.IN_FORCE: paper.approved(GrantState.LIVE),
    Stage.ENDED: paper.approved(GrantState.ENDED),
    Stage.TOLD: paper.approved(GrantState.ENDED, paper.told),
    Stage.REVIEWED: paper.approved(GrantState.ENDED, paper.reviewed),
    Stage.WITHDRAWN: paper.requested(State.WITHDRAWN),
    Stage.LAPSED: paper.requested(State.SUBMITTED),
}
REPORTS = dict.fromkeys(ReportState, "") | {
    ReportState.WAITING: NOT_ENDED,
    ReportState.WITH_HEAD: NOT_ENDED,
}
INCIDENTS = {
    IncidentState.NEW: NOT_ENDED,
    IncidentState.LOOKED_INTO: NOT_ENDED,
    IncidentState.CLOSED: "",
}
STAGES: dict[str, type[StrEnum]] = {
    "requests": Stage,
    "standing-requests": State,
    "restrictions": RestrictionState,
    "reports": ReportState,
    "incidents": IncidentState,
}
PAPERS = (
    Paper("request-drafts", Stage.DRAFT, paper.draft),
    *(Paper("requests", stage, make) for stage, make in REQUESTS.items()),
    *(
        Paper("standing-requests", each, paper.standing_request(each))
        for each in (
            State.SUBMITTED,
            State.MEASURES_CONFIRMED,
            State.MEASURES_REFUSED,
            State.APPROVED,
            State.REFUSED,
            State.WITHDRAWN,
        )
    ),
    *(
        Paper("restrictions", each, paper.restriction(each))
        for each in (
            RestrictionState.PROPOSED,
            RestrictionState.REFUSED,
            RestrictionState.DECIDED,
            RestrictionState.ENDED_EARLY,
            RestrictionState.OVER,
        )
    ),
    *(Paper("reports", each, paper.report(each), why) for each, why in REPORTS.items()),
    *(Paper("incidents", each, paper.incident(each), why) for each, why in INCIDENTS.items()),
    Paper("standing-records", "lapses", paper.standing_record()),
    Paper("standing-records", "lapsed", paper.standing_record(lapsed_at=MACHINE)),
    Paper("standing-records", "withdrawn", paper.standing_record(**WITHDRAWN)),
    Paper(
        "standing-records",
        "before its review date",
        paper.standing_record(review_on=NOT_BEFORE.date()),
        NOT_ENDED,
    ),
    Paper("delegations", "over", paper.delegation),
    Paper("delegations", "withdrawn", paper.withdrawn_delegation),
    Paper("supervised-sessions", "over", paper.supervised()),
    Paper("supervised-sessions", "ended", paper.supervised(**ENDED)),
    Paper("assignments", "over", paper.assignment()),
    Paper("assignments", "given back", paper.assignment(**ENDED)),
    Paper("blocks", "in force", paper.block(), NOT_ENDED),
    Paper("blocks", "lifted", paper.block(**LIFTED)),
    Paper("acknowledgements", "the newest", told.acknowledged(1), "they are at the school"),
    Paper("acknowledgements", "replaced", told.acknowledged(1, 2)),
    Paper("acknowledgements", "left", told.acknowledged_and_left),
    Paper("training", "once", told.training()),
    Paper("training", "due again", told.training(due_again_on=paper.DAY)),
    Paper("training", "not due yet", told.training(due_again_on=NOT_BEFORE.date()), NOT_ENDED),
    Paper("different-days", "past", told.different_day()),
    Paper("different-days", "withdrawn", told.different_day(**WITHDRAWN)),
    Paper("api-tokens", "ended", told.api_token(ends_at=MACHINE)),
    Paper("api-tokens", "revoked", told.api_token(ends_at=NOT_BEFORE, revoked_at=MACHINE)),
    Paper("api-tokens", "in use", told.api_token(ends_at=NOT_BEFORE), NOT_ENDED),
    Paper("setup-codes", "ended", told.setup_code(ends_at=MACHINE)),
    Paper("setup-codes", "used", told.setup_code(ends_at=NOT_BEFORE, used_at=MACHINE)),
    Paper("setup-codes", "can be used", told.setup_code(ends_at=NOT_BEFORE), NOT_ENDED),
    Paper("mails", "waiting", told.mail()),
    Paper("mails", "sent", told.mail(sent_at=MACHINE)),
    Paper("mails", "given up", told.mail(given_up_at=MACHINE)),
    Paper("looks", "over", told.look),
    Paper("signatures", "under a network", told.opened_network, "the network is as it says"),
    Paper("signatures", "network replaced", told.network_opened_twice),
    Paper("signatures", "under duties", told.duties(Duty.GOVERNOR), "they hold the duty"),
    Paper("signatures", "replaced", told.duties(Duty.GOVERNOR, Duty.DSL)),
)
# These have no stages: each is a moment, and `test_retention` goes through them.
MOMENTS = {
    "audit-names",
    "people-who-left",
    "events",
    "sessions",
    "sign-in-attempts",
    "report-tries",
}


@pytest.mark.parametrize("made", PAPERS, ids=lambda made: f"{made.kind}: {made.stage}")
def test_what_has_ended_is_deleted_in_its_time_and_nothing_else(
    store: DecisionStore, made: Paper
) -> None:
    made.make(store)
    assert 0 == deleted(store, made.kind, before=MACHINE - 2 * YEAR)

    store.end_overdue(LESSON + YEAR, at=MACHINE + YEAR)

    assert (0 if made.stays else 1) == deleted(store, made.kind, before=LATER)


def deleted(store: DecisionStore, name: str, *, before: datetime) -> int:
    """Return how many of the kind were deleted; erasing them from the file is not of interest."""
    delete = next(each.delete for each in KINDS if each.name == name)
    assert delete is not None
    with store.database.writing() as session:
        return delete(session, Sweep(before, Held()))


def test_what_was_signed_of_a_different_day_goes_with_it(store: DecisionStore) -> None:
    told.different_day()(store)

    assert 1 == deleted(store, "different-days", before=LATER)

    with store.database.reading() as session:
        assert [] == list(session.scalars(select(SignatureRow)))


@pytest.mark.parametrize("kind", STAGES)
def test_every_stage_has_an_answer(kind: str) -> None:
    # A draft is a kind of its own.
    assert set(STAGES[kind]) - {Stage.DRAFT} == {
        each.stage for each in PAPERS if each.kind == kind
    }


def test_every_kind_of_paper_has_an_answer() -> None:
    assert {each.name for each in KINDS} - MOMENTS == {each.kind for each in PAPERS}
