"""
Which numbers of a running point are metrics; docs/metrics.md says what each is good for.

Whoever has something of its own to count adds it to the same `Metrics`.
"""

import resource
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

from schoolgate_dns.metrics.text import Metrics
from schoolgate_dns.served import Outsiders
from schoolgate_dns.service import Service
from schoolgate_dns.ways.firewall import Firewall
from schoolgate_policyd.ipc.client import PointClient
from schoolgate_policyd.ipc.messages import AllowedCount, Blocked, Event
from schoolgate_policyd.ipc.spool import Spool

_STATM: Final = Path("/proc/self/statm")
_FILES: Final = Path("/proc/self/fd")


class CountedOffers:
    """Hands events on to *offer*, and counts them by kind."""

    def __init__(self, offer: Callable[[Event], None]) -> None:
        self.counts: Counter[str] = Counter()
        self._offer = offer

    def __call__(self, event: Event) -> None:
        """Count *event* and hand it on."""
        self.counts[_kind_of(event)] += 1
        self._offer(event)


class InForce:
    """
    The snapshot in force here, whose *number* is read.

    Since when it is so, and how many of each kind came into force.
    """

    def __init__(
        self, number: Callable[[], int], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.number = number
        self.revisions: Counter[str] = Counter({"source": 0, "live": 0})
        self._monotonic = monotonic
        self._since_s = monotonic()

    def note(self, kind: str) -> None:
        """Note that a revision of *kind* is in force from now on."""
        self.revisions[kind] += 1
        self._since_s = self._monotonic()

    @property
    def age_s(self) -> float:
        """For how long the snapshot in force has been so."""
        return self._monotonic() - self._since_s


def metrics_of(
    service: Service,
    client: PointClient,
    spool: Spool,
    offers: CountedOffers,
    in_force: InForce,
) -> Metrics:
    """Return everything that is counted at a point."""
    metrics = Metrics()
    add_service(metrics, service)
    add_outsiders(metrics, service.outsiders)
    add_ways(metrics, service.firewall)
    add_policy(metrics, client, in_force)
    add_events(metrics, offers, spool)
    add_process(metrics)
    return metrics


def add_service(metrics: Metrics, service: Service) -> None:
    """Add what is counted of queries and answers."""
    desk, answering, server = service.reception.desk, service.answering, service.server
    metrics.add(
        "queries_total",
        "Queries received: datagrams, and messages over TCP, TLS and HTTPS together as streams.",
        lambda: {("udp",): server.received, ("stream",): answering.by_stream},
        ("transport",),
    )
    metrics.add(
        "answers_total",
        "What became of queries; finished answers, which are given again, are not judged anew.",
        lambda: _outcomes(answering.outcomes, desk.answered, server.dropped),
        ("outcome",),
    )
    metrics.add(
        "finished_answers",
        "Answers that are kept finished.",
        lambda: len(service.reception.finished),
    )
    metrics.add(
        "clients",
        "Addresses that are known to ask at present.",
        lambda: len(service.reception.clients.by_address),
    )
    metrics.add(
        "limited_clients",
        "Clients that send too much, of whose datagrams the kernel drops a part.",
        lambda: server.limited,
    )
    metrics.add(
        "waiting_queries",
        "Datagrams that wait to be worked on.",
        lambda: server.waiting,
    )
    metrics.add(
        "connections", "TCP connections of clients.", lambda: len(server.streams.connections)
    )
    _add_replies(metrics, service)
    _add_upstreams(metrics, service)


def _add_replies(metrics: Metrics, service: Service) -> None:
    replies = service.replies
    metrics.add(
        "cache_lookups_total",
        "Questions to the cache of upstreams' replies, by what was found.",
        lambda: {
            ("hit",): replies.hits,
            ("miss",): replies.misses,
            ("stale",): replies.stale,
            ("failed",): replies.failures,
            ("prefetched",): replies.prefetched,
        },
        ("outcome",),
    )
    metrics.add("cache_entries", "Replies held.", lambda: replies.entries)
    metrics.add("cache_octets", "What the held replies take up, roughly.", lambda: replies.octets)
    metrics.add(
        "scrubbed_total",
        "Replies from which an address of the inside was removed.",
        lambda: replies.scrubbed,
    )


def _add_upstreams(metrics: Metrics, service: Service) -> None:
    resolver = service.resolver
    metrics.add(
        "upstream_events_total",
        "Questions to upstreams, and what happened to them.",
        lambda: {
            (name, event): count
            for name, counts in resolver.counts().items()
            for event, count in counts.items()
        },
        ("upstream", "event"),
    )
    metrics.add_histograms(
        "upstream_seconds",
        "How long an upstream's usable replies took.",
        lambda: {(name,): each for name, each in resolver.round_trips().items()},
        ("upstream",),
    )


def add_policy(metrics: Metrics, client: PointClient, in_force: InForce) -> None:
    """Add what is counted of the snapshot in force and the connection with policyd."""
    metrics.add("snapshot_number", "The number of the snapshot in force here.", in_force.number)
    metrics.add(
        "snapshot_age_seconds",
        "For how long the snapshot in force here has been so.",
        lambda: in_force.age_s,
    )
    metrics.add(
        "revisions_total",
        "Revisions put in force: of everything, or of what is live alone.",
        lambda: {(kind,): count for kind, count in in_force.revisions.items()},
        ("kind",),
    )
    metrics.add(
        "policyd_connected",
        "Whether policyd is connected (1) or not (0).",
        lambda: client.is_connected,
    )
    metrics.add(
        "snapshots_unreadable_total",
        "Last snapshots on the disk that could not be read.",
        lambda: client.snapshots_unreadable,
    )


def add_events(metrics: Metrics, offers: CountedOffers, spool: Spool) -> None:
    """Add what is counted of events on their way to policyd."""
    metrics.add(
        "events_total",
        "Events made; those of an attempt to get round the filter are of the attempt's kind.",
        lambda: {(kind,): count for kind, count in offers.counts.items()},
        ("kind",),
    )
    metrics.add(
        "events_lost_total", "Events that were lost, since the spool was full.", lambda: spool.lost
    )
    metrics.add("events_pending", "Events that are not on the disk yet.", lambda: spool.pending)
    metrics.add(
        "spool_octets", "Events on the disk that policyd has not stored.", lambda: spool.octets
    )


def add_outsiders(metrics: Metrics, outsiders: Outsiders) -> None:
    """Add what is counted of those who are not served."""
    metrics.add(
        "outsiders_total",
        "Queries from outside the school's address ranges: refused, or not answered at all.",
        lambda: {("refused",): outsiders.refused, ("dropped",): outsiders.ignored},
        ("outcome",),
    )


def add_ways(metrics: Metrics, firewall: Firewall | None) -> None:
    """Add what is counted of the ways that answers opened; without a firewall nothing ever is."""
    egress = None if firewall is None else firewall.egress
    teller = None if firewall is None else firewall.teller
    metrics.add(
        "ways_opened_total",
        "Ways opened in the firewall, those among them that were open already.",
        lambda: 0 if egress is None else egress.opened,
    )
    metrics.add(
        "ways_failed_total",
        "Answers that were not given, since no way could be opened.",
        lambda: 0 if egress is None else egress.failed,
    )
    metrics.add(
        "ways_untold_total",
        "Answers of which the firewall's point could not be told; it closes their ways.",
        lambda: 0 if teller is None else teller.untold,
    )


def add_process(metrics: Metrics) -> None:
    """Add what this process takes."""
    page_octets = resource.getpagesize()
    metrics.add(
        "resident_memory_octets",
        "The process's memory, what it shares with other workers included.",
        lambda: int(_STATM.read_text().split()[1]) * page_octets,
    )
    metrics.add(
        "cpu_seconds_total",
        "CPU time of the process, for itself and the system.",
        time.process_time,
    )
    metrics.add("open_files", "File descriptors in use.", lambda: sum(1 for _ in _FILES.iterdir()))


def _outcomes(counted: Counter[str], finished: int, unreceived: int) -> dict[tuple[str, ...], int]:
    kinds = ("answered", "blocked", "steered", "failed", "refused", "dropped")
    found: dict[tuple[str, ...], int] = {(kind,): counted[kind] for kind in kinds}
    found[("dropped",)] += unreceived
    found[("finished",)] = finished
    return found


def _kind_of(event: Event) -> str:
    if isinstance(event, AllowedCount):
        return "allowed"
    if isinstance(event, Blocked):
        return event.attempt or "blocked"
    return event.kind
