"""A preset's proof as the command line and policyd have it: claims, examples, random cases."""

from datetime import UTC, datetime, time

import msgspec
import pytest
from proof_world import ANYBODY, policy, rule

from schoolgate_policyd.core.decision import HostResource, UrlResource, Verdict
from schoolgate_policyd.core.invariants import Invariant
from schoolgate_policyd.core.policy import Policy, StandingDefinition
from schoolgate_policyd.core.rules import (
    Condition,
    EverythingScope,
    HostScope,
    PageScope,
    PrefixScope,
    RestrictionKind,
    ServiceScope,
)
from schoolgate_policyd.core.subjects import UNKNOWN_SUBJECT, Audience, DeviceKind, Duty
from schoolgate_policyd.draws import Draws
from schoolgate_policyd.gate import Gate, NotProvedError, faults_of, is_the_same
from schoolgate_policyd.proving import CHUNK, prove_preset
from schoolgate_policyd.rulefiles.preset import Example, Preset, PresetNotes

AT = datetime(2026, 11, 20, 10, 35, tzinfo=UTC)
# What every policy of the small world must lock.
LOCKS = (rule("adult", "adult"), rule("vpn", "vpn"), rule("decreed", "decreed"))
NO_CHAT = Invariant(who=ANYBODY, reaches=frozenset({"chat"}))


def preset(*rules: object, **notes: object) -> Preset:
    """Return a preset that locks what it must and holds nothing else against itself."""
    made = policy(*LOCKS, *rules)  # type: ignore[arg-type]  # rules of the small world
    # A help line of the small world is on a list as well, on purpose; here it is not.
    lists = (made.catalogue.lists[0],)
    catalogue = msgspec.structs.replace(made.catalogue, lists=lists, essentials=())
    vpn = msgspec.structs.replace(catalogue.lists[0], id="tunnels", category="vpn")
    vpn = msgspec.structs.replace(vpn, domains=catalogue.lists[0].domains)
    catalogue = msgspec.structs.replace(catalogue, lists=(*lists, vpn))
    return Preset(
        msgspec.structs.replace(made, catalogue=catalogue),
        PresetNotes(**notes),  # type: ignore[arg-type]  # notes by their names
    )


def example(verdict: Verdict, **fields: object) -> Example:
    return Example(url="https://chat.example/", at=AT, verdict=verdict, **fields)  # type: ignore[arg-type]  # as above


def test_a_preset_that_holds_has_no_faults() -> None:
    done: list[tuple[int, int]] = []
    proof = prove_preset(
        preset(rule("r", "chat"), invariants=(NO_CHAT,), examples=(example(Verdict.BLOCK),)),
        cases=CHUNK + 1,
        seed=7,
        on_progress=lambda count, total: done.append((count, total)),
    )

    assert () == proof.faults
    assert proof.ok
    assert (CHUNK + 1, 7, 1) == (proof.cases, proof.seed, proof.example_count)
    assert [(CHUNK, CHUNK + 1), (CHUNK + 1, CHUNK + 1)] == done
    assert 0 < proof.seconds[0] < proof.seconds[1]


def test_a_broken_claim_is_said_once_with_how_many_are_alike() -> None:
    both = Invariant(who=ANYBODY, reaches=frozenset({"chat", "video"}))
    proof = prove_preset(preset(invariants=(both,)), cases=0, seed=1)

    assert not proof.ok
    assert proof.faults[0].startswith("A pupil on a school computer would reach ")
    assert ". But nobody may ever reach Chat or Video. " in proof.faults[0]
    assert proof.faults[0].endswith(" 1 more site is alike in this.")


def test_an_example_that_is_not_met_is_said_with_who_and_when() -> None:
    wrong = example(
        Verdict.ALLOW,
        audience=Audience.STAFF,
        device=DeviceKind.OWN_DEVICE,
        duty=(Duty.DSL,),
        assume=frozenset({"access-grant"}),
        overtime=True,
    )
    proof = prove_preset(preset(rule("r", "chat"), examples=(wrong,)), cases=0, seed=1)

    assert proof.faults == (
        (
            "A member of staff (the designated safeguarding lead and on overtime that day) on "
            "their own device gets block for https://chat.example/ on Friday 20 November 2026 at "
            "10:35, access-grant assumed. But the policy's own example says allow."
        ),
    )


def test_random_cases_find_what_a_claim_forbids() -> None:
    proof = prove_preset(preset(invariants=(NO_CHAT,)), cases=600, seed=1)

    assert any("which a claim forbids" in each for each in proof.disagreements)


def test_the_same_seed_finds_the_same_in_one_process_and_in_two() -> None:
    """So that what was found on one machine can be found again on another."""
    found = preset(invariants=(NO_CHAT,))
    cases = 2 * CHUNK
    alone = prove_preset(found, cases=cases - 1, seed=4).disagreements
    together = prove_preset(found, cases=cases, seed=4).disagreements

    assert set(alone) <= set(together)
    assert alone


def test_draws_meet_every_kind_of_case() -> None:
    standing = (StandingDefinition("break-access", "At break."),)
    network = Condition(network=frozenset({"n1"}))
    made = msgspec.structs.replace(policy(rule("r", "chat", network)), standing=standing)
    draws = Draws(made, "1")
    batches = [draws.batch(40) for _ in range(60)]
    subjects = [case.subject for _, cases in batches for case in cases]
    grants = [grant for live, _ in batches for grant in live.grants]
    resources = [case.resource for _, cases in batches for case in cases]

    assert UNKNOWN_SUBJECT in subjects
    assert set(Audience) == {each.audience for each in subjects}
    assert {"n1", "other", "unknown"} == {each.network for each in subjects}
    assert not [e for e in subjects if e.audience is Audience.PUPIL and e.duties]
    scopes = {PageScope, PrefixScope, HostScope, ServiceScope, EverythingScope}
    assert scopes == {type(e.scope) for e in grants}
    assert {HostResource, UrlResource} == {type(each) for each in resources}
    assert any(each.chain for each in resources)
    kinds = {each.kind for live, _ in batches for each in live.restrictions}
    assert set(RestrictionKind) == kinds
    assert {frozenset(), frozenset({"break-access"})} == {live.standing for live, _ in batches}
    assert {AT.minute, 0} <= {case.moment.minute for _, cases in batches for case in cases}


def test_the_same_seed_draws_the_same() -> None:
    made = policy(rule("r", "chat"))

    assert Draws(made, "1:0").batch(50) == Draws(made, "1:0").batch(50)
    assert Draws(made, "1:0").batch(50) != Draws(made, "2:0").batch(50)


def test_the_gate_lets_a_policy_through_that_is_proved() -> None:
    gate = Gate(lambda: preset(rule("r", "chat"), invariants=(NO_CHAT,)))

    gate.require_proof(gate.load())


def test_the_gate_stops_one_that_is_not_with_a_line_for_each_fault() -> None:
    gate = Gate(lambda: preset(invariants=(NO_CHAT,)))
    with pytest.raises(NotProvedError) as caught:
        gate.require_proof(gate.load())

    first, *_ = str(caught.value).splitlines()
    assert first.startswith("policy test: A pupil on a school computer would reach Chat")


def test_the_gate_stops_a_policy_of_which_nothing_is_known() -> None:
    gate = Gate(preset)
    with pytest.raises(NotProvedError, match="nothing says what it must hold"):
        gate.require_proof(preset().policy)


def test_the_gate_proves_the_policy_that_it_is_given() -> None:
    """The newest names of lists are put in after the preset was loaded."""
    seen: list[Preset] = []

    def note(asked: Preset) -> tuple[str, ...]:
        seen.append(asked)
        return ()

    gate = Gate(preset, note)
    given = msgspec.structs.replace(gate.load(), id="given")
    gate.require_proof(given)

    assert [given] == [each.policy for each in seen]


def test_a_policy_is_the_same_whatever_table_its_lists_are_in() -> None:
    one = preset(rule("r", "chat")).policy
    table = msgspec.structs.replace(one.catalogue, name_table="abc")

    assert is_the_same(one, msgspec.structs.replace(one, catalogue=table))
    assert not is_the_same(one, preset().policy)


def test_the_faults_of_the_gate_are_those_of_a_proof() -> None:
    assert () == faults_of(preset(rule("r", "chat"), invariants=(NO_CHAT,)))
    assert faults_of(preset(invariants=(NO_CHAT,)))
    assert time(10, 35) == AT.time()


def test_a_policy_with_other_names_on_lists_is_not_proved_again() -> None:
    proved: list[Policy] = []

    def note(claimed: Preset) -> tuple[str, ...]:
        proved.append(claimed.policy)
        return ()

    presets = [preset(), preset(), preset(rule("r", "chat"))]
    gate = Gate(lambda: presets.pop(0), note)
    for table in ("a" * 64, "b" * 64, "b" * 64):
        policy = gate.load()
        catalogue = msgspec.structs.replace(policy.catalogue, name_table=table)
        gate.require_proof(msgspec.structs.replace(policy, catalogue=catalogue))

    assert 2 == len(proved)
    assert [None, None] == [each.catalogue.name_table for each in proved]
