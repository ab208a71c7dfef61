"""What a proof finds, and how it says it."""

from datetime import datetime

import msgspec
import pytest
import strategies as worlds
from proof_world import ANYBODY, policy, rule

from schoolgate_policyd.core.catalogue import Catalogue
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import Decision, Request, Verdict
from schoolgate_policyd.core.invariants import Invariant
from schoolgate_policyd.core.membership import Membership
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.proof import prove
from schoolgate_policyd.core.proof.prove import AGREEMENT
from schoolgate_policyd.core.rules import Condition, GrantKind
from schoolgate_policyd.core.school_time import TimetableUse
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty
from schoolgate_policyd.core.times import Period

PUPIL = Condition(audience=frozenset({Audience.PUPIL}))
STAFF = Condition(audience=frozenset({Audience.STAFF}))
NO_CHAT = Invariant(who=ANYBODY, reaches=frozenset({"chat"}))
BREAK = frozenset({Period.BREAK})


def broken(found: Policy, invariant: Invariant = NO_CHAT) -> list[str]:
    """Return the sentences of the counterexamples to *invariant*."""
    proof = prove(found, [invariant])
    return [each.sentence for each in proof.counterexamples if each.claim == proof.claims[0]]


def test_a_rule_that_says_as_much_proves_an_invariant() -> None:
    assert [] == broken(policy(rule("r", "chat")))
    assert [] == broken(policy(rule("r", "everything")))


def test_without_a_rule_the_service_is_named() -> None:
    assert broken(policy()) == [
        (
            "A pupil on a school computer would reach Chat (chat.example) at any time, because no "
            "rule speaks of it"
        )
    ]


def test_the_audience_that_a_rule_leaves_out_is_named() -> None:
    (sentence, *_) = broken(policy(rule("r", "chat", STAFF)))

    assert sentence == (
        "A pupil on a school computer would reach Chat (chat.example) at any time, because rule r "
        "does not speak of pupils"
    )


def test_the_time_of_an_exception_is_named() -> None:
    (sentence, *_) = broken(
        policy(rule("r", "chat", unless=(msgspec.structs.replace(STAFF, period=BREAK),)))
    )

    assert sentence == (
        "A member of staff on a school computer would reach Chat (chat.example) on Monday "
        "10:30–10:45 (19 October 2026), because rule r makes an exception: it is break"
    )


def test_an_exception_without_grounds_is_named_all_the_same() -> None:
    (sentence, *_) = broken(policy(rule("r", "chat", unless=(ANYBODY,))))

    assert sentence.endswith("because rule r makes an exception")


def test_the_grant_that_suffices_is_named() -> None:
    both = {GrantKind.ACCESS_GRANT, GrantKind.CURRICULUM_GRANT}
    found = policy(rule("r", "chat", lifted_by=both))
    (sentence, *_) = broken(found)
    without = msgspec.structs.replace(NO_CHAT, without=frozenset({GrantKind.ACCESS_GRANT}))

    assert sentence.endswith(
        "at any time while an access grant is live, because an access grant lifts rule r"
    )
    assert "while a curriculum grant is live" in broken(found, without)[0]
    assert [] == broken(found, msgspec.structs.replace(NO_CHAT, without=frozenset(GrantKind)))


def test_the_standing_permission_is_named() -> None:
    recorded = Condition(standing=frozenset({"break-access"}))
    (sentence, *_) = broken(policy(rule("r", "chat", unless=(recorded,))))

    assert "while break-access is recorded" in sentence


def test_what_only_some_have_is_named() -> None:
    duty = Condition(duty=frozenset({Duty.DSL}))
    year = Condition(year_groups=(3, 6))
    old = Condition(below_minimum_age=False)
    overtime = Condition(overtime=True)
    own = Condition(device=frozenset({DeviceKind.OWN_DEVICE}))

    says = [broken(policy(rule("r", "chat", unless=(each,))))[0] for each in (duty, year, old)]
    assert says[0].startswith("A member of staff (the designated safeguarding lead) on a school")
    assert says[1].startswith("A pupil in year 3 on a school computer")
    assert says[2].startswith("A pupil aged 13 on a school computer")
    says = [broken(policy(rule("r", "chat", unless=(each,))))[0] for each in (overtime, own)]
    assert says[0].startswith("A member of staff (on overtime that day) on a school computer")
    assert says[1].startswith("A pupil on their own device")


def test_an_operator_is_one_of_the_platform_that_is_reached() -> None:
    operator = Condition(duty=frozenset({Duty.ACCOUNT_OPERATOR}))
    on_chat = msgspec.structs.replace(operator, platform=frozenset({"chat"}))
    both = rule("r", {"chat", "video"}, unless=(operator,))
    video = Invariant(who=ANYBODY, reaches=frozenset({"video"}), unless=(on_chat,))

    assert broken(policy(both), video)
    by_platform = rule("r", {"chat", "video"}, unless=(on_chat,))
    assert [] == broken(policy(by_platform), video)


def test_somebody_at_a_device_of_a_class_is_named_so() -> None:
    by_class = Membership(classes=frozenset({"4B"}))
    uses = (
        TimetableUse(worlds.TIMETABLES[0], by_class),
        TimetableUse(worlds.TIMETABLES[3], Membership(classes=frozenset({"1A"}))),
    )
    school_time = msgspec.structs.replace(worlds.SCHOOL_TIME, timetables=uses)
    found = policy(rule("r", "chat", unless=(Condition(period=BREAK),)), school_time=school_time)

    assert broken(found)[0].startswith("A pupil of class 4B on a school computer")


def test_where_nothing_can_look_inside_a_part_may_be_open() -> None:
    found = policy(rule("r", "parts", is_open_uninspected=True))
    parts = Invariant(who=ANYBODY, reaches=frozenset({"parts"}))

    assert any(
        "on a school computer that nothing can look into" in each
        and "because rule r leaves it open where nothing can look inside" in each
        for each in broken(found, parts)
    )
    assert [] == broken(found, msgspec.structs.replace(parts, is_open_uninspected=True))


def test_the_rule_that_misses_least_is_the_reason() -> None:
    lunch = msgspec.structs.replace(STAFF, period=frozenset({Period.LUNCH}))
    only_staff = Condition(period=frozenset({Period.LUNCH}))
    operators = Condition(duty=frozenset({Duty.ACCOUNT_OPERATOR}))

    assert broken(policy(rule("a", "chat", lunch), rule("b", "chat", only_staff)))[0].endswith(
        "because rule b does not speak of everybody while the school is closed"
    )
    assert broken(policy(rule("r", "chat", operators)))[0].endswith(
        "because rule r does not speak of somebody like this"
    )
    year = broken(policy(rule("r", "chat", Condition(year_groups=(3, 6)))))
    assert year[0].endswith("because rule r does not speak of everybody in year 2")


@pytest.mark.parametrize(
    ("invariant", "words"),
    [
        (NO_CHAT, "nobody may ever reach Chat"),
        (Invariant(who=PUPIL, reaches=frozenset({"chat"})), "pupils may never reach Chat"),
        (
            Invariant(
                who=STAFF,
                reaches=frozenset({"chat", "video"}),
                without=frozenset({GrantKind.ACCESS_GRANT}),
                unless=(Condition(duty=frozenset({Duty.DSL})),),
            ),
            (
                "staff may never reach Chat or Video (aside from an access grant; designated "
                "safeguarding leads)"
            ),
        ),
        (
            Invariant(
                who=ANYBODY,
                reaches=frozenset({"chat"}),
                unless=(Condition(standing=frozenset({"break-access"})),),
                is_open_uninspected=True,
            ),
            (
                "nobody may ever reach Chat (aside from once break-access is recorded; parts of "
                "sites where nothing can look inside)"
            ),
        ),
    ],
)
def test_claims_are_sentences(invariant: Invariant, words: str) -> None:
    assert words == prove(policy(), [invariant]).claims[0]


def test_a_decision_that_says_otherwise_is_found() -> None:
    def generous(request: Request, snapshot: Snapshot, moment: datetime) -> Decision:
        return msgspec.structs.replace(decide(request, snapshot, moment), verdict=Verdict.ALLOW)

    found = prove(policy(rule("r", "chat")), decider=generous)
    sentences = [each.sentence for each in found.counterexamples if each.claim == AGREEMENT]

    assert any(
        each.startswith("A pupil on a school computer gets allow for https://chat.example/ on ")
        and each.endswith("where the proof says block: the proof itself is wrong")
        for each in sentences
    )
    assert any("gets allow for chat.example on" in each for each in sentences)


def test_what_was_gone_through_is_counted() -> None:
    coverage = prove(policy(rule("r", "chat", Condition(period=BREAK)))).coverage

    assert coverage.names > coverage.sites > 5
    assert coverage.cells > 2 * coverage.sites
    assert coverage.spans > len(Period)


def test_an_empty_policy_has_nothing_to_hold() -> None:
    bare = msgspec.structs.replace(policy(), catalogue=Catalogue())

    assert () == prove(bare).counterexamples


def test_rules_are_told_apart_by_what_they_ask_of_a_service() -> None:
    """Two services on one site, one of them too old for the pupil: the other still blocks."""
    too_young = Condition(below_minimum_age=True)
    found = policy(rule("r", {"parts", "video"}, too_young))
    parts = Invariant(who=too_young, reaches=frozenset({"parts"}))

    assert [] == broken(found, parts)
    assert broken(found, Invariant(who=ANYBODY, reaches=frozenset({"parts"})))
