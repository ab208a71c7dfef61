"""An echo by the batch: what it costs to be asked at all, and so the ceiling of the generator."""

import os
import socket

from datagrams import EchoBatch


def echo_for_ever(own: socket.socket, core: int) -> None:
    """Send everything that *own* gets back as a reply, on *core*, until the process is ended."""
    os.sched_setaffinity(0, {core})
    batch = EchoBatch()
    while True:
        batch.turn(own.fileno())
