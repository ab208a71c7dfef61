"""No rule file opens a way round the filter: not a school's, not a help line, not a lost lock."""

from pathlib import Path

import pytest

from schoolgate_policyd.rulefiles import check_rules

UNSHUT = "no rule shuts `vpn`, a way round the filter, for everybody"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert 1 == text.count(old)
    path.write_text(text.replace(old, new), encoding="utf-8")


def messages(rules_dir: Path) -> list[str]:
    return [mistake.message for mistake in check_rules(rules_dir, "hill")]


@pytest.mark.parametrize(
    "instead",
    [
        pytest.param("    lifted_by: access-grant\n", id="a grant lifts it"),
        pytest.param("    locked: true\n    for: {audience: pupil}\n", id="for pupils alone"),
        pytest.param("    locked: true\n    unless: {duty: technician}\n", id="with an exception"),
        pytest.param("    locked: true\n    for: [{period: lesson}]\n", id="in lessons alone"),
    ],
)
def test_a_category_that_is_a_way_round_is_shut_by_a_lock_for_everybody(
    instead: str, rules_dir: Path
) -> None:
    edit(rules_dir / "baseline.yaml", "    locked: true\n", instead)

    (message,) = messages(rules_dir)

    assert message.startswith(UNSHUT)
    assert "`locked: true`" in message


def test_a_lost_rule_is_noticed(rules_dir: Path) -> None:
    edit(rules_dir / "baseline.yaml", "block: [vpn]", "block: [messaging]")

    (message,) = messages(rules_dir)

    assert message.startswith(UNSHUT)


def test_a_lock_on_everything_shuts_it_too(rules_dir: Path) -> None:
    edit(rules_dir / "baseline.yaml", "block: [vpn]", "block: everything")

    assert [] == messages(rules_dir)


def test_the_school_may_shut_it_itself(rules_dir: Path) -> None:
    edit(rules_dir / "baseline.yaml", "block: [vpn]", "block: [messaging]")
    edit(
        rules_dir / "schools/hill.yaml",
        "rules:\n",
        "rules:\n  - {id: own-lock, block: vpn, locked: true, cite: §9}\n",
    )

    assert [] == messages(rules_dir)


@pytest.mark.parametrize("name", ["vpn.example.org", "sub.vpn.example.org", "example.org"])
def test_no_help_line_opens_a_way_round(name: str, rules_dir: Path) -> None:
    edit(rules_dir / "help-lines.yaml", "[childline.org.uk]", f"[{name}]")

    (message,) = messages(rules_dir)

    assert "`vpn.example.org` is a way round the filter: no help line can open it" == message


@pytest.mark.parametrize(
    ("part", "name", "is_refused"),
    [
        ("site.example/t", "site.example", True),
        ("site.example/t", "help.site.example", False),
        ("www.site.example/t", "site.example", True),
        ('"*.site.example/t"', "help.site.example", True),
    ],
)
def test_no_help_line_opens_a_part_of_a_site_that_is_a_way_round(
    part: str, name: str, is_refused: bool, rules_dir: Path
) -> None:
    tunnel = f"  - {{id: tunnel, name: T, category: vpn, urls: [{part}], source: made up}}\n"
    edit(rules_dir / "services/chat.yaml", "services:\n", f"services:\n{tunnel}")
    edit(rules_dir / "help-lines.yaml", "[childline.org.uk]", f"[{name}]")

    assert is_refused is any("no help line can open it" in each for each in messages(rules_dir))
    assert is_refused is bool(messages(rules_dir))


@pytest.mark.parametrize(
    ("file", "old"),
    [
        ("help-lines.yaml", "childline.org.uk"),
        ("essentials.yaml", "lessons.example.org"),
        ("never-inspected.yaml", "bank.example.org"),
    ],
)
def test_nothing_opens_every_site_of_a_suffix(file: str, old: str, rules_dir: Path) -> None:
    edit(rules_dir / file, old, "org.uk")

    assert ["`org.uk` covers every site under it: name the sites meant"] == messages(rules_dir)


def test_public_bodies_may_stay_open_as_a_whole(rules_dir: Path) -> None:
    edit(rules_dir / "help-lines.yaml", "[childline.org.uk]", "[nhs.uk]")

    assert [] == messages(rules_dir)
