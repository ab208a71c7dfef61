"""
Ports that a test may hand to a process of its own.

They lie below those that the kernel gives out by itself, and each worker of a parallel run has a
range of its own: between choosing a port and its use nobody else can get it.
"""

import os
import random
import socket
from itertools import islice

_FIRST = 10_000
_PER_WORKER = 2_000
_WORKERS = 11
# Where browsers open no page: of the "bad ports" of the Fetch standard this one is in range.
_BAD = 10_080


def free_port(address: str = "127.0.0.1") -> int:
    """Return a port that is free at *address*, for UDP and TCP alike."""
    return free_ports(1, address)[0]


def free_ports(count: int, address: str = "127.0.0.1") -> list[int]:
    """Return *count* different ports that are free at *address*, for UDP and TCP alike."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
    first = _FIRST + worker * _PER_WORKER
    # Not the ones just used, which may be waiting for the last packets of their connections.
    candidates = random.Random().sample(range(first, first + _PER_WORKER), _PER_WORKER)  # noqa: S311 - no secret
    ports = list(islice((port for port in candidates if _is_free(address, port)), count))
    assert count == len(ports), f"{count} free ports were wanted at {address}"
    return ports


def _is_free(address: str, port: int) -> bool:
    if port == _BAD:
        return False
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True
