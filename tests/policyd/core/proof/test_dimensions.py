"""What tells requests apart, and the different times of a year."""

from datetime import UTC, date, datetime, time

import msgspec
import pytest
import strategies as worlds
from proof_world import rule

from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.membership import Membership
from schoolgate_policyd.core.proof.asked import Asked, asked_by
from schoolgate_policyd.core.proof.dimensions import (
    DEVICE,
    DUTY,
    OVERTIME,
    TIME,
    Dimension,
    dimensions,
)
from schoolgate_policyd.core.proof.year import Year
from schoolgate_policyd.core.rules import Condition
from schoolgate_policyd.core.school_time import OneOff, TimetableUse
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty, Subject
from schoolgate_policyd.core.times import Calendar, DateRange, Period, WorkingHours

YEAR = Year((worlds.SCHOOL_TIME,))
STAFF = frozenset({Audience.STAFF})


def asked(condition: Condition, *services: Service) -> tuple[Dimension, ...]:
    found = msgspec.structs.replace(asked_by(rule("r", "chat", condition)), services=services)
    return dimensions(found, YEAR)


def values(found: tuple[Dimension, ...], dimension: int, field: str) -> list[object]:
    return [dict(each.subject)[field] for each in found[dimension].traits]


def test_every_atom_of_a_condition_belongs_to_one_dimension() -> None:
    """A new atom that no dimension settles would be taken to hold always."""
    settled = [atom for each in asked(Condition()) for atom in each.atoms]

    assert sorted(Condition.__struct_fields__) == sorted(settled)


def test_what_nobody_asks_has_one_value() -> None:
    sizes = [len(each.traits) for each in asked(Condition())]

    assert len(Audience) == sizes.pop(TIME)
    assert {1} == set(sizes)


def test_devices_are_all_kinds_where_they_are_asked() -> None:
    found = asked(Condition(device=frozenset({DeviceKind.OWN_DEVICE})))

    assert set(DeviceKind) == set(values(found, DEVICE, "device"))


def test_duties_that_are_always_named_together_are_one() -> None:
    both = frozenset({Duty.DSL, Duty.ACCOUNT_OPERATOR})
    service = Service("x", "X", "micro-blog")

    assert 3 == len(asked(Condition(duty=both), service)[DUTY].traits)
    apart = asked_by(
        rule("r", "chat", Condition(duty=both), Condition(duty=frozenset({Duty.DSL})))
    )
    assert 4 == len(dimensions(apart, YEAR)[DUTY].traits)


def test_ages_are_one_below_each_minimum_the_highest_and_unknown() -> None:
    services = [Service(str(age), "", "", minimum_age=age) for age in (13, 16)]
    found = asked(Condition(below_minimum_age=True), *services)

    assert [12, 15, 16, None] == values(found, 3, "age")


def test_networks_are_those_named_another_and_the_unknown() -> None:
    found = asked(Condition(network=frozenset({"n1"})))

    assert ["another network", "n1", "unknown"] == values(found, 7, "network")


def test_overtime_standing_people_and_device_groups_are_asked_for_one_by_one() -> None:
    found = asked(
        Condition(
            overtime=True,
            standing=frozenset({"a", "b"}),
            person=frozenset({"p"}),
            device_group=frozenset({"g"}),
        )
    )

    assert [False, True] == [each.is_on_overtime for each in found[OVERTIME].traits]
    assert [set(), {"a"}, {"b"}, {"a", "b"}] == [set(e.standing) for e in found[2].traits]
    assert ["somebody", "p"] == values(found, 4, "person")
    assert [frozenset(), frozenset({"g"})] == values(found, 5, "device_groups")


def test_times_are_the_different_periods_of_each_audience() -> None:
    found = asked(Condition(period=frozenset({Period.LUNCH})))
    spans = [each.span for each in found[TIME].traits]
    lunch = [s for s in spans if s and s.possible[0][0].period is Period.LUNCH]

    # Closed twice: on a school day and on another.
    assert 3 * (len(Period) + 1) == len(spans)
    assert datetime(2026, 10, 19, 11, 15, tzinfo=UTC) == lunch[0].start
    assert datetime(2026, 10, 19, 12, 15, tzinfo=UTC) == lunch[0].end


def test_staff_alone_have_hours_and_those_may_be_any() -> None:
    found = asked(Condition(own_hours=True, audience=STAFF))
    at_work = {(dict(each.subject)["audience"], each.is_at_work) for each in found[TIME].traits}

    assert {
        (Audience.PUPIL, (False,)),
        (Audience.VISITOR, (False,)),
        (Audience.STAFF, (False,)),
        (Audience.STAFF, (True,)),
    } == at_work


def test_a_year_has_a_kind_for_each_year_group_and_class_that_timetables_tell_apart() -> None:
    infants = Membership(year_groups=(0, 2))
    one_class = Membership(classes=frozenset({"4B"}))
    use = worlds.SCHOOL_TIME.timetables[0]
    trip = DateRange(date(2026, 11, 20), date(2026, 11, 20))
    school_time = msgspec.structs.replace(
        worlds.SCHOOL_TIME,
        timetables=(use, TimetableUse(worlds.TIMETABLES[1], infants)),
        one_off=(OneOff(trip, "Trip", worlds.TIMETABLES[2], one_class),),
    )
    year = Year((school_time,), [(5, 6)])
    kinds = {(each.year_group, each.person, each.classes) for each in year.kinds}

    assert {0, 5, 3, None} == {group for group, _, _ in kinds}
    assert {frozenset(), frozenset({"4B"})} == {classes for _, _, classes in kinds}
    assert {None, "somebody"} == {person for _, person, _ in kinds}
    spans = year.spans(Subject(year_group=0), by_hours=False)
    assert any(len(span.possible[0]) > 1 for span in spans)
    assert len(spans) == year.count


def test_a_calendar_without_terms_has_a_day_on_which_it_is_closed() -> None:
    closed = msgspec.structs.replace(worlds.SCHOOL_TIME, calendar=Calendar(id="none", terms=()))
    (span,) = Year((closed,)).spans(Subject(), by_hours=False)

    assert (Period.CLOSED,) == tuple(each.period for each in span.possible[0])


@pytest.mark.parametrize("by_hours", [False, True])
def test_spans_are_divided_by_working_hours_where_those_are_asked(by_hours: bool) -> None:
    hours = WorkingHours(time(11), time(12))
    school_time = msgspec.structs.replace(worlds.SCHOOL_TIME, staff_hours=hours)
    spans = Year((school_time,)).spans(Subject(audience=Audience.STAFF), by_hours=by_hours)

    assert by_hours is any(True in each.is_usual for each in spans)


def test_asking_is_additive() -> None:
    one, other = Asked(atoms=frozenset({"duty"})), Asked(networks=frozenset({"n"}))

    assert Asked(atoms=frozenset({"duty"}), networks=frozenset({"n"})) == one | other
