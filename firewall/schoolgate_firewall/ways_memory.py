"""
What clients were told: under which names, and which ways that opened.

A lead is what one client was told of one name: the ways to all its addresses. Several leads can
have a way in common, since many names share an address. Nothing here knows of the packet filter.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice

import msgspec

from schoolgate_firewall.way_parts import asker_of, destination_of
from schoolgate_policyd.core.decision import HostResource
from schoolgate_policyd.core.names import parse_host
from schoolgate_policyd.netfilter.neighbours import Link
from schoolgate_policyd.netfilter.ways import Told, Way

# A way and a name take some 400 octets together. What finds no room is not remembered, and the
# proxy judges what goes by its way.
MOST_WAYS = 400_000
# One device that makes up names must not have the room of all others.
MOST_WAYS_OF_CLIENT = 8_192
# All names that lead to a way are looked at whenever one of them changes. No site has as many
# that one device asks for; what more there are is judged by name.
MOST_LEADS_OF_WAY = 256
# So long it is known why somebody goes where their way has ended: a program keeps what it was
# told for longer than it may.
REMEMBERED_AFTER_S = 600
_MOST_RESOURCES = 65_536
_MOST_HELP_LINE_ADDRESSES = 65_536
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Lead(msgspec.Struct, eq=False):
    """
    A name that *client* was told, with *ways* and until which second each of them lasts.

    *is_allowed* is the newest verdict on it for whoever is *known_as*, which the snapshot of
    *generation* gave and which holds until *valid_until* (the school's clock). *closed_at_s* is
    the second since which it is not allowed, None while it is. Seconds are those of a clock that
    never goes backwards. *link* is the device that has the client's address now, where that is on
    one of the gateway's own links and known.
    """

    client: str
    names: tuple[str, ...]
    resource: HostResource
    ways: dict[Way, int]
    known_as: str = ""
    is_allowed: bool = True
    is_help_line: bool = False
    generation: int = -1
    valid_until: datetime = _LONG_AGO
    closed_at_s: int | None = None
    link: Link | None = None

    def is_of(self, link: Link | None) -> bool:
        """Whether it says what the device on *link* may: not of the last with its address."""
        return link is None or self.link is None or link == self.link


class WaysMemory:
    """
    Every lead, by client and names, and by the ways that it opened; `len` counts leads' ways.

    `not_remembered` counts ways that found no room, `newcomers` clients who were told something
    while nothing was known of them.
    """

    def __init__(
        self, *, most_ways: int = MOST_WAYS, most_of_client: int = MOST_WAYS_OF_CLIENT
    ) -> None:
        self.not_remembered = 0
        self.newcomers = 0
        self._clients: dict[str, int] = {}
        self._most_ways = most_ways
        self._most_of_client = most_of_client
        self._leads: dict[tuple[str, tuple[str, ...]], Lead] = {}
        self._by_way: dict[Way, tuple[Lead, ...]] = {}
        self._of_asker: dict[bytes, int] = {}
        self._resources: dict[tuple[str, ...], HostResource] = {}
        self._help_lines: set[bytes] = set()
        self._count = 0
        self._forgetting: Iterator[Lead] = iter(())

    def __len__(self) -> int:
        return self._count

    def knows(self, way: Way) -> bool:
        """Whether any lead has *way*, be it over."""
        return way in self._by_way

    def leads(self) -> list[Lead]:
        """Return all leads, those that are over included."""
        return list(self._leads.values())

    def clients(self) -> frozenset[str]:
        """Return the addresses of whoever was told anything lately."""
        return frozenset(self._clients)

    def leads_to(self, way: Way) -> tuple[Lead, ...]:
        """Return the leads that have *way*, those that are over included."""
        return self._by_way.get(way, ())

    def is_crowded(self, way: Way) -> bool:
        """Whether *way* has as many leads as one may, so that there can be some more."""
        return len(self.leads_to(way)) >= MOST_LEADS_OF_WAY

    def take(self, told: Told, now_s: int) -> tuple[Lead, list[Way]]:
        """
        Remember *told* and return its lead, with those of its ways that found room.

        Raises NameSyntaxError if a name is none.
        """
        key = (told.client, told.names)
        lead = self._leads.get(key)
        if lead is None:
            lead = Lead(told.client, told.names, self._resource_of(told.names), {})
        until_s = now_s + told.lifetime_s
        taken = []
        for way in told.ways:
            before_s = lead.ways.get(way)
            if before_s is None and not self._has_room(lead, way):
                self.not_remembered += 1
                continue
            lead.ways[way] = until_s if before_s is None else max(until_s, before_s)
            taken.append(way)
        if lead.ways and key not in self._leads:
            self._leads[key] = lead
            self.newcomers += lead.client not in self._clients
            self._clients[lead.client] = self._clients.get(lead.client, 0) + 1
        return lead, taken

    def note_help_line(self, ways: Iterable[Way]) -> None:
        """Take note that *ways* lead to a help line, of which nobody's visit is recorded."""
        if len(self._help_lines) >= _MOST_HELP_LINE_ADDRESSES:
            self._help_lines.clear()
        self._help_lines.update(map(destination_of, ways))

    def leads_to_help_line(self, destination: bytes) -> bool:
        """Whether the address *destination* (packed) was a help line's for anybody."""
        return destination in self._help_lines

    def forget(self, now_s: int, most: int) -> list[Way]:
        """
        Forget what is long over in the next *most* leads; return the ways that nobody has now.

        Called again and again it goes round all of them.
        """
        looked_at = list(islice(self._forgetting, most))
        if not looked_at:
            self._forgetting = iter(self.leads())
        gone = []
        for lead in looked_at:
            over = [w for w, end_s in lead.ways.items() if end_s + REMEMBERED_AFTER_S <= now_s]
            gone += [way for way in over if self._leave(lead, way)]
            if not lead.ways:
                self._drop(lead)
        return gone

    def _has_room(self, lead: Lead, way: Way) -> bool:
        asker = asker_of(way)
        count = self._of_asker.get(asker, 0)
        if self._count >= self._most_ways or count >= self._most_of_client:
            return False
        if self.is_crowded(way):
            return False
        self._of_asker[asker] = count + 1
        self._count += 1
        self._by_way[way] = (*self._by_way.get(way, ()), lead)
        return True

    def _leave(self, lead: Lead, way: Way) -> bool:
        """Take *way* out of *lead*; whether nobody has it now."""
        del lead.ways[way]
        self._count -= 1
        asker = asker_of(way)
        if self._of_asker[asker] == 1:
            del self._of_asker[asker]
        else:
            self._of_asker[asker] -= 1
        others = tuple(each for each in self._by_way[way] if each is not lead)
        if others:
            self._by_way[way] = others
            return False
        del self._by_way[way]
        return True

    def _drop(self, lead: Lead) -> None:
        key = (lead.client, lead.names)
        # Another may have taken its place since the round began, with ways of its own.
        if self._leads.get(key) is not lead:
            return
        del self._leads[key]
        if self._clients[lead.client] == 1:
            del self._clients[lead.client]
        else:
            self._clients[lead.client] -= 1

    def _resource_of(self, names: tuple[str, ...]) -> HostResource:
        found = self._resources.get(names)
        if found is None:
            host, *chain = map(parse_host, names)
            if len(self._resources) >= _MOST_RESOURCES:
                self._resources.clear()
            found = self._resources[names] = HostResource(host, tuple(chain))
        return found
