"""
The proof against brute force, on small random worlds.

It finds a counterexample if and only if there is one: what it finds is checked by `reference`,
and what `reference` finds it must find.
"""

from datetime import datetime, timedelta

import msgspec
import strategies as worlds
from hypothesis import given, reject
from hypothesis import strategies as st

from schoolgate_policyd.core.decision import Request, UrlResource, Verdict
from schoolgate_policyd.core.invariants import Invariant, rule_that
from schoolgate_policyd.core.policy import Policy, Source
from schoolgate_policyd.core.proof import openings, prove
from schoolgate_policyd.core.proof.cells import TooManyCellsError
from schoolgate_policyd.core.proof.openings import Opening
from schoolgate_policyd.core.proof.prove import AGREEMENT
from schoolgate_policyd.core.proof.sites import OneNameEach
from schoolgate_policyd.core.proof.witness import Witness
from schoolgate_policyd.core.reference import reference
from schoolgate_policyd.core.rules import GrantKind, HostScope

ALLOW, BLOCK = Verdict.ALLOW, Verdict.BLOCK
NAMES = OneNameEach()


def policies() -> st.SearchStrategy[Policy]:
    return st.builds(
        lambda rules, school_time: msgspec.structs.replace(
            worlds.source_of(rules).policy, school_time=school_time
        ),
        worlds.rule_lists(),
        worlds.school_times(),
    )


def invariants() -> st.SearchStrategy[Invariant]:
    return st.builds(
        Invariant,
        who=worlds.conditions(),
        reaches=st.frozensets(st.sampled_from(worlds.BLOCKABLE), min_size=1, max_size=3),
        without=st.frozensets(st.sampled_from(GrantKind), max_size=2),
        unless=st.lists(worlds.conditions(), max_size=1).map(tuple),
        is_open_uninspected=st.booleans(),
    )


def without_chain(request: Request) -> Request:
    return Request(request.subject, msgspec.structs.replace(request.resource, chain=()))


def asked() -> st.SearchStrategy[list[tuple[Request, datetime]]]:
    """A CNAME chain only adds rules, so the proof is about what is asked for."""
    one = st.tuples(worlds.url_requests().map(without_chain), worlds.moments())
    return st.lists(one, min_size=4, max_size=12)


def with_rule(policy: Policy, invariant: Invariant) -> Policy:
    return msgspec.structs.replace(policy, rules=(*policy.rules, rule_that(invariant, "claim")))


def verdict_of(witness: Witness, policy: Policy, moment: datetime) -> Verdict:
    source = Source(0, policy, live=witness.live)
    return reference(Request(witness.subject, UrlResource(witness.url)), source, moment, NAMES)


@given(policies(), invariants())
def test_every_counterexample_is_one(policy: Policy, invariant: Invariant) -> None:
    """At both ends of its time the policy allows what the invariant alone would block."""
    proof = prove(policy, [invariant])
    stated = proof.claims[0]

    for each in proof.counterexamples:
        if each.claim == stated:
            witness = each.witness
            assert witness is not None
            for moment in (witness.start, witness.end - timedelta(microseconds=1)):
                assert ALLOW is verdict_of(witness, policy, moment)
                assert BLOCK is verdict_of(witness, with_rule(policy, invariant), moment)


@given(worlds.sources(), invariants(), asked())
def test_what_a_request_shows_the_proof_finds(
    source: Source, invariant: Invariant, cases: list[tuple[Request, datetime]]
) -> None:
    """Whatever is granted, withdrawn or recorded: if a claim is broken, it is found."""
    claimed = msgspec.structs.replace(source, policy=with_rule(source.policy, invariant))
    broken = [
        request
        for request, moment in cases
        if worlds.judged(request, source, moment) is ALLOW
        and worlds.judged(request, claimed, moment) is BLOCK
    ]
    proof = prove(source.policy, [invariant])
    is_found = any(each.claim == proof.claims[0] for each in proof.counterexamples)

    assert is_found or not broken


@given(policies(), invariants())
def test_the_proof_says_what_decisions_say(policy: Policy, invariant: Invariant) -> None:
    proof = prove(policy, [invariant])

    assert [] == [each for each in proof.counterexamples if each.claim == AGREEMENT]


def _openings(before: Policy, after: Policy) -> tuple[Opening, ...]:
    """Return the openings; of two policies that are too large together the prover says so."""
    try:
        return openings(before, after)
    except TooManyCellsError:
        reject()


@given(policies(), policies())
def test_every_opening_is_one(before: Policy, after: Policy) -> None:
    for each in _openings(before, after):
        for moment in (each.witness.start, each.witness.end - timedelta(microseconds=1)):
            assert BLOCK is verdict_of(each.witness, before, moment)
            assert ALLOW is verdict_of(each.witness, after, moment)


@given(worlds.sources(), policies(), asked())
def test_what_a_request_shows_to_be_opened_is_an_opening(
    before: Source, policy: Policy, cases: list[tuple[Request, datetime]]
) -> None:
    after = msgspec.structs.replace(before, policy=policy)
    # Where nothing can look inside, the openings are about grants for whole sites.
    grants = before.live.grants
    is_about_sites = all(isinstance(each.scope, HostScope) for each in grants)
    opened = [
        request
        for request, moment in cases
        if (request.subject.inspectable or is_about_sites)
        and worlds.judged(request, before, moment) is BLOCK
        and worlds.judged(request, after, moment) is ALLOW
    ]

    assert _openings(before.policy, policy) or not opened


@given(policies())
def test_a_policy_opens_nothing_of_its_own(policy: Policy) -> None:
    assert () == _openings(policy, policy)


@given(policies(), worlds.rules())
def test_a_further_rule_opens_nothing(policy: Policy, rule: worlds.Rule) -> None:
    added = msgspec.structs.replace(rule, id="added")
    longer = msgspec.structs.replace(policy, rules=(*policy.rules, added))

    assert () == _openings(policy, longer)
