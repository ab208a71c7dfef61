"""What is counted: written as Prometheus reads it, bounded, and about no child."""

import asyncio
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from dns_world import run
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from schoolgate_dns.metrics.histogram import Histogram
from schoolgate_dns.metrics.server import MAX_CONNECTIONS, MetricsServer
from schoolgate_dns.metrics.text import LABELS, MAX_SERIES, PREFIX, Metrics
from schoolgate_dns.point import Point
from schoolgate_policyd.dns_settings import DnsSettings
from schoolgate_policyd.settings import Settings

Values = Mapping[tuple[str, ...], float]


def read_back(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample as prometheus-client reads it, without the prefix."""
    return {
        (sample.name.removeprefix(PREFIX), tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(metrics.text())
        for sample in family.samples
    }


@pytest.mark.parametrize("value", [0, 3, 2.5, 1e-9, 2**53, math.inf, True])
def test_a_number_is_read_as_it_was(value: float) -> None:
    metrics = Metrics()
    metrics.add("number", "A number.", lambda: value)

    assert {("number", ()): float(value)} == read_back(metrics)


@pytest.mark.parametrize("name", ["9.9.9.9:53", 'a "quoted" \\ name', "two\nlines", "tls://é#x{}"])
def test_a_label_is_read_as_it_was(name: str) -> None:
    metrics = Metrics()
    metrics.add("asked_total", "Questions.", lambda: {(name, "asked"): 3}, ("upstream", "event"))

    assert {("asked_total", (("event", "asked"), ("upstream", name))): 3} == read_back(metrics)


def test_kinds_and_words_are_told() -> None:
    metrics = Metrics()
    metrics.add("asked_total", "Questions.", lambda: 1)
    metrics.add("clients", "Addresses.", lambda: 2)
    families = {each.name: each for each in text_string_to_metric_families(metrics.text())}

    assert "counter" == families[f"{PREFIX}asked"].type
    assert "gauge" == families[f"{PREFIX}clients"].type
    assert "Addresses." == families[f"{PREFIX}clients"].documentation


def test_a_histogram_counts_what_is_at_most_each_bound() -> None:
    histogram = Histogram((0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 7.0):
        histogram.observe(seconds)
    metrics = Metrics()
    metrics.add_histograms("seconds", "Time.", lambda: {("a",): histogram}, ("upstream",))
    found = read_back(metrics)

    buckets = {
        dict(labels)["le"]: value for (name, labels), value in found.items() if "bucket" in name
    }
    assert {"0.1": 2, "1": 3, "+Inf": 4} == buckets
    assert 4 == found[("seconds_count", (("upstream", "a"),))]
    assert 7.65 == pytest.approx(found[("seconds_sum", (("upstream", "a"),))])


def test_two_histograms_are_joined() -> None:
    one, other = Histogram((1.0,)), Histogram((1.0,))
    one.observe(0.5)
    other.observe(2.0)
    joined = one.joined(other)

    assert [(1.0, 1), (math.inf, 2)] == list(joined.up_to())
    assert 2.5 == joined.sum
    assert [(1.0, 1), (math.inf, 1)] == list(one.up_to())


@pytest.mark.parametrize(
    ("name", "labels"),
    [("clients", ("client",)), ("asked", ("host",)), ("Clients", ()), ("a b", ()), ("known", ())],
)
def test_what_may_not_be_a_metric_is_refused(name: str, labels: tuple[str, ...]) -> None:
    metrics = Metrics()
    metrics.add("known", "Known.", lambda: 1)
    with pytest.raises(ValueError, match=name):
        metrics.add(name, "Something.", dict, labels)


def test_no_label_names_a_person_a_client_or_a_host() -> None:
    assert set() == LABELS & {"client", "address", "host", "name", "person", "device", "network"}


@pytest.mark.parametrize(
    "read",
    [lambda: 1 / 0, lambda: {(str(each),): 1 for each in range(MAX_SERIES + 1)}, lambda: {(): 1}],
    ids=["fails", "too many", "no labels"],
)
def test_one_that_cannot_be_read_does_not_take_the_others_with_it(
    read: Callable[[], float | Values],
) -> None:
    metrics = Metrics()
    metrics.add("broken", "Broken.", read, ("event",))
    metrics.add("whole", "Whole.", lambda: 1)
    with capture_logs() as logs:
        assert {("whole", ()): 1} == read_back(metrics)

    assert ["broken"] == [each["metric"] for each in logs]


async def asked(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET /metrics HTTP/1.1", b"200 OK"),
        (b"GET /metrics?x=y HTTP/1.0", b"200 OK"),
        (b"POST /metrics HTTP/1.1", b"405 Method Not Allowed"),
        (b"GET / HTTP/1.1", b"404 Not Found"),
        (b"GET", b"404 Not Found"),
        (b"", b"404 Not Found"),
    ],
)
def test_metrics_are_got_at_one_path(request_line: bytes, status: bytes) -> None:
    metrics = Metrics()
    metrics.add("number", "A number.", lambda: 7)

    async def scenario() -> bytes:
        server = MetricsServer(metrics, 0)
        await server.start()
        try:
            assert server.port is not None
            return await asked(server.port, request_line + b"\r\nHost: x\r\n\r\n")
        finally:
            await server.stop()

    head, _, body = run(scenario()).partition(b"\r\n\r\n")
    assert b"HTTP/1.1 " + status == head.partition(b"\r\n")[0]
    assert f"Content-Length: {len(body)}".encode() in head
    assert (b"schoolgate_dns_number 7" in body) == status.startswith(b"200")


def test_whoever_says_too_much_or_nothing_keeps_nobody_waiting() -> None:
    """As many as there are places say nothing; one that says too much is sent away."""

    async def scenario() -> list[bytes]:
        server = MetricsServer(Metrics(), 0)
        await server.start()
        assert server.port is not None
        too_much = await asked(server.port, b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 70_000)
        silent = [
            await asyncio.open_connection("127.0.0.1", server.port) for _ in range(MAX_CONNECTIONS)
        ]
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        one_too_many = await reader.read()
        await server.stop()
        ended = [await each[0].read() for each in silent]
        for each in (writer, *(each[1] for each in silent)):
            each.close()
        return [too_much, one_too_many, *ended]

    assert {b""} == set(run(scenario()))


def test_a_port_that_is_taken_is_logged_and_that_is_all() -> None:
    async def scenario() -> list[str]:
        first = MetricsServer(Metrics(), 0)
        await first.start()
        second = MetricsServer(Metrics(), first.port)
        with capture_logs() as logs:
            await second.start()
        await second.stop()
        await first.stop()
        return [each["event"] for each in logs]

    assert ["no metrics: dns.metrics_port cannot be had"] == run(scenario())


def test_every_metric_stands_in_the_documentation_and_no_other(tmp_path: Path) -> None:
    settings = Settings(
        var_dir=tmp_path,
        dns=DnsSettings(port=0, upstreams=("127.0.0.1:1",), upstream_timeout_s=0.1),
    )

    async def exported() -> Metrics:
        point = Point(settings)
        stop = asyncio.Event()
        stop.set()
        await point.run(stop, lambda _place: None)
        return point.metrics

    metrics = run(exported())
    text = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text()
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    documented = [name for row in rows for name in re.findall(r"`(\w+)`", row)]

    assert sorted(documented) == sorted(metrics.names)
    families = {each.name for each in text_string_to_metric_families(metrics.text())}
    assert {PREFIX + name.removesuffix("_total") for name in documented} == families
