"""What was in force when the events happened: grants, device claims, standing permissions."""

from bisect import bisect_right
from collections import OrderedDict, defaultdict
from datetime import UTC, datetime

import msgspec

from schoolgate_policyd.core.policy import Live
from schoolgate_policyd.core.rules import Grant
from schoolgate_policyd.core.snapshot import Snapshot

_EVER = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)
# A snapshot remembers its decisions; time goes forward, so few are needed at once.
_MOST_SNAPSHOTS = 8


class PastClaim(msgspec.Struct, frozen=True):
    """Who had claimed an address on [starts_at, ends_at), the school's clock (aware)."""

    address: str
    person: str
    starts_at: datetime
    ends_at: datetime


class PastStanding(msgspec.Struct, frozen=True):
    """A standing permission while both its records stood; *ends_at* None: they still do."""

    name: str
    starts_at: datetime
    ends_at: datetime | None = None


class Past(msgspec.Struct, frozen=True):
    """Whatever of it was in force at some moment of the events; moments are the school's clock."""

    grants: tuple[Grant, ...] = ()
    claims: tuple[PastClaim, ...] = ()
    standing: tuple[PastStanding, ...] = ()


def past_like(live: Live) -> Past:
    """Return *live* as if it had stood at every moment; grants have their own times."""
    return Past(
        grants=live.grants,
        claims=tuple(
            PastClaim(each.address, each.person, _EVER, each.ends_at) for each in live.claims
        ),
        standing=tuple(PastStanding(each, _EVER) for each in sorted(live.standing)),
    )


class Claimants:
    """Who had claimed which address when."""

    def __init__(self, past: Past) -> None:
        self._claims = defaultdict[str, list[PastClaim]](list)
        for claim in past.claims:
            self._claims[claim.address].append(claim)

    def at(self, address: str, moment: datetime) -> str | None:
        """Return who had claimed *address* at *moment*, None where nobody had."""
        for claim in self._claims.get(address, ()):
            if claim.starts_at <= moment < claim.ends_at:
                return claim.person
        return None


class PastSnapshots:
    """
    *snapshot* with what was live at each moment instead of what is live now.

    Between two moments at which a standing permission came or went it is one and the same
    snapshot, which remembers its decisions. Grants and restrictions bear their own times.
    """

    def __init__(self, snapshot: Snapshot, past: Past, restrictions_of: Live) -> None:
        self._snapshot = snapshot
        self._past = past
        self._restrictions = restrictions_of.restrictions
        self._edges = sorted(
            {each.starts_at for each in past.standing}
            | {each.ends_at for each in past.standing if each.ends_at is not None}
        )
        self._known: OrderedDict[int, Snapshot] = OrderedDict()

    def at(self, moment: datetime) -> Snapshot:
        """Return the snapshot to decide with at *moment* (aware)."""
        number = bisect_right(self._edges, moment)
        found = self._known.get(number)
        if found is None:
            live = self._live_after(self._edges[number - 1] if number else _EVER)
            found = self._known[number] = self._snapshot.with_live(self._snapshot.number, live)
            if len(self._known) > _MOST_SNAPSHOTS:
                self._known.popitem(last=False)
        return found

    def edge_after(self, moment: datetime) -> datetime:
        """Return the first moment after *moment* at which it is another snapshot."""
        number = bisect_right(self._edges, moment)
        return self._edges[number] if number < len(self._edges) else _NEVER

    def _live_after(self, edge: datetime) -> Live:
        return Live(
            grants=self._past.grants,
            restrictions=self._restrictions,
            standing=frozenset(
                each.name
                for each in self._past.standing
                if each.starts_at <= edge and (each.ends_at is None or edge < each.ends_at)
            ),
        )
