"""`python -m schoolgate_dns`: started, asked with dig, stopped by a signal."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import dns.query
import dns.rcode
import pytest
from dns_world import query, source
from free_ports import free_ports

from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot
from schoolgate_policyd.ipc.ready import parse_ready

pytestmark = pytest.mark.e2e


@contextmanager
def started(
    folder: Path, dns_settings: str, **more_environment: str
) -> Iterator[subprocess.Popen[str]]:
    config = folder / "school.yaml"
    config.write_text(f"var_dir: {folder}/var\ndns: {{{dns_settings}}}\n")
    environment = os.environ | {"SCHOOLGATE_CONFIG": str(config), "SCHOOLGATE_LIVE": "1"}
    environment |= more_environment
    process = subprocess.Popen(
        [sys.executable, "-m", "schoolgate_dns"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_a_signal_and_ends_cleanly(tmp_path: Path, number: int) -> None:
    dig = shutil.which("dig")
    if dig is None:
        pytest.skip("dig is not installed: apt-get install bind9-dnsutils")
    save_last_snapshot(tmp_path / "var" / "snapshots" / "dns" / "dns.snapshot", source())
    with started(tmp_path, "port: 0, upstreams: ['127.0.0.1:1']") as process:
        assert process.stdout is not None
        ready = parse_ready(process.stdout.readline())
        assert ready is not None
        assert "dns" == ready[0]
        port = ready[1].rpartition(":")[2]
        asked = [dig, "-b", "127.0.1.10", "@127.0.0.1", "-p", port, "www.tiktok.example"]
        told = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
        process.send_signal(number)
        lines, errors = process.communicate(timeout=10)

    assert "status: NXDOMAIN" in told
    assert "(pupils-social-media: Social Media Policy, September 2022," in told
    assert "block  127.0.1.10 pupil       www.tiktok.example A  pupils-social-media" in lines
    assert 0 == process.returncode
    assert "tiktok" not in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("dns_settings", "told"),
    [
        ("port: 5399, upstreams: ['127.0.0.1:5399']", "dns.upstreams: names nobody to ask"),
        ("address: 192.0.2.1, port: 0, upstreams: ['127.0.0.1:1']", "cannot serve at dns.address"),
        ("port: many", "dns.port"),
    ],
)
def test_it_says_what_to_change_when_it_cannot_start(
    tmp_path: Path, dns_settings: str, told: str
) -> None:
    with started(tmp_path, dns_settings) as process:
        _, errors = process.communicate(timeout=20)

    assert 1 == process.returncode
    assert told in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("workers", [1, 2])
def test_the_service_manager_learns_that_all_serve_and_that_none_is_stuck(
    tmp_path: Path, workers: int
) -> None:
    settings = (
        f"port: 0, upstreams: ['127.0.0.1:1'], workers: {workers}, further_addresses: ['::1']"
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + f"sg-{os.getpid()}-{workers}")
        manager.settimeout(20)
        said = {"NOTIFY_SOCKET": f"@sg-{os.getpid()}-{workers}", "WATCHDOG_USEC": "600000"}
        with started(tmp_path, settings, **said) as process:
            assert [b"READY=1", b"WATCHDOG=1"] == [manager.recv(100) for _ in range(2)]
            assert process.stdout is not None
            assert parse_ready(process.stdout.readline()) is not None


def test_several_workers_serve_one_port_and_each_has_a_name_of_its_own(tmp_path: Path) -> None:
    """What each saw is in a spool of its own; one that is killed has another in its place."""
    save_last_snapshot(tmp_path / "var" / "snapshots" / "dns" / "dns.snapshot", source())
    more = "port: 0, upstreams: ['127.0.0.1:1'], workers: 2, metrics_port: "
    free = sorted(free_ports(400))
    metrics = next([one, other] for one, other in pairwise(free) if one + 1 == other)
    with started(tmp_path, f"{more}{metrics[0]}, address: 127.0.0.1") as process:
        assert process.stdout is not None
        ready = parse_ready(process.stdout.readline())
        assert ready is not None
        port = int(ready[1].rpartition(":")[2])
        clients = [f"127.0.1.{number}" for number in range(10, 30)]
        blocked = query("www.tiktok.example")
        rcodes = {
            dns.query.udp(blocked, "127.0.0.1", 5, port, source=each).rcode() for each in clients
        }
        workers = [int(pid) for pid in children_of(process.pid)]
        os.kill(workers[1], signal.SIGKILL)
        rcodes |= {
            dns.query.tcp(blocked, "127.0.0.1", 5, port, source=each).rcode() for each in clients
        }
        rcodes |= {
            dns.query.udp(blocked, "127.0.0.1", 5, port, source=each).rcode() for each in clients
        }
        again = [int(pid) for pid in children_of(process.pid)]
        served = [text_of(f"http://127.0.0.1:{each}/metrics") for each in metrics]
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)

    assert {dns.rcode.NXDOMAIN} == rcodes
    assert 2 == len(workers) == len(again)
    assert workers[0] in again
    assert workers[1] not in again
    assert all('schoolgate_dns_queries_total{transport="udp"}' in each for each in served)
    assert {"dns", "dns-2"} == {
        each.name for each in (tmp_path / "var" / "spool" / "dns").iterdir()
    }
    assert 0 == process.returncode
    assert "Traceback" not in errors


def test_a_port_that_others_answer_at_is_not_shared_with_them(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        more = f"port: {port}, upstreams: ['127.0.0.1:1'], workers: 2"
        with started(tmp_path, more) as process:
            _, errors = process.communicate(timeout=20)

    assert 1 == process.returncode
    assert "cannot serve at dns.address" in errors


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def text_of(url: str) -> str:
    until_s = time.monotonic() + 10
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - the scheme is ours
                text: str = answer.read().decode()
                return text
        except urllib.error.URLError:
            # A worker that was only just born serves DNS first.
            assert time.monotonic() < until_s
            time.sleep(0.02)
