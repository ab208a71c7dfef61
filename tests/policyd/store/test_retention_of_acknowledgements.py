"""What somebody acknowledged is kept from when it stopped counting, not from when it was said."""

from datetime import datetime, timedelta

from office import MACHINE, TEACHER
from paper_stages import adding
from sqlalchemy import select
from told_stages import policy_version

from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.models import AcknowledgementRow, PersonRow
from schoolgate_policyd.store.retention import days_of
from schoolgate_policyd.store.retention_kinds import KINDS

USUAL = days_of(KINDS, ())
YEAR = timedelta(days=365)
KEPT = timedelta(days=USUAL["acknowledgements"] + 1)
LATER = MACHINE + 5 * YEAR


def acknowledged(store: DecisionStore, version: int, at: datetime) -> None:
    adding(
        lambda: policy_version(version),
        lambda: AcknowledgementRow(person_id=TEACHER.id, version=version, at=at),
    )(store)


def left(store: DecisionStore, at: datetime) -> None:
    with store.database.writing() as session:
        row = session.get_one(PersonRow, TEACHER.id)
        row.has_left, row.leaves_at = True, at


def versions(store: DecisionStore, at: datetime) -> list[int]:
    """Return the versions that they still count as having read, once *at* came."""
    store.retention.delete_due(USUAL, at=at)
    with store.database.reading() as session:
        return list(session.scalars(select(AcknowledgementRow.version)))


def test_an_old_one_is_kept_from_when_a_newer_was_acknowledged(store: DecisionStore) -> None:
    acknowledged(store, 1, MACHINE)
    acknowledged(store, 2, LATER)

    assert [1, 2] == versions(store, LATER + timedelta(days=1))
    assert [2] == versions(store, LATER + KEPT)


def test_the_first_newer_one_counts_and_not_the_last(store: DecisionStore) -> None:
    for version, at in ((1, MACHINE), (2, MACHINE + YEAR), (3, LATER)):
        acknowledged(store, version, at)

    assert [2, 3] == versions(store, LATER)


def test_the_newest_is_kept_from_when_they_left(store: DecisionStore) -> None:
    acknowledged(store, 1, MACHINE)
    left(store, LATER)

    assert [1] == versions(store, LATER + timedelta(days=1))
    assert [] == versions(store, LATER + KEPT)


def test_whoever_is_going_to_leave_keeps_the_newest(store: DecisionStore) -> None:
    acknowledged(store, 1, MACHINE)
    with store.database.writing() as session:
        session.get_one(PersonRow, TEACHER.id).leaves_at = MACHINE

    assert [1] == versions(store, LATER)


def test_the_newest_version_is_kept_and_not_what_was_said_last(store: DecisionStore) -> None:
    acknowledged(store, 2, MACHINE)
    acknowledged(store, 1, MACHINE + YEAR)

    assert [2] == versions(store, LATER)
