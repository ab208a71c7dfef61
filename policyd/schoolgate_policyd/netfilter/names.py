"""
The names in the packet filter's table, shared by whoever writes the ruleset and whoever uses it.

A way is a client and an address that DNS told it. On the client's own link it is known by the
interface and its hardware address, so that it holds for both families; behind another router by
its address. Keys are what the kernel compares: each part filled up to four octets, interfaces in
the machine's own order of octets.
"""

from enum import IntEnum, StrEnum

TABLE = "schoolgate"
# What the kernel logs for the firewall's point; any number that nobody else uses.
LOG_GROUP = 5


class WaySet(IntEnum):
    """
    The sets of open ways; each has a twin whose ways are cut.

    LINK: interface index (4 octets) . hardware address (6, filled to 8) . destination (4 or 16);
    ADDRESS: client's address . destination.
    """

    LINK4 = 0
    LINK6 = 1
    ADDRESS4 = 2
    ADDRESS6 = 3

    @property
    def open_name(self) -> str:
        """The set of ways that are open."""
        return f"open_{self.name.lower()}"

    @property
    def looked_into_name(self) -> str:
        """The set of ways that are judged by the name in each connection, by the proxy."""
        return f"judged_{self.name.lower()}"

    @property
    def cut_name(self) -> str:
        """The set of ways whose connections end now."""
        return f"cut_{self.name.lower()}"


class ClientSet(StrEnum):
    """
    Single clients who are not as their network's range: by address, of both families.

    The name of the set is the value with the family behind it (`trusted4`).
    """

    TRUSTED = "trusted"  # not closely filtered, in a range that is
    CLOSE = "close"  # closely filtered, in a range that is not


# The second word of a log's prefix: what was recorded went on all the same.
PASSES = "passes"


class Reason(StrEnum):
    """
    Why a connection was refused: in the prefix of its line in the log, and in its set of counts.

    The counts of `unknown-address` are in the sets `count_unknown_address4` and `...6`, by the
    client's address.
    """

    OTHER_RESOLVER = "other-resolver"  # DNS to another resolver, which we answer ourselves
    ENCRYPTED_DNS = "encrypted-dns"  # port 853 of anybody but ourselves
    UNKNOWN_ADDRESS = "unknown-address"  # no answer of ours led there
    TUNNEL = "tunnel"  # the ports and protocols of VPNs
    OTHER_PROTOCOL = "other-protocol"  # neither TLS on 443 nor HTTP on 80
    OTHER_PORT = "other-port"  # a port that the closely filtered have no use for
    FOREIGN_SOURCE = "foreign-source"  # a sender whose address is not of its interface
    INSIDE = "inside"  # from one of the school's networks to another
    DNS_FLOOD = "dns-flood"  # more queries than any device has
    QUIC = "quic"  # refused to have the browser use TCP; no attempt

    def log_prefix(self, *, passes: bool) -> str:
        """Return what stands before a line; of what *passes* all the same, that it does."""
        return f"{self.value} {PASSES}" if passes else self.value

    def count_set(self, family: int) -> str:
        """Return the name of the set of counts for *family*, 4 or 6."""
        return f"count_{self.value.replace('-', '_')}{family}"
