"""
From an empty school to the first signature by a keyboard alone, without script but for passkeys.

The guide of the first run; one-time codes set up, asked for, and signed with; a passkey made and
used, which a script alone can do.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pyotp
import pytest
from account_people import shown_secret
from chromium import PATIENCE_MS, chromium, give_authenticator
from free_ports import free_port
from keyboard import Keyboard
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page
from web_school import ENTRY, LESSON, MACHINE, PASSWORD, WebSchool, WebSettings, settings_in
from web_server import served

from schoolgate_policyd.config import SecondFactorRule
from schoolgate_policyd.workflow.forms import ReviewForm, parse_form
from schoolgate_policyd.workflow.signing import Means, SignedKind

pytestmark = pytest.mark.browser

LISTENING = "127.0.0.1"
CODES_CHANGE = timedelta(seconds=30)
FIRST_PEOPLE = {
    "head-name": "Hana Head",
    "head-username": "hana",
    "technician-name": "Tim Technician",
    "technician-username": "tim",
}
# What these walks have to send: no other walk does.
FIRST_RUN = {
    "/first-run",
    "/first-run/school",
    "/first-run/networks/pupil-computers",
    "/first-run/networks/staff-own-devices",
    "/first-run/people",
    "/first-run/end",
}
BY_PASSKEY = {"/account/passkeys/new", "/sign-in/passkey", "/sign-in/second/passkey"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def page(browser: Chromium) -> Iterator[Page]:
    """A window in which no script runs."""
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    yield opened(context)
    context.close()


@pytest.fixture
def scripted(browser: Chromium) -> Iterator[Page]:
    """A window with script and an authenticator of its own."""
    context = browser.new_context(locale="en-GB")
    page = opened(context)
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    give_authenticator(page)
    yield page
    context.close()


def opened(context: BrowserContext) -> Page:
    context.set_default_timeout(PATIENCE_MS)
    return context.new_page()


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[WebSchool, str]]:
    """A school in which the head must have a second factor, and has a request to decide."""
    folder, port = tmp_path_factory.mktemp("school"), free_port(LISTENING)
    # Passkeys need a name: browsers take localhost for a secure context.
    url = f"http://localhost:{port}"
    web = WebSettings(address=LISTENING, port=port, public_url=url)
    made = WebSchool(
        folder, settings=settings_in(folder, web), second_factor=SecondFactorRule.REQUIRED
    )
    try:
        waiting(made)
        with served(made, LISTENING, port):
            yield made, url
    finally:
        made.close()


def waiting(school: WebSchool) -> None:
    """Have a request of the teacher's wait for the head."""
    typed = {**ENTRY, "staff_name": "Tess Teacher", "date": "20/11/2026"}
    typed |= {"starts_at": "20/11/2026 10:00", "ends_at": "20/11/2026 15:00"}
    form = parse_form(typed, classes=(), moment=LESSON, zone=ZoneInfo("Europe/London"))
    store = school.decisions.requests
    number = store.submit("teacher", form, at=MACHINE, moment=LESSON).id
    store.review(number, by="lead", answer=ReviewForm(True, "I looked"), at=MACHINE, moment=LESSON)


def posted(page: Page) -> set[str]:
    """Return the paths of the forms that *page* sends from now on."""
    paths: set[str] = set()
    page.on(
        "request",
        lambda asked: paths.add(urlsplit(asked.url).path) if asked.method == "POST" else None,
    )
    return paths


def on(page: Page) -> Keyboard:
    """Begin in the main part of *page*, past the bar at its top."""
    keyboard = Keyboard(page)
    keyboard.skip()
    return keyboard


def fill_in(page: Page, button: str, **entered: str) -> None:
    """Fill the first form of *page* in, and press *button*."""
    keyboard = on(page)
    for name, value in entered.items():
        keyboard.enter(name, value)
    answer = keyboard.press(button)
    assert 200 == answer.status, page.inner_text("main")


def sign_out(page: Page) -> None:
    Keyboard(page).press("Sign out")
    assert "You are signed out." in page.inner_text("main")


def acknowledge(page: Page) -> None:
    """Acknowledge the policy where the page asks for it."""
    if "/policy/acknowledge" in page.url:
        fill_in(page, "Acknowledge and go on", read="yes", monitored="yes")


def test_a_school_is_set_up_with_a_keyboard_alone_and_without_script(
    tmp_path: Path, page: Page
) -> None:
    sent, port = posted(page), free_port(LISTENING)
    web = WebSettings(address=LISTENING, port=port, public_url=f"http://{LISTENING}:{port}")
    empty = WebSchool(tmp_path, settings=settings_in(tmp_path, web), is_empty=True)
    try:
        made = empty.decisions.first_run.make_code(at=MACHINE)
        assert made is not None
        with served(empty, LISTENING, port) as url:
            page.goto(f"{url}/first-run")
            fill_in(page, "Begin", code=made.code)
            on(page).follow("Enter: The school’s name and policy")
            fill_in(page, "Save", name="Otter Bank Primary School", preset="kell-bank")
            for name in ("Pupil computers", "Staff own devices"):
                on(page).follow(f"Check {name}: Networks")
                fill_in(page, "Save", name=name, inspectable="yes")
            on(page).follow("Enter: First people")
            fill_in(page, "Save", **FIRST_PEOPLE)
            assert 3 == page.get_by_text("Saved", exact=True).count()
            fill_in(page, "End the guide and make the accounts")

            said = page.inner_text("main")
            assert "Otter Bank Primary School is set up" in said
            codes = page.locator(".sg-code-once").all_inner_texts()
            assert 2 == len(set(codes))
            assert FIRST_RUN == sent
            page.goto(f"{url}/account/setup")
            fill_in(page, "Continue", code=codes[0])
            assert "Hana Head" in page.inner_text("main")
    finally:
        empty.close()


def test_codes_are_set_up_asked_for_and_signed_with_by_a_keyboard_alone_and_without_script(
    page: Page, school: tuple[WebSchool, str]
) -> None:
    opened, url = school
    clock = opened.machine_clock
    page.goto(f"{url}/sign-in")
    fill_in(page, "Sign in", username="head", password=PASSWORD)
    on(page).follow("Set up one-time codes")
    app = pyotp.TOTP(shown_secret(page.inner_text("main")))
    fill_in(page, "Set up one-time codes", code=app.at(clock.now()))
    assert 10 == page.locator("code.sg-secret").count()
    sign_out(page)

    clock.go_on(CODES_CHANGE)
    page.goto(f"{url}/sign-in?next=/requests/1")
    fill_in(page, "Sign in", username="head", password=PASSWORD)
    fill_in(page, "Continue", code=app.at(clock.now()))
    acknowledge(page)
    fill_in(page, "Continue to sign", approved="yes", reasons="Fits the lesson")
    shown = page.locator("#signed-text").inner_text()
    clock.go_on(CODES_CHANGE)
    fill_in(page, "Sign with password and code", password=PASSWORD, code=app.at(clock.now()))

    assert "Approved and signed by Hana Head" in page.inner_text("main")
    (signature,) = opened.decisions.signings.of(SignedKind.DECISION, "1")
    assert Means.PASSWORD_AND_CODE is signature.means
    assert shown.strip() == signature.document.text.strip()


def test_a_passkey_is_made_and_used_with_a_keyboard_alone(
    scripted: Page, school: tuple[WebSchool, str]
) -> None:
    page, (_, url) = scripted, school
    sent = posted(page)
    page.goto(f"{url}/sign-in")
    fill_in(page, "Sign in", username="lead", password=PASSWORD)
    on(page).follow("Set up a passkey")
    fill_in(page, "Make a passkey", name="School laptop")
    assert "The passkey was added." in page.inner_text("main")
    sign_out(page)

    page.goto(f"{url}/sign-in?next=/account")
    fill_in(page, "Sign in with a passkey")
    acknowledge(page)
    assert "School laptop" in page.inner_text("main")
    sign_out(page)

    page.goto(f"{url}/sign-in?next=/account")
    fill_in(page, "Sign in", username="lead", password=PASSWORD)
    fill_in(page, "Use your passkey")
    assert "Your account" in page.inner_text("h1")
    assert sent >= BY_PASSKEY
