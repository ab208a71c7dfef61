"""Reporting what was seen, by anybody; handling it, hearing back; blocking at once."""

import html
import re
from collections.abc import Iterator

import pytest
from web_browser import Browser, Page
from web_school import MACHINE, PUPILS_COMPUTER, SHARED_DEVICE, WebSchool

from schoolgate_policyd.core.at_once import BlockedSite
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import Request, UrlResource, Verdict
from schoolgate_policyd.core.names import DomainName, parse_url
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Subject
from schoolgate_policyd.workflow.blocks import BlockForm
from schoolgate_webui.policy import PolicyInForce

BAD = "https://www.bad.com/page"
HOSTILE = "<script>alert(1)</script>\u202e{{ 7*7 }} =cmd|' /C calc'!A0\r\nSet-Cookie: x=1"
PUPIL = Subject(Audience.PUPIL, DeviceKind.SCHOOL_COMPUTER, inspectable=True)
BLOCK = {"extent": "site", "whom": "pupils", "reason": "Shows harm"}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSchool]:
    """A school with one report, hostile and signed, that no test changes."""
    opened = WebSchool(tmp_path_factory.mktemp("told"))
    report(opened, saw=f"{BAD} {HOSTILE}", name=f"Pia Pupil {HOSTILE}")
    yield opened
    opened.close()


def code_on(page: Page) -> str:
    found = re.search(r"[2-9B-Z]{5}-[2-9B-Z]{5}", page.text)
    assert found is not None, page.text
    return found[0]


def report(school: WebSchool, saw: str = BAD, **entered: str) -> str:
    """Report without signing in, from a pupil's computer; return the code."""
    child = Browser(school, PUPILS_COMPUTER)
    return code_on(child.send("/report", "/report", saw=saw, **entered))


def verdict(school: WebSchool, url: str = BAD) -> Verdict:
    now, settings = school.school_clock.now(), school.settings
    assert settings is not None
    snapshot = PolicyInForce(settings, school.decisions).snapshot(now)
    return decide(Request(PUPIL, UrlResource(parse_url(url))), snapshot, now).verdict


def test_a_child_reports_with_one_field_and_hears_back_by_a_code(school: WebSchool) -> None:
    child = Browser(school, PUPILS_COMPUTER)
    form = child.get("/report")
    assert {"csrf", "once", "saw", "name"} == set(form.form("/report").fields)
    assert "You are not in trouble" in form.text
    assert "0800 1111" in form.text
    code = code_on(child.send("/report", "/report", saw=BAD))

    waiting = child.send("/report/answer", "/report/answer", code=code)
    assert "We have not answered it yet" in waiting.text
    lead = Browser(school).sign_in("lead")
    lead.send(
        "/reports/1",
        "/reports/1/answer",
        state="stays-open",
        reasons="Only a museum",
        answer="It is a museum, you may look.",
    )

    other = Browser(school, SHARED_DEVICE)
    answered = other.send("/report/answer", "/report/answer", code=code.lower())
    assert "It stays open" in answered.text
    assert "It is a museum, you may look." in answered.text
    for hidden in ("Only a museum", "Leo Lead"):
        assert hidden not in answered.text


def test_an_empty_report_is_asked_for_again_in_plain_words(school: WebSchool) -> None:
    child = Browser(school, PUPILS_COMPUTER)
    page = child.send("/report", "/report", saw=" \u200b ", name="Pia")

    assert 422 == child.status
    assert "Write what you saw, or the address of the page." in page.text
    assert "Pia" == page.inputs["name"]


def test_the_form_is_filled_in_from_an_address(school: WebSchool) -> None:
    page = Browser(school).get("/report?url=https%3A%2F%2Fbad.com%2F%22%3E%3Cscript%3E")

    assert 'https://bad.com/"><script>' == page.form("/report").fields["saw"]


def test_a_form_sent_again_is_one_report_and_shows_the_code_again(school: WebSchool) -> None:
    child = Browser(school, PUPILS_COMPUTER)
    fields = {**child.get("/report").form("/report").fields, "saw": BAD}

    assert code_on(child.post("/report", fields)) == code_on(child.post("/report", fields))
    lead = school.decisions.people.member("lead")
    assert 1 == len(school.decisions.reports.handled_by(lead, is_open=True))


def test_too_many_reports_wait_and_keep_what_was_written(school: WebSchool) -> None:
    child = Browser(school, PUPILS_COMPUTER)
    for number in range(6):
        child.send("/report", "/report", saw=f"{BAD}{number}")
    page = child.send("/report", "/report", saw="the seventh")

    assert 429 == child.status
    assert "Or tell a grown-up now" in page.text
    assert "the seventh" == page.form("/report").fields["saw"]
    assert "0800 1111" in page.text
    other = Browser(school, SHARED_DEVICE)
    other.send("/report", "/report", saw="the seventh")
    assert 200 == other.status


def test_codes_cannot_be_tried_without_end(school: WebSchool) -> None:
    browser = Browser(school)
    for _ in range(12):
        browser.send("/report/answer", "/report/answer", code="BCDFG-BCDFG")
        assert 422 == browser.status
    browser.send("/report/answer", "/report/answer", code=report(school))

    assert 429 == browser.status


@pytest.mark.parametrize("path", ["/reports", "/reports/1", "/blocks/new?report=1"])
def test_hostile_words_are_harmless(told: WebSchool, path: str) -> None:
    lead = Browser(told).sign_in("lead")
    lead.get(path)

    assert 200 == lead.status
    assert "<script>alert" not in lead.last_text
    assert "\u202e" not in lead.last_text


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        ("lead", True),
        ("dsl", True),
        ("head", True),
        ("chair", False),
        ("teacher", False),
        ("technician", False),
        ("governor", False),
    ],
)
def test_a_report_is_seen_by_those_who_handle_it(told: WebSchool, role: str, sees: bool) -> None:
    browser = Browser(told).sign_in(role)
    page = browser.get("/reports/1")

    assert (200 if sees else 404) == browser.status
    assert sees == ("Pia Pupil" in page.text)
    assert sees == ("www.bad.com/page" in browser.get("/reports").text)


def test_whoever_is_named_in_a_report_finds_none(school: WebSchool) -> None:
    report(school, saw="Leo Lead showed us a bad page")
    lead, dsl = Browser(school).sign_in("lead"), Browser(school).sign_in("dsl")
    assert "Leo Lead" not in lead.get("/reports").text.replace("Leo Lead Sign out", "")
    lead.get("/reports/1")
    assert 404 == lead.status
    lead.get("/blocks/new?report=1")
    assert 404 == lead.status

    dsl.send("/reports/1", "/reports/1/not-about")
    assert "bad page" in lead.get("/reports/1").text


def test_who_says_that_it_is_about_themselves_handles_it_no_more(school: WebSchool) -> None:
    report(school)
    dsl = Browser(school).sign_in("dsl")
    page = dsl.send("/reports/1", "/reports/1/about", person="dsl")

    assert "It was recorded." in page.text
    assert "Nothing waits." in page.text
    dsl.get("/reports/1")
    assert 404 == dsl.status


def test_a_signed_in_reporter_sees_their_report_and_no_reasons(school: WebSchool) -> None:
    teacher = Browser(school).sign_in("teacher")
    page = teacher.send("/report", "/report", saw=BAD)
    assert "see our answer" in page.text.lower()
    assert "Your code" not in page.text
    lead = Browser(school).sign_in("lead")
    assert "Tess Teacher" in lead.get("/reports/1").text
    assert "Tess Teacher" not in lead.get("/reports").text
    lead.send(
        "/reports/1", "/reports/1/answer", state="passed-on", reasons="See CPOMS", answer="Done"
    )

    own = teacher.get("/reports/1")
    assert "Somebody at school is taking care of it." in own.text
    assert "Done" in own.text
    assert "See CPOMS" not in own.text
    teacher.post("/reports/1/answer", {**own.forms[0].fields, "state": "stays-open"})
    assert 403 == teacher.status


def test_waiting_reports_are_counted_in_the_bar(school: WebSchool) -> None:
    report(school)

    assert "Reported pages 1 waiting" in Browser(school).sign_in("lead").get("/reports").text
    assert "Reported pages 1 waiting" not in (Browser(school).sign_in("head").get("/reports").text)
    dsl = Browser(school).sign_in("dsl")
    dsl.send("/reports/1", "/reports/1/answer", state="with-head", reasons="Look please")
    assert "Reported pages 1 waiting" in Browser(school).sign_in("head").get("/reports").text


def test_a_report_is_blocked_at_once_and_the_reporter_hears_it(school: WebSchool) -> None:
    code = report(school)
    lead = Browser(school).sign_in("lead")
    assert Verdict.ALLOW == verdict(school)
    form = lead.get("/blocks/new?report=1").form("/blocks/new")
    assert BAD == form.fields["url"]
    wakes = school.policyd.wakes
    page = lead.post("/blocks/new", {**form.fields, **BLOCK})

    assert "It is blocked at once." in page.text
    assert "Blocked at once: bad.com and everything below it" in page.text
    assert wakes + 1 == school.policyd.wakes
    assert Verdict.BLOCK == verdict(school)
    assert "Nothing waits." in lead.get("/reports").text
    child = Browser(school, PUPILS_COMPUTER)
    answer = child.send("/report/answer", "/report/answer", code=code)
    assert "It does not open here any more." in answer.text


def test_an_incident_is_made_of_a_report(school: WebSchool) -> None:
    report(school)
    dsl = Browser(school).sign_in("dsl")
    mistake = dsl.send("/reports/1", "/reports/1/incident")
    assert "Say how severe it is." in mistake.text
    page = dsl.send("/reports/1", "/reports/1/incident", severity="high", audience="pupil")

    assert "Incident 1 was made of it." in page.text
    assert "www.bad.com" in dsl.get("/incidents/1").text


def test_a_report_page_says_what_the_filter_does_and_why(school: WebSchool) -> None:
    report(school)
    school.decisions.blocks.make(
        BlockForm(BlockedSite(DomainName("bad.com")), is_for_everybody=False, reason="Harm"),
        by="dsl",
        at=MACHINE,
    )
    page = Browser(school).sign_in("lead").get("/reports/1")

    assert "It was blocked at once by Dana Dsl on" in page.text
    assert "Harm" in page.text
    why = Browser(school).sign_in("technician").get("/why?url=www.bad.com&audience=pupil")
    assert "It was blocked at once by Dana Dsl on" in why.text


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("www.childline.org.uk/x", "nothing ever blocks help lines"),
        ("localhost", "inside the school"),
        ("", "Enter the address"),
    ],
)
def test_what_is_never_blocked_is_refused_with_a_sentence(
    told: WebSchool, url: str, said: str
) -> None:
    lead = Browser(told).sign_in("lead")
    page = lead.send("/blocks/new", "/blocks/new", url=url, **BLOCK)

    assert 422 == lead.status
    assert said in page.text
    assert () == told.decisions.blocks.in_force()


def test_a_whole_platform_is_asked_about_first(school: WebSchool) -> None:
    lead = Browser(school).sign_in("lead")
    page = lead.send("/blocks/new", "/blocks/new", url="www.tiktok.com", **BLOCK)
    assert "This closes all of TikTok." in page.text
    assert () == school.decisions.blocks.in_force()

    found = re.search(r'name="sure" type="checkbox" value="(\w+)"', lead.last_text)
    assert found is not None
    lead.post("/blocks/new", {**page.form("/blocks/new").fields, "sure": found[1]})
    assert 1 == len(school.decisions.blocks.in_force())


def test_the_list_says_what_for_whom_by_whom_and_why(school: WebSchool) -> None:
    lead = Browser(school).sign_in("lead")
    lead.send("/blocks/new", "/blocks/new", url="bad.com", **{**BLOCK, "whom": "everybody"})
    page = Browser(school).sign_in("technician").get("/blocks")

    for said in ("bad.com and everything below it", "Everybody", "Shows harm", "Leo Lead"):
        assert said in page.text


def test_the_head_lifts_a_block_with_a_reason_signed(school: WebSchool) -> None:
    school.decisions.blocks.make(
        BlockForm(BlockedSite(DomainName("bad.com")), is_for_everybody=False, reason="Harm"),
        by="lead",
        at=MACHINE,
    )
    assert "Lift the block" not in Browser(school).sign_in("lead").get("/blocks/1").text
    head = Browser(school).sign_in("head")
    wrong = head.sign("/blocks/1", "/blocks/1/lift", reason="Mended", password="wrong")
    assert "This is not your password" in wrong.text
    back = next(each for each in wrong.links if "signing=" in each)
    assert "Mended" == head.get(back).form("/blocks/1/lift").fields["reason"]
    assert Verdict.BLOCK == verdict(school)

    page = head.sign("/blocks/1", "/blocks/1/lift", reason="Mended")

    assert "The block was lifted." in page.text
    assert "Signed with the password entered again by Hana Head" in page.text
    assert "Mended" in page.text
    assert Verdict.ALLOW == verdict(school)


def test_a_block_says_whether_it_is_in_force_everywhere(school: WebSchool) -> None:
    lead = Browser(school).sign_in("lead")
    lead.send("/blocks/new", "/blocks/new", url="bad.com", **BLOCK)
    assert "Coming into force" in lead.get("/blocks/1").text
    school.policyd.acknowledges(school.decisions.version())

    assert "In force" in lead.get("/blocks/1").text


def test_the_public_page_lists_no_site_that_is_blocked_at_once(school: WebSchool) -> None:
    """A list of what is closed, with harm in it, would be an advert."""
    Browser(school).sign_in("lead").send("/blocks/new", "/blocks/new", url="bad.com", **BLOCK)

    assert "bad.com" not in html.unescape(Browser(school).get("/filtering").text)
