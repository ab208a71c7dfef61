"""
What a component tells the service manager that started it: sd_notify(3), without a library.

Where no service manager listens nothing is said. None of these ever raises: a component that
serves must not end because nobody hears that it does.
"""

import asyncio
import contextlib
import os
import socket
import time

_US_PER_S = 1_000_000
# Said three times within the time that the manager grants, one word that is lost does no harm.
_WORDS_PER_WATCHDOG = 3

_said_alive_at: float | None = None


def ready() -> None:
    """Say that the component serves."""
    _say("READY=1")


def stopping() -> None:
    """Say that the component ends by intention."""
    _say("STOPPING=1")


def alive() -> None:
    """
    Say that the component is not stuck, where a watchdog waits for it.

    It may be called as often as one likes, from the loop that does the work: it speaks only when
    a third of the watchdog's time is over.
    """
    global _said_alive_at  # noqa: PLW0603 - a process has one watchdog
    every_s = alive_every_s()
    if every_s is None:
        return
    now = time.monotonic()
    if _said_alive_at is None or now - _said_alive_at >= every_s:
        _said_alive_at = now
        _say("WATCHDOG=1")


async def stay_alive() -> None:
    """Say that the running loop goes round, until cancelled; return where nobody waits for it."""
    while (every_s := alive_every_s()) is not None:
        alive()
        await asyncio.sleep(every_s)


def alive_every_s() -> float | None:
    """Return how often `alive` has to be called at least; None where no watchdog waits."""
    granted = os.environ.get("WATCHDOG_USEC", "")
    meant = os.environ.get("WATCHDOG_PID", str(os.getpid()))
    # A number of the manager's own is short and plain ASCII; everything else is none.
    if not (granted.isascii() and granted.isdigit() and len(granted) < 20) or int(granted) == 0:  # noqa: PLR2004 - digits of 64 bits
        return None
    return None if meant != str(os.getpid()) else int(granted) / _US_PER_S / _WORDS_PER_WATCHDOG


def _say(words: str) -> None:
    place = os.environ.get("NOTIFY_SOCKET", "")
    if not place.startswith(("/", "@")):
        return
    # An at sign stands for the zero octet that begins a name in the abstract namespace.
    address = "\0" + place[1:] if place.startswith("@") else place
    # ValueError: a name with a zero octet, or one that is not text, cannot be an address.
    with (
        contextlib.suppress(OSError, ValueError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as teller,
    ):
        # A manager that does not read must not keep the component from its work.
        teller.setblocking(False)  # noqa: FBT003 - the name says which
        teller.sendto(words.encode("utf-8", "replace"), address)
