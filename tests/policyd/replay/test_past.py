"""Events are decided by what was live then: grants, standing permissions, device claims."""

from datetime import UTC, datetime, timedelta

import pytest
from replay_school import (
    BREAK,
    CHAT,
    LESSON,
    POLICY,
    STANDING,
    VIDEO,
    WITHOUT_BREAK,
    allowed,
    blocked,
    snapshot_of,
)

from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.policy import Live
from schoolgate_policyd.core.rules import (
    Citation,
    Grant,
    GrantKind,
    HostScope,
    Restriction,
    RestrictionKind,
)
from schoolgate_policyd.core.subjects import Audience, DeviceClaim, Subject
from schoolgate_policyd.replay import Past, RecordedEvent, Replay, replay
from schoolgate_policyd.replay.alike import Likeness
from schoolgate_policyd.replay.outcome import Total
from schoolgate_policyd.replay.past import Claimants, PastClaim, PastSnapshots, PastStanding

HOUR = timedelta(hours=1)
EVER = datetime(2000, 1, 1, tzinfo=UTC)
NOBODY_LIVE = Live()


def grant(starts_at: datetime, ends_at: datetime, *, person: str = "staff-1") -> Grant:
    return Grant(
        "g1",
        GrantKind.ACCESS_GRANT,
        HostScope(DomainName(CHAT)),
        starts_at,
        ends_at,
        people=frozenset({person}),
    )


def replayed(*events: RecordedEvent, past: Past | None, live: Live = NOBODY_LIVE) -> Replay:
    return replay(events, snapshot_of(POLICY, live), snapshot_of(WITHOUT_BREAK, live), past=past)


@pytest.mark.parametrize(
    ("standing", "lost"),
    [
        ((), 0),
        ((PastStanding(STANDING, EVER),), 1),
        ((PastStanding(STANDING, BREAK),), 1),
        ((PastStanding(STANDING, BREAK + timedelta(seconds=1)),), 0),
        ((PastStanding(STANDING, EVER, BREAK),), 0),
        ((PastStanding(STANDING, EVER, BREAK + timedelta(seconds=1)),), 1),
        ((PastStanding(STANDING, EVER, LESSON), PastStanding(STANDING, BREAK)), 1),
        ((PastStanding("another", EVER),), 0),
    ],
)
def test_a_standing_permission_counts_while_both_its_records_stood(
    standing: tuple[PastStanding, ...], lost: int
) -> None:
    found = replayed(allowed(CHAT), past=Past(standing=standing))

    assert lost == found.lost.events
    assert 1 - lost == found.still_blocked.events == found.now_blocked.events


def test_a_grant_counts_from_its_start_until_its_end_though_it_is_over_now() -> None:
    past = Past(grants=(grant(LESSON - HOUR, LESSON + HOUR),))
    times = [-HOUR - timedelta(seconds=1), -HOUR, timedelta(), HOUR]

    found = replayed(*(blocked(CHAT, at=LESSON + each) for each in times), past=past)

    assert Total(2, 2) == found.still_open == found.now_open
    assert Total(2, 2) == found.still_blocked


def test_a_grant_of_somebody_else_opens_nothing() -> None:
    past = Past(grants=(grant(EVER, LESSON + HOUR, person="staff-2"),))

    found = replayed(blocked(CHAT), blocked(CHAT, person="staff-2"), past=past)

    assert Total(1, 1) == found.still_blocked == found.still_open


def test_without_a_past_what_is_live_now_is_taken() -> None:
    live = Live(
        grants=(grant(LESSON - HOUR, LESSON + HOUR),),
        claims=(DeviceClaim("c", "10.2.0.7", "dsl", BREAK + HOUR),),
        standing=frozenset({STANDING}),
    )

    found = replayed(
        blocked(CHAT), allowed(VIDEO), allowed(VIDEO, client="10.2.0.7"), past=None, live=live
    )

    assert Total(2, 2) == found.still_open
    assert Total(1, 1) == found.lost


def test_what_is_live_now_does_not_count_where_the_past_is_known() -> None:
    live = Live(grants=(grant(EVER, LESSON + HOUR),), standing=frozenset({STANDING}))

    found = replayed(blocked(CHAT), allowed(CHAT), past=Past(), live=live)

    assert Total(2, 2) == found.still_blocked


def test_a_restriction_counts_at_its_own_time() -> None:
    restriction = Restriction(
        id="r",
        kind=RestrictionKind.WITHDRAWN_SERVICE,
        cite=Citation("Policy", "§9"),
        starts_at=BREAK,
        ends_at=BREAK + HOUR,
        person="dsl",
        service="chat",
    )
    laptop = {"client": "10.2.0.100", "host": CHAT}

    found = replayed(
        allowed(**laptop),
        allowed(**laptop, at=LESSON),
        past=Past(),
        live=Live(restrictions=(restriction,)),
    )

    assert Total(1, 1) == found.still_blocked == found.still_open


def test_who_had_claimed_the_device_at_the_time_is_taken_to_have_asked() -> None:
    past = Past(
        claims=(
            PastClaim("10.2.0.7", "dsl", LESSON, BREAK),
            PastClaim("10.2.0.7", "staff-1", BREAK, BREAK + HOUR),
        )
    )
    times = [LESSON - timedelta(seconds=1), LESSON, BREAK, BREAK + HOUR]

    found = replayed(*(allowed(CHAT, client="10.2.0.7", at=each) for each in times), past=past)

    assert Total(1, 1) == found.still_open
    assert Total(3, 3) == found.now_blocked == found.still_blocked


def test_a_claim_of_a_device_with_an_owner_changes_nothing() -> None:
    past = Past(claims=(PastClaim("10.2.0.100", "staff-1", EVER, BREAK + HOUR),))

    found = replayed(allowed(CHAT, client="10.2.0.100"), past=past)

    assert Total(1, 1) == found.still_open


def test_a_claim_begins_at_its_start_and_ends_before_its_end() -> None:
    claimants = Claimants(Past(claims=(PastClaim("10.2.0.7", "dsl", LESSON, BREAK),)))

    assert claimants.at("10.2.0.7", LESSON - timedelta(microseconds=1)) is None
    assert "dsl" == claimants.at("10.2.0.7", LESSON)
    assert "dsl" == claimants.at("10.2.0.7", BREAK - timedelta(microseconds=1))
    assert claimants.at("10.2.0.7", BREAK) is None
    assert claimants.at("10.2.0.8", LESSON) is None


def test_few_snapshots_are_kept_however_often_a_permission_came_and_went() -> None:
    spans = (
        PastStanding(STANDING, EVER + 2 * n * HOUR, EVER + (2 * n + 1) * HOUR) for n in range(50)
    )
    snapshots = PastSnapshots(snapshot_of(), Past(standing=tuple(spans)), Live())

    standing = [snapshots.at(EVER + n * HOUR).standing for n in range(100)]

    assert [frozenset({STANDING}), frozenset()] * 50 == standing
    assert 8 == len(snapshots._known)
    assert snapshots.at(LESSON) is snapshots.at(LESSON + HOUR)
    assert EVER + HOUR == snapshots.edge_after(EVER)
    assert datetime.max.replace(tzinfo=UTC) == snapshots.edge_after(LESSON)


def test_people_are_told_apart_only_while_a_grant_of_theirs_is_live() -> None:
    likeness = Likeness([POLICY], [grant(LESSON - HOUR, LESSON + HOUR)], ())
    one, other = (Subject(audience=Audience.STAFF, person=f"staff-{n}") for n in (1, 2))

    def are_told_apart(moment: datetime) -> bool:
        span = likeness.span_of(moment)
        return likeness.of(one, span) != likeness.of(other, span)

    second = timedelta(seconds=1)
    assert [False, True, True, False] == [
        are_told_apart(moment)
        for moment in (
            LESSON - HOUR - second,
            LESSON - HOUR,
            LESSON + HOUR - second,
            LESSON + HOUR,
        )
    ]
