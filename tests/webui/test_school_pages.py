"""The pages of the school's register: forms, mistakes, hostile text, who may."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from web_browser import Browser
from web_school import LESSON, MACHINE, PASSWORD, PUPILS_COMPUTER, SCHOOL, WebSchool, settings_in

from schoolgate_policyd.core.subjects import Audience, Duty, Network
from schoolgate_policyd.networks import networks_of

HOSTILE = "<script>alert(1)</script>\u202e=HYPERLINK('x')"
TABLE = "Admission number,Full name,Year,Reg group\np-7,Pia Pupil,5,5B\nx1,Mo Sorrel,R,5B\n"


@pytest.fixture
def technician(school: WebSchool) -> Browser:
    return Browser(school).sign_in("technician")


@pytest.fixture
def head(school: WebSchool) -> Browser:
    return Browser(school).sign_in("head")


def test_somebody_is_added_found_changed_and_leaves(
    school: WebSchool, technician: Browser
) -> None:
    new = "/school/people/new"
    page = technician.send(new, new, name="Nia New", audience="staff", username="nia")
    assert "It was added." in page.text
    person = school.decisions.people.find("nia")
    assert person is not None
    assert "Nia New" in technician.get("/school/people?words=nia").text

    change = f"/school/people/{person.id}/change"
    page = technician.send(change, change, name="Nia Newer", classes="4B", hours_start="8:00")
    assert "in both or in neither" in page.text
    page = technician.send(change, change, name="Nia Newer", classes="4b")
    assert "Nia Newer" in page.text
    assert frozenset({"4b"}) == school.decisions.people.member(person.id).classes

    leave = f"/school/people/{person.id}/leave"
    page = technician.send(leave, leave)
    assert "They left the school" in page.text
    assert "Nia Newer" not in technician.get("/school/people").text
    assert "Nia Newer" in technician.get("/school/people?left=yes").text


def test_every_mistake_is_shown_with_what_was_typed(technician: Browser) -> None:
    new = "/school/people/new"
    page = technician.send(
        new, new, id="not an id", name="", audience="pupil", username="x", year_group="99"
    )

    assert 422 == technician.status
    for mistake in ("Enter their name", "Pupils do not sign in", "from 0 to 13", "Use letters"):
        assert mistake in page.text
    assert "not an id" == page.form(new).fields["id"]


def test_a_stale_form_is_told_and_keeps_what_was_entered(
    school: WebSchool, technician: Browser, head: Browser
) -> None:
    change = "/school/people/p-7/change"
    opened = technician.get(change).form(change).fields
    head.send(change, change, year_group="5")

    page = technician.post(change, {**opened, "name": "Pia Typed"})

    assert 422 == technician.status
    assert "Somebody else changed this" in page.text
    assert "Year group: 5" in page.text
    assert "Pia Typed" == page.form(change).fields["name"]
    assert "Pia Pupil" == school.decisions.people.member("p-7").name
    technician.post(change, page.form(change).fields)
    assert "Pia Typed" == school.decisions.people.member("p-7").name


def test_hostile_names_are_refused_or_shown_as_text(
    school: WebSchool, technician: Browser
) -> None:
    new = "/school/people/new"
    page = technician.send(new, new, name=HOSTILE, audience="staff")
    assert "hidden character" in page.text
    technician.send(new, new, name="<b>Bold</b> =1+1", audience="staff", id="bold")

    for path in ("/school/people", "/school/people/bold", "/school/people/bold/leave"):
        technician.get(path)
        assert "<b>Bold" not in technician.last_text
        assert "&lt;b&gt;Bold" in technician.last_text
    technician.get("/school/people?words=%3Cscript%3E")
    assert "<script>alert" not in technician.last_text
    assert "<b>Bold</b> =1+1" == school.decisions.people.names()["bold"]


def test_duties_are_the_heads_to_give(
    school: WebSchool, technician: Browser, head: Browser
) -> None:
    duties = "/school/people/teacher/duties"
    assert duties not in technician.get("/school/people/teacher").links
    technician.get(duties)
    assert 403 == technician.status

    entered = {"duty_account-operator": "yes", "platforms": "TikTok"}
    page = head.send(duties, duties, **entered)
    assert "Give the reasons" in page.text
    page = head.sign(duties, duties, **entered, reasons="Posts for the museum")

    assert "Posts for the museum" in page.text
    assert "Signed with the password entered again by Hana Head" in page.text
    assert "Account operator (TikTok)" in page.text
    assert {Duty.ACCOUNT_OPERATOR} == school.decisions.people.member("teacher").duties
    own = "/school/people/head"
    assert f"{own}/change" not in head.get(own).links
    head.get(f"{own}/duties")
    assert 403 == head.status


def test_the_chair_changes_the_heads_line_and_no_other(school: WebSchool) -> None:
    chair = Browser(school).sign_in("chair")
    assert "/school/people/head/change" in chair.get("/school/people/head").links

    chair.get("/school/people/head/change")
    assert 200 == chair.status
    chair.get("/school/people/teacher/change")
    assert 403 == chair.status


def test_an_account_is_offered_with_a_code_shown_once(technician: Browser) -> None:
    new = "/school/people/new"
    technician.send(new, new, id="nia", name="Nia New", audience="staff", username="nia")
    page = technician.send("/school/people/nia", "/school/people/nia/invite")

    assert re.search(r"[a-z2-9]{5}(-[a-z2-9]{5}){4}", page.text)
    assert "nia" in page.text


def test_a_table_is_shown_before_it_is_taken_up(school: WebSchool, technician: Browser) -> None:
    page = technician.send("/school/import", "/school/import", table=TABLE)
    assert "People added: 1" in page.text
    assert "Year 4 becomes Year 5" in page.text
    assert "x1" not in school.decisions.people.names()

    technician.post("/school/import", page.form("/school/import").fields)

    assert "Mo Sorrel" == school.decisions.people.names()["x1"]
    assert 5 == school.decisions.person_records.one("p-7").entry.year_group


def test_every_line_with_a_mistake_is_named(technician: Browser) -> None:
    table = 'id,name,year\n??,,99\nok1,Fine,3\nok1,Twice,3\n=cmd,"<script>",4\n'
    page = technician.send("/school/import", "/school/import", table=table)

    assert 422 == technician.status
    for line in ("Line 2: “??” is no id", "Line 2: “99”", "Line 4: The id ok1", "Line 5"):
        assert line in page.text
    assert "<script>" not in technician.last_text


def test_a_table_may_be_large_and_no_larger(technician: Browser) -> None:
    token = technician.get("/school/import").form("/school/import").fields["csrf"]
    rows = "".join(f"s{number},Somebody Or Other,3\n" for number in range(4000))
    technician.post("/school/import", {"csrf": token, "table": f"id,name,year\n{rows}"})
    assert 200 == technician.status

    page = technician.post("/school/import", {"csrf": token, "table": "x" * 150_000})
    assert (422, True) == (technician.status, "larger than 128 KiB" in page.text)
    technician.post("/school/import", {"csrf": token, "table": "x" * 500_000})
    assert 413 == technician.status


def test_the_year_moves_up_after_it_was_shown(school: WebSchool, technician: Browser) -> None:
    page = technician.send("/school/year", "/school/year", last_year="6", moves="4B >")
    assert "move up by one year: 1" in page.text
    shown = next(each for each in page.forms if "shown" in each.fields)

    technician.post("/school/year", shown.fields)

    entry = school.decisions.person_records.one("p-7").entry
    assert (5, frozenset()) == (entry.year_group, entry.classes)


def test_devices_are_registered_changed_and_removed(
    school: WebSchool, technician: Browser
) -> None:
    new = "/school/devices/new"
    page = technician.send(new, new, id="pc-2", address=PUPILS_COMPUTER, owner="nobody here")
    assert "Nobody in the register" in page.text
    page = technician.send(new, new, id="pc-2", address="127.0.1.22", owner="Pia Pupil")
    assert "pc-2" in page.text
    one = "/school/devices/pc-2"
    # What it is now is chosen already.
    assert {"kind": "", "inspectable": ""}.items() <= technician.get(one).form(one).fields.items()
    technician.send(one, one, owner="", is_shared="yes")
    assert school.decisions.devices.one("pc-2").device.is_shared
    technician.send(one, f"{one}/remove")
    assert "pc-2" not in technician.get("/school/devices").text


def test_a_network_is_loosened_by_the_head_who_signs_it(
    school: WebSchool, technician: Browser, head: Browser
) -> None:
    path = "/school/networks/pupil-computers"
    page = technician.send(path, path, audience="staff", reasons="New room")
    assert "only the headteacher" in page.text

    wrong = head.sign(path, path, audience="staff", reasons="New room", password="wrong")
    assert 422 == head.status
    assert "They count as: staff" in wrong.text
    back = next(each for each in wrong.links if "signing=" in each)
    assert "New room" == head.get(back).form(path).fields["reasons"]
    page = head.sign(path, path, audience="staff", reasons="New room")

    assert "The configuration says" in page.text
    assert Audience.STAFF is site_networks(school)["pupil-computers"]


def site_networks(school: WebSchool) -> dict[str, Audience]:
    snapshot = school.decisions.register(_configured(school)).networks
    return {each.id: each.audience for each in snapshot}


def _configured(school: WebSchool) -> tuple[Network, ...]:
    assert school.settings is not None
    return networks_of(school.settings)


def test_the_head_says_that_a_day_is_different(school: WebSchool, head: Browser) -> None:
    path = "/school/calendar/different"
    page = head.sign(path, path, kind="closed", name="Snow", password="wrong")
    assert "not your password" in page.text
    back = next(each for each in page.links if "signing=" in each)
    assert "Snow" == head.get(back).form(path).fields["name"]
    page = head.sign(path, path, kind="closed", name="Snow")

    assert "Snow: Friday 20 November 2026" in page.text
    assert "On its way" in page.text
    assert 1 == len(school.decisions.different_days.from_day(LESSON.date()))
    page = head.send("/school/calendar", f"{path}/1/withdraw")
    assert "Snow" not in page.text


def test_a_day_that_has_passed_since_it_was_shown_is_not_signed(
    school: WebSchool, head: Browser
) -> None:
    path = "/school/calendar/different"
    school.school_clock.go_on(timedelta(hours=13, minutes=55))
    page = head.send(path, path, kind="closed", name="Snow")
    school.school_clock.go_on(timedelta(minutes=10))

    changed = head.sign_shown(page, password=PASSWORD)

    assert 409 == head.status
    assert "has changed since. Nothing was signed." in changed.text
    assert (0, 0) == school.decisions.different_days.state()


def test_overtime_is_a_few_presses(school: WebSchool, technician: Browser) -> None:
    path = "/school/calendar/overtime"
    page = technician.send(path, path, person="teacher", day="23/11/2026")

    assert "Monday 23 November 2026" in page.text
    assert 1 == len(school.decisions.person_records.one("teacher").entry.overtime)
    technician.send(path, path, person="teacher", day="2026-11-23", what="off")
    assert not school.decisions.person_records.one("teacher").entry.overtime


def test_the_school_has_another_name_at_once(technician: Browser) -> None:
    page = technician.send("/school/name", "/school/name", name="Otter Bank")
    assert "Otter Bank" in page.text
    assert SCHOOL not in page.text


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[WebSchool]:
    opened = WebSchool(tmp_path, settings=settings_in(tmp_path), is_empty=True)
    yield opened
    opened.close()


def test_the_guide_is_closed_where_somebody_can_sign_in(school: WebSchool) -> None:
    browser = Browser(school)
    for path in ("/first-run", "/first-run/school", "/first-run/people"):
        browser.get(path)
        assert 404 == browser.status


def test_the_guide_is_for_the_browser_with_the_code(empty: WebSchool) -> None:
    made = empty.decisions.first_run.make_code(at=MACHINE)
    assert made is not None
    browser, other = Browser(empty), Browser(empty, "127.0.2.40")
    page = browser.send("/first-run", "/first-run", code="wrong")
    assert "does not open the guide" in page.text
    browser.send("/first-run", "/first-run", code=made.code)

    page = other.send("/first-run", "/first-run", code=made.code)
    assert "does not open the guide" in page.text
    other.get("/first-run/people")
    assert 404 == other.status

    browser.send("/first-run/school", "/first-run/school", name="Otter Bank", preset="kell-bank")
    browser.send(
        "/first-run/people",
        "/first-run/people",
        **{
            "head-name": "Hana Head",
            "head-username": "hana",
            "technician-name": "Tim Tec",
            "technician-username": "tim",
        },
    )
    page = browser.send("/first-run", "/first-run/end")

    assert "Otter Bank is set up" in page.text
    assert 2 == len(re.findall(r"[a-z2-9]{5}(?:-[a-z2-9]{5}){4}", page.text))
    assert "kell-bank" not in page.text
