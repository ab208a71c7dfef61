"""
CPU time of a warm query by the way it is received.

    python tests/bench/bench_dns.py --queries 50000

asyncio's datagram endpoint, the same on uvloop, and a plain `recvfrom` loop, each with the whole
of answering behind it: parse, subject, decision, cache, counts. The CPU is the child's.
"""

import argparse
import asyncio
import multiprocessing
import socket
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from dns_world import PUPIL, World, query

from schoolgate_dns.answering import Answering
from schoolgate_dns.server import Server

NAMES = [f"n{number}.example" for number in range(500)]
QUERIES = [query(name).to_wire() for name in NAMES]
IN_FLIGHT = 32
STOP = b"stop"
Ready = Callable[[int], None]


async def serve_on_loop(answering: Answering, ready: Ready) -> None:
    stopped = asyncio.Event()
    server = Server(answering, "127.0.0.1", 0)
    received = server.datagram_received
    server.datagram_received = lambda octets, peer: (  # type: ignore[method-assign]  # the way out
        stopped.set() if octets == STOP else received(octets, peer)
    )
    await server.start()
    ready(server.port)
    await stopped.wait()
    await server.stop()


def serve_plainly(answering: Answering, ready: Ready) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("127.0.0.1", 0))
        ready(own.getsockname()[1])
        while (received := own.recvfrom(4096))[0] != STOP:
            try:
                answering.answer(received[0], received[1][0], over_udp=True).send(None)
            except StopIteration as done:
                own.sendto(done.value, received[1])


WAYS: dict[str, Callable[[Answering, Ready], None]] = {
    "asyncio endpoint": lambda answering, ready: asyncio.run(serve_on_loop(answering, ready)),
    "uvloop endpoint": lambda answering, ready: uvloop.run(serve_on_loop(answering, ready)),
    "recvfrom loop": serve_plainly,
}


def child(way: str, pipe: Connection) -> None:
    world = World({(name, "A"): (f"{name} 3600 IN A 192.0.2.1",) for name in NAMES})
    world.recording._show = None
    _ = [world.ask(PUPIL, name) for name in NAMES]
    started_s = time.process_time()
    WAYS[way](world.answering, pipe.send)
    pipe.send(time.process_time() - started_s)


def ask(port: int, count: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.connect(("127.0.0.1", port))
        own.settimeout(5)
        for number in range(count + IN_FLIGHT):
            if number >= IN_FLIGHT:
                own.recv(4096)
            if number < count:
                own.send(QUERIES[number % len(QUERIES)])
        own.send(STOP)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="CPU time of a warm query")
    parser.add_argument("--queries", type=int, default=50_000)
    count = parser.parse_args().queries
    for each in WAYS:
        ours, theirs = multiprocessing.Pipe()
        fork = multiprocessing.get_context("fork")
        process = fork.Process(target=child, args=(each, theirs))
        process.start()
        ask(ours.recv(), count)
        print(f"{each:<18} {ours.recv() / count * 1e6:6.1f} µs of CPU a warm query")
        process.join()
