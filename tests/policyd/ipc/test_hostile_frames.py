"""Whatever comes over the socket, only that connection suffers."""

import asyncio
import os
from pathlib import Path

import msgspec
import pytest
from ipc_world import Point, event, eventually, revision, running, running_policyd

from schoolgate_policyd.ipc.admin import AdminClient
from schoolgate_policyd.ipc.frames import FrameError, encode_frame, read_message
from schoolgate_policyd.ipc.messages import (
    Acknowledged,
    EventBatch,
    EventsStored,
    Hello,
    InForceEverywhere,
    NumberedEvent,
    PointKind,
    StatusQuery,
    ToPolicyd,
    Wake,
)
from schoolgate_policyd.ipc.server import MAX_CONNECTIONS, MAX_INBOUND_OCTETS

HELLO = encode_frame(Hello(PointKind.PROXY, "proxy", "boot", 0))
BATCH = EventBatch("dns", "boot", (NumberedEvent(1, event(1)),))

GARBAGE = {
    "an empty frame": b"\0\0\0\0",
    "a length over the bound": (MAX_INBOUND_OCTETS + 1).to_bytes(4, "big"),
    "the greatest length": b"\xff\xff\xff\xff",
    "text": b"GET / HTTP/1.1\r\n\r\n",
    "random octets": b"\0\0\0\x20" + os.urandom(32),
    "an unknown tag": encode_frame(EventsStored("boot", 1)),
    "nesting without end": b"\0\0\x03\xe8" + b"\x91" * 1000,
    "a value cut short": b"\0\0\0\x02\xdf\xff",
    "an acknowledgement before hello": encode_frame(Acknowledged(1)),
    "events before hello": encode_frame(BATCH),
    "a name that is a path": encode_frame(Hello(PointKind.DNS, "../dns", "boot", 0)),
    "an empty name": encode_frame(Hello(PointKind.DNS, "", "boot", 0)),
    "a number below nothing": encode_frame(Hello(PointKind.DNS, "dns-2", "boot", -1)),
    "a number beyond all": encode_frame(Hello(PointKind.DNS, "dns-2", "boot", 2**60)),
    "a name of another kind": encode_frame(Hello(PointKind.DNS, "proxy", "boot", 0)),
    "a name of no kind": encode_frame(Hello(PointKind.DNS, "dns-two", "boot", 0)),
    "two hellos": HELLO + HELLO,
    "a question of a point": HELLO + encode_frame(Wake()),
    "somebody else's events": HELLO + encode_frame(BATCH),
    "no events": HELLO + encode_frame(EventBatch("proxy", "boot", ())),
    "an acknowledgement beyond all": HELLO + encode_frame(Acknowledged(2**60)),
}


@pytest.mark.parametrize("octets", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_closes_its_own_connection_only(folder: Path, octets: bytes) -> None:
    async def scenario() -> None:
        point = Point(folder)
        path = folder / "policyd.sock"
        async with running_policyd(path) as policyd, running(point):
            policyd.server.publish(revision(1))
            await eventually(lambda: point.in_force == [1])
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(octets)
            async with asyncio.timeout(10):
                while await _read_some(reader):
                    pass
            writer.close()
            policyd.server.publish(revision(2))
            await eventually(lambda: point.client.have == 2)
            assert policyd.stored.batches == []

    asyncio.run(scenario())


async def _read_some(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(65536)
    except ConnectionResetError:
        return b""


def test_a_frame_may_come_octet_by_octet(folder: Path) -> None:
    async def scenario() -> None:
        path = folder / "policyd.sock"
        async with running_policyd(path):
            reader, writer = await asyncio.open_unix_connection(path)
            for octet in encode_frame(StatusQuery()):
                writer.write(bytes([octet]))
                await writer.drain()
                await asyncio.sleep(0)
            length = int.from_bytes(await reader.readexactly(4), "big")
            answer = msgspec.msgpack.decode(await reader.readexactly(length))
            writer.close()

        assert "status" == answer["type"]

    asyncio.run(scenario())


def test_more_connections_than_are_allowed_are_refused_and_the_rest_go_on(folder: Path) -> None:
    async def scenario() -> None:
        path = folder / "policyd.sock"
        async with running_policyd(path):
            writers = [
                (await asyncio.open_unix_connection(path))[1] for _ in range(MAX_CONNECTIONS)
            ]
            reader, writer = await asyncio.open_unix_connection(path)
            assert b"" == await _read_some(reader)
            for each in [writer, *writers]:
                each.close()
            await eventually_answers(path)

    asyncio.run(scenario())


async def eventually_answers(path: Path) -> None:
    async with asyncio.timeout(10):
        while await asyncio.to_thread(AdminClient(path).status, 1.0) is None:  # noqa: ASYNC110 - asks another
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "octets",
    [
        b"\0\0\0\x02\xc1\xc1",
        b"\xff\xff\xff\xff",
        b"nonsense, and a lot of it",
        encode_frame(Wake()),
        b"\0\0\0\x10\x01",
    ],
)
def test_a_point_that_is_told_nonsense_goes_on_and_connects_again(
    folder: Path, octets: bytes
) -> None:
    async def scenario() -> None:
        point = Point(folder)
        path = folder / "policyd.sock"
        talks = 0

        async def talk_nonsense(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            nonlocal talks
            talks += 1
            writer.write(octets)
            writer.close()
            await _read_some(reader)

        async with running(point):
            nonsense = await asyncio.start_unix_server(talk_nonsense, path)
            await eventually(lambda: talks >= 2)
            nonsense.close()
            await nonsense.wait_closed()
            path.unlink(missing_ok=True)
            async with running_policyd(path) as policyd:
                policyd.server.publish(revision(1))
                await eventually(lambda: point.in_force == [1])

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"\0\0", "inside a frame's length"),
        (b"\0\0\0\x05abc", "inside a frame"),
        (b"\0\0\0\0", "a frame of 0 octets"),
        (b"\0\0\x01\x01", "a frame of 257 octets"),
        (b"\0\0\0\x01\xc1", "does not hold a message"),
    ],
)
def test_a_faulty_frame_is_named(octets: bytes, words: str) -> None:
    async def scenario() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(octets)
        reader.feed_eof()
        with pytest.raises(FrameError, match=words):
            await read_message(reader, msgspec.msgpack.Decoder(ToPolicyd), 256)

    asyncio.run(scenario())


def test_the_end_between_two_frames_is_no_fault() -> None:
    async def scenario() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(encode_frame(InForceEverywhere(3)))
        reader.feed_eof()
        decoder = msgspec.msgpack.Decoder(InForceEverywhere)

        assert InForceEverywhere(3) == await read_message(reader, decoder, 256)
        assert None is await read_message(reader, decoder, 256)

    asyncio.run(scenario())
