"""The signs that one address is many devices."""

from typing import Final

from schoolgate_dns.native import mypyc_attr


@mypyc_attr(acyclic=True)
class Signs:
    """Those of one address since *since_s*; *sites* has the bits of the minute *minute*."""

    __slots__ = (
        "busiest",
        "busy_minutes",
        "manners",
        "minute",
        "noticed_s",
        "since_s",
        "sites",
        "systems",
    )

    def __init__(self, since_s: float, minute: int) -> None:
        self.since_s: Final = since_s
        self.minute = minute
        self.sites = 0
        self.manners = 0
        self.busy_minutes = 0
        self.busiest = 0
        self.systems: frozenset[str] = frozenset()
        self.noticed_s: float | None = None
