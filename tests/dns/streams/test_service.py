"""DNS over a stream: out of order, within every limit, and never half an answer."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import dns.edns
import dns.message
import pytest
from dns_streams import (
    OCTETS,
    Echo,
    Names,
    connected,
    framed,
    message_from,
    numbered,
    output_of,
)
from dns_world import PUPIL, STAFF, query, run, until

from schoolgate_dns.streams.connections import Connections, StreamLimits
from schoolgate_dns.streams.service import Answers, StreamService

KEEPALIVE = dns.edns.GenericOption(11, b"")
PADDING = dns.edns.GenericOption(12, b"")


@asynccontextmanager
async def serving(
    answers: Answers,
    limits: StreamLimits | None = None,
    connections: Connections | None = None,
) -> AsyncIterator[int]:
    """A service on a free port."""
    service = StreamService(
        answers, limits=StreamLimits() if limits is None else limits, connections=connections
    )
    server = await asyncio.start_server(service.accepted, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await service.stop()
        await server.wait_closed()


def test_a_connection_serves_query_after_query_however_their_octets_arrive() -> None:
    async def ask() -> list[bytes]:
        async with serving(Echo()) as port, connected(port) as (reader, writer):
            writer.write(b"".join(framed(numbered(each)) for each in range(5)))
            answers = [await message_from(reader) for _ in range(5)]
            for octet in framed(numbered(5)):
                writer.write(bytes([octet]))
                await asyncio.sleep(0)
            answers.append(await message_from(reader))
        return sorted(answer[:2] for answer in answers)

    assert [bytes([0, number]) for number in range(6)] == run(ask())


def test_an_answer_does_not_wait_for_that_of_an_earlier_query() -> None:
    async def ask() -> list[bytes]:
        echo = Echo()
        first = echo.hold(1)
        async with serving(echo) as port, connected(port) as (reader, writer):
            writer.write(framed(numbered(1)) + framed(numbered(2)))
            answers = [await message_from(reader)]
            first.set()
            answers.append(await message_from(reader))
        return [answer[:2] for answer in answers]

    assert [b"\0\2", b"\0\1"] == run(ask())


def test_whoever_ended_only_their_own_half_still_gets_every_answer_and_then_the_end() -> None:
    async def ask() -> tuple[list[bytes], bytes]:
        echo = Echo()
        echo.gate.clear()
        async with serving(echo) as port, connected(port) as (reader, writer):
            writer.write(framed(numbered(1)) + framed(numbered(2)))
            writer.write_eof()
            await until(lambda: len(echo.asked) == 2)
            echo.gate.set()
            answers = [await message_from(reader) for _ in range(2)]
            return sorted(answer[:2] for answer in answers), await reader.read()

    assert ([b"\0\1", b"\0\2"], b"") == run(ask())


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\0",
        framed(OCTETS)[:20],
        b"\0\5abcde",
        b"\xff\xff",
        framed(query("silent").to_wire()),
        framed(OCTETS) + b"\0",
    ],
    ids=[
        "nothing",
        "half a length",
        "half a query",
        "too short",
        "too long",
        "silence",
        "half a length after an answer",
    ],
)
def test_a_connection_that_brings_no_further_query_is_closed(sent: bytes) -> None:
    limits = StreamLimits(idle_s=0.1, message_s=0.1)

    async def ask() -> bytes:
        async with serving(Echo(), limits) as port, connected(port) as (reader, writer):
            writer.write(sent)
            async with asyncio.timeout(5):
                return (await reader.read())[2:4]

    assert (OCTETS[:2] if framed(OCTETS) in sent else b"") == run(ask())


def test_a_message_has_its_time_however_steadily_its_octets_drip() -> None:
    """Each octet arrives well within the idle limit, the message never does."""
    limits = StreamLimits(idle_s=60, message_s=0.2)

    async def ask() -> tuple[bytes, int]:
        echo = Echo()
        async with serving(echo, limits) as port, connected(port) as (reader, writer):

            async def drip() -> None:
                for octet in framed(query("a" * 60 + ".example").to_wire()):
                    writer.write(bytes([octet]))
                    await asyncio.sleep(0.02)

            dripping = asyncio.create_task(drip())
            async with asyncio.timeout(5):
                try:
                    rest = await reader.read()
                except ConnectionError:
                    rest = b""
            dripping.cancel()
        return rest, len(echo.asked)

    assert (b"", 0) == run(ask())


def test_a_client_that_waits_for_its_answer_is_not_idle() -> None:
    limits = StreamLimits(idle_s=0.05)

    async def ask() -> bytes:
        echo = Echo()
        echo.gate.clear()
        async with serving(echo, limits) as port, connected(port) as (reader, writer):
            writer.write(framed(OCTETS))
            asyncio.get_running_loop().call_later(0.3, echo.gate.set)
            answer = await message_from(reader)
            async with asyncio.timeout(5):
                assert b"" == await reader.read()
        return answer[:2]

    assert OCTETS[:2] == run(ask())


def test_a_connection_has_so_many_queries_in_progress_and_the_rest_wait_their_turn() -> None:
    limits = StreamLimits(in_progress=3)

    async def ask() -> tuple[int, int]:
        echo = Echo()
        echo.gate.clear()
        async with serving(echo, limits) as port, connected(port) as (reader, writer):
            writer.write(b"".join(framed(numbered(each)) for each in range(8)))
            await until(lambda: len(echo.asked) >= 3)
            async with connected(port) as (other_reader, other_writer):
                # What another connection is answered shows that the first had its chance.
                echo.hold(99).set()
                other_writer.write(framed(OCTETS))
                await until(lambda: len(echo.asked) >= 4)
                in_progress = len(echo.asked) - 1
                echo.gate.set()
                await message_from(other_reader)
            answered = len([await message_from(reader) for _ in range(8)])
        return in_progress, answered

    assert (3, 8) == run(ask())


def test_more_connections_do_not_let_a_client_have_more_in_progress() -> None:
    connections = Connections(in_progress_of_client=3)

    async def ask() -> tuple[int, int]:
        echo = Echo()
        echo.gate.clear()
        async with (
            serving(echo, connections=connections) as port,
            connected(port, source=PUPIL) as (_, first),
            connected(port, source=PUPIL) as (_, second),
            connected(port, source=STAFF) as (_, other),
        ):
            for writer in (first, second):
                writer.write(b"".join(framed(numbered(each)) for each in range(5)))
            await until(lambda: len(echo.asked) >= 3)
            other.write(framed(OCTETS))
            await until(lambda: STAFF in [client for _, client, _ in echo.asked])
            asked_by = [client for _, client, _ in echo.asked]
            echo.gate.set()
            await until(lambda: len(echo.asked) == 11)
        return asked_by.count(PUPIL), asked_by.count(STAFF)

    assert (3, 1) == run(ask())


async def is_served(port: int, source: str, until_closed: AsyncExitStack) -> bool:
    """Whether a new connection from *source* gets an answer; it stays open till *until_closed*."""
    reader, writer = await until_closed.enter_async_context(connected(port, source=source))
    writer.write(framed(OCTETS))
    try:
        await message_from(reader)
    except (OSError, asyncio.IncompleteReadError):
        return False
    return True


def test_one_client_has_so_many_connections_and_others_still_get_theirs() -> None:
    connections = Connections(most=4, most_of_client=2)
    sources = (PUPIL, PUPIL, PUPIL, STAFF, "127.0.3.1", "127.0.3.2")

    async def ask() -> list[bool]:
        async with serving(Echo(), connections=connections) as port, AsyncExitStack() as stack:
            return [await is_served(port, source, stack) for source in sources]

    assert [True, True, False, True, True, False] == run(ask())


def test_addresses_of_one_device_are_one_client() -> None:
    known = {PUPIL: STAFF}
    connections = Connections(most_of_client=1, known_as=lambda each: known.get(each, each))

    async def ask() -> list[bool]:
        async with serving(Echo(), connections=connections) as port, AsyncExitStack() as stack:
            return [await is_served(port, each, stack) for each in (PUPIL, STAFF, "127.0.3.1")]

    assert [True, False, True] == run(ask())


def test_a_closed_connection_leaves_its_place_to_the_next() -> None:
    connections = Connections(most_of_client=1)

    async def ask() -> tuple[bool, bool]:
        async with serving(Echo(), connections=connections) as port:
            async with AsyncExitStack() as stack:
                first = await is_served(port, PUPIL, stack)
            await until(lambda: not len(connections))
            async with AsyncExitStack() as stack:
                return first, await is_served(port, PUPIL, stack)

    assert (True, True) == run(ask())


def test_whom_the_school_does_not_serve_is_not_served() -> None:
    connections = Connections(serves=lambda client: client != STAFF)

    async def ask() -> list[bool]:
        async with serving(Echo(), connections=connections) as port, AsyncExitStack() as stack:
            return [await is_served(port, source, stack) for source in (PUPIL, STAFF)]

    assert [True, False] == run(ask())


def test_whoever_does_not_read_is_cut_off_and_leaves_nothing_behind() -> None:
    connections = Connections()
    limits = StreamLimits(idle_s=60, write_s=0.2)
    echo = Echo(lambda octets: octets + bytes(60_000))

    async def ask() -> tuple[bool, int]:
        async with serving(echo, limits, connections) as port, connected(port) as (_, writer):
            writer.transport.pause_reading()
            writer.write(framed(OCTETS) * 400)
            await until(lambda: len(echo.asked) > 0)
            await until(lambda: not len(connections))
        return len(echo.asked) < 400, len(connections)

    assert (True, 0) == run(ask())


def test_stopping_ends_connections_and_what_still_waits_on_them() -> None:
    async def ask() -> bytes:
        echo = Echo()
        echo.gate.clear()
        service = StreamService(echo)
        server = await asyncio.start_server(service.accepted, "127.0.0.1", 0)
        async with connected(server.sockets[0].getsockname()[1]) as (reader, writer):
            writer.write(framed(OCTETS))
            await until(lambda: bool(echo.asked))
            server.close()
            async with asyncio.timeout(5):
                await service.stop()
                await server.wait_closed()
                return await reader.read()

    assert b"" == run(ask())


def test_length_and_message_leave_together_and_at_once() -> None:
    """Two writes, or Nagle's algorithm, would cost a client 40 ms an answer."""
    written: list[tuple[bytes, int]] = []

    class Writer(asyncio.StreamWriter):
        def write(self, data: bytes | bytearray | memoryview) -> None:
            own = self.get_extra_info("socket")
            written.append((bytes(data), own.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))
            super().write(data)

    async def ask() -> bytes:
        service = StreamService(Echo())
        loop = asyncio.get_running_loop()

        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await service.accepted(
                reader, Writer(writer.transport, writer.transport.get_protocol(), reader, loop)
            )

        server = await asyncio.start_server(accepted, "127.0.0.1", 0)
        async with connected(server.sockets[0].getsockname()[1]) as (reader, writer):
            writer.write(framed(OCTETS))
            answer = await message_from(reader)
        server.close()
        await service.stop()
        await server.wait_closed()
        return answer

    assert [(framed(run(ask())), 1)] == written


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ([], []),
        ([KEEPALIVE], [(11, (100).to_bytes(2))]),
        ([PADDING], []),
    ],
    ids=["nothing", "keepalive", "padding in the clear"],
)
def test_a_client_that_asks_is_told_how_long_it_may_stay(
    asked: list[dns.edns.Option], told: list[tuple[int, bytes]]
) -> None:
    """RFC 7828; padding would hide nothing in what anybody can read (RFC 7830 section 6)."""
    octets = query("a.example", options=asked).to_wire()

    async def ask() -> bytes:
        # The answer has an OPT record without options, as those of the point have.
        echo = Echo(lambda octets: octets[:2] + b"\x81" + OCTETS[3:])
        async with serving(echo) as port, connected(port) as (reader, writer):
            writer.write(framed(octets))
            return await message_from(reader)

    options = dns.message.from_wire(run(ask())).options
    assert told == [(each.otype, each.to_wire()) for each in options]


def test_an_answer_without_room_for_options_goes_without() -> None:
    """A mere header refuses an opcode; the query may have asked for whatever it liked."""
    octets = query("a.example", options=[KEEPALIVE]).to_wire()

    async def ask() -> bytes:
        header = b"\xa0\x04" + bytes(8)
        async with (
            serving(Echo(lambda octets: octets[:2] + header)) as port,
            connected(port) as (reader, writer),
        ):
            writer.write(framed(octets))
            return await message_from(reader)

    assert octets[:2] + b"\xa0\x04" + bytes(8) == run(ask())


@pytest.mark.parametrize(
    "command",
    [
        ("dig", "+tcp", "+keepopen", "+tries=1", "+time=5", "-b", PUPIL, "@127.0.0.1"),
        ("kdig", "+tcp", "+keepopen", "+retry=0", "+timeout=5", "-b", PUPIL, "@127.0.0.1"),
    ],
    ids=["dig", "kdig"],
)
def test_other_peoples_clients_ask_again_and_again_on_one_connection(
    command: tuple[str, ...],
) -> None:
    names = ("a.example", "b.example", "c.example")

    async def ask() -> tuple[list[str], set[str], int]:
        answers = Names({name: ["192.0.2.1"] for name in names})
        accepted = 0

        async def counting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal accepted
            accepted += 1
            await service.accepted(reader, writer)

        service = StreamService(answers)
        server = await asyncio.start_server(counting, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        found = await output_of(*command, "-p", str(port), "+short", *names)
        server.close()
        await service.stop()
        await server.wait_closed()
        return found.split(), answers.clients, accepted

    assert (["192.0.2.1"] * 3, {PUPIL}, 1) == run(ask())
