"""
What the internet says: from the cache while its time lasts, else from an upstream.

A reply whose time is over is asked for anew, but not waited for longer than people wait: then,
or where no upstream answers, the old one is given while the asking goes on (RFC 8767). Every
reply, old or new, is judged after this stage like any other.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from math import inf
from typing import Final

import msgspec
import structlog

from schoolgate_dns.errors import UpstreamBusy, UpstreamError, UpstreamUnreachable, WireError
from schoolgate_dns.messages import Lookup, Reply, Ttl
from schoolgate_dns.replies.cache import ReplyCache
from schoolgate_dns.replies.entry import Entry
from schoolgate_dns.replies.held import Held
from schoolgate_dns.replies.inside import IsInside, is_inside
from schoolgate_dns.replies.scrub import scrubbed
from schoolgate_dns.stages.resolving import CallingResolver, Resolver

# RFC 8767 section 5: the client response timer, the failure recheck timer, and the TTL.
PATIENCE_S: Final = 1.8
RECHECK_S: Final = 30.0
STALE_TTL_S: Final = 30
# RFC 9520 section 3.2: a failure is remembered for one second at least, five minutes at most.
FAILURE_S: Final = 5.0
MAX_FAILURES: Final = 4096
# Given so often, beside the first time, and asked for once more: somebody goes on asking.
PREFETCH_USES: Final = 2
MAX_REFRESHES: Final = 32

log = structlog.get_logger(__name__)


def _in_no_zone(_name: bytes) -> bool:
    return False


class HeldReplies:
    """
    The cache in front of *resolver*; *monotonic* gives seconds that never go backwards.

    Names of which *is_own_zone* is true may have addresses of which *is_inside* is. An old reply
    is given when a new one takes longer than *patience_s*. *hits*, *misses*, *stale* (old ones
    given), *failures* (given from memory), *prefetched* and *scrubbed* (replies that lost
    addresses) count up for ever.
    """

    def __init__(
        self,
        cache: ReplyCache,
        resolver: Resolver,
        monotonic: Callable[[], float],
        *,
        is_own_zone: Callable[[bytes], bool] = _in_no_zone,
        is_inside: IsInside = is_inside,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.hits = 0
        self.misses = 0
        self.stale = 0
        self.failures = 0
        self.prefetched = 0
        self.scrubbed = 0
        self._cache = cache
        self._resolver = resolver
        self._calling = resolver if isinstance(resolver, CallingResolver) else None
        self._monotonic = monotonic
        self._is_own_zone = is_own_zone
        self._is_inside = is_inside
        self._patience_s = patience_s
        self._failed: OrderedDict[Lookup, tuple[UpstreamError, float]] = OrderedDict()
        self._refreshes: dict[Lookup, asyncio.Task[Held]] = {}

    @property
    def entries(self) -> int:
        """How many replies are held."""
        return len(self._cache)

    @property
    def octets(self) -> int:
        """What the held replies take up, roughly."""
        return self._cache.octets

    def get(self, lookup: Lookup) -> Held | None:
        """Return what is held, None if an upstream has to be asked. Needs a running loop."""
        now_s = self._monotonic()
        entry = self._cache.get(lookup, now_s)
        if entry is not None:
            if now_s < entry.ends_s:
                self.hits += 1
                entry.uses += 1
                if now_s >= entry.prefetch_s and entry.uses >= PREFETCH_USES:
                    self._prefetch(lookup, entry)
                return _held(entry, now_s)
            if now_s < entry.recheck_s:
                return self._stale(entry)
        self.misses += 1
        return None

    async def fetch(self, lookup: Lookup) -> Held:
        """Return what an upstream says, or else what is held. Raises UpstreamError."""
        now_s = self._monotonic()
        entry = self._cache.get(lookup, now_s)
        if entry is not None:
            return await self._ask_or_stale(lookup, entry)
        failure = self._recent_failure(lookup, now_s)
        if failure is not None:
            raise failure.with_traceback(None)
        return await self._ask(lookup)

    def begin(self, lookup: Lookup, told: Callable[[Held | UpstreamError | None], None]) -> bool:
        """
        Begin to do what `fetch` does, and tell *told* what that returns or raises.

        It is told once, perhaps before this returns; None is that all is closed. Returns False,
        and nothing is begun, where that takes a task: where a reply is held already.
        """
        now_s = self._monotonic()
        if self._calling is None or self._cache.get(lookup, now_s) is not None:
            return False
        failure = self._recent_failure(lookup, now_s)
        if failure is not None:
            told(failure)
            return True
        try:
            self._calling.begin(lookup, _Hearer(self, lookup, told))
        except Exception:
            # Whatever mistake of ours it is: who asked is told, and counted as answered.
            log.exception("a question could not be asked")
            told(UpstreamUnreachable("a question that cannot be asked"))
        return True

    async def close(self) -> None:
        """Give up what is being refreshed."""
        refreshes = list(self._refreshes.values())
        for task in refreshes:
            task.cancel()
        await asyncio.gather(*refreshes, return_exceptions=True)

    async def _ask(self, lookup: Lookup) -> Held:
        try:
            return self._keep(lookup, self._clean(lookup, await self._resolver.resolve(lookup)))
        except UpstreamError as error:
            self._remember_failure(lookup, error)
            raise

    def hear(
        self,
        lookup: Lookup,
        told: Callable[[Held | UpstreamError | None], None],
        found: Reply | UpstreamError | None,
    ) -> None:
        """Keep what an upstream says, and tell *told* of it."""
        if isinstance(found, Reply):
            try:
                held = self._keep(lookup, self._clean(lookup, found))
            except UpstreamError as error:
                found = error
            except Exception:
                # Whatever mistake of ours a reply has found, nobody else's reply waits for it.
                log.exception("a reply could not be kept")
                found = UpstreamUnreachable("a reply that cannot be kept")
            else:
                told(held)
                return
        if found is not None:
            self._remember_failure(lookup, found)
        told(found)

    def _recent_failure(self, lookup: Lookup, now_s: float) -> UpstreamError | None:
        failed = self._failed.get(lookup)
        if failed is None:
            return None
        error, until_s = failed
        if now_s < until_s:
            self.failures += 1
            return error
        del self._failed[lookup]
        return None

    def _remember_failure(self, lookup: Lookup, error: UpstreamError) -> None:
        if isinstance(error, UpstreamBusy):
            return  # that is our own state, and says nothing of the name
        self._failed[lookup] = (error, self._monotonic() + FAILURE_S)
        self._failed.move_to_end(lookup)
        if len(self._failed) > MAX_FAILURES:
            self._failed.popitem(last=False)

    def _clean(self, lookup: Lookup, reply: Reply) -> Reply:
        """Return what may be kept of *reply*. What is kept is kept clean, and given as it is."""
        if self._is_own_zone(lookup.name):
            return reply
        try:
            clean = scrubbed(reply, self._is_inside)
        except WireError as error:
            raise UpstreamUnreachable("a reply that cannot be cleaned") from error
        self.scrubbed += clean is not reply
        return clean

    def _keep(self, lookup: Lookup, reply: Reply) -> Held:
        now_s = self._monotonic()
        entry = self._cache.get(lookup, now_s)
        # All who waited for one reply come by here, and the first has kept it.
        if entry is None or entry.reply is not reply:
            entry = self._cache.put(lookup, reply, now_s)
        return Held(reply, 0) if entry is None else _held(entry, now_s)

    async def _ask_or_stale(self, lookup: Lookup, entry: Entry) -> Held:
        refresh = self._refreshes.get(lookup) or self._refresh(lookup)
        done, _ = await asyncio.wait({refresh}, timeout=self._patience_s)
        if done:
            try:
                return refresh.result()
            except UpstreamBusy:
                return self._stale(entry)
            except UpstreamError:
                pass
        # The next who ask do not wait as long as this one did.
        entry.recheck_s = self._monotonic() + RECHECK_S
        return self._stale(entry)

    def _stale(self, entry: Entry) -> Held:
        self.stale += 1
        reply = entry.reply
        old = msgspec.structs.replace(
            reply,
            # Its signatures may have ended since somebody checked them.
            is_authentic=False,
            ttls=tuple(Ttl(each.at, min(each.seconds, STALE_TTL_S)) for each in reply.ttls),
            lifetime_s=min(reply.lifetime_s, STALE_TTL_S),
        )
        # For a second: the new one may come at any time.
        return Held(old, 0, is_stale=True, lasts_s=1)

    def _prefetch(self, lookup: Lookup, entry: Entry) -> None:
        if lookup not in self._refreshes and len(self._refreshes) < MAX_REFRESHES:
            entry.prefetch_s = inf  # once, whatever comes of it
            self.prefetched += 1
            self._refresh(lookup)

    def _refresh(self, lookup: Lookup) -> asyncio.Task[Held]:
        task = asyncio.create_task(self._ask(lookup))
        self._refreshes[lookup] = task
        task.add_done_callback(lambda done: self._refreshed(lookup, done))
        return task

    def _refreshed(self, lookup: Lookup, task: asyncio.Task[Held]) -> None:
        del self._refreshes[lookup]
        if not task.cancelled():
            # Read here, since nobody may be waiting for it.
            task.exception()


class _Hearer:
    """Has *replies* hear what an upstream says to *lookup*; see `HeldReplies.hear`."""

    __slots__ = ("_lookup", "_replies", "_told")

    def __init__(
        self,
        replies: HeldReplies,
        lookup: Lookup,
        told: Callable[[Held | UpstreamError | None], None],
    ) -> None:
        self._replies = replies
        self._lookup = lookup
        self._told = told

    def __call__(self, found: Reply | UpstreamError | None) -> None:
        self._replies.hear(self._lookup, self._told, found)


def _held(entry: Entry, now_s: float) -> Held:
    # Rounded up, so that no client counts from a later moment than we do.
    age_s = -int(-(now_s - entry.since_s) // 1)
    before_prefetch_s = min(entry.prefetch_s, entry.ends_s) - now_s
    # Within the last part it is asked for every second, until it has been fetched again.
    lasts_s = (
        int(before_prefetch_s) if before_prefetch_s > 0 else min(1, int(entry.ends_s - now_s))
    )
    return Held(entry.reply, age_s, lasts_s=lasts_s)
