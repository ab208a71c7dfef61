"""The signs that one address is many devices, and what is said of one that shows them."""

import msgspec


class Crowd(msgspec.Struct, frozen=True):
    """A source that seems to be many devices; *evidence* says in words what was seen."""

    client: str
    evidence: str


class Signs(msgspec.Struct, gc=False):
    """Those of one address since *since_s*; *sites* has the bits of the minute *minute*."""

    since_s: float
    minute: int
    sites: int = 0
    manners: int = 0
    busy_minutes: int = 0
    busiest: int = 0
    systems: frozenset[str] = frozenset()
    noticed_s: float | None = None
