"""Work for processes of their own, which start anew and so must find it by its name."""

import os
import time

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_webui.apart import Progress


def tell_process(job: int, on_progress: Progress) -> tuple[int, int, int]:
    """Return *job*, the process that this is, and how nice it is, after telling of two steps."""
    on_progress(1, 2)
    on_progress(2, 2)
    return job, os.getpid(), os.nice(0)


def refuse(job: str, _: Progress) -> None:
    """Refuse with a sentence."""
    raise SchoolgateError(job)


def die(status: int, _: Progress) -> None:
    """End without a word, as when the kernel needs the memory."""
    os._exit(status)


def never_end(_: object, on_progress: Progress) -> None:
    """Work until stopped."""
    on_progress(os.getpid(), 0)
    while True:
        time.sleep(60)
