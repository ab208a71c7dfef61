"""
Whether one address is many devices: a router with NAT, a domain controller that forwards.

Behind such a source subjects are lost, so the technician should know. The signs are cheap and
none of them is proof, which is why the evidence says what was seen: different systems' checks
whether they are online, different ways of asking, and more sites in a minute than one person
opens. Names are not kept: how many sites there were is told by bits of hashes.
"""

from collections import OrderedDict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from schoolgate_dns.messages import Query
from schoolgate_dns.stages.crowd_noticed import Crowd
from schoolgate_dns.stages.crowd_signs import Signs

KIND: Final = "many-devices"
WINDOW_S: Final = 3_600.0
AGAIN_AFTER_S: Final = 86_400.0
MAX_CLIENTS: Final = 4_096
CERTAIN_SYSTEMS: Final = 3
LIKELY_SYSTEMS: Final = 2
MANY_MANNERS: Final = 5
BUSY_SITES: Final = 200
BUSY_MINUTES: Final = 5
_SITE_BITS: Final = 2_048
_MANNER_BITS: Final = 64

# What an operating system asks for by itself when it joins a network. Firefox asks for its own
# name on every system, so it says nothing. Sources: the makers' documents on captive portals and
# on names to allow through a firewall; general knowledge.
_CHECKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "connectivitycheck.gstatic.com": "Android or ChromeOS",
        "connectivitycheck.android.com": "Android or ChromeOS",
        "captive.apple.com": "Apple",
        "www.msftconnecttest.com": "Windows",
        "ipv6.msftconnecttest.com": "Windows",
        "dns.msftncsi.com": "Windows",
        "www.msftncsi.com": "Windows",
        "connectivity-check.ubuntu.com": "Ubuntu",
        "network-test.debian.org": "Debian",
        "fedoraproject.org": "Fedora",
        "nmcheck.gnome.org": "GNOME",
        "spectrum.s3.amazonaws.com": "Amazon Fire",
        "ctest.cdn.nintendo.net": "Nintendo",
        "conntest.nintendowifi.net": "Nintendo",
        "connectivitycheck.platform.hicloud.com": "Huawei",
        "connect.rom.miui.com": "Xiaomi",
    }
)


class Crowds:
    """Looks at each client's queries; remembers at most *max_clients* that asked of late."""

    def __init__(self, *, max_clients: int = MAX_CLIENTS) -> None:
        self._max_clients = max_clients
        self._sources: OrderedDict[str, Signs] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sources)

    def note(
        self, client: str, host: str, now_s: float, manner: int | None = None
    ) -> Crowd | None:
        """
        Take in that *client* asks for *host*; return what is noticed, once a day for each client.

        *manner* is of `manner_of`, None where the query was not looked at; *now_s* is in seconds
        that never go backwards.
        """
        source = self._source(client, now_s)
        if manner is not None:
            source.manners |= 1 << manner % _MANNER_BITS
        # Two labels tell sites apart well enough, and cost nothing to find.
        _, _, site = host.rpartition(".")
        at = host.rfind(".", 0, -len(site) - 1)
        source.sites |= 1 << hash(host[at + 1 :]) % _SITE_BITS
        system = _CHECKS.get(host)
        if system is not None:
            source.systems |= {system}
        minute = int(now_s // 60)
        if minute != source.minute:
            _end_minute(source, minute)
        elif system is None:
            # Nothing that is judged changed within the minute.
            return None
        return self._judged(client, source, now_s)

    def _source(self, client: str, now_s: float) -> Signs:
        source = self._sources.get(client)
        if source is None:
            if len(self._sources) >= self._max_clients:
                self._sources.popitem(last=False)
            source = self._sources[client] = Signs(now_s, int(now_s // 60))
        elif now_s - source.since_s >= WINDOW_S:
            # An hour has passed: another device may have the address by now.
            noticed_s = source.noticed_s
            source = self._sources[client] = Signs(now_s, int(now_s // 60))
            source.noticed_s = noticed_s
        self._sources.move_to_end(client)
        return source

    def _judged(self, client: str, source: Signs, now_s: float) -> Crowd | None:
        if source.noticed_s is not None and now_s - source.noticed_s < AGAIN_AFTER_S:
            return None
        if not _is_crowd(source):
            return None
        source.noticed_s = now_s
        return Crowd(client, _evidence(source))


def manner_of(query: Query) -> int:
    """Return a number that is the same for queries that one resolver's code writes."""
    edns = query.edns
    if edns is None:
        return hash(query.flags) % _MANNER_BITS
    return hash((query.flags, edns.udp_octets, edns.dnssec_ok)) % _MANNER_BITS


def _end_minute(source: Signs, minute: int) -> None:
    count = source.sites.bit_count()
    source.busiest = max(source.busiest, count)
    source.busy_minutes += count >= BUSY_SITES
    source.minute = minute
    source.sites = 0


def _is_crowd(source: Signs) -> bool:
    """Whether one sign is strong, or two weaker ones come together."""
    is_busy = source.busy_minutes >= BUSY_MINUTES
    is_mixed = source.manners.bit_count() >= MANY_MANNERS
    systems = len(source.systems)
    return systems >= CERTAIN_SYSTEMS or is_busy or (systems >= LIKELY_SYSTEMS and is_mixed)


def _evidence(source: Signs) -> str:
    """Return every sign that was seen within the hour."""
    signs = []
    if source.systems:
        systems = ", ".join(sorted(source.systems))
        signs.append(f"asked, as these systems do, whether it is online: {systems}")
    if source.busy_minutes:
        signs.append(
            f"asked for {BUSY_SITES} or more sites a minute in {source.busy_minutes} minutes, "
            f"at most for about {source.busiest}"
        )
    manners = source.manners.bit_count()
    if manners >= MANY_MANNERS:
        signs.append(f"wrote its queries in {manners} different ways")
    return "within an hour it " + "; ".join(signs)
