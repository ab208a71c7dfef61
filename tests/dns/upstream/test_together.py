"""Questions that share a port: whose reply is whose, and when there is another port."""

import asyncio
from collections import Counter
from collections.abc import Callable

import dns.message
import pytest
from dns_local import LocalUpstream, query, reply_to, run, until

from schoolgate_dns.messages import Lookup, wire
from schoolgate_dns.resolvers import Place, UpstreamKind, UpstreamPlace
from schoolgate_dns.upstream.batches import REPLY_OCTETS
from schoolgate_dns.upstream.datagrams import Datagrams
from schoolgate_dns.upstream.opening import open_transport
from schoolgate_dns.upstream.plain import PlainTransport
from schoolgate_dns.upstream.together import MOST_ASKED_BY_LINE, MOST_STRAY, Together

# So few that they have room at one port where the system grants no more than it usually does.
MANY = 64


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
    place = UpstreamPlace(UpstreamKind.PLAIN, Place("127.0.0.1", upstream.port))
    return PlainTransport(place, timeout_s, together=True)


async def ask(transport: PlainTransport, count: int, first: int = 0) -> list[int]:
    asking = [transport.ask(lookup_of(number)) for number in range(first, first + count)]
    return [number_in(each) for each in await asyncio.gather(*asking)]


def test_many_replies_in_another_order_reach_those_who_asked() -> None:
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


def test_after_so_many_questions_there_is_another_port_and_the_former_is_closed() -> None:
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


def test_no_more_is_asked_by_a_port_than_it_has_room_for_unread_replies() -> None:
    async def play() -> tuple[int, int, int]:
        async with LocalUpstream(lambda _: []) as upstream:
            transport = transport_to(upstream, timeout_s=0.2)
            first = asyncio.create_task(ask(transport, 1))
            await until(lambda: len(upstream.udp_sources) == 1)
            (line,) = _together(transport)._lines
            line.room = 5
            asking = asyncio.gather(first, ask(transport, 11, 1), return_exceptions=True)
            await until(lambda: len(upstream.udp_sources) == 12)
            ports = Counter(port for _, port in upstream.udp_sources)
            await asking
            lines = len(_together(transport)._lines)
            await transport.close()
            return len(ports), ports[upstream.udp_sources[0][1]], lines

    assert (2, 5, 1) == run(play())


@pytest.mark.parametrize(
    "wrong",
    [lambda q: bytes([q[0] ^ 1]) + good(q)[1:], lambda _: b"", lambda _: b"\0"],
    ids=["another id", "nothing", "an octet"],
)
def test_after_guesses_there_is_another_port(wrong: Callable[[bytes], bytes]) -> None:
    async def play() -> tuple[int, int]:
        async with LocalUpstream(lambda q: [wrong(q)] * MOST_STRAY + [good(q)]) as upstream:
            transport = transport_to(upstream)
            assert [7] == await ask(transport, 1, 7)
            assert [8] == await ask(transport, 1, 8)
            await transport.close()
            return len({port for _, port in upstream.udp_sources}), transport.counts.mismatched

    assert (2, 2 * MOST_STRAY) == run(play())


def test_of_a_reply_too_long_for_its_place_the_whole_is_fetched_over_tcp() -> None:
    def long(octets: bytes) -> bytes:
        return good(octets) + bytes(REPLY_OCTETS)

    async def play() -> tuple[list[int], int]:
        async with LocalUpstream(lambda q: [long(q)], lambda q: [good(q)]) as upstream:
            transport = transport_to(upstream)
            found = await ask(transport, 1, 5)
            await transport.close()
            return found, transport.counts.tcp

    assert ([5], 1) == run(play())


def test_that_nobody_listened_is_told_to_those_who_asked_then_and_to_nobody_later() -> None:
    async def play() -> tuple[list[BaseException | bytes], int]:
        async with LocalUpstream(lambda q: [good(q)]) as upstream:
            port = upstream.port
        place = UpstreamPlace(UpstreamKind.PLAIN, Place("127.0.0.1", port))
        transport = PlainTransport(place, 5.0, together=True)
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
