from datetime import date, time
from pathlib import Path

from schoolgate_policyd.core.catalogue import Category, DomainList, HelpLine, Service
from schoolgate_policyd.core.names import AddressLiteral, DomainName
from schoolgate_policyd.core.policy import Document, StandingDefinition
from schoolgate_policyd.core.rules import Citation, Condition, GrantKind, Rule
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty
from schoolgate_policyd.core.times import DateRange, Period, PeriodStart, WorkingHours
from schoolgate_policyd.core.url_patterns import UrlPattern
from schoolgate_policyd.rulefiles import check_rules, load_policy

KEY_DOCUMENT = "Keeping Children Safe in Education"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert 1 == text.count(old)
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_tree_without_a_mistake_has_none(rules_dir: Path) -> None:
    assert () == check_rules(rules_dir, "hill")


def test_rules_are_the_included_ones_and_then_the_schools_own(rules_dir: Path) -> None:
    no_vpn = Rule(
        id="no-vpn",
        block=frozenset({"vpn"}),
        applies_to=(Condition(),),
        cite=Citation(document=KEY_DOCUMENT, section="paragraph 1"),
        locked=True,
    )
    pupils = Rule(
        id="pupils",
        block=frozenset({"video-sharing", "whatsapp"}),
        applies_to=(Condition(audience=frozenset({Audience.PUPIL})),),
        cite=Citation(document="Hill Policy, May 2026", section="§1"),
        lifted_by=frozenset({GrantKind.CURRICULUM_GRANT}),
        topic="social-media",
    )
    at_break = Condition(
        audience=frozenset({Audience.STAFF}),
        period=frozenset({Period.BREAK}),
        device=frozenset({DeviceKind.OWN_DEVICE}),
        standing=frozenset({"breaks"}),
    )
    operator = Condition(duty=frozenset({Duty.ACCOUNT_OPERATOR}), platform=frozenset({"youtube"}))
    adults = Rule(
        id="adults",
        block=frozenset({"video-sharing", "whatsapp"}),
        applies_to=(
            Condition(audience=frozenset({Audience.STAFF})),
            Condition(audience=frozenset({Audience.VISITOR})),
        ),
        unless=(at_break, operator),
        cite=Citation(document="Hill Policy, May 2026", section="§2", is_ours=True),
        lifted_by=frozenset({GrantKind.ACCESS_GRANT}),
        is_open_uninspected=True,
    )

    assert (no_vpn, pupils, adults) == load_policy(rules_dir, "hill").rules


def test_every_other_atom_of_a_condition_is_read(rules_dir: Path) -> None:
    edit(
        rules_dir / "schools/hill.yaml",
        "      - {duty: account-operator, platform: [youtube]}\n",
        "      - {own_hours: inside, overtime: false, network: [wifi, lab]}\n"
        "      - {own_hours: outside, year_groups: [0, 6], age: below-minimum}\n",
    )

    assert (
        Condition(own_hours=True, overtime=False, network=frozenset({"wifi", "lab"})),
        Condition(own_hours=False, year_groups=(0, 6), below_minimum_age=True),
    ) == load_policy(rules_dir, "hill").rules[-1].unless[1:]


def test_the_policy_knows_its_document_and_standing_permissions(rules_dir: Path) -> None:
    policy = load_policy(rules_dir, "hill")

    assert "hill" == policy.id
    assert Document(title="Hill Policy", version="May 2026", review="2027-05") == policy.document
    assert (StandingDefinition(id="breaks", about="At break"),) == policy.standing
    assert frozenset({"video-sharing", "whatsapp"}) == policy.social_media


def test_the_catalogue_holds_everything_in_the_files(rules_dir: Path) -> None:
    catalogue = load_policy(rules_dir, "hill").catalogue

    assert Category("vpn", "VPN services", is_circumvention=True) in catalogue.categories
    assert 3 == len(catalogue.categories)
    assert ["whatsapp", "youtube", "tiktok"] == [each.id for each in catalogue.services]
    assert (
        Service(
            id="youtube",
            name="YouTube",
            category="video-sharing",
            domains=(DomainName("youtube.com"), DomainName("youtu.be")),
            excluding=(DomainName("kids.youtube.com"),),
            companions=(DomainName("cdn.example.net"),),
            urls=(UrlPattern(host=DomainName("forum.example.org"), path="/talk"),),
            minimum_age=13,
        )
        == catalogue.services[1]
    )
    vpn_hosts = (DomainName("vpn.example.org"), AddressLiteral("192.0.2.1"))
    assert (
        DomainList("clip-hosts", "video-sharing", (DomainName("clips.example.org"),)),
        DomainList("vpn-services", "vpn", vpn_hosts),
    ) == catalogue.lists
    childline = (DomainName("childline.org.uk"),)
    assert (
        HelpLine("childline", "Childline", childline, phone="0800 1111", about="Talk"),
    ) == catalogue.help_lines
    assert ["bbc.co.uk", "gov.uk", "lessons.example.org"] == list(map(str, catalogue.essentials))
    assert (DomainName("bank.example.org"),) == catalogue.never_inspected


def test_school_time_is_timetable_calendar_hours_and_zone(rules_dir: Path) -> None:
    school_time = load_policy(rules_dir, "hill").school_time
    bells = (
        PeriodStart(time(8, 50), Period.LESSON),
        PeriodStart(time(10, 30), Period.BREAK),
        PeriodStart(time(15), Period.CLOSED),
    )
    calendar = school_time.calendar

    assert "Europe/London" == school_time.zone
    assert WorkingHours(time(8, 30), time(16)) == school_time.staff_hours
    assert (bells, bells, (), (), (), (), ()) == school_time.timetables[0].timetable.days
    assert (
        DateRange(date(2026, 9, 1), date(2026, 12, 18)),
        DateRange(date(2027, 1, 4), date(2027, 3, 25)),
    ) == calendar.terms
    assert (DateRange(date(2026, 10, 26), date(2026, 10, 30)),) == calendar.half_terms
    assert frozenset({date(2026, 9, 1)}) == calendar.inset_days
    assert frozenset({date(2026, 12, 25)}) == calendar.bank_holidays


def test_an_excepted_service_leaves_the_rest_of_its_category(rules_dir: Path) -> None:
    edit(
        rules_dir / "schools/hill.yaml",
        "  services: [whatsapp]",
        "  except_services: [youtube]",
    )
    policy = load_policy(rules_dir, "hill")

    assert frozenset({"tiktok", "clip-hosts"}) == policy.social_media
    assert frozenset({"tiktok", "clip-hosts"}) == policy.rules[1].block


def test_social_media_stands_beside_other_things_to_block(rules_dir: Path) -> None:
    school = rules_dir / "schools/hill.yaml"
    edit(school, "block: social-media\n    for: {audience: pupil}", "block: [social-media, vpn]")

    rule = load_policy(rules_dir, "hill").rules[1]

    assert frozenset({"video-sharing", "whatsapp", "vpn"}) == rule.block
    assert (Condition(),) == rule.applies_to


def test_a_rule_against_everything_covers_an_audience(rules_dir: Path) -> None:
    edit(
        rules_dir / "schools/hill.yaml",
        "block: social-media\n    for: {audience: pupil}",
        "block: everything\n    for: {audience: pupil}",
    )

    assert frozenset({"everything"}) == load_policy(rules_dir, "hill").rules[1].block
