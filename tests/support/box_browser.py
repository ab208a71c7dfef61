"""Chromium on a device of the box."""

from collections.abc import Iterator
from contextlib import contextmanager

from box_rig import Box
from chromium import chromium, chromium_here, window
from playwright.sync_api import Page


@contextmanager
def browsing(box: Box, who: str) -> Iterator[Page]:
    """A window of a browser that runs on *who*'s device, with that device's resolver."""
    program = chromium_here(whole=True)
    wrapper = box.folder / f"chromium-{who}"
    words = " ".join(f"'{word}'" for word in box.device(who).command(program))
    wrapper.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    wrapper.chmod(0o755)
    with chromium(wrapper) as browser, window(browser, trusts_all=True) as page:
        yield page
