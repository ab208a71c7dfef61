"""Who asks: the subject behind the client's address, with the snapshot and moment to judge by."""

from collections.abc import Callable
from datetime import datetime

from schoolgate_dns.decider import Decider
from schoolgate_dns.messages import Query
from schoolgate_dns.stages.asked import Asked
from schoolgate_dns.stages.source import Links, NoLinks
from schoolgate_policyd.core.decision import Decision


class WhoAsks:
    """Finds the subject with the snapshot in force at the school's time; *links* know devices."""

    def __init__(
        self,
        decider: Decider,
        school_now: Callable[[], datetime],
        links: Links = NoLinks(),  # noqa: B008 - it knows nothing
    ) -> None:
        self._decider = decider
        self._school_now = school_now
        self._links = links

    def identify(self, query: Query, client: str) -> Asked:
        """Return *query* with whoever asks from the address *client*, now."""
        snapshot, moment = self._decider.snapshot, self._school_now()
        source = self._links.source_at(client)
        subject = snapshot.subject_at(source.known_as, moment)
        reach = self._links.reach_of(source, subject.network)
        return Asked(query, source.known_as, subject, snapshot, moment, source=source, reach=reach)

    def still(self, asked: Asked, decision: Decision) -> Asked | None:
        """Return *asked* as of now while *decision* holds, None where it has to be made anew."""
        moment = self._school_now()
        if asked.snapshot is not self._decider.snapshot:
            return None
        # A decision holds no longer than its subject is known.
        if not asked.moment <= moment < decision.valid_until:
            return None
        return asked.as_of(moment)
