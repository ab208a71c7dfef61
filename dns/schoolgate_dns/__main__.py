"""
Run the DNS point: `python -m schoolgate_dns`.

It runs on uvloop: `tests/bench/bench_dns.py` measures its datagram endpoint against asyncio's own
and a plain `recvfrom` loop, and uvloop costs about as little as the plain loop while misses may
wait in the same process.
"""

import asyncio
import signal
import sys

import uvloop

from schoolgate_dns.point import NAME, Point
from schoolgate_policyd.config import Settings, load_settings
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.ipc.liveline import LivePrinter
from schoolgate_policyd.ipc.ready import announce, prints_live_lines
from schoolgate_policyd.logs import configure_logs


def main() -> int:
    """Serve until SIGTERM or SIGINT; return the process's exit status."""
    configure_logs(NAME)
    try:
        settings = load_settings()
        uvloop.run(_serve(settings))
    except SchoolgateError as error:
        sys.stderr.write(f"schoolgate_dns: {error}\n")
        return 1
    except OSError as error:
        dns = "dns.address and dns.port"
        sys.stderr.write(f"schoolgate_dns: cannot serve at {dns}: {error}\n")
        return 1
    return 0


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    printer = LivePrinter() if prints_live_lines() else None
    try:
        point = Point(settings, None if printer is None else printer.show)
        await point.run(stop, lambda place: announce(NAME, str(place)))
    finally:
        if printer is not None:
            printer.close()


if __name__ == "__main__":
    sys.exit(main())
