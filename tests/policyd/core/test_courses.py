"""Where an answer leads is the same for whoever asks the question: DNS and the firewall."""

from datetime import datetime

import msgspec
import pytest
from dns_world import LESSON, PUPIL, source

from schoolgate_policyd.core.courses import Course, course_of
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import HostResource, Request
from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_policyd.core.subjects import (
    Audience,
    DeviceKind,
    Network,
    is_range_closely_filtered,
)


def course(
    name: str,
    *,
    is_trusted: bool = True,
    has_inspection: bool = True,
    is_never_inspected: bool = False,
    moment: datetime = LESSON,
) -> Course:
    school = source()
    host = DomainName(name)
    if is_never_inspected:
        catalogue = msgspec.structs.replace(school.policy.catalogue, never_inspected=(host,))
        policy = msgspec.structs.replace(school.policy, catalogue=catalogue)
        school = msgspec.structs.replace(school, policy=policy)
    snapshot = compile_snapshot(school)
    subject = snapshot.subject_at(PUPIL, moment)
    subject = msgspec.structs.replace(subject, inspectable=is_trusted)
    decision = decide(Request(subject, HostResource(host)), snapshot, moment)
    return course_of(host, subject, decision, snapshot, has_inspection=has_inspection)


@pytest.mark.parametrize(
    ("name", "has_inspection", "is_trusted", "expected"),
    [
        ("lessons.example", True, True, Course.ALLOW),
        ("lessons.example", False, False, Course.ALLOW),
        ("tiktok.example", True, True, Course.STEER),
        ("tiktok.example", True, False, Course.BLOCK),
        ("tiktok.example", False, True, Course.BLOCK),
        ("forum.example", True, True, Course.STEER),
        ("forum.example", False, True, Course.BLOCK),
        # A part of the wiki is blocked only where it can be seen.
        ("wiki.example", True, True, Course.STEER),
        ("wiki.example", False, True, Course.ALLOW),
        ("help.example", True, True, Course.ALLOW),
    ],
)
def test_a_name_goes_where_somebody_can_look_into_it(
    name: str, expected: Course, *, has_inspection: bool, is_trusted: bool
) -> None:
    assert expected is course(name, is_trusted=is_trusted, has_inspection=has_inspection)


@pytest.mark.parametrize("name", ["tiktok.example", "forum.example"])
def test_what_is_never_looked_into_is_closed_rather_than_steered(name: str) -> None:
    assert Course.BLOCK is course(name, is_never_inspected=True)


@pytest.mark.parametrize(
    ("audience", "device", "is_close"),
    [
        (Audience.STAFF, DeviceKind.OWN_DEVICE, False),
        (Audience.STAFF, DeviceKind.UNKNOWN, True),
        (Audience.PUPIL, DeviceKind.SCHOOL_COMPUTER, True),
        (Audience.VISITOR, DeviceKind.OWN_DEVICE, True),
    ],
)
def test_a_range_is_closely_filtered_as_somebody_there_of_whom_nothing_is_known(
    audience: Audience, device: DeviceKind, *, is_close: bool
) -> None:
    network = Network("a", "10.0.0.0/8", audience, device, inspectable=True)

    assert is_close is is_range_closely_filtered(network)
