"""The local internet and the running proxy that this folder's tests share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from local_internet import ORIGIN, PRIVATE, LocalInternet
from running_proxy import RunningProxy

NOBODY_THERE = "127.20.0.99"
NAMES = (
    "www.tiktok.com",
    "www.parents.example",
    "lessons.example",
    "other.example",
    "my.bank.example",
    "forum.bank.example",
    "help.childline.example",
    "vpn.example",
    "hidden.example",
)


@pytest.fixture(scope="session")
def internet() -> Iterator[LocalInternet]:
    """A local internet, for as long as the tests run."""
    local = LocalInternet((*NAMES, ORIGIN), addresses=dict.fromkeys(NAMES, ORIGIN))
    local.addresses["inside.example"] = PRIVATE
    local.addresses["badcert.example"] = ORIGIN
    local.addresses["down.example"] = NOBODY_THERE
    local.cnames["hidden.example"] = "www.tiktok.com"
    local.start()
    yield local
    local.stop()


@pytest.fixture(scope="module")
def proxy(
    internet: LocalInternet, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProxy]:
    """The proxy of the test school, in a lesson; a module's tests share it."""
    running = RunningProxy(tmp_path_factory.mktemp("proxy"), internet)
    running.start()
    yield running
    assert 0 == running.stop()
    assert "fault" not in running.errors
    assert "could not be decided" not in running.errors


@pytest.fixture(scope="session")
def fresh_addresses() -> Iterator[int]:
    """The last parts of addresses that nobody has asked from yet."""
    return iter(range(100, 250))


@pytest.fixture
def new_pupil(fresh_addresses: Iterator[int]) -> str:
    """A pupil's address of which nothing was recorded yet: alike events are told as one."""
    return f"127.0.1.{next(fresh_addresses)}"


@pytest.fixture
def start_proxy(internet: LocalInternet, tmp_path: Path) -> Iterator[Callable[..., RunningProxy]]:
    """Start a proxy of one's own, with other settings."""
    started: list[RunningProxy] = []

    def start(**settings: object) -> RunningProxy:
        running = RunningProxy(tmp_path, internet, **settings)  # type: ignore[arg-type] # the caller's
        started.append(running)
        running.start()
        return running

    yield start
    for running in started:
        running.stop()
