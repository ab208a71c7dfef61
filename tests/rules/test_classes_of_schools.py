"""A whole school is few classes of subjects, whatever is granted to whom."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import HostResource, Request
from schoolgate_policyd.core.names import parse_host
from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.core.rules import Grant, GrantKind, ServiceScope
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot
from schoolgate_policyd.core.subjects import (
    Audience,
    DeviceKind,
    Duty,
    HeldDuty,
    Network,
    Person,
    Subject,
    subject_from,
)
from schoolgate_policyd.core.times import WorkingHours
from schoolgate_policyd.rulefiles import load_policy

RULES = Path(__file__).parents[2] / "rules"
LESSON = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
PEOPLE = 1000
NETWORKS = tuple(
    Network(id_, cidr, audience, kind, inspectable=kind is not DeviceKind.OWN_DEVICE)
    for id_, cidr, audience, kind in (
        ("classrooms", "10.0.1.0/24", Audience.PUPIL, DeviceKind.SCHOOL_COMPUTER),
        ("tablets", "10.0.2.0/24", Audience.PUPIL, DeviceKind.SCHOOL_MOBILE),
        ("staff", "10.0.3.0/24", Audience.STAFF, DeviceKind.SCHOOL_COMPUTER),
        ("guests", "10.0.4.0/24", Audience.VISITOR, DeviceKind.OWN_DEVICE),
    )
)


def person(number: int) -> Person:
    """One of nine in ten is a pupil; staff have hours of their own, and some run an account."""
    if number % 10:
        year = number % 7
        return Person(
            id=f"p{number}",
            audience=Audience.PUPIL,
            classes=frozenset({f"{year}-{number % 3}"}),
            year_group=year,
            age=4 + year + number % 2,
        )
    is_operator = number % 100 == 0
    return Person(
        id=f"p{number}",
        audience=Audience.STAFF,
        duties=(HeldDuty(Duty.ACCOUNT_OPERATOR, frozenset({"x"})),) if is_operator else (),
        age=20 + number % 45,
        hours=WorkingHours(time(7, number % 60), time(15, number % 60)),
    )


def grant(number: int) -> Grant:
    return Grant(
        id=f"g{number}",
        kind=GrantKind.ACCESS_GRANT if number % 10 == 0 else GrantKind.CURRICULUM_GRANT,
        scope=ServiceScope("youtube"),
        starts_at=LESSON,
        ends_at=LESSON + timedelta(hours=1),
        people=frozenset({f"p{number}"}),
    )


@pytest.fixture(scope="module")
def school() -> Snapshot:
    policy = load_policy(RULES, "twiss-green")
    live = Live(grants=tuple(map(grant, range(PEOPLE))))
    return compile_snapshot(Source(number=1, policy=policy, live=live))


@pytest.fixture(scope="module")
def subjects() -> list[Subject]:
    return [
        subject_from(network, None, person(number))
        for number in range(PEOPLE)
        for network in NETWORKS
    ]


def test_a_thousand_people_are_a_few_dozen_classes(
    school: Snapshot, subjects: list[Subject]
) -> None:
    classes = {school.class_of(each) for each in subjects}

    assert PEOPLE * len(NETWORKS) == len(set(subjects))
    assert len(classes) <= 24


def test_what_a_grant_does_not_name_is_decided_once_for_each_class(
    school: Snapshot, subjects: list[Subject]
) -> None:
    host = parse_host("www.reddit.com")
    classes = {school.class_of(each) for each in subjects}
    school.forget()

    for each in subjects:
        assert not school.is_touched(each, host)
        decide(Request(each, HostResource(host)), school, LESSON)

    assert (len(classes), 0) == (len(school.decided_by_class), len(school.decided))
    assert all(school.is_touched(each, parse_host("www.youtube.com")) for each in subjects)
