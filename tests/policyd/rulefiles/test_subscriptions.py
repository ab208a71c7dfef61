"""Subscriptions in rule files, and the rules that locked ones bring with them."""

from pathlib import Path

import pytest

from schoolgate_policyd.core.catalogue import LargeList
from schoolgate_policyd.core.rules import Condition
from schoolgate_policyd.lists.subscription import Format, Subscription
from schoolgate_policyd.rulefiles import RuleFileErrors, check_rules, load_policy
from schoolgate_policyd.rulefiles.catalogue_files import load_vocabulary

ADULT = """\
subscription: ut1-adult
category: video-sharing
format: ut1
url: https://lists.example.org/blacklists.tar.gz
member: adult
update_hours: 12
max_megabytes: 60
source: "a university, CC BY-SA"
"""
LOCKED = """\
subscription: iwf
category: messaging
format: domains
file: iwf/names.txt
locked: true
source: "Internet Watch Foundation"
"""


@pytest.fixture
def lists(rules_dir: Path) -> Path:
    folder = rules_dir / "lists"
    folder.mkdir()
    (folder / "adult.yaml").write_text(ADULT)
    (folder / "iwf.yaml").write_text(LOCKED)
    return folder


def test_a_subscription_is_read_with_everything_it_says(rules_dir: Path, lists: Path) -> None:
    expected = (
        Subscription(
            id="ut1-adult",
            category="video-sharing",
            format=Format.UT1,
            source="a university, CC BY-SA",
            url="https://lists.example.org/blacklists.tar.gz",
            member="adult",
            update_hours=12,
            max_megabytes=60,
        ),
        Subscription(
            id="iwf",
            category="messaging",
            format=Format.DOMAINS,
            source="Internet Watch Foundation",
            file=str(lists / "iwf" / "names.txt"),
            locked=True,
        ),
    )

    assert expected == load_vocabulary(rules_dir).subscriptions


def test_a_policy_has_the_lists_and_a_rule_for_each_locked_one(
    rules_dir: Path, lists: Path
) -> None:
    policy = load_policy(rules_dir, "hill")
    (rule,) = [each for each in policy.rules if each.id.startswith("locked-list-")]

    assert lists.is_dir()
    assert (
        LargeList("ut1-adult", "video-sharing"),
        LargeList("iwf", "messaging", locked=True),
    ) == policy.catalogue.large_lists
    assert None is policy.catalogue.name_table
    assert "locked-list-iwf" == rule.id
    assert frozenset({"iwf"}) == rule.block
    assert (Condition(),) == rule.applies_to
    assert () == rule.unless
    assert frozenset() == rule.lifted_by
    assert rule.locked
    assert "Internet Watch Foundation" == rule.cite.document


def test_a_rule_of_the_school_may_block_a_list_by_its_id(rules_dir: Path, lists: Path) -> None:
    path = rules_dir / "baseline.yaml"
    path.write_text(path.read_text().replace("block: [vpn]", "block: [vpn, ut1-adult]"))

    assert lists.is_dir()
    assert () == check_rules(rules_dir, "hill")


def test_without_a_folder_of_lists_there_are_none(rules_dir: Path) -> None:
    assert () == load_policy(rules_dir, "hill").catalogue.large_lists


def test_a_school_cannot_write_the_rule_of_a_locked_list_itself(
    rules_dir: Path, lists: Path
) -> None:
    path = rules_dir / "baseline.yaml"
    path.write_text(path.read_text().replace("id: no-vpn", "id: locked-list-iwf"))

    assert lists.is_dir()
    with pytest.raises(RuleFileErrors, match="has a meaning of its own"):
        load_policy(rules_dir, "hill")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("subscription: ut1-adult", "subscription: UT1", "1:15: `UT1` cannot be an id"),
        ("subscription: ut1-adult", "subscription: youtube", "1:15: there is a service `youtube`"),
        ("subscription: ut1-adult", "subscription: vpn", "1:15: there is a category `vpn`"),
        ("category: video-sharing", "category: video", "2:11: `video` is no category"),
        ("format: ut1", "format: ut2", "3:9: `ut2` is no format of lists"),
        ("format: ut1", "format: hosts", "5:9: only a tree of format `ut1` has members"),
        ("url: https://lists", "url: ftp://lists", "4:6: `ftp://lists.example.org/"),
        ("url: https://lists", "url: https://me:secret@lists", "4:6: a name or password has no"),
        ("url: https://lists", "url: lists", "4:6: `lists.example.org/blacklists.tar.gz` begins"),
        ("url: https://lists", "adress: https://lists", "4:1: `adress` is no key"),
        ("url: https://lists.example.org/blacklists.tar.gz\n", "", "1:1: a list comes from one"),
        ("member: adult", "member: adult\nfile: x.txt", "1:1: a list comes from one place"),
        ("member: adult", "member: ../../etc", "5:9: `../../etc` is no folder of a tree"),
        ("member: adult", "member: a/b", "5:9: `a/b` is no folder of a tree"),
        ("update_hours: 12", "update_hours: 0", "6:15: `0` is no whole number from 1 to 744"),
        ("max_megabytes: 60", "max_megabytes: 501", "7:16: `501` is no whole number from 1"),
        ('source: "a university, CC BY-SA"\n', "", "1:1: a subscription needs `source`"),
        ("member: adult", "locked: maybe", "5:9: `maybe` is neither `true` nor `false`"),
    ],
)
def test_each_mistake_is_told_with_its_place(
    rules_dir: Path, lists: Path, old: str, new: str, told: str
) -> None:
    path = lists / "adult.yaml"
    text = path.read_text()
    assert 1 == text.count(old)
    path.write_text(text.replace(old, new))
    mistakes = [str(each) for each in check_rules(rules_dir, "hill")]

    assert any(each.startswith(f"{path}:{told}") for each in mistakes), mistakes


def test_a_locked_list_does_not_come_over_a_way_where_it_could_be_changed(
    rules_dir: Path, lists: Path
) -> None:
    path = lists / "iwf.yaml"
    path.write_text(LOCKED.replace("file: iwf/names.txt", "url: http://lists.example.org/x"))

    (mistake,) = check_rules(rules_dir, "hill")
    assert f"{path}:4:6: on its way a locked list could be changed" in str(mistake)


def test_an_id_is_one_lists_alone(rules_dir: Path, lists: Path) -> None:
    (lists / "again.yaml").write_text(ADULT)

    (mistake,) = check_rules(rules_dir, "hill")
    assert "there is a list `ut1-adult` already" in str(mistake)


def test_mistakes_stop_an_update(rules_dir: Path, lists: Path) -> None:
    (lists / "adult.yaml").write_text("nonsense")

    with pytest.raises(RuleFileErrors):
        load_vocabulary(rules_dir)
