"""Waiting for what comes by itself."""

import time
from collections.abc import Callable


def wait_for[T](look: Callable[[], T], within_s: float = 10.0, what: str = "") -> T:
    """Return what *look* returns once it is true; fail after *within_s*."""
    deadline = time.monotonic() + within_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s} s: {what or look}")
        time.sleep(0.02)
