"""
`schoolgate prove`: whether a preset is what it says, before anybody lives under it.

Three things are held against the policy: its invariants and the laws of every policy, for every
request that there can be in the year; its own examples; and, in random cases, the definition of
a decision. policyd takes up no policy that fails, drafts show what fails.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core.explain import in_words
from schoolgate_policyd.core.policy import Policy, Source
from schoolgate_policyd.core.proof import Counterexample, Proof, prove
from schoolgate_policyd.core.proof.claims import claims_of, policy_of
from schoolgate_policyd.core.proof.crosscheck import Bench
from schoolgate_policyd.core.proof.says import who
from schoolgate_policyd.core.proof.sites import OneNameEach
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_policyd.core.subjects import HeldDuty, Subject
from schoolgate_policyd.core.words import capitalised
from schoolgate_policyd.draws import Draws
from schoolgate_policyd.examples import failing
from schoolgate_policyd.rulefiles.preset import Example, Preset

CASES = 100_000
FEW_CASES = 500
"""Enough to notice a decision core that is broken, at a start that must not take long."""
BATCH = 100
CHUNK = 5_000
PROCESSES = 2
_WORTH_PROCESSES = 2 * CHUNK

Progress = Callable[[int, int], None]
"""Is told how many cases are done, and of how many."""


class PresetProof(msgspec.Struct, frozen=True):
    """
    What was found: *ok* when nothing was.

    *examples* and *disagreements* are sentences; *cases* were drawn from *seed*. *seconds* are
    what the exhaustive part took, and all of it.
    """

    proof: Proof
    examples: tuple[str, ...]
    disagreements: tuple[str, ...]
    example_count: int
    cases: int
    seed: int
    seconds: tuple[float, float]

    @property
    def ok(self) -> bool:
        """Whether the policy may be activated."""
        return not self.faults

    @property
    def faults(self) -> tuple[str, ...]:
        """Sentences: of each claim that does not hold the plainest case, then all the others."""
        by_claim: dict[str, list[Counterexample]] = {}
        for each in self.proof.counterexamples:
            by_claim.setdefault(each.claim, []).append(each)
        first = (_sentence(claim, some) for claim, some in by_claim.items())
        return (*first, *self.examples, *self.disagreements)


def _sentence(claim: str, some: list[Counterexample]) -> str:
    more = len(some) - 1
    alike = "1 more site is" if more == 1 else f"{more} more sites are"
    further = f" {alike} alike in this." if more else ""
    return f"{some[0].sentence}. But {claim}.{further}"


def prove_preset(
    preset: Preset, *, cases: int, seed: int, on_progress: Progress | None = None
) -> PresetProof:
    """Return the proof of *preset*, with *cases* random cases drawn from *seed*."""
    started = time.perf_counter()
    policy, notes = preset.policy, preset.notes
    proof = prove(policy, notes.invariants)
    exhaustive = time.perf_counter() - started
    examples = tuple(wrong_examples(preset))
    claimed = policy_of(claims_of(policy, notes.invariants), policy)
    found: list[str] = []
    done = 0
    for chunk, sentences in _checked(policy, claimed, cases, seed):
        found += sentences
        done += chunk
        if on_progress is not None:
            on_progress(done, cases)
    return PresetProof(
        proof=proof,
        examples=examples,
        disagreements=tuple(found),
        example_count=len(notes.examples),
        cases=cases,
        seed=seed,
        seconds=(exhaustive, time.perf_counter() - started),
    )


def wrong_examples(preset: Preset) -> Iterator[str]:
    """Yield a sentence for each example of *preset* that its policy does not answer so."""
    zone = ZoneInfo(preset.policy.school_time.zone)
    snapshot = compile_snapshot(Source(0, preset.policy), OneNameEach())
    for example, verdict in failing(preset.notes.examples, snapshot):
        asked = (
            f"{capitalised(who(_subject_of(example)))} gets {verdict.value} for {example.url} on "
            f"{in_words(example.at, zone)}"
        )
        assumed = f", {' and '.join(sorted(example.assume))} assumed" if example.assume else ""
        yield f"{asked}{assumed}. But the policy's own example says {example.verdict.value}."


def _subject_of(example: Example) -> Subject:
    return Subject(
        audience=example.audience,
        device=example.device,
        inspectable=not example.uninspectable,
        duties=tuple(HeldDuty(duty, example.platform or None) for duty in example.duty),
        year_group=example.year_group,
        age=example.age,
        overtime=frozenset({example.at.date()} if example.overtime else ()),
    )


def _checked(
    policy: Policy, claimed: Policy, cases: int, seed: int
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield, for each chunk of cases, how many they were and what was found in them."""
    chunks = [(f"{seed}:{first}", min(CHUNK, cases - first)) for first in range(0, cases, CHUNK)]
    if cases < _WORTH_PROCESSES:
        bench = Bench(policy, claimed)
        yield from (_check(bench, policy, *chunk) for chunk in chunks)
        return
    # Forking a process that has threads is not safe, so each starts anew and is told the policy.
    with ProcessPoolExecutor(
        PROCESSES, get_context("spawn"), _Worker.start, (policy, claimed)
    ) as workers:
        for future in as_completed([workers.submit(_Worker.check, *each) for each in chunks]):
            yield future.result()


def _check(bench: Bench, policy: Policy, seed: str, cases: int) -> tuple[int, tuple[str, ...]]:
    draws = Draws(policy, seed)
    found: list[str] = []
    for first in range(0, cases, BATCH):
        live, drawn = draws.batch(min(BATCH, cases - first))
        found += bench.disagreements(live, drawn)
    return cases, tuple(found)


class _Worker:
    """A process that checks chunks of one policy."""

    _bench: Bench
    _policy: Policy

    @classmethod
    def start(cls, policy: Policy, claimed: Policy) -> None:
        """Make ready for *policy*, once in each process."""
        cls._bench, cls._policy = Bench(policy, claimed), policy

    @classmethod
    def check(cls, seed: str, cases: int) -> tuple[int, tuple[str, ...]]:
        """Return how many cases were checked, and what was found."""
        return _check(cls._bench, cls._policy, seed, cases)
