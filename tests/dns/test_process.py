"""`python -m schoolgate_dns`: started, asked with dig, stopped by a signal."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dns_world import source

from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot
from schoolgate_policyd.ipc.ready import parse_ready

pytestmark = pytest.mark.e2e


@contextmanager
def started(folder: Path, dns_settings: str) -> Iterator[subprocess.Popen[str]]:
    config = folder / "school.yaml"
    config.write_text(f"var_dir: {folder}/var\ndns: {{{dns_settings}}}\n")
    environment = os.environ | {"SCHOOLGATE_CONFIG": str(config), "SCHOOLGATE_LIVE": "1"}
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
    save_last_snapshot(tmp_path / "var" / "snapshots" / "dns.snapshot", source())
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
