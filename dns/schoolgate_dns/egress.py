"""
Which addresses each client was told, for as long as it may go there (answer-bound egress).

An address is noted before the answer leaves, and not noted again while what was noted lasts: the
firewall is told once for a client and an address, not once for a query. Where it cannot be told,
the answer must not go: it would lead where nothing can be reached.
"""

from collections.abc import Callable

# What a browser keeps at least, with room for the minute in which a use is noted once.
SHORTEST_LIFETIME_S = 180
LONGEST_LIFETIME_S = 3600
# Each memory is emptied when it is full: a flood costs system calls, never memory.
MAX_CLIENTS = 65_536
MAX_ADDRESSES_OF_CLIENT = 4_096

type Tell = Callable[[bytes, bytes, int], bool]
"""Opens the way from a client's address to another, both packed, for some seconds."""


def tell_nobody(_client: bytes, _address: bytes, _lifetime_s: int) -> bool:
    """Open nothing, since nothing is closed: there is no firewall to be told."""
    return True


class AnsweredAddresses:
    """Remembers what *tell* was told; seconds are those of a clock that never goes backwards."""

    def __init__(self, tell: Tell = tell_nobody) -> None:
        self._tell = tell
        self._until: dict[bytes, dict[bytes, int]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._until.values()))

    def note(self, client: bytes, addresses: tuple[bytes, ...], ttl_s: int, second: int) -> bool:
        """
        Note that *client* is told *addresses* for *ttl_s*; False if the way cannot be opened.

        What still lasts for a minute and the answer's own time is not noted again.
        """
        until = self._until.get(client)
        if until is None:
            if len(self._until) >= MAX_CLIENTS:
                self._until.clear()
            until = self._until[client] = {}
        lifetime_s = min(max(2 * ttl_s, SHORTEST_LIFETIME_S), LONGEST_LIFETIME_S)
        for address in addresses:
            if until.get(address, 0) - second >= lifetime_s // 2:
                continue
            if not self._tell(client, address, lifetime_s):
                return False
            if len(until) >= MAX_ADDRESSES_OF_CLIENT:
                until.clear()
            until[address] = second + lifetime_s
        return True
