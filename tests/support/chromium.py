"""Debian's Chromium, driven by Playwright, with pictures and an accessibility check."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import axe_playwright_python
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    ProxySettings,
    expect,
    sync_playwright,
)

type Scheme = Literal["light", "dark"]

_PROGRAMS = ("chromium-headless-shell", "chromium")
ARTEFACTS = Path(__file__).parents[2] / "test-artefacts"
# How long a window, and what is expected of it, wait on a busy machine; Playwright's own is 5 s.
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)
# With `make pages` every page is photographed, and asked of at both widths in both schemes.
IS_WHOLE = os.environ.get("SCHOOLGATE_PAGES") == "all"
# The narrowest that a page must do with (WCAG 2.1, 1.4.10 Reflow).
WIDE, NARROW = 1280, 320
SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
_IS_SO = """([width, scheme]) => innerWidth === width
  && matchMedia(`(prefers-color-scheme: ${scheme})`).matches"""
_TWO_FRAMES = "new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
_AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
_AXE = (Path(axe_playwright_python.__path__[0]) / "axe.min.js").read_text()
_ASK_AXE = """async rules => {
  const found = await axe.run({runOnly: rules, resultTypes: ['violations']});
  return found.violations.map(each => [each.id, each.nodes.map(one => one.html)]);
}"""


def chromium_here(*, whole: bool = False) -> str:
    """
    Return the program; without it the test is skipped, or fails on a machine of CI.

    Unless it must be the *whole* browser it is the one without a browser's own windows, where
    that is installed: pages are the same in it, for two thirds of the CPU.
    """
    programs = _PROGRAMS[1:] if whole else _PROGRAMS
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, programs)), None)
    if path is not None:
        return path
    if os.environ.get("CI"):
        pytest.fail("chromium is not installed")
    pytest.skip("chromium is not installed")


@contextmanager
def chromium(program: str | Path | None = None) -> Iterator[Browser]:
    """
    A browser, where there is one: *program*, else what `chromium_here` finds.

    *program* may be one that runs Chromium somewhere else.
    """
    path = chromium_here() if program is None else program
    arguments = [
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def window(
    browser: Browser, proxy_port: int | None = None, *, trusts_all: bool = False
) -> Iterator[Page]:
    """
    A window of its own, with its own cookies; through the proxy at *proxy_port* where given.

    Certificates are checked by the tests with curl: a browser keeps its authorities elsewhere.
    """
    # Browsers go to localhost by themselves; Playwright has to be told.
    through = ProxySettings(server=f"http://127.0.0.1:{proxy_port}", bypass="localhost")
    context: BrowserContext = browser.new_context(
        proxy=None if proxy_port is None else through,
        ignore_https_errors=trusts_all or proxy_port is not None,
        locale="en-GB",
        timezone_id="Europe/London",
    )
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield context.new_page()
    finally:
        context.close()


def give_authenticator(page: Page) -> None:
    """Give *page* an authenticator of its own, which says yes to whatever it is asked."""
    console = page.context.new_cdp_session(page)
    console.send("WebAuthn.enable")
    console.send("WebAuthn.addVirtualAuthenticator", {"options": _AUTHENTICATOR})


def acknowledge(page: Page) -> None:
    """Acknowledge the policy where *page*, just signed in, asks for it before it goes on."""
    page.get_by_role("button", name="Sign out").wait_for()
    if page.locator("#say-read").count():
        page.check("#say-read")
        page.check("#say-monitored")
        page.get_by_role("button", name="Acknowledge and go on").click()
        page.locator("#say-read").wait_for(state="detached")


def found_by_axe(page: Page) -> list[str]:
    """Return what axe-core finds wrong in *page* as it is now, each as its rule and where."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE)
    found: list[Any] = page.evaluate(_ASK_AXE, list(_RULES))
    return [f"{rule}: {' '.join(where)}" for rule, where in found]


def _settle(page: Page, width: int, scheme: Scheme) -> None:
    """Wait until *page* is whole, and drawn as wide and in the colours that it is to have."""
    page.wait_for_load_state()
    page.wait_for_function(_IS_SO, arg=[width, scheme])
    page.evaluate(_TWO_FRAMES)


def look(page: Page, name: str, scheme: Scheme, folder: str = "webui") -> None:
    """
    Fail for what axe-core finds in *page*, and where it scrolls sideways as narrow as it gets.

    What is looked at light and dark is asked of at both widths between them: light when it is
    wide, dark when it is narrow. The window is left as large as it was.
    """
    size = page.viewport_size
    for width in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": 900})
        _settle(page, width, scheme)
        if IS_WHOLE:
            _photograph(page, f"{folder}/{name}-{width}-{scheme}")
        if IS_WHOLE or (width == WIDE) == (scheme == "light"):
            found = found_by_axe(page)
            assert [] == found, f"{name}, {scheme}, at {width}: {found}"
    assert not page.evaluate(SIDEWAYS), f"{name} scrolls sideways at {NARROW}"
    if size is not None:
        page.set_viewport_size(size)


def keep(page: Page, name: str) -> None:
    """Look at *page* in a test that is about other things."""
    look(page, name, "light", folder="e2e")


def _photograph(page: Page, name: str) -> None:
    path = ARTEFACTS / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, full_page=True)
