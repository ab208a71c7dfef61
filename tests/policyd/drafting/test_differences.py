"""What differs between two presets, in plain words; what makes no difference is not told."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rule_tree import FILES, SCHOOL

from schoolgate_policyd.drafting.bundle import bundle_in, load
from schoolgate_policyd.drafting.differences import differences
from schoolgate_policyd.drafting.proofs import loosenings

OWN = "schools/hill.yaml"
RULE = """\
  - id: zzz
    block: talk
    for: {audience: pupil}
    locked: true
    cite: §9
"""


def differing(rules_dir: Path, edit: Callable[[str], str]) -> tuple[str, ...]:
    texts = bundle_in(rules_dir, SCHOOL)
    edited = {**texts, OWN: edit(texts[OWN])}
    assert edited != texts
    return differences(load(rules_dir, SCHOOL, texts), load(rules_dir, SCHOOL, edited))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# What the hill counts.\n", ""),
        ("- video-sharing\n    - messaging ", "- messaging\n    - video-sharing "),
        ("period: [break, lunch]", "period: [lunch, break]"),
        ("for: {audience: visitor}", "for: [{audience: visitor}]"),
        ("ours: [messaging]", "ours: messaging"),
        ("verdict: allow}", "verdict: block}"),
    ],
)
def test_what_means_the_same_is_no_difference(rules_dir: Path, old: str, new: str) -> None:
    assert () == differing(rules_dir, lambda text: text.replace(old, new))


def test_the_order_of_rules_is_no_difference(rules_dir: Path) -> None:
    def swapped(text: str) -> str:
        head, pupils, rest = text.partition("  # Pupils never may.\n")
        first, staff, tail = rest.partition("  # Staff may at break and at lunch.\n")
        second, visitors, end = tail.partition("  # Nobody speaks of visitors.\n")
        return head + staff + second + pupils + first + visitors + end

    assert () == differing(rules_dir, swapped)


@pytest.mark.parametrize(
    ("old", "new", "sentences"),
    [
        (
            "for: {audience: visitor}",
            "for: {audience: [visitor]}\n    uninspected: allow",
            (
                (
                    "Where nothing can look inside, sites of which only pages are blocked by the "
                    "rule about social media for visitors stay open (no section)."
                ),
            ),
        ),
        (
            "cite: §6",
            "cite: §6a",
            ("The rule about Chat or discussion forums for staff now cites §6a.",),
        ),
        (
            "block: [forum, chat]",
            "block: [forum, chat, films]",
            ("Staff may no longer reach Films (§6).",),
        ),
        (
            "    block: [forum, chat]\n    for: {audience: staff}",
            "    block: [forum, chat]\n    for: {audience: [staff, pupil]}",
            (
                (
                    "The rule about Chat or discussion forums for staff now is for pupils and "
                    "staff, where it was for staff (§6)."
                ),
            ),
        ),
        (
            "unless:\n",
            "unless:\n      - {overtime: false}\n",
            ("Staff without overtime may now reach social media (§5).",),
        ),
        (
            "{duty: [account-operator, dsl]}",
            "{duty: account-operator, platform: films}",
            (
                "Designated safeguarding leads may no longer reach social media (§5).",
                (
                    "The exception for social media now is for account operators for Films, where "
                    "it was for designated safeguarding leads or account operators (§5)."
                ),
            ),
        ),
        (
            "zone: Europe/London\n",
            "zone: Europe/London\nsafe_search: {pupil: moderate, staff: strict}\n",
            ("Safe search for pupils now is moderate.", "Safe search for staff now is strict."),
        ),
        ("zone: Europe/London", "zone: Europe/Dublin", ("The school's clock is that of",)),
        ("cite: §3", "cite: §4", ("The section that says what counts as social media is",)),
        (
            "notice: {months: 1",
            "notice: {months: 2",
            (
                (
                    "A change of the policy now needs 2 months' notice, the governors' approval "
                    "and an announcement to staff."
                ),
            ),
        ),
        (
            FILES[OWN].splitlines(keepends=True)[-1],
            "",
            ("The examples are changed: there are 1, where there were 2.",),
        ),
    ],
)
def test_each_thing_that_differs_is_told_in_a_sentence(
    rules_dir: Path, old: str, new: str, sentences: tuple[str, ...]
) -> None:
    found = differing(rules_dir, lambda text: text.replace(old, new))

    assert len(sentences) == len(found)
    for expected, sentence in zip(sentences, found, strict=True):
        assert sentence.startswith(expected)


def test_notes_that_no_decision_needs_are_told_too(rules_dir: Path) -> None:
    further = """
attempts: {restriction: none, cite: §10}
reports:
  - {by: pupil, to: dsl, cite: §7}
not_enforced:
  - {clause: §1, what: Phones, why: Nobody sees them}
contradictions:
  - {clauses: [§1, §2], text: They differ}
"""

    assert (
        "What an attempt to get round the filter leads to is changed.",
        "Who hears of misuse is changed.",
        "What the gateway cannot enforce is listed otherwise.",
        "The contradictions noted are changed.",
    ) == differing(rules_dir, lambda text: text + further)


def test_several_timetables_and_their_members_are_told(rules_dir: Path) -> None:
    both = """\
timetables:
  - {timetable: day, for: {audience: [staff, visitor]}}
  - {timetable: short, for: {audience: pupil, year_groups: [0, 2]}}
"""

    assert (
        "The timetable day now is for staff and visitors.",
        "There is a timetable short for pupils in Reception to year 2.",
    ) == differing(rules_dir, lambda text: text.replace("timetable: day\n", both))


def test_a_rule_that_comes_and_one_that_goes_are_told_with_their_sections(
    rules_dir: Path,
) -> None:
    assert (
        (
            "There is a new rule: Pupils may not reach Talk. The rule is locked: nothing can lift "
            "it. (§9.)"
        ),
    ) == differing(rules_dir, lambda text: text.replace("\ninvariants:", f"{RULE}\ninvariants:"))


def test_a_promise_stays_the_same_whatever_counts_as_social_media(rules_dir: Path) -> None:
    """One names social media, the other the very categories that now count as that."""
    texts = bundle_in(rules_dir, SCHOOL)
    named = texts[OWN].replace(
        "never: {audience: visitor, reaches: social-media",
        "never: {audience: visitor, reaches: [video-sharing, messaging]",
    )
    wider = named.replace("    - messaging ", "    - forum\n    - messaging ")
    before, after = (load(rules_dir, SCHOOL, {**texts, OWN: text}) for text in (named, wider))

    assert ("Discussion forums now count as social media.",) == differences(before, after)
    assert () == loosenings(before, after)


def test_two_presets_of_different_schools_can_be_compared(rules_dir: Path) -> None:
    texts = bundle_in(rules_dir, SCHOOL)
    other = {"schools/vale.yaml": FILES[OWN], **{k: v for k, v in texts.items() if k != OWN}}

    assert () == differences(load(rules_dir, SCHOOL, texts), load(rules_dir, "vale", other))
