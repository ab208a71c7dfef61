"""The presets that ship hold what they must: `schoolgate prove`, as a test."""

from pathlib import Path

import pytest

from schoolgate_policyd.core.proof import openings
from schoolgate_policyd.proving import PresetProof, prove_preset
from schoolgate_policyd.rulefiles import Preset, load_preset

RULES = Path(__file__).parents[2] / "rules"
SCHOOLS = ("broad-square", "employer-code", "kell-bank", "longton", "twiss-green")
CASES = 1_500


@pytest.fixture(scope="module")
def presets() -> dict[str, Preset]:
    return {school: load_preset(RULES, school) for school in SCHOOLS}


@pytest.fixture(scope="module")
def proofs(presets: dict[str, Preset]) -> dict[str, PresetProof]:
    return {
        school: prove_preset(preset, cases=CASES, seed=20261120)
        for school, preset in presets.items()
    }


@pytest.mark.parametrize("school", SCHOOLS)
def test_a_preset_holds_what_it_must(school: str, proofs: dict[str, PresetProof]) -> None:
    assert () == proofs[school].faults
    assert proofs[school].ok


@pytest.mark.parametrize("school", SCHOOLS)
def test_nothing_in_a_preset_is_idle(school: str, proofs: dict[str, PresetProof]) -> None:
    """No rule without a site, and no claim about nothing."""
    assert () == proofs[school].proof.warnings


@pytest.mark.parametrize("school", SCHOOLS)
def test_a_proof_covers_the_catalogue_the_year_and_the_presets_own_claims(
    school: str, presets: dict[str, Preset], proofs: dict[str, PresetProof]
) -> None:
    coverage = proofs[school].proof.coverage
    preset = presets[school]
    domains = {name for each in preset.policy.catalogue.services for name in each.domains}

    assert coverage.names > len(domains)
    assert coverage.sites > 20
    assert coverage.spans >= 6
    assert len(proofs[school].proof.claims) >= len(preset.notes.invariants) + 12
    assert CASES == proofs[school].cases


@pytest.mark.parametrize("school", SCHOOLS)
def test_two_schools_differ_and_a_school_does_not_from_itself(
    school: str, presets: dict[str, Preset]
) -> None:
    policy = presets[school].policy

    assert () == openings(policy, policy)


def test_a_school_that_allows_breaks_opens_them_to_staff(presets: dict[str, Preset]) -> None:
    opened = openings(presets["kell-bank"].policy, presets["twiss-green"].policy)
    sentences = [each.sentence for each in opened]

    assert any(
        each.startswith("A member of staff") and "staff-break-access is recorded" in each
        for each in sentences
    )
