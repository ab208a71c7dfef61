"""The snapshot in force, as points that look into connections ask for it."""

from schoolgate_policyd.core.names import Host
from schoolgate_policyd.in_doubt import Deciding


class Newest(Deciding):
    """What `Deciding` holds, and what is asked of it beside decisions."""

    def is_never_inspected(self, host: Host) -> bool:
        """Whether connections to *host* may never be looked into, by the newest snapshot."""
        return self.snapshot.is_never_inspected(host)
