"""Asking over real sockets: what is believed, what is passed over, and what is remembered."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

import dns.flags
import dns.message
import dns.rdatatype
import pytest
from dns_local import LocalUpstream, query, reply_to, run, until

from schoolgate_dns.errors import WireError
from schoolgate_dns.messages import Lookup, wire
from schoolgate_dns.resolvers import Place, UpstreamKind, UpstreamPlace
from schoolgate_dns.upstream.awaited import MAX_MISMATCHED
from schoolgate_dns.upstream.hearing import Outcome
from schoolgate_dns.upstream.plain import MAX_UNPROVEN, PlainTransport
from schoolgate_dns.upstream.together import Together

LOOKUP = wire.read_query(query("a.example").to_wire()).lookup
LONG = wire.read_query(query("a-name-of-many-letters.and-some-more.example").to_wire()).lookup
Respond = Callable[[bytes], list[bytes]]
_IS_TOGETHER = ContextVar("_IS_TOGETHER", default=False)
# A port for each question is what the faster way, with ports that are shared, is held to.
apart = pytest.mark.parametrize("way", ["apart"], indirect=True)


@pytest.fixture(params=["apart", "together"], autouse=True)
def way(request: pytest.FixtureRequest) -> Iterator[None]:
    token = _IS_TOGETHER.set(request.param == "together")
    yield
    _IS_TOGETHER.reset(token)


def good(octets: bytes, address: str = "192.0.2.1") -> bytes:
    asked = dns.message.from_wire(octets)
    name = asked.question[0].name.to_text()
    return reply_to(octets, f"{name} 60 IN A {address}").to_wire()


def address_in(octets: bytes) -> str:
    (answer,) = dns.message.from_wire(octets).answer
    return str(answer[0])


@asynccontextmanager
async def transport_to(
    upstream: LocalUpstream, timeout_s: float = 5.0
) -> AsyncIterator[PlainTransport]:
    place = UpstreamPlace(UpstreamKind.PLAIN, Place("127.0.0.1", upstream.port))
    transport = PlainTransport(place, timeout_s, together=_IS_TOGETHER.get())
    try:
        yield transport
    finally:
        await transport.close()


def _waiting_in(transport: PlainTransport) -> int:
    datagrams = transport._datagrams
    if isinstance(datagrams, Together):
        return len(datagrams._lines)
    return len(datagrams._waiting)


def asked_of(
    by_udp: Respond,
    by_tcp: Respond | None = None,
    *,
    lookup: Lookup = LOOKUP,
    times: int = 1,
    timeout_s: float = 5.0,
) -> tuple[list[str], PlainTransport, LocalUpstream]:
    """The addresses that *times* questions get of an upstream that responds so."""

    async def ask() -> tuple[list[str], PlainTransport, LocalUpstream]:
        async with (
            LocalUpstream(by_udp, by_tcp) as upstream,
            transport_to(upstream, timeout_s) as transport,
        ):
            found = [address_in(await transport.ask(lookup)) for _ in range(times)]
            return found, transport, upstream

    return run(ask())


def flipped(octets: bytes, at: int) -> bytes:
    return octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]


def of_another_name(octets: bytes) -> bytes:
    other = query("b.example").to_wire()
    return reply_to(octets[:2] + other[2:], "b.example 60 IN A 192.0.2.66").to_wire()


def forged(octets: bytes) -> bytes:
    return good(octets, "192.0.2.66")


def in_other_capitals(octets: bytes) -> bytes:
    end = 12 + len(LOOKUP.name)
    return forged(octets)[:12] + octets[12:end].swapcase() + forged(octets)[end:]


FORGERIES = {
    "another id": lambda octets: flipped(forged(octets), 1),
    "another name": of_another_name,
    "other capitals": in_other_capitals,
    "a longer name": lambda octets: of_another_name(octets).replace(b"\1b", b"\2ab"),
    "another type": lambda octets: flipped(forged(octets), 12 + 11 + 1),
    "another class": lambda octets: flipped(forged(octets), 12 + 11 + 3),
    "a query": lambda octets: octets,
    "no question": lambda octets: octets[:2] + b"\x81\x80" + bytes(8),
    "two questions": lambda octets: forged(octets)[:5] + b"\2" + forged(octets)[6:],
    "another opcode": lambda octets: octets[:2] + b"\xa1\x80" + forged(octets)[4:],
    "a bare refusal": lambda octets: octets[:2] + b"\x81\x81" + bytes(8),
    "a few octets": lambda octets: octets[:5],
    "nothing": lambda _: b"",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_what_answers_something_else_is_passed_over_and_counted(forge: Respond) -> None:
    found, transport, _ = asked_of(lambda q: [forge(q), forge(q), good(q)])  # type: ignore[list-item] - one datagram each

    assert ["192.0.2.1"] == found
    assert (2, 0) == (transport.counts.mismatched, transport.counts.tcp)


def test_what_another_port_or_address_sends_never_arrives() -> None:
    """The true reply is sent only after the forgery with the right id and question has been."""

    async def ask() -> tuple[str, int]:
        seen: list[tuple[bytes, tuple[str, int]]] = []
        async with (
            LocalUpstream(lambda _: []) as upstream,
            transport_to(upstream) as transport,
        ):
            upstream.on_datagram = lambda octets, peer: seen.append((octets, peer))
            asking = asyncio.create_task(transport.ask(LOOKUP))
            await until(lambda: bool(seen))
            octets, peer = seen[0]
            for address, port in (("127.0.0.2", upstream.port), ("127.0.0.1", 0)):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                    other.bind((address, port))
                    other.sendto(forged(octets), peer)
            upstream.send(good(octets), peer)
            return address_in(await asking), transport.counts.mismatched

    assert ("192.0.2.1", 0) == run(ask())


@apart
def test_every_query_has_a_port_an_id_and_capitals_of_its_own() -> None:
    _, _, upstream = asked_of(lambda q: [good(q)], lookup=LONG, times=32)

    assert 25 < len({port for _, port in upstream.udp_sources})
    assert 25 < len({octets[:2] for octets in upstream.udp_queries})
    names = [octets[12 : 12 + len(LONG.name)] for octets in upstream.udp_queries]
    assert 25 < len(set(names))
    assert {LONG.name} == {name.lower() for name in names}


@apart
def test_what_comes_after_the_reply_is_compared_with_no_later_question() -> None:
    found, transport, upstream = asked_of(
        lambda q: [good(q), forged(q), forged(q), good(q)], times=20
    )

    assert ["192.0.2.1"] * 20 == found
    assert (20, 0) == (len(upstream.udp_queries), transport.counts.mismatched)


@pytest.mark.parametrize("type_", ["A", "HTTPS", "TYPE97"])
def test_type_and_flags_stay_what_they_are_whatever_the_capitals(type_: str) -> None:
    """HTTPS is type 65, the octet of the letter A, and 97 that of a small a."""
    asked = query("a.example", type_, want_dnssec=True)
    lookup = wire.read_query(asked.to_wire()).lookup

    async def ask() -> list[dns.message.Message]:
        async with (
            LocalUpstream(lambda q: [reply_to(q).to_wire()]) as upstream,
            transport_to(upstream) as transport,
        ):
            for _ in range(8):
                await transport.ask(lookup)
            return [dns.message.from_wire(octets) for octets in upstream.udp_queries]

    for sent in run(ask()):
        assert dns.rdatatype.from_text(type_) == sent.question[0].rdtype
        assert (1232, True) == (sent.payload, bool(sent.ednsflags & dns.flags.DO))
        assert sent.flags & dns.flags.RD


def truncated(octets: bytes) -> bytes:
    message = reply_to(octets)
    message.flags |= dns.flags.TC
    return message.to_wire()


def test_a_truncated_reply_is_fetched_whole_over_tcp() -> None:
    found, transport, upstream = asked_of(lambda q: [truncated(q)], lambda q: [good(q)])

    assert ["192.0.2.1"] == found
    assert (1, 1) == (len(upstream.udp_queries), len(upstream.tcp_queries))
    assert 1 == transport.counts.tcp


@pytest.mark.parametrize(
    "by_tcp",
    [truncated, of_another_name, lambda q: flipped(good(q), 1), lambda _: b"\0", lambda _: b""],
    ids=["truncated", "another name", "another id", "an octet", "nothing"],
)
def test_over_tcp_too_only_the_answer_is_believed(by_tcp: Callable[[bytes], bytes]) -> None:
    with pytest.raises(WireError):
        asked_of(lambda q: [truncated(q)], lambda q: [by_tcp(q)])


def test_a_connection_that_ends_inside_a_message_is_an_error() -> None:
    with pytest.raises(WireError, match="ended inside"):
        asked_of(lambda q: [truncated(q)], lambda _: [])


@apart
@pytest.mark.parametrize("count", [MAX_MISMATCHED, MAX_MISMATCHED + 1])
def test_under_many_guesses_the_question_goes_over_tcp(count: int) -> None:
    """One more than the bound, and the true datagram behind them is not even read."""
    found, transport, _ = asked_of(
        lambda q: [flipped(forged(q), 1)] * count + [good(q)],
        lambda q: [good(q, "192.0.2.2")],
    )

    by_tcp = count > MAX_MISMATCHED
    assert ["192.0.2.2" if by_tcp else "192.0.2.1"] == found
    assert (count, by_tcp) == (transport.counts.mismatched, transport.counts.tcp)


def test_an_upstream_that_keeps_no_capitals_is_believed_once_tcp_shows_it() -> None:
    def keeps_none(octets: bytes) -> list[bytes]:
        return [good(octets).replace(octets[12 : 12 + len(LONG.name)], LONG.name)]

    found, transport, upstream = asked_of(keeps_none, keeps_none, lookup=LONG, times=4)

    assert ["192.0.2.1"] * 4 == found
    assert (1, 4) == (len(upstream.tcp_queries), len(upstream.udp_queries))
    assert (1, 1) == (transport.counts.mismatched, transport.counts.tcp)


def test_capitals_go_on_to_count_while_over_tcp_they_are_kept() -> None:
    """Somebody forges replies in small letters, to be asked without capitals from then on."""

    def forged_small(octets: bytes) -> list[bytes]:
        return [forged(octets).replace(octets[12 : 12 + len(LONG.name)], LONG.name)]

    found, _, upstream = asked_of(
        forged_small, lambda q: [good(q)], lookup=LONG, times=MAX_UNPROVEN + 1
    )

    assert ["192.0.2.1"] * (MAX_UNPROVEN + 1) == found
    assert MAX_UNPROVEN + 1 == len(upstream.tcp_queries)


def test_without_tcp_capitals_are_given_up_after_some_questions_in_a_row() -> None:
    def keeps_none(octets: bytes) -> list[bytes]:
        return [good(octets).replace(octets[12 : 12 + len(LONG.name)], LONG.name)]

    async def ask() -> tuple[int, str]:
        failed = 0
        async with LocalUpstream(keeps_none) as upstream, transport_to(upstream) as transport:
            for _ in range(MAX_UNPROVEN):
                try:
                    await transport.ask(LONG)
                except OSError:
                    failed += 1
            return failed, address_in(await transport.ask(LONG))

    assert (MAX_UNPROVEN, "192.0.2.1") == run(ask())


def without_edns(octets: bytes, rcode: int = 1) -> bytes:
    """What a server that knows no EDNS says: the error, if OPT came, and an answer if not."""
    asked = dns.message.from_wire(octets)
    if asked.edns < 0:
        return good(octets)
    reply = dns.message.make_response(asked)
    reply.use_edns(False)
    reply.set_rcode(rcode)
    return reply.to_wire()


@pytest.mark.parametrize("rcode", [1, 4], ids=["formerr", "notimp"])
def test_an_upstream_without_edns_is_asked_without_it_from_then_on(rcode: int) -> None:
    found, _, upstream = asked_of(lambda q: [without_edns(q, rcode)], times=3)

    assert ["192.0.2.1"] * 3 == found
    sent = [dns.message.from_wire(octets).edns for octets in upstream.udp_queries]
    assert [0, -1, -1, -1] == sent


def test_an_upstream_of_another_edns_version_is_asked_without_it() -> None:
    def badvers(octets: bytes) -> bytes:
        if dns.message.from_wire(octets).edns < 0:
            return good(octets)
        return reply_to(octets, rcode=16).to_wire()

    found, _, upstream = asked_of(lambda q: [badvers(q)], times=2)

    assert ["192.0.2.1"] * 2 == found
    assert [0, -1, -1] == [dns.message.from_wire(each).edns for each in upstream.udp_queries]


def test_a_bare_header_as_refusal_is_believed_over_tcp_alone() -> None:
    def bare(octets: bytes) -> list[bytes]:
        knows = dns.message.from_wire(octets).edns < 0
        return [good(octets) if knows else octets[:2] + b"\x80\x81" + bytes(8)]

    found, transport, upstream = asked_of(bare, bare, times=2)

    assert ["192.0.2.1"] * 2 == found
    assert [0, -1, -1] == [dns.message.from_wire(each).edns for each in upstream.udp_queries]
    assert 1 == transport.counts.tcp


def test_an_error_of_a_server_that_knows_edns_is_passed_on() -> None:
    async def ask() -> tuple[int, int]:
        async with (
            LocalUpstream(lambda q: [reply_to(q, rcode=1).to_wire()]) as upstream,
            transport_to(upstream) as transport,
        ):
            reply = dns.message.from_wire(await transport.ask(LOOKUP))
            return reply.rcode(), len(upstream.udp_queries)

    assert (1, 1) == run(ask())


def test_silence_ends_in_a_timeout() -> None:
    with pytest.raises(TimeoutError):
        asked_of(lambda _: [], timeout_s=0.1)


def test_a_connection_that_stays_silent_ends_in_a_timeout() -> None:
    async def ask() -> None:
        opened: list[asyncio.StreamWriter] = []

        async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(0)
            opened.append(writer)

        async with LocalUpstream(lambda q: [truncated(q)]) as upstream:
            tcp = await asyncio.start_server(hang, "127.0.0.1", upstream.port)
            async with transport_to(upstream, 0.2) as transport:
                with pytest.raises(TimeoutError):
                    await transport.ask(LOOKUP)
            for writer in opened:
                writer.close()
            tcp.close()

    run(ask())


def test_nobody_listening_is_noticed_at_once() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    async def ask() -> None:
        place = UpstreamPlace(UpstreamKind.PLAIN, Place("127.0.0.1", port))
        transport = PlainTransport(place, 60.0, together=_IS_TOGETHER.get())
        async with asyncio.timeout(2):
            with pytest.raises(ConnectionRefusedError):
                await transport.ask(LOOKUP)
        await transport.close()

    run(ask())


def test_a_message_is_relayed_whole_under_another_id() -> None:
    update = b"\x12\x34\x28\0\0\1\0\0\0\0\0\0\7example\0\0\6\0\1" + bytes(range(40))

    async def ask() -> tuple[bytes, list[bytes]]:
        async with (
            LocalUpstream(lambda _: [], lambda q: [q[:2] + b"\xa8" + q[3:]]) as upstream,
            transport_to(upstream) as transport,
        ):
            return await transport.relay(update), upstream.tcp_queries

    reply, sent = run(ask())
    assert update[:2] + b"\xa8" + update[3:] == reply
    assert [update[2:]] == [each[2:] for each in sent]


@pytest.mark.parametrize(
    "answer",
    [
        lambda q: q,
        lambda q: q[:2] + b"\x80" + q[3:],
        lambda q: flipped(q[:2] + b"\xa8" + q[3:], 0),
    ],
    ids=["no reply", "another opcode", "another id"],
)
def test_what_is_no_reply_to_a_relayed_message_is_refused(
    answer: Callable[[bytes], bytes],
) -> None:
    update = b"\x12\x34\x28\0\0\1\0\0\0\0\0\0\7example\0\0\6\0\1"

    async def ask() -> bytes:
        async with (
            LocalUpstream(lambda _: [], lambda q: [answer(q)]) as upstream,
            transport_to(upstream) as transport,
        ):
            return await transport.relay(update)

    with pytest.raises(WireError):
        run(ask())


def test_closing_ends_what_waits_and_leaves_no_socket() -> None:
    async def ask() -> tuple[bool, int]:
        async with LocalUpstream(lambda _: []) as upstream:
            async with transport_to(upstream) as transport:
                asking = [asyncio.create_task(transport.ask(LOOKUP)) for _ in range(4)]
                await until(lambda: len(upstream.udp_queries) == 4)
            await asyncio.gather(*asking, return_exceptions=True)
            return all(each.cancelled() for each in asking), _waiting_in(transport)

    assert (True, 0) == run(ask())


def test_questions_on_their_way_need_no_task() -> None:
    async def ask() -> tuple[int, set[int], list[Outcome]]:
        told: list[Outcome] = []
        held: list[tuple[bytes, tuple[str, int]]] = []
        async with (
            LocalUpstream(lambda _: []) as upstream,
            transport_to(upstream) as transport,
        ):
            upstream.on_datagram = lambda octets, peer: held.append((octets, peer))
            for _ in range(40):
                transport.begin(LOOKUP, told.append)
            await until(lambda: len(held) == 40)
            tasks = len(asyncio.all_tasks())
            for octets, peer in held[:-1]:
                upstream.send(good(octets), peer)
            await until(lambda: len(told) == 39)
        return tasks, {type(each) is bytes for each in told[:-1]}, told[39:]

    # The last one has no answer when all is closed.
    assert (1, {True}, [None]) == run(ask())
