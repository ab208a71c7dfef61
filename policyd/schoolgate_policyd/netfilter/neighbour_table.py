"""
Whose addresses are whose, as the kernel said last: no sockets, only what follows from it.

The kernel forgets a neighbour that was quiet for a minute as soon as it knows more than a
hundred. A device that speaks IPv6 only for that long is still the same device, so an address that
left is remembered as the device's last until somebody else has it.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

_IPV4_LENGTH = 4
_MOST_LIVE = 65_536
_MOST_REMEMBERED = 16_384
# One device that makes up addresses must not have the room of all others.
_MOST_REMEMBERED_OF_DEVICE = 32


type Place = tuple[int, bytes]  # an interface's index and an address


@dataclass(frozen=True, slots=True)
class Link:
    """A device on a link: the interface's index and the hardware address of 6 octets."""

    index: int
    mac: bytes


class NeighbourTable:
    """The addresses that are in use and those that were; both are bounded."""

    def __init__(self) -> None:
        self.changes = 0  # grows whenever an address is another device's than it was
        self._live = _Book()
        self._remembered = _Book()

    def put(self, index: int, packed: bytes, mac: bytes) -> None:
        """On the link *index* the address *packed* is *mac*'s now."""
        place, link = (index, packed), Link(index, mac)
        if self._live.links.get(place) == link:
            return
        self._live.take_out(place)
        self._remembered.take_out(place)
        if len(packed) == _IPV4_LENGTH:
            # A device with a new IPv4 address is no longer known by those it had.
            for old in self._remembered.ipv4_of(link):
                self._remembered.take_out((index, old))
        if len(self._live.links) < _MOST_LIVE:
            self._live.write(place, link)
        self.changes += 1

    def leave(self, index: int, packed: bytes) -> None:
        """The kernel no longer knows whose *packed* is on the link *index*."""
        place = (index, packed)
        link = self._live.take_out(place)
        if link is None:
            return
        self._remembered.write(place, link)
        addresses = self._remembered.addresses[link]
        if len(addresses) > _MOST_REMEMBERED_OF_DEVICE:
            self._remembered.take_out((index, next(iter(addresses))))
        if len(self._remembered.links) > _MOST_REMEMBERED:
            self._remembered.take_out(next(iter(self._remembered.links)))
        self.changes += 1

    def keep_only(self, places: AbstractSet[Place]) -> None:
        """Let all leave but *places*: what the kernel knows when it was asked for everything."""
        for index, packed in self._live.links.keys() - places:
            self.leave(index, packed)

    def link_of(self, packed: bytes) -> Link | None:
        """Return whose address *packed* is, if it is exactly one device's on one link."""
        return _only(self._live.links_of(packed))

    def addresses_of(self, link: Link) -> frozenset[bytes]:
        """
        Return the addresses that a device uses, or used last, of both families.

        INVARIANT: a connection that is quiet has an address here, though the kernel forgot it.
        """
        books = (self._live, self._remembered)
        return frozenset(each for book in books for each in book.addresses.get(link, ()))

    def ipv4_of(self, packed: bytes) -> bytes | None:
        """
        Return the one IPv4 address of the device that uses *packed*, or used it last.

        None if that is no device, or it has no IPv4 address, or several.
        """
        link = _only(self._live.links_of(packed) or self._remembered.links_of(packed))
        if link is None:
            return None
        return _only(self._live.ipv4_of(link) or self._remembered.ipv4_of(link))


class _Book:
    """Which addresses on which links are whose, to be looked up from each side."""

    def __init__(self) -> None:
        self.links: dict[Place, Link] = {}
        self.addresses: dict[Link, dict[bytes, None]] = {}  # as a set, the oldest first
        self._places: dict[bytes, set[Place]] = {}

    def write(self, place: Place, link: Link) -> None:
        self.links[place] = link
        self.addresses.setdefault(link, {})[place[1]] = None
        self._places.setdefault(place[1], set()).add(place)

    def take_out(self, place: Place) -> Link | None:
        link = self.links.pop(place, None)
        if link is not None:
            addresses, places = self.addresses[link], self._places[place[1]]
            del addresses[place[1]]
            places.discard(place)
            if not addresses:
                del self.addresses[link]
            if not places:
                del self._places[place[1]]
        return link

    def links_of(self, packed: bytes) -> list[Link]:
        return [self.links[place] for place in self._places.get(packed, ())]

    def ipv4_of(self, link: Link) -> list[bytes]:
        return [a for a in self.addresses.get(link, ()) if len(a) == _IPV4_LENGTH]


def _only[T](found: list[T]) -> T | None:
    return found[0] if len(found) == 1 else None
