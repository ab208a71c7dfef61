"""Every mistake is reported at its place with a remedy, and all of them at once."""

import os
from pathlib import Path

import pytest

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.rulefiles import RuleFileErrors, check_rules, load_policy
from schoolgate_policyd.rulefiles.mistakes import MAX_MISTAKES, MAX_SUGGESTIONS
from schoolgate_policyd.rulefiles.nodes import MAX_FILE_OCTETS

SCHOOL = "schools/hill.yaml"
VIDEO = "services/video.yaml"
DAY = "timetables/day.yaml"
YEAR = "calendars/year.yaml"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert 1 == text.count(old)
    path.write_text(text.replace(old, new), encoding="utf-8")


def mistakes_in(rules_dir: Path) -> list[str]:
    """Return the mistakes with paths relative to the tree."""
    return [
        str(mistake).removeprefix(f"{rules_dir}{os.sep}")
        for mistake in check_rules(rules_dir, "hill")
    ]


RULE_MISTAKES = [
    pytest.param(
        *("for: {audience: pupil}", "fro: {audience: pupil}"),
        "15:5: `fro` is no key of a rule: did you mean `for`?",
        id="unknown key",
    ),
    pytest.param(
        *("platform: [youtube]", "platform: [youtub]"),
        "24:45: `youtub` is no service: did you mean `youtube`?",
        id="platform that is no service",
    ),
    pytest.param(
        *("{duty: account-operator, platform: [youtube]}", "{platform: youtube}"),
        "24:20: `platform` narrows a duty: name the `duty` beside it",
        id="platform without a duty",
    ),
    pytest.param(
        *("block: social-media\n    for: {audience: pupil}", "block: [social-media, tiktoc]"),
        "14:27: `tiktoc` is no service, category or list: did you mean `tiktok`?",
        id="unknown thing to block",
    ),
    pytest.param(
        *("for: {audience: pupil}", "for: [{audience: pupil}, {audience: pupils}]"),
        "15:41: `pupils` is no audience: did you mean `pupil`?",
        id="unknown audience",
    ),
    pytest.param(
        *("duty: account-operator", "duty: operator"),
        "24:16: `operator` is no duty: did you mean `account-operator`?",
        id="unknown duty",
    ),
    pytest.param(
        *("device: own-device", "device: own"),
        "23:52: `own` is no kind of device: write `school-computer`, `school-mobile`, "
        "`own-device` or `unknown`",
        id="unknown kind of device",
    ),
    pytest.param(
        *("period: [break]", "period: [braek]"),
        "23:36: `braek` is no period: did you mean `break`?",
        id="unknown period",
    ),
    pytest.param(
        *("standing: breaks", "standing: brakes"),
        "23:74: `brakes` is no standing permission of this school: did you mean `breaks`?",
        id="undefined standing permission",
    ),
    pytest.param(
        *("{duty: account-operator, platform: [youtube]}", "{}"),
        "24:9: the condition is empty: name at least one thing it asks",
        id="empty condition",
    ),
    pytest.param(
        *("{duty: account-operator, platform: [youtube]}", "{year_groups: [6, 3]}"),
        "24:23: year 6 is after year 3: exchange them",
        id="year groups out of order",
    ),
    pytest.param(
        *("{duty: account-operator, platform: [youtube]}", "{year_groups: [6]}"),
        "24:23: year groups are written `[first, last]`, as `[3, 6]`",
        id="half a range of year groups",
    ),
    pytest.param(
        *("{duty: account-operator, platform: [youtube]}", "{overtime: yes}"),
        "24:20: `yes` is neither `true` nor `false`: write one of them",
        id="wrong type",
    ),
    pytest.param(
        *("{duty: account-operator, platform: [youtube]}", "{own_hours: within}"),
        "24:21: `within` is no side of one's own hours: write `inside` or `outside`",
        id="unknown side of own hours",
    ),
    pytest.param(
        *("lifted_by: curriculum-grant", "lifted_by: curriculum-grant\n    locked: true"),
        "16:16: nothing lifts a locked rule: remove `lifted_by` or `locked`",
        id="locked and lifted",
    ),
    pytest.param(
        *("    lifted_by: curriculum-grant\n", ""),
        "13:5: the rule does not say what lifts it: add `lifted_by`, or `locked: true`",
        id="neither locked nor lifted",
    ),
    pytest.param(
        *("lifted_by: curriculum-grant", "lifted_by: curriculum"),
        "16:16: `curriculum` is no kind of grant: did you mean `curriculum-grant`?",
        id="unknown kind of grant",
    ),
    pytest.param(
        *("    cite: §1\n", ""),
        "13:5: a rule needs `cite`: add it",
        id="no citation",
    ),
    pytest.param(
        *("cite: §1", "cite: {document: Other}"),
        "17:11: a citation needs `section`: add it",
        id="citation without a section",
    ),
    pytest.param(
        *("id: adults", "id: no-vpn"),
        "19:9: there is a rule `no-vpn` already, in {}/baseline.yaml:2:9: choose another id",
        id="a rule id in two files",
    ),
    pytest.param(
        *("id: adults", "id: Adults Only"),
        "19:9: `Adults Only` cannot be an id: write lower-case words joined by hyphens",
        id="bad id",
    ),
    pytest.param(
        *("    cite: §1\n", "    cite: §1\n    cite: §2\n"),
        "18:5: `cite` already stands in line 17: remove one of them",
        id="duplicate key",
    ),
    pytest.param(
        *("for: {audience: pupil}", "for: {audience: [pupil, pupil]}"),
        "15:29: this stands in the list already, in line 15: remove one",
        id="a value twice",
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), RULE_MISTAKES)
def test_a_mistake_in_a_rule_has_place_and_remedy(
    old: str, new: str, expected: str, rules_dir: Path
) -> None:
    edit(rules_dir / SCHOOL, old, new)

    assert [f"{SCHOOL}:{expected.format(rules_dir)}"] == mistakes_in(rules_dir)


SCHOOL_MISTAKES = [
    pytest.param(
        *("zone: Europe/London", "zone: Europe/Londn"),
        "6:7: `Europe/Londn` is no time zone: write one like `Europe/London`",
        id="unknown zone",
    ),
    pytest.param(
        *("zone: Europe/London", "zone: ../../etc/localtime"),
        "6:7: `../../etc/localtime` is no time zone: write one like `Europe/London`",
        id="zone outside the folder of zones",
    ),
    pytest.param(
        *("08:30-16:00", "16:00-08:30"),
        "5:14: `16:00-08:30` end before they start: exchange the times",
        id="hours out of order",
    ),
    pytest.param(
        *("08:30-16:00", "8.30 to 4"),
        "5:14: `8.30 to 4` are no hours: write them as `08:30-16:00`",
        id="no hours",
    ),
    pytest.param(
        *("timetable: day", "timetable: days"),
        "3:12: `days` is no timetable in timetables/: did you mean `day`?",
        id="unknown timetable",
    ),
    pytest.param(
        *("calendar: year", "calendar: yaer"),
        "4:11: `yaer` is no calendar in calendars/: did you mean `year`?",
        id="unknown calendar",
    ),
    pytest.param(
        *("include: [baseline]", "include: [baseline, baselin]"),
        "2:21: `baselin` is no file of rules in the rules folder: did you mean `baseline`?",
        id="unknown include",
    ),
    pytest.param(
        *("review: 2027-05", "review: soon"),
        "1:59: `soon` is no year and month: write it as `2024-09`",
        id="bad review date",
    ),
    pytest.param(
        *("categories: [video-sharing]", "categories: [video-shareing]"),
        "10:16: `video-shareing` is no category: did you mean `video-sharing`?",
        id="unknown category",
    ),
    pytest.param(
        *("services: [whatsapp]", "except_services: [whatsapp]"),
        "11:20: `whatsapp` is not in one of `categories` alone: remove it here",
        id="exception to nothing",
    ),
    pytest.param(
        *("  services: [whatsapp]", "  ours: [messaging]"),
        "11:9: `messaging` is not in `categories`: add it there",
        id="ours but not counted",
    ),
    pytest.param(
        *("rules:\n", "invariant: []\nrules:\n"),
        "12:1: `invariant` is no key of a school's file: did you mean `invariants`?",
        id="unknown top key",
    ),
    pytest.param(
        *("title: Hill Policy", 'title: ""'),
        "1:19: nothing stands here: write a text, or remove the key",
        id="empty text",
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), SCHOOL_MISTAKES)
def test_a_mistake_in_a_school_has_place_and_remedy(
    old: str, new: str, expected: str, rules_dir: Path
) -> None:
    edit(rules_dir / SCHOOL, old, new)

    assert [f"{SCHOOL}:{expected}"] == mistakes_in(rules_dir)


CATALOGUE_MISTAKES = [
    pytest.param(
        *(VIDEO, "youtube.com, youtu.be", "'*.youtube.com'"),
        "6:15: `*.youtube.com` is no host name: every name covers what is under it, so leave "
        "out what stands before it",
        id="wildcard",
    ),
    pytest.param(
        *(VIDEO, "youtu.be", "https://youtu.be/"),
        "6:28: `https://youtu.be/` is no host name: leave out scheme and path, or list a part "
        "of a site in `urls`",
        id="address of a page as a name",
    ),
    pytest.param(
        *(VIDEO, "youtu.be", "you_tu be"),
        "6:28: `you_tu be` is no host name: write it like `tiktok.com`",
        id="bad name",
    ),
    pytest.param(
        *(VIDEO, "youtu.be", "fonts.gstatic.com"),
        "6:28: `fonts.gstatic.com` is a host that many other sites need: name what is meant",
        id="shared host",
    ),
    pytest.param(
        *(VIDEO, "youtu.be", "windows.net"),
        "6:28: `windows.net` covers `blob.core.windows.net`, which many other sites need: name "
        "what is meant",
        id="shared host below",
    ),
    pytest.param(
        *(VIDEO, "forum.example.org/talk", '"*.co.uk/talk"'),
        "9:12: `co.uk` covers every site under it: name the sites meant",
        id="part of every site",
    ),
    pytest.param(
        *(VIDEO, "youtu.be", "co.uk"),
        "6:28: `co.uk` covers every site under it: name the sites meant",
        id="public suffix",
    ),
    pytest.param(
        *(VIDEO, "youtu.be", "com"),
        "6:28: `com` covers a whole top-level domain: name a site",
        id="top-level domain",
    ),
    pytest.param(
        *(VIDEO, "youtu.be", "192.0.2.7"),
        "6:28: `192.0.2.7` is an address: a name must stand here",
        id="address in a service",
    ),
    pytest.param(
        *(VIDEO, "[kids.youtube.com]", "[kids.example.org]"),
        "7:16: `kids.example.org` is under none of the service's domains: remove it",
        id="exclusion of nothing",
    ),
    pytest.param(
        *(VIDEO, "forum.example.org/talk", "forum.example.org"),
        "9:12: `forum.example.org` is no part of a site: write host and path, like "
        "`mumsnet.com/talk`, `*.wikipedia.org/wiki/Talk:*` or `en.wikipedia.org/?action=edit`, "
        "or list a whole host in `domains`",
        id="a part that is the whole",
    ),
    pytest.param(
        *(VIDEO, ", domains: [tiktok.com]", ""),
        "11:5: a service needs `domains` or `urls`: add what belongs to it",
        id="service without a site",
    ),
    pytest.param(
        *(VIDEO, "- {id: tiktok, name", "- tiktok\n  - {id: tiktok, name"),
        "11:5: a service is written as keys with values: begin with `id:`",
        id="service that is a word",
    ),
    pytest.param(
        *(VIDEO, "name: TikTok", "name: [TikTok]"),
        "11:24: a text must stand here: put one in quotation marks",
        id="list for a text",
    ),
    pytest.param(
        *(VIDEO, "name: TikTok", 'name: "Tik\\u202eTok"'),
        r"11:24: `Tik\u202eTok` has characters that cannot be printed: remove them",
        id="text that turns the line round",
    ),
    pytest.param(
        *(VIDEO, "name: TikTok", f"name: {'x' * 2001}"),
        "11:24: the text is longer than 2000 characters: cut it",
        id="endless text",
    ),
    pytest.param(
        *(VIDEO, "minimum_age: 13", "minimum_age: [13]"),
        "5:18: this is no whole number from 0 to 21: write one",
        id="list for a number",
    ),
    pytest.param(
        *("categories/vpn.yaml", "vpn.example.org", "co.uk"),
        "4:11: `co.uk` covers every site under it: name the sites meant",
        id="public suffix in a list",
    ),
    pytest.param(
        *("categories/categories.yaml", "circumvention: true", "circumvention: [true]"),
        "4:50: this is neither `true` nor `false`: write one of them",
        id="list for a yes or no",
    ),
    pytest.param(
        *("help-lines.yaml", "\n  - {id", " {id"),
        "1:13: a list must stand here: begin each item with `- `",
        id="one item instead of a list",
    ),
    pytest.param(
        *(VIDEO, "minimum_age: 13", "minimum_age: thirteen"),
        "5:18: `thirteen` is no whole number from 0 to 21: write one",
        id="age in words",
    ),
    pytest.param(
        *(VIDEO, "TikTok, category: video-sharing", "TikTok, category: vidio-sharing"),
        "11:42: `vidio-sharing` is no category: did you mean `video-sharing`?",
        id="unknown category",
    ),
    pytest.param(
        *(VIDEO, "id: tiktok", "id: whatsapp"),
        "11:10: there is a service `whatsapp` already, in {}/services/chat.yaml:2:10: "
        "choose another id",
        id="a service in two files",
    ),
    pytest.param(
        *("categories/vpn.yaml", "list: vpn-services", "list: vpn"),
        "1:7: there is a category `vpn` already, in {}/categories/categories.yaml:4:10: "
        "choose another id",
        id="a list called like a category",
    ),
    pytest.param(
        *("categories/vpn.yaml", "192.0.2.1", "0300.0.2.1"),
        "4:28: `0300.0.2.1` is an address: write `192.0.2.1`",
        id="address in another spelling",
    ),
    pytest.param(
        *("categories/categories.yaml", "id: messaging", "id: everything"),
        "3:10: `everything` has a meaning of its own: choose another id",
        id="reserved id",
    ),
    pytest.param(
        *("help-lines.yaml", ", domains: [childline.org.uk]", ""),
        "2:5: a help line needs `domains`: add it",
        id="help line without a site",
    ),
    pytest.param(
        *("baseline.yaml", 'cite: {document: "Keeping', 'cite: §1 # {document: "Keeping'),
        "5:11: no document is this file's own: write `cite: {document: …, section: …}`",
        id="bare section in a shared file",
    ),
    pytest.param(
        *("baseline.yaml", "block: [vpn]", "block: []"),
        "3:12: the list is empty: fill it, or remove the key",
        id="empty list",
    ),
    pytest.param(
        *("never-inspected.yaml", "[bank.example.org]", "bank.example.org"),
        "2:28: a list must stand here: write it as `[…, …]`",
        id="text for a list",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "expected"), CATALOGUE_MISTAKES)
def test_a_mistake_in_the_catalogue_has_place_and_remedy(
    file: str, old: str, new: str, expected: str, rules_dir: Path
) -> None:
    edit(rules_dir / file, old, new)

    assert f"{file}:{expected.replace('{}', str(rules_dir), 1)}" in mistakes_in(rules_dir)


DAY_MISTAKES = [
    pytest.param(
        *(DAY, '"10:30"', '"08:30"'),
        "5:7: `08:30` stands after `08:50`: sort the bells",
        id="bells out of order",
    ),
    pytest.param(
        *(DAY, '"10:30"', "half past ten"),
        '6:14: `half past ten` is no time of day: write it as `"08:50"`',
        id="no time",
    ),
    pytest.param(
        *(DAY, "period: closed", "period: lunch"),
        "5:7: the last bell of a day must be `closed`: say when the school closes",
        id="never closed",
    ),
    pytest.param(
        *(DAY, "tuesday", "tuseday"),
        "3:24: `tuseday` is no weekday: did you mean `tuesday`?",
        id="unknown weekday",
    ),
    pytest.param(
        *(
            DAY,
            "[monday, tuesday]",
            "monday\n    bells: [{at: '15:00', period: closed}]\n  - weekdays: monday",
        ),
        "5:5: `monday` has bells already: name each day once",
        id="weekday twice",
    ),
    pytest.param(
        *(DAY, "timetable: day", "timetable: night"),
        "1:12: `night` stands in day.yaml: give file and timetable the same name",
        id="file of another name",
    ),
    pytest.param(
        *(YEAR, "2027-03-25", "2026-03-25"),
        "4:5: `2027-01-04` is after `2026-03-25`: exchange the dates",
        id="dates out of order",
    ),
    pytest.param(
        *(YEAR, "first: 2027-01-04", "first: 2026-12-18"),
        "4:5: the term begins before the one above ends, `2026-12-18`: sort them",
        id="terms that overlap",
    ),
    pytest.param(
        *(YEAR, "last: 2027-03-25", "last: 2037-03-25"),
        "4:5: the term is longer than a year: correct its dates",
        id="endless term",
    ),
    pytest.param(
        *(YEAR, "2026-10-30", "2026-12-30"),
        "3:54: the half-term is not in its term: correct it",
        id="half-term out of term",
    ),
    pytest.param(
        *(YEAR, "inset_days: [2026-09-01]", "inset_days: [2025-09-01]"),
        "5:14: `2025-09-01` is in no term: correct the date",
        id="INSET day out of term",
    ),
    pytest.param(
        *(YEAR, "2026-12-25", "2025-12-25"),
        "6:17: `2025-12-25` is outside the calendar's year: correct the date",
        id="bank holiday of another year",
    ),
    pytest.param(
        *(YEAR, "2026-12-25", "25 December"),
        "6:17: `25 December` is no date: write it as `2026-09-01`",
        id="no date",
    ),
    pytest.param(
        *(YEAR, "2026-12-25", "2026-W52-5"),
        "6:17: `2026-W52-5` is no date: write it as `2026-09-01`",
        id="week date",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "expected"), DAY_MISTAKES)
def test_a_mistake_in_a_day_has_place_and_remedy(
    file: str, old: str, new: str, expected: str, rules_dir: Path
) -> None:
    edit(rules_dir / file, old, new)

    assert [f"{file}:{expected}"] == mistakes_in(rules_dir)


@pytest.mark.parametrize(
    ("old", "new", "audiences"),
    [
        ("{audience: pupil}", "{audience: pupil, network: lab}", "`pupil`"),
        ("[{audience: staff}, {audience: visitor}]", "{audience: staff}", "`visitor`"),
        (
            "block: social-media\n    for: [{audience: staff}, {audience: visitor}]",
            "block: [tiktok]",
            "`staff` or `visitor`",
        ),
        ("{duty: account-operator, platform: [youtube]}", "{audience: visitor}", "`visitor`"),
        (
            "block: social-media\n    for: {audience: pupil}",
            "block: everything-but-essentials\n    for: {audience: pupil}",
            "`pupil`",
        ),
    ],
)
def test_an_audience_without_a_social_media_rule_is_refused(
    old: str, new: str, audiences: str, rules_dir: Path
) -> None:
    edit(rules_dir / SCHOOL, old, new)

    message = f"no rule blocks social-media for {audiences}"
    remedy = "add one whose `for` asks the audience alone"
    assert [f"{SCHOOL}:13:3: {message}: {remedy}"] == mistakes_in(rules_dir)


def test_a_school_that_leaves_the_baseline_out_is_refused(rules_dir: Path) -> None:
    (rules_dir / "other.yaml").write_text((rules_dir / "baseline.yaml").read_text())
    edit(rules_dir / SCHOOL, "include: [baseline]", "include: [other]")

    assert [
        f"{SCHOOL}:2:10: every school includes `baseline`, what all schools must block: add it"
    ] == mistakes_in(rules_dir)


def test_all_mistakes_of_all_files_are_raised_at_once_and_sorted(rules_dir: Path) -> None:
    edit(rules_dir / SCHOOL, "zone: Europe/London", "zone: Mars")
    edit(rules_dir / SCHOOL, "period: [break]", "period: [brake]")
    edit(rules_dir / VIDEO, "youtu.be", "co.uk")
    edit(rules_dir / DAY, "tuesday", "tuseday")

    with pytest.raises(RuleFileErrors) as caught:
        load_policy(rules_dir, "hill")

    assert isinstance(caught.value, SchoolgateError)
    assert [("hill.yaml", 6), ("hill.yaml", 23), ("video.yaml", 6), ("day.yaml", 3)] == [
        (mistake.path.name, mistake.line) for mistake in caught.value.mistakes
    ]
    assert "\n".join(map(str, caught.value.mistakes)) == str(caught.value)


def test_an_unreadable_file_is_one_mistake_not_one_for_each_mention(rules_dir: Path) -> None:
    (rules_dir / VIDEO).write_text("services: [")

    assert [
        f"{VIDEO}:1:12: this is not YAML: expected the node content, but found '<stream end>'"
    ] == (mistakes_in(rules_dir))


def test_a_service_with_a_mistake_is_still_known_to_the_rules(rules_dir: Path) -> None:
    edit(rules_dir / VIDEO, "    name: YouTube\n", "")

    assert [f"{VIDEO}:2:5: a service needs `name`: add it"] == mistakes_in(rules_dir)


def test_an_unknown_school_is_named_with_the_one_that_was_meant(rules_dir: Path) -> None:
    assert ["`hil` is no school in schools/: did you mean `hill`?"] == [
        mistake.message for mistake in check_rules(rules_dir, "hil")
    ]


@pytest.mark.parametrize("school", ["", "../schools/hill", "hill.yaml", "/etc/passwd", "\0"])
def test_a_school_is_named_by_id_never_by_path(school: str, rules_dir: Path) -> None:
    (mistake,) = check_rules(rules_dir, school)

    assert mistake.message.startswith("`")
    assert "is no school" in mistake.message


def test_a_missing_folder_of_rules_is_one_mistake(tmp_path: Path) -> None:
    (mistake,) = check_rules(tmp_path / "nowhere", "hill")

    assert "there is no folder of rules here: name the one to load" == mistake.message


def test_missing_files_and_folders_are_mistakes(rules_dir: Path) -> None:
    (rules_dir / "help-lines.yaml").unlink()
    for name in ("chat.yaml", "video.yaml"):
        (rules_dir / "services" / name).unlink()
    (rules_dir / "services").rmdir()

    assert [
        "help-lines.yaml:1:1: cannot be read: no such file or directory",
        "services:1:1: the folder cannot be read: no such file or directory",
    ] == mistakes_in(rules_dir)


def test_a_file_that_cannot_be_found_is_a_mistake_with_the_reason(rules_dir: Path) -> None:
    (rules_dir / "services/gone.yaml").symlink_to(rules_dir / "nowhere.yaml")

    assert ["services/gone.yaml:1:1: cannot be read: no such file or directory"] == (
        mistakes_in(rules_dir)
    )


def test_after_many_unknown_words_no_more_suggestions_are_sought(rules_dir: Path) -> None:
    """Looking for a likely word is slow, and a hostile file could ask for it without end."""
    words = ", ".join(f"youtube{number}" for number in range(MAX_SUGGESTIONS + 1))
    edit(rules_dir / SCHOOL, "services: [whatsapp]", f"services: [{words}]")

    mistakes = mistakes_in(rules_dir)

    assert MAX_SUGGESTIONS == sum("did you mean `youtube`?" in each for each in mistakes)
    assert 1 == sum(each.endswith("see docs/policy-language.md") for each in mistakes)


def test_a_file_with_the_other_suffix_is_not_passed_over_in_silence(rules_dir: Path) -> None:
    (rules_dir / "services/more.yml").write_text("services: []\n")

    assert ["services/more.yml:1:1: a rule file's name ends in `.yaml`: rename it"] == (
        mistakes_in(rules_dir)
    )


def test_a_named_pipe_is_refused_instead_of_waited_for(rules_dir: Path) -> None:
    os.mkfifo(rules_dir / "services/pipe.yaml")

    assert [
        "services/pipe.yaml:1:1: this is no ordinary file: put a YAML file in its place"
    ] == mistakes_in(rules_dir)


def test_a_file_over_the_limit_is_refused(rules_dir: Path) -> None:
    with (rules_dir / "services/large.yaml").open("wb") as file:
        file.truncate(MAX_FILE_OCTETS + 1)

    assert ["services/large.yaml:1:1: the file is larger than 8 MiB: split it"] == (
        mistakes_in(rules_dir)
    )


def test_mistakes_beyond_the_limit_are_counted_only(rules_dir: Path) -> None:
    text = "services:\n" + "  - {}\n" * (MAX_MISTAKES // 2)
    (rules_dir / "services/many.yaml").write_text(text)

    mistakes = mistakes_in(rules_dir)

    assert MAX_MISTAKES + 1 == len(mistakes)
    assert any("there are more than 1000 mistakes" in mistake for mistake in mistakes)


def test_a_message_shows_no_control_characters_of_the_file(rules_dir: Path) -> None:
    edit(rules_dir / SCHOOL, "zone: Europe/London", 'zone: "A\\e[31m`B"')

    (mistake,) = mistakes_in(rules_dir)

    assert mistake.isprintable()
    assert r"`A\x1b[31m'B`" in mistake
