"""Stands before the pages for staff: the policy in force is acknowledged before first use (R9)."""

import threading
from datetime import datetime

from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.workflow.acknowledging import has_to
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.policy_versions import PolicyVersion
from schoolgate_webui.access import Who

PAGE = "/policy/acknowledge"
_ACCOUNT = "/account"
# Whoever has not acknowledged yet can still keep their account safe, and leave.
_OPEN_BEFORE = frozenset({_ACCOUNT, "/sign-out", PAGE})


class Acknowledging:
    """Knows who has still to acknowledge; what is acknowledged stays so."""

    def __init__(self, decisions: DecisionStore, school: str) -> None:
        self._decisions = decisions
        self._school = school
        self._lock = threading.Lock()
        self._in_force: tuple[tuple[int, int], PolicyVersion | None] | None = None
        self._done: set[tuple[str, int]] = set()

    def in_force(self, moment: datetime) -> PolicyVersion | None:
        """
        Return the version in force at *moment* (aware, the school's clock).

        None before policyd has taken one up.
        """
        # What is directed changes the store's version, what begins by its date a whole minute.
        key = (self._decisions.version(), int(moment.timestamp()) // 60)
        with self._lock:
            known = self._in_force
        if known is not None and known[0] == key:
            return known[1]
        found = self._decisions.policies.in_force(self._school, moment)
        with self._lock:
            self._in_force = (key, found)
        return found

    def missing(self, member: Member | None, moment: datetime) -> PolicyVersion | None:
        """Return the version that *member* has still to acknowledge at *moment*, if any."""
        if member is None or not has_to(member):
            return None
        current = self.in_force(moment)
        if current is None or (member.id, current.number) in self._done:
            return None
        if self._decisions.acknowledgements.has(member.id, current.number):
            self._done.add((member.id, current.number))
            return None
        return current

    def comes_before(
        self, who: Who, path: str, *, member: Member | None, moment: datetime
    ) -> bool:
        """
        Whether the page comes before the one at *path*, which is for *who*.

        Pages for anybody stay open, but for home: that is where work begins.
        """
        is_open = path in _OPEN_BEFORE or path.startswith(f"{_ACCOUNT}/")
        if is_open or (who is Who.ANYBODY and path != "/"):
            return False
        return who is not Who.PART_WAY and self.missing(member, moment) is not None
