"""DNS over HTTPS, asked by other people's clients and by hostile ones."""

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import h2.config
import h2.connection
import h2.errors
import h2.events
import pytest
from dns_encrypted import gateway
from dns_streams import GATEWAY, OCTETS, CertificateFiles, Echo, Names, connected, output_of
from dns_world import PUPIL, query, until

from schoolgate_dns.encrypted import http2
from schoolgate_dns.streams.connections import Connections, StreamLimits

Run = Callable[[Coroutine[Any, Any, Any]], Any]

ADDRESSES = {"a.example": ["192.0.2.1"]}
POST_HEAD = [
    (":method", "POST"),
    (":scheme", "https"),
    (":authority", GATEWAY),
    (":path", "/dns-query"),
    ("content-type", "application/dns-message"),
]


def curl(files: CertificateFiles, port: int | None, *more: str) -> tuple[str, ...]:
    return (
        *(
            "curl",
            "--silent",
            "--show-error",
            "--max-time",
            "10",
            "--cacert",
            str(files.authority),
        ),
        *("--connect-to", f"::127.0.0.1:{port}", "--interface", PUPIL, "--include", *more),
    )


@pytest.mark.parametrize("method", [(), ("+https-get",)], ids=["post", "get"])
def test_kdig_is_answered_as_whoever_has_its_address(
    run: Run, files: CertificateFiles, method: tuple[str, ...]
) -> None:
    async def ask() -> tuple[str, set[str]]:
        answers = Names(ADDRESSES)
        async with gateway(answers, files) as servers:
            found = await output_of(
                *("kdig", "@127.0.0.1", "-p", str(servers.https_port), "-b", PUPIL),
                *("+https", f"+tls-ca={files.authority}", f"+tls-hostname={GATEWAY}"),
                *("+retry=0", "+timeout=5", "+short", *method, "a.example"),
            )
        return found, answers.clients

    assert ("192.0.2.1\n", {PUPIL}) == run(ask())


@pytest.mark.parametrize("version", ["--http2", "--http1.1"])
def test_curl_gets_and_posts_over_either_version(
    run: Run, files: CertificateFiles, tmp_path: Path, version: str
) -> None:
    (tmp_path / "query").write_bytes(query("a.example").to_wire())
    text = urlsafe_b64encode(query("b.example").to_wire()).rstrip(b"=").decode()

    async def ask() -> tuple[str, set[str], int]:
        answers = Names(ADDRESSES)
        async with gateway(answers, files) as servers:
            found = await output_of(
                *curl(files, servers.https_port, version),
                *("-H", "content-type: application/dns-message"),
                *("--data-binary", f"@{tmp_path / 'query'}", f"https://{GATEWAY}/dns-query"),
                "--next",
                *curl(files, servers.https_port, version)[1:],
                f"https://{GATEWAY}/dns-query?dns={text}",
            )
        return found, answers.clients, len(answers.asked)

    found, clients, asked = run(ask())
    assert 2 == found.count(" 200")
    assert "private, max-age=300" in found
    assert "private, max-age=30\r" in found
    assert ({PUPIL}, 2) == (clients, asked)


def test_curl_is_told_what_is_wrong(run: Run, files: CertificateFiles) -> None:
    async def ask(*more: str) -> str:
        async with gateway(Echo(), files) as servers:
            return await output_of(*curl(files, servers.https_port, *more))

    assert "404" in run(ask("--http2", f"https://{GATEWAY}/"))
    assert "405" in run(ask("--http1.1", "-X", "PUT", f"https://{GATEWAY}/dns-query"))
    large = ("-H", "content-type: application/dns-message", "-d", "a" * 9000)
    for version in ("--http2", "--http1.1"):
        assert "413" in run(ask(version, *large, f"https://{GATEWAY}/dns-query"))


async def http1(port: int | None, files: CertificateFiles, *sent: bytes) -> bytes:
    """Everything that comes back until the end of the connection."""
    async with connected(port, files.client_context("http/1.1")) as (reader, writer):
        for each in sent:
            writer.write(each)
            await writer.drain()
        async with asyncio.timeout(5):
            try:
                return await reader.read()
            except ConnectionError:
                return b""


HEAD = b"POST /dns-query HTTP/1.1\r\nhost: x\r\ncontent-type: application/dns-message\r\n"


@pytest.mark.parametrize(
    ("expected", "sent"),
    [
        (b"", b""),
        (b"", HEAD),
        (b"", HEAD + b"content-length: 20\r\n\r\n" + bytes(19)),
        (b"HTTP/1.1 400", b"\r\n\0\0nonsense\r\n\r\n"),
        (b"HTTP/1.1 431", b"GET /" + b"a" * 30_000),
        (b"HTTP/1.1 413", HEAD + b"content-length: 9000\r\n\r\n" + bytes(9000)),
    ],
    ids=["nothing", "half a head", "half a body", "no http", "endless head", "large body"],
)
def test_what_never_becomes_a_request_ends_the_connection(
    run: Run, files: CertificateFiles, expected: bytes, sent: bytes
) -> None:
    limits = StreamLimits(idle_s=0.2, message_s=0.2)

    async def ask() -> bytes:
        async with gateway(Echo(), files, limits=limits) as servers:
            return await http1(servers.https_port, files, sent)

    assert expected == run(ask())[: len(b"HTTP/1.1 400")]


def test_requests_follow_each_other_on_one_connection(run: Run, files: CertificateFiles) -> None:
    request = HEAD + b"content-length: %d\r\n\r\n" % len(OCTETS) + OCTETS
    limits = StreamLimits(idle_s=0.3)

    async def ask() -> bytes:
        async with gateway(Echo(), files, limits=limits) as servers:
            return await http1(servers.https_port, files, request * 3, request)

    assert 4 == run(ask()).count(b"HTTP/1.1 200")


class Http2:
    """A client that does what it likes; *events* are what came back."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.events: list[h2.events.Event] = []
        self.is_closed = False
        self.http2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        self.http2.initiate_connection()
        self._reader = reader
        self._writer = writer
        self.send()
        self._reading = asyncio.create_task(self._read())

    def send(self, octets: bytes | None = None) -> None:
        if not self._writer.is_closing():
            self._writer.write(self.http2.data_to_send() if octets is None else octets)

    def post(self, number: int, body: bytes = OCTETS, *, is_whole: bool = True) -> None:
        self.http2.send_headers(number, POST_HEAD)
        self.http2.send_data(number, body, end_stream=is_whole)
        self.send()

    def of(self, kind: type[h2.events.Event]) -> list[Any]:
        return [each for each in self.events if isinstance(each, kind)]

    def answered(self) -> list[int]:
        return [each.stream_id for each in self.of(h2.events.StreamEnded)]

    async def _read(self) -> None:
        try:
            while octets := await self._reader.read(65_536):
                self.events += self.http2.receive_data(octets)
                self.send()
        except OSError:
            pass
        finally:
            self.is_closed = True

    async def closed(self) -> bool:
        await until(lambda: self.is_closed)
        return True


def with_http2(
    run: Run,
    files: CertificateFiles,
    answers: Echo,
    script: Callable[[Http2], Coroutine[Any, Any, Any]],
    **more: Any,  # noqa: ANN401 - whatever start_encrypted takes
) -> Any:  # noqa: ANN401 - whatever the script finds
    async def ask() -> Any:  # noqa: ANN401 - see above
        async with (
            gateway(answers, files, **more) as servers,
            connected(servers.https_port, files.client_context("h2")) as ends,
        ):
            return await script(Http2(*ends))

    return run(ask())


def test_streams_are_answered_in_whatever_order_answers_come(
    run: Run, files: CertificateFiles
) -> None:
    echo = Echo()

    async def script(client: Http2) -> list[int]:
        first = echo.hold(0x1234)
        client.post(1)
        await until(lambda: len(echo.asked) == 1)
        client.post(3, b"\0\0" + OCTETS[2:])
        await until(lambda: client.answered() == [3])
        first.set()
        await until(lambda: len(client.answered()) == 2)
        return client.answered()

    assert [3, 1] == with_http2(run, files, echo, script)


def test_a_withdrawn_stream_stops_its_work(run: Run, files: CertificateFiles) -> None:
    echo = Echo()
    connections = Connections(in_progress_of_client=1)

    async def script(client: Http2) -> list[int]:
        echo.gate.clear()
        client.post(1)
        await until(lambda: len(echo.asked) == 1)
        client.http2.reset_stream(1, h2.errors.ErrorCodes.CANCEL)
        client.send()
        # The only place of this client is free again, or this one would not be asked.
        client.post(3)
        await until(lambda: len(echo.asked) == 2)
        echo.gate.set()
        await until(lambda: bool(client.answered()))
        return client.answered()

    assert [3] == with_http2(run, files, echo, script, connections=connections)


def test_whoever_withdraws_streams_by_the_hundred_is_told_to_calm_down(
    run: Run, files: CertificateFiles
) -> None:
    async def script(client: Http2) -> list[h2.errors.ErrorCodes | int | None]:
        for number in range(1, 4 * http2.MAX_WITHDRAWN, 2):
            client.http2.send_headers(number, POST_HEAD)
            client.http2.reset_stream(number, h2.errors.ErrorCodes.CANCEL)
        client.send()
        await client.closed()
        return [each.error_code for each in client.of(h2.events.ConnectionTerminated)]

    assert [h2.errors.ErrorCodes.ENHANCE_YOUR_CALM] == with_http2(run, files, Echo(), script)


def test_a_body_without_an_end_is_refused_when_it_is_too_long(
    run: Run, files: CertificateFiles
) -> None:
    async def script(client: Http2) -> tuple[bytes, list[int]]:
        client.post(1, bytes(5000), is_whole=False)
        await until(lambda: bool(client.of(h2.events.StreamReset)))
        client.post(3)
        await until(lambda: 3 in client.answered())
        head = dict(client.of(h2.events.ResponseReceived)[0].headers)
        return head[b":status"], [each.error_code for each in client.of(h2.events.StreamReset)]

    assert (b"413", [h2.errors.ErrorCodes.NO_ERROR]) == with_http2(run, files, Echo(), script)


def test_a_request_that_is_never_whole_ends_the_connection(
    run: Run, files: CertificateFiles
) -> None:
    limits = StreamLimits(idle_s=60, message_s=0.3)

    async def script(client: Http2) -> bool:
        client.post(1, b"half", is_whole=False)
        return await client.closed()

    assert with_http2(run, files, Echo(), script, limits=limits)


def test_pings_do_not_keep_an_idle_connection(run: Run, files: CertificateFiles) -> None:
    limits = StreamLimits(idle_s=0.3)

    async def script(client: Http2) -> bool:
        client.post(1)
        while not client.is_closed:
            client.http2.ping(bytes(8))
            client.send()
            await asyncio.sleep(0.02)
        return bool(client.answered())

    assert with_http2(run, files, Echo(), script, limits=limits)


def test_whoever_gives_no_room_for_an_answer_is_cut_off(run: Run, files: CertificateFiles) -> None:
    limits = StreamLimits(idle_s=60, write_s=0.3)

    async def script(client: Http2) -> tuple[bool, list[int]]:
        client.http2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 0})
        client.post(1)
        return await client.closed(), client.answered()

    assert (True, []) == with_http2(run, files, Echo(), script, limits=limits)


def test_a_long_answer_waits_for_room_and_arrives_whole(run: Run, files: CertificateFiles) -> None:
    echo = Echo(lambda octets: octets + bytes(40_000))

    async def script(client: Http2) -> int:
        client.http2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 1000})
        client.post(1)
        octets = 0
        while octets < 40_000 + len(OCTETS):
            await until(lambda: bool(client.of(h2.events.DataReceived)))
            for event in client.of(h2.events.DataReceived):
                octets += len(event.data)
                client.events.remove(event)
                client.http2.increment_flow_control_window(len(event.data))
                if octets < 40_000 + len(OCTETS):
                    client.http2.increment_flow_control_window(len(event.data), 1)
            client.send()
        await until(lambda: [1] == client.answered())
        return octets

    assert 40_000 + len(OCTETS) == with_http2(run, files, echo, script)


@pytest.mark.parametrize(
    "octets",
    [b"GET / HTTP/1.1\r\n\r\n" * 9, b"\0\0\x04\x09\0\0\0\0\0\0\0\0\0", b"\xff" * 500],
    ids=["another version", "a frame out of place", "nonsense"],
)
def test_what_is_no_http2_ends_the_connection(
    run: Run, files: CertificateFiles, octets: bytes
) -> None:
    async def script(client: Http2) -> bool:
        client.send(octets)
        return await client.closed()

    assert with_http2(run, files, Echo(), script)


def test_endless_heads_end_the_connection(run: Run, files: CertificateFiles) -> None:
    async def script(client: Http2) -> bool:
        client.http2.send_headers(1, [*POST_HEAD, ("x", "a" * 40_000)])
        client.send()
        return await client.closed()

    assert with_http2(run, files, Echo(), script)
