"""Atoms, and what is not known of a subject."""

import msgspec
import pytest

from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.conditions import Facts, holds
from schoolgate_policyd.core.rules import Condition
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Subject
from schoolgate_policyd.core.times import Period

FOR_13 = Service(id="chat", name="Chat", category="messaging", minimum_age=13)
FOR_ALL = Service(id="paint", name="Paint", category="image-sharing")


def facts_of(subject: Subject) -> Facts:
    return Facts(
        subject=subject,
        period=Period.LESSON,
        is_in_own_hours=True,
        is_on_overtime=False,
        standing=frozenset({"break-access"}),
    )


@pytest.mark.parametrize(
    ("age", "service", "below", "in_for", "in_unless"),
    [
        (12, FOR_13, True, True, True),
        (13, FOR_13, True, False, False),
        (12, FOR_13, False, False, False),
        (13, FOR_13, False, True, True),
        (None, FOR_13, True, True, True),
        (None, FOR_13, False, True, False),
        (12, FOR_ALL, True, False, False),
        (12, FOR_ALL, False, True, True),
        (None, None, True, False, False),
    ],
)
def test_an_unknown_age_counts_as_too_young(
    age: int | None, service: Service | None, below: bool, in_for: bool, in_unless: bool
) -> None:
    facts = facts_of(Subject(age=age))
    condition = Condition(below_minimum_age=below)

    assert in_for is holds(condition, facts, service, unknown_holds=True)
    assert in_unless is holds(condition, facts, service, unknown_holds=False)


@pytest.mark.parametrize(
    ("condition", "subject", "in_for", "in_unless"),
    [
        (Condition(year_groups=(3, 6)), Subject(year_group=3), True, True),
        (Condition(year_groups=(3, 6)), Subject(year_group=7), False, False),
        (Condition(year_groups=(3, 6)), Subject(), True, False),
        (Condition(device=frozenset({DeviceKind.OWN_DEVICE})), Subject(), True, False),
        (
            Condition(device=frozenset({DeviceKind.OWN_DEVICE})),
            Subject(device=DeviceKind.SCHOOL_MOBILE),
            False,
            False,
        ),
        (Condition(device=frozenset({DeviceKind.UNKNOWN})), Subject(), True, False),
        (Condition(network=frozenset({"unknown"})), Subject(), True, False),
        (Condition(network=frozenset({"n1"})), Subject(), True, False),
        (Condition(network=frozenset({"n1"})), Subject(network="n2"), False, False),
        (Condition(network=frozenset({"n1"})), Subject(network="n1"), True, True),
        (Condition(person=frozenset({"p1"})), Subject(), False, False),
        (Condition(person=frozenset({"p1"})), Subject(person="p1"), True, True),
        (Condition(device_group=frozenset({"t"})), Subject(), False, False),
        (
            Condition(device_group=frozenset({"t"})),
            Subject(device_groups=frozenset({"t", "u"})),
            True,
            True,
        ),
        (Condition(platform=frozenset({"chat"})), Subject(), True, True),
        (Condition(platform=frozenset({"video"})), Subject(), False, False),
        (Condition(audience=frozenset({Audience.STAFF})), Subject(), False, False),
        (Condition(period=frozenset({Period.BREAK})), Subject(), False, False),
        (Condition(own_hours=False), Subject(), False, False),
        (Condition(overtime=True), Subject(), False, False),
        (Condition(standing=frozenset({"break-access", "other"})), Subject(), False, False),
        (Condition(standing=frozenset({"break-access"})), Subject(), True, True),
    ],
)
def test_what_is_unknown_counts_against_the_subject(
    condition: Condition, subject: Subject, in_for: bool, in_unless: bool
) -> None:
    facts = facts_of(subject)

    assert in_for is holds(condition, facts, FOR_13, unknown_holds=True)
    assert in_unless is holds(condition, facts, FOR_13, unknown_holds=False)


def test_atoms_are_anded() -> None:
    both = Condition(audience=frozenset({Audience.PUPIL}), period=frozenset({Period.LESSON}))
    facts = facts_of(Subject())

    assert holds(both, facts, None, unknown_holds=False)
    at_break = msgspec.structs.replace(facts, period=Period.BREAK)
    assert not holds(both, at_break, None, unknown_holds=False)
