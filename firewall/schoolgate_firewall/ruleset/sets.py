"""
The sets of the packet filter.

Lasting ones are filled while the gateway runs and keep their elements when a ruleset is loaded
again; static ones are emptied and filled by every load. Each has a bounded size. What a set is of
cannot be changed while it stands, so a change here replaces the whole table (`schema`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from schoolgate_firewall.ranges import IpRange
from schoolgate_firewall.ruleset.families import FAMILIES, Family
from schoolgate_policyd.netfilter.names import ClientSet, Reason, WaySet

# A way takes some 150 octets of the kernel's memory. A thousand devices with two hundred each fit.
MAX_WAYS = 262_144
MAX_CLIENTS = 65_536
# As many as are cut at a bell, for the seconds that they stay.
MAX_CUT = 65_536

_ELEMENTS_IN_A_LINE = 6


@dataclass(frozen=True, slots=True)
class LastingSet:
    """A set that keeps its elements over a reload; *form* is its declaration's body."""

    name: str
    form: str


@dataclass(frozen=True, slots=True)
class StaticSet:
    """A set of ranges that each load fills anew."""

    name: str
    address: str
    ranges: tuple[IpRange, ...]

    @property
    def elements(self) -> str:
        """The ranges as nft reads them, in lines of some."""
        texts = [str(each) for each in self.ranges]
        lines = (
            ", ".join(texts[start : start + _ELEMENTS_IN_A_LINE])
            for start in range(0, len(texts), _ELEMENTS_IN_A_LINE)
        )
        return ",\n      ".join(lines)


def heard_set(reason: Reason, family: int) -> str:
    """Return the name of the set that holds each client's rate in the log for *reason*."""
    return f"heard_{reason.value.replace('-', '_')}{family}"


def lasting_sets() -> tuple[LastingSet, ...]:
    """Return every set that is filled while the gateway runs."""
    return tuple(_way_sets()) + tuple(
        each for family in FAMILIES for each in (*_client_sets(family), *_meters(family))
    )


def _way_sets() -> Iterator[LastingSet]:
    for way in WaySet:
        family = FAMILIES[0] if way in {WaySet.LINK4, WaySet.ADDRESS4} else FAMILIES[1]
        is_link = way in {WaySet.LINK4, WaySet.LINK6}
        client = "iface_index . ether_addr" if is_link else family.address
        key = f"type {client} . {family.address}"
        yield LastingSet(way.open_name, f"{key}; size {MAX_WAYS}; flags timeout;")
        yield LastingSet(way.looked_into_name, f"{key}; size {MAX_WAYS}; flags timeout;")
        yield LastingSet(way.cut_name, f"{key}; size {MAX_CUT}; flags timeout;")


def _client_sets(family: Family) -> Iterator[LastingSet]:
    for clients in ClientSet:
        form = f"type {family.address}; size {MAX_CLIENTS}; flags timeout;"
        yield LastingSet(f"{clients.value}{family.number}", form)


def _meters(family: Family) -> Iterator[LastingSet]:
    metered = f"type {family.address}; size {MAX_CLIENTS}; flags dynamic,timeout;"
    for reason in Reason:
        yield LastingSet(reason.count_set(family.number), f"{metered} timeout 1h;")
        if reason is not Reason.QUIC:  # browsers try it by themselves: it is refused and not told
            yield LastingSet(heard_set(reason, family.number), f"{metered} timeout 10m;")
    yield LastingSet(f"dns_rate{family.number}", f"{metered} timeout 1m;")
    placed = f"type iface_index . {family.address}; size {MAX_CLIENTS}; flags dynamic,timeout;"
    yield LastingSet(f"placed{family.number}", f"{placed} timeout 1m;")
