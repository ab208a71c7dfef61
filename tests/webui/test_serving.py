"""`python -m schoolgate_webui` as the supervisor runs it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from free_ports import free_port
from ruamel.yaml import YAML

from schoolgate_policyd.ipc.ready import parse_ready

STOPS_WITHIN_S = 15


def config_in(folder: Path, port: int, *, rules_dir: Path | None = None) -> Path:
    path = folder / "config.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(
            {
                "school": "twiss-green",
                "var_dir": str(folder / "var"),
                **({} if rules_dir is None else {"rules_dir": str(rules_dir)}),
                "web": {
                    "address": "127.0.0.1",
                    "port": port,
                    "public_url": f"http://localhost:{port}",
                },
            },
            file,
        )
    return path


@contextmanager
def started(config: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "schoolgate_webui"],
        env={**os.environ, "SCHOOLGATE_CONFIG": str(config)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        ready = parse_ready(process.stdout.readline())
        assert ready is not None
        assert "webui" == ready[0]
        yield process, ready[1]
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_serves_and_stops_cleanly_with_connections_open(
    tmp_path: Path, number: signal.Signals
) -> None:
    port = free_port("127.0.0.1")
    with (
        started(config_in(tmp_path, port)) as (process, where),
        socket.create_connection(("127.0.0.1", port)) as idle,
        httpx.Client(base_url=f"http://localhost:{port}") as client,
    ):
        assert f"127.0.0.1:{port}" == where
        answer = client.get("/")
        assert 200 == answer.status_code
        assert "text/html; charset=utf-8" == answer.headers["content-type"]
        idle.sendall(b"GET / HTTP/1.1\r\n")

        process.send_signal(number)

        assert 0 == process.wait(STOPS_WITHIN_S)


def test_port_0_is_a_port_that_is_free(tmp_path: Path) -> None:
    with started(config_in(tmp_path, 0)) as (_, where):
        answer = httpx.get(f"http://{where}/help")

        assert 0 != int(where.rpartition(":")[2])
        assert 200 == answer.status_code


def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = config_in(tmp_path, taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "schoolgate_webui"],
            env={**os.environ, "SCHOOLGATE_CONFIG": str(config)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert 1 == done.returncode
    assert "cannot listen there" in done.stderr
    assert "Traceback" not in done.stderr
