"""Whose a grant is, and what a snapshot keeps when only what is live changes."""

import msgspec
import test_decide as cases

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import Verdict
from schoolgate_policyd.core.names import parse_domain, parse_url
from schoolgate_policyd.core.policy import Live
from schoolgate_policyd.core.rules import GrantKind, HostScope, PageScope

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
