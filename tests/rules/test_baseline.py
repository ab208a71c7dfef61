"""
The baseline blocks for everybody what every school filter is expected to block.

These tests read the YAML themselves, so they hold the file to the format without our loader.
"""

from collections.abc import Mapping
from pathlib import Path

from ruamel.yaml import YAML

HARMFUL = ("adult", "extremism", "self-harm", "gambling", "hate", "drugs", "violence", "malware")
CIRCUMVENTION = ("vpn", "web-proxy", "doh", "tor")

BASELINE: list[Mapping[str, object]] = YAML(typ="safe").load(
    Path(__file__).parents[2] / "rules" / "baseline.yaml"
)["rules"]


def test_the_baseline_blocks_each_harmful_category_and_each_way_round_the_filter_once() -> None:
    expected = {f"baseline-{name}": name for name in (*HARMFUL, *CIRCUMVENTION)}
    expected["baseline-address-literals"] = "address-literals"
    found = {str(rule["id"]): str(rule["block"]) for rule in BASELINE}

    assert expected == found
    assert len(BASELINE) == len(found)


def test_nothing_lifts_the_blocks_that_no_lesson_needs() -> None:
    expected = {f"baseline-{name}" for name in ["adult", "malware", *CIRCUMVENTION]}
    locked = {rule["id"] for rule in BASELINE if rule.get("locked") is True}

    assert expected | {"baseline-address-literals"} == locked


def test_an_access_grant_alone_lifts_what_a_teacher_may_have_to_look_at() -> None:
    lifted = {str(rule["id"]): rule["lifted_by"] for rule in BASELINE if "lifted_by" in rule}
    expected = ["extremism", "self-harm", "gambling", "hate", "drugs", "violence"]

    assert {f"baseline-{name}": ["access-grant"] for name in expected} == lifted


def test_the_baseline_is_for_everybody_except_that_staff_may_use_numbered_addresses() -> None:
    narrowed = {str(rule["id"]): rule["for"] for rule in BASELINE if "for" in rule}

    assert {"baseline-address-literals": {"audience": ["pupil", "visitor"]}} == narrowed
    assert not [rule["id"] for rule in BASELINE if "unless" in rule]


def test_every_baseline_rule_cites_a_document_and_a_section() -> None:
    titles = {"Keeping Children Safe in Education", "DfE filtering and monitoring standards"}
    for rule in BASELINE:
        cite = rule["cite"]
        assert isinstance(cite, dict), rule
        assert {"document", "section"} == set(cite), rule
        assert cite["document"] in titles, rule
        assert rule["topic"], rule
