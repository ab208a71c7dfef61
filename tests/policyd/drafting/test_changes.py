"""Each ordinary change: it loads, says exactly what was meant, and leaves the rest alone."""

from datetime import date, time
from pathlib import Path

import msgspec
import pytest
from rule_tree import FILES, SCHOOL

from schoolgate_policyd.core.rules import GrantKind
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.drafting.applying import apply, apply_all
from schoolgate_policyd.drafting.bundle import bundle_in, load
from schoolgate_policyd.drafting.changes import (
    AddException,
    AddOneOff,
    Bell,
    Block,
    BlockSite,
    Change,
    CountAsSocialMedia,
    DayKind,
    Days,
    DefineStanding,
    GiveUp,
    NoLongerSocialMedia,
    OpenAgain,
    RemoveException,
    RemoveOneOff,
    ReplaceText,
    SetBells,
    SetDaysOff,
    SetDevices,
    SetDocument,
    SetDuties,
    SetLifting,
    SetPeriods,
    SetStaffHours,
    SetStanding,
    SetTerms,
    TermDates,
)
from schoolgate_policyd.drafting.describing import describe
from schoolgate_policyd.drafting.differences import differences
from schoolgate_policyd.drafting.errors import ChangeRefused
from schoolgate_policyd.rulefiles import RuleFileErrors
from schoolgate_policyd.rulefiles.day_files import Weekday

OWN = "schools/hill.yaml"
PUPILS, STAFF, EVERYBODY = (
    frozenset({Audience.PUPIL}),
    frozenset({Audience.STAFF}),
    frozenset(Audience),
)
SHORT = (Bell(time(9), Period.LESSON), Bell(time(12), Period.CLOSED))
AUTUMN = TermDates(
    Days(date(2026, 9, 1), date(2026, 12, 18)), (Days(date(2026, 10, 26), date(2026, 10, 30)),)
)
TRIP = Days(date(2026, 12, 1), date(2026, 12, 1))


def periods(*some: Period) -> frozenset[Period]:
    return frozenset(some)


# Each with the sentence that a draft lists it by, and the only one that then differs.
CHANGES: list[tuple[Change, str, str]] = [
    (
        CountAsSocialMedia("forum"),
        "Count discussion forums as social media.",
        "Discussion forums now count as social media.",
    ),
    (
        CountAsSocialMedia("talk"),
        "Count Talk as social media.",
        "Talk now counts as social media.",
    ),
    (
        NoLongerSocialMedia("messaging"),
        "Count messaging as social media no longer.",
        "Messaging no longer counts as social media.",
    ),
    (
        NoLongerSocialMedia("films"),
        "Count Films as social media no longer.",
        "Films no longer counts as social media.",
    ),
    (
        Block(("talk",), PUPILS, "Too old for them.", "§8", frozenset({GrantKind.ACCESS_GRANT})),
        "Block Talk for pupils: Too old for them.",
        "There is a new rule: Pupils may not reach Talk. Only an access grant can lift it. (§8.)",
    ),
    (
        BlockSite(
            "Cool: Maths", ("maths.example.org",), "video-sharing", EVERYBODY, "It wastes time"
        ),
        "Block Cool: Maths (maths.example.org) for everybody: It wastes time.",
        (
            "There is a new rule: Nobody may reach Cool: Maths (maths.example.org). The rule is "
            "locked: nothing can lift it. (Our own choice: no section asks for it.)"
        ),
    ),
    (
        OpenAgain("staff-forums"),
        "Remove the rule about Chat or discussion forums for staff.",
        (
            "This rule is removed: Staff may not reach Chat or discussion forums. Only an access "
            "grant can lift it. (§6.)"
        ),
    ),
    (
        OpenAgain("staff-forums", "chat"),
        "Take Chat out of the rule about Chat or discussion forums for staff.",
        "The rule about Chat or discussion forums for staff no longer blocks Chat (§6).",
    ),
    (
        SetPeriods("staff", 0, periods(Period.BREAK)),
        "The first exception from the rule about social media for staff holds at break.",
        "Staff may no longer reach social media at lunch (§5).",
    ),
    (
        SetPeriods("staff", 0, periods(Period.BREAK, Period.LUNCH, Period.AFTER_SCHOOL)),
        (
            "The first exception from the rule about social media for staff holds at break, at "
            "lunch and after school."
        ),
        "Staff may now also reach social media after school (§5).",
    ),
    (
        SetPeriods("staff", 0, periods(Period.BREAK, Period.AFTER_SCHOOL)),
        (
            "The first exception from the rule about social media for staff holds at break and "
            "after school."
        ),
        "Staff may reach social media after school now, and no longer at lunch (§5).",
    ),
    (
        SetDevices("staff", 0, frozenset({DeviceKind.OWN_DEVICE})),
        (
            "The first exception from the rule about social media for staff holds on their own "
            "devices."
        ),
        "Staff may no longer reach social media on school computers (§5).",
    ),
    (
        SetStanding("staff", 0, frozenset()),
        (
            "The first exception from the rule about social media for staff holds without a "
            "standing permission."
        ),
        (
            "Staff may now reach social media as excepted also when break-access is not recorded "
            "(§5)."
        ),
    ),
    (
        SetDuties("staff", 1, frozenset({Duty.DSL})),
        (
            "The second exception from the rule about social media for staff holds for designated "
            "safeguarding leads."
        ),
        "Account operators may no longer reach social media (§5).",
    ),
    (
        AddException("visitors", periods=periods(Period.LUNCH)),
        "Except everybody at lunch from the rule about social media for visitors.",
        "Visitors at lunch may now reach social media (no section).",
    ),
    (
        AddException("visitors", duties=frozenset({Duty.GOVERNOR}), platforms=frozenset()),
        "Except governors from the rule about social media for visitors.",
        "Governors may now reach social media (no section).",
    ),
    (
        RemoveException("staff", 1),
        "Remove the second exception from the rule about social media for staff.",
        (
            "Designated safeguarding leads or account operators: this exception for social media "
            "is removed (§5)."
        ),
    ),
    (
        SetLifting("pupils", frozenset()),
        "Lock the rule about social media for pupils.",
        "The rule about social media for pupils is locked: nothing can lift it any more (§7).",
    ),
    (
        SetLifting("pupils", frozenset({GrantKind.ACCESS_GRANT})),
        "Let an access grant, and nothing else, lift the rule about social media for pupils.",
        (
            "The rule about social media for pupils: an access grant can now lift it and a "
            "curriculum grant can no longer lift it (§7)."
        ),
    ),
    (
        GiveUp(1),
        "Give up the second promise of what must never happen.",
        "It is no longer promised that visitors never reach social media without an access grant.",
    ),
    (
        DefineStanding("trips", "On trips: everything"),
        "Name a standing permission, trips: On trips: everything.",
        "The standing permission trips is new: On trips: everything.",
    ),
    (
        SetDocument("Hill Policy", "December 2026", "2027-12"),
        "The document is Hill Policy, December 2026.",
        "The document now is Hill Policy, December 2026, to be reviewed in 2027-12.",
    ),
    (
        SetBells("day", (Weekday.FRIDAY,), SHORT),
        "Set the bells of Fridays in the timetable day.",
        "On Fridays the bells of day now are: lessons from 09:00, closed from 12:00.",
    ),
    (
        SetTerms("year", (AUTUMN,)),
        "Set the terms of the calendar year.",
        (
            "The terms now are Tuesday 1 September 2026 to Friday 18 December 2026, with "
            "half-terms Monday 26 October 2026 to Friday 30 October 2026."
        ),
    ),
    (
        SetDaysOff("year", DayKind.INSET, frozenset({date(2026, 9, 1), date(2026, 9, 2)})),
        "The INSET days are Tuesday 1 September 2026 and Wednesday 2 September 2026.",
        (
            "The INSET days change: Wednesday 2 September 2026 now among them and Monday 2 "
            "November 2026 no longer."
        ),
    ),
    (
        AddOneOff("Zoo trip", TRIP, timetable="short", year_groups=(3, 4)),
        "Plan Zoo trip on Tuesday 1 December 2026.",
        (
            "Zoo trip on Tuesday 1 December 2026, for everybody in years 3 to 4: lessons from "
            "09:00, closed from 12:00."
        ),
    ),
    (
        AddOneOff("Snow", TRIP),
        "Plan Snow on Tuesday 1 December 2026.",
        "Snow on Tuesday 1 December 2026, for everybody: closed all day.",
    ),
    (
        SetStaffHours(time(8), time(15, 30)),
        "Staff without hours of their own work from 08:00 to 15:30.",
        "Staff without hours of their own work from 08:00 to 15:30.",
    ),
]


# A comment goes only with the line or the item that it is about.
GOES_WITH: dict[Change, set[str]] = {
    NoLongerSocialMedia("messaging"): {"# children write to each other"},
    OpenAgain("staff-forums"): {"# A rule of the hill's own."},
    GiveUp(1): {"# Not even at break."},
}


def _comments(text: str) -> list[str]:
    return [line[line.index("#") :] for line in text.splitlines() if "#" in line]


@pytest.mark.parametrize(("change", "said", "sentence"), CHANGES, ids=lambda e: type(e).__name__)
def test_a_change_says_what_was_meant_and_nothing_else(
    rules_dir: Path, change: Change, said: str, sentence: str
) -> None:
    texts = bundle_in(rules_dir, SCHOOL)
    before = load(rules_dir, SCHOOL, texts)

    made = apply(rules_dir, SCHOOL, texts, change)

    after = load(rules_dir, SCHOOL, made.texts)
    assert after == made.preset
    assert (sentence,) == differences(before, after)
    assert said == describe(change, before)
    for path, text in texts.items():
        lost = set(_comments(text)) - set(_comments(made.texts[path]))
        assert lost <= GOES_WITH.get(change, set())


@pytest.mark.parametrize(("change", "said", "sentence"), CHANGES, ids=lambda e: type(e).__name__)
def test_a_change_survives_being_kept(change: Change, said: str, sentence: str) -> None:
    del said, sentence

    assert change == msgspec.json.decode(msgspec.json.encode(change), type=Change)


def test_only_the_section_that_is_changed_is_written_anew(rules_dir: Path) -> None:
    texts = bundle_in(rules_dir, SCHOOL)

    made = apply(rules_dir, SCHOOL, texts, SetStaffHours(time(8), time(15)))

    expected = texts[OWN].replace('"08:30-16:00"', '"08:00-15:00"')
    assert {**texts, OWN: expected} == made.texts


def test_examples_get_the_verdict_that_the_changed_policy_gives(rules_dir: Path) -> None:
    texts = bundle_in(rules_dir, SCHOOL)

    made = apply(rules_dir, SCHOOL, texts, SetPeriods("staff", 0, periods(Period.BREAK)))

    assert "assume: break-access, verdict: block}" in made.texts[OWN]
    assert made.texts[OWN].count("verdict: block}") == 2


def test_a_one_off_day_is_planned_and_given_up_again(rules_dir: Path) -> None:
    texts = bundle_in(rules_dir, SCHOOL)
    planned = apply(rules_dir, SCHOOL, texts, AddOneOff("Zoo trip", TRIP, bells=SHORT))

    made = apply(rules_dir, SCHOOL, planned.texts, RemoveOneOff("Zoo trip", TRIP.first))

    assert ("Zoo trip on Tuesday 1 December 2026 is no longer planned.",) == differences(
        planned.preset, made.preset
    )
    assert () == differences(load(rules_dir, SCHOOL, texts), made.preset)


def test_a_timetable_that_is_newly_named_comes_into_the_bundle(rules_dir: Path) -> None:
    texts = bundle_in(rules_dir, SCHOOL)
    assert {OWN, "timetables/day.yaml", "calendars/year.yaml"} == texts.keys()

    made = apply(rules_dir, SCHOOL, texts, AddOneOff("Short day", TRIP, timetable="short"))

    assert FILES["timetables/short.yaml"] == made.texts["timetables/short.yaml"]


def test_several_changes_are_made_in_turn(rules_dir: Path) -> None:
    texts = bundle_in(rules_dir, SCHOOL)
    site = BlockSite("Maths", ("maths.example.org",), "forum", PUPILS, "Games")

    made = apply_all(rules_dir, SCHOOL, texts, (site, OpenAgain("block-maths"), site))

    rules = [rule.id for rule in made.preset.policy.rules]
    assert ["maths", "maths-2"] == [
        each.id for each in made.preset.policy.catalogue.services if each.name == "Maths"
    ]
    assert "block-maths-2" in rules
    assert "block-maths" not in rules


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (OpenAgain("baseline-adult"), "one that every school shares"),
        (SetLifting("baseline-adult", frozenset({GrantKind.ACCESS_GRANT})), "every school shares"),
        (AddException("baseline-adult", periods=periods(Period.LUNCH)), "every school shares"),
        (OpenAgain("nothing"), "There is no rule `nothing`"),
        (OpenAgain("pupils"), "no rule blocks social-media for `pupil`"),
        (OpenAgain("staff-forums", "clips"), "does not name `clips`"),
        (CountAsSocialMedia("video-sharing"), "already"),
        (CountAsSocialMedia("no-such"), "There is no service or category"),
        (NoLongerSocialMedia("forum"), "counts as no social media now"),
        (SetPeriods("staff", 2, periods(Period.LUNCH)), "has no such exception"),
        (SetPeriods("staff", -1, periods(Period.LUNCH)), "has no such exception"),
        (SetPeriods("staff", 0, periods(Period.BREAK, Period.LUNCH)), "changes nothing"),
        (SetDuties("staff", 1, frozenset()), "would hold always"),
        (SetStanding("staff", 0, frozenset({"unheard-of"})), "no standing permission"),
        (AddException("visitors"), "Say for whom"),
        (Block((), PUPILS, "why"), "Name what"),
        (Block(("talk",), frozenset(), "why"), "Name whom"),
        (Block(("talk",), PUPILS, " \n"), "Give the reason"),
        (Block(("no-such",), PUPILS, "why"), "`no-such` is no service, category or list"),
        (BlockSite("!", ("a.example.org",), "forum", PUPILS, "why"), "Give the site a name"),
        (BlockSite("A", (), "forum", PUPILS, "why"), "at least one domain"),
        (BlockSite("A", ("co.uk",), "forum", PUPILS, "why"), "covers every site under it"),
        (BlockSite("A", ("a.example.org",), "no-such", PUPILS, "why"), "is no category"),
        (SetBells("day", (), SHORT), "Name the weekdays"),
        (SetBells("no-such", (Weekday.FRIDAY,), SHORT), "has no file timetables/no-such.yaml"),
        (SetBells("day", tuple(Weekday), ()), "needs bells on at least one day"),
        (SetBells("day", (Weekday.FRIDAY,), SHORT[:1]), "must be `closed`"),
        (SetTerms("year", ()), "the list is empty"),
        (RemoveOneOff("Zoo", TRIP.first), "There is no one-off day Zoo"),
        (AddOneOff("Zoo", TRIP, timetable="short", bells=SHORT), "a timetable or bells"),
        (SetStaffHours(time(9), time(8)), "end before they start"),
        (SetDocument("", "1"), "nothing stands here"),
        (GiveUp(7), "no such item"),
        (DefineStanding("break-access", "Again"), "already"),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, msgspec.Struct) else "",
)
def test_what_cannot_be_changed_is_refused_with_a_sentence(
    rules_dir: Path, change: Change, refusal: str
) -> None:
    with pytest.raises(ChangeRefused, match=refusal):
        apply(rules_dir, SCHOOL, bundle_in(rules_dir, SCHOOL), change)


@pytest.mark.parametrize(
    "reason",
    [
        "a\nblock: everything",
        "x\n  - id: evil\n    block: everything",
        "é # \t: {[",
        "a\u2028- id: b",
        "x" * 3000,
    ],
)
def test_no_reason_becomes_a_rule(rules_dir: Path, reason: str) -> None:
    texts = bundle_in(rules_dir, SCHOOL)

    made = apply(rules_dir, SCHOOL, texts, Block(("talk",), PUPILS, reason, reason[:50]))

    assert ["block-talk"] == [
        rule.id
        for rule in made.preset.policy.rules
        if rule.id not in {"baseline-adult", "pupils", "staff", "visitors", "staff-forums"}
    ]


def test_a_text_that_is_uploaded_is_read_as_if_it_lay_in_the_folder(rules_dir: Path) -> None:
    texts = bundle_in(rules_dir, SCHOOL)
    mistaken = texts[OWN].replace("period: [break, lunch]", "period: [brake]")

    with pytest.raises(RuleFileErrors) as raised:
        apply(rules_dir, SCHOOL, texts, ReplaceText(OWN, mistaken))

    (mistake,) = raised.value.mistakes
    line = mistaken.splitlines().index(
        next(each for each in mistaken.splitlines() if "brake" in each)
    )
    assert (rules_dir / OWN, line + 1) == (mistake.path, mistake.line)
    assert "did you mean `break`?" in mistake.message


@pytest.mark.parametrize(
    "path",
    [
        "baseline.yaml",
        "help-lines.yaml",
        "services/video.yaml",
        "services/own-vale.yaml",
        "categories/categories.yaml",
        "schools/vale.yaml",
        "schools/../baseline.yaml",
        "timetables/../baseline.yaml",
        "/etc/passwd",
        "",
    ],
)
def test_what_every_school_shares_is_in_no_draft(rules_dir: Path, path: str) -> None:
    texts = bundle_in(rules_dir, SCHOOL)

    with pytest.raises(ChangeRefused, match="none of the school's own"):
        apply(rules_dir, SCHOOL, texts, ReplaceText(path, "rules: []\n"))


def test_a_text_without_end_is_refused_before_it_is_read(rules_dir: Path) -> None:
    texts = bundle_in(rules_dir, SCHOOL)

    with pytest.raises(ChangeRefused, match="larger than a policy can be"):
        apply(rules_dir, SCHOOL, texts, ReplaceText(OWN, "[" * 10_000_000))


def test_a_text_that_would_take_seconds_to_read_is_refused(rules_dir: Path) -> None:
    """A third of this size holds every policy there is four times over."""
    texts = bundle_in(rules_dir, SCHOOL)
    lists = f"{texts[OWN]}more: [{'x,' * 50_000}]\n"

    with pytest.raises(ChangeRefused, match="larger than a policy can be"):
        apply(rules_dir, SCHOOL, texts, ReplaceText(OWN, lists))


def test_the_line_ends_of_an_upload_are_made_one_kind(rules_dir: Path) -> None:
    texts = bundle_in(rules_dir, SCHOOL)
    longer = texts[OWN].replace("May 2026", "June 2026")

    made = apply(
        rules_dir, SCHOOL, texts, ReplaceText(OWN, "\ufeff" + longer.replace("\n", "\r\n"))
    )

    assert longer == made.texts[OWN]
