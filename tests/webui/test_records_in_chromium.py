"""The records' pages in a real browser: looked at closely, and on paper."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from chromium import ARTEFACTS, IS_WHOLE, Scheme, chromium, look
from free_ports import free_port
from playwright.sync_api import Browser as Chromium
from web_school import HOST, MACHINE, PASSWORD, WebSchool, WebSettings, settings_in
from web_server import served

from schoolgate_policyd.ledger.notes import Signer
from schoolgate_policyd.workflow.legal_holds import HoldOn, NewHold

pytestmark = pytest.mark.browser

LISTENING = "127.0.8.1"
PATHS = {
    "records": "/records",
    "records-wrong": "/records?person=nobody&since=yesterday",
    "records-checkpoints": "/records/checkpoints",
    "records-checkpoint": "/records/checkpoints/{size}",
    "records-retention": "/records/retention",
    "records-holds": "/records/holds",
    "records-hold-new": "/records/holds/new",
}


def in_use(folder: Path, port: int) -> tuple[WebSchool, int]:
    """Return a school whose audit has been kept for a while, and a checkpoint's size."""
    web = WebSettings(address=LISTENING, port=port, public_url=f"http://{LISTENING}:{port}")
    school = WebSchool(folder, settings=settings_in(folder, web))
    store = school.decisions
    made = store.checkpoints.make(Signer.made(f"{HOST}/audit/1a2b3c4d"), at=MACHINE)
    store.checkpoints.witnessed(made.size, "file share", at=MACHINE, fault=None)
    fault = "/mnt/trust/schoolgate: is not there: mount the share"
    store.checkpoints.witnessed(made.size, "e-mail", at=MACHINE, fault=fault)
    store.retention.note_deleted({"events": 3}, at=MACHINE)
    reason = "The governors look into a complaint of 12 November; until they have answered it."
    for target in ("teacher", "lead"):
        new = NewHold(HoldOn.PERSON, target, reason)
        hold = store.legal_holds.place(new, by="head", at=MACHINE)
    at = MACHINE + timedelta(days=2)
    store.legal_holds.lift(hold.id, why="It was answered.", by="chair", at=at)
    return school, made.size


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with chromium() as opened:
        yield opened


def test_the_records_can_be_used_by_everybody_and_printed(
    browser: Chromium, tmp_path: Path
) -> None:
    port = free_port(LISTENING)
    school, size = in_use(tmp_path, port)
    with closing(school), served(school, LISTENING, port) as url:
        schemes: tuple[Scheme, ...] = ("light", "dark")
        for scheme in schemes:
            page = browser.new_context(base_url=url, color_scheme=scheme).new_page()
            page.goto("/sign-in")
            page.fill("#username", "head")
            page.fill("#password", PASSWORD)
            page.click("main button")
            for name, path in PATHS.items():
                page.goto(path.format(size=size))
                look(page, name, scheme)
        page.goto(f"/records/checkpoints/{size}")
        page.emulate_media(media="print", color_scheme="light")
        page.set_viewport_size({"width": 794, "height": 1123})
        if IS_WHOLE:
            page.screenshot(
                path=ARTEFACTS / "webui" / "records-checkpoint-paper.png", full_page=True
            )
        assert not page.is_visible(".sg-nav")
        assert 14 == page.locator(".sg-groups__group").count()
