"""
Slips of the pen, planted in the presets that ship: `schoolgate prove` finds each, and says it.

Every mistake is an edit of a rule file that still can be read. What finds it is an invariant, a
law of every policy, or one of the preset's own examples.
"""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from schoolgate_policyd.proving import prove_preset
from schoolgate_policyd.rulefiles import load_preset

RULES = Path(__file__).parents[2] / "rules"
CLAIM, EXAMPLE = "a claim", "an example"
FEWEST_BY_CLAIMS = 12


class Slip(NamedTuple):
    """An edit of *file*: the words that one sentence must have, and what must find it."""

    what: str
    school: str
    file: str
    old: str
    new: str
    says: tuple[str, ...]
    found_by: str = CLAIM


TWISS, BROAD, LONGTON, KELL, EMPLOYER = (
    f"schools/{name}.yaml"
    for name in ("twiss-green", "broad-square", "longton", "kell-bank", "employer-code")
)
BREAK_DEVICES = "device: [own-device, school-computer]\n"
HOURS_EXCEPTION = """        device: [school-computer, school-mobile]
        own_hours: outside
        overtime: false
"""
PUPILS_LIFTED = """    for: {audience: pupil}
    lifted_by: [curriculum-grant]
"""
VISITORS_LIFTED = """    for: {audience: visitor}
    lifted_by: [access-grant]
"""
"""The rules of a school speak of visitors once."""

SLIPS = (
    Slip(
        "school phones join the exception for breaks",
        "twiss-green",
        TWISS,
        BREAK_DEVICES,
        "device: [own-device, school-computer, school-mobile]\n",
        ("A member of staff on a school tablet or phone", "it is break", "staff-social-media"),
    ),
    Slip(
        "own devices are left out of the exception for breaks",
        "twiss-green",
        TWISS,
        BREAK_DEVICES,
        "device: [school-computer]\n",
        ("A member of staff on their own device gets block", "at 10:35", "tiktok.com"),
        EXAMPLE,
    ),
    Slip(
        "lesson instead of lunch",
        "twiss-green",
        TWISS,
        "        period: [break, lunch]\n",
        "        period: [break, lesson]\n",
        ("A member of staff on a school computer", "08:50–10:30", "it is lesson time"),
    ),
    Slip(
        "the standing permission is forgotten",
        "twiss-green",
        TWISS,
        "        standing: staff-break-access\n",
        "",
        ("A member of staff on a school computer", "10:30–10:45", "once", "is recorded"),
    ),
    Slip(
        "a duty too many",
        "twiss-green",
        TWISS,
        "      - {duty: [account-operator, dsl]}\n    lifted_by",
        "      - {duty: [account-operator, dsl, technician]}\n    lifted_by",
        ("A member of staff (an ICT technician)", "social media"),
    ),
    Slip(
        "the safeguarding lead is forgotten",
        "twiss-green",
        TWISS,
        "      - {duty: [account-operator, dsl]}\n    lifted_by",
        "      - {duty: account-operator}\n    lifted_by",
        ("A member of staff (the designated safeguarding lead)", "gets block", "tiktok.com"),
        EXAMPLE,
    ),
    Slip(
        "a category is left out of social media",
        "twiss-green",
        TWISS,
        "    - messaging\n    - live-stream",
        "    - live-stream",
        ("A pupil on a school computer", "Discord (discord.com)", "no rule speaks of it"),
    ),
    Slip(
        "a grant too many lifts the pupils' rule",
        "twiss-green",
        TWISS,
        PUPILS_LIFTED,
        PUPILS_LIFTED.replace("[curriculum-grant]", "[curriculum-grant, access-grant]"),
        ("A pupil on a school computer", "while an access grant is live", "pupils-social-media"),
    ),
    Slip(
        "visitors get the lunch hour",
        "twiss-green",
        TWISS,
        VISITORS_LIFTED,
        VISITORS_LIFTED.replace("    lifted", "    unless: {period: lunch}\n    lifted"),
        ("A visitor on a school computer", "12:15–13:15", "visitors-social-media", "it is lunch"),
    ),
    Slip(
        "the exception for breaks names the wrong audience",
        "twiss-green",
        TWISS,
        "      - audience: staff\n        period: [break, lunch]",
        "      - audience: visitor\n        period: [break, lunch]",
        ("staff-social-media", "never spares anybody", "visitors at break or at lunch"),
    ),
    Slip(
        "an exception for devices that are not known",
        "twiss-green",
        TWISS,
        BREAK_DEVICES,
        "device: unknown\n",
        ("staff-social-media", "never spares anybody", "unknown devices"),
    ),
    Slip(
        "parts of sites stay open where nothing can look inside",
        "twiss-green",
        TWISS,
        PUPILS_LIFTED,
        f"{PUPILS_LIFTED}    uninspected: allow\n",
        ("A pupil on a school computer that nothing can look into", "leaves it open"),
    ),
    Slip(
        "one harm is blocked twice and another not at all",
        "twiss-green",
        "baseline.yaml",
        "    block: hate\n",
        "    block: drugs\n",
        ("A pupil on a school computer", "no rule speaks of it", "may open hate"),
    ),
    Slip(
        "adult content can be granted",
        "longton",
        "baseline.yaml",
        "    block: adult\n    locked: true\n",
        "    block: adult\n    lifted_by: [access-grant]\n",
        ("while an access grant is live", "rule baseline-adult", "adult content"),
    ),
    Slip(
        "a class may be granted gambling",
        "longton",
        "baseline.yaml",
        "    block: gambling\n    lifted_by: [access-grant]\n",
        "    block: gambling\n    lifted_by: [access-grant, curriculum-grant]\n",
        ("while a curriculum grant is live", "rule baseline-gambling", "gambling"),
    ),
    Slip(
        "extremism is blocked for pupils alone",
        "longton",
        "baseline.yaml",
        "    block: extremism\n",
        "    block: extremism\n    for: {audience: pupil}\n",
        ("A member of staff on a school computer", "does not speak of staff", "extremism"),
    ),
    Slip(
        "operators reach every platform",
        "longton",
        LONGTON,
        "    unless: {duty: account-operator, platform: x}\n    lifted_by",
        "    unless: {duty: account-operator}\n    lifted_by",
        ("A member of staff (an account operator)", "staff-social-media", "an account operator"),
    ),
    Slip(
        "the wrong platform",
        "longton",
        LONGTON,
        "    unless: {duty: account-operator, platform: x}\n    lifted_by",
        "    unless: {duty: account-operator, platform: threads}\n    lifted_by",
        ("A member of staff (an account operator", "Threads (threads.com)"),
    ),
    Slip(
        "inside working hours instead of outside",
        "employer-code",
        EMPLOYER,
        "        own_hours: outside\n",
        "        own_hours: inside\n",
        ("A member of staff on a school computer", "it is in their working hours"),
    ),
    Slip(
        "overtime is forgotten",
        "employer-code",
        EMPLOYER,
        "        overtime: false\n",
        "",
        ("A member of staff (on overtime that day)", "it is outside their working hours"),
    ),
    Slip(
        "own devices before and after work",
        "employer-code",
        EMPLOYER,
        HOURS_EXCEPTION,
        HOURS_EXCEPTION.replace("[school", "[own-device, school"),
        ("A member of staff on their own device", "it is outside their working hours"),
    ),
    Slip(
        "the head posts too",
        "broad-square",
        BROAD,
        "    for: {audience: staff}\n    unless: {duty: account-operator}\n",
        "    for: {audience: staff}\n    unless: {duty: [account-operator, head]}\n",
        ("A member of staff (the headteacher)", "staff-social-media", "the headteacher"),
    ),
    Slip(
        "visitors are left out of the rule about wikis",
        "broad-square",
        BROAD,
        "    for: {audience: [staff, visitor]}\n    unless: {duty: account-operator}\n    lifted",
        "    for: {audience: staff}\n    unless: {duty: account-operator}\n    lifted",
        ("A visitor on a school computer", "does not speak of visitors", "wikipedia"),
    ),
    Slip(
        "a curriculum grant lifts what nothing may",
        "kell-bank",
        KELL,
        "    for: {audience: pupil}\n    locked: true\n    cite: Guidance for Pupils leaves",
        "    for: {audience: pupil}\n    lifted_by: [curriculum-grant]\n"
        "    cite: Guidance for Pupils leaves",
        ("A pupil", "on their own device", "while a curriculum grant is live"),
    ),
    Slip(
        "a lesson site gets onto a list",
        "broad-square",
        "categories/violence.yaml",
        "domains:\n",
        "domains:\n  - scratch.mit.edu\n",
        ("A pupil on a school computer would be kept from scratch.mit.edu", "baseline-violence"),
    ),
    Slip(
        "a help line is a platform",
        "broad-square",
        "help-lines.yaml",
        "    domains: [childline.org.uk]\n",
        "    domains: [childline.org.uk, tumblr.com]\n",
        ("Tumblr.com is a help line", "open to everybody"),
    ),
    Slip(
        "the lunch bell rings late",
        "twiss-green",
        "timetables/primary-day.yaml",
        '{at: "12:15", period: lunch}',
        '{at: "12:25", period: lunch}',
        ("A member of staff on their own device gets block", "at 12:15", "tiktok.com"),
        EXAMPLE,
    ),
    Slip(
        "a half-term is missing",
        "twiss-green",
        "calendars/england-2026-27.yaml",
        "    half_term: {first: 2026-10-26, last: 2026-10-30}\n",
        "",
        ("A member of staff on their own device gets allow", "28 October 2026 at 10:35"),
        EXAMPLE,
    ),
    Slip(
        "Friday is forgotten",
        "employer-code",
        "timetables/primary-day.yaml",
        "thursday, friday]",
        "thursday]",
        ("A member of staff on their own device gets block", "Friday 20 November 2026"),
        EXAMPLE,
    ),
)


def found_in(slip: Slip, folder: Path) -> tuple[list[str], list[str]]:
    """Return what claims and what examples find in the rules in *folder*."""
    path = folder / slip.file
    text = path.read_text(encoding="utf-8")
    assert 1 == text.count(slip.old), "the edit meets one place"
    path.write_text(text.replace(slip.old, slip.new), encoding="utf-8")
    proof = prove_preset(load_preset(folder, slip.school), cases=0, seed=0)
    claims = [f"{each.sentence}. But {each.claim}." for each in proof.proof.counterexamples]
    assert not proof.ok
    return claims, list(proof.examples)


@pytest.mark.parametrize("slip", SLIPS, ids=[slip.what for slip in SLIPS])
def test_a_slip_of_the_pen_is_found_and_said(slip: Slip, tmp_path: Path) -> None:
    shutil.copytree(RULES, tmp_path / "rules")
    claims, examples = found_in(slip, tmp_path / "rules")
    sentences = claims if slip.found_by is CLAIM else examples

    assert any(all(words in each for words in slip.says) for each in sentences), sentences[:5]


def test_most_slips_are_found_by_what_must_hold_and_not_by_examples() -> None:
    assert sum(slip.found_by is CLAIM for slip in SLIPS) >= FEWEST_BY_CLAIMS
