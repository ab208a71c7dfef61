"""
The baseline blocks for everybody what every school filter is expected to block.

These tests read the YAML themselves, so they hold the file to the format without our loader.
"""

from collections.abc import Mapping
from pathlib import Path

from ruamel.yaml import YAML

HARMFUL = ("adult", "extremism", "self-harm", "gambling", "hate", "drugs", "violence", "malware")
CIRCUMVENTION = ("vpn", "web-proxy", "unblocked-games", "doh", "tor")
REMOTE_CONTROL = "remote-desktop"
COPIES = "page-copies"

BASELINE: list[Mapping[str, object]] = YAML(typ="safe").load(
    Path(__file__).parents[2] / "rules" / "baseline.yaml"
)["rules"]


def test_the_baseline_blocks_each_harmful_category_and_each_way_round_the_filter_once() -> None:
    expected = {f"baseline-{name}": name for name in (*HARMFUL, *CIRCUMVENTION)}
    expected |= {f"baseline-{name}": name for name in (REMOTE_CONTROL, COPIES)}
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
    alone = ["extremism", "self-harm", "gambling", "hate", "drugs", "violence", REMOTE_CONTROL]
    expected = {f"baseline-{name}": ["access-grant"] for name in alone}

    assert expected | {f"baseline-{COPIES}": ["access-grant", "curriculum-grant"]} == lifted


def test_the_baseline_is_for_everybody_except_that_staff_keep_numbers_and_archives() -> None:
    narrowed = {str(rule["id"]): rule["for"] for rule in BASELINE if "for" in rule}
    names = ["baseline-address-literals", f"baseline-{COPIES}"]

    assert {name: {"audience": ["pupil", "visitor"]} for name in names} == narrowed
    assert not [rule["id"] for rule in BASELINE if "unless" in rule]


def test_every_baseline_rule_cites_a_document_and_a_section() -> None:
    titles = {"Keeping Children Safe in Education", "DfE filtering and monitoring standards"}
    for rule in BASELINE:
        cite = rule["cite"]
        assert isinstance(cite, dict), rule
        assert {"document", "section"} == set(cite), rule
        assert cite["document"] in titles, rule
        assert rule["topic"], rule
