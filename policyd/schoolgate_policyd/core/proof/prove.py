"""
Whether a policy holds what it must, for every request that there can be in the school year.

`prove` goes through every class of sites, every kind of subject and every different time of the
year, with grants and standing permissions as free variables. Restrictions only add rules, which
never open anything (law 5), so what holds without them holds with any.
"""

from collections.abc import Iterable, Iterator

import msgspec

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.invariants import Invariant
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.proof.agreement import Decider, disagreements
from schoolgate_policyd.core.proof.claims import Claim, claims_of, policy_of, social_media
from schoolgate_policyd.core.proof.counterexample import Counterexample
from schoolgate_policyd.core.proof.laws import InUse, covered, essentials, help_lines
from schoolgate_policyd.core.proof.openings import GRANTED
from schoolgate_policyd.core.proof.reasons import why_open
from schoolgate_policyd.core.proof.says import when, while_live, who
from schoolgate_policyd.core.proof.survey import Coverage, Look, Survey
from schoolgate_policyd.core.proof.witness import Witness
from schoolgate_policyd.core.rules import GrantKind
from schoolgate_policyd.core.words import capitalised

AGREEMENT = "the proof says what decisions say"


class Proof(msgspec.Struct, frozen=True):
    """
    What was found: nothing, if the policy holds every claim.

    *warnings* are about what is no fault but may be none that was meant. *claims* were checked.
    """

    counterexamples: tuple[Counterexample, ...]
    warnings: tuple[str, ...]
    claims: tuple[str, ...]
    coverage: Coverage


def prove(
    policy: Policy, invariants: Iterable[Invariant] = (), decider: Decider = decide
) -> Proof:
    """
    Return whether *policy* holds *invariants* and what every policy must.

    *decider* is held against the proof as well. Raises TooManyCellsError.
    """
    claims = claims_of(policy, invariants)
    marker = social_media(policy)
    survey = Survey((policy, policy_of(claims, policy, marker)))
    in_use = InUse(policy.rules)
    found: dict[str, list[Counterexample]] = {each.words: [] for each in claims}
    by_law: list[Counterexample] = []
    spoken_of: set[str] = set()
    for look in survey.looks():
        for claim in claims:
            violations = found[claim.words]
            violations += _violations(survey, look, claim, spoken_of)
        by_law += (
            *essentials(survey, look),
            *help_lines(look),
            *covered(look, marker),
        )
        for part in look.site.parts:
            in_use.note(look, survey.pairs(part))
    by_law += in_use.faults()
    by_law += (Counterexample(AGREEMENT, each) for each in disagreements(survey, decider))
    empty = (each for each in claims if each.rule.id not in spoken_of)
    return Proof(
        counterexamples=(*(each for some in found.values() for each in some), *by_law),
        warnings=(
            *in_use.warnings(),
            *(f"Nothing is at stake in the claim that {each.words}" for each in empty),
        ),
        claims=tuple(found),
        coverage=survey.coverage(),
    )


def _violations(
    survey: Survey, look: Look, claim: Claim, spoken_of: set[str]
) -> Iterator[Counterexample]:
    """Yield the plainest request to the site of *look* that breaks *claim*, if any does."""
    if not any(look.verdicts[1].blocked_by(claim.rule, part) for part in look.site.parts):
        return
    spoken_of.add(claim.rule.id)
    for granted in GRANTED:
        if granted.isdisjoint(claim.rule.lifted_by):
            witness = _reaching(survey, look, claim, granted)
            if witness is not None:
                yield Counterexample(claim.words, _sentence(survey, look, witness), witness)
                return


def _reaching(
    survey: Survey, look: Look, claim: Claim, granted: frozenset[GrantKind]
) -> Witness | None:
    """Return a request that the claim forbids and the policy does not block, if there is one."""
    policy, claims = look.verdicts
    unseen = policy.blocked_unseen(granted)
    for part in look.site.parts:
        for is_inspectable, cells in (
            (True, claims.blocked_by(claim.rule, part) & ~policy.blocked(part, granted)),
            (False, claims.blocked_unseen_by(claim.rule, part) & ~unseen),
        ):
            if cells:
                return survey.witness(
                    look, part, cells, is_inspectable=is_inspectable, granted=granted
                )
    return None


def _sentence(survey: Survey, look: Look, witness: Witness) -> str:
    part = next(each for each in look.site.parts if each.url == witness.url)
    return capitalised(
        f"{who(witness.subject)} would reach {part.name} "
        f"{when(witness, survey.year.zone)}{while_live(witness)}, "
        f"{why_open(witness, survey.snapshots[0])}"
    )
