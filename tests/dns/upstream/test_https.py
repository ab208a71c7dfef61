"""Upstreams over HTTPS: believed when they prove their name, a stream for each question."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import Any

import dns.message
import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings
import pytest
from dns_encrypted import gateway
from dns_encrypted_upstream import LOOKUP, OTHER, serving_tls, unbound, upstream
from dns_streams import GATEWAY, CertificateFiles, Echo
from dns_world import until

from schoolgate_dns.errors import WireError
from schoolgate_dns.resolvers import UpstreamKind
from schoolgate_dns.upstream.https import HttpsTransport

Run = Callable[[Coroutine[Any, Any, Any]], Any]
UPDATE = bytes.fromhex("abcd 2800 0001 0000 0000 0000") + b"\x07example\0\0\6\0\1"
HEADERS = [(":status", "200"), ("content-type", "application/dns-message")]


def transport(
    port: int | None, files: CertificateFiles, *, name: str = GATEWAY, timeout_s: float = 5
) -> HttpsTransport:
    place = upstream(UpstreamKind.HTTPS, port, name)
    made = HttpsTransport(place, timeout_s, authorities=files.authority)
    # contextlib's name for it.
    made.aclose = made.close  # type: ignore[attr-defined]
    return made


class Scripted:
    """
    An HTTP/2 server that does *respond* with every whole request: its connection, stream, body.

    *settings* are what it tells first, *requests* the heads and bodies it got.
    """

    def __init__(
        self,
        respond: Callable[[h2.connection.H2Connection, int, bytes], None],
        settings: dict[h2.settings.SettingCodes, int] | None = None,
    ) -> None:
        self.connections = 0
        self.most_open = 0
        self.requests: list[tuple[dict[bytes, bytes], bytes]] = []
        self._respond = respond
        self._settings = settings or {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        http2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        http2.initiate_connection()
        # They hold from when the client has agreed to them.
        http2.update_settings(self._settings)
        writer.write(http2.data_to_send())
        heads: dict[int, dict[bytes, bytes]] = {}
        bodies: dict[int, bytes] = {}
        while octets := await reader.read(65_536):
            for event in http2.receive_data(octets):
                if isinstance(event, h2.events.RequestReceived):
                    heads[event.stream_id] = dict(event.headers)
                elif isinstance(event, h2.events.DataReceived):
                    http2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
                elif isinstance(event, h2.events.StreamEnded):
                    self.most_open = max(self.most_open, http2.open_inbound_streams)
                    number = event.stream_id
                    self.requests.append((heads[number], bodies[number]))
                    self._respond(http2, number, bodies[number])
                writer.write(http2.data_to_send())


def reply_to(query: bytes) -> bytes:
    return query[:2] + b"\x81" + query[3:]


def answer(http2: h2.connection.H2Connection, number: int, query: bytes) -> None:
    http2.send_headers(number, HEADERS)
    http2.send_data(number, reply_to(query), end_stream=True)


def test_unbound_is_asked_and_believed(run: Run, files: CertificateFiles, tmp_path: Path) -> None:
    with unbound(tmp_path, files) as (_, https):

        async def ask() -> list[bytes]:
            async with aclosing(transport(https, files)) as asked:
                return await asyncio.gather(*(asked.ask(LOOKUP) for _ in range(20)))

        answers = [dns.message.from_wire(each) for each in run(ask())]
    assert ["a.example. 60 IN A 192.0.2.1"] * 20 == [
        each.to_text() for message in answers for each in message.answer
    ]


def test_questions_share_a_connection_and_are_answered_in_any_order(
    run: Run, files: CertificateFiles
) -> None:
    async def ask() -> tuple[bytes, bytes]:
        echo = Echo()
        async with (
            gateway(echo, files) as servers,
            aclosing(transport(servers.https_port, files)) as asked,
        ):
            echo.gate.clear()
            first = asyncio.create_task(asked.ask(LOOKUP))
            await until(lambda: len(echo.asked) == 1)
            waiting, echo.gate = echo.gate, asyncio.Event()
            echo.gate.set()
            second = await asked.ask(OTHER)
            assert not first.done()
            waiting.set()
            return (await first)[12 : 12 + len(LOOKUP.name)], second[12 : 12 + len(OTHER.name)]

    assert (LOOKUP.name, OTHER.name) == run(ask())


def test_a_question_is_posted_as_it_should_be(run: Run, files: CertificateFiles) -> None:
    async def ask() -> tuple[dict[bytes, bytes], bytes, int]:
        server = Scripted(answer)
        async with (
            serving_tls(server.serve, files, "h2") as port,
            aclosing(transport(port, files)) as asked,
        ):
            await asked.ask(LOOKUP)
        return *server.requests[0], port

    head, body, port = run(ask())
    assert {
        b":method": b"POST",
        b":scheme": b"https",
        b":authority": f"{GATEWAY}:{port}".encode(),
        b":path": b"/dns-query",
        b"accept": b"application/dns-message",
        b"content-type": b"application/dns-message",
        b"content-length": b"128",
    } == head
    # Alike questions are alike octets, of a length that says little.
    assert (128, b"\0\0") == (len(body), body[:2])


def test_an_upstream_that_cannot_prove_its_name_is_asked_nothing(
    run: Run, files: CertificateFiles
) -> None:
    echo = Echo()

    async def ask() -> None:
        async with (
            gateway(echo, files) as servers,
            aclosing(transport(servers.https_port, files, name="other.example")) as asked,
        ):
            await asked.ask(LOOKUP)

    with pytest.raises(ssl.SSLCertVerificationError):
        run(ask())
    assert [] == echo.asked


def test_a_server_without_http2_is_an_error(run: Run, files: CertificateFiles) -> None:
    async def ask() -> None:
        async with (
            serving_tls(Scripted(answer).serve, files, "http/1.1") as port,
            aclosing(transport(port, files)) as asked,
        ):
            await asked.ask(LOOKUP)

    with pytest.raises(OSError, match="HTTP/2"):
        run(ask())


def _status(http2: h2.connection.H2Connection, number: int, query: bytes) -> None:
    http2.send_headers(number, [(":status", "503"), HEADERS[1]])
    http2.send_data(number, reply_to(query), end_stream=True)


def _page(http2: h2.connection.H2Connection, number: int, query: bytes) -> None:
    http2.send_headers(number, [(":status", "200"), ("content-type", "text/html")])
    http2.send_data(number, reply_to(query), end_stream=True)


def _other(http2: h2.connection.H2Connection, number: int, query: bytes) -> None:
    answer(http2, number, query.replace(b"\1a", b"\1b"))


def _truncated(http2: h2.connection.H2Connection, number: int, query: bytes) -> None:
    http2.send_headers(number, HEADERS)
    http2.send_data(number, query[:2] + b"\x83" + query[3:], end_stream=True)


def _empty(http2: h2.connection.H2Connection, number: int, _: bytes) -> None:
    http2.send_headers(number, HEADERS, end_stream=True)


def _reset(http2: h2.connection.H2Connection, number: int, _: bytes) -> None:
    http2.reset_stream(number, h2.errors.ErrorCodes.REFUSED_STREAM)


def _silent(_: h2.connection.H2Connection, __: int, ___: bytes) -> None:
    return


@pytest.mark.parametrize(
    ("respond", "error"),
    [
        (_status, WireError),
        (_page, WireError),
        (_other, WireError),
        (_truncated, WireError),
        (_empty, WireError),
        (_reset, ConnectionError),
        (_silent, TimeoutError),
    ],
    ids=["status 503", "a page", "another question", "truncated", "nothing", "reset", "silence"],
)
def test_what_is_not_the_answer_is_not_taken_for_it(
    run: Run,
    files: CertificateFiles,
    respond: Callable[[h2.connection.H2Connection, int, bytes], None],
    error: type[Exception],
) -> None:
    async def ask() -> None:
        async with (
            serving_tls(Scripted(respond).serve, files, "h2") as port,
            aclosing(transport(port, files, timeout_s=0.5)) as asked,
        ):
            await asked.ask(LOOKUP)

    with pytest.raises(error):
        run(ask())


def test_a_response_is_not_read_beyond_the_length_of_a_message(
    run: Run, files: CertificateFiles
) -> None:
    withdrawn: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        http2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        http2.initiate_connection()
        is_asked = False
        while not withdrawn:
            writer.write(http2.data_to_send())
            for event in http2.receive_data(await reader.read(65_536)):
                if isinstance(event, h2.events.StreamEnded):
                    http2.send_headers(1, HEADERS)
                    is_asked = True
                elif isinstance(event, h2.events.StreamReset):
                    withdrawn.append(event.stream_id)
            while is_asked and not withdrawn and http2.local_flow_control_window(1) >= 16_000:
                http2.send_data(1, bytes(16_000))

    async def ask() -> None:
        async with (
            serving_tls(serve, files, "h2") as port,
            aclosing(transport(port, files)) as asked,
        ):
            with pytest.raises(WireError, match="longer than"):
                await asked.ask(LOOKUP)
            await until(lambda: [1] == withdrawn)

    run(ask())


def test_no_more_streams_are_opened_than_the_upstream_allows(
    run: Run, files: CertificateFiles
) -> None:
    waiting: list[tuple[h2.connection.H2Connection, int, bytes]] = []

    def respond(http2: h2.connection.H2Connection, number: int, query: bytes) -> None:
        waiting.append((http2, number, query))
        # All at once, when as many wait as there may be.
        if len(waiting) == 2:
            for each in waiting:
                answer(*each)
            waiting.clear()

    settings = {h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 2}

    async def ask() -> tuple[int, int]:
        server = Scripted(respond, settings)
        async with (
            serving_tls(server.serve, files, "h2") as port,
            aclosing(transport(port, files)) as asked,
        ):
            # What it allows is known once it has said so.
            await asyncio.gather(asked.ask(LOOKUP), asked.ask(OTHER))
            await asyncio.gather(*(asked.ask(LOOKUP) for _ in range(10)))
        return server.connections, server.most_open

    assert (1, 2) == run(ask())


def test_a_goodbye_moves_questions_to_another_connection(
    run: Run, files: CertificateFiles
) -> None:
    """Servers say it after a thousand requests or so, in the middle of a school day."""

    def respond(http2: h2.connection.H2Connection, number: int, query: bytes) -> None:
        if server.connections == 1:
            http2.close_connection()
        else:
            answer(http2, number, query)

    server = Scripted(respond)

    async def ask() -> list[bytes]:
        async with (
            serving_tls(server.serve, files, "h2") as port,
            aclosing(transport(port, files)) as asked,
        ):
            replies = await asyncio.gather(asked.ask(LOOKUP), asked.ask(OTHER))
        return [reply[12 : 12 + len(LOOKUP.name)] for reply in replies]

    assert [LOOKUP.name, OTHER.name] == run(ask())
    assert 2 == server.connections


def test_a_question_waits_for_room_to_be_sent(run: Run, files: CertificateFiles) -> None:
    settings = {h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 50}

    async def ask() -> bytes:
        server = Scripted(answer, settings)
        async with (
            serving_tls(server.serve, files, "h2") as port,
            aclosing(transport(port, files)) as asked,
        ):
            await asyncio.wait_for(asked.ask(LOOKUP), 5)
            await asked.ask(LOOKUP)
        return server.requests[1][1]

    assert 128 == len(run(ask()))


def test_after_a_silence_the_next_question_takes_a_new_connection(
    run: Run, files: CertificateFiles
) -> None:
    def respond(http2: h2.connection.H2Connection, number: int, query: bytes) -> None:
        if server.connections > 1:
            answer(http2, number, query)

    server = Scripted(respond)

    async def ask() -> int:
        async with (
            serving_tls(server.serve, files, "h2") as port,
            aclosing(transport(port, files, timeout_s=0.5)) as asked,
        ):
            await asyncio.gather(asked.ask(LOOKUP), return_exceptions=True)
            # The settings may have come after the question: then one more is needed to find out.
            await asyncio.gather(asked.ask(LOOKUP), return_exceptions=True)
            await asked.ask(LOOKUP)
        return server.connections

    assert 2 == run(ask())


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff" * 100], ids=["HTTP/1.1", "nonsense"]
)
def test_what_is_no_http2_is_an_error(run: Run, files: CertificateFiles, said: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await reader.read()

    async def ask() -> None:
        async with (
            serving_tls(serve, files, "h2") as port,
            aclosing(transport(port, files)) as asked,
        ):
            await asked.ask(LOOKUP)

    with pytest.raises(ConnectionError):
        run(ask())


@pytest.mark.parametrize(
    ("opcode", "is_believed"), [(0xA8, True), (0x81, False)], ids=["an update's", "a query's"]
)
def test_a_whole_message_is_relayed_as_it_is_but_for_its_id(
    run: Run, files: CertificateFiles, opcode: int, is_believed: bool
) -> None:
    def respond(http2: h2.connection.H2Connection, number: int, octets: bytes) -> None:
        http2.send_headers(number, HEADERS)
        http2.send_data(number, octets[:2] + bytes([opcode]) + octets[3:], end_stream=True)

    server = Scripted(respond)

    async def ask() -> bytes | None:
        async with (
            serving_tls(server.serve, files, "h2") as port,
            aclosing(transport(port, files)) as asked,
        ):
            try:
                return await asked.relay(UPDATE)
            except WireError:
                return None

    assert (UPDATE[:2] + b"\xa8" + UPDATE[3:] if is_believed else None) == run(ask())
    assert [b"\0\0" + UPDATE[2:]] == [body for _, body in server.requests]
