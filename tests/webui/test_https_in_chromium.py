"""
The pages over https end to end: their own process, its certificate, and browsers that trust it.

The process makes a key and asks; the authority signs; from then on curl and Chromium, which know
the authority and nothing else of the pages, come in, sign in and use a passkey.
"""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from browser_trust import trust_in
from chromium import PATIENCE_MS, acknowledge, chromium, chromium_here, give_authenticator
from free_ports import free_port
from playwright.sync_api import Page, expect
from web_school import PASSWORD, policy, settings_in

from schoolgate_policyd.config import (
    PageCertificate,
    SecondFactorRule,
    Settings,
    WebSettings,
    settings_json,
)
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.records import NewPerson
from schoolgate_proxy.authority import ensure_authority
from schoolgate_proxy.page_certificate import sign_if_due

pytestmark = pytest.mark.browser

NAME, LISTENING = "gate.school.example", "127.0.0.1"
STARTS_WITHIN_S = 60.0


@dataclass
class Gateway:
    """The pages' process, and the authority's certificate that devices of the school have."""

    settings: Settings
    authority: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Where the pages are."""
        return self.settings.web.public_url

    def curl(self, path: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Ask with curl, which trusts the authority alone."""
        return subprocess.run(
            [
                *("curl", "--silent", "--show-error", "--cacert", str(self.authority)),
                *("--resolve", f"{NAME}:{self.settings.web.port}:{LISTENING}"),
                *(*options, f"{self.url}{path}"),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )


def until(look: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Wait until *look* says so, as long as *process* runs."""
    deadline = time.monotonic() + STARTS_WITHIN_S
    while not look():
        assert process.poll() is None, "the pages' process ended"
        assert time.monotonic() < deadline, "it did not come to it in time"
        time.sleep(0.05)


def end(process: subprocess.Popen[bytes]) -> None:
    """Have *process* end by itself; what does not is killed, and fails."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("https")
    port = free_port(LISTENING)
    web = WebSettings(
        address=LISTENING,
        port=port,
        public_url=f"https://{NAME}:{port}",
        tls=PageCertificate.AUTHORITY,
        second_factor=SecondFactorRule.OFFERED,
    )
    settings = dataclasses.replace(settings_in(folder / "var", web), networks=())
    settings.decisions_path.parent.mkdir(parents=True)
    save_last_snapshot(settings.last_snapshot_path("policyd"), Source(number=1, policy=policy()))
    at = datetime.now(UTC)
    store = DecisionStore(settings.decisions_path, codes_key=settings.codes_key_path)
    person = NewPerson("teacher", "Tess Teacher", Audience.STAFF, "teacher")
    store.people.add(person, at=at, by=None)
    store.credentials.set_password("teacher", PASSWORD, at=at, by=None)
    store.close()
    authority = ensure_authority(settings.ca_dir, settings.ca_certificate_path, at)
    config = folder / "school.yaml"
    config.write_bytes(settings_json(settings))
    process = subprocess.Popen(
        [sys.executable, "-m", "schoolgate_webui"],
        env={**os.environ, "SCHOOLGATE_CONFIG": str(config)},
    )
    made = Gateway(settings, settings.ca_certificate_path, process)
    try:
        until(settings.page_request_path.exists, process)
        assert sign_if_due(settings, authority, at)
        until(lambda: made.curl("/help").returncode == 0, process)
        yield made
    finally:
        end(process)


@pytest.fixture(scope="module")
def page(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A window of a Chromium that knows the authority, with an authenticator."""
    program = chromium_here()
    home = tmp_path_factory.mktemp("home")
    trust_in(home, gateway.authority)
    wrapper = home / "chromium"
    wrapper.write_text(
        f'#!/bin/sh\nHOME="{home}" exec "{program}" "$@"'
        f' "--host-resolver-rules=MAP {NAME} {LISTENING}"\n'
    )
    wrapper.chmod(0o700)
    with chromium(wrapper) as browser:
        context = browser.new_context(base_url=gateway.url, locale="en-GB")
        context.set_default_timeout(PATIENCE_MS)
        opened = context.new_page()
        give_authenticator(opened)
        yield opened
        context.close()


def test_whoever_knows_the_authority_comes_in_and_nobody_else(gateway: Gateway) -> None:
    trusting = gateway.curl("/help", "--include")
    stranger = subprocess.run(
        [
            *("curl", "--silent", "--resolve", f"{NAME}:{gateway.settings.web.port}:{LISTENING}"),
            f"{gateway.url}/help",
        ],
        capture_output=True,
        check=False,
        timeout=30,
    )

    assert "HTTP/" in trusting.stdout
    assert "strict-transport-security" in trusting.stdout.lower()
    # 60: the certificate cannot be checked against what is known.
    assert 60 == stranger.returncode


def test_somebody_signs_in_adds_a_passkey_and_comes_back_with_it(
    gateway: Gateway, page: Page
) -> None:
    page.goto("/sign-in")
    page.fill("#username", "teacher")
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    acknowledge(page)
    cookies = page.context.cookies()
    page.goto("/account/passkeys/new")
    page.fill("#name", "School laptop")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_text("The passkey was added.")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.goto("/sign-in?next=/account")
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    expect(page.get_by_role("link", name="School laptop")).to_be_visible()
    assert cookies
    assert all(each["secure"] and each["name"].startswith("__Host-") for each in cookies)
    assert gateway.process.poll() is None
