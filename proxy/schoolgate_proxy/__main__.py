"""Run a worker of the proxy: `python -m schoolgate_proxy [N]`, the first one without N."""

import asyncio
import resource
import signal
import sys

from schoolgate_policyd.config import Settings, load_settings
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.ipc.liveline import LivePrinter
from schoolgate_policyd.ipc.ready import announce, prints_live_lines
from schoolgate_policyd.logs import configure_logs
from schoolgate_proxy.launch import Point, quieten_mitmproxy
from schoolgate_proxy.workers import NAME, Worker, number_in, worker_of

# A connection that passes takes at most six files, one that is looked into two or more.
MOST_FILES = 65_536


def main() -> int:
    """Serve until SIGTERM or SIGINT; return the process's exit status."""
    configure_logs(NAME)
    quieten_mitmproxy()
    try:
        settings = load_settings()
        worker = worker_of(settings, number_in(sys.argv[1:]))
        _open_many_files()
        asyncio.run(_serve(settings, worker))
    except SchoolgateError as error:
        sys.stderr.write(f"schoolgate_proxy: {error}\n")
        return 1
    return 0


def _open_many_files() -> None:
    """Let this process have as many files open as it may, and no more than it needs."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if most == resource.RLIM_INFINITY else min(MOST_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


async def _serve(settings: Settings, worker: Worker) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    printer = LivePrinter() if prints_live_lines() else None
    try:
        point = Point(settings, worker, None if printer is None else printer.show)
        await point.run(stop, lambda place: announce(worker.name, place))
    finally:
        if printer is not None:
            printer.close()


if __name__ == "__main__":
    sys.exit(main())
