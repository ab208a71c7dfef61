"""Asking over real sockets: what is believed, what is passed over, how long it takes."""

import asyncio
import socket
import time

import dns.flags
import dns.message
import pytest
from dns_world import LocalUpstream, query, reply_to, run, until

from schoolgate_dns import wire
from schoolgate_dns.errors import UpstreamBusy, UpstreamSilent, UpstreamUnreachable
from schoolgate_dns.messages import Lookup, Reply
from schoolgate_dns.resolvers import Place
from schoolgate_dns.upstream import Upstreams

LOOKUP = wire.read_query(query("a.example").to_wire()).lookup


def good(octets: bytes, address: str = "192.0.2.1") -> bytes:
    return reply_to(octets, f"a.example 60 IN A {address}").to_wire()


def address_in(reply: Reply) -> str:
    (answer,) = dns.message.from_wire(reply.octets).answer
    return str(answer[0])


def upstreams(*ports: int, timeout_s: float = 5.0, max_in_flight: int = 512) -> Upstreams:
    places = tuple(Place("127.0.0.1", port) for port in ports)
    return Upstreams(places, timeout_s, max_in_flight=max_in_flight)


def flipped(octets: bytes, at: int) -> bytes:
    return octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]


def of_another_name(octets: bytes) -> bytes:
    other = query("b.example").to_wire()
    return reply_to(octets[:2] + other[2:], "b.example 60 IN A 192.0.2.66").to_wire()


FORGERIES = {
    "another id": lambda octets: flipped(good(octets, "192.0.2.66"), 1),
    "another name": of_another_name,
    "a longer name": lambda octets: of_another_name(octets).replace(b"\1b", b"\2ab"),
    "another type": lambda octets: flipped(good(octets, "192.0.2.66"), 12 + 11 + 1),
    "another class": lambda octets: flipped(good(octets, "192.0.2.66"), 12 + 11 + 3),
    "a query": lambda octets: octets,
    "no question": lambda octets: octets[:2] + b"\x81\x80" + bytes(8),
    "another opcode": lambda octets: octets[:2] + b"\xa1\x80" + good(octets, "192.0.2.66")[4:],
    "a few octets": lambda octets: octets[:5],
    "nothing": lambda _: b"",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_what_answers_something_else_is_passed_over_and_the_waiting_goes_on(forge: object) -> None:
    assert callable(forge)

    async def ask() -> Reply:
        async with LocalUpstream(lambda q: [forge(q)] * 3 + [good(q)]) as upstream:
            return await upstreams(upstream.port).resolve(LOOKUP)

    assert "192.0.2.1" == address_in(run(ask()))


def test_what_another_port_sends_never_arrives() -> None:
    """The true reply is sent only after the forgery with the right id and question has been."""

    async def ask() -> tuple[Reply, list[bytes]]:
        seen: list[tuple[bytes, tuple[str, int]]] = []
        async with LocalUpstream(lambda _: []) as upstream:
            upstream.on_datagram = lambda octets, peer: seen.append((octets, peer))
            asking = asyncio.create_task(upstreams(upstream.port).resolve(LOOKUP))
            await until(lambda: bool(seen))
            octets, peer = seen[0]
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.bind(("127.0.0.2", 0))
                other.sendto(good(octets, "192.0.2.66"), peer)
            upstream.send(good(octets), peer)
            return await asking, [octets]

    reply, _ = run(ask())
    assert "192.0.2.1" == address_in(reply)


def test_capitals_in_the_replys_question_make_no_difference() -> None:
    async def ask() -> Reply:
        async with LocalUpstream(lambda q: [good(q).replace(b"example", b"eXaMPle")]) as upstream:
            return await upstreams(upstream.port).resolve(LOOKUP)

    assert "192.0.2.1" == address_in(run(ask()))


def test_every_query_has_a_port_and_an_id_of_its_own() -> None:
    async def ask() -> LocalUpstream:
        async with LocalUpstream(lambda q: [good(q)]) as upstream:
            asked = upstreams(upstream.port)
            for _ in range(32):
                await asked.resolve(LOOKUP)
            return upstream

    upstream = run(ask())
    assert 25 < len({port for _, port in upstream.udp_sources})
    assert 25 < len({octets[:2] for octets in upstream.udp_queries})


def truncated(octets: bytes) -> bytes:
    message = reply_to(octets)
    message.flags |= dns.flags.TC
    return message.to_wire()


def test_a_truncated_reply_is_fetched_whole_over_tcp() -> None:
    async def ask() -> tuple[Reply, LocalUpstream]:
        async with LocalUpstream(lambda q: [truncated(q)], lambda q: [good(q)]) as upstream:
            return await upstreams(upstream.port).resolve(LOOKUP), upstream

    reply, upstream = run(ask())
    assert "192.0.2.1" == address_in(reply)
    assert (1, 1) == (len(upstream.udp_queries), len(upstream.tcp_queries))


@pytest.mark.parametrize("by_tcp", [truncated, of_another_name, lambda _: b"\0", lambda _: b""])
def test_over_tcp_too_only_the_answer_is_believed(by_tcp: object) -> None:
    assert callable(by_tcp)

    async def ask() -> Reply:
        async with LocalUpstream(lambda q: [truncated(q)], lambda q: [by_tcp(q)]) as upstream:
            return await upstreams(upstream.port).resolve(LOOKUP)

    with pytest.raises(UpstreamUnreachable):
        run(ask())


@pytest.mark.parametrize("with_tcp", [False, True])
def test_a_silent_upstream_is_given_up_after_two_tries(*, with_tcp: bool) -> None:
    async def ask() -> tuple[int, float]:
        async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(0)
            opened.append(writer)

        opened: list[asyncio.StreamWriter] = []
        async with LocalUpstream(lambda q: [truncated(q)] if with_tcp else []) as upstream:
            tcp = await asyncio.start_server(hang, "127.0.0.1", upstream.port)
            started = time.monotonic()
            with pytest.raises(UpstreamSilent):
                await upstreams(upstream.port, timeout_s=0.2).resolve(LOOKUP)
            took_s = time.monotonic() - started
            for writer in opened:
                writer.close()
            tcp.close()
            return len(upstream.udp_queries), took_s

    asked, took_s = run(ask())
    assert 2 == asked
    assert 0.4 <= took_s < 1.5


@pytest.mark.parametrize(
    "broken",
    [
        lambda _: [],
        lambda q: [good(q)[:-1]],
        lambda q: [reply_to(q, rcode=2).to_wire()],
        lambda q: [reply_to(q, rcode=5).to_wire()],
    ],
    ids=["silent", "malformed", "servfail", "refused"],
)
def test_the_next_upstream_is_asked_and_stays_the_first(broken: object) -> None:
    assert callable(broken)

    async def ask() -> tuple[list[str], int]:
        async with LocalUpstream(broken) as bad, LocalUpstream(lambda q: [good(q)]) as fine:
            asked = upstreams(bad.port, fine.port, timeout_s=0.2)
            found = [address_in(await asked.resolve(LOOKUP)) for _ in range(3)]
            return found, len(bad.udp_queries)

    assert (["192.0.2.1"] * 3, 1) == run(ask())


def test_nobody_listening_is_noticed_at_once() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    async def ask() -> None:
        async with asyncio.timeout(2):
            await upstreams(port, timeout_s=60).resolve(LOOKUP)

    with pytest.raises(UpstreamUnreachable):
        run(ask())


def test_alike_questions_are_asked_once_even_if_the_first_client_goes_away() -> None:
    async def ask() -> tuple[list[str], int]:
        held: list[tuple[bytes, tuple[str, int]]] = []
        async with LocalUpstream(lambda _: []) as upstream:
            upstream.on_datagram = lambda octets, peer: held.append((octets, peer))
            asked = upstreams(upstream.port)
            asking = [asyncio.create_task(asked.resolve(LOOKUP)) for _ in range(20)]
            await until(lambda: bool(held))
            asking.pop(0).cancel()
            upstream.send(good(held[0][0]), held[0][1])
            return [address_in(reply) for reply in await asyncio.gather(*asking)], len(held)

    assert (["192.0.2.1"] * 19, 1) == run(ask())


def test_questions_in_flight_are_bounded_and_closing_ends_them() -> None:
    def lookup(number: int) -> Lookup:
        return wire.read_query(query(f"{number}.example").to_wire()).lookup

    async def ask() -> None:
        async with LocalUpstream(lambda _: []) as upstream:
            asked = upstreams(upstream.port, max_in_flight=4)
            asking = [asyncio.create_task(asked.resolve(lookup(number))) for number in range(4)]
            await until(lambda: 4 == len(upstream.udp_queries))
            with pytest.raises(UpstreamBusy):
                await asked.resolve(lookup(4))
            await asked.close()
            assert all(
                isinstance(each, asyncio.CancelledError)
                for each in await asyncio.gather(*asking, return_exceptions=True)
            )

    run(ask())
