"""
The school's paperwork, done by itself: what is next is drawn from what the store says waits.

It goes on from wherever it was killed. Each deed is what one click does in the pages, and says
which entry of the audit it must have left; whatever it is acknowledged for must be there later.
"""

import random
from collections import Counter
from datetime import timedelta
from typing import NamedTuple

import paperwork_keeping
import paperwork_requests
import paperwork_safeguarding
from deeds import Deed
from office import MACHINE
from sqlalchemy import func, select

from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.models import AuditRow
from schoolgate_policyd.workflow.errors import WorkflowError

DEEDS = (*paperwork_requests.DEEDS, *paperwork_safeguarding.DEEDS, *paperwork_keeping.DEEDS)


class Acknowledged(NamedTuple):
    """
    What a call returned for: its *deed*, and how far the audit and the store's version were then.

    *action* on *kind*/*object_id* is the entry that the deed left, empty where it leaves none.
    """

    deed: str
    action: str
    kind: str
    object_id: str
    entries: int
    version: int


class Paperwork:
    """Everybody in the office at work on *store*, as *rng* has it."""

    def __init__(self, store: DecisionStore, rng: random.Random) -> None:
        self._store = store
        self._rng = rng
        self._done: Counter[Deed] = Counter()
        # A moment of its own for each deed, so that no entry can be taken for another.
        self._at = MACHINE + timedelta(seconds=store.version() * 10)

    def step(self) -> Acknowledged:
        """Do what is drawn next, and return what it is acknowledged for."""
        while True:
            # What was done before is drawn less often, so that a short run has some of all.
            weights = [each.weight / (1 + self._done[each]) ** 0.5 for each in DEEDS]
            deed = self._rng.choices(DEEDS, weights)[0]
            self._at += timedelta(seconds=1, microseconds=self._rng.randrange(10**6))
            try:
                done = deed.do(self._store, self._rng, self._at)
            except WorkflowError:
                continue  # what was drawn cannot be done now, and nothing was
            if done is not None:
                self._done[deed] += 1
                return self._acknowledged(deed.do.__name__, done)

    def _acknowledged(self, deed: str, done: tuple[str, str, object] | None) -> Acknowledged:
        action, kind, object_id = done or ("", "", "")
        with self._store.database.reading() as session:
            entries = session.scalar(select(func.max(AuditRow.id))) or 0
        version = self._store.version()
        return Acknowledged(deed, action, kind, str(object_id), entries, version)
