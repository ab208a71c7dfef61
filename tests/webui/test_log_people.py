"""Opening a person's record: for a reason, for a while, and never unseen."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text
from web_browser import Browser, Page
from web_events import allowed, blocked, put
from web_school import MACHINE, WebSchool

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.ipc.messages import AllowedCount
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.workflow.looks import OPEN_FOR

MINUTE = timedelta(minutes=1)
REASON = {"reason": "safeguarding", "words": "a worried note"}


def social(host: str, ago: timedelta) -> AllowedCount:
    return allowed(
        host, ago=ago, person="teacher", services=("facebook",), categories=("social-network",)
    )


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSchool]:
    opened = WebSchool(tmp_path_factory.mktemp("people"))
    put(
        opened,
        blocked("www.tiktok.com", person="p-7", device_id="pc-1"),
        blocked("=cmd.example", person="p-7", ago=MINUTE, attempt="circumvention"),
        blocked("www.bbc.example", person="teacher", audience=Audience.STAFF, ago=2 * MINUTE),
        blocked("www.head.example", person="head", audience=Audience.STAFF, ago=3 * MINUTE),
        *(social("facebook.com", n * MINUTE) for n in range(4)),
        social("www.facebook.com", MINUTE),
        allowed("lessons.example", person="teacher", ago=9 * MINUTE),
    )
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _nothing_is_open(school: WebSchool) -> None:
    with school.decisions.database.writing() as session:
        session.execute(text("DELETE FROM looks"))


def opened(school: WebSchool, who: str, person: str, **entered: str) -> tuple[Browser, Page]:
    browser = Browser(school).sign_in(who)
    path = f"/log/people/{person}"
    return browser, browser.send(path, path, **(REASON | entered))


def test_the_way_from_a_row_shows_no_name_before_the_reason(school: WebSchool) -> None:
    browser = Browser(school).sign_in("dsl")
    log = browser.get("/log?name=tiktok")
    (form,) = {link for link in log.links if link.startswith("/log/open/")}
    asked = browser.get(form)

    assert "Pupil " in asked.text
    assert "Pia" not in browser.last_text
    page = browser.send(form, form, **REASON)

    assert "Pia Pupil" in page.text
    assert "www.tiktok.com" in page.text
    assert "Open to you until 10:30." in page.text


def test_without_a_reason_it_stays_closed(school: WebSchool) -> None:
    browser, page = opened(school, "lead", "teacher", reason="", words="curious")

    assert 422 == browser.status
    assert "Choose why you open this record." in page.text
    assert "curious" == page.inputs["words"]
    assert "www.bbc.example" not in page.text
    assert () == school.decisions.looks.recent()


def test_while_it_is_open_the_log_says_the_name_to_this_viewer_alone(school: WebSchool) -> None:
    browser, _ = opened(school, "head", "teacher")

    assert "Tess Teacher" in browser.get("/log/people").text
    lead, _ = opened(school, "lead", "p-7")
    log = lead.get("/log").text
    assert "Pia Pupil School computer" in log
    assert "Tess" not in log
    narrowed = lead.get("/log?person=p-7")
    assert "Only Pia Pupil" in narrowed.text
    assert "www.bbc.example" not in narrowed.text
    assert "Pia" not in Browser(school).sign_in("dsl").get("/log").text.split("What you can")[0]


def test_the_log_is_not_narrowed_to_somebody_whose_record_is_closed(school: WebSchool) -> None:
    browser = Browser(school).sign_in("lead")

    assert "/log/people" == browser.ask("GET", "/log?person=operator").headers["location"]
    rows = browser.ask("GET", "/log/rows?person=operator&until=9999999999")
    assert 286 == rows.status_code
    assert "Nothing that fits." in rows.text


def test_a_look_is_recorded_and_the_dsl_sees_it(school: WebSchool) -> None:
    opened(school, "lead", "teacher", words="a photo in a lesson")
    entry = school.decisions.audit.recent(limit=1)[0]
    looks = Browser(school).sign_in("dsl").get("/log/looks").text

    assert (AuditAction.RECORD_OPENED, "lead", "teacher") == (
        entry.action,
        entry.actor,
        entry.object_id,
    )
    assert "Leo Lead Tess Teacher Safeguarding: a pupil may be at risk a photo in a less" in looks
    assert "Older" not in looks


def test_a_look_at_the_dsl_is_seen_by_the_head_and_not_by_them(school: WebSchool) -> None:
    opened(school, "lead", "dsl", words="about the dsl")

    assert "about the dsl" in Browser(school).sign_in("head").get("/log/looks").text
    assert "about the dsl" not in Browser(school).sign_in("dsl").get("/log/looks").text


@pytest.mark.parametrize(
    ("who", "person"),
    [
        ("lead", "lead"),
        ("lead", "head"),
        ("dsl", "teacher"),
        ("head", "p-7"),
        ("head", "head"),
        ("chair", "teacher"),
        ("chair", "chair"),
        ("lead", "nobody"),
    ],
)
def test_whose_record_is_not_theirs_to_open_is_nobody_to_them(
    school: WebSchool, who: str, person: str
) -> None:
    browser = Browser(school).sign_in(who)
    csrf = browser.get("/log/people").form("/sign-out").fields["csrf"]
    before = school.decisions.looks.recent(limit=1)

    browser.get(f"/log/people/{person}")
    assert 404 == browser.status
    browser.post(f"/log/people/{person}", {"csrf": csrf, **REASON})
    assert 404 == browser.status
    browser.get(f"/log/people/{person}/records.csv")
    assert 404 == browser.status
    assert before == school.decisions.looks.recent(limit=1)


@pytest.mark.parametrize(("who", "person"), [("chair", "head"), ("head", "lead")])
def test_the_head_is_the_chairs_and_the_lead_the_heads(
    school: WebSchool, who: str, person: str
) -> None:
    assert "Open to you until" in opened(school, who, person)[1].text


def test_a_pseudonym_of_another_session_opens_nothing(school: WebSchool) -> None:
    page = Browser(school).sign_in("dsl").get("/log?name=tiktok")
    (form,) = {link for link in page.links if link.startswith("/log/open/")}
    other = Browser(school).sign_in("dsl")
    other.get(form)

    assert 404 == other.status


def test_people_are_found_by_name_and_only_those_who_may_be_opened(school: WebSchool) -> None:
    lead = Browser(school).sign_in("lead")

    assert "Tess Teacher" in lead.get("/log/people?q=TEACH").text
    assert "Nobody whose record" in lead.get("/log/people?q=Hana").text
    assert "Pia Pupil" not in lead.get("/log/people?q=teach").text


def test_minutes_of_social_media_count_each_minute_once_with_the_method(
    school: WebSchool,
) -> None:
    page = opened(school, "lead", "teacher")[1]

    # Four minutes, one of them with two names; the lesson's site is none.
    assert "Friday 20 November 2026 4 Facebook" in page.text
    assert "An estimate: each minute counts once" in page.text


def test_everything_about_them_comes_as_a_file_and_the_audit_says_so(school: WebSchool) -> None:
    browser, page = opened(school, "dsl", "p-7")
    link = next(each for each in page.links if each.endswith("records.csv"))
    answer = browser.ask("GET", link)
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    entry = school.decisions.audit.recent(limit=1)[0]

    assert ["www.tiktok.com", "'=cmd.example"] == [each["Name"] for each in rows]
    first = rows[0]
    assert ("2026-11-20T10:00:00+00:00", "blocked") == (first["From"], first["What happened"])
    assert "attachment" in answer.headers["content-disposition"]
    assert "Pia" not in answer.headers["content-disposition"]
    assert (AuditAction.EXPORTED, "dsl", "p-7") == (entry.action, entry.actor, entry.object_id)


def test_a_record_closes_by_itself(
    school: WebSchool,
) -> None:
    browser, page = opened(school, "dsl", "p-7")
    assert "Open to you until" in page.text
    try:
        school.machine_clock.moment = MACHINE + OPEN_FOR - timedelta(seconds=1)
        assert "Open to you until" in browser.get("/log/people/p-7").text
        school.machine_clock.moment = MACHINE + OPEN_FOR

        assert "Open the record of one person" in browser.get("/log/people/p-7").text
        file = browser.ask("GET", "/log/people/p-7/records.csv")
        assert (303, "/log/people/p-7") == (file.status_code, file.headers["location"])
        assert "Pia" not in browser.get("/log").text
    finally:
        school.machine_clock.moment = MACHINE
