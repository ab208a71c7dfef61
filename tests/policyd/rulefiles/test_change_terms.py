"""What a school's document asks before a change of it takes effect."""

from pathlib import Path

import pytest

from schoolgate_policyd.config import default_rules_dir
from schoolgate_policyd.core.rules import Citation
from schoolgate_policyd.rulefiles import check_rules, load_preset
from schoolgate_policyd.rulefiles.preset import (
    Announcement,
    Approval,
    Approver,
    ChangeTerms,
    Notice,
    ToldOf,
)

OWN = "schools/hill.yaml"
HILL = "Hill Policy, May 2026"


def write(rules_dir: Path, changes: str) -> None:
    path = rules_dir / OWN
    path.write_text(f"{path.read_text()}{changes}")


def test_each_of_the_terms_may_stand_alone_or_be_absent(rules_dir: Path) -> None:
    assert ChangeTerms() == load_preset(rules_dir, "hill").notes.changes

    write(rules_dir, "changes: {notice: {months: 2, cite: §9}}\n")

    notice = Notice(2, Citation(HILL, "§9"))
    assert ChangeTerms(notice=notice) == load_preset(rules_dir, "hill").notes.changes


def test_all_of_them_are_read(rules_dir: Path) -> None:
    write(
        rules_dir,
        "changes:\n"
        "  notice: {months: 1, cite: Introduction}\n"
        "  approval: {by: governors, cite: Review, ours: true}\n"
        "  announcement: {to: [staff, parents], cite: §12}\n",
    )

    expected = ChangeTerms(
        notice=Notice(1, Citation(HILL, "Introduction")),
        approval=Approval(Approver.GOVERNORS, Citation(HILL, "Review", is_ours=True)),
        announcement=Announcement((ToldOf.STAFF, ToldOf.PARENTS), Citation(HILL, "§12")),
    )
    assert expected == load_preset(rules_dir, "hill").notes.changes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ("changes: {}", "nothing stands here: name what a change needs"),
        ("changes: yes", "what a change needs is written as keys"),
        ("changes: {notice: {cite: §1}}", "the notice of a change needs `months`"),
        ("changes: {notice: {months: 0, cite: §1}}", "`0` is no whole number from 1 to 12"),
        ("changes: {notice: {months: 1}}", "the notice of a change needs `cite`"),
        ("changes: {notise: {months: 1, cite: §1}}", "did you mean `notice`?"),
        ("changes: {approval: {by: parents, cite: §1}}", "`parents` is no approver of changes"),
        ("changes: {announcement: {to: [], cite: §1}}", "the list is empty"),
        ("changes: {announcement: {to: pupil, cite: §1}}", "did you mean `pupils`?"),
    ],
)
def test_a_mistake_in_them_is_named(rules_dir: Path, changes: str, message: str) -> None:
    write(rules_dir, f"{changes}\n")

    (mistake,) = check_rules(rules_dir, "hill")
    assert message in mistake.message


def test_broad_square_asks_a_month_and_the_governors_and_twiss_green_an_announcement() -> None:
    broad = load_preset(default_rules_dir(), "broad-square").notes.changes
    twiss = load_preset(default_rules_dir(), "twiss-green").notes.changes

    assert broad.notice is not None
    assert (1, "Introduction") == (broad.notice.months, broad.notice.cite.section)
    assert broad.approval is not None
    assert "Monitoring and Review" == broad.approval.cite.section
    assert (None, None) == (twiss.notice, twiss.approval)
    assert twiss.announcement is not None
    assert tuple(ToldOf) == twiss.announcement.to
