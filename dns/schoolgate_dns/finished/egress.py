"""
What each client was told, and the ways that this opened for it (answer-bound egress).

Ways are opened before an answer leaves, and not opened again while what was noted lasts: the
firewall is told once for a client, a name and its addresses, not once for a query. Where a way
cannot be opened, the answer must not go: it would lead where nothing can be reached.

Every way is open for the same time from the last answer on. The kernel knows one end for each,
and other names may have the address as well, given by other workers: were a way open for as long
as its own answer, a name of short life would cut what one of long life was promised.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Final, Protocol

import msgspec
import structlog

from schoolgate_dns.finished.shares import Shares
from schoolgate_dns.stages.reach import LONGEST_TTL_OF_HELD_S
from schoolgate_dns.stages.source import Source
from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.neighbour_table import Link
from schoolgate_policyd.netfilter.ways import MOST_NAMES, MOST_WAYS, Told, Way

# By so much a way stays open longer than an answer may be kept: connections begin late, clocks
# differ, and a use is noted once in a minute.
MARGIN_S: Final = 120
LIFETIME_S: Final = LONGEST_TTL_OF_HELD_S + MARGIN_S
# Each memory is emptied when it is full: a flood costs system calls, never memory. An entry takes
# some 150 octets, so all clients together must not have what one may.
MAX_CLIENTS: Final = 65_536
MAX_ANSWERS_OF_CLIENT: Final = 4_096
MAX_ANSWERS: Final = 200_000

FORGET_EVERY_S: Final = 3600

log = structlog.get_logger(__name__)


class Answered(msgspec.Struct, frozen=True, gc=False):
    """
    An answer that *source*, in the network of that id, is about to get.

    *names* are the host that was asked for and its aliases. Its *addresses* (packed) may be kept
    for *ttl_s*, and the decision behind it *holds_s*; both are whole seconds.
    """

    source: Source
    network: str
    names: tuple[str, ...]
    addresses: tuple[bytes, ...]
    ttl_s: int
    holds_s: int


class FindsWays(Protocol):
    """Whoever knows by which ways a client goes; `ways.links.GatewayLinks` in the point."""

    def ways_to(self, source: Source, network: str, addresses: Iterable[bytes]) -> tuple[Way, ...]:
        """Return the ways from *source* to those of *addresses* that it can reach."""
        ...

    def asker_of(self, source: Source, network: str) -> Hashable:
        """Return whose share of all ways those of *source* are taken from."""
        ...


class Tells(Protocol):
    """Whoever tells the firewall's point; `ways.telling.Teller` in the running point."""

    @property
    def meetings(self) -> int:
        """How often the point was found; another number may be another process."""
        ...

    def tell(self, told: Told) -> bool:
        """Tell the point at once, or not at all; return whether it was."""
        ...


class _Known:
    """What is open for one address while it is that device's; *until* is by hash of an answer."""

    __slots__ = ("link", "until")

    def __init__(self, link: Link | None) -> None:
        self.link = link
        self.until: dict[int, int] = {}


class AnsweredAddresses:
    """
    Remembers what was opened with *open_ways* and told to *teller*.

    *opened* counts ways, *failed* answers that could not be given. Seconds are those of a clock
    that never goes backwards.
    """

    def __init__(
        self, links: FindsWays, open_ways: Callable[[Sequence[Way], int], None], teller: Tells
    ) -> None:
        self.opened = 0
        self.failed = 0
        self._links = links
        self._open_ways = open_ways
        self._teller = teller
        self._met = teller.meetings
        self._known: dict[bytes, _Known] = {}
        self._count = 0
        self._forget_at = 0
        self._is_well = True
        self._shares = Shares(LIFETIME_S)
        self._has_refused = False

    def __len__(self) -> int:
        return self._count

    def note(self, answered: Answered, second: int) -> bool:
        """
        Note that a client is given an answer in *second*; False if its ways cannot be opened.

        What still lasts for a minute and the answer's own time is not opened again.
        """
        if self._teller.meetings != self._met:
            self._forget_meeting()
        if second >= self._forget_at:
            # What is still asked for is noted again, which is cheap.
            self.forget()
            self._forget_at = second + FORGET_EVERY_S
        known = self._known_of(answered.source)
        # The names themselves would take much more than their hash; two alike are as rare as
        # anything, and then a way stays closed. The point judges by whom it was told of, so one
        # who is known by another address is told of anew.
        key = hash((answered.source.known_as, answered.names, answered.addresses))
        if known.until.get(key, 0) - second >= max(answered.ttl_s, MARGIN_S // 2):
            return True
        ways = self._opened(answered, second)
        if ways is None:
            return False
        self.opened += len(ways)
        told = Told(answered.source.known_as, answered.names, ways, LIFETIME_S)
        if self._teller.tell(told):
            # INVARIANT: nothing is remembered beyond the bell. The firewall's point may close a
            # way then, and whoever is told the same afterwards needs it opened again.
            self._remember(answered, key, second + min(LIFETIME_S, answered.holds_s))
        return True

    def forget(self) -> None:
        """Open everything anew: the firewall's point may have closed what was open."""
        self._known.clear()
        self._count = 0

    def _forget_meeting(self) -> None:
        """A point that has just begun knows none of what was told before."""
        self._met = self._teller.meetings
        self.forget()

    def _known_of(self, source: Source) -> _Known:
        known = self._known.get(source.packed)
        if known is not None and known.link == source.link:
            return known
        if known is not None:
            # The address is another device's now, for which nothing is open.
            self._count -= len(known.until)
        elif len(self._known) >= MAX_CLIENTS:
            self.forget()
        known = self._known[source.packed] = _Known(source.link)
        return known

    def _opened(self, answered: Answered, second: int) -> tuple[Way, ...] | None:
        """Return the ways that are open now, None if they cannot be opened."""
        # No honest answer has as many.
        if len(answered.addresses) > MOST_WAYS or len(answered.names) > MOST_NAMES:
            return None
        try:
            ways = self._links.ways_to(answered.source, answered.network, answered.addresses)
            if not ways or not self._has_room(answered, ways, second):
                return None
            self._open_ways(ways, LIFETIME_S)
        except (NetfilterError, OSError) as error:
            if self._is_well:
                # Once, however many queries find it so.
                log.error("no way can be opened, answers fail", cause=str(error))  # noqa: TRY400 - the cause says all
            self._is_well = False
            return None
        self._is_well = True
        return ways

    def _has_room(self, answered: Answered, ways: Sequence[Way], second: int) -> bool:
        """Whether one more answer is within what one device may have open."""
        asker = self._links.asker_of(answered.source, answered.network)
        if self._shares.take(asker, ways, second):
            return True
        if not self._has_refused:
            log.warning(
                "a device has as many ways open as one may", client=answered.source.known_as
            )
        self._has_refused = True
        return False

    def _remember(self, answered: Answered, key: int, until: int) -> None:
        if self._teller.meetings != self._met:
            self._forget_meeting()
        if self._count >= MAX_ANSWERS:
            self.forget()
        known = self._known_of(answered.source)
        if len(known.until) >= MAX_ANSWERS_OF_CLIENT:
            self._count -= len(known.until)
            known.until.clear()
        self._count += key not in known.until
        known.until[key] = until
