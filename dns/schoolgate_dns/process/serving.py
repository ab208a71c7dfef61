"""
One process or several that answer, put together from what was handed over.

It runs on uvloop, which has batches of datagrams, questions to upstreams, TCP and policyd's socket
in one loop, and costs less for each turn of it than asyncio's own.
"""

import asyncio
import codecs
import gc
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import uvloop

from schoolgate_dns.point import Point
from schoolgate_dns.process.garbage import collect_seldom
from schoolgate_dns.process.memory import give_back, keep_one_heap
from schoolgate_dns.process.rehearsal import rehearse
from schoolgate_dns.process.sockets import ServerSockets, open_sockets
from schoolgate_dns.process.start import First, take_over
from schoolgate_dns.process.worker import NAME, Worker
from schoolgate_dns.process.workers import MISCONFIGURED, Signs, Work, Workers
from schoolgate_dns.resolvers import Place
from schoolgate_dns.stages.tunnel import Tunnels
from schoolgate_policyd import service_notice
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.ipc.last_snapshot import digest_of
from schoolgate_policyd.ipc.liveline import LivePrinter
from schoolgate_policyd.ipc.orphans import adopt_orphans
from schoolgate_policyd.ipc.ready import announce, prints_live_lines
from schoolgate_policyd.lists.opening import open_snapshot
from schoolgate_policyd.logs import configure_logs
from schoolgate_policyd.settings import Settings

FAILED: Final = 1
# While a thread compiles a new source the loop asks for its turn again and again, and gets it
# after this time at the latest: Python's own five milliseconds would be added to many a query.
MOST_WAIT_S: Final = 0.0005


def serve(kept: int) -> int:
    """Serve as what is found in the file descriptor *kept* says; return the exit status."""
    configure_logs(NAME)
    keep_one_heap()
    sys.setswitchinterval(MOST_WAIT_S)
    start = take_over(kept)
    settings, dns = start.settings, start.settings.dns
    try:
        sockets = open_sockets(dns)
    except OSError as error:
        _complain(f"cannot serve at dns.address, dns.further_addresses and dns.port: {error}")
        return FAILED
    try:
        adopt_orphans(settings.spool_dir_of(NAME), NAME, dns.workers)
        first = First(open_snapshot(start.source, settings.lists_dir), digest_of(start.source))
        _load_the_rest()
        announced = partial(_announce, str(Place(dns.address, sockets[0].port)))
        if dns.workers == 1:
            # A parent that only waits would take memory that nobody else is there to share.
            give_back()
            gc.freeze()
            alone = Worker(sockets=sockets[0], first=first)
            status = _live(settings, alone, announced, service_notice.alive)
            return FAILED if status else 0
        rehearse(settings, first.snapshot)
        workers = Workers(dns.workers, _works(settings, sockets, first))
        is_watched = service_notice.alive_every_s() is not None
        return workers.run(announced, service_notice.alive if is_watched else None)
    except SchoolgateError as error:
        _complain(str(error))
        return FAILED
    finally:
        for each in sockets:
            each.close()


def _announce(place: str) -> None:
    """Say that all of us serve, to whoever started us."""
    announce(NAME, place)
    service_notice.ready()


def _works(settings: Settings, sockets: Sequence[ServerSockets], first: First) -> Work:
    def work(number: int, is_reborn: bool, signs: Signs) -> int:  # noqa: FBT001 - as `workers.Work` has it
        own = sockets[number - 1]
        for each in sockets:
            if each is not own:
                each.close()
        worker = Worker(number, own, first, is_reborn)
        return _live(settings, worker, signs.serving, signs.alive)

    return work


def _load_the_rest() -> None:
    """Load what otherwise each worker would, for itself, at its first query."""
    Tunnels(lambda _name: False)  # the public suffixes, and the parents below which names are new
    codecs.lookup("idna")  # connections to an upstream ask for it, though they have an address


def _live(
    settings: Settings, worker: Worker, ready: Callable[[], None], alive: Callable[[], None]
) -> int:
    """Be *worker* until one of the signals that end it; return its exit status."""
    configure_logs(worker.name)
    collect_seldom()
    try:
        uvloop.run(_serve(settings, worker, ready, alive))
    except (SchoolgateError, OSError) as error:
        _complain(str(error))
        return MISCONFIGURED
    return 0


async def _serve(
    settings: Settings, worker: Worker, ready: Callable[[], None], alive: Callable[[], None]
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    printer = LivePrinter() if prints_live_lines() else None
    try:
        point = Point(settings, None if printer is None else printer.show, worker)
        await point.run(stop, lambda _place: ready(), alive)
    finally:
        if printer is not None:
            printer.close()


def _complain(words: str) -> None:
    sys.stderr.write(f"schoolgate_dns: {words}\n")
