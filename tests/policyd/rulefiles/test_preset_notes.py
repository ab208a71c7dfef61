from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from schoolgate_policyd.core.decision import Verdict
from schoolgate_policyd.core.rules import Citation, Condition, GrantKind, RestrictionKind
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty
from schoolgate_policyd.core.times import WorkingHours
from schoolgate_policyd.rulefiles import PresetNotes, check_rules, load_preset
from schoolgate_policyd.rulefiles.preset import (
    Attempts,
    Contradiction,
    Example,
    Hearer,
    Invariant,
    Misuser,
    NotEnforced,
    Report,
    SocialMediaNotes,
)

NOTES = """\
invariants:
  - never: {audience: pupil, reaches: social-media, without: curriculum-grant}
  - never: {reaches: [vpn], unless: {duty: technician}}
not_enforced:
  - {clause: §5, what: In front of pupils, why: Nobody sees it}
contradictions:
  - {clauses: [§2, §12], text: "yearly,\\n  two-yearly"}
attempts: {restriction: supervised-only, cite: §9}
reports:
  - {by: pupil, to: [class-teacher, dsl], cite: §7, ours: true}
examples:
  - {url: "https://tiktok.com/", at: 2026-11-20T10:35, verdict: allow, audience: staff,
     duty: [head, dsl], device: own-device, assume: breaks, uninspectable: true}
  - {url: tiktok.com, at: "2026-07-01T10:35+02:00", verdict: block}
  - {url: "2001:db8::1", at: 2026-11-20T12:15, verdict: depends, audience: staff,
     duty: account-operator, platform: [tiktok, youtube], assume: [access-grant, supervised-only],
     age: 40, year_group: 4, school_class: 4B, hours: "07:30-12:00", overtime: true}
"""
LONDON = ZoneInfo("Europe/London")


def add_to_school(rules_dir: Path, text: str) -> None:
    with (rules_dir / "schools/hill.yaml").open("a", encoding="utf-8") as file:
        file.write(text)


def test_a_preset_without_notes_has_none(rules_dir: Path) -> None:
    assert PresetNotes() == load_preset(rules_dir, "hill").notes


def test_the_notes_are_read_with_their_citations(rules_dir: Path) -> None:
    add_to_school(rules_dir, NOTES)
    title = "Hill Policy, May 2026"

    notes = load_preset(rules_dir, "hill").notes

    assert (
        Invariant(
            who=Condition(audience=frozenset({Audience.PUPIL})),
            reaches=frozenset({"video-sharing", "whatsapp"}),
            without=frozenset({GrantKind.CURRICULUM_GRANT}),
        ),
        Invariant(
            who=Condition(),
            reaches=frozenset({"vpn"}),
            unless=(Condition(duty=frozenset({Duty.TECHNICIAN})),),
        ),
    ) == notes.invariants
    assert (NotEnforced("§5", "In front of pupils", "Nobody sees it"),) == notes.not_enforced
    assert (Contradiction(("§2", "§12"), "yearly, two-yearly"),) == notes.contradictions
    assert Attempts(Citation(title, "§9"), RestrictionKind.SUPERVISED_ONLY) == notes.attempts
    assert (
        Report(
            by=Misuser.PUPIL,
            to=(Hearer.CLASS_TEACHER, Hearer.DSL),
            cite=Citation(title, "§7", is_ours=True),
        ),
    ) == notes.reports


def test_an_example_without_an_offset_is_in_local_time(rules_dir: Path) -> None:
    add_to_school(rules_dir, NOTES)

    examples = load_preset(rules_dir, "hill").notes.examples

    assert (
        Example(
            url="https://tiktok.com/",
            at=datetime(2026, 11, 20, 10, 35, tzinfo=LONDON),
            verdict=Verdict.ALLOW,
            audience=Audience.STAFF,
            duty=(Duty.HEAD, Duty.DSL),
            device=DeviceKind.OWN_DEVICE,
            assume=frozenset({"breaks"}),
            uninspectable=True,
        ),
        Example(
            url="tiktok.com",
            at=datetime.fromisoformat("2026-07-01T09:35+01:00"),
            verdict=Verdict.BLOCK,
        ),
        Example(
            url="2001:db8::1",
            at=datetime(2026, 11, 20, 12, 15, tzinfo=LONDON),
            verdict=Verdict.DEPENDS,
            audience=Audience.STAFF,
            duty=(Duty.ACCOUNT_OPERATOR,),
            platform=frozenset({"tiktok", "youtube"}),
            assume=frozenset({"access-grant", "supervised-only"}),
            age=40,
            year_group=4,
            school_class=frozenset({"4B"}),
            hours=WorkingHours(time(7, 30), time(12)),
            overtime=True,
        ),
    ) == examples


def test_an_attempt_may_lead_to_an_incident_alone(rules_dir: Path) -> None:
    add_to_school(rules_dir, "attempts: {restriction: none, cite: not covered, ours: true}\n")

    attempts = load_preset(rules_dir, "hill").notes.attempts

    assert Attempts(Citation("Hill Policy, May 2026", "not covered", is_ours=True)) == attempts


def test_social_media_may_say_which_categories_are_ours(rules_dir: Path) -> None:
    school = rules_dir / "schools/hill.yaml"
    text = school.read_text(encoding="utf-8")
    counted = "  services: [whatsapp]\n"
    school.write_text(text.replace(counted, f"{counted}  cite: §3\n  ours: video-sharing\n"))

    expected = SocialMediaNotes(cite="§3", ours=frozenset({"video-sharing"}))
    assert expected == load_preset(rules_dir, "hill").notes.social_media


@pytest.mark.parametrize(
    ("old", "new", "line", "expected"),
    [
        ("reaches: [vpn]", "reaches: [vnp]", 31, "`vnp` is no service, category or list: "),
        ("{reaches: [vpn], ", "{", 31, "what never happens needs `reaches`: add it"),
        ("without: curriculum-grant", "without: grant", 30, "`grant` is no kind of grant: "),
        (", why: Nobody sees it", "", 33, "what is not enforced needs `why`: add it"),
        (
            "restriction: supervised-only",
            "restriction: ban",
            36,
            "`ban` is no restriction: write `supervised-only` or ",
        ),
        ("class-teacher", "teacher", 38, "`teacher` is no hearer of misuse: did you mean "),
        ("at: 2026-11-20T10:35", "at: noon", 40, "`noon` is no time: write `2026-11-20T10:35`"),
        ("url: tiktok.com", "url: ftp://a.b", 42, "`ftp://a.b` is no web address: write "),
        ("platform: [tiktok,", "platform: [tictoc,", 44, "`tictoc` is no service: did you mean "),
        ("year_group: 4", "year_group: 14", 45, "`14` is no whole number from 0 to 13: write "),
        ("age: 40", "age: 1", 45, "`1` is no whole number from 2 to 120: write one"),
        ('hours: "07:30', 'hours: "7', 45, "`7-12:00` "),
        ("assume: breaks", "assume: lunch", 41, "`lunch` is no standing permission of this "),
    ],
)
def test_a_mistake_in_a_note_has_place_and_remedy(
    old: str, new: str, line: int, expected: str, rules_dir: Path
) -> None:
    assert 1 == NOTES.count(old)
    add_to_school(rules_dir, NOTES.replace(old, new))

    (mistake,) = check_rules(rules_dir, "hill")

    assert line == mistake.line
    assert mistake.message.startswith(expected)
