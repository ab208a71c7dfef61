"""What runs when its time is over ends within a second; what is still allowed does not hiccup."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest
from local_internet import LocalInternet
from proxy_school import BREAK, STAFF, teachers_grant
from running_proxy import RunningProxy

from schoolgate_policyd.clock import open_school_clock
from schoolgate_policyd.core.names import parse_url
from schoolgate_policyd.core.policy import Live
from schoolgate_policyd.core.rules import PageScope

BREAK_ENDS = BREAK.replace(minute=45)
AT_MOST = timedelta(seconds=1)


class Download:
    """A curl that reads what never ends."""

    def __init__(
        self, proxy: RunningProxy, url: str, into: Path, trusting: Path, *options: str
    ) -> None:
        self._into = into
        into.write_bytes(b"")
        self._process = subprocess.Popen(
            [
                *("curl", "--disable", "--silent", "--no-buffer", "--interface", STAFF),
                *("--proxy", f"http://{proxy.host}:{proxy.port}", "--noproxy", ""),
                *("--cacert", str(trusting), "--output", str(into)),
                *(*options, url),
            ]
        )

    @property
    def octets(self) -> int:
        return self._into.stat().st_size

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def goes_on(self) -> bool:
        """Whether more comes."""
        before = self.octets
        return wait_until(lambda: self.octets > before, 3)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


def wait_until(holds: Callable[[], bool], within_s: float) -> bool:
    until = monotonic() + within_s
    while monotonic() < until:
        if holds():
            return True
        sleep(0.01)
    return holds()


@contextmanager
def downloading(
    proxy: RunningProxy, url: str, into: Path, trusting: Path, *options: str
) -> Iterator[Download]:
    download = Download(proxy, url, into, trusting, *options)
    try:
        assert wait_until(lambda: download.octets > 0, 5)
        yield download
    finally:
        download.stop()


def test_at_the_bell_what_was_passed_through_ends_and_the_rest_goes_on(
    start_proxy: Callable[..., RunningProxy], internet: LocalInternet, tmp_path: Path
) -> None:
    proxy = start_proxy(at=BREAK_ENDS - timedelta(seconds=8))
    school_clock = open_school_clock(proxy.settings)
    port = internet.https_port
    social = (f"https://www.tiktok.com:{port}/slow", tmp_path / "a", proxy.origin_ca)
    lessons = (f"https://lessons.example:{port}/slow", tmp_path / "b", proxy.origin_ca)

    with downloading(proxy, *social) as blocked, downloading(proxy, *lessons) as allowed:
        assert wait_until(lambda: not blocked.runs, 20)
        ended = school_clock.now()

        assert BREAK_ENDS <= ended < BREAK_ENDS + AT_MOST
        assert allowed.runs
        assert allowed.goes_on()
    assert wait_until(lambda: 0 == internet.open_connections, 5)


def test_a_grant_that_ends_ends_what_it_had_opened(
    start_proxy: Callable[..., RunningProxy], internet: LocalInternet, tmp_path: Path
) -> None:
    proxy = start_proxy()
    school_clock = open_school_clock(proxy.settings)
    url = f"https://www.tiktok.com:{internet.https_port}/slow"
    ends_at = school_clock.now() + timedelta(seconds=3)
    proxy.put_in_force(Live(grants=(teachers_grant(PageScope(parse_url(url)), ends_at),)))

    with downloading(proxy, url, tmp_path / "a", proxy.ca) as granted:
        assert wait_until(lambda: not granted.runs, 20)

        assert ends_at <= school_clock.now() < ends_at + AT_MOST


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_grant_that_is_withdrawn_ends_what_it_had_opened(
    start_proxy: Callable[..., RunningProxy],
    internet: LocalInternet,
    tmp_path: Path,
    version: str,
) -> None:
    proxy = start_proxy()
    url = f"https://www.tiktok.com:{internet.https_port}/slow"
    proxy.put_in_force(Live(grants=(teachers_grant(PageScope(parse_url(url))),)))

    with downloading(proxy, url, tmp_path / "a", proxy.ca, version) as granted:
        proxy.put_in_force(Live())

        assert wait_until(lambda: not granted.runs, AT_MOST.total_seconds())
    assert wait_until(lambda: 0 == internet.open_connections, 5)


def test_a_websocket_ends_when_its_grant_is_withdrawn(
    start_proxy: Callable[..., RunningProxy], internet: LocalInternet
) -> None:
    proxy = start_proxy()
    host = f"www.tiktok.com:{internet.https_port}"
    page = PageScope(parse_url(f"https://{host}/live"))
    proxy.put_in_force(Live(grants=(teachers_grant(page),)))

    with proxy.tunnel(STAFF) as client:
        client.connect(host)
        client.start_tls("www.tiktok.com", proxy.ca)
        client.send(
            f"GET /live HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        assert b" 101 " in client.read_until(b"\r\n\r\n")
        proxy.put_in_force(Live())

        started = monotonic()
        assert client.is_closed_by_proxy()
        assert monotonic() - started < AT_MOST.total_seconds()


def test_a_download_survives_a_revision_that_does_not_touch_it(
    start_proxy: Callable[..., RunningProxy], internet: LocalInternet, tmp_path: Path
) -> None:
    proxy = start_proxy()
    url = f"https://lessons.example:{internet.https_port}/slow"

    with downloading(proxy, url, tmp_path / "a", proxy.origin_ca) as allowed:
        for _ in range(3):
            proxy.put_in_force(Live())
            assert allowed.goes_on()
        assert allowed.runs
