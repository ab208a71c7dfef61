"""What was in force in the past, read back from what the school decided and withdrew."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from office import (
    DEVICES,
    HEAD,
    LEAD,
    LESSON,
    LONDON,
    MACHINE,
    NETWORKS,
    PASSWORD,
    TEACHER,
    form,
    policy,
    sign_decision,
    source,
)

from schoolgate_policyd.replay.past import Past, PastClaim, PastStanding
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.store.lived import read_past
from schoolgate_policyd.store.models.permissions import StandingRecordKind
from schoolgate_policyd.store.records import SignedIn
from schoolgate_policyd.workflow.effects import effects_of
from schoolgate_policyd.workflow.forms import DecisionForm, ReviewForm
from schoolgate_policyd.workflow.scopes import grant_for

# The office's machine clock is ahead of the school's.
SHIFT = LESSON - MACHINE
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
FREE_DEVICE = "127.0.2.40"


def past(
    store: DecisionStore, since: datetime = LESSON - HOUR, until: datetime = LESSON + 4 * HOUR
) -> Past:
    path = store.database.engine.url.database
    assert path is not None
    return read_past(Path(path), since, until, shift=SHIFT)


def approve(store: DecisionStore, at: datetime = MACHINE) -> int:
    request = store.requests.submit(TEACHER.id, form(), at=MACHINE, moment=LESSON)
    store.requests.review(
        request.id, by=LEAD.id, answer=ReviewForm(True, "seen"), at=MACHINE, moment=LESSON
    )
    grant = grant_for(request, policy().catalogue)
    sign_decision(
        store,
        request.id,
        by=HEAD.id,
        decision=DecisionForm(True, "good", HEAD.name, LESSON.date()),
        effects=effects_of(grant, source(), request.form.url, moment=LESSON),
        address=FREE_DEVICE,
        at=at,
        moment=LESSON,
    )
    return request.id


def times(found: Past) -> list[tuple[timedelta, timedelta]]:
    return [(each.starts_at - LESSON, each.ends_at - LESSON) for each in found.grants]


def test_a_grant_that_ended_is_found_with_the_time_that_it_had(store: DecisionStore) -> None:
    approve(store)
    store.end_overdue(LESSON + 3 * HOUR, at=MACHINE)
    assert () == store.live(LESSON).grants

    found = past(store)

    assert [(timedelta(), 2 * HOUR)] == times(found)
    assert frozenset({TEACHER.id}) == found.grants[0].people


def test_a_grant_opened_nothing_before_it_was_signed(store: DecisionStore) -> None:
    approve(store, at=MACHINE + 20 * MINUTE)

    assert [(20 * MINUTE, 2 * HOUR)] == times(past(store))


def test_a_withdrawn_grant_counts_until_it_was_withdrawn(store: DecisionStore) -> None:
    number = approve(store)
    store.requests.withdraw(
        number, by=HEAD.id, why="over", at=MACHINE + 30 * MINUTE, moment=LESSON + 30 * MINUTE
    )

    assert [(timedelta(), 30 * MINUTE)] == times(past(store))
    assert [] == times(past(store, since=LESSON + 30 * MINUTE))


def test_a_grant_withdrawn_before_it_began_never_was(store: DecisionStore) -> None:
    number = approve(store, at=MACHINE - 20 * MINUTE)
    store.requests.withdraw(
        number, by=HEAD.id, why="over", at=MACHINE - 10 * MINUTE, moment=LESSON
    )

    assert Past() == past(store)


@pytest.mark.parametrize(
    ("since", "until", "count"),
    [
        (-HOUR, timedelta(), 0),
        (-HOUR, timedelta(microseconds=1), 1),
        (2 * HOUR - timedelta(microseconds=1), 3 * HOUR, 1),
        (2 * HOUR, 3 * HOUR, 0),
    ],
)
def test_only_grants_of_the_time_are_found(
    store: DecisionStore, since: timedelta, until: timedelta, count: int
) -> None:
    approve(store)

    assert count == len(past(store, LESSON + since, LESSON + until).grants)


def test_a_claim_is_found_from_when_it_was_made_until_it_ended(store: DecisionStore) -> None:
    signed_in = store.credentials.sign_in(
        TEACHER.username or "", PASSWORD, address=FREE_DEVICE, at=MACHINE, moment=LESSON
    )
    assert isinstance(signed_in, SignedIn)
    claimed = store.claims.claim(
        signed_in.session.id,
        FREE_DEVICE,
        networks=NETWORKS,
        own_addresses=(),
        zone=LONDON,
        at=MACHINE,
        moment=LESSON,
    )
    idle = claimed.ends_at
    expected = PastClaim(FREE_DEVICE, TEACHER.id, LESSON, idle)
    assert (expected,) == past(store).claims

    store.claims.give_up(
        signed_in.session.id, FREE_DEVICE, at=MACHINE + MINUTE, moment=LESSON + MINUTE
    )
    ended = PastClaim(FREE_DEVICE, TEACHER.id, LESSON, LESSON + MINUTE)
    assert (ended,) == past(store).claims
    assert () == past(store, since=LESSON + MINUTE).claims
    assert () == past(store, until=LESSON).claims
    assert FREE_DEVICE not in {each.address for each in DEVICES}


def record(store: DecisionStore, kind: StandingRecordKind, at: datetime, name: str = "s") -> int:
    by = HEAD if kind is StandingRecordKind.HEAD_PERMISSION else LEAD
    review_on = LESSON.date() + timedelta(days=90)
    return store.standing.record(
        name, kind, by=by.id, reasons="agreed", review_on=review_on, at=at
    ).id


def test_a_standing_permission_was_in_force_while_both_records_stood(
    store: DecisionStore,
) -> None:
    permission, controls = StandingRecordKind
    first = record(store, permission, MACHINE)
    record(store, controls, MACHINE + MINUTE)
    assert (PastStanding("s", LESSON + MINUTE),) == past(store).standing
    assert () == past(store, until=LESSON + MINUTE).standing

    store.standing.withdraw(first, by=HEAD.id, at=MACHINE + 3 * MINUTE)
    spans = [PastStanding("s", LESSON + MINUTE, LESSON + 3 * MINUTE)]
    assert tuple(spans) == past(store).standing
    assert () == past(store, since=LESSON + 3 * MINUTE).standing

    record(store, permission, MACHINE + 5 * MINUTE)
    spans.append(PastStanding("s", LESSON + 5 * MINUTE))
    assert tuple(spans) == past(store).standing


def test_records_of_two_permissions_make_none(store: DecisionStore) -> None:
    permission, controls = StandingRecordKind
    record(store, permission, MACHINE, "one")
    record(store, controls, MACHINE, "other")

    assert () == past(store).standing


def test_records_that_never_stood_together_make_none(store: DecisionStore) -> None:
    permission, controls = StandingRecordKind
    first = record(store, permission, MACHINE)
    store.standing.withdraw(first, by=HEAD.id, at=MACHINE + MINUTE)
    record(store, controls, MACHINE + 2 * MINUTE)

    assert () == past(store).standing


def test_a_database_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "decisions.db"
    path.write_bytes(b"not a database" * 500)
    now = datetime.now(UTC)

    with pytest.raises(StoreError, match=r"decisions\.db: cannot be read"):
        read_past(path, now, now)


def test_the_database_is_only_read(tmp_path: Path) -> None:
    path = tmp_path / "decisions.db"
    with closing(DecisionStore(path)):
        pass
    before = path.read_bytes()

    assert Past() == read_past(path, LESSON, LESSON + HOUR)
    assert before == path.read_bytes()
