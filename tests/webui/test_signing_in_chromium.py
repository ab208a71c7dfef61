"""A decision signed in a real browser, with Chromium's virtual authenticator; the page seen."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from chromium import PATIENCE_MS, Scheme, acknowledge, chromium, give_authenticator
from chromium import look as look_closely
from free_ports import free_port
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect
from web_school import ENTRY, LESSON, PASSWORD, WebSchool, WebSettings, settings_in
from web_server import served

from schoolgate_policyd.core.at_once import BlockedSite
from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.signature_checks import findings
from schoolgate_policyd.workflow.blocks import BlockForm
from schoolgate_policyd.workflow.forms import ReviewForm, parse_form
from schoolgate_policyd.workflow.signing import Means, SignedKind
from schoolgate_policyd.workflow.standing_requests import StandingForm

pytestmark = pytest.mark.browser

LISTENING = "127.0.0.1"


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def school(tmp_path: Path) -> Iterator[tuple[WebSchool, str]]:
    port = free_port(LISTENING)
    # Passkeys need a name: browsers take localhost for a secure context.
    url = f"http://localhost:{port}"
    web = WebSettings(address=LISTENING, port=port, public_url=url)
    opened = WebSchool(tmp_path, settings=settings_in(tmp_path, web))
    try:
        with served(opened, LISTENING, port):
            yield opened, url
    finally:
        opened.close()


@pytest.fixture
def page(browser: Chromium, school: tuple[WebSchool, str]) -> Iterator[Page]:
    """A window with an authenticator of its own."""
    context = browser.new_context(base_url=school[1], locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    opened = context.new_page()
    opened.on("pageerror", lambda error: pytest.fail(str(error)))
    give_authenticator(opened)
    yield opened
    context.close()


def look(page: Page, name: str) -> None:
    """Look closely at the page, light and dark."""
    schemes: tuple[Scheme, ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        look_closely(page, name, scheme)


def waiting(school: WebSchool) -> None:
    """Have a request of the teacher's wait for the head."""
    store, at = school.decisions.requests, school.machine_clock.moment
    typed = {**ENTRY, "staff_name": "Tess Teacher", "date": "20/11/2026"}
    typed |= {"starts_at": "20/11/2026 10:00", "ends_at": "20/11/2026 15:00"}
    form = parse_form(typed, classes=(), moment=LESSON, zone=ZoneInfo("Europe/London"))
    request = store.submit("teacher", form, at=at, moment=LESSON)
    answer = ReviewForm(True, "I looked")
    store.review(request.id, by="lead", answer=answer, at=at, moment=LESSON)


def with_passkey(page: Page) -> None:
    """Sign the head in, with a passkey of their own."""
    page.goto("/sign-in?next=/account/passkeys/new")
    page.fill("#username", "head")
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    acknowledge(page)
    page.goto("/account/passkeys/new")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_text("The passkey was added.")).to_be_visible()


def test_the_head_signs_exactly_what_the_page_shows(
    page: Page, school: tuple[WebSchool, str]
) -> None:
    opened, _ = school
    waiting(opened)
    with_passkey(page)
    page.goto("/requests/1")
    page.check("input[name=approved][value=yes]")
    page.fill("#decision-reasons", "Fits the lesson.\nApproved: ✗ No")
    page.get_by_role("button", name="Continue to sign").click()
    shown = page.locator("#signed-text").text_content()
    look(page, "sign-with-a-passkey")

    page.get_by_role("button", name="Sign with a passkey").click()

    expect(page.get_by_text("Your decision was signed and recorded.")).to_be_visible()
    expect(page.locator("#proof")).to_contain_text("Signed with a passkey by Hana Head")
    look(page, "request-signed-with-a-passkey")
    (signature,) = opened.decisions.signings.of(SignedKind.DECISION, "1")
    assert shown == signature.document.text
    assert "Reasons: Fits the lesson.\n    Approved: ✗ No\n" in signature.document.text
    assert Means.PASSKEY is signature.means
    assert [""] * 4 == [each.wrong for each in findings(signature, signature.digest)]


def asked_for(school: WebSchool) -> None:
    """Have a block, and a request for a standing permission, wait for the head."""
    store, at = school.decisions, school.machine_clock.moment
    site = BlockedSite(DomainName("bad.com"))
    store.blocks.make(BlockForm(site, is_for_everybody=False, reason="Harm"), by="lead", at=at)
    form = StandingForm("staff-break-access", "Staff rest", "Own devices", date(2027, 1, 15))
    number = store.standing_requests.ask("technician", form, at=at).id
    answer = ReviewForm(are_in_place=True, why="I looked")
    store.standing_requests.check(number, by="lead", answer=answer, at=at)


def standing(page: Page) -> None:
    page.goto("/standing/requests/1")
    page.check("input[name=approved][value=yes]")
    page.fill("#reasons", "It is fair")


def block(page: Page) -> None:
    page.goto("/blocks/1")
    page.fill("#reason", "Mended")


def day(page: Page) -> None:
    page.goto("/school/calendar/different")
    page.check("input[name=kind][value=closed-for-pupils]")
    page.fill("#name", "Snow")


def network(page: Page) -> None:
    page.goto("/school/networks/pupil-computers")
    page.check("input[name=audience][value=staff]")
    page.fill("#reasons", "A new room")


def duties(page: Page) -> None:
    page.goto("/school/people/teacher/duties")
    page.check("input[name=duty_account-operator]")
    page.fill("#platforms", "TikTok")
    page.fill("#reasons", "Posts for the museum")


def test_every_other_form_leads_to_its_text_and_is_signed_there(
    page: Page, school: tuple[WebSchool, str]
) -> None:
    opened, _ = school
    asked_for(opened)
    with_passkey(page)
    for kind, object_id, fill_in, heading in (
        (SignedKind.STANDING, "1", standing, "Sign the standing permission"),
        (SignedKind.BLOCK, "1", block, "Sign that the block is lifted"),
        (SignedKind.DIFFERENT_DAY, "calendar", day, "Sign the different day"),
        (SignedKind.NETWORK, "pupil-computers", network, "Sign the change of the network"),
        (SignedKind.DUTY, "teacher", duties, "Sign the duties"),
    ):
        fill_in(page)
        page.get_by_role("button", name="Continue").click()
        expect(page.locator("h1")).to_have_text(heading)
        shown = page.locator("#signed-text").text_content()
        look(page, f"sign-{kind}")
        page.get_by_role("button", name="Sign with a passkey").click()
        expect(page).to_have_url(re.compile("done="))
        look(page, f"signed-{kind}")
        (signature,) = opened.decisions.signings.of(kind, object_id)
        assert shown == signature.document.text
        assert Means.PASSKEY is signature.means
        assert [""] * 4 == [each.wrong for each in findings(signature, signature.digest)]
