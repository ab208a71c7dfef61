"""The presets that ship answer their own examples, and never close what must stay open."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from schoolgate_policyd.checking import answer
from schoolgate_policyd.config import load_settings
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import HostResource, Request, Verdict
from schoolgate_policyd.core.names import Host, parse_host
from schoolgate_policyd.core.policy import Live
from schoolgate_policyd.core.rules import Citation, Condition, Rule
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty, Subject
from schoolgate_policyd.core.times import Period, moment_of
from schoolgate_policyd.examples import failing, question_of
from schoolgate_policyd.presets import SnapshotShelf
from schoolgate_policyd.questions import Question
from schoolgate_policyd.rulefiles import Preset, check_rules, load_preset
from schoolgate_policyd.rulefiles.preset import Misuser

RULES = Path(__file__).parents[2] / "rules"
SCHOOLS = ("broad-square", "employer-code", "kell-bank", "longton", "twiss-green")
FEWEST_EXAMPLES = 25
LONDON = ZoneInfo("Europe/London")
FRIDAY = date(2026, 11, 20)
LESSON = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
TIKTOK = "https://www.tiktok.com/"


@pytest.fixture(scope="module")
def presets() -> dict[str, Preset]:
    return {school: load_preset(RULES, school) for school in SCHOOLS}


@pytest.fixture(scope="module")
def shelf() -> SnapshotShelf:
    return SnapshotShelf(load_settings())


@pytest.fixture(params=SCHOOLS)
def school(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def preset(school: str, presets: dict[str, Preset]) -> Preset:
    return presets[school]


def verdict_of(shelf: SnapshotShelf, question: Question) -> Verdict:
    return answer(question, shelf.snapshot_of, LESSON).verdict


def test_the_five_schools_are_the_presets_that_ship() -> None:
    assert list(SCHOOLS) == sorted(path.stem for path in (RULES / "schools").glob("*.yaml"))


def test_a_preset_loads_without_mistakes(school: str) -> None:
    assert () == check_rules(RULES, school)


def test_a_preset_has_enough_examples(preset: Preset) -> None:
    assert len(preset.notes.examples) >= FEWEST_EXAMPLES


def test_every_example_gets_the_verdict_it_states(
    school: str, preset: Preset, shelf: SnapshotShelf
) -> None:
    assert () == failing(preset.notes.examples, shelf.snapshot_of(school))


@pytest.mark.parametrize("audience", [Audience.PUPIL, Audience.STAFF])
def test_the_examples_stand_on_both_edges_of_every_period(
    audience: Audience, preset: Preset
) -> None:
    school_time = preset.policy.school_time
    (bells,) = school_time.possible_bells(FRIDAY, Subject(audience=audience))
    rings = {moment_of(FRIDAY, bell.at, LONDON) for bell in bells}
    asked = {
        each.at.astimezone(UTC) for each in preset.notes.examples if each.audience is audience
    }

    assert rings
    assert set() == (rings | {ring - timedelta(seconds=1) for ring in rings}) - asked


def test_the_examples_speak_of_everybody_and_every_kind_of_device(preset: Preset) -> None:
    examples = preset.notes.examples

    assert set(Audience) == {each.audience for each in examples}
    assert set(DeviceKind) == {each.device for each in examples}
    assert any(each.duty for each in examples)
    assert set(Verdict) - {Verdict.DEPENDS} <= {each.verdict for each in examples}


def test_every_rule_of_a_preset_is_cited(preset: Preset) -> None:
    document = f"{preset.policy.document.title}, {preset.policy.document.version}"
    for rule in preset.policy.rules:
        assert rule.cite.section.strip(), rule.id
        is_shared = rule.id.startswith("baseline-")
        assert is_shared is not (rule.cite.document == document), rule.id


def test_every_rule_of_a_school_decides_one_of_its_examples(
    school: str, preset: Preset, shelf: SnapshotShelf
) -> None:
    deciding = {
        rule
        for example in preset.notes.examples
        for rule in answer(question_of(example, school), shelf.snapshot_of, LESSON).rules
    }
    own = {rule.id for rule in preset.policy.rules if not rule.id.startswith("baseline-")}

    assert set() == own - deciding


def test_a_preset_says_what_is_not_enforced_who_hears_and_what_never_happens(
    preset: Preset,
) -> None:
    notes = preset.notes

    assert notes.not_enforced
    assert notes.invariants
    assert notes.attempts is not None
    assert {Misuser.ANYONE, Misuser.HEAD} <= {report.by for report in notes.reports}
    assert notes.social_media.cite


EVERY_PERIOD = [
    datetime(2026, 11, 20, 7, tzinfo=LONDON),
    datetime(2026, 11, 20, 8, 10, tzinfo=LONDON),
    datetime(2026, 11, 20, 10, 15, tzinfo=LONDON),
    datetime(2026, 11, 20, 10, 35, tzinfo=LONDON),
    datetime(2026, 11, 20, 12, 30, tzinfo=LONDON),
    datetime(2026, 11, 20, 16, tzinfo=LONDON),
    datetime(2026, 11, 21, 12, tzinfo=LONDON),
]
# What a school runs itself, or teaches with, though people talk to each other there.
ESSENTIAL_THOUGH_SOCIAL = [
    *("teams.microsoft.com", "login.microsoftonline.com", "outlook.office.com"),
    *("school.sharepoint.com", "classroom.google.com", "docs.google.com", "meet.google.com"),
    *("mail.google.com", "scratch.mit.edu", "api.scratch.mit.edu", "education.minecraft.net"),
]


def closed(snapshot: Snapshot, hosts: tuple[Host, ...]) -> list[tuple[str, Subject, datetime]]:
    """Return each of *hosts* that is closed to anybody, on any device, in any period."""
    subjects = [
        Subject(audience=audience, device=device, inspectable=inspectable)
        for audience in Audience
        for device in DeviceKind
        for inspectable in (True, False)
    ]
    return [
        (host.text, subject, moment)
        for subject in subjects
        for moment in EVERY_PERIOD
        for host in hosts
        if decide(Request(subject, HostResource(host)), snapshot, moment).verdict
        is not Verdict.ALLOW
    ]


def test_the_moments_asked_about_are_of_every_period(preset: Preset) -> None:
    school_time = preset.policy.school_time
    subject = Subject(audience=Audience.PUPIL)

    assert set(Period) == {
        period for at in EVERY_PERIOD for period in school_time.periods_at(at, subject)
    }


def test_nobody_is_kept_from_a_help_line_in_any_period(school: str, shelf: SnapshotShelf) -> None:
    snapshot = shelf.snapshot_of(school)
    help_lines = snapshot.source.policy.catalogue.help_lines
    hosts = tuple(host for each in help_lines for host in each.domains)

    assert hosts
    assert [] == closed(snapshot, hosts)


def test_nobody_is_kept_from_an_essential_in_any_period(school: str, shelf: SnapshotShelf) -> None:
    snapshot = shelf.snapshot_of(school)
    hosts = snapshot.source.policy.catalogue.essentials

    assert hosts
    assert [] == closed(snapshot, hosts)


def test_what_a_school_runs_itself_is_essential_and_no_social_media(
    school: str, shelf: SnapshotShelf
) -> None:
    snapshot = shelf.snapshot_of(school)
    hosts = tuple(map(parse_host, ESSENTIAL_THOUGH_SOCIAL))
    essentials = snapshot.source.policy.catalogue.essentials

    assert all(any(host.is_under(each) for each in essentials) for host in hosts)
    assert [] == closed(snapshot, hosts)


def test_a_rule_against_a_service_leaves_its_companions_alone(shelf: SnapshotShelf) -> None:
    """What it needs of others is theirs: only who owns a host may lose it."""
    snapshot = shelf.snapshot_of("twiss-green")
    services = snapshot.source.policy.catalogue.services
    needing = [service for service in services if service.companions]
    rules = tuple(
        Rule(
            id=service.id,
            block=frozenset({service.id}),
            applies_to=(Condition(),),
            cite=Citation("test", service.id),
        )
        for service in needing
    )
    against = snapshot.with_rules(rules, Live())
    blocked = {
        (service.id, companion.text)
        for service in needing
        for companion in service.companions
        for rule in decide(Request(Subject(), HostResource(companion)), against, LESSON).rules
        if rule.id == service.id
    }

    assert needing
    assert set() == blocked


@pytest.mark.parametrize(
    ("at", "hours", "overtime", "device", "expected"),
    [
        # §2.3 and §2.4: the person's own hours count, not those of the school.
        ("2026-11-20T07:29:59", "07:30-12:00", False, "school-computer", "allow"),
        ("2026-11-20T07:30", "07:30-12:00", False, "school-computer", "block"),
        ("2026-11-20T11:59:59", "07:30-12:00", False, "school-computer", "block"),
        ("2026-11-20T12:00", "07:30-12:00", False, "school-computer", "allow"),
        ("2026-11-20T12:00", "07:30-12:00", False, "school-mobile", "allow"),
        ("2026-11-20T12:00", "07:30-12:00", False, "own-device", "block"),  # §2.5
        # Overtime makes the rest of the day working time; a break stays a break.
        ("2026-11-20T12:00", "07:30-12:00", True, "school-computer", "block"),
        ("2026-11-20T16:30", None, True, "school-computer", "block"),
        ("2026-11-20T16:30", None, True, "school-mobile", "block"),
        ("2026-11-20T08:10", None, True, "school-computer", "block"),
        ("2026-11-21T11:00", None, True, "school-computer", "block"),
        ("2026-11-20T10:35", None, True, "own-device", "allow"),
    ],
)
def test_the_employers_code_goes_by_own_hours_and_overtime(  # noqa: PLR0917 - table columns
    at: str, hours: str | None, overtime: bool, device: str, expected: str, shelf: SnapshotShelf
) -> None:
    question = Question(
        url=TIKTOK,
        school="employer-code",
        audience=Audience.STAFF,
        device=DeviceKind(device),
        at=at,
        hours=hours,
        overtime=overtime,
    )

    assert expected == verdict_of(shelf, question)


@pytest.mark.parametrize(
    ("school", "platforms", "url", "expected"),
    [
        ("longton", ("x",), "https://x.com/", "allow"),
        ("longton", (), "https://x.com/", "allow"),
        ("longton", ("facebook",), "https://x.com/", "block"),
        ("longton", ("facebook",), "https://www.facebook.com/", "block"),
        ("broad-square", ("facebook",), "https://www.facebook.com/", "allow"),
        ("broad-square", ("facebook",), "https://x.com/", "block"),
        ("employer-code", ("facebook",), "https://x.com/", "block"),
        ("kell-bank", ("x",), "https://x.com/", "block"),
    ],
)
def test_account_operators_reach_the_platforms_of_their_duty_where_the_policy_names_them(
    school: str, platforms: tuple[str, ...], url: str, expected: str, shelf: SnapshotShelf
) -> None:
    question = Question(
        url=url,
        school=school,
        audience=Audience.STAFF,
        duty=Duty.ACCOUNT_OPERATOR,
        device=DeviceKind.SCHOOL_COMPUTER,
        platform=platforms,
    )

    assert expected == verdict_of(shelf, question)


@pytest.mark.parametrize("age", [None, 12, 13, 17])
@pytest.mark.parametrize("at", ["2026-11-20T10:15", "2026-11-20T16:30", "2026-11-21T12:00"])
def test_no_age_and_no_hour_opens_social_media_to_pupils(
    age: int | None, at: str, school: str, shelf: SnapshotShelf
) -> None:
    question = Question(url=TIKTOK, school=school, device=DeviceKind.OWN_DEVICE, at=at, age=age)

    assert Verdict.BLOCK is verdict_of(shelf, question)
