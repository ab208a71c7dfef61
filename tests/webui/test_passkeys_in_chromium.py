"""Passkeys in a real browser, with Chromium's virtual authenticator; the account's pages seen."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from account_people import shown_secret
from chromium import PATIENCE_MS, Scheme, chromium, give_authenticator
from chromium import look as look_closely
from free_ports import free_port
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect
from web_school import PASSWORD, WebSchool, WebSettings, settings_in
from web_server import served

from schoolgate_policyd.config import SecondFactorRule

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
    settings = dataclasses.replace(settings_in(tmp_path, web), networks=())
    opened = WebSchool(tmp_path, settings=settings, second_factor=SecondFactorRule.REQUIRED)
    try:
        with served(opened, LISTENING, port):
            yield opened, url
    finally:
        opened.close()


@pytest.fixture
def page(
    browser: Chromium, school: tuple[WebSchool, str], request: pytest.FixtureRequest
) -> Iterator[Page]:
    """A window with an authenticator of its own; a test may ask for a dark one."""
    scheme = getattr(request, "param", "light")
    context = browser.new_context(base_url=school[1], color_scheme=scheme, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    opened = context.new_page()
    opened.on("pageerror", lambda error: pytest.fail(str(error)))
    give_authenticator(opened)
    yield opened
    context.close()


def enter(page: Page, username: str) -> None:
    page.goto("/sign-in")
    page.fill("#username", username)
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def look(page: Page, name: str) -> None:
    """Look closely at the page, in the scheme of its window."""
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    scheme: Scheme = "dark" if is_dark else "light"
    look_closely(page, name, scheme)


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()


def test_a_passkey_is_added_and_signs_in_alone_and_after_the_password(page: Page) -> None:
    enter(page, "head")
    look(page, "sign-in-set-up")
    page.get_by_role("button", name="Set up a passkey").click()
    expect(page.get_by_role("button", name="Make a passkey")).to_be_visible()
    look(page, "passkey-new")
    page.fill("#name", "School laptop")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_text("The passkey was added.")).to_be_visible()
    assert 10 == page.locator("code.sg-secret").count()
    look(page, "recovery-codes")
    sign_out(page)

    page.goto("/sign-in?next=/account")
    look(page, "sign-in-passkey")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    expect(page.get_by_role("link", name="School laptop")).to_be_visible()
    sign_out(page)

    enter(page, "head")
    expect(page.get_by_role("heading", name="One more step, Hana Head")).to_be_visible()
    look(page, "sign-in-second")
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()


def test_a_browser_without_the_passkey_says_so_and_goes_on_without(page: Page) -> None:
    page.goto("/sign-in")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_visible()
    expect(page.get_by_text("No passkey was used.")).to_be_hidden()
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_text("No passkey was used.")).to_be_visible()
    enter(page, "teacher")
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
def test_the_accounts_pages_look_well(page: Page, school: tuple[WebSchool, str]) -> None:
    enter(page, "teacher")
    page.goto("/account/codes")
    look(page, "account-codes")
    store, at = school[0].decisions, school[0].machine_clock.moment
    assert store.second_factor.of("teacher").codes_since is None
    secret = shown_secret(page.inner_text("main"))
    page.fill("#code", pyotp.TOTP(secret).at(at))
    page.get_by_role("button", name="Set up one-time codes").click()
    look(page, "account-recovery-codes")
    page.goto("/account/tokens/new")
    look(page, "account-token-new")
    page.fill("#name", "Timetable import")
    page.get_by_label("Search the log").check()
    page.get_by_role("button", name="Make the token").click()
    look(page, "account-token-made")
    page.goto("/account/password")
    page.get_by_role("button", name="Change the password").click()
    look(page, "account-password")
    page.goto("/account")
    look(page, "account")


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
def test_the_page_for_a_code_on_paper_looks_well(
    page: Page, school: tuple[WebSchool, str]
) -> None:
    at = school[0].machine_clock.moment
    code = school[0].decisions.setup_codes.invite("visitor", by=None, at=at)
    page.goto("/account/setup")
    look(page, "account-setup-code")
    page.fill("#code", code.code)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Vic Visitor")).to_be_visible()
    look(page, "account-setup")
