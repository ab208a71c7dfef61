"""What is held: fresh, negative, failed, old; and what is fetched again before it is over."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextvars import ContextVar
from typing import Any

import pytest
from dns_world import reply_to, run, until

from schoolgate_dns.errors import (
    UpstreamBusy,
    UpstreamError,
    UpstreamFailed,
    UpstreamSilent,
    UpstreamUnreachable,
)
from schoolgate_dns.messages import Lookup, Rcode, Reply, wire
from schoolgate_dns.replies.cache import MAX_STALE_S, ReplyCache
from schoolgate_dns.replies.held import Held
from schoolgate_dns.stages.held import (
    FAILURE_S,
    MAX_FAILURES,
    MAX_REFRESHES,
    RECHECK_S,
    HeldReplies,
)

A = Lookup(b"\1a\7example\0", 1)
SOA = "example. 900 IN SOA ns.example. root.example. 1 2 3 4 300"
NEVER = 60.0  # no test takes that long


def reply_of(
    lookup: Lookup,
    address: str,
    ttl_s: int,
    *,
    is_authentic: bool = False,
    authority: tuple[str, ...] = (),
    rcode: int = 0,
) -> Reply:
    query = wire.query_for(lookup, 7)
    records = (f"a.example {ttl_s} IN A {address}",) if address else ()
    octets = bytearray(reply_to(query, *records, authority=authority, rcode=rcode).to_wire())
    octets[3] |= 0x20 * is_authentic
    return wire.read_reply(bytes(octets))


class Upstream:
    """Gives `says`, or raises it; while `is_holding` nobody gets an answer."""

    def __init__(self, says: Reply | Exception) -> None:
        self.says = says
        self.asked: list[Lookup] = []
        self.answering = asyncio.Event()
        self.answering.set()

    async def resolve(self, lookup: Lookup) -> Reply:
        self.asked.append(lookup)
        await self.answering.wait()
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


class CallingUpstream(Upstream):
    """The same, which tells by a call."""

    def __init__(self, says: Reply | Exception) -> None:
        super().__init__(says)
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, lookup: Lookup, told: Callable[[Reply | UpstreamError | None], None]) -> None:
        async def tell() -> None:
            try:
                told(await self.resolve(lookup))
            except UpstreamError as error:
                told(error)

        task = asyncio.get_running_loop().create_task(tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


_KIND = ContextVar[type[Upstream]]("_KIND", default=Upstream)


@pytest.fixture(params=[Upstream, CallingUpstream], ids=["awaited", "told"], autouse=True)
def kind(request: pytest.FixtureRequest) -> Iterator[None]:
    """What is told by calls has to come to the same as what is awaited."""
    token = _KIND.set(request.param)
    yield
    _KIND.reset(token)


class Scene:
    """Held replies, their upstream and their clock."""

    def __init__(
        self,
        says: Reply | Exception,
        *,
        patience_s: float = NEVER,
        is_own_zone: Callable[[bytes], bool] = lambda _: False,
    ) -> None:
        self.now_s = 1000.0
        self.upstream = _KIND.get()(says)
        self.held = HeldReplies(
            ReplyCache(),
            self.upstream,
            lambda: self.now_s,
            is_own_zone=is_own_zone,
            patience_s=patience_s,
        )

    @property
    def asked(self) -> int:
        return len(self.upstream.asked)

    async def ask(self, lookup: Lookup = A) -> Held:
        return self.held.get(lookup) or await self.fetch(lookup)

    async def fetch(self, lookup: Lookup) -> Held:
        future: asyncio.Future[Held] = asyncio.get_running_loop().create_future()

        def told(found: Held | UpstreamError | None) -> None:
            assert found is not None
            if isinstance(found, UpstreamError):
                future.set_exception(found)
            else:
                future.set_result(found)

        if self.held.begin(lookup, told):
            return await future
        return await self.held.fetch(lookup)

    async def settle(self) -> None:
        await until(lambda: not self.held._refreshes)


def scene(
    test: Callable[[Scene], Coroutine[Any, Any, None]],
    says: Reply | Exception,
    *,
    patience_s: float = NEVER,
    is_own_zone: Callable[[bytes], bool] = lambda _: False,
) -> None:
    async def play() -> None:
        it = Scene(says, patience_s=patience_s, is_own_zone=is_own_zone)
        await test(it)
        await it.held.close()

    run(play())


OLD = reply_of(A, "192.0.2.1", 100, is_authentic=True)
NEW = reply_of(A, "192.0.2.2", 100)


def test_a_reply_is_given_for_its_lifetime_and_counts_its_age() -> None:
    async def test(it: Scene) -> None:
        first = await it.ask()
        ages = []
        for it.now_s in (1000.0, 1000.5, 1099.9):
            held = await it.ask()
            assert held.reply is OLD
            ages.append(held.age_s)

        assert (0, False) == (first.age_s, first.is_stale)
        assert [0, 1, 100] == ages
        assert (1, 3, 1) == (it.asked, it.held.hits, it.held.misses)
        assert (1, len(OLD.octets) + 1024 + 100 * len(OLD.ttls)) == (
            it.held.entries,
            it.held.octets,
        )

    scene(test, OLD)


def test_that_something_does_not_exist_is_held_as_long_as_its_soa_says() -> None:
    async def test(it: Scene) -> None:
        await it.ask()
        it.now_s += 299
        assert Rcode.NXDOMAIN is (await it.ask()).reply.rcode
        assert 1 == it.asked
        it.now_s += 1
        await it.ask()
        assert 2 == it.asked

    scene(test, reply_of(A, "", 0, authority=(SOA,), rcode=3))


def test_what_may_not_be_kept_is_asked_for_each_time() -> None:
    async def test(it: Scene) -> None:
        assert (0, 0) == ((await it.ask()).lasts_s, (await it.ask()).lasts_s)
        assert (2, 0) == (it.asked, it.held.entries)

    scene(test, reply_of(A, "192.0.2.1", 0))


@pytest.mark.parametrize(
    "error",
    [UpstreamSilent("x"), UpstreamUnreachable("x"), UpstreamFailed("x", 2, None)],
    ids=lambda error: type(error).__name__,
)
def test_a_failure_is_remembered_for_a_few_seconds(error: UpstreamError) -> None:
    async def test(it: Scene) -> None:
        for _ in range(3):
            with pytest.raises(UpstreamError) as raised:
                await it.ask()
            assert raised.value is error
        assert (1, 2) == (it.asked, it.held.failures)

        # Another name, and the same without checking, know nothing of it.
        for other in (Lookup(b"\1b\0", 1), Lookup(A.name, 1, checking_disabled=True)):
            with pytest.raises(UpstreamError):
                await it.ask(other)
        assert 3 == it.asked

        it.now_s += FAILURE_S
        it.upstream.says = OLD
        assert (await it.ask()).reply is OLD

    scene(test, error)


def test_that_we_are_busy_is_no_failure_of_the_name() -> None:
    async def test(it: Scene) -> None:
        for _ in range(2):
            with pytest.raises(UpstreamBusy):
                await it.ask()
        assert 2 == it.asked

    scene(test, UpstreamBusy("x"))


def test_failures_take_no_more_than_their_place() -> None:
    async def test(it: Scene) -> None:
        for number in range(MAX_FAILURES + 10):
            with pytest.raises(UpstreamSilent):
                await it.fetch(Lookup(str(number).encode(), 1))
        assert MAX_FAILURES == len(it.held._failed)

    scene(test, UpstreamSilent("x"))


def test_a_reply_whose_time_is_over_is_asked_for_anew() -> None:
    async def test(it: Scene) -> None:
        await it.ask()
        it.now_s += 100
        it.upstream.says = NEW
        held = await it.ask()

        assert held.reply is NEW
        assert not held.is_stale
        assert (await it.ask()).reply is NEW
        assert (2, 0) == (it.asked, it.held.stale)

    scene(test, OLD)


def test_where_no_upstream_answers_the_old_reply_is_given_for_a_day() -> None:
    async def test(it: Scene) -> None:
        await it.ask()
        it.upstream.says = UpstreamSilent("x")
        for it.now_s in (1100.0, 1100.0 + MAX_STALE_S - 1):
            held = await it.ask()
            assert OLD.octets == held.reply.octets
            assert (0, True, 1) == (held.age_s, held.is_stale, held.lasts_s)
        it.now_s = 1100.0 + MAX_STALE_S
        with pytest.raises(UpstreamSilent):
            await it.ask()
        assert 2 == it.held.stale

    scene(test, OLD)


@pytest.mark.parametrize(("ttl_s", "shown_s"), [(5, 5), (3600, 30)])
def test_an_old_reply_lasts_thirty_seconds_at_most_and_is_not_authentic(
    ttl_s: int, shown_s: int
) -> None:
    async def test(it: Scene) -> None:
        await it.ask()
        it.now_s += ttl_s
        it.upstream.says = UpstreamSilent("x")
        held = await it.ask()

        assert [shown_s] == [each.seconds for each in held.reply.ttls]
        assert shown_s == held.reply.lifetime_s
        assert not held.reply.is_authentic

    scene(test, reply_of(A, "192.0.2.1", ttl_s, is_authentic=True))


def test_after_a_failure_nobody_waits_again_for_thirty_seconds() -> None:
    async def test(it: Scene) -> None:
        await it.ask()
        it.now_s += 100
        it.upstream.says = UpstreamSilent("x")
        for _ in range(5):
            assert (await it.ask()).is_stale
        assert 2 == it.asked

        it.now_s += RECHECK_S
        it.upstream.says = NEW
        assert (await it.ask()).reply is NEW
        assert 3 == it.asked

    scene(test, OLD)


def test_who_has_waited_long_enough_gets_the_old_reply_while_the_asking_goes_on() -> None:
    async def test(it: Scene) -> None:
        await it.ask()
        it.now_s += 100
        it.upstream.says = NEW
        it.upstream.answering.clear()
        held = await asyncio.gather(*(it.ask() for _ in range(4)))
        assert [True] * 4 == [each.is_stale for each in held]
        # Those who come now do not wait at all, and nobody is asked again.
        again = it.held.get(A)
        assert again is not None
        assert again.is_stale
        assert 2 == it.asked

        it.upstream.answering.set()
        await it.settle()
        fresh = it.held.get(A)
        assert fresh is not None
        assert fresh.reply is NEW
        assert not fresh.is_stale

    scene(test, OLD, patience_s=0.01)


def test_who_goes_away_takes_the_new_reply_from_nobody() -> None:
    async def test(it: Scene) -> None:
        await it.ask()
        it.now_s += 100
        it.upstream.says = NEW
        it.upstream.answering.clear()
        leaving = asyncio.create_task(it.ask())
        staying = asyncio.create_task(it.ask())
        await until(lambda: it.asked == 2)
        leaving.cancel()
        it.upstream.answering.set()

        assert (await staying).reply is NEW

    scene(test, OLD)


def test_while_we_are_busy_the_old_reply_is_given_and_the_next_one_asks() -> None:
    async def test(it: Scene) -> None:
        await it.ask()
        it.now_s += 100
        it.upstream.says = UpstreamBusy("x")
        assert (await it.ask()).is_stale
        it.upstream.says = NEW
        assert (await it.ask()).reply is NEW

    scene(test, OLD)


def test_that_a_name_is_gone_replaces_what_it_was() -> None:
    async def test(it: Scene) -> None:
        await it.ask()
        it.now_s += 100
        it.upstream.says = reply_of(A, "", 0, authority=(SOA,), rcode=3)
        await it.ask()
        it.now_s += 300
        it.upstream.says = UpstreamSilent("x")
        held = await it.ask()

        assert (Rcode.NXDOMAIN, True) == (held.reply.rcode, held.is_stale)

    scene(test, OLD)


@pytest.mark.parametrize(
    ("asked_at_s", "prefetched"),
    [
        ((1000, 1050, 1090), 1),
        ((1000, 1090, 1091), 1),
        ((1000, 1050, 1090, 1095, 1099), 1),
        ((1000, 1050, 1089), 0),
        ((1000, 1095), 0),
    ],
)
def test_what_is_asked_for_again_late_in_its_life_is_fetched_again_once(
    asked_at_s: tuple[int, ...], prefetched: int
) -> None:
    async def test(it: Scene) -> None:
        it.upstream.answering.set()
        for it.now_s in map(float, asked_at_s):
            assert (await it.ask()).reply is OLD
            it.upstream.answering.clear()
        assert prefetched == it.held.prefetched
        it.upstream.says = NEW
        it.upstream.answering.set()
        await it.settle()
        assert 1 + prefetched == it.asked
        held = it.held.get(A)
        assert held is not None
        assert (NEW if prefetched else OLD) is held.reply

    scene(test, OLD)


def test_a_hot_name_never_keeps_anybody_waiting() -> None:
    """Asked as the finished answers ask: when `lasts_s` is over, and not before."""

    async def test(it: Scene) -> None:
        await it.ask()
        start_s = it.now_s
        asked_again = 0
        while it.now_s < start_s + 1000:
            it.upstream.says = reply_of(A, "192.0.2.1", 100)
            held = it.held.get(A)
            assert held is not None
            asked_again += 1
            await it.settle()
            it.now_s += max(1, held.lasts_s)

        assert 1 == it.held.misses
        assert 9 <= it.asked <= 12
        assert asked_again <= 4 * it.asked

    scene(test, OLD)


def test_a_failed_prefetch_costs_nothing_and_is_not_repeated() -> None:
    async def test(it: Scene) -> None:
        for it.now_s in (1000.0, 1050.0, 1090.0, 1095.0):
            await it.ask()
            it.upstream.says = UpstreamSilent("x")
        await it.settle()
        held = await it.ask()

        assert (OLD, False) == (held.reply, held.is_stale)
        assert (2, 1) == (it.asked, it.held.prefetched)

    scene(test, OLD)


def test_no_more_than_a_few_are_fetched_again_at_a_time() -> None:
    async def test(it: Scene) -> None:
        lookups = [Lookup(b"%d" % number, 1) for number in range(MAX_REFRESHES + 5)]
        for it.now_s in (1000.0, 1050.0):
            for lookup in lookups:
                await it.ask(lookup)
        it.upstream.answering.clear()
        it.now_s = 1090.0
        for lookup in lookups:
            held = it.held.get(lookup)
            assert held is not None
        assert MAX_REFRESHES == it.held.prefetched
        it.upstream.answering.set()
        await it.settle()
        # Those left out come to it when they are asked for again.
        for lookup in lookups:
            it.held.get(lookup)
        assert MAX_REFRESHES + 5 == it.held.prefetched

    scene(test, OLD)


def test_addresses_of_the_inside_are_gone_before_the_reply_is_kept() -> None:
    async def test(it: Scene) -> None:
        for _ in range(2):
            held = await it.ask()
            assert (1, ()) == (held.reply.removed_addresses, held.reply.addresses)
        assert (1, 1) == (it.asked, it.held.scrubbed)

    scene(test, reply_of(A, "192.168.1.1", 100))


def test_the_schools_own_zones_keep_theirs() -> None:
    inside = reply_of(A, "192.168.1.1", 100)

    async def test(it: Scene) -> None:
        assert (await it.ask()).reply is inside
        assert 0 == it.held.scrubbed

    scene(test, inside, is_own_zone=lambda name: name == A.name)


def test_without_checking_is_another_reply() -> None:
    """What an upstream did not validate never answers a client who wants it validated."""

    async def test(it: Scene) -> None:
        unchecked = Lookup(A.name, A.type, checking_disabled=True)
        assert (await it.ask(unchecked)).reply is OLD
        it.upstream.says = NEW
        assert (await it.ask()).reply is NEW
        assert (await it.ask(unchecked)).reply is OLD
        assert [unchecked, A] == it.upstream.asked

    scene(test, OLD)


def test_at_the_end_nothing_is_left_running() -> None:
    async def play() -> None:
        it = Scene(OLD)
        for it.now_s in (1000.0, 1050.0, 1090.0):
            await it.ask()
            it.upstream.answering.clear()
        assert 1 == len(it.held._refreshes)
        await it.held.close()
        assert 0 == len(it.held._refreshes)

    run(play())


def test_a_mistake_of_ours_about_a_reply_is_told_as_a_failure() -> None:
    """Whoever waits by a call has no other way to learn of it."""

    def mistaken(_name: bytes) -> bool:
        raise LookupError

    async def play() -> list[Held | UpstreamError | None]:
        upstream = CallingUpstream(NEW)
        held = HeldReplies(ReplyCache(), upstream, lambda: 1000.0, is_own_zone=mistaken)
        told: list[Held | UpstreamError | None] = []
        assert held.begin(A, told.append)
        await until(lambda: bool(told))
        await held.close()
        return told

    assert [UpstreamUnreachable] == [type(each) for each in run(play())]
