"""
What each step of a connection needs: who asks by now, where a host is, what is recorded.

Looking a name up takes time, so every verdict is asked for anew after it, with the newest
snapshot: nothing between a verdict and what follows from it may wait.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import HostResource, Request, Resource, Verdict
from schoolgate_policyd.core.names import Host, parse_host
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import Subject
from schoolgate_proxy.connections import Connections, OpenConnection
from schoolgate_proxy.reporter import Reporter
from schoolgate_proxy.requests import Attempt, Judged
from schoolgate_proxy.resolve import Destination, ResolveError, Resolver, Unreachable


@dataclass(frozen=True, slots=True)
class Located:
    """A host as it is judged, and where it is; *where* is None where nobody looked."""

    asked: HostResource
    where: Destination | Unreachable | None = None


class Judging:
    """
    Judges the *connections* of one proxy.

    *snapshot* returns the newest one, *now* the school's time (aware).
    """

    def __init__(
        self,
        connections: Connections,
        *,
        snapshot: Callable[[], Snapshot],
        now: Callable[[], datetime],
        resolver: Resolver,
        reporter: Reporter,
    ) -> None:
        self.connections = connections
        self.resolver = resolver
        self._snapshot = snapshot
        self._now = now
        self._reporter = reporter

    def asker(self, connection: OpenConnection) -> tuple[Subject, Snapshot, datetime]:
        """Return who has *connection*, by the newest snapshot, now."""
        snapshot, moment = self._snapshot(), self._now()
        known_as = self.connections.known_as(connection.address)
        return snapshot.subject_at(known_as, moment), snapshot, moment

    def judge(self, connection: OpenConnection, resource: Resource) -> Judged:
        """Return what is decided on *resource* for who has *connection*, now."""
        subject, snapshot, moment = self.asker(connection)
        return Judged(resource, decide(Request(subject, resource), snapshot, moment))

    async def locate(self, connection: OpenConnection, host: Host) -> Located:
        """Look *host* up, unless its name alone says that nobody will be connected to it."""
        asked = HostResource(host)
        subject, snapshot, moment = self.asker(connection)
        if decide(Request(subject, asked), snapshot, moment).verdict is Verdict.BLOCK:
            return Located(asked)
        # A search service's own address would give what the one that filters leaves out.
        source = snapshot.safe_name(subject, host) or host
        try:
            found = await self.resolver.resolve(source)
        except ResolveError as error:
            return Located(asked, error.reason)
        return Located(HostResource(host, found.chain), found)

    def nameless(self, connection: OpenConnection, attempt: Attempt) -> None:
        """Record that *connection*, which the firewall brought, has no name to be judged by."""
        if connection.meant_for is None:
            return
        judged = self.judge(connection, HostResource(parse_host(connection.meant_for)))
        evidence = f"meant for {connection.meant_for} port {connection.meant_port}"
        self.blocked(connection, judged, attempt, evidence)

    def allowed(self, connection: OpenConnection, judged: Judged) -> None:
        """Record that *judged* was allowed on *connection*."""
        subject, snapshot, moment = self.asker(connection)
        zone = ZoneInfo(snapshot.school_time.zone)
        known_as = self.connections.known_as(connection.address)
        self._reporter.allowed(known_as, subject, judged, moment=moment, zone=zone)

    def blocked(
        self,
        connection: OpenConnection,
        judged: Judged,
        attempt: Attempt | None = None,
        evidence: str | None = None,
    ) -> None:
        """Record that *judged* was refused on *connection*."""
        subject, snapshot, moment = self.asker(connection)
        zone = ZoneInfo(snapshot.school_time.zone)
        self._reporter.blocked(
            self.connections.known_as(connection.address),
            subject,
            judged,
            moment=moment,
            zone=zone,
            attempt=attempt,
            evidence=evidence,
        )
