"""Readers of the firewall's rule files: the values that stand in them, and a whole file."""

import ipaddress
from pathlib import Path

from schoolgate_firewall.ranges import IpRange
from schoolgate_policyd.rulefiles.fields import Reader, list_of, text
from schoolgate_policyd.rulefiles.mistakes import MistakeBook, RuleFileErrors, shown
from schoolgate_policyd.rulefiles.nodes import Node, read_nodes

FOLDER = "firewall"
# Wider than any provider's: a slip that would make the whole internet one range.
WIDEST = {4: 7, 6: 16}


def ip_range(version: int | None = None) -> Reader[IpRange]:
    """Return a reader of a range such as 192.0.2.0/24, of IP *version* or of either."""

    def read(node: Node, book: MistakeBook) -> IpRange | None:
        word = text(node, book)
        if word is None:
            return None
        try:
            found = ipaddress.ip_network(word)
        except ValueError:
            message = f"{shown(word)} is no range of addresses: write one such as 192.0.2.0/24"
            book.add(node.place, f"{message} or `2001:db8::/32`, with no bits behind its length")
            return None
        if version is not None and found.version != version:
            book.add(
                node.place, f"{shown(word)} is not of IPv{version}: move it to the other list"
            )
            return None
        if found.prefixlen < WIDEST[found.version]:
            message = f"{shown(word)} is wider than any provider's range: write the ranges meant"
            book.add(node.place, message)
            return None
        return found

    return read


def ip_ranges(version: int | None = None) -> Reader[tuple[IpRange, ...]]:
    """Return a reader of a list of ranges, of IP *version* or of either, none of them twice."""
    read: Reader[IpRange] = ip_range(version)
    read_all: Reader[tuple[IpRange, ...]] = list_of(read)
    return read_all


def read_file[T](path: Path, read: Reader[T]) -> T:
    """Return what *read* makes of the file at *path*. Raises RuleFileErrors, with all mistakes."""
    book = MistakeBook()
    node = read_nodes(path, book)
    value = None if node is None else read(node, book)
    mistakes = book.mistakes()
    if mistakes or value is None:
        raise RuleFileErrors(mistakes)
    return value
