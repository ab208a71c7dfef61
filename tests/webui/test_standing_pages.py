"""Standing permissions in the pages: asked for, confirmed, signed, due, overdue, renewed."""

from datetime import timedelta

import pytest
from web_browser import Browser
from web_school import LESSON, WebSchool

ASKED = {
    "name": "staff-break-access",
    "reasons": "Staff may at break",
    "measures": "Own devices only",
    "review_on": "2027-01-15",
}
DECISION = {"approved": "yes", "reasons": "It is fair"}


def given(school: WebSchool, **entered: str) -> None:
    number = len(school.decisions.standing_requests.every()) + 1
    path = f"/standing/requests/{number}"
    Browser(school).sign_in("technician").send(
        "/standing/new", "/standing/new", **{**ASKED, **entered}
    )
    Browser(school).sign_in("lead").send(path, f"{path}/controls", in_place="yes", why="They are")
    page = Browser(school).sign_in("head").sign(path, f"{path}/decision", **DECISION)
    assert "Permitted and signed by Hana Head" in page.text, page.text


def test_it_is_in_force_once_both_records_stand(school: WebSchool) -> None:
    technician = Browser(school).sign_in("technician")
    page = technician.send("/standing/new", "/standing/new", **ASKED)
    assert "The online safety lead checks the control measures." in page.text
    lead, head = Browser(school).sign_in("lead"), Browser(school).sign_in("head")
    assert "1 request for a standing permission waits for you" in lead.get("/").text
    path = "/standing/requests/1"
    lead.send(path, f"{path}/controls", in_place="yes", why="They are")
    assert frozenset() == school.decisions.live(LESSON).standing
    assert "the headteacher’s permission is missing" in head.get("/standing").text

    head.sign(path, f"{path}/decision", **DECISION)

    assert frozenset({"staff-break-access"}) == school.decisions.live(LESSON).standing
    assert "In force Both records stand. It is reviewed on 15 January 2027." in (
        head.get("/standing").text
    )


def test_a_refusal_puts_no_permission_on_file(school: WebSchool) -> None:
    path = "/standing/requests/1"
    Browser(school).sign_in("technician").send("/standing/new", "/standing/new", **ASKED)
    Browser(school).sign_in("lead").send(path, f"{path}/controls", in_place="yes", why="They are")

    page = (
        Browser(school)
        .sign_in("head")
        .sign(path, f"{path}/decision", **{**DECISION, "approved": "no"})
    )

    assert "Not permitted, signed by Hana Head" in page.text
    assert frozenset() == school.decisions.live(LESSON).standing


def test_due_overdue_and_renewed(school: WebSchool) -> None:
    given(school)
    head = Browser(school).sign_in("head")
    assert "To be reviewed" not in head.get("/").text
    school.school_clock.go_on(timedelta(days=35))
    assert "renew it in time" in head.get("/").text
    assert 1 == len(school.decisions.live(school.school_clock.now()).standing)

    school.school_clock.go_on(timedelta(days=22))

    assert "Review overdue, not in force" in head.get("/standing").text
    assert frozenset() == school.decisions.live(school.school_clock.now()).standing
    given(school, review_on="2027-06-01")
    assert 1 == len(school.decisions.live(school.school_clock.now()).standing)
    assert "It is reviewed on 1 June 2027." in head.get("/standing").text


@pytest.mark.parametrize(
    ("entered", "said"),
    [
        ({"name": "another"}, "Choose what is to be permitted."),
        ({"review_on": ""}, "Enter when it is reviewed."),
        ({"review_on": "2026-11-20"}, "The review date must be in the future."),
        ({"review_on": "2028-11-20"}, "It is reviewed within a year."),
        ({"measures": " "}, "Describe the risks"),
    ],
)
def test_mistakes_are_said_and_nothing_is_asked_for(
    school: WebSchool, entered: dict[str, str], said: str
) -> None:
    technician = Browser(school).sign_in("technician")

    page = technician.send("/standing/new", "/standing/new", **{**ASKED, **entered})

    assert said in page.text
    assert () == school.decisions.standing_requests.every()


def test_nobody_checks_or_permits_what_they_asked_for(school: WebSchool) -> None:
    head = Browser(school).sign_in("head")
    head.send("/standing/new", "/standing/new", **ASKED)
    path = "/standing/requests/1"
    lead = Browser(school).sign_in("lead")
    lead.send(path, f"{path}/controls", in_place="yes", why="They are")

    assert "Decide and sign" not in head.get(path).text
    page = Browser(school).sign_in("chair").sign(path, f"{path}/decision", **DECISION)
    assert "Permitted and signed by Charlie Chair" in page.text


def test_withdrawing_a_record_closes_it_at_once(school: WebSchool) -> None:
    given(school)
    lead = Browser(school).sign_in("lead")
    (permission,) = school.decisions.standing.permissions()
    assert permission.controls is not None

    lead.send("/standing", f"/standing/records/{permission.controls.id}/withdraw")

    assert frozenset() == school.decisions.live(LESSON).standing
    assert "the confirmed controls is missing" in lead.get("/standing").text
