"""What is proved of a draft: its own promises, and what it opens of what is blocked now."""

import hashlib
from collections.abc import Callable

import msgspec

from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.proof import Coverage, closings, openings
from schoolgate_policyd.drafting.beside import given_up
from schoolgate_policyd.drafting.promises import in_words, promised_only_by
from schoolgate_policyd.proving import prove_preset
from schoolgate_policyd.rulefiles import Preset
from schoolgate_policyd.rulefiles.preset import ChangeTerms

MOST_SENTENCES = 200
DEFAULT_CASES = 2_000
SEED = 20_261_120


class ProofSays(msgspec.Struct, frozen=True):
    """
    What a proof of a preset says, in sentences; *faults* are none if and only if it holds.

    *openings* are what it allows and the other preset blocks, *closings* the other way.
    """

    faults: tuple[str, ...] = ()
    coverage: tuple[str, ...] = ()
    openings: tuple[str, ...] = ()
    closings: tuple[str, ...] = ()


type Prover = Callable[[Preset | None, Preset], ProofSays]
"""Proves the second preset, and compares it with the first, if there is one."""


def prove(before: Preset | None, after: Preset) -> ProofSays:
    """Return what the proof of *after*, a draft in place of *before*, says."""
    proof = prove_preset(after, cases=DEFAULT_CASES, seed=SEED)
    opened = () if before is None else openings(before.policy, after.policy)
    closed = () if before is None else closings(before.policy, after.policy)
    return ProofSays(
        faults=proof.faults,
        coverage=(*_coverage(proof.proof.coverage), *proof.proof.warnings),
        openings=tuple(each.sentence for each in opened),
        closings=tuple(each.sentence for each in closed),
    )


def _coverage(coverage: Coverage) -> tuple[str, ...]:
    sentence = (
        f"{coverage.names:,} names in {coverage.sites:,} groups that no rule tells apart, at "
        f"{coverage.spans:,} different times of the school year: {coverage.cells:,} kinds of "
        "request were gone through."
    )
    return (sentence,)


def digest_of_shared(before: Preset | None, after: Preset) -> str:
    """
    Return the SHA-256, in hexadecimal, of what both say with what every school shares as it is.

    A version's own texts stay as they are, so for one version it is another only where the
    catalogue or the baseline is: a service that is not in it while the proof runs would be open,
    and no opening.
    """
    policies = [None if each is None else _without_table(each.policy) for each in (before, after)]
    return hashlib.sha256(msgspec.msgpack.encode(policies, order="deterministic")).hexdigest()


def _without_table(policy: Policy) -> Policy:
    # Names of large lists come every day, and no proof goes through them.
    catalogue = msgspec.structs.replace(policy.catalogue, name_table=None)
    return msgspec.structs.replace(policy, catalogue=catalogue)


def loosenings(before: Preset | None, after: Preset) -> tuple[str, ...]:
    """
    Return, in sentences, what *after* gives up beside opening something.

    Who could leave out a promise or the governors' approval without notice could open everything
    a day later.
    """
    if before is None:
        return ()
    found = [
        f"It is no longer promised that {in_words(promise, before.policy)}."
        for promise in promised_only_by(before, after)
    ]
    if not _asks_as_much(before.notes.changes, after.notes.changes):
        found.append("It asks less of a change of the policy than the policy in force does.")
    found += given_up(before, after)
    return tuple(found)


def _asks_as_much(before: ChangeTerms, after: ChangeTerms) -> bool:
    months_before = 0 if before.notice is None else before.notice.months
    months_after = 0 if after.notice is None else after.notice.months
    told_before = frozenset(() if before.announcement is None else before.announcement.to)
    told_after = frozenset(() if after.announcement is None else after.announcement.to)
    return (
        months_after >= months_before
        and (before.approval is None or after.approval is not None)
        and told_before <= told_after
    )
