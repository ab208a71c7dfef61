"""Workers as real processes: served by all, born again, ended with whoever started them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from schoolgate_dns.process.workers import (
    MISCONFIGURED,
    MOST_FAILED_STARTS,
    Workers,
    _SharedSigns,
)

pytestmark = pytest.mark.e2e

PROGRAM = """
import os, signal, sys, time
from pathlib import Path
from schoolgate_dns.process.sockets import open_sockets
from schoolgate_dns.process.workers import Workers
from schoolgate_policyd.logs import configure_logs
from schoolgate_policyd.dns_settings import DnsSettings

births = Path(sys.argv[1])
sockets = open_sockets(DnsSettings(port=0, workers=2))
configure_logs("dns")

def work(number, is_reborn, signs):
    with births.open("a") as file:
        file.write(f"{number} {os.getpid()} {is_reborn}\\n")
    BEFORE
    own = sockets[number - 1].udp
    own.setblocking(True)
    signs.serving()
    own.settimeout(0.2)
    while True:
        try:
            octets, peer = own.recvfrom(512)
        except TimeoutError:
            signs.alive()
            continue
        if octets == b"crash":
            raise ValueError("a mistake of ours")
        own.sendto(b"%d" % number, peer)

def ready():
    print("ready", sockets[0].port, flush=True)

def alive():
    print("alive", flush=True)

sys.exit(Workers(2, work).run(ready, ALIVE))
"""
CLIENTS = [f"127.0.1.{number}" for number in range(1, 21)]


class Running:
    def __init__(self, process: subprocess.Popen[str], births: Path) -> None:
        self.process = process
        self.port = 0
        self._births = births

    def wait_until_ready(self) -> None:
        assert self.process.stdout is not None
        word, _, port = self.process.stdout.readline().partition(" ")
        assert "ready" == word
        self.port = int(port)

    @property
    def births(self) -> list[tuple[int, int, bool]]:
        """Number, process and whether it took another's place, of every worker ever."""
        rows = [line.split() for line in self._births.read_text().splitlines()]
        return [(int(number), int(pid), reborn == "True") for number, pid, reborn in rows]

    def ask(self, client: str, octets: bytes = b"?", within_s: float = 5.0) -> bytes | None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.settimeout(within_s)
            own.bind((client, 0))
            own.sendto(octets, ("127.0.0.1", self.port))
            try:
                return own.recv(16)
            except TimeoutError:
                return None


@contextmanager
def started(folder: Path, before: str = "pass", alive: str = "None") -> Iterator[Running]:
    births = folder / "births"
    births.touch()
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            PROGRAM.replace("BEFORE", before).replace("ALIVE", alive),
            str(births),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield Running(process, births)
    finally:
        process.kill()
        process.communicate()


def is_alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rsplit(")", 1)[1].split()[0] != "Z"


def until_gone(pids: list[int]) -> None:
    until_s = time.monotonic() + 20
    while any(map(is_alive, pids)):
        assert time.monotonic() < until_s
        time.sleep(0.01)


def test_each_client_is_served_by_one_worker_and_both_serve(tmp_path: Path) -> None:
    with started(tmp_path) as running:
        running.wait_until_ready()
        by_client = [{running.ask(each) for _ in range(3)} for each in CLIENTS]

    assert {1} == {len(each) for each in by_client}
    assert {b"1", b"2"} == set.union(*by_client)


def test_while_none_is_stuck_that_is_said_again_and_again(tmp_path: Path) -> None:
    with started(tmp_path, alive="alive") as running:
        running.wait_until_ready()
        said = running.process.stdout
        assert said is not None
        assert ["alive\n"] * 2 == [said.readline() for _ in range(2)]


def test_all_are_well_while_each_serves_and_shows_it() -> None:
    workers = Workers(2, lambda _number, _is_reborn, _signs: 0)
    one, other = (_SharedSigns(at, workers._serving, workers._beats) for at in range(2))
    workers._serving[0] = 1
    one.alive()
    other.alive()
    assert not workers._is_well(100.0)
    workers._serving[1] = 1
    assert [True, True] == [workers._is_well(now_s) for now_s in (100.0, 104.9)]
    one.alive()
    assert not workers._is_well(105.0)
    other.alive()
    assert workers._is_well(106.0)


def test_a_beat_is_another_octet_however_many_there_were() -> None:
    workers = Workers(1, lambda _number, _is_reborn, _signs: 0)
    signs = _SharedSigns(0, workers._serving, workers._beats)
    seen = []
    for _ in range(300):
        signs.alive()
        seen.append(workers._beats[0])

    assert all(before != after for before, after in pairwise(seen))


def test_of_a_killed_worker_only_what_it_was_working_on_is_lost(tmp_path: Path) -> None:
    """Twenty clients have a query each under way, again and again, and a worker is killed."""
    rounds, killed_in = 60, 20
    with started(tmp_path) as running, ExitStack() as stack:
        running.wait_until_ready()
        victim = next(pid for number, pid, _ in running.births if number == 1)
        clients = []
        for each in CLIENTS:
            own = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            own.bind((each, 0))
            own.connect(("127.0.0.1", running.port))
            own.settimeout(2)
            clients.append(own)
        answered = 0
        for number in range(rounds):
            for own in clients:
                own.send(b"?")
            if number == killed_in:
                os.kill(victim, signal.SIGKILL)
            for own in clients:
                try:
                    answered += bool(own.recv(16))
                except TimeoutError:
                    continue
        births = running.births

    assert rounds * len(CLIENTS) - 1 <= answered
    assert [(1, True)] == [(number, is_reborn) for number, _, is_reborn in births[2:]]


def test_a_mistake_in_one_worker_costs_that_worker_alone(tmp_path: Path) -> None:
    with started(tmp_path) as running:
        running.wait_until_ready()
        unlucky = CLIENTS[0]
        hit = running.ask(unlucky)
        others = [each for each in CLIENTS if running.ask(each) != hit]
        assert None is running.ask(unlucky, b"crash", within_s=0.2)
        assert hit == running.ask(unlucky)
        assert None not in [running.ask(each) for each in others]
        pids = {pid for number, pid, _ in running.births if b"%d" % number != hit}

    assert 1 == len(pids)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_all_of_them(tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path) as running:
        running.wait_until_ready()
        pids = [pid for _, pid, _ in running.births]
        running.process.send_signal(number)

        assert 0 == running.process.wait(10)
        assert [] == [pid for pid in pids if is_alive(pid)]


def test_a_second_signal_ends_those_that_do_not_listen(tmp_path: Path) -> None:
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    with started(tmp_path, deaf) as running:
        running.wait_until_ready()
        pids = [pid for _, pid, _ in running.births]
        started_at_s = time.monotonic()
        while running.process.poll() is None:
            running.process.send_signal(signal.SIGTERM)
            time.sleep(0.05)

        assert 2 > time.monotonic() - started_at_s
        assert [] == [pid for pid in pids if is_alive(pid)]


def test_they_end_with_the_process_that_keeps_them(tmp_path: Path) -> None:
    with started(tmp_path) as running:
        running.wait_until_ready()
        pids = [pid for _, pid, _ in running.births]
        running.process.kill()
        until_gone(pids)


@pytest.mark.parametrize(
    ("before", "births"),
    [
        ("if number == 2: return 3", MOST_FAILED_STARTS),
        (f"if number == 2: return {MISCONFIGURED}", 1),
    ],
    ids=["for no known reason", "misconfigured"],
)
def test_one_that_never_serves_is_given_up_and_all_with_it(
    tmp_path: Path, before: str, births: int
) -> None:
    with started(tmp_path, before) as running:
        assert 1 == running.process.wait(20)
        assert "" == (running.process.stdout and running.process.stdout.read())
        assert births == len([each for each in running.births if each[0] == 2])
        assert [] == [pid for _, pid, _ in running.births if is_alive(pid)]
