"""Texts that are read in place of a school's own files, and of no others."""

from pathlib import Path

import pytest

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.rulefiles import RuleFileErrors, load_preset
from schoolgate_policyd.rulefiles.overlay import MAX_TEXTS, own_sites_path

OWN = "schools/hill.yaml"
DAY = "timetables/day.yaml"
SITE = """\
services:
  - {id: maths, name: Maths, category: video-sharing, domains: [maths.example.org], source: ours}
"""


def test_a_text_is_read_in_place_of_the_file(rules_dir: Path) -> None:
    text = (rules_dir / OWN).read_text().replace("May 2026", "June 2026")

    preset = load_preset(rules_dir, "hill", {OWN: text})

    assert "June 2026" == preset.policy.document.version
    assert "May 2026" == load_preset(rules_dir, "hill").policy.document.version


def test_a_text_stands_for_a_file_that_is_not_there(rules_dir: Path) -> None:
    day = (rules_dir / DAY).read_text().replace("timetable: day", "timetable: other")
    text = (rules_dir / OWN).read_text().replace("timetable: day", "timetable: other")
    own = own_sites_path("hill")

    preset = load_preset(rules_dir, "hill", {OWN: text, "timetables/other.yaml": day, own: SITE})

    (use,) = preset.policy.school_time.timetables
    assert "other" == use.timetable.id
    assert "maths" in preset.policy.catalogue.services_by_id
    assert not (rules_dir / own).exists()


def test_a_school_without_a_file_is_read_from_the_text_alone(rules_dir: Path) -> None:
    text = (rules_dir / OWN).read_text()
    (rules_dir / OWN).unlink()

    assert "hill" == load_preset(rules_dir, "hill", {OWN: text}).policy.id


def test_a_mistake_in_a_text_is_named_as_in_the_file(rules_dir: Path) -> None:
    text = (rules_dir / OWN).read_text().replace("period: [break]", "period: [brake]")

    with pytest.raises(RuleFileErrors) as raised:
        load_preset(rules_dir, "hill", {OWN: text})

    (mistake,) = raised.value.mistakes
    assert rules_dir / OWN == mistake.path
    assert "brake" in text.splitlines()[mistake.line - 1]
    assert "brake" == text.splitlines()[mistake.line - 1][mistake.column - 1 :][:5]


@pytest.mark.parametrize(
    "path",
    [
        "baseline.yaml",
        "essentials.yaml",
        "help-lines.yaml",
        "never-inspected.yaml",
        "categories/vpn.yaml",
        "services/video.yaml",
        "services/own-vale.yaml",
        "schools/vale.yaml",
        "lists/iwf.yaml",
        "schools/hill.yml",
        "schools//hill.yaml",
        "../rules/schools/hill.yaml",
        "timetables/../baseline.yaml",
        "timetables/.hidden.yaml",
        "timetables/day.yaml\n",
        "",
    ],
)
def test_what_every_school_shares_cannot_be_laid_over(rules_dir: Path, path: str) -> None:
    with pytest.raises(RuleFileErrors, match="is none of the school's own files"):
        load_preset(rules_dir, "hill", {path: "rules: []\n"})


def test_a_site_of_the_schools_own_takes_nothing_from_the_catalogue(rules_dir: Path) -> None:
    hostile = SITE.replace("id: maths", "id: tiktok")

    with pytest.raises(RuleFileErrors, match="there is a service `tiktok` already"):
        load_preset(rules_dir, "hill", {own_sites_path("hill"): hostile})


def test_a_flood_of_texts_is_refused(rules_dir: Path) -> None:
    texts = {f"timetables/day-{number}.yaml": "x" for number in range(MAX_TEXTS + 1)}

    with pytest.raises(RuleFileErrors, match="at most"):
        load_preset(rules_dir, "hill", texts)


def test_a_text_is_bounded_like_a_file(
    rules_dir: Path,
) -> None:
    with pytest.raises(RuleFileErrors, match="larger than 8 MiB"):
        load_preset(rules_dir, "hill", {OWN: "#" * (9 * 1024 * 1024)})


def test_rules_of_every_audience_are_asked_of_a_text_too(rules_dir: Path) -> None:
    text = (rules_dir / OWN).read_text().replace("{audience: pupil}", "{year_groups: [0, 6]}")

    with pytest.raises(RuleFileErrors, match=Audience.PUPIL.value):
        load_preset(rules_dir, "hill", {OWN: text})
