"""
The upstream of every server that is measured: it has an answer to everything, at once or late.

    python tests/bench/dns/origin.py --port 5300 --delay-ms 20

A and AAAA exist for every name, of anything else there is nothing (NODATA), and names under
`silent.example` are not answered. What was asked is counted in a file of the caller's, so that a
stampede can be seen from outside. It takes a few µs a query, and waits in a heap.
"""

import argparse
import heapq
import os
import select
import socket
import struct
import time
from pathlib import Path

from priorities import interrupt_nobody

TTL_S = 3600
_RECORDS = {1: bytes((93, 184, 216, 34)), 28: bytes.fromhex("26062800022000010000000000000001")}
_SOA_RDATA = b"\2ns\xc0\x0c\0" + struct.pack("!IIIII", 1, 3600, 600, 86400, TTL_S)
_OPT_RECORD = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)
_SILENT = b"\6silent\7example\0"
COUNT = struct.Struct("=Q")


def answer_to(query: bytes) -> bytes | None:
    """Return the answer, None for silence and for what is no query."""
    end = query.find(b"\0", 12) + 5
    if end < 17 or len(query) < end or query[2] & 0x80:
        return None
    question = query[12:end]
    if _SILENT in question.lower():
        return None
    type_ = int.from_bytes(question[-4:-2])
    octets = _RECORDS.get(type_)
    counts = (1, 1, 0) if octets is not None else (1, 0, 1)
    has_opt = query[10:12] != b"\0\0"
    head = query[:2] + struct.pack("!HHHHH", 0x8580 | (query[2] & 1) << 8, *counts, int(has_opt))
    if octets is None:
        # The name of the SOA is the question's own: every name is a zone here.
        record = b"\xc0\x0c" + struct.pack("!HHIH", 6, 1, TTL_S, len(_SOA_RDATA)) + _SOA_RDATA
    else:
        record = b"\xc0\x0c" + struct.pack("!HHIH", type_, 1, TTL_S, len(octets)) + octets
    return head + question + record + _OPT_RECORD * has_opt


def serve(own: socket.socket, delay_s: float, counter: int) -> None:
    """Answer over *own*, each query *delay_s* late, and keep the count in the file *counter*."""
    own.setblocking(False)
    late: list[tuple[float, int, bytes, tuple[str, int]]] = []
    asked = 0
    while True:
        wait_s = max(late[0][0] - time.monotonic(), 0.0) if late else None
        select.select([own], [], [], wait_s)
        now_s = time.monotonic()
        for _ in range(64):
            try:
                query, peer = own.recvfrom(4096)
            except OSError:
                break
            asked += 1
            answer = answer_to(query)
            if answer is None:
                continue
            if delay_s:
                heapq.heappush(late, (now_s + delay_s, asked, answer, peer))
            else:
                _send(own, answer, peer)
        os.pwrite(counter, COUNT.pack(asked), 0)
        while late and late[0][0] <= time.monotonic():
            _, _, answer, peer = heapq.heappop(late)
            _send(own, answer, peer)


def _send(own: socket.socket, answer: bytes, peer: tuple[str, int]) -> None:
    try:
        own.sendto(answer, peer)
    except OSError:
        return  # whoever asked has gone


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description="an upstream that knows every name")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--counter", type=Path, default=Path(os.devnull))
    given = parser.parse_args()
    interrupt_nobody()
    counter = os.open(given.counter, os.O_RDWR | os.O_CREAT, 0o600)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        own.bind(("127.0.0.1", given.port))
        serve(own, given.delay_ms / 1000, counter)


if __name__ == "__main__":
    main()
