"""What a grant would open and what would still block, before it is signed."""

from datetime import time, timedelta

import msgspec
import pytest
from office import LESSON, MACHINE, TEACHER, form, source

from schoolgate_policyd.core.membership import Membership
from schoolgate_policyd.core.names import parse_host
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.rules import Grant, GrantKind, HostScope
from schoolgate_policyd.core.school_time import TimetableUse
from schoolgate_policyd.core.subjects import DeviceKind
from schoolgate_policyd.core.times import Period, PeriodStart, Timetable
from schoolgate_policyd.workflow import moves
from schoolgate_policyd.workflow.effects import Effects, Opening, effects_of
from schoolgate_policyd.workflow.requests import RequestForm, ScopeChoice
from schoolgate_policyd.workflow.scopes import grant_for

SCHOOL = source()


def effects(asked: RequestForm, school: Source = SCHOOL) -> Effects:
    request = moves.submit(1, TEACHER, asked, at=MACHINE)
    grant = grant_for(request, school.policy.catalogue)
    return effects_of(grant, school, asked.url, moment=LESSON)


def without_devices(school: Source, *gone: str) -> Source:
    devices = tuple(each for each in school.register.devices if each.id not in gone)
    register = msgspec.structs.replace(school.register, devices=devices)
    return msgspec.structs.replace(school, register=register)


def test_an_access_grant_opens_in_lessons_what_break_opens_anyway() -> None:
    # From 10:00 to 12:00 there are a lesson, the break and a lesson.
    found = effects(form())

    assert (Opening("heron", DeviceKind.OWN_DEVICE, "own", (Period.LESSON,)),) == found.opens
    assert () == found.still_blocks


def test_a_grant_for_what_is_open_anyway_opens_nothing() -> None:
    assert not effects(form("https://news.example/")).opens_anything
    at_break = form(starts_at=LESSON.replace(minute=30), ends_at=LESSON.replace(minute=45))
    assert not effects(at_break).opens_anything


def test_what_a_locked_rule_blocks_is_listed_and_opens_nothing() -> None:
    found = effects(form("https://adult.example/"))

    assert not found.opens_anything
    assert {"adult"} == {rule.id for each in found.still_blocks for rule in each.rules}
    assert {(Period.LESSON,), (Period.BREAK,)} == {each.periods for each in found.still_blocks}


def test_a_class_grant_opens_for_its_members_and_its_shared_devices() -> None:
    found = effects(form(for_class="4B"))

    assert {("acorn", "pupils"), (None, "tablets")} <= {
        (each.person, each.network) for each in found.opens
    }


def test_a_class_that_nobody_is_in_opens_nothing() -> None:
    assert not effects(form(for_class="6A")).opens_anything


def test_a_member_without_a_known_device_is_named() -> None:
    found = effects(form(for_class="4B"), without_devices(SCHOOL, "pupil-computer"))

    assert ("acorn",) == found.unreached


def test_staff_without_a_device_can_still_claim_one_on_their_network() -> None:
    found = effects(form(), without_devices(SCHOOL, "teacher-phone"))

    assert ("own",) == tuple(each.network for each in found.opens)


def test_one_page_opens_nothing_where_nothing_can_look_inside() -> None:
    networks = tuple(
        msgspec.structs.replace(each, inspectable=False) for each in SCHOOL.register.networks
    )
    blind = msgspec.structs.replace(
        SCHOOL, register=msgspec.structs.replace(SCHOOL.register, networks=networks)
    )

    found = effects(form(), blind)
    assert not found.opens_anything
    assert {True} == {each.is_uninspectable for each in found.still_blocks}
    assert effects(form(scope=ScopeChoice.SITE), blind).opens_anything


def test_what_another_live_grant_opens_already_is_not_opened_again() -> None:
    other = Grant(
        "grant-9",
        GrantKind.ACCESS_GRANT,
        HostScope(parse_host("clips.example")),
        LESSON,
        LESSON + timedelta(hours=3),
        people=frozenset({"heron"}),
    )
    live = msgspec.structs.replace(SCHOOL.live, grants=(other,))

    assert not effects(form(), msgspec.structs.replace(SCHOOL, live=live)).opens_anything


def test_a_grant_that_opens_only_far_later_is_found_to_open() -> None:
    # The other grant covers the first six weeks of this one.
    other = Grant(
        "grant-9",
        GrantKind.ACCESS_GRANT,
        HostScope(parse_host("clips.example")),
        LESSON,
        LESSON + timedelta(weeks=6),
        people=frozenset({"heron"}),
    )
    live = msgspec.structs.replace(SCHOOL.live, grants=(other,))
    asked = form(ends_at=LESSON + timedelta(weeks=10))

    assert effects(asked, msgspec.structs.replace(SCHOOL, live=live)).opens_anything


def test_hosts_that_the_page_needs_and_that_stay_blocked_are_named() -> None:
    needed = (parse_host("clips-cdn.example"),)

    assert needed == effects(form()).blocked_needs
    assert () == effects(form(scope=ScopeChoice.SITE)).blocked_needs


@pytest.mark.parametrize("scope", ScopeChoice)
def test_a_year_for_a_class_of_thirty_is_answered_quickly(scope: ScopeChoice) -> None:
    pupils = tuple(
        msgspec.structs.replace(SCHOOL.register.people[5], id=f"pupil-{number}")
        for number in range(30)
    )
    devices = tuple(
        msgspec.structs.replace(
            SCHOOL.register.devices[0],
            address=f"127.0.1.{100 + number}",
            id=f"computer-{number}",
            owner=f"pupil-{number}",
        )
        for number in range(30)
    )
    register = msgspec.structs.replace(
        SCHOOL.register,
        people=(*SCHOOL.register.people, *pupils),
        devices=(*SCHOOL.register.devices, *devices),
    )
    asked = form(for_class="4B", scope=scope, ends_at=LESSON + timedelta(days=366))

    found = effects(asked, msgspec.structs.replace(SCHOOL, register=register))

    assert {each.id for each in pupils} <= {each.person for each in found.opens}


def test_where_several_timetables_are_possible_each_period_is_named() -> None:
    """Nobody is known at a tablet that the class shares, so it may be the infants' break."""
    day = SCHOOL.policy.school_time.timetables[0].timetable
    infants = Timetable(
        "infants",
        days=(
            (
                PeriodStart(time(8, 50), Period.LESSON),
                PeriodStart(time(11), Period.BREAK),
                PeriodStart(time(11, 15), Period.LESSON),
                PeriodStart(time(15, 20), Period.CLOSED),
            ),
        )
        * 7,
    )
    school_time = msgspec.structs.replace(
        SCHOOL.policy.school_time,
        timetables=(
            TimetableUse(infants, Membership(year_groups=(0, 2))),
            TimetableUse(day, Membership(year_groups=(3, 6))),
        ),
    )
    policy = msgspec.structs.replace(SCHOOL.policy, school_time=school_time)
    found = effects(form(for_class="4B"), msgspec.structs.replace(SCHOOL, policy=policy))

    assert {(Period.LESSON,), (Period.LESSON, Period.BREAK)} == {
        each.periods for each in found.opens if each.person is None
    }
