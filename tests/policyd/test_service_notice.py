import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from schoolgate_policyd import service_notice


class Manager:
    """A service manager's end of the socket."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._socket.setblocking(False)

    def heard(self) -> list[str]:
        words = []
        while True:
            try:
                words.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return words

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setattr(service_notice, "_said_alive_at", None)
    with closing(Manager(str(tmp_path / "notify"))) as it:
        yield it


def test_what_is_said_is_heard(manager: Manager) -> None:
    service_notice.ready()
    service_notice.stopping()

    assert ["READY=1", "STOPPING=1"] == manager.heard()


def test_an_abstract_socket_is_spoken_to(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"schoolgate-{secrets.token_hex(8)}"
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
    with closing(Manager(f"\0{name}")) as manager:
        service_notice.ready()

        assert ["READY=1"] == manager.heard()


def test_alive_speaks_once_in_a_third_of_the_watchdogs_time(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    for _ in range(5):
        service_notice.alive()

    assert 10.0 == service_notice.alive_every_s()
    assert ["WATCHDOG=1"] == manager.heard()


def test_alive_speaks_again_when_the_time_is_over(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "3")
    for _ in range(5):
        service_notice.alive()

    assert ["WATCHDOG=1"] * 5 == manager.heard()


@pytest.mark.parametrize("granted", ["", "0", "-5", "soon", "٣", "9" * 30])
def test_without_a_watchdog_nothing_is_said(
    manager: Manager, monkeypatch: pytest.MonkeyPatch, granted: str
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", granted)
    service_notice.alive()

    assert [] == manager.heard()


def test_a_watchdog_that_waits_for_another_process_hears_nothing(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid() + 1))
    service_notice.alive()

    assert [] == manager.heard()


@pytest.mark.parametrize("place", ["", "relative", "/nowhere/at/all", "@" + "x" * 300, "@none"])
def test_where_nobody_listens_nothing_is_raised(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", place)
    monkeypatch.setenv("WATCHDOG_USEC", "3")

    service_notice.ready()
    service_notice.alive()
    service_notice.stopping()


def test_a_manager_that_does_not_read_keeps_nobody_waiting(manager: Manager) -> None:
    for _ in range(3000):
        service_notice.ready()

    assert manager.heard()
