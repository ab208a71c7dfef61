"""What is said of an address that seems to be many devices."""

import msgspec


class Crowd(msgspec.Struct, frozen=True):
    """A source that seems to be many devices; *evidence* says in words what was seen."""

    client: str
    evidence: str
