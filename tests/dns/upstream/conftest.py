"""Certificates of upstreams, and the loops that transports run on."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
import uvloop
from dns_streams import CertificateFiles, certificate_files

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> CertificateFiles:
    return certificate_files(tmp_path_factory.mktemp("upstream"))


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """Runs a coroutine: TLS is the loop's own, and the point runs on uvloop."""
    with asyncio.Runner(loop_factory=request.param) as runner:
        yield runner.run
