"""The rules that come with the program, and what twiss-green's policy says row by row."""

import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from schoolgate_policyd.config import default_rules_dir
from schoolgate_policyd.core.rules import GrantKind
from schoolgate_policyd.core.subjects import Audience, Subject
from schoolgate_policyd.rulefiles import Preset, check_rules, load_preset

LONDON = ZoneInfo("Europe/London")
MAX_LOAD_S = 2.0


@pytest.fixture(scope="module")
def twiss_green() -> Preset:
    return load_preset(default_rules_dir(), "twiss-green")


@pytest.mark.parametrize(
    "school", sorted(path.stem for path in (default_rules_dir() / "schools").glob("*.yaml"))
)
def test_every_shipped_school_loads_without_a_mistake(school: str) -> None:
    assert () == check_rules(default_rules_dir(), school)


def test_the_shipped_rules_load_soon_enough_to_edit_by() -> None:
    """Whoever edits a rule waits for this; CPU time, since the machine may be shared."""
    started_s = time.process_time()
    load_preset(default_rules_dir(), "twiss-green")

    assert time.process_time() - started_s < MAX_LOAD_S


def test_the_rules_of_twiss_green_cite_its_own_document(twiss_green: Preset) -> None:
    cited = {rule.id: str(rule.cite) for rule in twiss_green.policy.rules}

    assert "Social Media Policy, September 2022, §7" == cited["pupils-social-media"]
    expected = "Social Media Policy, September 2022, §5 Personal accounts"
    assert expected == cited["staff-social-media"]
    assert cited["visitors-social-media"].endswith("(Schoolgate's choice)")


def test_the_grants_that_lift_a_social_media_rule_are_those_of_the_policy(
    twiss_green: Preset,
) -> None:
    social_media = twiss_green.policy.social_media
    lifted_by = {
        rule.id: rule.lifted_by for rule in twiss_green.policy.rules if rule.block >= social_media
    }

    assert {
        "pupils-social-media": frozenset({GrantKind.CURRICULUM_GRANT}),
        "staff-social-media": frozenset({GrantKind.ACCESS_GRANT}),
        "visitors-social-media": frozenset({GrantKind.ACCESS_GRANT}),
    } == lifted_by


def test_companion_bots_count_as_social_media_and_generative_ai_does_not(
    twiss_green: Preset,
) -> None:
    assert "companion-bots" in twiss_green.policy.social_media
    assert "generative-ai" not in twiss_green.policy.social_media


@pytest.mark.parametrize(
    ("at", "for_pupils", "for_staff"),
    [
        ("2026-11-20T07:59:59", "closed", "closed"),
        ("2026-11-20T08:00", "before-school", "before-school"),
        ("2026-11-20T08:50", "lesson", "lesson"),
        ("2026-11-20T10:29:59", "lesson", "lesson"),
        ("2026-11-20T10:30", "break", "break"),
        ("2026-11-20T10:45", "lesson", "lesson"),
        ("2026-11-20T12:15", "lunch", "lunch"),
        ("2026-11-20T13:15", "lesson", "lesson"),
        ("2026-11-20T15:20", "after-school", "after-school"),
        ("2026-11-20T17:30", "closed", "closed"),
        ("2026-09-02T10:30", "break", "break"),  # the first of pupils' days, in summer time
        ("2026-08-31T10:30", "closed", "closed"),
        ("2026-11-21T10:30", "closed", "closed"),  # a Saturday
        ("2026-09-01T10:30", "closed", "break"),  # INSET
        ("2026-11-02T10:30", "closed", "break"),
        ("2027-01-04T10:30", "closed", "break"),
        ("2026-10-23T10:30", "break", "break"),
        ("2026-10-26T10:30", "closed", "closed"),  # half-term
        ("2026-10-30T10:30", "closed", "closed"),
        ("2026-12-18T10:30", "break", "break"),
        ("2026-12-21T10:30", "closed", "closed"),
        ("2027-02-12T10:30", "break", "break"),
        ("2027-02-15T10:30", "closed", "closed"),
        ("2027-02-19T10:30", "closed", "closed"),
        ("2027-02-22T10:30", "break", "break"),
        ("2027-03-25T10:30", "break", "break"),
        ("2027-03-26T10:30", "closed", "closed"),
        ("2027-04-12T10:30", "break", "break"),
        ("2027-05-03T10:30", "closed", "closed"),  # the bank holiday
        ("2027-05-04T10:30", "break", "break"),
        ("2027-05-31T10:30", "closed", "closed"),
        ("2027-06-04T10:30", "closed", "closed"),
        ("2027-06-07T10:30", "break", "break"),
        ("2027-07-21T10:30", "break", "break"),
        ("2027-07-22T10:30", "closed", "closed"),
    ],
)
def test_the_school_year_is_the_one_that_was_given(
    at: str, for_pupils: str, for_staff: str, twiss_green: Preset
) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=LONDON)
    school_time = twiss_green.policy.school_time

    assert (for_pupils,) == school_time.periods_at(moment, Subject(audience=Audience.PUPIL))
    assert (for_staff,) == school_time.periods_at(moment, Subject(audience=Audience.STAFF))


def test_staff_hours_are_half_past_eight_to_four(twiss_green: Preset) -> None:
    hours = twiss_green.policy.school_time.staff_hours

    assert "08:30-16:00" == f"{hours.start:%H:%M}-{hours.end:%H:%M}"


def test_a_lost_line_in_the_shipped_preset_is_noticed(tmp_path: Path) -> None:
    """The coverage of visitors rests on one rule: without it the preset is refused."""
    for path in default_rules_dir().rglob("*.yaml"):
        copy = tmp_path / path.relative_to(default_rules_dir())
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    school = tmp_path / "schools/twiss-green.yaml"
    text = school.read_text(encoding="utf-8")
    school.write_text(text.replace("    for: {audience: visitor}", "    for: {audience: staff}"))

    (mistake,) = check_rules(tmp_path, "twiss-green")

    assert mistake.message.startswith("no rule blocks social-media for `visitor`")
