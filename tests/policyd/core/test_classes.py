"""
Classes of subjects: whoever shares one is answered alike, wherever nothing is laid over them.

Laws first, then cases that a reader can check by hand.
"""

from datetime import UTC, date, datetime, time

import msgspec
import pytest
import strategies as worlds
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.core import conditions
from schoolgate_policyd.core.classes import SOMEBODY, SubjectClasses
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import HostResource, Request, UrlResource, Verdict
from schoolgate_policyd.core.membership import Membership
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.reference import blocking
from schoolgate_policyd.core.rules import Condition, Rule
from schoolgate_policyd.core.school_time import SchoolTime, TimetableUse
from schoolgate_policyd.core.subjects import (
    UNKNOWN_SUBJECT,
    Audience,
    DeviceKind,
    Duty,
    HeldDuty,
    Subject,
)
from schoolgate_policyd.core.times import WorkingHours
from schoolgate_policyd.core.witnesses import witnesses

Situation = tuple[Source, Request, datetime]
MOMENT = datetime(2026, 11, 20, 10, 29, tzinfo=UTC)


@st.composite
def personal(draw: st.DrawFn) -> Subject:
    """A subject with much about them that no rule asks, and perhaps a claim that ends."""
    subject = draw(worlds.subjects())
    if subject == UNKNOWN_SUBJECT:
        return subject
    return msgspec.structs.replace(
        subject,
        network=draw(st.sampled_from([*worlds.NETWORKS, "n3", "n4", "unknown"])),
        device_id=draw(st.sampled_from([None, "laptop-7"])),
        classes=subject.classes | draw(st.frozensets(st.just("6C"))),
        device_groups=subject.device_groups | draw(st.frozensets(st.just("library"))),
        year_group=draw(st.none() | st.integers(0, 13)),
        hours=draw(
            st.sampled_from(
                [None, WorkingHours(time(9), time(12)), WorkingHours(time(8, 30), time(16))]
            )
        ),
        overtime=draw(st.sampled_from([subject.overtime, frozenset({date(2026, 11, 23)})])),
        known_until=draw(st.none() | worlds.moments()),
    )


@st.composite
def sources(draw: st.DrawFn) -> Source:
    """Sources whose policies also ask for persons and device groups."""
    source = draw(worlds.sources())
    about = st.lists(worlds.conditions(with_people=True), min_size=1, max_size=2).map(tuple)
    rules = tuple(
        msgspec.structs.replace(each, applies_to=draw(about), unless=draw(about))
        if draw(st.booleans())
        else each
        for each in source.policy.rules
    )
    policy = msgspec.structs.replace(source.policy, rules=rules)
    return msgspec.structs.replace(source, policy=policy)


@given(
    sources(),
    personal(),
    st.builds(HostResource, st.sampled_from(worlds.HOSTS), worlds.chains())
    | st.builds(UrlResource, worlds.urls(), worlds.chains()),
    worlds.moments(),
)
def test_an_untouched_subject_is_answered_like_their_class(
    source: Source, subject: Subject, resource: HostResource | UrlResource, moment: datetime
) -> None:
    """The verdict is the reference's for the subject, and the rules that it finds blocking."""
    snapshot = worlds.compiled(source)
    if snapshot.is_touched(subject, resource.host, resource.chain):
        return
    request = Request(subject, resource)
    of_class = decide(Request(snapshot.class_of(subject), resource), snapshot, moment)
    unseen = msgspec.structs.replace(subject, inspectable=False)

    assert worlds.judged(request, source, moment) == of_class.verdict
    if isinstance(resource, HostResource):
        expected = worlds.judged(Request(unseen, resource), source, moment)
        assert expected == of_class.uninspected
    if of_class.verdict is not Verdict.ALLOW:
        assert blocking_ids(request, source, moment) == {rule.id for rule in of_class.rules}
    assert () == of_class.lifted + of_class.grants


@given(
    sources(),
    personal(),
    st.builds(HostResource, st.sampled_from(worlds.HOSTS), worlds.chains()),
    worlds.moments(),
)
def test_a_class_differs_in_no_more_than_the_end_of_what_is_known(
    source: Source, subject: Subject, resource: HostResource, moment: datetime
) -> None:
    """A subject's decision is their class's, until the bell or the end of their device claim."""
    snapshot = worlds.compiled(source)
    if snapshot.is_touched(subject, resource.host, resource.chain):
        return
    of_class = decide(Request(snapshot.class_of(subject), resource), snapshot, moment)
    ends = [each for each in (of_class.valid_until, subject.known_until) if each is not None]
    expected = msgspec.structs.replace(of_class, valid_until=min(ends))

    assert expected == decide(Request(subject, resource), snapshot, moment)


@given(sources(), personal(), worlds.moments())
def test_every_atom_of_every_rule_is_as_true_of_the_class(
    source: Source, subject: Subject, moment: datetime
) -> None:
    snapshot = worlds.compiled(source)
    both = (subject, snapshot.class_of(subject))
    asked = [
        (condition, service, unknown_holds)
        for rule in source.policy.rules
        for condition in (*rule.applies_to, *rule.unless)
        for service in (None, *source.policy.catalogue.services)
        for unknown_holds in (True, False)
    ]

    mine, theirs = (snapshot.facts_of(each, moment) for each in both)

    assert [each.period for each in mine] == [each.period for each in theirs]
    for one, other in zip(mine, theirs, strict=True):
        for condition, service, unknown_holds in asked:
            expected = conditions.holds(condition, one, service, unknown_holds=unknown_holds)
            found = conditions.holds(condition, other, service, unknown_holds=unknown_holds)
            assert expected is found


@given(sources(), personal())
def test_a_class_is_its_own_and_keeps_what_is_asked_beside_rules(
    source: Source, subject: Subject
) -> None:
    """Audience, device and inspection say how a point answers, whatever rules ask."""
    snapshot = worlds.compiled(source)
    found = snapshot.class_of(subject)

    assert found is snapshot.class_of(found)
    for field in ("audience", "device", "inspectable", "is_network_known", "is_closely_filtered"):
        assert getattr(subject, field) == getattr(found, field)
    assert found.known_until is found.device_id is None


@given(sources(), personal())
def test_what_is_laid_over_a_class_is_laid_over_all_of_it(
    source: Source, subject: Subject
) -> None:
    """Else a grant for one would open something for another."""
    snapshot = worlds.compiled(source)
    shared = snapshot.class_of(subject)

    assert {*snapshot.grants_of(shared)} <= {*snapshot.grants_of(subject)}
    assert snapshot.restrictions_on(shared) <= snapshot.restrictions_on(subject)


def blocking_ids(request: Request, source: Source, moment: datetime) -> set[str]:
    """Return the ids of all rules that block something of what is asked, by definition."""
    subject, resource = request.subject, request.resource
    catalogue, live = source.policy.catalogue, source.live
    if isinstance(resource, UrlResource) and subject.inspectable:
        urls = [resource.url]
    else:
        steps = (resource.host, *resource.chain)
        parts = [p for s in catalogue.services for p in s.urls if any(map(p.is_on, steps))]
        urls = witnesses(resource.host, parts, live.grants, catalogue.services_by_id)
    return {
        rule.id
        for url in urls
        for rule in blocking(url, resource.chain, subject, source, moment, names=worlds.NAMES)
    }


def classes_of(*asked: Condition, school_time: SchoolTime = worlds.SCHOOL_TIME) -> SubjectClasses:
    rule = Rule(id="r", block=frozenset({"chat"}), applies_to=asked, cite=worlds.CITE)
    return SubjectClasses(worlds.source_of((rule,), school_time=school_time))


def in_use(*members: Membership) -> SchoolTime:
    uses = tuple(TimetableUse(worlds.TIMETABLES[0], each) for each in members)
    return msgspec.structs.replace(worlds.SCHOOL_TIME, timetables=uses)


PUPIL = Subject(
    device=DeviceKind.SCHOOL_COMPUTER,
    network="n1",
    inspectable=True,
    person="p1",
    device_id="laptop-7",
    classes=frozenset({"4B"}),
    device_groups=frozenset({"trolley"}),
    year_group=4,
    age=8,
    hours=WorkingHours(time(9), time(12)),
    overtime=frozenset({date(2026, 11, 20)}),
    known_until=MOMENT,
)
TEACHER = msgspec.structs.replace(PUPIL, audience=Audience.STAFF)


def test_what_nobody_asks_is_left_out() -> None:
    expected = Subject(
        device=DeviceKind.SCHOOL_COMPUTER, network="another network", inspectable=True
    )

    assert expected == classes_of(Condition()).of(PUPIL)


def test_an_unknown_subject_is_a_class() -> None:
    assert UNKNOWN_SUBJECT == classes_of(Condition()).of(UNKNOWN_SUBJECT)


@pytest.mark.parametrize(
    ("asked", "field", "expected"),
    [
        ({"own_hours": True}, "hours", WorkingHours(time(9), time(12))),
        ({"overtime": False}, "overtime", frozenset({date(2026, 11, 20)})),
        ({"person": frozenset({"p1"})}, "person", "p1"),
        ({"person": frozenset({"p2"})}, "person", None),
        ({"device_group": frozenset({"trolley", "x"})}, "device_groups", frozenset({"trolley"})),
        ({"network": frozenset({"n1", "n0"})}, "network", "n0"),
        ({"year_groups": (3, 6)}, "year_group", 3),
        ({"year_groups": (6, 6)}, "year_group", 5),
        ({"year_groups": (0, 2)}, "year_group", 3),
        ({"below_minimum_age": True}, "age", 12),
    ],
)
def test_what_is_asked_of_staff_alone_says_nothing_of_pupils(
    asked: dict[str, object], field: str, expected: object
) -> None:
    condition = Condition(audience=frozenset({Audience.STAFF}), **asked)
    unasked = getattr(classes_of(Condition()).of(PUPIL), field)

    assert expected == getattr(classes_of(condition).of(TEACHER), field)
    assert unasked == getattr(classes_of(condition).of(PUPIL), field)


@pytest.mark.parametrize(
    ("age", "expected"), [(None, None), (4, 12), (12, 12), (13, 13), (15, 13), (16, 16), (60, 16)]
)
def test_ages_are_alike_between_two_minimum_ages(age: int | None, expected: int | None) -> None:
    subject = msgspec.structs.replace(PUPIL, age=age)

    assert expected == classes_of(Condition(below_minimum_age=True)).of(subject).age


def test_nobody_but_staff_has_working_hours_and_the_usual_ones_are_nobodys_own() -> None:
    classes = classes_of(Condition(own_hours=True))
    usual = msgspec.structs.replace(TEACHER, hours=worlds.SCHOOL_TIME.staff_hours)

    assert TEACHER.hours == classes.of(TEACHER).hours
    assert None is classes.of(usual).hours
    assert None is classes.of(PUPIL).hours


def test_duties_are_alike_in_any_order_and_without_those_that_nobody_asks() -> None:
    classes = classes_of(Condition(duty=frozenset({Duty.ACCOUNT_OPERATOR, Duty.DSL})))
    operator = HeldDuty(Duty.ACCOUNT_OPERATOR, frozenset({"chat", "gone"}))
    held = [HeldDuty(Duty.DSL), operator, HeldDuty(Duty.HEAD)]

    one, other = (
        classes.of(msgspec.structs.replace(TEACHER, duties=tuple(each)))
        for each in (held, held[::-1])
    )

    assert one is other
    assert {
        HeldDuty(Duty.DSL),
        HeldDuty(Duty.ACCOUNT_OPERATOR, frozenset({"chat"})),
    } == {*one.duties}


@pytest.mark.parametrize(
    ("person", "held", "expected"),
    [
        ("p1", {"4B", "6C"}, (SOMEBODY, {"4B"})),
        ("p1", {"6C"}, (SOMEBODY, set())),
        (None, {"4B"}, (None, {"4B"})),
        (None, {"4B", "6C"}, (None, {"4B", "another class"})),
        (None, set(), (None, set())),
    ],
)
def test_of_classes_those_count_that_timetables_are_for(
    person: str | None, held: set[str], expected: tuple[str | None, set[str]]
) -> None:
    """Somebody known is in no other class; whoever uses a shared device may be in any of its."""
    school_time = in_use(Membership(classes=frozenset({"4B"})), Membership())
    subject = msgspec.structs.replace(PUPIL, person=person, classes=frozenset(held))

    found = classes_of(Condition(), school_time=school_time).of(subject)

    assert expected == (found.person, {*found.classes})


def test_a_timetable_for_staff_tells_no_pupils_apart() -> None:
    for_staff = Membership(audience=frozenset({Audience.STAFF}), year_groups=(0, 2))
    classes = classes_of(Condition(), school_time=in_use(for_staff, Membership()))

    assert None is classes.of(PUPIL).year_group
    assert 3 == classes.of(TEACHER).year_group


def test_a_flood_of_subjects_is_forgotten() -> None:
    classes = SubjectClasses(worlds.source_of(()), most_subjects=3)
    first = classes.of(PUPIL)

    found = [classes.of(msgspec.structs.replace(PUPIL, person=f"p{n}")) for n in range(20)]

    assert [first] * 20 == found
    assert first is not found[-1]


@pytest.mark.parametrize(
    ("audience", "device", "expected"),
    [
        (Audience.PUPIL, DeviceKind.SCHOOL_COMPUTER, True),
        (Audience.VISITOR, DeviceKind.OWN_DEVICE, True),
        (Audience.STAFF, DeviceKind.UNKNOWN, True),
        (Audience.STAFF, DeviceKind.OWN_DEVICE, False),
    ],
)
def test_pupils_visitors_and_unknown_devices_are_filtered_closely(
    audience: Audience, device: DeviceKind, *, expected: bool
) -> None:
    assert expected is Subject(audience=audience, device=device).is_closely_filtered
