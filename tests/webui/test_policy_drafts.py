"""The policy changed in the pages: from a technician's draft to the head's direction."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from policy_school import PolicySchool, begin, change, entries, gain_lessons, lose_break, take
from web_browser import Browser
from web_school import WebSchool

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.rulefiles import Preset
from schoolgate_policyd.workflow.errors import WrongState
from schoolgate_policyd.workflow.policy_versions import PolicyVersion
from schoolgate_webui.desk import Desk
from schoolgate_webui.presets import PresetsRead
from schoolgate_webui.signed.direction import FORM
from schoolgate_webui.site import Site

MEETING = {"met_on": "2026-11-19", "reference": "Full governing body, item 7"}
LATER = {
    "when": "day",
    "announced_on": "2026-11-20",
    "in_force_from": "2026-12-20",
    "reasons": "As the governors approved",
}
AT_ONCE = {"when": "safety", "reasons": "A pupil was hurt"}


@pytest.fixture
def school(tmp_path: Path) -> Iterator[PolicySchool]:
    opened = PolicySchool(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def technician(school: PolicySchool) -> Browser:
    return Browser(school).sign_in("technician")


@pytest.fixture
def head(school: PolicySchool) -> Browser:
    return Browser(school).sign_in("head")


@pytest.fixture
def governor(school: PolicySchool) -> Browser:
    return Browser(school).sign_in("governor")


def proposed(school: PolicySchool, technician: Browser, *, opens: bool = True) -> int:
    """Take a draft as far as a technician can, and return its number."""
    number = begin(technician)
    made = gain_lessons(technician, number) if opens else lose_break(technician, number)
    assert "The change is in the draft" in made.text
    school.prove(number)
    page = take(technician, number, "propose", reasons="Staff asked for it")
    assert "Waits for governors" in page.text, page.text
    return number


def test_a_change_goes_from_a_draft_over_governors_and_head_into_force(
    school: PolicySchool, technician: Browser, governor: Browser, head: Browser
) -> None:
    number = proposed(school, technician)
    wakes = school.policyd.wakes

    page = take(governor, number, "approve", **MEETING)
    assert "Waits for headteacher" in page.text
    assert "It can be directed by Hana Head" in page.text

    page = take(head, number, "direct", **LATER)
    assert "comes into force on Sunday 20 December 2026, 00:00" in page.text
    assert wakes < school.policyd.wakes

    school.go_on(timedelta(days=30))
    assert "In force" in Browser(school).sign_in("head").get(f"/policy/versions/{number}").text


def test_the_bar_says_for_whom_a_proposal_waits(
    school: PolicySchool, technician: Browser, governor: Browser, head: Browser
) -> None:
    number = proposed(school, technician)

    assert "Policy 1 waiting" in governor.get("/").text
    assert "Policy 1 waiting" not in head.get("/").text
    assert "Policy 1 waiting" not in technician.get("/").text

    take(governor, number, "approve", **MEETING)

    assert "Policy 1 waiting" not in governor.get("/").text
    assert "Policy 1 waiting" in head.get("/").text


def test_a_draft_says_what_is_different_in_plain_words(technician: Browser) -> None:
    number = begin(technician, "Lunch alone")
    lose_break(technician, number)

    page = technician.get(f"/policy/drafts/{number}")

    assert "Lunch alone" in page.text
    assert "Staff may no longer reach social media at break (§5)." in page.text
    assert "Cannot start yet To the governors and the headteacher." in page.text


def test_a_draft_that_keeps_no_promise_cannot_be_proposed(
    school: PolicySchool, technician: Browser
) -> None:
    number = begin(technician)
    change(technician, number, "exception", "?rule=visitors&exception=new", periods__lunch="yes")
    school.prove(number)

    proof = technician.get(f"/policy/drafts/{number}/proof")
    assert "Fails" in proof.text
    assert "What is wrong" in proof.text
    assert "visitor" in proof.text
    page = take(technician, number, "propose", reasons="All the same")
    assert "The proof failed, so it cannot go on" in page.text
    assert 422 == technician.status
    assert "All the same" == page.form(f"/policy/drafts/{number}/propose").fields["reasons"]

    change(technician, number, "promise", promise="1")
    school.prove(number)
    proof = technician.get(f"/policy/drafts/{number}/proof")
    assert "It keeps every promise" in proof.text
    assert "What it gives up beside that It is no longer promised" in proof.text


def test_an_unproved_draft_cannot_be_proposed(technician: Browser) -> None:
    number = begin(technician)
    lose_break(technician, number)

    page = take(technician, number, "propose", reasons="Soon")

    assert "It has not been proved as it stands" in page.text


@pytest.mark.parametrize(
    ("entered", "field", "says"),
    [
        (
            {"in_force_from": "2026-12-19"},
            "in_force_from",
            "the earliest date is 20 December 2026",
        ),
        ({"when": "now"}, "in_force_from", "the earliest date is 20 December 2026"),
        ({"announced_on": ""}, "announced_on", "Enter the day on which it was announced"),
        ({"announced_on": "2026-11-21"}, "announced_on", "must not be in the future"),
        ({"announced_on": "soon"}, "announced_on", "Enter a real date"),
        ({"in_force_from": ""}, "in_force_from", "Enter the day from which it is in force"),
        ({"when": "sometime"}, "when", "Say from when"),
        ({"when": "safety"}, "when", "Only a change that opens nothing can take effect"),
        ({"reasons": " "}, "reasons", "Give the reasons"),
    ],
)
def test_what_the_notice_does_not_allow_is_refused_beside_its_field(
    school: PolicySchool,
    technician: Browser,
    governor: Browser,
    head: Browser,
    *,
    entered: dict[str, str],
    field: str,
    says: str,
) -> None:
    number = proposed(school, technician)
    take(governor, number, "approve", **MEETING)

    page = take(head, number, "direct", **{**LATER, **entered})

    assert 422 == head.status
    assert says in page.text
    assert f"#{field}" in page.links
    assert field in page.ids
    kept = page.form(f"/policy/drafts/{number}/direct").fields
    expected = {**LATER, **entered}
    assert expected["reasons"] == kept["reasons"].strip(" \n") or not expected["reasons"].strip()
    assert expected["announced_on"] == kept["announced_on"]
    assert "waits for the headteacher" in head.get(f"/policy/drafts/{number}").text


def test_a_wrong_password_directs_nothing_and_the_form_keeps_its_entries(
    school: PolicySchool, technician: Browser, governor: Browser, head: Browser
) -> None:
    number = proposed(school, technician)
    take(governor, number, "approve", **MEETING)

    page = take(head, number, "direct", **LATER, password="guessed")

    assert "This is not your password: nothing was signed." in page.text
    assert "In force from: 20 December 2026, 00:00 (UTC+00:00)" in page.text
    back = next(each for each in page.links if "signing=" in each)
    kept = head.get(back).form(f"/policy/drafts/{number}/direct").fields
    assert LATER.items() <= kept.items()
    assert "waits for the headteacher" in head.get(f"/policy/drafts/{number}").text


class _Unreadable(PresetsRead):
    """Of the version in force nothing can be read any more."""

    def of(self, version: PolicyVersion, in_force: Policy) -> Preset:
        if version.number == 1:
            raise SchoolgateError("its texts cannot be read")
        return super().of(version, in_force)


def test_what_cannot_be_put_into_words_any_more_is_not_signed(
    school: PolicySchool, technician: Browser
) -> None:
    number = str(proposed(school, technician))
    assert school.settings is not None
    site = Site(
        school.settings,
        decisions=school.decisions,
        events=school.events,
        admin=school.policyd,
        school_clock=school.school_clock,
        machine_clock=school.machine_clock,
    )
    head = school.decisions.people.member("head")
    desk = cast("Desk", SimpleNamespace(site=site, member=head, now=site.now()))
    assert FORM.signable(desk, number, LATER).differences
    site.presets_read = _Unreadable(site.workshop)

    with pytest.raises(WrongState, match="cannot be put into words any more"):
        FORM.signable(desk, number, LATER)


def test_without_the_governors_approval_nothing_that_opens_is_directed(
    school: PolicySchool, technician: Browser, head: Browser
) -> None:
    number = proposed(school, technician)

    page = take(head, number, "direct", **LATER)

    assert "their approval is not recorded yet" in page.text


def test_what_only_tightens_the_head_directs_at_once_and_governors_approve_it_afterwards(
    school: PolicySchool, technician: Browser, governor: Browser, head: Browser
) -> None:
    number = proposed(school, technician, opens=False)

    page = take(head, number, "direct", **AT_ONCE)

    assert "In force" in page.text
    version = head.get(f"/policy/versions/{number}").text
    assert "Signed with the password entered again by Hana Head" in version
    page = take(governor, number, "approve", **MEETING)
    assert "Approved" in page.text
    assert "It is in force." in page.text


def test_what_opens_something_is_not_offered_at_once_for_safety(
    school: PolicySchool, technician: Browser, head: Browser
) -> None:
    number = proposed(school, technician)

    assert "for safety" not in head.get(f"/policy/drafts/{number}/direct").text


@pytest.mark.parametrize("met_on", ["", "2026-11-21", "yesterday"])
def test_an_approval_names_a_meeting_that_was(
    school: PolicySchool, technician: Browser, governor: Browser, met_on: str
) -> None:
    number = proposed(school, technician)

    page = take(governor, number, "approve", met_on=met_on, reference="item 7")

    assert 422 == governor.status
    kept = page.form(f"/policy/drafts/{number}/approve").fields
    assert (met_on, "item 7") == (kept["met_on"], kept["reference"])


def test_nobody_directs_what_they_drafted(school: PolicySchool, head: Browser) -> None:
    number = begin(head)
    gain_lessons(head, number)
    school.prove(number)
    take(head, number, "propose", reasons="I want it")

    page = take(head, number, "direct", **LATER)

    assert 403 == head.status
    assert "Nobody directs what they drafted" in page.text


def test_a_proposal_is_refused_with_reasons_that_its_author_reads(
    school: PolicySchool, technician: Browser, governor: Browser
) -> None:
    number = proposed(school, technician)

    page = take(governor, number, "refuse", reasons="Not in the exam weeks")

    assert "It was refused." in page.text
    assert "Not in the exam weeks" in technician.get(f"/policy/versions/{number}").text


def test_a_draft_is_withdrawn_by_its_author(technician: Browser) -> None:
    number = begin(technician)

    page = take(technician, number, "withdraw", why="A mistake")

    assert "It was withdrawn." in page.text
    # There is nothing more to withdraw: the page with the form leads back.
    back = technician.ask("GET", f"/policy/drafts/{number}/withdraw").headers["location"]
    assert back.endswith(f"/policy/drafts/{number}")


def test_a_change_is_taken_out_and_the_others_stay(
    school: PolicySchool, technician: Browser
) -> None:
    number = begin(technician)
    lose_break(technician, number)
    change(technician, number, "document", version="June 2026")
    path = f"/policy/drafts/{number}/changes"
    action = f"/policy/drafts/{number}/undo"

    page = technician.post(action, technician.get(path).forms[1].fields)

    assert "The change was taken out" in page.text
    assert "The document is Hill Policy, June 2026." in page.text
    assert "period: [break, lunch]" in school.own_text(number)


@pytest.mark.parametrize("position", ["7", "-1", "x", "", "²"])
def test_a_change_that_is_not_there_cannot_be_taken_out(
    technician: Browser, position: str
) -> None:
    number = begin(technician)
    lose_break(technician, number)
    form = technician.get(f"/policy/drafts/{number}/changes").forms[1].fields

    page = technician.post(f"/policy/drafts/{number}/undo", {**form, "position": position})

    assert 422 == technician.status
    assert "There is no such change" in page.text


def test_of_two_windows_on_one_draft_the_second_is_told_and_loses_nothing(
    school: PolicySchool, technician: Browser
) -> None:
    number = begin(technician)
    path = f"/policy/drafts/{number}/changes/document"
    second = technician.get(path)
    lose_break(technician, number)

    page = technician.post(path, entries(second, path, version="June 2026"))

    assert 422 == technician.status
    assert "was changed in another window" in page.text
    assert "May 2026" in school.own_text(number)
    assert "June 2026" == page.form(path).fields["version"]

    technician.post(path, page.form(path).fields)
    assert "June 2026" in school.own_text(number)
    assert "period: [lunch]" in school.own_text(number)


def test_what_was_changed_after_the_form_was_opened_is_not_proposed_unseen(
    school: PolicySchool, technician: Browser
) -> None:
    number = begin(technician)
    lose_break(technician, number)
    school.prove(number)
    path = f"/policy/drafts/{number}/propose"
    form = {**technician.get(path).form(path).fields, "reasons": "As agreed"}
    change(technician, number, "document", version="June 2026")
    school.prove(number)

    page = technician.post(path, form)

    assert "was changed in another window" in page.text
    assert "a draft that nobody has proposed" in technician.get(f"/policy/drafts/{number}").text


def test_nobody_changes_somebody_elses_draft(technician: Browser, head: Browser) -> None:
    number = begin(technician)

    page = head.get(f"/policy/drafts/{number}/changes/document")

    assert 403 == head.status
    assert "somebody else's draft" in page.text
    assert "What do you want to change?" not in head.get(f"/policy/drafts/{number}/changes").text


def test_a_draft_that_was_left_behind_is_made_anew_on_what_is_in_force(
    school: PolicySchool, technician: Browser, head: Browser
) -> None:
    left = begin(technician, "A new title")
    change(technician, left, "document", title="Policy of the hill")
    take(head, proposed(school, technician, opens=False), "direct", **AT_ONCE)
    page = technician.get(f"/policy/drafts/{left}")
    assert "another one has come into force since" in page.text

    page = technician.post(
        f"/policy/drafts/{left}/rebase", page.form(f"/policy/drafts/{left}/rebase").fields
    )

    assert "The draft was begun" in page.text
    assert "The document now is Policy of the hill, May 2026" in page.text
    assert "no longer reach" not in page.text


def test_an_older_version_is_brought_back_as_a_draft(
    school: PolicySchool, technician: Browser, head: Browser
) -> None:
    take(head, proposed(school, technician, opens=False), "direct", **AT_ONCE)
    action = "/policy/versions/1/bring-back"

    page = technician.send("/policy/versions/1", action)

    assert "Bring back version 1" in page.text
    assert "Staff may now also reach social media at break (§5)." in page.text


def test_what_is_in_force_cannot_be_brought_back(technician: Browser) -> None:
    token = technician.get("/").form("/sign-out").fields

    page = technician.post("/policy/versions/1/bring-back", token)

    assert 409 == technician.status
    assert "What is in force says what version 1 said" in page.text


@pytest.mark.parametrize("summary", ["", "   ", "x" * 201, "a\u202eb"])
def test_a_draft_begins_with_a_summary(technician: Browser, summary: str) -> None:
    page = technician.send("/policy/drafts/new", "/policy/drafts/new", summary=summary)

    assert 422 == technician.status
    assert "#summary" in page.links


def test_the_policy_of_the_rule_files_is_no_draft(technician: Browser) -> None:
    technician.get("/policy/drafts/1")

    assert 404 == technician.status


def test_before_a_policy_was_taken_up_no_draft_begins(school: WebSchool, tmp_path: Path) -> None:
    del school
    fresh = WebSchool(tmp_path / "fresh")
    try:
        browser = Browser(fresh).sign_in("technician")
        page = browser.send("/policy/drafts/new", "/policy/drafts/new", summary="First")
        assert "start Schoolgate once" in page.text
        assert "First" == page.form("/policy/drafts/new").fields["summary"]
    finally:
        fresh.close()
