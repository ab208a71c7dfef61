"""What was made lately, up to a weight: what was wanted longest ago goes first."""

import threading
from collections import OrderedDict
from collections.abc import Hashable


class Remembered[T]:
    """Values by their keys, together no heavier than *most*; for several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._held: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._weight = 0

    def find(self, key: Hashable) -> T | None:
        """Return what was kept for *key*, None where that is nothing or has gone."""
        with self._lock:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            return self._held[key][0]

    def keep(self, key: Hashable, value: T, weight: int) -> None:
        """Keep *value* for *key*, unless it alone is too heavy."""
        with self._lock:
            if key in self._held or weight > self._most:
                return
            self._held[key] = value, weight
            self._weight += weight
            while self._weight > self._most:
                _, (_, gone) = self._held.popitem(last=False)
                self._weight -= gone
