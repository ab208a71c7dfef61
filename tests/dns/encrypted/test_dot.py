"""DNS over TLS, asked by other people's clients."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from typing import Any

import dns.edns
import dns.message
import pytest
from dns_encrypted import gateway
from dns_streams import (
    GATEWAY,
    OCTETS,
    CertificateFiles,
    Echo,
    Names,
    connected,
    framed,
    message_from,
    numbered,
    output_of,
)
from dns_world import PUPIL, STAFF, query, until

from schoolgate_dns.streams.connections import Connections, StreamLimits

Run = Callable[[Coroutine[Any, Any, Any]], Any]

ADDRESSES = {"a.example": ["192.0.2.1"]}


def kdig(port: int | None, files: CertificateFiles, client: str, *more: str) -> tuple[str, ...]:
    return (
        *("kdig", "@127.0.0.1", "-p", str(port), "-b", client, "+retry=0", "+timeout=5"),
        *("+tls", f"+tls-ca={files.authority}", f"+tls-hostname={GATEWAY}", *more),
    )


def test_kdig_is_answered_as_whoever_has_its_address(run: Run, files: CertificateFiles) -> None:
    async def ask() -> tuple[str, str, set[str]]:
        answers = Names(ADDRESSES)
        async with gateway(answers, files) as servers:
            command = kdig(servers.tls_port, files, PUPIL)
            allowed = await output_of(*command, "+short", "a.example")
            blocked = await output_of(*command, "b.example")
        return allowed, blocked, answers.clients

    allowed, blocked, clients = run(ask())
    assert "192.0.2.1\n" == allowed
    assert "status: NXDOMAIN" in blocked
    assert {PUPIL} == clients


def test_answers_are_padded_for_those_who_pad(run: Run, files: CertificateFiles) -> None:
    """RFC 8467 section 4.1: a multiple of 468 octets; kdig pads what it asks over TLS."""

    async def ask() -> str:
        async with gateway(Names(ADDRESSES), files) as servers:
            return await output_of(*kdig(servers.tls_port, files, PUPIL, "a.example"))

    output = run(ask())
    assert "PADDING" in output
    assert "Received 468 B" in output


def test_a_connection_carries_many_queries_and_answers_in_any_order(
    run: Run, files: CertificateFiles
) -> None:
    async def ask() -> list[bytes]:
        echo = Echo()
        first = echo.hold(1)
        context = files.client_context("dot")
        async with (
            gateway(echo, files) as servers,
            connected(servers.tls_port, context) as (reader, writer),
        ):
            assert "dot" == writer.get_extra_info("ssl_object").selected_alpn_protocol()
            writer.write(framed(numbered(1)) + framed(numbered(2)))
            answers = [await message_from(reader)]
            first.set()
            answers.append(await message_from(reader))
        return [answer[:2] for answer in answers]

    assert [b"\0\2", b"\0\1"] == run(ask())


@pytest.mark.parametrize(
    ("newest", "is_served"), [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True)]
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_older_than_1_2_is_refused(
    run: Run, files: CertificateFiles, newest: ssl.TLSVersion, is_served: bool
) -> None:
    async def ask() -> bool:
        context = files.client_context("dot")
        # So that the client itself is ready for the old versions.
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = newest
        async with gateway(Echo(), files) as servers:
            try:
                async with connected(servers.tls_port, context):
                    return True
            except OSError:
                return False

    assert is_served == run(ask())


def test_whoever_never_ends_the_handshake_holds_a_place_and_loses_it_soon(
    run: Run, files: CertificateFiles
) -> None:
    connections = Connections(most_of_client=2)

    async def ask() -> list[int]:
        async with (
            gateway(Echo(), files, connections=connections, handshake_limit_s=0.3) as servers,
            AsyncExitStack() as stack,
        ):
            for _ in range(4):
                await stack.enter_async_context(connected(servers.tls_port, source=PUPIL))
            await until(lambda: len(connections) == 2)
            held = [len(connections)]
            async with connected(servers.tls_port, files.client_context("dot"), source=STAFF) as (
                reader,
                writer,
            ):
                writer.write(framed(OCTETS))
                await message_from(reader)
                held.append(len(connections))
                await until(lambda: len(connections) == 1)
        return held

    assert [2, 3] == run(ask())


@pytest.mark.parametrize(
    "sent", [b"", b"GET / HTTP/1.1\r\n\r\n", framed(OCTETS)], ids=["nothing", "http", "dns"]
)
def test_what_is_no_tls_is_closed(run: Run, files: CertificateFiles, sent: bytes) -> None:
    async def ask() -> bool:
        async with (
            gateway(Echo(), files, handshake_limit_s=0.2) as servers,
            connected(servers.tls_port) as (reader, writer),
        ):
            writer.write(sent)
            async with asyncio.timeout(5):
                with suppress(ConnectionError):
                    await reader.read()
            return reader.at_eof() or reader.exception() is not None

    assert run(ask())


def test_idle_connections_end(run: Run, files: CertificateFiles) -> None:
    limits = StreamLimits(idle_s=0.2)

    async def ask() -> bytes:
        context = files.client_context("dot")
        async with (
            gateway(Echo(), files, limits=limits) as servers,
            connected(servers.tls_port, context) as (reader, writer),
        ):
            writer.write(framed(OCTETS))
            await message_from(reader)
            async with asyncio.timeout(5):
                return await reader.read()

    assert b"" == run(ask())


def test_without_settings_nothing_listens(run: Run) -> None:
    async def ask() -> tuple[int | None, int | None]:
        async with gateway(Echo(), None) as servers:
            return servers.tls_port, servers.https_port

    assert (None, None) == run(ask())


def test_a_query_may_ask_to_be_told_how_long_it_may_stay(
    run: Run, files: CertificateFiles
) -> None:
    octets = query("a.example", options=[dns.edns.GenericOption(11, b"")]).to_wire()

    async def ask() -> bytes:
        context = files.client_context("dot")
        async with (
            gateway(Names(ADDRESSES), files) as servers,
            connected(servers.tls_port, context) as (reader, writer),
        ):
            writer.write(framed(octets))
            return await message_from(reader)

    options = dns.message.from_wire(run(ask())).options
    assert [(11, (300).to_bytes(2))] == [(each.otype, each.to_wire()) for each in options]
