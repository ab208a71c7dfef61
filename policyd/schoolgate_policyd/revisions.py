"""The sequence of revisions: what the next one is, if anything changed, and its number."""

from schoolgate_policyd.core.policy import Live, Policy, Register, Source
from schoolgate_policyd.ipc.messages import Direction
from schoolgate_policyd.ipc.rollout import Revision


class RevisionSequence:
    """
    Numbers sources, each above all before, across restarts when given the *last* one.

    The first revision of a process is always full and has a new number: what points hold may
    come from a policyd whose disk is gone.
    """

    def __init__(self, last: Source | None) -> None:
        self._newest = last
        self._highest = 0 if last is None else last.number
        self._is_full_due = True

    @property
    def newest(self) -> Source | None:
        """The source of the newest revision, or the one of the last start before the first."""
        return self._newest

    def skip_past(self, number: int) -> None:
        """Make the next revision a full one with a number above *number*."""
        self._highest = max(self._highest, number)
        self._is_full_due = True

    def next(
        self, policy: Policy, register: Register, live: Live, store_version: int
    ) -> Revision | None:
        """Return the revision that makes these true, or None when they already are."""
        before = self._newest
        is_full = (
            self._is_full_due
            or before is None
            or (policy is not before.policy and policy != before.policy)
            or register != before.register
        )
        if not is_full and before is not None and live == before.live:
            return None
        source = Source(self._highest + 1, policy, register, live)
        loosens = not is_full and before is not None and only_loosens(before.live, live)
        self._newest = source
        self._highest = source.number
        self._is_full_due = False
        direction = Direction.LOOSEN if loosens else Direction.TIGHTEN
        return Revision(source, store_version, direction, is_full)


def only_loosens(before: Live, after: Live) -> bool:
    """Whether *after* permits all that *before* did: nothing ended, and no restriction came."""
    return (
        set(before.grants) <= set(after.grants)
        and set(before.claims) <= set(after.claims)
        and before.standing <= after.standing
        and set(after.restrictions) <= set(before.restrictions)
    )
