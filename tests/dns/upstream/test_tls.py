"""Upstreams over TLS: believed when they prove their name, asked on one connection."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import Any

import dns.message
import pytest
from dns_encrypted_upstream import LOOKUP, OTHER, serving_tls, unbound, upstream
from dns_streams import GATEWAY, CertificateFiles, Echo, certificate_files, framed, message_from
from dns_world import until

from schoolgate_dns.errors import NoUpstreamError, WireError
from schoolgate_dns.resolvers import UpstreamKind
from schoolgate_dns.streams.service import StreamService
from schoolgate_dns.upstream.tls import TlsTransport

Run = Callable[[Coroutine[Any, Any, Any]], Any]
UPDATE = bytes.fromhex("abcd 2800 0001 0000 0000 0000") + b"\x07example\0\0\6\0\1"


def transport(
    port: int | None,
    files: CertificateFiles,
    *,
    name: str = GATEWAY,
    timeout_s: float = 5,
    idle_s: float = 20,
) -> TlsTransport:
    place = upstream(UpstreamKind.TLS, port, name)
    made = TlsTransport(place, timeout_s, authorities=files.authority, idle_s=idle_s)
    # contextlib's name for it.
    made.aclose = made.close  # type: ignore[attr-defined]
    return made


class Counting:
    """Serves *answers* and counts the connections; `lose` ends those there are."""

    def __init__(self, answers: Echo) -> None:
        self.connections = 0
        self._service = StreamService(answers, is_encrypted=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await self._service.accepted(reader, writer)

    async def lose(self) -> None:
        await self._service.stop()


def test_unbound_is_asked_and_believed(run: Run, files: CertificateFiles, tmp_path: Path) -> None:
    with unbound(tmp_path, files) as (tls, _):

        async def ask() -> bytes:
            async with aclosing(transport(tls, files)) as asked:
                return await asked.ask(LOOKUP)

        answer = dns.message.from_wire(run(ask()))
    assert ["a.example. 60 IN A 192.0.2.1"] == [each.to_text() for each in answer.answer]


def test_many_questions_share_a_connection_and_each_gets_its_own_answer(
    run: Run, files: CertificateFiles
) -> None:
    async def ask() -> tuple[int, list[bytes]]:
        echo = Echo()
        server = Counting(echo)
        async with (
            serving_tls(server.serve, files, "dot") as port,
            aclosing(transport(port, files)) as asked,
        ):
            echo.gate.clear()
            both = asyncio.gather(asked.ask(LOOKUP), asked.ask(OTHER))
            await until(lambda: len(echo.asked) == 2)
            echo.gate.set()
            replies = await both
            return server.connections, [reply[12 : 12 + len(LOOKUP.name)] for reply in replies]

    assert (1, [LOOKUP.name, OTHER.name]) == run(ask())


def test_questions_are_padded_and_their_ids_cannot_be_guessed(
    run: Run, files: CertificateFiles
) -> None:
    async def ask() -> list[bytes]:
        echo = Echo()
        async with (
            serving_tls(Counting(echo).serve, files, "dot") as port,
            aclosing(transport(port, files)) as asked,
        ):
            for _ in range(8):
                await asked.ask(LOOKUP)
        return [octets for octets, _, _ in echo.asked]

    queries = run(ask())
    assert {128} == {len(octets) for octets in queries}
    assert 6 < len({octets[:2] for octets in queries})
    assert [12] == [option.otype for option in dns.message.from_wire(queries[0]).options]


@pytest.mark.parametrize(
    "name", ["other.example", "127.0.0.1"], ids=["another name", "its address"]
)
def test_an_upstream_that_cannot_prove_its_name_is_asked_nothing(
    run: Run, files: CertificateFiles, name: str
) -> None:
    echo = Echo()

    async def ask() -> None:
        async with (
            serving_tls(Counting(echo).serve, files, "dot") as port,
            aclosing(transport(port, files, name=name)) as asked,
        ):
            await asked.ask(LOOKUP)

    with pytest.raises(ssl.SSLCertVerificationError):
        run(ask())
    assert [] == echo.asked


def test_an_upstream_of_another_authority_is_asked_nothing(
    run: Run, files: CertificateFiles, tmp_path: Path
) -> None:
    echo = Echo()
    others = certificate_files(tmp_path)

    async def ask() -> None:
        async with (
            serving_tls(Counting(echo).serve, others, "dot") as port,
            aclosing(transport(port, files)) as asked,
        ):
            await asked.ask(LOOKUP)

    with pytest.raises(ssl.SSLCertVerificationError):
        run(ask())
    assert [] == echo.asked


def test_whom_the_system_trusts_is_asked_if_nobody_else_is_named(
    run: Run, files: CertificateFiles
) -> None:
    async def ask() -> None:
        async with serving_tls(Counting(Echo()).serve, files, "dot") as port:
            await TlsTransport(upstream(UpstreamKind.TLS, port), 5).ask(LOOKUP)

    with pytest.raises(ssl.SSLCertVerificationError):
        run(ask())


def test_authorities_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(NoUpstreamError, match=r"^dns\.upstream_ca: .*missing\.pem"):
        TlsTransport(upstream(UpstreamKind.TLS, 1), 5, authorities=tmp_path / "missing.pem")


def test_a_connection_that_the_upstream_closed_is_replaced_without_an_error(
    run: Run, files: CertificateFiles
) -> None:
    async def ask() -> int:
        echo = Echo()
        server = Counting(echo)
        async with (
            serving_tls(server.serve, files, "dot") as port,
            aclosing(transport(port, files)) as asked,
        ):
            await asked.ask(LOOKUP)
            await server.lose()
            await asked.ask(LOOKUP)
            # And once more while a question is waiting.
            echo.gate.clear()
            waiting = asyncio.create_task(asked.ask(OTHER))
            await until(lambda: len(echo.asked) == 3)
            await server.lose()
            echo.gate.set()
            await waiting
        return server.connections

    assert 3 == run(ask())


def test_an_idle_connection_is_closed_and_the_next_question_opens_another(
    run: Run, files: CertificateFiles
) -> None:
    async def ask() -> int:
        server = Counting(Echo())
        async with (
            serving_tls(server.serve, files, "dot") as port,
            aclosing(transport(port, files, idle_s=0.05)) as asked,
        ):
            await asked.ask(LOOKUP)
            await until(lambda: not len(server._service.connections))
            await asked.ask(LOOKUP)
        return server.connections

    assert 2 == run(ask())


def test_after_a_silence_the_next_question_takes_a_new_connection(
    run: Run, files: CertificateFiles
) -> None:
    """A connection may be dead without an end: a router forgot it, say."""

    async def ask() -> tuple[int, bytes]:
        echo = Echo()
        echo.gate.clear()
        server = Counting(echo)
        async with (
            serving_tls(server.serve, files, "dot") as port,
            aclosing(transport(port, files, timeout_s=0.5)) as asked,
        ):
            with pytest.raises(TimeoutError):
                await asked.ask(LOOKUP)
            echo.gate.set()
            reply = await asked.ask(LOOKUP)
        return server.connections, reply[12 : 12 + len(LOOKUP.name)]

    assert (2, LOOKUP.name) == run(ask())


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda octets: octets[:2] + b"\x83" + octets[3:], WireError),
        (lambda octets: octets[:2] + b"\x01" + octets[3:], TimeoutError),
        (lambda octets: octets[:2] + b"\x81" + octets[3:].replace(b"\1a", b"\1b"), TimeoutError),
        (lambda octets: bytes([octets[0] ^ 1, octets[1]]) + b"\x81" + octets[3:], TimeoutError),
        (lambda octets: octets[:2] + b"\x81", TimeoutError),
    ],
    ids=["truncated", "no reply", "another question", "another id", "too short"],
)
def test_what_is_not_the_answer_is_not_taken_for_it(
    run: Run,
    files: CertificateFiles,
    make: Callable[[bytes], bytes],
    error: type[Exception],
) -> None:
    async def ask() -> None:
        async with (
            serving_tls(Counting(Echo(make)).serve, files, "dot") as port,
            aclosing(transport(port, files, timeout_s=0.5)) as asked,
        ):
            await asked.ask(LOOKUP)

    with pytest.raises(error):
        run(ask())


def test_a_right_answer_behind_a_wrong_one_is_taken(run: Run, files: CertificateFiles) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = await message_from(reader)
        right = query[:2] + b"\x81" + query[3:]
        writer.write(framed(right.replace(b"\1a", b"\1b")) + framed(right))
        await reader.read()

    async def ask() -> tuple[bytes, int]:
        async with (
            serving_tls(serve, files, "dot") as port,
            aclosing(transport(port, files)) as asked,
        ):
            reply = await asked.ask(LOOKUP)
            return reply[12 : 12 + len(LOOKUP.name)], asked.counts.mismatched

    assert (LOOKUP.name, 1) == run(ask())


def test_nobody_there_is_an_error(run: Run, files: CertificateFiles) -> None:
    async def ask() -> None:
        async with serving_tls(Counting(Echo()).serve, files, "dot") as port:
            pass
        await transport(port, files).ask(LOOKUP)

    with pytest.raises(ConnectionRefusedError):
        run(ask())


def test_a_whole_message_is_relayed_as_it_is_but_for_its_id(
    run: Run, files: CertificateFiles
) -> None:
    async def ask() -> tuple[bytes, list[bytes], int]:
        echo = Echo()
        server = Counting(echo)
        async with (
            serving_tls(server.serve, files, "dot") as port,
            aclosing(transport(port, files)) as asked,
        ):
            await asked.ask(LOOKUP)
            reply = await asked.relay(UPDATE)
            return reply, [octets[2:] for octets, _, _ in echo.asked[1:]], server.connections

    assert (UPDATE[:2] + b"\xa8" + UPDATE[3:], [UPDATE[2:]], 2) == run(ask())


def test_a_relayed_message_is_never_sent_twice(run: Run, files: CertificateFiles) -> None:
    received = []

    async def serve(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        received.append(await message_from(reader))

    async def ask() -> None:
        async with (
            serving_tls(serve, files, "dot") as port,
            aclosing(transport(port, files)) as asked,
        ):
            await asked.relay(UPDATE)

    with pytest.raises(ConnectionError):
        run(ask())
    assert 1 == len(received)
