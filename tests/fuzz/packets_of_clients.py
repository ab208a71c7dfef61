"""
Mutated messages of clients, by the way that real ones go.

A datagram stands in a slot, is looked for among the finished answers and, missed there, goes
through every stage; some come again and again, so that their answers are finished ones. Every
eighth comes over a connection, several messages in a row.
"""

import asyncio
import random
import struct
from collections.abc import Sequence
from datetime import timedelta

from dns_parts import parts_of
from dns_reception import MemorySlots
from dns_world import PUPIL, STAFF, STRANGER, World, query

from schoolgate_dns.addresses import packed_address
from schoolgate_dns.datagrams.slots import SLOT_OCTETS
from schoolgate_dns.errors import UpstreamUnreachable, WireError
from schoolgate_dns.finished.reception import Reception
from schoolgate_dns.messages import Lookup, Reply, preparse, wire
from schoolgate_dns.messages.layout import HEADER_OCTETS
from schoolgate_dns.messages.preparse import MAX_QUERY_OCTETS
from schoolgate_dns.messages.usual import query_of
from schoolgate_dns.served import Served
from schoolgate_dns.stages.crowd import Crowds
from schoolgate_dns.streams.connections import Accepted
from schoolgate_dns.streams.service import StreamService

CLIENTS = (PUPIL, STAFF, STRANGER, "192.0.2.9")
STREAM_EVERY = 8
RENEW_EVERY = 50_000
MAX_UDP_OCTETS = 1232
_ALIAS = b"\3www\6tiktok\7example\0"


def _record(type_: int, contents: bytes, ttl_s: int = 60) -> bytes:
    fields = struct.pack(">HHIH", type_, 1, ttl_s, len(contents))
    return b"\xc0\x0c" + fields + contents


REPLIES: Sequence[tuple[int, int, bytes]] = (
    (0, 0, b""),
    (0, 1, _record(1, b"\xc0\0\2\1")),
    (0, 2, _record(1, b"\xc0\0\2\1") + _record(1, b"\x0a\0\0\1")),
    (0, 1, _record(5, _ALIAS)),
    (0, 1, _record(5, b"\5alias\xc0\x0c")),
    (0, 1, _record(65, b"\0\1\0\0\1\0\6\2h2\2h3\0\5\0\4abcd")),
    (0, 9, _record(16, b"\xff" + b"x" * 255) * 9),
    (3, 0, b""),
    (2, 0, b""),
)


class AtOnce:
    """Answers every lookup at once, now this way and now that."""

    async def resolve(self, lookup: Lookup) -> Reply:
        rcode, count, records = REPLIES[hash(lookup.name) % len(REPLIES)]
        octets = wire.query_for(lookup, 7)
        question = octets[HEADER_OCTETS : HEADER_OCTETS + len(lookup.name) + 4]
        header = struct.pack(">6H", 7, 0x8180 | rcode, 1, count, 0, 0)
        try:
            return wire.read_reply(header + question + records)
        except WireError as error:
            raise UpstreamUnreachable(str(error)) from error


class ClientSide:
    """See `dns_packets.Side`."""

    max_octets = MAX_QUERY_OCTETS + 64
    behind = 2

    def __init__(self) -> None:
        self.seeds = _seeds()
        self._rng = random.Random(7)  # noqa: S311 - repeatable, not secret
        self._fed = 0
        self._loop = asyncio.new_event_loop()
        # One for all, as in a worker: behind a datagram lies what is left of those before it.
        self._slots = MemorySlots()
        self._renew()

    def _renew(self) -> None:
        world = self._world = World()
        world.answering._replies._resolver = AtOnce()
        self._reception = Reception(
            world.answering,
            world.decider,
            world.recording,
            None,
            crowds=Crowds(),
            served=Served(("127.0.0.0/8",)),
            monotonic=lambda: world.monotonic_s,
            school_now=lambda: world.moment,
            machine_now=lambda: world.machine,
        )
        self._reception.tick()
        self._streams = StreamService(world.answering)

    def work(self, octets: bytes) -> str:
        """See `dns_packets.Side`."""
        self._fed += 1
        if not self._fed % RENEW_EVERY:
            self._renew()
        self._pass_time(self._rng.choice((0.0, 0.001, 0.3, 1.0, 20.0)))
        client = CLIENTS[self._fed % len(CLIENTS)]
        if not self._fed % STREAM_EVERY:
            became = self._over_a_stream(octets, client)
        else:
            became = self._datagram(octets, client)
            if not self._fed % 3:
                # Asked again it is kept, and then finished.
                for _ in range(2):
                    became = self._datagram(octets, client)
        self._world.events.clear()
        self._world.lines.clear()
        self._world.firewall.opened.clear()
        return became

    def check(self, octets: bytes) -> None:
        """See `dns_packets.Side`. What is answered was held to its bounds as it came."""
        # The short way of reading must find what the long one finds.
        try:
            read = wire.walked_query(octets)
        except WireError:
            read = None
        assert parts_of(query_of(octets)) in (None, parts_of(read))

    def _pass_time(self, seconds: float) -> None:
        self._world.monotonic_s += seconds
        self._world.moment += timedelta(seconds=seconds)
        self._world.machine += timedelta(seconds=seconds)

    def _datagram(self, octets: bytes, client: str) -> str:
        octets = octets[:SLOT_OCTETS]
        slots = self._slots
        slots.put(octets, client)
        missed = self._reception.serve(slots, slots.receive(), self._world.monotonic_s)
        if not missed:
            check_answer(octets, slots.answer_in(0), MAX_UDP_OCTETS)
            return "finished"
        # As `datagrams` has it.
        if not HEADER_OCTETS <= len(octets) < SLOT_OCTETS:
            return "no query"
        work = self._reception.work_on(octets, packed_address(client))
        answer = self._loop.run_until_complete(asyncio.wait_for(work, 5))
        if answer is None:
            return "silence"
        check_answer(octets, answer, MAX_UDP_OCTETS)
        return f"rcode {preparse.header_of(answer).rcode}"

    def _over_a_stream(self, octets: bytes, client: str) -> str:
        sent = self._loop.run_until_complete(self._connection(octets, client))
        count = 0
        while sent:
            length = int.from_bytes(sent[:2])
            assert len(sent) >= 2 + length, "a message is cut short"
            count += 1
            sent = sent[2 + length :]
        return f"stream of {count}"

    async def _connection(self, octets: bytes, client: str) -> bytes:
        reader, writer = asyncio.StreamReader(limit=2 * MAX_QUERY_OCTETS), _Written()
        well_formed = self._rng.choice(self.seeds)
        for each in (well_formed, octets, well_formed):
            reader.feed_data(len(each).to_bytes(2) + each)
        if self._rng.getrandbits(1):
            reader.feed_data(octets)  # its first two octets are some length
        reader.feed_eof()
        accepted = Accepted(reader, writer, client, asyncio.Semaphore(8))  # type: ignore[arg-type]  # as much of a writer as is used
        async with asyncio.timeout(5):
            await self._streams.serve(accepted)
        return bytes(writer.octets)


def check_answer(octets: bytes, answer: bytes, most_octets: int) -> None:
    """Hold *answer* to *octets* to what every answer must be."""
    assert octets[:2] == answer[:2]
    assert len(answer) <= most_octets
    header = preparse.header_of(answer)
    assert header.is_reply
    if header.questions:
        outline = preparse.outline_of_reply(answer)
        assert (
            octets[HEADER_OCTETS : outline.question_end]
            == (answer[HEADER_OCTETS : outline.question_end])
        )


def _seeds() -> list[bytes]:
    names = ("a.example", "www.tiktok.example", "x" * 63 + ".example", ".", "_dns.resolver.arpa")
    seeds = [
        query(name, type_, edns=edns).to_wire()
        for name in (*names, "use-application-dns.net", "1.0.168.192.in-addr.arpa")
        for type_ in ("A", "AAAA", "HTTPS", "TXT", "ANY", "AXFR", "TKEY", "TYPE65280")
        for edns in (None, 512, 4096)
    ]
    update = bytes.fromhex("0007 2800 0001 0000 0000 0000") + seeds[0][HEADER_OCTETS:]
    many_labels = query(".".join("a" * 126)).to_wire()
    return [*seeds, update, many_labels]


class _Transport:
    def set_write_buffer_limits(self, high: int, low: int) -> None:
        assert low < high

    def abort(self) -> None:
        pass


class _Written:
    """As much of a StreamWriter as a stream uses."""

    def __init__(self) -> None:
        self.octets = bytearray()
        self.transport = _Transport()

    def write(self, octets: bytes) -> None:
        self.octets += octets

    async def drain(self) -> None:
        pass

    def close(self) -> None:
        pass
