"""What every policy must hold beside its own invariants."""

import msgspec
import strategies as worlds
from proof_world import ANYBODY, policy, rule

from schoolgate_policyd.core.catalogue import Category, DomainList, HelpLine, LargeList
from schoolgate_policyd.core.invariants import Invariant
from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.proof import prove
from schoolgate_policyd.core.proof.laws import COVERED, ESSENTIALS, HELP_LINES, IN_USE
from schoolgate_policyd.core.rules import Condition, GrantKind
from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.core.times import Period

PUPIL = Condition(audience=frozenset({Audience.PUPIL}))
STAFF = Condition(audience=frozenset({Audience.STAFF}))
BREAK = frozenset({Period.BREAK})


def by_law(found: Policy, law: str) -> list[str]:
    return [each.sentence for each in prove(found).counterexamples if each.claim == law]


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
        catalogue=msgspec.structs.replace(catalogue, help_lines=(*catalogue.help_lines, platform)),
    )

    assert any(
        each.startswith("Video.example is a help line") for each in by_law(found, HELP_LINES)
    )


def test_everybody_is_kept_from_social_media_at_some_time() -> None:
    own = Condition(device=frozenset({DeviceKind.OWN_DEVICE}))
    unless_own = rule("r", "chat", unless=(msgspec.structs.replace(own, audience=STAFF.audience),))

    assert [
        (
            "Staff on their own devices are never kept from Chat (chat.example), which counts as "
            "social media"
        )
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
