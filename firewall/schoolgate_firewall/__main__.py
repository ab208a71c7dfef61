"""Run the firewall's point: `python -m schoolgate_firewall`."""

import asyncio
import signal
import sys
from contextlib import closing

from schoolgate_firewall.followed import follow_kernel
from schoolgate_firewall.point import NAME, Point, firewall_of
from schoolgate_policyd.config import Settings, load_settings
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.ipc.liveline import LivePrinter
from schoolgate_policyd.ipc.ready import announce, prints_live_lines
from schoolgate_policyd.logs import configure_logs


def main() -> int:
    """Run until SIGTERM or SIGINT; return the process's exit status."""
    configure_logs(NAME)
    try:
        asyncio.run(_run(load_settings()))
    except (SchoolgateError, OSError) as error:
        sys.stderr.write(f"schoolgate_firewall: {error}\n")
        return 1
    return 0


async def _run(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    kernel = follow_kernel(firewall_of(settings))
    printer = LivePrinter() if prints_live_lines() else None
    with closing(kernel.closing):
        try:
            point = Point(settings, kernel, None if printer is None else printer.show)
            await point.run(stop, lambda place: announce(NAME, place))
        finally:
            if printer is not None:
                printer.close()


if __name__ == "__main__":
    sys.exit(main())
