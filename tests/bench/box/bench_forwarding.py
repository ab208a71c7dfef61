"""
What the ruleset costs that which the kernel forwards, beside forwarding without any rules.

    python tests/bench/box/bench_forwarding.py --rounds 15

A pupil downloads, and opens connections, from an address of no content network that DNS told
them, through the gateway's whole ruleset, through none, and through a router that only tracks
connections and masquerades, by turns, over both families. Ratios are of runs of one round; what is
printed is their median and quartiles. It needs root, and makes namespaces of its own
(`tests/support/filter_world.py`). Target for what is downloaded: at least 0.97 of none.
"""

import argparse
import os
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from filter_world import CLIENT_HELLO, FAMILIES, PLAIN, FilterWorld, filter_world, school_settings
from netns import why_not

from schoolgate_policyd.netfilter.ways import Way

PORT = 443
TARGET = 0.97
_PIECE_OCTETS = 64 * 1024 * 1024
_READ_OCTETS = 1024 * 1024
_WARM_OCTETS = 256 * 1024 * 1024
_WAY_LASTS_S = 3600
_QUARTERS = 4
_ROUTER = (
    "table inet router { chain forward { type filter hook forward priority filter; policy drop; "
    "ct state established,related accept; accept; }; chain leave { type nat hook postrouting "
    "priority srcnat; oifname wan0 meta nfproto ipv4 masquerade; }; }"
)


class Origin:
    """Sends as many octets as it is asked for to whoever says hello."""

    def __init__(self, world: FilterWorld, address: str) -> None:
        self._piece = os.memfd_create("piece")
        os.ftruncate(self._piece, _PIECE_OCTETS)
        # Whoever listens there for other tests hangs up first.
        world.close_listeners(address, PORT)
        with world.internet.entered():
            self._listener = socket.create_server(
                (address, PORT), family=socket.AF_INET6 if ":" in address else socket.AF_INET
            )
        self.octets = 0
        self._serving = threading.Thread(target=self._serve, daemon=True)
        self._serving.start()

    def close(self) -> None:
        """Listen no more."""
        # Closed alone, it would go on waiting in the other thread.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._serving.join()
        self._listener.close()
        os.close(self._piece)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(len(CLIENT_HELLO))
                left = self.octets
                while left > 0:
                    left -= os.sendfile(
                        connection.fileno(), self._piece, 0, min(left, _PIECE_OCTETS)
                    )


def download(world: FilterWorld, address: str, origin: Origin, octets: int) -> float:
    """Return how many octets a second come to the pupil."""
    origin.octets = octets
    connection = world.connect(world.pupil, address, PORT)
    began = time.perf_counter()
    connection.sendall(CLIENT_HELLO)
    got = 0
    room = bytearray(_READ_OCTETS)
    # Nothing is copied of what is cut off: the way is measured, not this machine's memory.
    while count := connection.recv_into(room, 0, socket.MSG_TRUNC):
        got += count
    took_s = time.perf_counter() - began
    world.hang_up()
    if got != octets:
        raise RuntimeError(f"{got} octets came instead of {octets}")
    return octets / took_s


def connections(world: FilterWorld, address: str, origin: Origin, count: int) -> float:
    """Return how many connections a second say hello and are answered, one after another."""
    origin.octets = 1000
    began = time.perf_counter()
    for _ in range(count):
        connection = world.connect(world.pupil, address, PORT)
        connection.sendall(CLIENT_HELLO)
        while connection.recv(4096):
            pass
        connection.close()
    world.hang_up()
    return count / (time.perf_counter() - began)


class Row(NamedTuple):
    """What is done through the gateway, how much of it is asked for, and how it is printed."""

    name: str
    unit: str
    scale: float
    run: Callable[[FilterWorld, str, Origin, int], float]
    amount: Callable[[argparse.Namespace], int]


DOWNLOAD = Row("download", "Gbit/s", 8e-9, download, lambda asked: int(asked.gib * 2**30))
ROWS = (
    DOWNLOAD,
    Row("connections", "a second", 1, connections, lambda asked: int(asked.connections)),
)


def _no_rules(_world: FilterWorld, _way: Way) -> None:
    """Leave the gateway without rules."""


def _plain_router(world: FilterWorld, _way: Way) -> None:
    world.gateway.must("nft", _ROUTER)


def _ours(world: FilterWorld, way: Way) -> None:
    world.load(school_settings())
    world.sets.add(way.set.open_name, [way.key], _WAY_LASTS_S)


SETUPS = {"none": _no_rules, "router": _plain_router, "ours": _ours}


def measured(
    world: FilterWorld, address: str, rounds: int, run: Callable[[], float]
) -> dict[str, list[float]]:
    """Return what came of each round with each setup."""
    way = world.way(world.pupil, address)
    found: dict[str, list[float]] = {name: [] for name in SETUPS}
    names = list(SETUPS)
    for _ in range(rounds):
        for name in names:
            world.gateway.must("nft", "flush", "ruleset")
            SETUPS[name](world, way)
            found[name].append(run())
        # Each goes first as often as the others.
        names.append(names.pop(0))
    return found


def ratios(found: dict[str, list[float]], to: str) -> tuple[float, float, float]:
    """Return the quartiles of our rounds' ratios to those of another setup."""
    pairs = zip(found["ours"], found[to], strict=True)
    low, middle, high = statistics.quantiles([ours / other for ours, other in pairs], n=_QUARTERS)
    return low, middle, high


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--gib", type=float, default=4)
    parser.add_argument("--connections", type=int, default=1500)
    asked = parser.parse_args()
    reason = why_not()
    if reason is not None:
        print(reason)
        return 1
    medians = []
    print("| forwarded | without rules | ratio to that | to a plain router |\n|---|---|---|---|")
    with filter_world(school_settings()) as world:
        for family in FAMILIES:
            address = PLAIN[family]
            origin = Origin(world, address)
            world.gateway.must("nft", "flush", "ruleset")
            download(world, address, origin, _WARM_OCTETS)
            for row in ROWS:
                run = partial(row.run, world, address, origin, row.amount(asked))
                found = measured(world, address, asked.rounds, run)
                without = statistics.median(found["none"]) * row.scale
                parts = [f"{row.name}, IPv{family}", f"{without:.3g} {row.unit}"]
                for to in ("none", "router"):
                    low, middle, high = ratios(found, to)
                    parts.append(f"{middle:.3f} ({low:.3f} to {high:.3f})")
                    if row is DOWNLOAD and to == "none":
                        medians.append(middle)
                print(f"| {' | '.join(parts)} |")
            origin.close()
    print(f"target {TARGET}: {'met' if min(medians) >= TARGET else 'not met'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
