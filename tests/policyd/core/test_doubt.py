"""What holds while nobody knows what time it is: nothing opens, whatever the time may be."""

from datetime import UTC, date, datetime, time, timedelta

import msgspec
import pytest
import strategies as worlds
from hypothesis import given

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import HostResource, Request, Verdict
from schoolgate_policyd.core.doubt import doubtful, doubtful_live
from schoolgate_policyd.core.explain import explain
from schoolgate_policyd.core.names import parse_host
from schoolgate_policyd.core.policy import Live, Register, Source
from schoolgate_policyd.core.rules import Condition, Restriction, RestrictionKind, Rule
from schoolgate_policyd.core.school_time import SchoolTime, TimetableUse
from schoolgate_policyd.core.subjects import (
    Audience,
    Device,
    DeviceClaim,
    DeviceKind,
    Network,
    Person,
    Subject,
)
from schoolgate_policyd.core.times import (
    Calendar,
    DateRange,
    Period,
    PeriodStart,
    Timetable,
    WorkingHours,
)

Situation = tuple[Source, Request, datetime]

OPENNESS = {Verdict.BLOCK: 0, Verdict.DEPENDS: 1, Verdict.ALLOW: 2}
AT_LUNCH = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
AT_NIGHT = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
LATER = timedelta(days=3)
NOTHING_BUT_LESSONS = SchoolTime(
    zone="Europe/London",
    calendar=Calendar("all", (DateRange(date(2026, 10, 1), date(2026, 12, 31)),)),
    timetables=(
        TimetableUse(Timetable("lessons", ((PeriodStart(time(0), Period.LESSON),),) * 7)),
    ),
    staff_hours=worlds.SCHOOL_TIME.staff_hours,
)


def openness(request: Request, source: Source, moment: datetime) -> tuple[int, int]:
    decision = decide(request, worlds.compiled(source), moment)
    return OPENNESS[decision.verdict], OPENNESS[decision.uninspected]


def in_lessons_alone(source: Source) -> Source:
    """Return *source* where it is always lesson and nobody has a grant."""
    policy = msgspec.structs.replace(source.policy, school_time=NOTHING_BUT_LESSONS)
    live = msgspec.structs.replace(source.live, grants=())
    return msgspec.structs.replace(source, policy=policy, live=live)


@given(worlds.situations(), worlds.moments())
def test_what_is_decided_is_the_same_at_every_moment_and_whatever_was_granted(
    situation: Situation, moment: datetime
) -> None:
    source, request, since = situation
    twin = worlds.compiled(source).in_doubt(since)
    decision = decide(request, twin, moment)
    live = msgspec.structs.replace(source.live, grants=())
    ungranted = doubtful(msgspec.structs.replace(source, live=live), since)

    assert ungranted == doubtful(source, since) == twin.source
    assert worlds.judged(request, ungranted, since) == decision.verdict
    assert decision.verdict == decide(request, worlds.compiled(ungranted), since).verdict
    assert twin.school_time.horizon(moment) == decision.valid_until


@given(worlds.situations(), worlds.moments())
def test_nothing_opens_that_was_closed_nor_what_is_closed_in_lessons_without_grants(
    situation: Situation, other: datetime
) -> None:
    source, request, moment = situation
    since, later = sorted((moment, other))
    in_doubt = openness(request, doubtful(source, since), later)
    before = openness(request, source, since)
    in_lesson = openness(request, in_lessons_alone(source), later)

    assert in_doubt[0] <= min(before[0], in_lesson[0])
    assert in_doubt[1] <= min(before[1], in_lesson[1])


def test_help_lines_stay_open() -> None:
    everything = Rule("all", frozenset({"everything"}), (Condition(),), worlds.CITE, locked=True)
    twin = worlds.compiled(worlds.source_of((everything,))).in_doubt(AT_LUNCH)

    asked = Request(Subject(), HostResource(parse_host("help.example")))
    assert Verdict.ALLOW is decide(asked, twin, AT_LUNCH).verdict


def staff_rule(period: Period, *, excepted: bool) -> Rule:
    when = Condition(period=frozenset({period}))
    return Rule(
        "chat",
        frozenset({"chat"}),
        (Condition(),) if excepted else (when,),
        worlds.CITE,
        unless=(when,) if excepted else (),
    )


TEACHER = Subject(audience=Audience.STAFF, device=DeviceKind.SCHOOL_COMPUTER, network="n1")
CHAT = Request(TEACHER, HostResource(parse_host("chat.example")))


@pytest.mark.parametrize(
    ("rule", "since", "expected"),
    [
        # Open at lunch, closed in lessons: it closes, and at no time of day it opens again.
        (staff_rule(Period.LUNCH, excepted=True), AT_LUNCH, Verdict.BLOCK),
        (staff_rule(Period.LESSON, excepted=False), AT_LUNCH, Verdict.BLOCK),
        # Closed at night alone: whoever loses the time at night opens nothing by it, and lessons
        # go on for whoever loses it by day.
        (staff_rule(Period.CLOSED, excepted=False), AT_NIGHT, Verdict.BLOCK),
        (staff_rule(Period.CLOSED, excepted=False), AT_LUNCH, Verdict.ALLOW),
        # Open in lessons alone.
        (staff_rule(Period.LESSON, excepted=True), AT_LUNCH, Verdict.BLOCK),
        (
            staff_rule(Period.LESSON, excepted=True),
            AT_LUNCH.replace(hour=10, minute=0),
            Verdict.ALLOW,
        ),
    ],
)
def test_the_rules_of_lessons_hold_and_those_of_when_it_began(
    rule: Rule, since: datetime, expected: Verdict
) -> None:
    twin = worlds.compiled(worlds.source_of((rule,))).in_doubt(since)

    assert {expected} == {
        decide(CHAT, twin, since + timedelta(hours=hours)).verdict for hours in range(0, 80, 5)
    }


@pytest.mark.parametrize(
    "exception",
    [
        Condition(own_hours=True),
        Condition(own_hours=False),
        Condition(overtime=True),
        Condition(overtime=False),
    ],
)
def test_nobody_knows_who_is_at_work(exception: Condition) -> None:
    """So no exception for those who are opens anything, nor one for those who are not."""
    rule = Rule("r", frozenset({"chat"}), (Condition(),), worlds.CITE, unless=(exception,))
    twin = worlds.compiled(worlds.source_of((rule,))).in_doubt(AT_LUNCH)
    teacher = msgspec.structs.replace(
        TEACHER,
        hours=WorkingHours(time(9), time(12)),
        overtime=frozenset({AT_LUNCH.date()}),
    )
    asked = msgspec.structs.replace(CHAT, subject=teacher)

    assert Verdict.BLOCK is decide(asked, twin, AT_LUNCH).verdict


def restriction(
    ends_at: datetime, person: str = "p1", starts_at: datetime = AT_LUNCH - LATER
) -> Restriction:
    return Restriction(
        id="r",
        kind=RestrictionKind.WITHDRAWN_SERVICE,
        starts_at=starts_at,
        ends_at=ends_at,
        cite=worlds.CITE,
        person=person,
        service="chat",
    )


@pytest.mark.parametrize(
    ("ends_at", "is_blocked"),
    [(AT_LUNCH, False), (AT_LUNCH + timedelta(seconds=1), True)],
)
def test_a_restriction_that_was_not_over_does_not_end(
    ends_at: datetime, *, is_blocked: bool
) -> None:
    source = worlds.source_of((), Live(restrictions=(restriction(ends_at),)))
    twin = worlds.compiled(source).in_doubt(AT_LUNCH)
    asked = msgspec.structs.replace(CHAT, subject=msgspec.structs.replace(TEACHER, person="p1"))

    found = decide(asked, twin, AT_LUNCH + 100 * LATER).verdict
    assert is_blocked is (Verdict.BLOCK is found)


def test_a_restriction_may_have_begun_for_all_that_is_known() -> None:
    coming = restriction(AT_LUNCH + 2 * LATER, starts_at=AT_LUNCH + LATER)
    twin = worlds.compiled(worlds.source_of((), Live(restrictions=(coming,)))).in_doubt(AT_LUNCH)
    asked = msgspec.structs.replace(CHAT, subject=msgspec.structs.replace(TEACHER, person="p1"))

    assert Verdict.BLOCK is decide(asked, twin, AT_LUNCH).verdict


OWN = DeviceKind.OWN_DEVICE
REGISTER = Register(
    people=(
        Person("pupil", Audience.PUPIL, age=17),
        Person("teacher", Audience.STAFF),
        Person("restricted", Audience.STAFF),
    ),
    networks=(
        Network("pupils", "127.0.1.0/24", Audience.PUPIL, OWN, inspectable=False),
        Network("staff", "127.0.2.0/24", Audience.STAFF, OWN, inspectable=False),
    ),
    devices=(Device("127.0.2.9", "d", kind=OWN),),
)


@pytest.mark.parametrize(
    ("address", "person", "is_kept"),
    [
        # Whoever asks from pupils' network is a pupil without it, of whom less is known.
        ("127.0.1.7", "pupil", False),
        ("127.0.1.7", "teacher", False),
        # Without it this device would be a member of staff's.
        ("127.0.2.7", "pupil", True),
        ("127.0.2.9", "pupil", True),
        ("127.0.2.7", "teacher", False),
        # Without it nothing would be withdrawn from them.
        ("127.0.1.7", "restricted", True),
        ("127.0.2.7", "restricted", True),
        ("127.0.1.7", "nobody", False),
    ],
)
def test_a_claim_stays_only_where_something_might_open_without_it(
    address: str, person: str, *, is_kept: bool
) -> None:
    live = Live(
        claims=(DeviceClaim("c", address, person, AT_LUNCH + timedelta(minutes=1)),),
        restrictions=(restriction(AT_LUNCH + LATER, "restricted"),),
    )
    source = msgspec.structs.replace(worlds.source_of((), live), register=REGISTER)
    twin = worlds.compiled(source).in_doubt(AT_LUNCH)

    found = {twin.subject_at(address, AT_LUNCH + days * LATER).person for days in range(3)}
    assert {person if is_kept else None} == found


def test_a_claim_that_was_over_does_not_come_back() -> None:
    live = Live(claims=(DeviceClaim("c", "127.0.2.7", "pupil", AT_LUNCH),))
    source = msgspec.structs.replace(worlds.source_of((), live), register=REGISTER)

    assert () == doubtful_live(source, AT_LUNCH).claims


def test_standing_permissions_stay() -> None:
    live = Live(standing=frozenset({"break-access"}))

    assert live.standing == doubtful_live(worlds.source_of((), live), AT_LUNCH).standing


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="timezone-aware"):
        doubtful(worlds.source_of(()), AT_LUNCH.replace(tzinfo=None))


def test_what_is_kept_of_classes_outlives_a_change_of_grants() -> None:
    source = worlds.source_of((staff_rule(Period.LUNCH, excepted=True),))
    twin = worlds.compiled(source).in_doubt(AT_LUNCH)
    later = twin.with_live(2, doubtful_live(source, AT_LUNCH))

    assert later.decides_classes_like(twin)
    assert not twin.decides_classes_like(worlds.compiled(source))


@pytest.mark.parametrize("since", [AT_LUNCH, AT_LUNCH.replace(hour=10)])
def test_the_sentences_say_that_the_clock_is_to_blame(since: datetime) -> None:
    twin = worlds.compiled(worlds.source_of((staff_rule(Period.LUNCH, excepted=True),))).in_doubt(
        since
    )
    told = explain(CHAT, decide(CHAT, twin, since), twin, since)

    assert "since the gateway's clock is not to be trusted" in told.sentences[0]
    assert "This holds until the gateway's clock can be trusted again." == told.until
