"""What a draft gives up beside opening something is a loosening: it waits for the governors."""

from pathlib import Path

import pytest
from rule_tree import SCHOOL

from schoolgate_policyd.drafting.bundle import bundle_in, load
from schoolgate_policyd.drafting.proofs import loosenings

OWN = "schools/hill.yaml"
SITES = f"services/own-{SCHOOL}.yaml"
NOTES = """\
attempts: {restriction: supervised-only, cite: §8}
reports:
  - {by: pupil, to: [class-teacher, dsl], cite: §9}
"""
SUMS = """\
services:
  - {id: sums, name: Sums, category: forum, domains: [sums.example.com], source: the school}
"""


def given_up(rules_dir: Path, before: dict[str, str], after: dict[str, str]) -> tuple[str, ...]:
    texts = bundle_in(rules_dir, SCHOOL)
    presets = [load(rules_dir, SCHOOL, {**texts, **each}) for each in (before, after)]
    return loosenings(*presets)


def with_own(rules_dir: Path, old: str, new: str) -> dict[str, str]:
    text = bundle_in(rules_dir, SCHOOL)[OWN] + NOTES
    assert old in text
    return {OWN: text.replace(old, new)}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (", dsl]", "]", ("The DSL no longer hears of misuse by a pupil.",)),
        ("by: pupil", "by: anyone", ()),
        ("to: [class-teacher, dsl]", "to: [class-teacher, dsl, head]", ()),
        (
            "restriction: supervised-only",
            "restriction: none",
            ("An attempt to get round the filter no longer leads to what it did.",),
        ),
        (
            NOTES.splitlines(keepends=True)[0],
            "",
            ("An attempt to get round the filter no longer leads to what it did.",),
        ),
        (
            "zone: Europe/London",
            "zone: America/New_York",
            ("The school's clock is that of America/New_York.",),
        ),
    ],
)
def test_who_hears_what_follows_and_whose_clock_it_is_are_no_tightening(
    rules_dir: Path, old: str, new: str, expected: tuple[str, ...]
) -> None:
    assert expected == given_up(
        rules_dir, with_own(rules_dir, NOTES, NOTES), with_own(rules_dir, old, new)
    )


def test_half_of_a_promise_is_not_the_promise(rules_dir: Path) -> None:
    """One that speaks no longer of devices that nothing can look inside of promises less."""
    (sentence,) = given_up(
        rules_dir,
        with_own(rules_dir, NOTES, NOTES),
        with_own(
            rules_dir,
            "never: {audience: visitor, reaches: social-media,",
            "never: {audience: visitor, reaches: social-media, uninspected: allow,",
        ),
    )

    assert "It is no longer promised that visitors never reach social media" in sentence


@pytest.mark.parametrize(
    ("domains", "expected"),
    [
        ("domains: [sums.example.com, more.example.com]", ()),
        (
            "domains: [sums.example.com], companions: [clips.example.org]",
            ("A grant for Sums opens clips.example.org as well.",),
        ),
        (
            "domains: [sums.example.com, www.clips.example.org]",
            ("A grant for Sums opens www.clips.example.org as well.",),
        ),
    ],
)
def test_a_site_of_the_schools_own_that_brings_others_hosts_is_no_tightening(
    rules_dir: Path, domains: str, expected: tuple[str, ...]
) -> None:
    """A teacher asks for sums, and the class gets films as well."""
    wider = {SITES: SUMS.replace("domains: [sums.example.com]", domains)}

    assert expected == given_up(rules_dir, {SITES: SUMS}, wider)
    assert expected == given_up(rules_dir, {}, wider)
    assert () == given_up(rules_dir, wider, wider)
