"""
The elements of the packet filter's sets: added, removed and read over a raw netlink socket.

An answer of DNS waits for `Sets.add`, so what a message consists of is put together once for each
set and only keys, timeout and sequence number are filled in. Source: linux/netfilter/nf_tables.h.
"""

import errno
from collections.abc import Sequence

from schoolgate_policyd.netfilter import set_messages
from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.kernel_socket import NETLINK_NETFILTER, KernelSocket, named
from schoolgate_policyd.netfilter.set_messages import Change, Element, SetMessages

__all__ = ["Element", "NetfilterError", "Sets"]

_MOST_KEYS = 512  # of one transaction: an attribute has at most 65535 octets
_MOST_LOOKS = 5
_LONGEST_TIMEOUT_S = 366 * 86_400
_LONGEST_TICK_MS = 20


class Sets:
    """The sets of our table, over one socket that several threads may use."""

    def __init__(self) -> None:
        self._socket = KernelSocket(NETLINK_NETFILTER)
        self._messages: dict[str, SetMessages] = {}
        self._adding_refreshes: bool | None = None

    def add(self, set_name: str, keys: Sequence[bytes], timeout_s: int | None) -> None:
        """
        Put *keys* into a set for *timeout_s* from now, also those that are there.

        All of them or none, as long as they are no more than 512; None is the set's own timeout.
        Raises NetfilterError; its text says `ENFILE` where the set is full.
        """
        if timeout_s is not None and not 0 < timeout_s <= _LONGEST_TIMEOUT_S:
            raise NetfilterError(f"set `{set_name}`: a timeout of {timeout_s} s is none")
        if not keys:
            return
        different = keys if len(keys) == 1 else tuple(dict.fromkeys(keys))
        for start in range(0, len(different), _MOST_KEYS):
            part = different[start : start + _MOST_KEYS]
            if timeout_s is None:
                self._must(set_name, part, None, set_messages.ADD)
            else:
                timeout_ms = timeout_s * 1000
                changes = self._refreshing(set_name, part, timeout_ms)
                self._must(set_name, part, timeout_ms, changes)

    def remove(self, set_name: str, keys: Sequence[bytes]) -> None:
        """
        Take *keys* out of a set; absent ones are no error.

        Raises NetfilterError, also if there is no such set.
        """
        different = tuple(dict.fromkeys(keys))
        for start in range(0, len(different), _MOST_KEYS):
            if not self._remove(set_name, different[start : start + _MOST_KEYS]):
                self._require(set_name)

    def elements(self, set_name: str) -> list[Element]:
        """
        Return all elements of a set.

        One that comes or goes meanwhile may be among them or not. Raises NetfilterError.
        """
        found: dict[bytes, Element] = {}

        def take(body: bytes) -> None:
            for element in set_messages.elements_of(body):
                found[element.key] = element

        kind, body = self._of(set_name).listing()
        try:
            # A set that grew is put in another order by the kernel, which then leaves elements
            # out without a word: only a look that finds nothing more has found all.
            for _ in range(_MOST_LOOKS):
                known = len(found)
                self._socket.dump(kind, body, take)
                if len(found) == known:
                    break
        except NetfilterError as error:
            raise NetfilterError(f"set `{set_name}` cannot be read: {error}") from error
        return list(found.values())

    def table(self) -> int:
        """
        Return the number of our table: another one where it was put in place of the last.

        Then all that its sets held is gone. Raises NetfilterError, also where there is no table.
        """
        return set_messages.table_handle_of(self._socket.fetch(*set_messages.table_question()))

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _of(self, set_name: str) -> SetMessages:
        known = self._messages.get(set_name)
        if known is None:
            known = self._messages[set_name] = SetMessages(set_name)
        return known

    def _must(
        self,
        set_name: str,
        keys: Sequence[bytes],
        timeout_ms: int | None,
        changes: tuple[Change, ...],
    ) -> None:
        transaction = self._of(set_name).transaction(keys, timeout_ms, changes)
        number = self._socket.ask(transaction)
        if number:
            raise NetfilterError(
                f"set `{set_name}`: {len(keys)} keys cannot be added: {named(number)}; "
                "see whether the ruleset is loaded, the set is full, and CAP_NET_ADMIN is ours"
            )

    def _remove(self, set_name: str, keys: Sequence[bytes]) -> bool:
        """Remove *keys* and return whether any was there; halve them until none is absent."""
        transaction = self._of(set_name).transaction(keys, None, set_messages.REMOVE)
        number = self._socket.ask(transaction)
        if not number:
            return True
        if number != errno.ENOENT:
            raise NetfilterError(
                f"set `{set_name}`: {len(keys)} keys cannot be removed: {named(number)}"
            )
        if len(keys) == 1:
            return False
        half = len(keys) // 2
        first = self._remove(set_name, keys[:half])
        return self._remove(set_name, keys[half:]) or first

    def _require(self, set_name: str) -> None:
        """Tell a set that is not there from keys that are not in it: the kernel does not."""
        number = self._socket.ask(self._of(set_name).question())
        if number:
            raise NetfilterError(f"set `{set_name}` cannot be changed: {named(number)}")

    def _refreshing(
        self, set_name: str, keys: Sequence[bytes], timeout_ms: int
    ) -> tuple[Change, ...]:
        """
        Return the changes that give keys a new timeout, whether or not they are there.

        Before Linux 6.12 adding an element that is there leaves its timeout alone. Which it is
        shows at the first use, and holds for all sets as long as the machine runs.
        """
        if self._adding_refreshes is None:
            self._must(set_name, keys, timeout_ms + 500, set_messages.ADD)
            self._must(set_name, keys, timeout_ms + 750, set_messages.ADD)
            answer = self._socket.fetch(*self._of(set_name).search(keys[0]))
            found = set_messages.timeout_ms_of(answer)
            # The kernel counts in ticks, of which the longest has ten milliseconds.
            self._adding_refreshes = abs(found - timeout_ms - 750) < _LONGEST_TICK_MS
        return set_messages.ADD if self._adding_refreshes else set_messages.ADD_ANEW
