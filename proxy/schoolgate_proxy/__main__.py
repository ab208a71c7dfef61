"""Run the proxy: `python -m schoolgate_proxy`."""

import asyncio
import signal
import sys

from schoolgate_policyd.config import Settings, load_settings
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.ipc.liveline import LivePrinter
from schoolgate_policyd.ipc.ready import announce, prints_live_lines
from schoolgate_policyd.logs import configure_logs
from schoolgate_proxy.launch import NAME, Point, quieten_mitmproxy


def main() -> int:
    """Serve until SIGTERM or SIGINT; return the process's exit status."""
    configure_logs(NAME)
    quieten_mitmproxy()
    try:
        asyncio.run(_serve(load_settings()))
    except SchoolgateError as error:
        sys.stderr.write(f"schoolgate_proxy: {error}\n")
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
        await point.run(stop, lambda place: announce(NAME, place))
    finally:
        if printer is not None:
            printer.close()


if __name__ == "__main__":
    sys.exit(main())
