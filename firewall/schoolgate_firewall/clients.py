"""
Which single clients are not as their network's range: the sets `trusted` and `close`.

The ruleset knows of each range of addresses whether whoever asks from it is closely filtered. A
device of the register, a device claim or a restriction can make one address another than its
range; and a device on the gateway's own link is the same over both families, whatever its IPv6
address is.
"""

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Protocol

import structlog

from schoolgate_firewall.devices import Devices
from schoolgate_firewall.judging import Judge
from schoolgate_firewall.positions import Sets as ChangedSets
from schoolgate_firewall.ranges import IpRange
from schoolgate_firewall.way_parts import packed, text_of
from schoolgate_firewall.ways_memory import WaysMemory
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.subjects import Subject
from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.names import ClientSet
from schoolgate_policyd.netfilter.sets import Element

_FAMILIES = {4: "4", 16: "6"}  # by the length of an address
# Ends the longest timeout of an element; it is set anew long before.
LONGEST_TIMEOUT_S = 86_400
# Devices come and go all the time; a bell does not wait for this.
BETWEEN_ARRIVALS_S = 1.0

log = structlog.get_logger(__name__)


class Sets(ChangedSets, Protocol):
    """Sets that can be read as well."""

    def elements(self, set_name: str) -> list[Element]:
        """Return all elements of a set. Raises NetfilterError."""
        ...


class Ranges:
    """The ranges in which the ruleset takes nobody for closely filtered (`trusted_ranges`)."""

    def __init__(self, trusted: Iterable[IpRange]) -> None:
        self._trusted = tuple(trusted)

    def is_closely_filtered(self, address: bytes) -> bool:
        """Whether *address*, packed, is in none of them."""
        parsed = ipaddress.ip_address(address)
        return not any(parsed in each for each in self._trusted)


type Wanted = dict[ClientSet, dict[bytes, datetime | None]]
"""For each set its addresses, with the moment at which they leave it by themselves, if any."""


class Clients:
    """
    Keeps both sets as the newest snapshot says.

    *memory* knows who asked DNS lately; *school_now* is the school's clock, *monotonic* one that
    never goes back.
    """

    def __init__(
        self,
        sets: Sets,
        judge: Judge,
        devices: Devices,
        ranges: Ranges,
        *,
        source: Callable[[], Source],
        memory: WaysMemory,
        school_now: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._sets = sets
        self._judge = judge
        self._devices = devices
        self._ranges = ranges
        self._source = source
        self._memory = memory
        self._school_now = school_now
        self._monotonic = monotonic
        self._held: Wanted | None = None
        self._kept_of = -1
        self._kept_for = (-1, -1)
        self._kept_at_s = 0.0
        self._is_well = True
        self._next_change: datetime | None = None
        self._lost: frozenset[bytes] = frozenset()

    @property
    def is_due(self) -> bool:
        """Whether the sets may have to be others than they are."""
        if self._held is None or self._kept_of != self._judge.generation:
            return True
        if self._next_change is not None and self._school_now() >= self._next_change:
            return True
        is_rested = self._monotonic() - self._kept_at_s >= BETWEEN_ARRIVALS_S
        return is_rested and self._kept_for != self._arrivals

    def keep(self) -> frozenset[bytes]:
        """
        Change the sets as they have to be; return the addresses that are trusted no longer.

        Those that are closely filtered from now on, in a range that is trusted, are among them.

        INVARIANT: whatever closes is done before anything opens. Where the kernel refuses, the
        sets are read and all is tried again the next time.
        """
        generation, arrivals, moment = self._judge.generation, self._arrivals, self._school_now()
        self._kept_at_s = self._monotonic()
        wanted = self._wanted(moment)
        try:
            held = self._read() if self._held is None else self._held
            lost = frozenset(held[ClientSet.TRUSTED].keys() - wanted[ClientSet.TRUSTED].keys())
            closed = wanted[ClientSet.CLOSE].keys() - held[ClientSet.CLOSE].keys()
            self._held = None
            # Kept until it is returned: read again, the sets do not say who was in them before.
            self._lost |= lost | closed
            self._remove(ClientSet.TRUSTED, lost)
            self._add(ClientSet.CLOSE, held, wanted, moment)
            self._remove(
                ClientSet.CLOSE, held[ClientSet.CLOSE].keys() - wanted[ClientSet.CLOSE].keys()
            )
            self._add(ClientSet.TRUSTED, held, wanted, moment)
        except NetfilterError as error:
            if self._is_well:
                log.error("clients cannot be told apart", cause=str(error))  # noqa: TRY400 - the cause says all
            self._is_well = False
            return frozenset()
        self._held, self._kept_of, self._kept_for = wanted, generation, arrivals
        self._is_well = True
        lost, self._lost = self._lost, frozenset()
        return lost

    def read_anew(self) -> None:
        """Have the sets read the next time: they may hold something else than we put there."""
        self._held = None

    @property
    def _arrivals(self) -> tuple[int, int]:
        """What is another pair whenever another device may have an address, or asks."""
        return self._devices.changes, self._memory.newcomers

    def _wanted(self, moment: datetime) -> Wanted:
        wanted: Wanted = {each: {} for each in ClientSet}
        self._next_change = None
        looked_at: set[bytes] = set()
        for text in self._candidates():
            address = packed(text)
            if address is None or address in looked_at:
                continue
            network = self._judge.subject_at(text, moment).network
            for each in {address, *self._devices.addresses_with(address, network)}:
                looked_at.add(each)
                subject = self._judge.subject_at(text_of(each), moment)
                self._note(subject.known_until)
                self._place(wanted, each, subject)
        return wanted

    def _place(self, wanted: Wanted, address: bytes, subject: Subject) -> None:
        is_close = subject.is_closely_filtered
        if is_close is self._ranges.is_closely_filtered(address):
            return
        # What closes lasts until it is taken away; what opens ends by itself, even without us.
        if is_close:
            wanted[ClientSet.CLOSE][address] = None
        else:
            wanted[ClientSet.TRUSTED][address] = subject.known_until

    def _candidates(self) -> Iterator[str]:
        """Yield the addresses of whoever may not be as their range."""
        source = self._source()
        yield from (each.address for each in source.register.devices)
        yield from (each.address for each in source.live.claims)
        yield from self._memory.clients()

    def _note(self, known_until: datetime | None) -> None:
        if known_until is not None and (
            self._next_change is None or known_until < self._next_change
        ):
            self._next_change = known_until

    def _read(self) -> Wanted:
        """Return what the sets hold; when it ends is not asked, so that all is set anew."""
        return {
            each: {
                element.key: None
                for family in _FAMILIES.values()
                for element in self._sets.elements(f"{each}{family}")
            }
            for each in ClientSet
        }

    def _remove(self, client_set: ClientSet, addresses: Iterable[bytes]) -> None:
        for length, family in _FAMILIES.items():
            keys = [each for each in addresses if len(each) == length]
            if keys:
                self._sets.remove(f"{client_set}{family}", keys)

    def _add(self, client_set: ClientSet, held: Wanted, wanted: Wanted, moment: datetime) -> None:
        by_timeout: dict[tuple[str, int | None], list[bytes]] = {}
        for address, until in wanted[client_set].items():
            if address in held[client_set] and held[client_set][address] == until:
                continue
            timeout_s = None if until is None else _seconds_until(until, moment)
            if timeout_s != 0:
                family = _FAMILIES[len(address)]
                by_timeout.setdefault((family, timeout_s), []).append(address)
        for (family, timeout_s), keys in by_timeout.items():
            self._sets.add(f"{client_set}{family}", keys, timeout_s)


def _seconds_until(until: datetime, moment: datetime) -> int:
    return max(0, min(int((until - moment).total_seconds()), LONGEST_TIMEOUT_S))
