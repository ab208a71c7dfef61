"""
The whole way in Chromium: from the block page to the signed form, and the page opening.

Each person has a window of their own. The teacher's goes through the relay of staff's own
devices, so the filter sees the address that the device register gives to them.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from chromium import acknowledge, chromium, chromium_here, keep, window
from playwright.sync_api import Browser, Page, expect
from whole_school import WholeSchool, wait_for

pytestmark = pytest.mark.browser

TEACHER, COLLEAGUE, PUPIL, CLASSMATE = "127.0.2.10", "127.0.2.99", "127.0.1.10", "127.0.1.99"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(chromium_here(whole=True)) as running:
        yield running


def sign_in(page: Page, school: WholeSchool, username: str) -> None:
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(school.passwords[username])
    page.get_by_role("button", name="Sign in", exact=True).click()
    acknowledge(page)


@pytest.fixture(scope="module")
def desks(school: WholeSchool, browser: Browser) -> Iterator[dict[str, Page]]:
    """Signed-in windows of the online safety lead, the head, the DSL and the chair."""
    pages: dict[str, Page] = {}
    with ExitStack() as windows:
        for username in ("safety-lead", "head", "dsl", "chair"):
            page = pages[username] = windows.enter_context(window(browser))
            page.goto(f"http://localhost:{school.web_port}/sign-in")
            sign_in(page, school, username)
            expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        yield pages


def fill_form(page: Page, *, for_whom: str, scope: str) -> None:
    page.get_by_label("Site content").fill("A film about volcanoes")
    page.get_by_label("Reasons for access").fill("Year 4 learns about volcanoes")
    page.get_by_label("Identified risks and control measures").fill("I watch it with them")
    page.get_by_label(for_whom).check()
    page.get_by_label(scope).check()
    page.get_by_label("Until").fill("2026-11-20T15:00")
    page.get_by_role("button", name="Send request").click()


def confirm_measures(page: Page, school: WholeSchool, number: int) -> None:
    page.goto(f"http://localhost:{school.web_port}/requests/{number}")
    page.get_by_label("Yes").check()
    page.get_by_label("Why?", exact=True).fill("I looked at it, and they are")
    page.get_by_role("button", name="Record").click()


def sign(page: Page, school: WholeSchool, username: str, number: int) -> None:
    page.goto(f"http://localhost:{school.web_port}/requests/{number}")
    decide(page)
    expect(page.locator("#signed-text")).to_contain_text("Reasons: It serves the lesson")
    page.get_by_label("Password").fill(school.passwords[username])
    page.get_by_role("button", name="Sign", exact=True).click()


def decide(page: Page) -> None:
    page.get_by_label("Yes").check()
    page.get_by_label("Reasons").fill("It serves the lesson")
    page.get_by_role("button", name="Continue to sign").click()


def request_number(page: Page) -> int:
    found = re.search(r"/requests/(\d+)", page.url)
    assert found is not None, page.url
    return int(found[1])


def ask_from_the_block_page(teacher: Page, school: WholeSchool, wanted: str) -> int:
    """Go from the block page to a request that is sent, with a mistake on the way."""
    teacher.goto(wanted)
    expect(teacher.get_by_text("Social Media Policy").first).to_be_visible()
    keep(teacher, "block-page-staff")
    teacher.get_by_role("link", name="Ask for this page").click()
    keep(teacher, "sign-in")
    sign_in(teacher, school, "teacher")
    expect(teacher.get_by_label("Full URL")).to_have_value(wanted)
    keep(teacher, "request-form")

    teacher.get_by_role("button", name="Send request").click()
    expect(teacher.get_by_role("alert")).to_be_visible()
    expect(teacher.get_by_label("Full URL")).to_have_value(wanted)
    keep(teacher, "request-form-with-mistakes")
    fill_form(teacher, for_whom="Myself", scope="This page")
    keep(teacher, "request-sent")
    return request_number(teacher)


def fail_to_sign(head: Page) -> None:
    decide(head)
    keep(head, "what-is-signed")
    head.get_by_label("Password").fill("not the password")
    head.get_by_role("button", name="Sign", exact=True).click()
    expect(head.get_by_role("alert")).to_be_visible()


def test_a_page_is_asked_for_signed_opened_and_withdrawn(
    school: WholeSchool, browser: Browser, desks: dict[str, Page]
) -> None:
    wanted = school.url("www.tiktok.com", "/@volcano/video/1?lang=en")
    lead, head = desks["safety-lead"], desks["head"]
    with window(browser, school.proxy_relays["staff-own-devices"]) as teacher:
        number = ask_from_the_block_page(teacher, school, wanted)
        shown = f"http://localhost:{school.web_port}/requests/{number}"

        lead.goto(f"http://localhost:{school.web_port}/")
        keep(lead, "home-of-the-online-safety-lead")
        lead.goto(shown)
        keep(lead, "request-to-review")
        confirm_measures(lead, school, number)
        head.goto(shown)
        keep(head, "request-to-sign")
        fail_to_sign(head)
        assert 403 == school.curl(TEACHER, wanted)[0]
        sign(head, school, "head", number)
        wait_for(lambda: school.curl(TEACHER, wanted)[0] == 200, 5, "the page opening")
        keep(head, "request-signed")

        # Nothing else opens: not the site, not another page, not for anybody else.
        for client, path in (
            (TEACHER, "/"),
            (TEACHER, "/@volcano/video/2"),
            (TEACHER, "/@volcano/video/1"),
            (COLLEAGUE, "/@volcano/video/1?lang=en"),
            (PUPIL, "/@volcano/video/1?lang=en"),
        ):
            assert 403 == school.curl(client, school.url("www.tiktok.com", path))[0], (
                client,
                path,
            )
        assert "status: NXDOMAIN" in school.dig(TEACHER, "www.tiktok.com")
        found = school.check(wanted, "--address", TEACHER, "--at", "2026-11-20T14:00")
        assert ("allow", "2026-11-20T15:00:00+00:00") == (found["verdict"], found["valid_until"])

        teacher.goto(wanted)
        expect(teacher.get_by_text("says /@volcano/video/1?lang=en")).to_be_visible()
        teacher.goto(shown)
        expect(teacher.get_by_text("In force").first).to_be_visible()

    head.goto(f"http://localhost:{school.web_port}/grants")
    keep(head, "permissions-in-force")
    head.goto(shown)
    head.get_by_label("Why is it withdrawn?").fill("The lesson is over")
    head.get_by_role("button", name="Withdraw").click()
    wait_for(lambda: school.curl(TEACHER, wanted)[0] == 403, 5, "the page closing")


def test_a_class_gets_the_whole_site_for_its_lesson(
    school: WholeSchool, browser: Browser, desks: dict[str, Page]
) -> None:
    with window(browser) as teacher:
        teacher.goto(
            f"http://localhost:{school.web_port}/requests/new?url=https://www.youtube.com/"
        )
        sign_in(teacher, school, "teacher")
        fill_form(teacher, for_whom="Class 4B", scope="The whole site")
        number = request_number(teacher)
    confirm_measures(desks["safety-lead"], school, number)
    sign(desks["head"], school, "head", number)

    wait_for(lambda: "NOERROR" in school.dig(PUPIL, "www.youtube.com"), 5, "the site opening")
    assert 200 == school.curl(PUPIL, school.url("www.youtube.com", "/watch?v=1"))[0]
    assert "status: NXDOMAIN" in school.dig(CLASSMATE, "www.youtube.com")
    assert "status: NXDOMAIN" in school.dig(PUPIL, "www.tiktok.com")
    assert "status: NXDOMAIN" in school.dig(TEACHER, "www.youtube.com")


def test_nobody_reviews_or_authorises_their_own(
    school: WholeSchool, desks: dict[str, Page]
) -> None:
    head, lead, chair = desks["head"], desks["safety-lead"], desks["chair"]
    head.goto(f"http://localhost:{school.web_port}/requests/new?url=https://www.tumblr.com/x")
    fill_form(head, for_whom="Myself", scope="This page")
    number = request_number(head)
    confirm_measures(lead, school, number)
    head.goto(f"http://localhost:{school.web_port}/requests/{number}")
    expect(head.get_by_role("button", name="Continue to sign")).to_have_count(0)
    chair.goto(f"http://localhost:{school.web_port}/requests/{number}")
    expect(chair.get_by_role("button", name="Continue to sign")).to_be_visible()

    lead.goto(f"http://localhost:{school.web_port}/requests/new?url=https://www.tumblr.com/y")
    fill_form(lead, for_whom="Myself", scope="This page")
    number = request_number(lead)
    lead.goto(f"http://localhost:{school.web_port}/requests/{number}")
    expect(lead.get_by_role("button", name="Record")).to_have_count(0)
    confirm_measures(desks["dsl"], school, number)
    expect(desks["dsl"].get_by_text("not", exact=False).first).to_be_attached()


def test_the_online_safety_lead_sees_attempts_as_they_happen(
    school: WholeSchool, desks: dict[str, Page]
) -> None:
    lead = desks["safety-lead"]
    lead.goto(f"http://localhost:{school.web_port}/log")
    school.dig("127.0.1.77", "protonvpn.com")

    row = lead.get_by_role("row").filter(has_text="protonvpn.com")
    expect(row).to_be_visible()
    expect(row).to_contain_text("baseline-vpn")
    expect(row).to_contain_text("Tried to get round the filter")
    keep(lead, "attempts")


def test_pupils_read_a_page_of_their_own(school: WholeSchool, browser: Browser) -> None:
    with window(browser, school.proxy_relays["pupil-computers"]) as pupil:
        pupil.goto(school.url("www.tiktok.com"))
        expect(pupil.get_by_text("teacher", exact=False).first).to_be_visible()
        expect(pupil.get_by_role("link", name="Ask for this page")).to_have_count(0)
        keep(pupil, "block-page-pupil")


def test_a_device_is_claimed_by_its_button_alone(school: WholeSchool, browser: Browser) -> None:
    with window(browser) as page:
        page.goto(f"http://localhost:{school.web_relays['staff-own-devices']}/devices")
        sign_in(page, school, "teacher")
        keep(page, "this-is-my-device")
        expect(page.get_by_text("127.0.2.10").first).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/help", "/filtering"])
def test_public_pages_need_no_sign_in(school: WholeSchool, browser: Browser, path: str) -> None:
    with window(browser) as page:
        response = page.goto(f"http://localhost:{school.web_port}{path}")
        assert response is not None
        assert 200 == response.status
        keep(page, f"public{path.replace('/', '-')}")
