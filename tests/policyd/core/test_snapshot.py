"""Whose a grant is, and what a snapshot keeps when only what is live changes."""

import msgspec
import test_decide as cases

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import Verdict
from schoolgate_policyd.core.names import Host, parse_domain, parse_url
from schoolgate_policyd.core.policy import Live
from schoolgate_policyd.core.rules import Grant, GrantKind, HostScope, PageScope
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Network

SITE = HostScope(parse_domain("chat.example"))


def test_a_grant_reaches_people_classes_and_device_groups() -> None:
    nobody = msgspec.structs.replace(
        cases.grant_of(SITE, GrantKind.CURRICULUM_GRANT), people=frozenset()
    )
    for_class = msgspec.structs.replace(nobody, id="class", classes=frozenset({"4B"}))
    for_group = msgspec.structs.replace(nobody, id="group", device_groups=frozenset({"trolley"}))
    snapshot = cases.snapshot_with(nobody, for_class, for_group)
    stranger = msgspec.structs.replace(cases.PUPIL, person=None, classes=frozenset())
    on_trolley = msgspec.structs.replace(stranger, device_groups=frozenset({"trolley"}))

    assert ("class",) == tuple(grant.id for grant in snapshot.grants_of(cases.PUPIL))
    assert ("group",) == tuple(grant.id for grant in snapshot.grants_of(on_trolley))
    assert () == snapshot.grants_of(stranger)


def test_a_grant_that_is_withdrawn_is_gone_with_the_next_snapshot() -> None:
    snapshot = cases.snapshot_with(cases.grant_of(SITE))
    request = cases.asked(cases.TEACHER, "chat.example")
    without = snapshot.with_live(8, Live())

    assert Verdict.ALLOW is decide(request, snapshot, cases.LESSON).verdict
    assert Verdict.BLOCK is decide(request, without, cases.LESSON).verdict
    assert (8, snapshot.source.policy) == (without.number, without.source.policy)


def test_a_grant_that_is_narrowed_is_narrower_with_the_next_snapshot() -> None:
    """What was decided about single subjects is left behind, though classes share theirs."""
    page = PageScope(parse_url("https://chat.example/x"))
    snapshot = cases.snapshot_with(cases.grant_of(SITE))
    request = cases.asked(cases.TEACHER, "chat.example")
    live = msgspec.structs.replace(cases.PERMITTED, grants=(cases.grant_of(page),))

    assert Verdict.ALLOW is decide(request, snapshot, cases.LESSON).verdict
    narrower = snapshot.with_live(2, live)
    assert narrower.decides_classes_like(snapshot)
    assert Verdict.DEPENDS is decide(request, narrower, cases.LESSON).verdict


GUESTS = Network("n3", "10.0.0.0/24", Audience.STAFF, DeviceKind.OWN_DEVICE, inspectable=False)


def with_guests(*grants: Grant) -> Snapshot:
    """Return a snapshot whose register knows a network of guests."""
    source = cases.snapshot_with(*grants).source
    register = msgspec.structs.replace(source.register, networks=(GUESTS,))
    return compile_snapshot(msgspec.structs.replace(source, register=register))


def remembered(snapshot: Snapshot) -> tuple[object, ...]:
    """Return what *snapshot* finds out once and keeps: of subjects, of classes, of bells."""
    host = parse_domain("chat.example")
    matched = snapshot.match(host)
    return (
        snapshot.subject_at("10.0.0.9", cases.LESSON),
        snapshot.touching(cases.TEACHER, host, matched),
        matched,
        snapshot.class_of(cases.TEACHER),
        snapshot.timeline_of(cases.TEACHER),
    )


def kept(before: tuple[object, ...], after: tuple[object, ...]) -> list[bool]:
    return [old is new for old, new in zip(before, after, strict=True)]


def test_what_makes_way_for_another_live_state_keeps_what_both_remember() -> None:
    snapshot = with_guests(cases.grant_of(SITE))
    request = cases.asked(cases.TEACHER, "chat.example")
    before, decision = remembered(snapshot), decide(request, snapshot, cases.LESSON)
    assert all(kept(before, remembered(snapshot)))

    snapshot.make_way_for(snapshot.with_live(2, cases.PERMITTED))
    assert {} == snapshot.decided
    assert [False, False, True, True, True] == kept(before, remembered(snapshot))
    assert decision == decide(request, snapshot, cases.LESSON)


def test_what_makes_way_for_another_policy_forgets_everything() -> None:
    snapshot = with_guests(cases.grant_of(SITE))
    stranger = msgspec.structs.replace(cases.PUPIL, person=None, classes=frozenset())
    by_class = cases.asked(stranger, "chat.example")
    before, decision = remembered(snapshot), decide(by_class, snapshot, cases.LESSON)
    assert snapshot.decided_by_class

    snapshot.make_way_for(cases.snapshot_with())
    assert {} == snapshot.decided_by_class
    assert not any(kept(before, remembered(snapshot)))
    assert decision == decide(by_class, snapshot, cases.LESSON)


def test_what_makes_way_for_other_restrictions_keeps_names_and_bells_alone() -> None:
    snapshot = with_guests(cases.grant_of(SITE))
    before = remembered(snapshot)

    snapshot.make_way_for(snapshot.with_live(2, Live()))
    assert [False, False, False, False, True] == kept(before, remembered(snapshot))


def test_a_table_that_makes_way_is_asked_again() -> None:
    asked: list[str] = []

    class Names:
        def lists_of(self, host: Host) -> tuple[str, ...]:
            asked.append(host.text)
            return ()

    source = cases.snapshot_with().source
    snapshot = compile_snapshot(source, Names())
    host = parse_domain("chat.example")
    snapshot.match(host)
    snapshot.make_way_for(snapshot.with_live(2, Live()))
    snapshot.match(host)
    assert 1 == len(asked)
    snapshot.make_way_for(compile_snapshot(source, Names()))
    snapshot.match(host)
    assert 2 == len(asked)
