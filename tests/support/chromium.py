"""Debian's Chromium, driven by Playwright, with pictures and an accessibility check."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, ProxySettings, sync_playwright

ARTEFACTS = Path(__file__).parents[2] / "test-artefacts"
WIDTHS = (375, 1280)
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


@contextmanager
def chromium(wrapper: Path | None = None) -> Iterator[Browser]:
    """
    A browser; without Chromium the test is skipped, or fails on a machine of CI.

    *wrapper* is a program that runs Chromium somewhere else, and is started in its place.
    """
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is not installed")
        pytest.skip("chromium is not installed")
    arguments = [
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path if wrapper is None else wrapper, args=arguments
        )
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
    context.set_default_timeout(20_000)
    try:
        yield context.new_page()
    finally:
        context.close()


def acknowledge(page: Page) -> None:
    """Acknowledge the policy where *page*, just signed in, asks for it before it goes on."""
    page.get_by_role("button", name="Sign out").wait_for()
    if page.locator("#say-read").count():
        page.check("#say-read")
        page.check("#say-monitored")
        page.get_by_role("button", name="Acknowledge and go on").click()
        page.locator("#say-read").wait_for(state="detached")


def keep(page: Page, name: str) -> None:
    """Keep a picture of *page* at each width, and fail on what axe-core finds wrong."""
    ARTEFACTS.mkdir(exist_ok=True)
    size = page.viewport_size
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=ARTEFACTS / f"{name}-{width}.png", full_page=True)
    if size is not None:
        page.set_viewport_size(size)
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": list(RULES)}})
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
