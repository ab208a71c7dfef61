"""What a proof finds, and how it says it."""

from datetime import datetime

import msgspec
import pytest
import strategies as worlds
from proof_world import ANYBODY, policy, rule

from schoolgate_policyd.core.catalogue import Catalogue, Category, DomainList, HelpLine, LargeList
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import Decision, Request, Verdict
from schoolgate_policyd.core.invariants import Invariant
from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.proof import prove
from schoolgate_policyd.core.proof.laws import COVERED, ESSENTIALS, HELP_LINES, IN_USE
from schoolgate_policyd.core.proof.prove import AGREEMENT
from schoolgate_policyd.core.rules import Condition, GrantKind
from schoolgate_policyd.core.school_time import Membership, TimetableUse
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


def by_law(found: Policy, law: str) -> list[str]:
    return [each.sentence for each in prove(found).counterexamples if each.claim == law]


def test_a_rule_that_says_as_much_proves_an_invariant() -> None:
    assert [] == broken(policy(rule("r", "chat")))
    assert [] == broken(policy(rule("r", "everything")))


def test_without_a_rule_the_service_is_named() -> None:
    assert broken(policy()) == [
        "A pupil on a school computer would reach Chat (chat.example) at any time, because no "
        "rule speaks of it"
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
    found = policy(
        rule("r", "chat", unless=(Condition(period=BREAK),)), school_time=school_time
    )

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
            "staff may never reach Chat or Video (aside from an access grant; designated "
            "safeguarding leads)",
        ),
        (
            Invariant(
                who=ANYBODY,
                reaches=frozenset({"chat"}),
                unless=(Condition(standing=frozenset({"break-access"})),),
                is_open_uninspected=True,
            ),
            "nobody may ever reach Chat (aside from once break-access is recorded; parts of sites "
            "where nothing can look inside)",
        ),
    ],
)
def test_claims_are_sentences(invariant: Invariant, words: str) -> None:
    assert words == prove(policy(), [invariant]).claims[0]


def test_every_policy_locks_what_nobody_needs() -> None:
    categories = (*worlds.CATALOGUE.categories, Category("gambling", "Gambling"))
    gambling = DomainList("bets", "gambling", (DomainName("bets.example"),))
    catalogue = msgspec.structs.replace(
        worlds.CATALOGUE, categories=categories, lists=(*worlds.CATALOGUE.lists, gambling)
    )
    access = {GrantKind.ACCESS_GRANT}
    found = msgspec.structs.replace(
        policy(
            rule("adult", "adult", lifted_by=access),
            rule("vpn", "vpn"),
            rule("gambling", "gambling", lifted_by=access),
        ),
        catalogue=catalogue,
    )
    proof = prove(found)
    claims = {each.claim for each in proof.counterexamples}

    assert "no grant of any kind may open adult" in claims
    assert "no grant of any kind may open vpn" in proof.claims
    assert "no grant of any kind may open vpn" not in claims
    assert "nothing but an access grant may open gambling" in proof.claims
    assert "nothing but an access grant may open gambling" not in claims


def test_a_locked_list_is_one_of_what_every_policy_locks() -> None:
    law = "no grant of any kind may open the locked list decreed"
    (sentence, *_) = by_law(policy(), law)

    assert "would reach a name on the list decreed at any time" in sentence
    assert [] == by_law(policy(rule("r", "decreed")), law)
    assert LargeList("large", "adult") in worlds.CATALOGUE.large_lists


def test_nobody_is_kept_from_an_essential() -> None:
    (first, *_) = by_law(policy(rule("r", "everything"), rule("s", "everything")), ESSENTIALS)

    assert first == (
        "A pupil on a school computer would be kept from shared.example at any time, because "
        "rule r and rule s block it"
    )
    assert [] == by_law(policy(rule("r", "everything-but-essentials")), ESSENTIALS)
    (part,) = by_law(policy(rule("r", "video", PUPIL)), ESSENTIALS)
    assert part.endswith("because rule r blocks it")


def test_a_help_line_is_nothing_else() -> None:
    catalogue = worlds.CATALOGUE
    platform = HelpLine("other", "Other", (DomainName("video.example"),))
    found = msgspec.structs.replace(
        policy(),
        catalogue=msgspec.structs.replace(
            catalogue, help_lines=(*catalogue.help_lines, platform)
        ),
    )

    assert any(each.startswith("Video.example is a help line") for each in by_law(found, HELP_LINES))


def test_everybody_is_kept_from_social_media_at_some_time() -> None:
    own = Condition(device=frozenset({DeviceKind.OWN_DEVICE}))
    unless_own = rule("r", "chat", unless=(msgspec.structs.replace(own, audience=STAFF.audience),))

    assert [
        "Staff on their own devices are never kept from Chat (chat.example), which counts as "
        "social media"
    ] == by_law(policy(unless_own, social_media={"chat"}), COVERED)
    lunch = rule("r", "chat", Condition(period=frozenset({Period.LUNCH})))
    assert [] == by_law(policy(lunch, social_media={"chat"}), COVERED)


def test_every_rule_blocks_somebody_and_every_exception_spares_somebody() -> None:
    nobody = rule("nobody", "chat", STAFF, unless=(STAFF,))
    idle = rule("idle", "chat", STAFF, unless=(PUPIL, Condition(period=BREAK)))

    assert [
        "Rule nobody never blocks anybody",
        "Rule idle makes an exception that never spares anybody: pupils",
    ] == by_law(policy(nobody, idle), IN_USE)


def test_what_concerns_nothing_is_a_warning_and_no_fault() -> None:
    absent = Invariant(who=ANYBODY, reaches=frozenset({"gone"}))
    proof = prove(policy(rule("r", "gone")), [absent])

    assert "Rule r blocks nothing: no name of the catalogue belongs to it" in proof.warnings
    assert "Nothing is at stake in the claim that nobody may ever reach gone" in proof.warnings
    assert [] == [each for each in proof.counterexamples if each.claim in {IN_USE, "gone"}]


def test_a_decision_that_says_otherwise_is_found() -> None:
    def generous(request: Request, snapshot: Snapshot, moment: datetime) -> Decision:
        return msgspec.structs.replace(
            decide(request, snapshot, moment), verdict=Verdict.ALLOW
        )

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

