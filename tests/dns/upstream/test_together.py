"""Questions that share a port: whose reply is whose, and when there is another port."""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import dns.message
import pytest
from dns_local import LocalUpstream, query, reply_to, until
from free_ports import free_port
from structlog.testing import capture_logs

from schoolgate_dns.messages import Lookup, wire
from schoolgate_dns.resolvers import Place, UpstreamKind, UpstreamPlace
from schoolgate_dns.upstream.batches import REPLY_OCTETS
from schoolgate_dns.upstream.datagrams import Datagrams
from schoolgate_dns.upstream.lines import MOST_ASKED_BY_LINE, MOST_STRAY
from schoolgate_dns.upstream.opening import open_transport
from schoolgate_dns.upstream.plain import PlainTransport
from schoolgate_dns.upstream.together import Together

# So few that they have room at one port where the system grants no more than it usually does.
MANY = 64

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def lookup_of(number: int) -> Lookup:
    return wire.read_query(query(f"a-name-with-letters-{number}.example").to_wire()).lookup


def good(octets: bytes) -> bytes:
    """An address that tells of which name it is."""
    name = dns.message.from_wire(octets).question[0].name.to_text()
    number = int(name.split(".")[0].rsplit("-", 1)[1])
    return reply_to(octets, f"{name} 60 IN A 10.0.{number // 256}.{number % 256}").to_wire()


def number_in(octets: bytes) -> int:
    (answer,) = dns.message.from_wire(octets).answer
    *_, high, low = str(answer[0]).split(".")
    return int(high) * 256 + int(low)


def transport_to(upstream: LocalUpstream, timeout_s: float = 5.0) -> PlainTransport:
    return transport_at(upstream.port, timeout_s)


def transport_at(port: int, timeout_s: float = 5.0) -> PlainTransport:
    place = UpstreamPlace(UpstreamKind.PLAIN, Place("127.0.0.1", port))
    return PlainTransport(place, timeout_s, together=True)


async def ask(transport: PlainTransport, count: int, first: int = 0) -> list[int]:
    asking = [transport.ask(lookup_of(number)) for number in range(first, first + count)]
    return [number_in(each) for each in await asyncio.gather(*asking)]


def test_many_replies_in_another_order_reach_those_who_asked(run: Run) -> None:
    async def play() -> tuple[list[int], int]:
        kept: list[tuple[bytes, tuple[str, int]]] = []
        async with LocalUpstream(lambda _: []) as upstream:
            upstream.on_datagram = lambda octets, peer: kept.append((octets, peer))
            transport = transport_to(upstream)
            asking = asyncio.create_task(ask(transport, MANY))
            await until(lambda: len(kept) == MANY)
            for octets, peer in reversed(kept):
                upstream.send(good(octets), peer)
            found = await asking
            await transport.close()
        questions = [octets for octets, _ in kept]
        assert MANY == len({octets[:2] for octets in questions})
        names = {octets[12 : 12 + len(lookup_of(0).name)] for octets in questions}
        # The letters before the number have two to the seventeenth ways.
        assert 55 < len({name[:18] for name in names})
        assert 1 == len({peer for _, peer in kept})
        return found, transport.counts.mismatched

    found, mismatched = run(play())
    assert list(range(MANY)) == found
    assert 0 == mismatched


def test_after_so_many_questions_there_is_another_port_and_the_former_is_closed(run: Run) -> None:
    async def play() -> tuple[set[int], int]:
        async with LocalUpstream(lambda q: [good(q)]) as upstream:
            transport = transport_to(upstream)
            for first in range(0, MOST_ASKED_BY_LINE, 64):
                await ask(transport, 64, first)
            before = {port for _, port in upstream.udp_sources}
            await ask(transport, 1)
            ports = {port for _, port in upstream.udp_sources}
            assert 1 == len(before)
            lines = len(_together(transport)._lines)
            await transport.close()
            return ports, lines

    ports, lines = run(play())
    assert 2 == len(ports)
    assert 1 == lines


def test_no_more_is_asked_by_a_port_than_it_has_room_for_unread_replies(run: Run) -> None:
    async def play() -> tuple[int, int, int]:
        kept: list[tuple[bytes, tuple[str, int]]] = []
        async with LocalUpstream(lambda _: []) as upstream:
            upstream.on_datagram = lambda octets, peer: kept.append((octets, peer))
            transport = transport_to(upstream)
            first = asyncio.create_task(ask(transport, 1))
            await until(lambda: len(kept) == 1)
            (line,) = _together(transport)._lines.values()
            line.room = 5
            asking = asyncio.gather(first, ask(transport, 11, 1))
            await until(lambda: len(kept) == 12)
            ports = Counter(port for _, (_, port) in kept)
            for octets, peer in kept:
                upstream.send(good(octets), peer)
            assert [[0], [*range(1, 12)]] == await asking
            lines = len(_together(transport)._lines)
            await transport.close()
            return len(ports), ports[kept[0][1][1]], lines

    assert (2, 5, 1) == run(play())


@pytest.mark.parametrize(
    "wrong",
    [lambda q: bytes([q[0] ^ 1]) + good(q)[1:], lambda _: b"", lambda _: b"\0"],
    ids=["another id", "nothing", "an octet"],
)
def test_after_guesses_there_is_another_port(run: Run, wrong: Callable[[bytes], bytes]) -> None:
    async def play() -> tuple[int, int]:
        async with LocalUpstream(lambda q: [wrong(q)] * MOST_STRAY + [good(q)]) as upstream:
            transport = transport_to(upstream)
            assert [7] == await ask(transport, 1, 7)
            assert [8] == await ask(transport, 1, 8)
            await transport.close()
            return len({port for _, port in upstream.udp_sources}), transport.counts.mismatched

    assert (2, 2 * MOST_STRAY) == run(play())


def test_of_a_reply_too_long_for_its_place_the_whole_is_fetched_over_tcp(run: Run) -> None:
    def long(octets: bytes) -> bytes:
        return good(octets) + bytes(REPLY_OCTETS)

    async def play() -> tuple[list[int], int]:
        async with LocalUpstream(lambda q: [long(q)], lambda q: [good(q)]) as upstream:
            transport = transport_to(upstream)
            found = await ask(transport, 1, 5)
            await transport.close()
            return found, transport.counts.tcp

    assert ([5], 1) == run(play())


def test_that_nobody_listened_is_told_to_those_who_asked_then_and_to_nobody_later(
    run: Run,
) -> None:
    async def play() -> tuple[list[BaseException | bytes], int]:
        port = free_port()
        transport = transport_at(port)
        refused = await asyncio.gather(
            *(transport.ask(lookup_of(number)) for number in range(3)), return_exceptions=True
        )
        async with LocalUpstream(lambda q: [good(q)], at=port):
            found = number_in(await transport.ask(lookup_of(9)))
        await transport.close()
        return refused, found

    refused, found = run(play())
    assert [ConnectionRefusedError] * 3 == [type(each) for each in refused]
    assert 9 == found


def test_an_upstream_that_begins_anew_with_a_question_out_is_heard_by_another_port(
    run: Run,
) -> None:
    async def play() -> tuple[list[type], list[int], int]:
        async with LocalUpstream(lambda _: [], at=free_port()) as upstream:
            transport = transport_to(upstream)
            lost = asyncio.create_task(ask(transport, 1))
            await until(lambda: len(upstream.udp_sources) == 1)
        refused = await asyncio.gather(lost, ask(transport, 1, 1), return_exceptions=True)
        async with LocalUpstream(lambda q: [good(q)], at=upstream.port) as anew:
            found = [(await ask(transport, 1, number))[0] for number in range(2, 5)]
        lines = {port for _, port in upstream.udp_sources + anew.udp_sources}
        await transport.close()
        return [type(each) for each in refused], found, len(lines)

    assert ([ConnectionRefusedError] * 2, [2, 3, 4], 2) == run(play())


def test_replies_that_came_before_a_refusal_are_heard(run: Run) -> None:
    async def play() -> list[int | type]:
        kept: list[tuple[bytes, tuple[str, int]]] = []
        async with LocalUpstream(lambda _: [], at=free_port()) as upstream:
            upstream.on_datagram = lambda octets, peer: kept.append((octets, peer))
            transport = transport_to(upstream)
            asking = [asyncio.create_task(ask(transport, 1, number)) for number in range(3)]
            await until(lambda: len(kept) == len(asking))
            (line,) = _together(transport)._lines.values()
            first, second, _ = kept
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", upstream.port))
            server.sendto(good(first[0]), first[1])
            server.sendto(good(second[0]), second[1])
        # Nobody listens any more, and the system notes that before the loop reads anything.
        line.own.send(b"")
        found = await asyncio.gather(*asking, return_exceptions=True)
        await transport.close()
        return [each[0] if isinstance(each, list) else type(each) for each in found]

    assert [0, 1, ConnectionRefusedError] == run(play())


def test_what_leaves_by_a_port_after_an_error_is_heard_there(run: Run) -> None:
    async def play() -> tuple[list[object], bool]:
        found: list[object] = []
        async with LocalUpstream(lambda q: [good(q)], at=free_port()) as upstream:
            transport = transport_to(upstream)
            await ask(transport, 1)
            (line,) = _together(transport)._lines.values()
            source = line.own.getsockname()
        line.own.send(b"")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", upstream.port))
            server.settimeout(5.0)
            transport.begin(lookup_of(1), found.append)
            # The error is told before this leaves.
            await until(lambda: not line.unsent)
            octets, peer = server.recvfrom(512)
            server.sendto(good(octets), peer)
            await until(lambda: bool(found))
        await transport.close()
        return found, peer == source

    found, is_by_it = run(play())
    assert [bytes] == [type(each) for each in found]
    assert is_by_it


def test_what_one_does_with_an_end_takes_nothing_from_others(
    run: Run,
) -> None:
    async def play() -> tuple[list[object], int]:
        found: list[object] = []

        def broken(_: object) -> None:
            raise ZeroDivisionError

        def ask_twice(transport: PlainTransport, number: int) -> None:
            for heard in (broken, found.append):
                transport.begin(lookup_of(number), heard)

        at = free_port()
        async with LocalUpstream(lambda q: [good(q)] if b"-7" in q else [], at=at):
            hasty, patient = transport_at(at, timeout_s=0.1), transport_at(at)
            # The first two are ended by a sweep, and the others by one that comes later.
            ask_twice(hasty, 0)
            await until(lambda: len(found) == 1)
            ask_twice(hasty, 0)
            await until(lambda: len(found) == 2)
            # Two that are read in one batch.
            ask_twice(patient, 7)
            await until(lambda: len(found) == 3)
        ask_twice(patient, 0)
        await until(lambda: len(found) == 4)
        ask_twice(patient, 0)
        lines = [*_together(hasty)._lines.values(), *_together(patient)._lines.values()]
        for each in (hasty, patient):
            await each.close()
        assert not _together(hasty)._lines
        assert not _together(patient)._lines
        return found, sum(len(line.awaited) for line in lines)

    with capture_logs() as logs:
        found, awaited = run(play())
    *ended, by_close = found
    assert [TimeoutError, TimeoutError, bytes, ConnectionRefusedError] == [
        type(each) for each in ended
    ]
    assert by_close is None
    assert 0 == awaited
    assert 5 == sum("made use of" in each["event"] for each in logs)


def test_a_reply_that_comes_too_late_is_no_guess_and_only_once(run: Run) -> None:
    async def play() -> tuple[list[BaseException | list[int]], int, int, int]:
        kept: list[tuple[bytes, tuple[str, int]]] = []
        async with LocalUpstream(lambda _: []) as upstream:
            upstream.on_datagram = lambda octets, peer: kept.append((octets, peer))
            transport = transport_to(upstream, timeout_s=0.1)
            found = await asyncio.gather(ask(transport, 1), return_exceptions=True)
            (line,) = _together(transport)._lines.values()
            for _ in range(2):
                upstream.send(good(kept[0][0]), kept[0][1])
            await until(lambda: transport.counts.mismatched == 1)
            await transport.close()
        return found, transport.counts.late, transport.counts.mismatched, line.stray

    found, *counts = run(play())
    assert [TimeoutError] == [type(each) for each in found]
    assert [1, 1, 1] == counts


def test_when_all_is_closed_nothing_can_be_asked(run: Run) -> None:
    async def play() -> None:
        async with LocalUpstream(lambda q: [good(q)]) as upstream:
            transport = transport_to(upstream)
            await ask(transport, 1)
            await transport.close()
            with pytest.raises(OSError, match="shutdown"):
                await ask(transport, 1)

    run(play())


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", Together),
        ("::1", Together),
        ("192.0.2.1", Datagrams),
        ("10.0.0.1", Datagrams),
    ],
)
def test_only_what_comes_from_this_machine_shares_ports(address: str, kind: type) -> None:
    transport = open_transport(UpstreamPlace(UpstreamKind.PLAIN, Place(address, 53)), 1.0)
    assert isinstance(transport, PlainTransport)
    assert kind is type(transport._datagrams)


def _together(transport: PlainTransport) -> Together:
    assert isinstance(transport._datagrams, Together)
    return transport._datagrams
