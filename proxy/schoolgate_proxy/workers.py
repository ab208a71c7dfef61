"""Which of the proxy's workers this process is: its name and its ports."""

from collections.abc import Sequence
from dataclasses import dataclass

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.settings import Settings

NAME = "proxy"


class WorkerError(SchoolgateError):
    """There is no such worker; the message names the setting."""


@dataclass(frozen=True, slots=True)
class Worker:
    """
    A worker as policyd knows it, and where it listens.

    *intercept_port* is where the firewall brings connections, None where none does.
    """

    name: str
    port: int
    intercept_port: int | None


def worker_of(settings: Settings, number: int) -> Worker:
    """Return worker *number*, counted from 1, which alone has no number. Raises WorkerError."""
    proxy = settings.proxy
    if not 1 <= number <= proxy.workers:
        raise WorkerError(f"there is no worker {number}: proxy.workers is {proxy.workers}")
    further = number - 1
    is_intercepting = proxy.intercept_port is not None and settings.dns.inspection_addresses
    return Worker(
        name=NAME if number == 1 else f"{NAME}-{number}",
        # Port 0 has the kernel choose, for each worker anew.
        port=proxy.port + further if proxy.port else 0,
        intercept_port=(proxy.intercept_port or 0) + further if is_intercepting else None,
    )


def number_in(arguments: Sequence[str]) -> int:
    """Return which worker a command line means, the first without any. Raises WorkerError."""
    match arguments:
        case []:
            return 1
        case [number] if number.isascii() and number.isdigit():
            return int(number)
        case _:
            raise WorkerError("a worker is meant by its number: python -m schoolgate_proxy 2")
