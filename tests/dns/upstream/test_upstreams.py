"""Which upstream is asked, which one rests, and what clients are told when none answers."""

import asyncio
import errno
import time

import pytest
from dns_local import LocalUpstream, query, reply_to, run, until
from dns_transports import HandClock, HandTransport, answer_to, fine, lookup_of
from structlog.testing import capture_logs

from schoolgate_dns.errors import (
    UpstreamBusy,
    UpstreamError,
    UpstreamFailed,
    UpstreamSilent,
    UpstreamUnreachable,
    WireError,
)
from schoolgate_dns.messages import ExtendedError, ExtendedErrorCode, Lookup, Rcode, Reply, wire
from schoolgate_dns.messages.opt import opt_record
from schoolgate_dns.resolvers import Place, UpstreamKind, UpstreamPlace
from schoolgate_dns.upstream import Upstreams
from schoolgate_dns.upstream.health import FAILURES_TO_REST, FIRST_PAUSE_S, LONGEST_PAUSE_S
from schoolgate_dns.upstream.opening import open_transport
from schoolgate_dns.upstream.question import Question
from schoolgate_dns.upstream.room import Room

LOOKUP = lookup_of("a.example")
TIMEOUT_S = 2.0
ROOT = b"\0"


def numbered(number: int) -> Lookup:
    return wire.read_query(query(f"n{number}.example").to_wire()).lookup


class Two:
    """Two upstreams, *first* and *second*, with a clock in the test's hands."""

    def __init__(self, count: int = 2, max_in_flight: int = 512) -> None:
        self.clock = HandClock()
        self.all = [HandTransport(f"192.0.2.{number + 1}:53") for number in range(count)]
        self.first, self.second = self.all[0], self.all[-1]
        self.upstreams = Upstreams(
            self.all, TIMEOUT_S, max_in_flight=max_in_flight, monotonic=self.clock
        )
        self._number = 0

    async def resolve(self, lookup: Lookup | None = None) -> Reply:
        """A question that nobody asked before, unless it is given."""
        self._number += 1
        return await self.upstreams.resolve(lookup or numbered(self._number))

    async def fail(self, times: int = FAILURES_TO_REST) -> None:
        """Let questions fail at the first upstream, so often that it rests."""
        self.first.says = lambda _: ConnectionRefusedError()
        for _ in range(times):
            await self.resolve()


def failing(rcode: int, why: ExtendedError | None = None) -> object:
    def says(lookup: Lookup) -> bytes:
        octets = answer_to(lookup, rcode=rcode)
        # dnspython wrote an OPT record of eleven octets; ours can say why.
        return octets[:-11] + opt_record(dnssec_ok=False, why=why)

    return says


def test_the_first_is_asked_while_it_is_well() -> None:
    async def ask() -> Two:
        two = Two()
        for _ in range(3):
            await two.resolve()
        await two.upstreams.close()
        return two

    two = run(ask())
    assert (3, 0) == (len(two.first.asked), len(two.second.asked))
    assert two.first.is_closed
    assert {
        "asked": 3,
        "answered": 3,
        "timeouts": 0,
        "mismatched": 0,
        "late": 0,
        "failovers": 0,
        "tcp": 0,
    } == (two.upstreams.counts()["192.0.2.1:53"])


def test_where_one_takes_long_the_next_is_asked_too_and_nobody_waits_for_a_timeout() -> None:
    async def ask() -> Two:
        two = Two()
        two.first.says = lambda _: None
        asking = asyncio.create_task(two.resolve(LOOKUP))
        await until(lambda: bool(two.first.asked))
        two.clock.now_s += TIMEOUT_S / 2
        assert Rcode.NOERROR == (await asking).rcode
        two.first.release()
        await two.upstreams.close()
        return two

    two = run(ask())
    assert ([LOOKUP], [LOOKUP]) == (two.first.asked, two.second.asked)
    assert 1 == two.first.counts.failovers


def test_the_only_one_is_asked_again_where_it_takes_long_and_no_more_than_that() -> None:
    async def ask() -> int:
        two = Two(1)
        two.first.says = lambda _: None
        asking = asyncio.create_task(two.resolve())
        await until(lambda: 1 == len(two.first.asked))
        two.clock.now_s += TIMEOUT_S / 2
        await until(lambda: 2 == len(two.first.asked))
        two.clock.now_s += TIMEOUT_S
        await asyncio.sleep(0.12)  # two sweeps, in which a third might be asked
        asked = len(two.first.asked)
        two.first.release()
        await asking
        await two.upstreams.close()
        return asked

    assert 2 == run(ask())


def test_a_question_ends_after_twice_the_timeout_whatever_a_transport_does() -> None:
    async def ask() -> None:
        two = Two()
        two.first.says = two.second.says = lambda _: None
        asking = asyncio.create_task(two.resolve())
        await until(lambda: bool(two.first.asked))
        two.clock.now_s += 2 * TIMEOUT_S
        with pytest.raises(UpstreamSilent):
            await asking
        await two.upstreams.close()

    run(ask())


@pytest.mark.parametrize("fault", [TimeoutError(), ConnectionRefusedError()])
def test_one_that_fails_again_and_again_rests(fault: OSError) -> None:
    async def ask() -> Two:
        two = Two()
        two.first.says = lambda _: fault
        for _ in range(FAILURES_TO_REST + 5):
            await two.resolve()
        await two.upstreams.close()
        return two

    two = run(ask())
    assert FAILURES_TO_REST == len(two.first.asked)
    assert FAILURES_TO_REST + 5 == len(two.second.asked)


def test_an_answer_between_failures_is_a_new_beginning() -> None:
    async def ask() -> int:
        two = Two()
        for _ in range(4):
            await two.fail(FAILURES_TO_REST - 1)
            two.first.says = fine
            await two.resolve()
        await two.upstreams.close()
        return len(two.first.asked)

    assert 4 * FAILURES_TO_REST == run(ask())


def test_one_that_rests_is_tried_in_the_background_and_comes_back() -> None:
    async def ask() -> tuple[int, int, int]:
        two = Two()
        await two.fail()
        asked = len(two.first.asked)
        two.clock.now_s += FIRST_PAUSE_S
        two.first.says = lambda _: None
        await two.resolve()
        await two.resolve()
        probed = len(two.first.asked) - asked
        two.first.release()
        two.first.says = fine
        await until(lambda: not two.upstreams._upstreams[0].is_resting)
        before = len(two.second.asked)
        await two.resolve()
        await two.upstreams.close()
        return probed, len(two.first.asked) - asked, len(two.second.asked) - before

    # One question beside, whose client had its answer from the second; then the first is back.
    assert (1, 2, 0) == run(ask())


def test_the_pauses_of_one_that_stays_dead_grow() -> None:
    async def ask() -> list[float]:
        two = Two()
        await two.fail()
        rested_at_s, pauses_s = two.clock.now_s, list[float]()
        while len(pauses_s) < 7:
            asked = len(two.first.asked)
            two.clock.now_s += FIRST_PAUSE_S
            await two.resolve()
            if len(two.first.asked) > asked:
                pauses_s.append(two.clock.now_s - rested_at_s)
                rested_at_s = two.clock.now_s
        await two.upstreams.close()
        return pauses_s

    assert [1, 2, 4, 8, 16, LONGEST_PAUSE_S, LONGEST_PAUSE_S] == run(ask())


def test_one_that_nobody_needs_is_asked_now_and_then_to_know_how_it_is() -> None:
    async def ask() -> int:
        two = Two()
        for _ in range(90):
            await two.resolve()
            two.clock.now_s += 1.0
        await two.upstreams.close()
        return len(two.second.asked)

    assert 2 == run(ask())


def test_a_slower_one_gives_way() -> None:
    async def ask() -> tuple[int, int]:
        two = Two()
        two.first.says = lambda _: None
        for _ in range(12):
            asking = asyncio.create_task(two.resolve())
            await asyncio.sleep(0)
            two.clock.now_s += 0.4
            two.first.release()
            await asking
        two.clock.now_s += 1.0
        two.first.says = fine
        before = len(two.first.asked), len(two.second.asked)
        await two.resolve()
        await two.upstreams.close()
        return len(two.first.asked) - before[0], len(two.second.asked) - before[1]

    assert (0, 1) == run(ask())


def test_the_next_is_asked_where_one_fails_at_answering() -> None:
    async def ask(rcode: int) -> Reply:
        two = Two()
        two.first.says = failing(rcode)  # type: ignore[assignment] - it takes a lookup
        reply = await two.resolve()
        await two.upstreams.close()
        return reply

    for rcode in (Rcode.SERVFAIL, Rcode.REFUSED, Rcode.NOTIMP, Rcode.FORMERR):
        assert Rcode.NOERROR == run(ask(rcode)).rcode


def test_one_that_fails_where_another_answers_rests_too() -> None:
    async def ask() -> tuple[int, int]:
        two = Two()
        two.first.says = failing(Rcode.REFUSED)  # type: ignore[assignment] - it takes a lookup
        for _ in range(FAILURES_TO_REST + 4):
            await two.resolve()
        await two.upstreams.close()
        return len(two.first.asked), len(two.second.asked)

    assert (FAILURES_TO_REST, FAILURES_TO_REST + 4) == run(ask())


def test_names_that_nobody_can_answer_make_nobody_rest() -> None:
    async def ask() -> tuple[int, int]:
        two = Two()
        two.first.says = two.second.says = failing(Rcode.SERVFAIL)  # type: ignore[assignment]
        for _ in range(10):
            with pytest.raises(UpstreamFailed):
                await two.resolve()
        await two.upstreams.close()
        return len(two.first.asked), len(two.second.asked)

    assert (10, 10) == run(ask())


def test_a_failure_is_told_with_the_reason_that_the_last_one_gave() -> None:
    why = ExtendedError(ExtendedErrorCode.NO_REACHABLE_AUTHORITY, "all of them are down")

    async def ask() -> UpstreamFailed:
        two = Two()
        two.first.says = failing(Rcode.SERVFAIL)  # type: ignore[assignment] - it takes a lookup
        two.second.says = failing(Rcode.SERVFAIL, why)  # type: ignore[assignment]
        with pytest.raises(UpstreamFailed) as raised:
            await two.resolve()
        await two.upstreams.close()
        return raised.value

    failed = run(ask())
    assert (Rcode.SERVFAIL, why) == (failed.rcode, failed.why)


def test_a_failure_that_was_told_outweighs_silence() -> None:
    async def ask() -> None:
        two = Two()
        two.first.says = failing(Rcode.SERVFAIL)  # type: ignore[assignment] - it takes a lookup
        two.second.says = lambda _: TimeoutError()
        with pytest.raises(UpstreamFailed):
            await two.resolve()
        await two.upstreams.close()

    run(ask())


@pytest.mark.parametrize(
    ("code", "asked_elsewhere"),
    [
        (ExtendedErrorCode.BOGUS, False),
        (ExtendedErrorCode.SIGNATURE_EXPIRED, False),
        (ExtendedErrorCode.DENIAL_MISSING, False),
        (ExtendedErrorCode.BLOCKED, False),
        (ExtendedErrorCode.FILTERED, False),
        (ExtendedErrorCode.OTHER, True),
        (ExtendedErrorCode.CACHED_ERROR, True),
        (ExtendedErrorCode.PROHIBITED, True),
        (ExtendedErrorCode.NETWORK_ERROR, True),
    ],
)
def test_what_one_refuses_for_good_reason_no_other_is_asked(
    code: ExtendedErrorCode, *, asked_elsewhere: bool
) -> None:
    """A signature that does not hold is not made good by somebody who did not look."""

    async def ask() -> int:
        two = Two()
        two.first.says = failing(Rcode.SERVFAIL, ExtendedError(code))  # type: ignore[assignment]
        two.second.says = lambda _: TimeoutError()
        with pytest.raises(UpstreamFailed) as raised:
            await two.resolve()
        assert raised.value.why is not None
        assert code == raised.value.why.code
        await two.upstreams.close()
        return len(two.second.asked)

    assert asked_elsewhere == run(ask())


def test_a_reply_that_is_malformed_is_as_good_as_none() -> None:
    async def ask() -> Reply:
        two = Two()
        two.first.says = lambda lookup: fine(lookup)[:-1]
        reply = await two.resolve()
        two.second.says = two.first.says
        with pytest.raises(UpstreamUnreachable):
            await two.resolve()
        await two.upstreams.close()
        return reply

    assert Rcode.NOERROR == run(ask()).rcode


def test_our_own_want_of_sockets_says_nothing_about_an_upstream() -> None:
    async def ask() -> int:
        two = Two()
        two.first.says = lambda _: OSError(errno.EMFILE, "too many open files")
        for _ in range(FAILURES_TO_REST + 2):
            await two.resolve()
        await two.upstreams.close()
        return len(two.first.asked)

    assert FAILURES_TO_REST + 2 == run(ask())


def test_when_all_are_dead_clients_learn_so_at_once_and_one_at_a_time_finds_out() -> None:
    async def ask() -> tuple[int, int, Reply]:
        two = Two(1)
        two.first.says = lambda _: TimeoutError()
        while not two.upstreams._upstreams[0].is_resting:
            with pytest.raises(UpstreamSilent, match="did not answer"):
                await two.resolve()
        # The next one is asked, and a check goes with it, which fails too.
        with pytest.raises(UpstreamSilent, match="did not answer"):
            await two.resolve()
        before = len(two.first.asked)
        for _ in range(10):
            with pytest.raises(UpstreamSilent, match="known to be silent"):
                await two.resolve()
        asked_in_vain = len(two.first.asked) - before
        # What is known grows old; then somebody has to find out, but no more than one.
        two.clock.now_s += 2.0
        two.first.says = lambda _: None
        finding_out = asyncio.create_task(two.resolve())
        await until(lambda: len(two.first.asked) > before)
        with pytest.raises(UpstreamSilent, match="known to be silent"):
            await two.resolve()
        questions = [each for each in two.first.asked[before:] if each.name != ROOT]
        two.first.release()
        reply = await finding_out
        two.first.says = fine
        await two.resolve()
        await two.upstreams.close()
        return asked_in_vain, len(questions), reply

    asked_in_vain, finding_out, reply = run(ask())
    assert (0, 1, Rcode.NOERROR) == (asked_in_vain, finding_out, reply.rcode)


def test_names_whose_servers_are_dead_do_not_make_the_only_upstream_dead() -> None:
    """Whoever asks for such names in a flood would else take the answers from everybody."""

    def says(lookup: Lookup) -> bytes | TimeoutError:
        return TimeoutError() if b"dead" in lookup.name else fine(lookup)

    async def ask() -> None:
        two = Two(1)
        two.first.says = says
        for number in range(50):
            with pytest.raises(UpstreamSilent, match="did not answer"):
                await two.resolve(lookup_of(f"n{number}.dead.example"))
        await two.resolve()
        await two.upstreams.close()

    run(ask())


def test_alike_questions_are_asked_once_even_if_the_first_client_goes_away() -> None:
    async def ask() -> tuple[list[Reply], int]:
        two = Two()
        two.first.says = lambda _: None
        asking = [asyncio.create_task(two.resolve(LOOKUP)) for _ in range(20)]
        await until(lambda: bool(two.first.asked))
        asking.pop(0).cancel()
        two.first.release()
        replies = await asyncio.gather(*asking)
        await two.upstreams.close()
        return replies, len(two.first.asked)

    replies, asked = run(ask())
    assert (19, 1) == (len(replies), asked)


def test_questions_in_flight_are_bounded_and_closing_ends_them() -> None:
    async def ask() -> int:
        two = Two(max_in_flight=4)
        two.first.says = lambda _: None
        asking = [asyncio.create_task(two.resolve()) for _ in range(4)]
        await until(lambda: 4 == len(two.first.asked))
        with pytest.raises(UpstreamBusy):
            await two.resolve()
        two.clock.now_s += TIMEOUT_S
        await asyncio.sleep(0.12)  # two sweeps, in which more might be asked
        asked = len(two.first.asked) + len(two.second.asked)
        await two.upstreams.close()
        ended = await asyncio.gather(*asking, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) for each in ended)
        return asked

    assert 4 == run(ask())


def test_several_share_the_room_that_there_is() -> None:
    async def ask() -> int:
        room = Room(3)
        hands = [HandTransport("first", lambda _: None), HandTransport("second", lambda _: None)]
        both = [Upstreams([each], TIMEOUT_S, room=room) for each in hands]
        asking = [asyncio.create_task(both[n % 2].resolve(numbered(n))) for n in range(3)]
        await until(lambda: 3 == room.taken)
        for upstreams in both:
            with pytest.raises(UpstreamBusy):
                await upstreams.resolve(LOOKUP)
        for hand in hands:
            hand.release()
        await asyncio.gather(*asking)
        for upstreams in both:
            await upstreams.close()
        return room.taken

    assert 0 == run(ask())


def test_over_real_sockets_a_silent_one_costs_less_than_a_second() -> None:
    async def ask() -> tuple[float, int]:
        async with (
            LocalUpstream(lambda _: []) as silent,
            LocalUpstream(lambda q: [reply_to(q).to_wire()]) as answering,
        ):
            places = [
                UpstreamPlace(UpstreamKind.PLAIN, Place("127.0.0.1", each.port))
                for each in (silent, answering)
            ]
            upstreams = Upstreams([open_transport(each, 2.0) for each in places], 2.0)
            started_s = time.monotonic()
            await upstreams.resolve(LOOKUP)
            took_s = time.monotonic() - started_s
            await upstreams.close()
            return took_s, len(silent.udp_queries)

    took_s, asked = run(ask())
    assert took_s < 1.0
    assert 1 == asked


def test_over_real_sockets_alike_questions_are_asked_once_and_closing_gives_the_room_back() -> (
    None
):
    async def ask() -> tuple[int, int, int, int, list[bool]]:
        room = Room(4)
        async with LocalUpstream(lambda _: []) as silent:
            place = UpstreamPlace(UpstreamKind.PLAIN, Place("127.0.0.1", silent.port))
            upstreams = Upstreams([open_transport(place, 2.0)], 2.0, room=room)
            asking = [asyncio.create_task(upstreams.resolve(LOOKUP)) for _ in range(20)]
            other = asyncio.create_task(upstreams.resolve(numbered(1)))
            await until(lambda: 2 == len(silent.udp_queries))
            tasks, taken = len(asyncio.all_tasks()), room.taken
            await upstreams.close()
            await asyncio.gather(*asking, other, return_exceptions=True)
            ended = [each.cancelled() for each in (*asking, other)]
            return len(silent.udp_queries), tasks, taken, room.taken, ended

    # Nobody has a task but those who ask, and this one.
    assert (2, 22, 2, 0, [True] * 21) == run(ask())


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (TimeoutError(), UpstreamSilent),
        (ConnectionResetError(), UpstreamUnreachable),
        (WireError("cut short"), UpstreamUnreachable),
    ],
)
def test_a_message_is_relayed_once_where_it_may_have_arrived(
    fault: Exception, told: type[UpstreamError]
) -> None:
    """It may have changed something there, though nobody said so in time."""

    async def relay() -> Two:
        two = Two()
        assert b"update" == await two.upstreams.relay(b"update")
        two.first.relays = lambda _: fault
        with pytest.raises(told):
            await two.upstreams.relay(b"update")
        await two.upstreams.close()
        return two

    two = run(relay())
    assert (2, 0) == (len(two.first.relayed), len(two.second.relayed))
    assert 1 == two.first.counts.answered


def test_a_message_is_relayed_to_the_next_where_nobody_listens() -> None:
    async def relay() -> Two:
        two = Two()
        two.first.relays = lambda _: ConnectionRefusedError()
        assert b"update" == await two.upstreams.relay(b"update")
        two.second.relays = two.first.relays
        with pytest.raises(UpstreamUnreachable):
            await two.upstreams.relay(b"update")
        await two.upstreams.close()
        return two

    assert 2 == run(relay()).first.counts.failovers


@pytest.mark.parametrize("is_proven", [True, False])
def test_authentic_is_believed_only_where_nobody_can_have_written_it_on_the_way(
    is_proven: bool,
) -> None:
    async def ask() -> Reply:
        def authentic(lookup: Lookup) -> bytes:
            octets = fine(lookup)
            return octets[:3] + bytes([octets[3] | 0x20]) + octets[4:]

        transport = HandTransport("only", authentic)
        transport.is_proven = is_proven
        upstreams = Upstreams([transport], 5.0)
        reply = await upstreams.resolve(lookup_of("a.example"))
        await upstreams.close()
        return reply

    assert is_proven is run(ask()).is_authentic


@pytest.mark.parametrize("is_over", [False, True], ids=["a reply", "an end"])
def test_of_those_who_ask_alike_one_that_fails_takes_nothing_from_the_others(
    is_over: bool,
) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError

    found: list[object] = []
    question = Question(LOOKUP, 0.0)
    question.waiters += [broken, found.append]
    with capture_logs() as logs:
        if is_over:
            question.give_up()
        else:
            question.finish(None)

    assert [type(None) if is_over else UpstreamSilent] == [type(each) for each in found]
    assert ["error"] == [each["log_level"] for each in logs]
