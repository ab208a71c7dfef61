"""What is asked, by whom, and by what it is judged: what the stages hand on to one another."""

from datetime import datetime

import msgspec

from schoolgate_dns.messages import Query
from schoolgate_dns.stages.reach import EVERYWHERE, Reach
from schoolgate_dns.stages.source import Source
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import Subject


class Asked(msgspec.Struct, frozen=True, gc=False):
    """
    A query, who asks it, and by what it is judged.

    INVARIANT: *subject* was known to *snapshot* at *moment* (the school's clock), and all that
    is decided about this query is decided with these two.

    *client* is the address by which the device is known, *source* the one that it asks from;
    *reach* is where it can go with an answer.
    """

    query: Query
    client: str
    subject: Subject
    snapshot: Snapshot
    moment: datetime
    source: Source = Source(b"", "")
    reach: Reach = EVERYWHERE
