"""
Which ways a point that begins knows again, by what its predecessor was told (`journal`).

INVARIANT: what is known again opens nothing. It gives names to ways that stand in the kernel's
sets as the point begins, and the sweep judges those names for the moment that is now. What a bell
closed is in no set, nor is anything of another boot or of before a ruleset was put in place of
another: it stays unknown. So does a way that was opened again since it was told last, for by its
end DNS has opened it for a name that nobody heard of; and one that was left between two sets.
A way that is unknown is closed, and judged by the name in each connection.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet

import msgspec

from schoolgate_firewall.clients import Sets
from schoolgate_firewall.journal import Telling
from schoolgate_policyd.netfilter.names import WaySet
from schoolgate_policyd.netfilter.ways import Way

# DNS opens a way before it tells, so its end is not after what was told. But the kernel counts in
# ticks, and the point in whole seconds where it opens one again itself.
_LATE_S = 1.25


class Standing(msgspec.Struct, frozen=True):
    """The ways that are open in the kernel, each with the second of its end, and the judged."""

    open: Mapping[Way, float]
    judged: AbstractSet[Way]


def standing(sets: Sets, monotonic: Callable[[], float]) -> Standing:
    """Return what stands in the kernel now. Raises NetfilterError."""
    open_, judged = dict[Way, float](), set[Way]()
    for way_set in WaySet:
        # Taken before they are read: what is opened meanwhile ends too late to be known.
        now = monotonic()
        for element in sets.elements(way_set.open_name):
            expires_s = element.expires_s
            open_[Way(way_set, element.key)] = (
                float("inf") if expires_s is None else now + expires_s
            )
        judged |= {Way(way_set, each.key) for each in sets.elements(way_set.looked_into_name)}
    return Standing(open_, judged)


def known_again(tellings: Iterable[Telling], stands: Standing) -> list[Telling]:
    """Return *tellings* with those of their ways alone that are known again by them."""
    told = list(tellings)
    lasts = defaultdict[Way, float](float)
    for telling in told:
        for way in telling.told.ways:
            lasts[way] = max(lasts[way], telling.until)
    known = {way for way, until in lasts.items() if _is_known(way, until, stands)}
    found = []
    for telling in told:
        ways = tuple(way for way in telling.told.ways if way in known)
        if ways:
            again = msgspec.structs.replace(telling.told, ways=ways)
            found.append(Telling(telling.second, again))
    return found


def _is_known(way: Way, until: float, stands: Standing) -> bool:
    ends = stands.open.get(way)
    if ends is None:
        return way in stands.judged
    return ends <= until + _LATE_S and way not in stands.judged
