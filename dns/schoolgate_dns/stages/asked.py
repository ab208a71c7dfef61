"""What is asked, by whom, and by what it is judged: what the stages hand on to one another."""

from datetime import datetime
from typing import Final

from schoolgate_dns.messages import Query
from schoolgate_dns.native import mypyc_attr
from schoolgate_dns.stages.reach import EVERYWHERE, Reach
from schoolgate_dns.stages.source import Source
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import Subject

_UNKNOWN: Final = Source(b"", "")


@mypyc_attr(acyclic=True)
class Asked:
    """
    A query, who asks it, and by what it is judged.

    INVARIANT: *subject* was known to *snapshot* at *moment* (the school's clock), and all that
    is decided about this query is decided with these two.

    *client* is the address by which the device is known, *source* the one that it asks from;
    *reach* is where it can go with an answer.
    """

    __slots__ = ("client", "moment", "query", "reach", "snapshot", "source", "subject")

    def __init__(
        self,
        query: Query,
        client: str,
        subject: Subject,
        snapshot: Snapshot,
        moment: datetime,
        *,
        source: Source = _UNKNOWN,
        reach: Reach = EVERYWHERE,
    ) -> None:
        self.query: Final = query
        self.client: Final = client
        self.subject: Final = subject
        self.snapshot: Final = snapshot
        self.moment: Final = moment
        self.source: Final = source
        self.reach: Final = reach

    def as_of(self, moment: datetime) -> "Asked":
        """Return what is asked, judged at *moment*."""
        return Asked(
            self.query,
            self.client,
            self.subject,
            self.snapshot,
            moment,
            source=self.source,
            reach=self.reach,
        )
