"""Blocks that can be counted one by one: each is of a name that nobody asked for before."""

import secrets
from collections import Counter

from box_clients import PATIENT_DIG
from box_rig import Box
from whole_school import wait_for

_EACH = 12


class Blocks:
    """What a guest asked for in vain, and how often policyd has stored each of it."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._asked: list[str] = []

    def add(self, count: int = _EACH) -> None:
        """Ask once for each of *count* new names of a blocked site."""
        names = [f"a{secrets.token_hex(6)}.tiktok.com" for _ in range(count)]
        done = self._box.device("guest").run("dig", *PATIENT_DIG, *names)
        assert count == done.stdout.count("status: NXDOMAIN"), done.stdout
        self._asked += names

    def stored(self) -> Counter[str]:
        """Return how often each of them is stored."""
        counted = Counter[str]()
        for each in self._box.gateway.recorded():
            if each.host in set(self._asked):
                counted[each.host] += each.count
        return counted

    def are_spooled(self) -> bool:
        """Whether each of them is in the spool of DNS, on the disk."""
        files = self._box.gateway.settings.spool_dir_of("dns").rglob("*.events")
        kept = b"".join(path.read_bytes() for path in files)
        return all(name.encode() in kept for name in self._asked)

    def assert_stored_once(self, within_s: float = 20.0) -> None:
        """Assert that each of them is stored, and is counted once."""
        asked = Counter(self._asked)
        wait_for(lambda: asked.keys() <= self.stored().keys(), within_s, "what was asked for")
        assert asked == self.stored()
