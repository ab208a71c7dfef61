"""What one policy opens and closes of another."""

from datetime import date

import msgspec
import strategies as worlds
from proof_world import ANYBODY, policy, rule

from schoolgate_policyd.core.membership import Membership
from schoolgate_policyd.core.proof import closings, openings
from schoolgate_policyd.core.rules import Condition, GrantKind
from schoolgate_policyd.core.school_time import OneOff, TimetableUse
from schoolgate_policyd.core.subjects import Audience, WorkingHours
from schoolgate_policyd.core.times import DateRange, Period, PeriodStart, Timetable, time

STAFF = Condition(audience=frozenset({Audience.STAFF}))
PUPIL = Condition(audience=frozenset({Audience.PUPIL}))
LUNCH = Condition(period=frozenset({Period.LUNCH}))
ACCESS = {GrantKind.ACCESS_GRANT}


def test_an_exception_opens_to_whom_it_is_for() -> None:
    before = policy(rule("r", "chat"))
    after = policy(
        rule("r", "chat", unless=(msgspec.structs.replace(STAFF, period=LUNCH.period),))
    )
    (opening, *others) = openings(before, after)

    assert opening.sentence == (
        "A member of staff on a school computer can now reach Chat (chat.example) on Monday "
        "12:15–13:15 (19 October 2026), because rule r makes an exception: it is lunch"
    )
    assert {Audience.STAFF} == {each.audience for each in (opening, *others)}
    assert () == openings(after, before)
    assert "can no longer reach Chat" in closings(after, before)[0].sentence


def test_a_grant_that_lifts_is_an_opening() -> None:
    before, after = policy(rule("r", "chat")), policy(rule("r", "chat", lifted_by=ACCESS))
    (opening, *_) = openings(before, after)

    assert "while an access grant is live" in opening.sentence
    assert 1 == len(opening.witness.live.grants)


def test_a_rule_in_place_of_another_opens_only_what_it_does_not_block() -> None:
    before, after = policy(rule("r", "chat")), policy(rule("s", "messaging"))

    assert () == openings(before, after)


def test_openness_where_nothing_can_look_inside_is_an_opening() -> None:
    before = policy(rule("r", "parts"))
    after = policy(rule("r", "parts", is_open_uninspected=True))
    found = openings(before, after)

    assert found
    assert all(not each.witness.subject.inspectable for each in found)
    assert () == openings(after, before)


def test_a_bell_that_moves_opens_what_it_uncovers() -> None:
    bells = tuple(
        PeriodStart(time(12, 30), each.period) if each.period is Period.LUNCH else each
        for each in worlds.BELLS
    )
    late = Timetable("late", (bells,) * 5 + ((),) * 2)
    school_time = msgspec.structs.replace(worlds.SCHOOL_TIME, timetables=(TimetableUse(late),))
    at_lunch = rule("r", "chat", LUNCH)
    found = openings(policy(at_lunch), policy(at_lunch, school_time=school_time))

    assert "on Monday 12:15–12:30 (19 October 2026)" in found[0].sentence
    assert "does not speak of everybody in lessons" in found[0].sentence


def test_shorter_working_hours_open_what_they_leave() -> None:
    shorter = msgspec.structs.replace(
        worlds.SCHOOL_TIME, staff_hours=WorkingHours(time(9), time(15))
    )
    at_work = rule("r", "chat", Condition(own_hours=True))
    found = openings(policy(at_work), policy(at_work, school_time=shorter))

    assert "on Monday 08:30–" in found[0].sentence
    assert None is found[0].witness.subject.hours
    assert [] == [
        each for each in openings(policy(at_work), policy(at_work)) if each.witness.subject.hours
    ]


def test_a_higher_minimum_age_closes_and_a_lower_one_opens() -> None:
    catalogue = worlds.CATALOGUE
    services = tuple(
        msgspec.structs.replace(each, minimum_age=16) if each.id == "chat" else each
        for each in catalogue.services
    )
    before = policy(rule("r", "chat", Condition(below_minimum_age=True)))
    after = msgspec.structs.replace(
        before, catalogue=msgspec.structs.replace(catalogue, services=services)
    )

    assert () == openings(before, after)
    assert 15 == closings(before, after)[0].witness.subject.age


def test_a_service_that_leaves_the_catalogue_is_open() -> None:
    catalogue = worlds.CATALOGUE
    fewer = msgspec.structs.replace(
        catalogue, services=tuple(each for each in catalogue.services if each.id != "chat")
    )
    before = policy(rule("r", "chat", ANYBODY, PUPIL))
    after = msgspec.structs.replace(before, catalogue=fewer)

    assert openings(before, after)[0].sentence.endswith("because no rule speaks of it")


def test_a_new_help_line_is_open_to_everybody() -> None:
    catalogue = worlds.CATALOGUE
    before = policy(rule("r", "chat"))
    lines = (
        *catalogue.help_lines,
        msgspec.structs.replace(
            catalogue.help_lines[0], id="chat", domains=catalogue.services[0].domains
        ),
    )
    after = msgspec.structs.replace(
        before, catalogue=msgspec.structs.replace(catalogue, help_lines=lines)
    )

    assert openings(before, after)[0].sentence.endswith("because it is a help line")


def all_day(name: str, period: Period) -> Timetable:
    return Timetable(name, ((PeriodStart(time(8), period),),) * 5 + ((),) * 2)


def test_what_opens_only_for_somebody_in_two_classes_is_an_opening() -> None:
    """A one-off day of one class replaces the usual day of the other for whoever is in both."""
    mixed, ordinary = (Membership(classes=frozenset({name})) for name in ("4b", "1a"))
    uses = (
        TimetableUse(all_day("lunch", Period.LUNCH), mixed),
        TimetableUse(all_day("lessons", Period.LESSON), ordinary),
    )
    usual = msgspec.structs.replace(worlds.SCHOOL_TIME, timetables=uses, one_off=())
    day = date(2026, 10, 19)
    trip = OneOff(DateRange(day, day), "Trip", all_day("trip", Period.LUNCH), mixed)
    with_trip = msgspec.structs.replace(usual, one_off=(trip,))
    in_lessons = rule("r", "chat", Condition(period=frozenset({Period.LESSON})))
    before = policy(in_lessons, school_time=usual)
    after = policy(in_lessons, school_time=with_trip)

    found = openings(before, after)

    assert {frozenset({"1a", "4b"})} == {each.witness.subject.classes for each in found}
    assert {day} == {each.witness.start.date() for each in found}
    assert () == openings(before, before)
