"""What comes to a router and what leaves it, counted by its kernel: so silence can be seen."""

import contextlib
from collections.abc import Iterator

from netns import Namespace

# Before anything else in the router looks at a packet, and after everything.
_RULES = """
table inet overhearing {{
  counter came {{ }}
  counter went {{ }}
  chain arriving {{
    type filter hook prerouting priority -500;
    {address} tcp dport {port} counter name came
  }}
  chain leaving {{
    type filter hook postrouting priority 500;
    tcp dport {port} counter name went
    tcp sport {port} counter name went
    icmp type destination-unreachable counter name went
    icmpv6 type destination-unreachable counter name went
  }}
}}
"""


class Overheard:
    """What *router* is heard to do with TCP for a place."""

    def __init__(self, router: Namespace) -> None:
        self._router = router

    @property
    def came(self) -> int:
        """How many packets came for the place."""
        return self._count("came")

    @property
    def went(self) -> int:
        """How many were passed on or answered: all of those that `came`, for it takes no time."""
        return self._count("went")

    def _count(self, name: str) -> int:
        listed = self._router.must("nft", "list", "counter", "inet", "overhearing", name)
        return int(listed.partition("packets ")[2].split()[0])


@contextlib.contextmanager
def overhearing(router: Namespace, destination: str, port: int) -> Iterator[Overheard]:
    """Listen to what *router* does with TCP for *port* of *destination*."""
    address = f"{'ip6' if ':' in destination else 'ip'} daddr {destination}"
    router.must("nft", "-f", "-", given=_RULES.format(address=address, port=port))
    try:
        yield Overheard(router)
    finally:
        router.must("nft", "delete", "table", "inet", "overhearing")
