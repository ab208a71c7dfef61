"""
Which addresses each client was told, for as long as it may go there (answer-bound egress).

An address is noted before the answer leaves, and not noted again while what was noted lasts: the
firewall is told once for a client and an address, not once for a query. Where it cannot be told,
the answer must not go: it would lead where nothing can be reached.
"""

from collections.abc import Callable

# What a browser keeps at least, with room for the minute in which a use is noted once.
SHORTEST_LIFETIME_S = 180
# As long as anything may be kept (`lifetime`), and some more.
LONGEST_LIFETIME_S = 90_000
# By so much the way stays open longer than the answer: connections begin late, clocks differ.
MARGIN_S = 120
# Each memory is emptied when it is full: a flood costs system calls, never memory. An entry takes
# some 150 octets, so all clients together must not have what one may.
MAX_CLIENTS = 65_536
MAX_ADDRESSES_OF_CLIENT = 4_096
MAX_ADDRESSES = 200_000

FORGET_EVERY_S = 3600

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
        self._count = 0
        self._forget_at = 0

    def __len__(self) -> int:
        return self._count

    def note(self, client: bytes, addresses: tuple[bytes, ...], ttl_s: int, second: int) -> bool:
        """
        Note that *client* is told *addresses* for *ttl_s*; False if the way cannot be opened.

        What still lasts for a minute and the answer's own time is not noted again.
        """
        if second >= self._forget_at:
            # What is still asked for is noted again, which is cheap.
            self._forget()
            self._forget_at = second + FORGET_EVERY_S
        until = self._until.get(client)
        if until is None:
            if len(self._until) >= MAX_CLIENTS:
                self._forget()
            until = self._until[client] = {}
        lifetime_s = min(max(ttl_s + MARGIN_S, SHORTEST_LIFETIME_S), LONGEST_LIFETIME_S)
        for address in addresses:
            # Told again only when what is left is less than this answer needs.
            if until.get(address, 0) - second >= max(ttl_s, MARGIN_S // 2):
                continue
            if not self._tell(client, address, lifetime_s):
                return False
            if len(until) >= MAX_ADDRESSES_OF_CLIENT:
                self._count -= len(until)
                until.clear()
            if self._count >= MAX_ADDRESSES:
                self._forget()
                until = self._until[client] = {}
            self._count += address not in until
            until[address] = second + lifetime_s
        return True

    def _forget(self) -> None:
        self._until.clear()
        self._count = 0
