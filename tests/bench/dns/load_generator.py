"""
The load generator: as many answers as a server on the other core can give.

    python tests/bench/dns/load_generator.py --port 5353 --seconds 5
    python tests/bench/dns/load_generator.py --ceiling

Each client keeps a window of queries in flight over its own socket; batches go out and come in
by one system call each, and the loop never sleeps, so that the server never waits. Answers are
counted by response code; of each batch one is compared with its query. The ceiling is what it
gets out of an echo that parses nothing.
"""

import argparse
import gc
import multiprocessing
import os
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

from datagrams import Inbox, Outbox, connected
from echo import echo_for_ever
from packets import BLOCKED, CLIENTS, MIXED, Ask, Asking, WrongAnswerError, is_answer_to
from probing import Turning

BATCH = 16
WINDOW = 32
# An answer that did not come within this time was lost, and its place in the window is free.
LOST_AFTER_S = 0.25
SERVER_CORE, OWN_CORE = 0, 1
_REST_S = 0.0005


@dataclass
class Tally:
    """What came back in *seconds*; *own_cpu_s* is what asking cost the generator."""

    seconds: float = 0.0
    answered: int = 0
    lost: int = 0
    checked: int = 0
    own_cpu_s: float = 0.0
    rcodes: Counter[int] = field(default_factory=Counter)

    @property
    def per_s(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds


class Client:
    """One source address with its asks, packed; *window* queries are in flight at most."""

    def __init__(
        self, address: str, port: int, asks: Sequence[Ask], window: int, *, is_checked: bool
    ) -> None:
        self.asks = asks
        self._is_checked = is_checked
        self._outbox = Outbox([ask.packet(id_) for id_, ask in enumerate(asks)])
        self._socket = connected(address, port)
        self._fd = self._socket.fileno()
        self._window = window
        self._next = 0
        self._in_flight = 0
        self._heard_s = time.perf_counter()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def send(self) -> None:
        """Fill the window, by whole batches."""
        while self._in_flight + BATCH <= self._window:
            count = min(BATCH, len(self.asks) - self._next)
            sent = self._outbox.send(self._fd, self._next, count)
            self._in_flight += sent
            self._next = (self._next + sent) % len(self.asks)
            if sent < count:
                return

    def receive(self, inbox: Inbox, now_s: float, tally: Tally) -> None:
        """Take and count what came; compare the first of it with its query."""
        count = inbox.receive(self._fd)
        if not count:
            if self._in_flight and now_s - self._heard_s > LOST_AFTER_S:
                tally.lost += self._in_flight
                self._in_flight = 0
                self._heard_s = now_s
            return
        self._heard_s = now_s
        self._in_flight = max(self._in_flight - count, 0)
        tally.answered += count
        tally.rcodes.update(inbox.octet_of_each(3, count).translate(_RCODE_OF_OCTET))
        if self._is_checked:
            self._check(inbox.datagram(0))
            tally.checked += 1

    def _check(self, answer: bytes) -> None:
        ask = self.asks[int.from_bytes(answer[:2]) % len(self.asks)]
        packet = ask.packet(int.from_bytes(answer[:2]))
        if not is_answer_to(answer, packet, ask.rcode):
            raise WrongAnswerError(f"{ask}: {answer.hex()}")


_RCODE_OF_OCTET = bytes(octet & 0x0F for octet in range(256))


class Load:
    """Clients that ask a server on *port*, each what *mix* gives it; it may be run repeatedly."""

    def __init__(
        self,
        port: int,
        mix: Asking,
        clients: Sequence[str] = CLIENTS,
        *,
        window: int = WINDOW,
        probes: Sequence[Turning] = (),
        is_checked: bool = True,
    ) -> None:
        self._probes = probes
        self._clients = [
            Client(address, port, mix.asks_of(number), window, is_checked=is_checked)
            for number, address in enumerate(clients)
        ]
        self._inbox = Inbox()

    def close(self) -> None:
        """Close every socket."""
        for client in self._clients:
            client.close()

    def run(self, seconds: float, per_s: float | None = None) -> Tally:
        """
        Ask for *seconds*, as fast as answers come, or so many *per_s* and resting in between.

        Raises WrongAnswerError.
        """
        tally, inbox, probes = Tally(), self._inbox, self._probes
        clients, clock = self._clients, time.perf_counter
        with without_collection():
            own_cpu_s, started_s = time.thread_time(), clock()
            ends_s = started_s + seconds
            while (now_s := clock()) < ends_s:
                is_due = per_s is None or tally.answered < (now_s - started_s) * per_s
                if not is_due:
                    time.sleep(_REST_S)
                for client in clients:
                    if is_due:
                        client.send()
                    client.receive(inbox, now_s, tally)
                for probe in probes:
                    probe.turn(now_s)
            tally.seconds = clock() - started_s
            tally.own_cpu_s = time.thread_time() - own_cpu_s
        return tally

    def warm_up(self, within_s: float = 120.0) -> None:
        """Ask everything twice, until no more than one in a thousand is lost or fails."""
        ends_s = time.perf_counter() + within_s
        asks = 2 * sum(len(client.asks) for client in self._clients)
        while time.perf_counter() < ends_s:
            answered = lost = 0
            while answered < asks and time.perf_counter() < ends_s:
                tally = self.run(0.25)
                answered += tally.answered
                lost += tally.lost + tally.rcodes[2]
            if lost * 1000 <= answered:
                return
        raise TimeoutError(f"not warm within {within_s} s")


@contextmanager
def without_collection() -> Iterator[None]:
    """Keep Python's collector out of what is measured."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def echo() -> Iterator[int]:
    """Run an echo on the server's core; its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        own.bind(("127.0.0.1", 0))
        fork = multiprocessing.get_context("fork")
        process = fork.Process(target=echo_for_ever, args=(own, SERVER_CORE), daemon=True)
        process.start()
        try:
            yield own.getsockname()[1]
        finally:
            process.kill()
            process.join()


def main() -> None:
    """Ask one server, or the echo."""
    parser = argparse.ArgumentParser(description="load for a DNS server")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--port", type=int)
    which.add_argument("--ceiling", action="store_true")
    parser.add_argument("--mix", choices=("mixed", "blocked"), default="mixed")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--window", type=int, default=WINDOW)
    given = parser.parse_args()
    os.sched_setaffinity(0, {OWN_CORE})
    with echo() if given.ceiling else nullcontext(given.port) as port:
        mix = MIXED if given.mix == "mixed" else BLOCKED
        load = Load(port, mix, window=given.window, is_checked=not given.ceiling)
        tally = load.run(given.seconds)
        load.close()
    print(
        f"{tally.per_s / 1000:.1f} kq/s, {tally.lost} lost, rcodes {dict(tally.rcodes)}, ", end=""
    )
    print(f"{tally.own_cpu_s / tally.answered * 1e6:.2f} µs of CPU of the generator an answer")


if __name__ == "__main__":
    main()
