"""Incidents, restrictions and supervised sessions, as the people who work with them see them."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from incident_events import RULES, attempt, harmful
from web_browser import Browser, Page
from web_school import LESSON, MACHINE, WebSchool

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import HostResource, Request, Verdict
from schoolgate_policyd.core.names import parse_host
from schoolgate_policyd.core.subjects import Audience, Device, DeviceKind
from schoolgate_policyd.ipc.messages import Blocked
from schoolgate_policyd.store.event_tail import Tailed
from schoolgate_policyd.store.incident_gathering import IncidentGathering
from schoolgate_policyd.store.models.audit import AuditAction

PUPIL, PUPIL_NAME = "p-7", "Pia Pupil"
TABLET = "127.0.1.77"
CLOSE = {"taken": "Talked with Pia", "outcome": "She understood"}
PROPOSAL = {"what": "supervised-only", "ends_on": "2026-11-27", "why": "Again", "section": "§9"}


def gather(school: WebSchool, *events: Blocked, boot: str = "boot") -> None:
    """Make incidents of *events* as policyd does."""
    tailed = [Tailed("dns", boot, n, each) for n, each in enumerate(events, 1)]
    gathering = IncidentGathering(school.decisions.database, RULES)
    gathering.gather(tailed, {("dns", boot): len(events)}, at=MACHINE)


def circumvented(school: WebSchool, person: str | None = PUPIL, **changed: object) -> None:
    """Have somebody try a VPN."""
    gather(school, attempt("vpn.example", person=person, **changed))  # type: ignore[arg-type] - a test's own fields


def post(browser: Browser, action: str, **entered: str) -> Page:
    """Send a form without having opened its page."""
    token = browser.get("/").form("/sign-out").fields["csrf"]
    return browser.post(action, {"csrf": token, **entered})


def actions(school: WebSchool, kind: str) -> list[AuditAction]:
    return [each.action for each in reversed(school.decisions.audit.recent(object_kind=kind))]


def restricted(school: WebSchool) -> None:
    """Have the lead propose supervised-only use of the pupil, and the head decide it."""
    circumvented(school)
    lead = Browser(school).sign_in("lead")
    lead.send("/incidents/1/propose", "/incidents/1/propose", **PROPOSAL)
    head = Browser(school).sign_in("head")
    head.send("/restrictions", "/restrictions/1/decide", approved="yes", reasons="I agree")


def verdict(school: WebSchool, address: str, host: str = "www.example") -> Verdict:
    """Return what the filter says now, by what the store says is in force."""
    app = school.app
    while not hasattr(app, "state"):
        app = app._app if hasattr(app, "_app") else app.app  # type: ignore[attr-defined]
    moment = school.school_clock.now()
    snapshot = app.state.site.policy_in_force.snapshot(moment)
    subject = snapshot.subject_at(address, moment)
    return decide(Request(subject, HostResource(parse_host(host))), snapshot, moment).verdict


def test_the_most_severe_come_first_and_are_counted(school: WebSchool) -> None:
    circumvented(school, after=timedelta(minutes=2))
    gather(school, harmful("extremism", person=PUPIL), boot="other")

    page = Browser(school).sign_in("dsl").get("/incidents")

    assert "1 high , 0 medium , 1 low open" in page.text
    assert page.text.index("2: Pia Pupil") < page.text.index("1: Pia Pupil")
    assert "3: Pia Pupil" not in page.text


@pytest.mark.parametrize(
    ("query", "numbers"),
    [("", {1, 2}), ("severity=high", {2}), ("kind=circumvention", {1}), ("state=closed", set())],
)
def test_filters_narrow_the_list(school: WebSchool, query: str, numbers: set[int]) -> None:
    circumvented(school)
    gather(school, harmful("adult", person=PUPIL), boot="other")

    page = Browser(school).sign_in("lead").get(f"/incidents?{query}")

    assert numbers == {n for n in (1, 2) if f"/incidents/{n}" in page.links}


def test_the_page_has_the_timeline_and_the_evidence(school: WebSchool) -> None:
    circumvented(school, evidence="a tunnel's first octets")

    page = Browser(school).sign_in("dsl").get("/incidents/1")

    for words in (
        "Getting round the filter: Pia Pupil",
        "Opened by Schoolgate",
        "Waiting for somebody to look into it",
        "vpn.example",
        "Tried to get round the filter. a tunnel's first octets",
        "Filtering standards, F9",
    ):
        assert words in page.text


def test_it_cannot_be_closed_without_action_and_outcome(school: WebSchool) -> None:
    circumvented(school)
    dsl = Browser(school).sign_in("dsl")

    page = dsl.send("/incidents/1", "/incidents/1/close", outcome="She understood")
    assert 422 == dsl.status
    assert "Say which action was taken." in page.text
    assert "She understood" in page.forms[-1].fields["outcome"]
    page = dsl.send("/incidents/1", "/incidents/1/close", taken="Talked", outcome=" ")
    assert "Say what came of it." in page.text
    assert school.decisions.incidents.find(1, by="dsl")[0].is_open

    page = dsl.send("/incidents/1", "/incidents/1/close", **CLOSE)

    assert "Closed by Dana Dsl: outcome" in page.text
    assert "She understood" in page.text
    assert [
        AuditAction.INCIDENT_OPENED,
        AuditAction.INCIDENT_LOOKED_AT,
        AuditAction.INCIDENT_ACTED,
        AuditAction.INCIDENT_CLOSED,
    ] == actions(school, "incident")


def test_a_closed_one_is_opened_again_with_a_reason_and_needs_an_action_anew(
    school: WebSchool,
) -> None:
    circumvented(school)
    dsl = Browser(school).sign_in("dsl")
    dsl.send("/incidents/1", "/incidents/1/close", **CLOSE)

    dsl.send("/incidents/1", "/incidents/1/reopen", why=" ")
    assert 422 == dsl.status
    page = dsl.send("/incidents/1", "/incidents/1/reopen", why="It happened at home too")
    assert "Opened again by Dana Dsl" in page.text
    dsl.send("/incidents/1", "/incidents/1/close", outcome="Now it is over")

    assert 422 == dsl.status


def test_taking_up_noting_and_acting_are_on_the_timeline(school: WebSchool) -> None:
    circumvented(school)
    lead = Browser(school).sign_in("lead")

    lead.send("/incidents/1", "/incidents/1/take-up")
    lead.send("/incidents/1", "/incidents/1/note", text="Asked the class teacher")
    page = lead.send("/incidents/1", "/incidents/1/action", text="Called home")

    for words in ("Taken up by Leo Lead", "Asked the class teacher", "Called home"):
        assert words in page.text
    assert "Being looked into" in page.text


SEEN_BY = {
    PUPIL: {"dsl", "lead", "head"},
    None: {"dsl", "lead", "head"},
    "teacher": {"head"},
    "lead": {"head"},
    "dsl": {"head"},
    "head": {"chair"},
    "chair": {"head"},
}
PAGES = ("", "/record.csv", "/record.pdf", "/propose")
MOVES = ("take-up", "note", "action", "close", "reopen", "name", "propose")


@pytest.fixture(scope="module")
def matters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSchool]:
    """A school with an incident about each of these, in their order."""
    with closing(WebSchool(tmp_path_factory.mktemp("matters"))) as school:
        audiences = {each.id: each.audience for each in school.decisions.people.members()}
        for number, subject in enumerate(SEEN_BY, 1):
            audience = audiences.get(subject or PUPIL, Audience.PUPIL)
            about = attempt(f"vpn-{number}.example", person=subject, audience=audience)
            gather(school, about, boot=f"boot {number}")
        yield school


@pytest.mark.parametrize("person", ["dsl", "lead", "head", "chair"])
def test_nobody_handles_or_sees_a_matter_about_themselves(matters: WebSchool, person: str) -> None:
    """Not the page, the list, the counts, the exports, nor anything that can be done."""
    browser = Browser(matters).sign_in(person)
    listed = browser.get("/incidents")
    csv = browser.ask("GET", "/incidents/record.csv").text
    token = browser.get("/").form("/sign-out").fields["csrf"]
    seen = [person in sees for sees in SEEN_BY.values()]

    assert f"{sum(seen)} low open" in listed.text
    for number, (subject, is_seen) in enumerate(zip(SEEN_BY, seen, strict=True), 1):
        assert is_seen is (f"/incidents/{number}" in listed.links)
        assert is_seen is (f"vpn-{number}.example" in csv)
        pages = ("",) if is_seen else PAGES
        asked = {browser.ask("GET", f"/incidents/{number}{page}").status_code for page in pages}
        assert {200 if is_seen else 404} == asked, number
        for move in MOVES if subject == person else ():
            browser.post(f"/incidents/{number}/{move}", {"csrf": token, "text": "x", **CLOSE})
            assert 404 == browser.status, move


def test_the_head_decides_in_a_pupils_matter_and_does_not_handle_it(school: WebSchool) -> None:
    circumvented(school)
    head = Browser(school).sign_in("head")

    post(head, "/incidents/1/close", **CLOSE)

    assert 403 == head.status


def test_staff_report_a_concern_and_do_not_see_what_comes_of_it(school: WebSchool) -> None:
    teacher = Browser(school).sign_in("teacher")
    page = teacher.send(
        "/incidents/new",
        "/incidents/new",
        who=PUPIL,
        kind="harmful-content",
        severity="high",
        summary="<b>Showed</b> a film",
    )
    assert "your concern was passed on" in page.text

    assert 403 == teacher.ask("GET", "/incidents/1").status_code
    page = Browser(school).sign_in("dsl").get("/incidents/1")
    assert "<b>Showed</b> a film" in page.text
    assert "Reported by Tess Teacher" in page.text
    (entry,) = school.decisions.audit.recent(object_kind="incident", limit=1)[-1:]
    assert entry.action in {AuditAction.INCIDENT_LOOKED_AT, AuditAction.INCIDENT_OPENED}


def test_every_mistake_of_a_report_is_shown_at_once(school: WebSchool) -> None:
    teacher = Browser(school).sign_in("teacher")

    page = teacher.send("/incidents/new", "/incidents/new", happened_at="2026-12-01T10:00")

    assert 422 == teacher.status
    for words in ("Choose whom", "Choose what", "Choose how severe", "Say what happened", "later"):
        assert words in page.text


def test_an_unknown_person_can_be_named_and_then_others_handle_it(school: WebSchool) -> None:
    circumvented(school, None)
    dsl = Browser(school).sign_in("dsl")
    page = dsl.get("/incidents/1")
    assert "A pupil, not known who (pupil-computer)" in page.text
    assert "Nobody can be restricted before it is known" in page.text

    page = dsl.send("/incidents/1", "/incidents/1/name", person="teacher", how="I saw it")

    assert "you no longer see it" in page.text
    assert 404 == dsl.ask("GET", "/incidents/1").status_code
    assert "Tess Teacher" in Browser(school).sign_in("head").get("/incidents/1").text


def test_a_proposal_restricts_nobody_until_it_is_decided(school: WebSchool) -> None:
    school.decisions.people.register_device(
        Device("127.0.1.30", "pias-computer", owner=PUPIL), at=MACHINE, by=None
    )
    circumvented(school)
    assert Verdict.ALLOW == verdict(school, "127.0.1.30")
    lead = Browser(school).sign_in("lead")

    page = lead.send("/incidents/1/propose", "/incidents/1/propose", **PROPOSAL)
    assert "May use school devices under close supervision only" in page.text
    assert "Social Media Policy, §9" in page.text
    assert () == school.decisions.live(LESSON).restrictions
    post(lead, "/restrictions/1/decide", approved="yes", reasons="Mine")
    assert 403 == lead.status

    head = Browser(school).sign_in("head")
    assert "1 proposed restriction to decide" in head.get("/incidents").text
    wakes = school.policyd.wakes
    page = head.send("/restrictions", "/restrictions/1/decide", approved="yes", reasons="Agreed")

    assert wakes + 1 == school.policyd.wakes
    assert "In force on pias-computer (school computer)." in page.text
    assert Verdict.BLOCK == verdict(school, "127.0.1.30")
    assert Verdict.ALLOW == verdict(school, "127.0.1.30", "www.childline.org.uk")
    assert Verdict.ALLOW == verdict(school, "127.0.1.31")


def test_whoever_proposed_does_not_decide(school: WebSchool) -> None:
    circumvented(school)
    dsl = Browser(school).sign_in("dsl")
    dsl.send("/incidents/1/propose", "/incidents/1/propose", **PROPOSAL)

    post(dsl, "/restrictions/1/decide", approved="yes", reasons="Mine")

    assert 403 == dsl.status
    assert () == school.decisions.live(LESSON).restrictions


def test_a_refused_proposal_restricts_nobody(school: WebSchool) -> None:
    circumvented(school)
    Browser(school).sign_in("lead").send(
        "/incidents/1/propose", "/incidents/1/propose", **PROPOSAL
    )
    head = Browser(school).sign_in("head")

    page = head.send("/restrictions", "/restrictions/1/decide", approved="no", reasons="Too hard")

    assert "Not approved by Hana Head" in page.text
    assert () == school.decisions.live(LESSON).restrictions


def test_a_restriction_ends_by_itself_and_early_by_decision(school: WebSchool) -> None:
    restricted(school)
    over = LESSON + timedelta(days=8)
    assert () == school.decisions.live(over).restrictions
    head = Browser(school).sign_in("head")

    page = head.send("/restrictions", "/restrictions/1/end", why="She kept her word")

    assert "Ended by Hana Head" in page.text
    assert () == school.decisions.live(LESSON).restrictions


def test_what_is_over_is_ended_for_ever(school: WebSchool) -> None:
    restricted(school)

    assert 1 == school.decisions.end_overdue(LESSON + timedelta(days=8), at=MACHINE)

    assert () == school.decisions.live(LESSON).restrictions
    assert AuditAction.RESTRICTION_OVER == actions(school, "restriction")[-1]


def test_a_withdrawn_service_is_blocked_for_that_person_alone(school: WebSchool) -> None:
    circumvented(school, "teacher", audience=school.decisions.people.member("teacher").audience)
    head = Browser(school).sign_in("head")
    page = head.send("/incidents/1/propose", "/incidents/1/propose", **PROPOSAL)
    assert "Supervised-only use is for pupils" in page.text

    head.send(
        "/incidents/1/propose",
        "/incidents/1/propose",
        **{**PROPOSAL, "what": "withdrawn-service", "service": "facebook", "section": ""},
    )
    # Nobody but the head may decide about an adult, so the head does.
    page = head.send("/restrictions", "/restrictions/1/decide", approved="yes", reasons="Misuse")

    assert "Tess Teacher: May not use Facebook" in page.text
    assert "The school's own decision, which no section of its policy asks for" in page.text
    (restriction,) = school.decisions.live(LESSON).restrictions
    assert ("teacher", "facebook") == (restriction.person, restriction.service)


def test_a_site_of_no_service_is_withdrawn_whole_and_ends_with_its_last_day(
    school: WebSchool,
) -> None:
    school.decisions.people.register_device(
        Device("127.0.1.30", "pias-computer", owner=PUPIL), at=MACHINE, by=None
    )
    circumvented(school)
    lead = Browser(school).sign_in("lead")
    withdrawal = {**PROPOSAL, "what": "withdrawn-service"}
    page = lead.send("/incidents/1/propose", "/incidents/1/propose", **withdrawal, site="co.uk")
    assert "That is no site of its own" in page.text
    site = "https://www.games.example/play?x=1"
    page = lead.send("/incidents/1/propose", "/incidents/1/propose", **withdrawal, site=site)
    assert "May not use games.example and what is under it" in page.text
    assert "Until the end of Friday 27 November 2026" in page.text
    head = Browser(school).sign_in("head")
    head.send("/restrictions", "/restrictions/1/decide", approved="yes", reasons="I agree")

    assert Verdict.BLOCK == verdict(school, "127.0.1.30", "cdn.games.example")
    assert Verdict.ALLOW == verdict(school, "127.0.1.31", "cdn.games.example")
    assert Verdict.ALLOW == verdict(school, "127.0.1.30", "mygames.example")
    school.school_clock.moment = LESSON + timedelta(days=8)
    assert Verdict.ALLOW == verdict(school, "127.0.1.30", "cdn.games.example")


def test_a_supervised_session_opens_what_was_closed_until_the_bell(school: WebSchool) -> None:
    school.decisions.people.register_device(
        Device("127.0.1.30", "pias-computer", owner=PUPIL), at=MACHINE, by=None
    )
    restricted(school)
    teacher = Browser(school).sign_in("teacher")
    page = teacher.get("/supervised")
    assert "Open a session for Pia Pupil (4B)" in page.text
    assert "ends at 10:30" in page.text

    page = teacher.send("/supervised", "/supervised/open")

    assert "Supervised by Tess Teacher" in page.text
    assert Verdict.ALLOW == verdict(school, "127.0.1.30")
    # Nothing else opens: what the policy blocks for pupils stays blocked.
    assert Verdict.BLOCK == verdict(school, "127.0.1.30", "www.tiktok.com")
    assert Verdict.BLOCK == verdict(school, "127.0.1.30", "vpn.example")
    (session,) = school.decisions.live(LESSON).grants
    assert LESSON + timedelta(minutes=30) == session.ends_at
    assert () == school.decisions.live(session.ends_at).grants
    post(teacher, "/supervised/open", person=PUPIL)
    assert 409 == teacher.status

    Browser(school).sign_in("operator").send("/supervised", "/supervised/1/end")

    assert Verdict.BLOCK == verdict(school, "127.0.1.30")


def test_a_session_lasts_an_hour_at_most(school: WebSchool) -> None:
    restricted(school)
    school.school_clock.moment = LESSON.replace(hour=13, minute=20)

    Browser(school).sign_in("teacher").send("/supervised", "/supervised/open")

    (session,) = school.decisions.live(school.school_clock.now()).grants
    assert LESSON.replace(hour=14, minute=20) == session.ends_at


def test_without_a_restriction_there_is_no_session_to_open(school: WebSchool) -> None:
    teacher = Browser(school).sign_in("teacher")
    assert "No pupil is under supervised-only use" in teacher.get("/supervised").text

    post(teacher, "/supervised/open", person=PUPIL)

    assert 409 == teacher.status
    assert () == school.decisions.live(LESSON).grants


def test_on_a_shared_device_a_restriction_binds_once_it_is_assigned(school: WebSchool) -> None:
    school.decisions.people.register_device(
        Device(TABLET, "tablet-7", kind=DeviceKind.SCHOOL_MOBILE, is_shared=True),
        at=MACHINE,
        by=None,
    )
    restricted(school)
    teacher = Browser(school).sign_in("teacher")
    assert "enforced nowhere now" in teacher.get("/supervised").text
    assert "Not enforced on other shared devices" in teacher.get("/supervised").text
    assert Verdict.ALLOW == verdict(school, TABLET)

    page = teacher.send(
        "/supervised/devices", "/supervised/devices", person=PUPIL, device="tablet-7"
    )
    assert "10:30" in page.text
    assert Verdict.BLOCK == verdict(school, TABLET)
    assert "In force on tablet-7 (school tablet or phone)" in teacher.get("/supervised").text
    teacher.send("/supervised", "/supervised/open")
    assert Verdict.ALLOW == verdict(school, TABLET)
    teacher.send("/supervised", "/supervised/1/end")
    teacher.send("/supervised/devices", "/supervised/devices/1/give-back")

    assert Verdict.ALLOW == verdict(school, TABLET)


def test_an_assignment_ends_by_itself(school: WebSchool) -> None:
    teacher = Browser(school).sign_in("teacher")
    teacher.send("/supervised/devices", "/supervised/devices", person=PUPIL, device="pc-1")
    assert "Take it back" in teacher.get("/supervised/devices").text
    school.go_on(timedelta(minutes=31))

    school.decisions.end_overdue(school.school_clock.now(), at=school.machine_clock.now())

    # Half an hour later they have to sign in again.
    teacher = Browser(school).sign_in("teacher")
    assert "No device is assigned now." in teacher.get("/supervised/devices").text


def test_nobodys_own_device_and_no_device_of_staff_is_assigned(school: WebSchool) -> None:
    teacher = Browser(school).sign_in("teacher")
    page = teacher.get("/supervised/devices")
    assert "pc-1" in page.text
    assert "teachers-phone" not in page.text
    assert "staffroom-tablet" not in page.text

    post(
        teacher,
        "/supervised/devices",
        person=PUPIL,
        device="staffroom-tablet",
        how_long="day",
    )

    assert 409 == teacher.status


def test_the_record_has_time_person_address_action_and_outcome(school: WebSchool) -> None:
    circumvented(school)
    dsl = Browser(school).sign_in("dsl")
    dsl.send("/incidents/1", "/incidents/1/close", taken="=Talked()", outcome="Sorry")

    answer = dsl.ask("GET", "/incidents/1/record.csv")

    assert "attachment" in answer.headers["content-disposition"]
    for words in ("2026-11-20 10:00", PUPIL_NAME, "vpn.example", "'=Talked()", "Sorry"):
        assert words in answer.text
    pdf = dsl.ask("GET", "/incidents/1/record.pdf")
    assert ("application/pdf", b"%PDF-") == (pdf.headers["content-type"], pdf.content[:5])
    assert [AuditAction.EXPORTED] * 2 == actions(school, "incident")[-2:]


def test_looking_at_an_incident_is_recorded_once_an_hour(school: WebSchool) -> None:
    circumvented(school)
    dsl = Browser(school).sign_in("dsl")
    dsl.get("/incidents/1")
    dsl.get("/incidents/1")
    looks = actions(school, "incident").count(AuditAction.INCIDENT_LOOKED_AT)
    school.go_on(timedelta(minutes=61))
    Browser(school).sign_in("dsl").get("/incidents/1")

    assert 1 == looks
    assert 2 == actions(school, "incident").count(AuditAction.INCIDENT_LOOKED_AT)


def test_what_waits_is_counted_in_the_bar(school: WebSchool) -> None:
    dsl = Browser(school).sign_in("dsl")
    before = dsl.get("/incidents").text
    circumvented(school)

    assert "1 waiting" not in before
    assert "1 waiting" in dsl.get("/incidents").text
