"""Nobody is forgotten, by hand or in their time, while a matter about them is open."""

from datetime import timedelta
from typing import NamedTuple

import pytest
from office import HEAD, MACHINE, PUPIL
from paper_stages import Make, adding, incident, report, restriction

from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.forgetting import FORGOTTEN
from schoolgate_policyd.store.models import PersonRow, ReportAboutRow
from schoolgate_policyd.store.retention import days_of
from schoolgate_policyd.store.retention_kinds import KINDS
from schoolgate_policyd.workflow.errors import WrongState
from schoolgate_policyd.workflow.incidents import IncidentState
from schoolgate_policyd.workflow.reports import ReportState
from schoolgate_policyd.workflow.restrictions import RestrictionState

USUAL = days_of(KINDS, ())
LATER = MACHINE + timedelta(days=USUAL["people-who-left"] + 1)


def report_about(state: ReportState) -> Make:
    def make(store: DecisionStore) -> None:
        report(state)(store)
        adding(lambda: ReportAboutRow(report_id=1, person_id=PUPIL.id))(store)

    return make


def report_by(state: ReportState) -> Make:
    return report(state, reporter_id=PUPIL.id)


class Matter(NamedTuple):
    """What is open of them, in the words of the refusal; and the same once it is over."""

    words: str
    is_open: Make
    is_over: Make


MATTERS = (
    Matter(
        "1 incident that is not closed",
        incident(IncidentState.LOOKED_INTO),
        incident(IncidentState.CLOSED),
    ),
    Matter(
        "1 report that is not answered",
        report_about(ReportState.WITH_HEAD),
        report_about(ReportState.STAYS_OPEN),
    ),
    Matter(
        "1 report that is not answered",
        report_by(ReportState.WAITING),
        report_by(ReportState.STAYS_OPEN),
    ),
    Matter(
        "1 restriction in force",
        restriction(RestrictionState.DECIDED),
        restriction(RestrictionState.OVER),
    ),
)


@pytest.fixture
def gone(store: DecisionStore) -> DecisionStore:
    """Have the pupil have left."""
    with store.database.writing() as session:
        row = session.get_one(PersonRow, PUPIL.id)
        row.has_left, row.leaves_at = True, MACHINE
    return store


def name(store: DecisionStore) -> str:
    with store.database.reading() as session:
        return session.get_one(PersonRow, PUPIL.id).name


@pytest.mark.parametrize("matter", MATTERS)
def test_whoever_is_in_an_open_matter_is_not_forgotten(
    gone: DecisionStore, matter: Matter
) -> None:
    matter.is_open(gone)

    with pytest.raises(WrongState, match=f"something open: {matter.words}."):
        gone.retention.forget(PUPIL.id, by=HEAD.id, at=MACHINE)
    with pytest.raises(WrongState, match=matter.words):
        gone.retention.naming(PUPIL.id)
    assert "people-who-left" not in gone.retention.delete_due(USUAL, at=LATER)
    assert PUPIL.name == name(gone)


@pytest.mark.parametrize("matter", MATTERS)
def test_once_it_is_over_they_are_forgotten_in_their_time(
    gone: DecisionStore, matter: Matter
) -> None:
    matter.is_over(gone)

    assert 1 == gone.retention.delete_due(USUAL, at=LATER)["people-who-left"]
    assert FORGOTTEN == name(gone)


def test_everything_that_is_open_is_named(gone: DecisionStore) -> None:
    for make in (incident(IncidentState.NEW), incident(IncidentState.NEW)):
        make(gone)
    restriction(RestrictionState.DECIDED)(gone)

    expected = "open: 2 incidents that are not closed and 1 restriction in force."
    with pytest.raises(WrongState, match=expected):
        gone.retention.forget(PUPIL.id, by=HEAD.id, at=MACHINE)
