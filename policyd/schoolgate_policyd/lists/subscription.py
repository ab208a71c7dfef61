"""What a school subscribes to: a list of somebody else's, from where, in which format."""

import hashlib
from enum import StrEnum

import msgspec

DEFAULT_UPDATE_HOURS = 24
DEFAULT_MAX_MEGABYTES = 100


class Format(StrEnum):
    """How a list is written."""

    DOMAINS = "domains"
    HOSTS = "hosts"
    ADGUARD = "adguard"
    RPZ = "rpz"
    UT1 = "ut1"


class Subscription(msgspec.Struct, frozen=True):
    """
    One list, by its *id*, of one *category*; exactly one of *url* and *file* is given.

    *member* is the folder inside a UT1 or squidGuard tree. A *locked* list is blocked for
    everybody, whatever the school's file says. *source* says who publishes it. *max_megabytes*
    bounds what is fetched.
    """

    id: str
    category: str
    format: Format
    source: str
    url: str | None = None
    file: str | None = None
    member: str | None = None
    locked: bool = False
    update_hours: int = DEFAULT_UPDATE_HOURS
    max_megabytes: int = DEFAULT_MAX_MEGABYTES

    @property
    def place(self) -> str:
        """Where it comes from."""
        return self.url or self.file or ""

    def recipe(self, spared: str) -> str:
        """
        Return a digest of everything that what is read of the list depends on.

        *spared* is the digest of the names that an unlocked list leaves out.
        """
        said = (self.format, self.url, self.file, self.member, self.locked, spared)
        return hashlib.sha256(msgspec.json.encode(said)).hexdigest()
