"""The addresses of an answer go to the kernel in as few messages as possible."""

from collections.abc import Sequence

import pytest

from schoolgate_dns.ways.opening import open_ways
from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.ways import Way, link_way

MAC = b"\2\0\0\0\0\1"


def ways(*destinations: bytes) -> list[Way]:
    return [link_way(3, MAC, each) for each in destinations]


class Sets:
    def __init__(self) -> None:
        self.added: list[tuple[str, list[bytes], int | None]] = []

    def add(self, set_name: str, keys: Sequence[bytes], timeout_s: int | None) -> None:
        self.added.append((set_name, list(keys), timeout_s))


class NoSets:
    def add(self, set_name: str, keys: Sequence[bytes], timeout_s: int | None) -> None:
        raise NetfilterError(f"no {set_name} for {len(keys)} for {timeout_s} s")


def test_each_set_has_one_message() -> None:
    sets = Sets()
    four, six = ways(b"\xc0\0\2\1", b"\xc0\0\2\2"), ways(bytes(16))
    open_ways(sets, [four[0], *six, four[1]], 100)

    assert [
        ("open_link4", [each.key for each in four], 100),
        ("open_link6", [each.key for each in six], 100),
    ] == sets.added


def test_what_the_kernel_refuses_is_raised() -> None:
    with pytest.raises(NetfilterError):
        open_ways(NoSets(), ways(b"\xc0\0\2\1"), 100)
