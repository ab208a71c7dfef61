"""Where a grant or a restriction touches somebody, and where they are like everybody else."""

from datetime import timedelta

import msgspec
import pytest
import strategies as worlds
import test_decide as cases

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import Verdict
from schoolgate_policyd.core.names import parse_host, parse_url
from schoolgate_policyd.core.overlays import NO_OVERLAY, Overlays
from schoolgate_policyd.core.policy import Live
from schoolgate_policyd.core.rules import (
    EverythingScope,
    GrantKind,
    HostScope,
    PageScope,
    PrefixScope,
    Restriction,
    RestrictionKind,
    Scope,
    ServiceScope,
)
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import DeviceKind, Subject

CHAT = parse_url("https://www.chat.example/x")


def restriction(
    kind: RestrictionKind = RestrictionKind.SUPERVISED_ONLY, *, person: str = "p1", id_: str = "r1"
) -> Restriction:
    return Restriction(
        id=id_,
        kind=kind,
        starts_at=cases.LESSON,
        ends_at=cases.LESSON + timedelta(days=1),
        cite=worlds.CITE,
        person=person,
        service="chat" if kind is RestrictionKind.WITHDRAWN_SERVICE else None,
    )


def restricted(*restrictions: Restriction) -> Snapshot:
    return cases.snapshot_with(
        live=msgspec.structs.replace(cases.PERMITTED, restrictions=restrictions)
    )


@pytest.mark.parametrize(
    ("scope", "host", "expected"),
    [
        (ServiceScope("chat"), "www.chat.example", True),
        (ServiceScope("chat"), "video.example", False),
        # A companion is opened too, but no rule here speaks of it.
        (ServiceScope("chat"), "cdn.example", False),
        # Forums are blocked on parts of these hosts, of which the service has one.
        (ServiceScope("parts"), "shared.example", True),
        (ServiceScope("video"), "shared.example", True),
        (ServiceScope("chat"), "shared.example", False),
        (ServiceScope("gone"), "www.chat.example", False),
        (HostScope(parse_host("chat.example")), "www.chat.example", True),
        (HostScope(parse_host("www.chat.example")), "chat.example", False),
        (PageScope(CHAT), "www.chat.example", True),
        (PageScope(CHAT), "chat.example", False),
        (PrefixScope(CHAT), "www.chat.example", True),
        (PrefixScope(CHAT), "chat.example", False),
        (HostScope(parse_host("help.example")), "help.example", False),
        (HostScope(parse_host("other.example")), "other.example", False),
    ],
)
def test_a_grant_touches_only_what_it_could_open(scope: Scope, host: str, expected: bool) -> None:
    snapshot = cases.snapshot_with(cases.grant_of(scope))

    assert expected is snapshot.is_touched(cases.TEACHER, parse_host(host))


def test_a_grant_of_a_kind_that_lifts_nothing_there_touches_nothing() -> None:
    grant = cases.grant_of(HostScope(parse_host("chat.example")), GrantKind.SUPERVISED_SESSION)

    assert not cases.snapshot_with(grant).is_touched(cases.TEACHER, parse_host("chat.example"))


def test_an_alias_is_touched_by_what_speaks_of_what_is_behind_it() -> None:
    grant = cases.grant_of(HostScope(parse_host("other.example")))
    alias, chain = parse_host("other.example"), (parse_host("chat.example"),)
    snapshot = cases.snapshot_with(grant)

    assert not snapshot.is_touched(cases.TEACHER, alias)
    assert snapshot.is_touched(cases.TEACHER, alias, chain)


def test_a_grant_for_another_touches_nobody_else() -> None:
    grant = cases.grant_of(HostScope(parse_host("chat.example")))
    snapshot = cases.snapshot_with(grant)
    colleague = msgspec.structs.replace(cases.TEACHER, person="p2")

    assert not snapshot.is_touched(colleague, parse_host("chat.example"))
    assert Verdict.BLOCK is verdict(colleague, "chat.example", snapshot)
    assert Verdict.ALLOW is verdict(cases.TEACHER, "chat.example", snapshot)


def test_a_withdrawn_service_touches_that_service_alone() -> None:
    snapshot = restricted(restriction(RestrictionKind.WITHDRAWN_SERVICE))

    assert snapshot.is_touched(cases.PUPIL, parse_host("chat.example"))
    assert not snapshot.is_touched(cases.PUPIL, parse_host("video.example"))


def test_a_withdrawn_site_is_blocked_with_what_is_under_it_and_behind_other_names() -> None:
    withdrawn = restriction(RestrictionKind.WITHDRAWN_SERVICE)
    site = parse_host("games.example")
    snapshot = restricted(msgspec.structs.replace(withdrawn, service=None, site=site))
    another = msgspec.structs.replace(cases.PUPIL, person="p3")

    for host in ("games.example", "cdn.games.example"):
        assert Verdict.BLOCK is verdict(cases.PUPIL, host, snapshot)
        assert not snapshot.is_touched(another, parse_host(host))
    assert Verdict.ALLOW is verdict(cases.PUPIL, "mygames.example", snapshot)
    assert snapshot.is_touched(cases.PUPIL, parse_host("alias.example"), (site,))


def test_supervised_only_touches_everything_but_help_lines() -> None:
    snapshot = restricted(restriction())

    assert snapshot.is_touched(cases.PUPIL, parse_host("other.example"))
    assert not snapshot.is_touched(cases.PUPIL, parse_host("help.example"))


def test_a_restriction_is_about_one_person_on_the_devices_it_names() -> None:
    snapshot = restricted(restriction(), restriction(person="p2", id_="r2"))
    other = msgspec.structs.replace(cases.PUPIL, person="p3")
    own_device = msgspec.structs.replace(cases.PUPIL, device=DeviceKind.OWN_DEVICE)

    assert {"restriction-r1"} == snapshot.restrictions_on(cases.PUPIL)
    assert Verdict.BLOCK is verdict(cases.PUPIL, "other.example", snapshot)
    for subject in (other, own_device):
        assert set() == snapshot.restrictions_on(subject)
        assert not snapshot.is_touched(subject, parse_host("other.example"))
        assert Verdict.ALLOW is verdict(subject, "other.example", snapshot)


def test_a_session_for_everything_opens_what_the_restriction_closed_and_nothing_else() -> None:
    session = cases.grant_of(EverythingScope(), GrantKind.SUPERVISED_SESSION)
    live = msgspec.structs.replace(cases.PERMITTED, restrictions=(restriction(),))
    snapshot = cases.snapshot_with(session, live=live)

    assert Verdict.ALLOW is verdict(cases.PUPIL, "other.example", snapshot)
    assert Verdict.BLOCK is verdict(cases.PUPIL, "chat.example", snapshot)
    assert not cases.snapshot_with(session).is_touched(cases.PUPIL, parse_host("other.example"))


@pytest.mark.parametrize("kind", [GrantKind.ACCESS_GRANT, GrantKind.CURRICULUM_GRANT])
def test_no_other_grant_is_for_everything(kind: GrantKind) -> None:
    with pytest.raises(ValueError, match="only a supervised session"):
        cases.grant_of(EverythingScope(), kind)


def test_a_session_for_somebody_touches_nothing_for_another_s_restriction() -> None:
    """What it lifts is a restriction, and theirs is none."""
    everywhere = cases.grant_of(HostScope(parse_host("other.example")))
    session = msgspec.structs.replace(everywhere, kind=GrantKind.SUPERVISED_SESSION)
    live = Live(grants=(session,), restrictions=(restriction(person="p2"),))

    assert not touching(live, "other.example")
    assert touching(msgspec.structs.replace(live, restrictions=(restriction(),)), "other.example")


def test_everybody_of_a_class_shares_what_was_decided() -> None:
    """A thousand pupils ask for a name, and it is decided once."""
    snapshot = cases.snapshot_with()
    pupils = [msgspec.structs.replace(cases.PUPIL, person=f"p{n}") for n in range(1000)]

    found = [decide(cases.asked(e, "chat.example"), snapshot, cases.LESSON) for e in pupils]

    assert 1 == len({id(each) for each in found})
    assert (1, 0) == (len(snapshot.decided_by_class), len(snapshot.decided))


def test_a_claim_that_ends_ends_the_decision_and_nobody_else_s() -> None:
    snapshot = cases.snapshot_with()
    soon = cases.LESSON + timedelta(seconds=5)
    claimed = msgspec.structs.replace(cases.TEACHER, known_until=soon)

    first, second = (
        decide(cases.asked(each, "chat.example"), snapshot, cases.LESSON)
        for each in (claimed, cases.TEACHER)
    )

    assert (soon, cases.BREAK) == (first.valid_until, second.valid_until)


def test_grants_and_claims_leave_decisions_about_classes_standing() -> None:
    snapshot = cases.snapshot_with()
    grant = cases.grant_of(HostScope(parse_host("video.example")))
    decide(cases.asked(cases.TEACHER, "chat.example"), snapshot, cases.LESSON)
    live = msgspec.structs.replace(cases.PERMITTED, grants=(grant,))
    following = snapshot.with_live(2, live)

    assert following.decides_classes_like(snapshot)
    assert 1 == len(following.decided_by_class)
    for changed in (
        msgspec.structs.replace(live, standing=frozenset()),
        msgspec.structs.replace(live, restrictions=(restriction(),)),
    ):
        assert not following.with_live(3, changed).decides_classes_like(snapshot)
    without_rules = snapshot.with_rules((), live)
    assert not without_rules.decides_classes_like(snapshot)
    assert Verdict.ALLOW is verdict(cases.TEACHER, "chat.example", without_rules)


def test_what_is_forgotten_is_decided_anew() -> None:
    snapshot = restricted(restriction())
    asked = [cases.asked(each, "chat.example") for each in (cases.PUPIL, cases.TEACHER, Subject())]
    before = [decide(each, snapshot, cases.LESSON) for each in asked]

    snapshot.forget()

    assert (0, 0) == (len(snapshot.decided_by_class), len(snapshot.decided))
    assert before == [decide(each, snapshot, cases.LESSON) for each in asked]


def test_the_memory_of_overlays_is_bounded() -> None:
    live = Live(grants=(cases.grant_of(HostScope(parse_host("chat.example"))),))
    overlays = Overlays(live, {}, most_remembered=2)
    matched = cases.snapshot_with().match(parse_host("chat.example"))
    hosts = [parse_host(f"{n}.chat.example") for n in range(9)]
    subjects = [msgspec.structs.replace(cases.TEACHER, network=f"n{n}") for n in range(9)]

    first = overlays.of(subjects[0])
    found = [overlays.touching(s, h, matched) for s in subjects for h in hosts]

    assert NO_OVERLAY not in found
    assert first == overlays.of(subjects[0])
    assert first is not overlays.of(subjects[0])


def verdict(subject: Subject, host: str, snapshot: Snapshot) -> Verdict:
    return decide(cases.asked(subject, host), snapshot, cases.LESSON).verdict


def touching(live: Live, host: str) -> bool:
    return cases.snapshot_with().with_live(2, live).is_touched(cases.PUPIL, parse_host(host))
