"""Which worker a process is: a name, ports and an authority that they share."""

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from schoolgate_policyd.dns_settings import DnsSettings
from schoolgate_policyd.settings import ProxySettings, Settings
from schoolgate_proxy.authority import CA_FILE, make_once
from schoolgate_proxy.workers import Worker, WorkerError, number_in, worker_of

SETTINGS = Settings(
    dns=DnsSettings(inspection_addresses=("192.0.2.1",)),
    proxy=ProxySettings(port=8080, workers=3, intercept_port=8443),
)
_MAKE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from schoolgate_proxy.authority import ensure_authority
sys.stdin.read()
print(ensure_authority(Path(sys.argv[1]), Path(sys.argv[2]), datetime.now(UTC)).read_text())
"""


@pytest.mark.parametrize(
    ("number", "worker"),
    [
        (1, Worker("proxy", 8080, 8443)),
        (2, Worker("proxy-2", 8081, 8444)),
        (3, Worker("proxy-3", 8082, 8445)),
    ],
)
def test_each_worker_has_a_name_and_ports_of_its_own(number: int, worker: Worker) -> None:
    assert worker == worker_of(SETTINGS, number)


@pytest.mark.parametrize("number", [0, 4, -1])
def test_a_worker_that_is_not_configured_is_refused(number: int) -> None:
    with pytest.raises(WorkerError, match=r"proxy\.workers is 3"):
        worker_of(SETTINGS, number)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(proxy=ProxySettings(port=0, workers=2)),
        Settings(proxy=ProxySettings(port=0, workers=2, intercept_port=8443)),
    ],
)
def test_without_a_firewall_nothing_is_intercepted(settings: Settings) -> None:
    assert Worker("proxy-2", 0, None) == worker_of(settings, 2)


def test_a_command_line_means_a_worker_by_its_number() -> None:
    assert [1, 1, 12] == [number_in([]), number_in(["1"]), number_in(["12"])]


@pytest.mark.parametrize("arguments", [["two"], ["-1"], ["1", "2"], [""], ["²"]])
def test_what_means_no_worker_is_refused(arguments: list[str]) -> None:
    with pytest.raises(WorkerError, match="by its number"):
        number_in(arguments)


def test_workers_that_start_together_have_one_authority(tmp_path: Path) -> None:
    folder, certificate = tmp_path / "ca", tmp_path / "ca.pem"
    command = [sys.executable, "-c", _MAKE, str(folder), str(certificate)]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    with ThreadPoolExecutor(len(workers)) as together:
        made = list(together.map(lambda worker: worker.communicate("go", 30)[0], workers))

    assert 1 == len(set(made))
    assert certificate.read_text() in made[0]
    assert [CA_FILE] == [each.name for each in folder.iterdir()]


def test_an_authority_that_came_first_is_kept(tmp_path: Path) -> None:
    """Two workers find none; the one that is slower takes the other's."""
    place = tmp_path / CA_FILE
    make_once(place, b"the first one's")
    make_once(place, b"the second one's")

    assert b"the first one's" == place.read_bytes()
    assert [place] == list(tmp_path.iterdir())
    assert 0o600 == stat.S_IMODE(place.stat().st_mode)
