"""The pages of a test's school on a real port, in a thread."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from web_school import WebSchool

from schoolgate_webui.serve import serve

STARTS_WITHIN_S = 20
ENDS_WITHIN_S = 20
_MAKES_PAGES = "AnyIO worker thread"


@contextmanager
def served(school: WebSchool, address: str, port: int) -> Iterator[str]:
    """Serve *school* at *address* and *port*; gives the pages' address."""
    is_ready = threading.Event()
    stop: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def run() -> None:
        stopping = asyncio.Event()
        stop.append((asyncio.get_running_loop(), stopping))
        await serve(school.app, address, port, stopping=stopping, on_ready=is_ready.set)

    before = set(threading.enumerate())
    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        assert is_ready.wait(STARTS_WITHIN_S)
        yield f"http://{address}:{port}"
    finally:
        loop, stopping = stop[0]
        loop.call_soon_threadsafe(stopping.set)
        thread.join()
        _join_page_makers(before)


def _join_page_makers(before: set[threading.Thread]) -> None:
    """
    Wait for the threads that were not there *before* and in which pages are made.

    A page that is given up as its server stops goes on reading there until it is made.
    """
    for each in set(threading.enumerate()) - before:
        if each.name == _MAKES_PAGES:
            each.join(ENDS_WITHIN_S)
            assert not each.is_alive(), "a page is still being made"
