"""
What a proof costs, for the presets that ship: the exhaustive part, and the random cases.

Target: at most 10 s for a preset of 220 services, with 100,000 random cases; the exhaustive part,
which policyd waits for before it takes up a policy, well under 1.5 s.
"""

import sys
import time

from schoolgate_policyd.config import load_settings
from schoolgate_policyd.core.proof import openings, prove
from schoolgate_policyd.gate import faults_of
from schoolgate_policyd.proving import CASES, prove_preset
from schoolgate_policyd.rulefiles import Preset, load_preset

SCHOOLS = ("twiss-green", "broad-square", "longton", "kell-bank", "employer-code")
SEED = 20261120


def main() -> None:
    """Print the table; `--cases N` for fewer random cases."""
    cases = int(sys.argv[2]) if sys.argv[1:2] == ["--cases"] else CASES
    settings = load_settings()
    presets = [load_preset(settings.rules_dir, school) for school in SCHOOLS]
    services = len(presets[0].policy.catalogue.services)
    print(f"{services} services; {cases:,} random cases in two processes")
    print(f"{'':16}{'requests':>10}{'exhaustive':>12}{'CPU':>8}{'gate':>8}{'all':>8}  s")
    for school, preset in zip(SCHOOLS, presets, strict=True):
        print(f"{school:16}{row(preset, cases)}")
    started = time.process_time()
    found = openings(presets[3].policy, presets[0].policy)
    took = time.process_time() - started
    print(f"openings of twiss-green over kell-bank: {len(found)} in {took:.2f} s of CPU")


def row(preset: Preset, cases: int) -> str:
    """Return the figures of one preset."""
    started = time.process_time()
    prove(preset.policy, preset.notes.invariants)
    proved = time.process_time()
    faults_of(preset)
    gate = time.process_time() - proved
    found = prove_preset(preset, cases=cases, seed=SEED)
    exhaustive, total = found.seconds
    return (
        f"{found.proof.coverage.cells:10,}{exhaustive:12.2f}{proved - started:8.2f}{gate:8.2f}"
        f"{total:8.1f}" + ("" if found.ok else "  DOES NOT HOLD")
    )


if __name__ == "__main__":
    main()
