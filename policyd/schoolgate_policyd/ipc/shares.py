"""
Whom a spool has room for: one client's flood must cost nobody else an event.

While a spool is less than half full everybody has room. In the other half a client has room for
no more than its share. What has none is folded into one event for each client: the first and
last moment, and the exact count.
"""

from collections import Counter
from datetime import timedelta

import msgspec

from schoolgate_policyd.ipc.messages import AllowedCount, Blocked, Event, Noticed
from schoolgate_policyd.ipc.recorder import MANY

MAX_FOLDED = 1_000
FOLDED_FOR = timedelta(minutes=10)
_SHARES = 16


class Shares:
    """Who has how much of *room*; *used* is the whole of it, some of it perhaps nobody's."""

    def __init__(self, room: int) -> None:
        self.used = 0
        self._room = room
        self._of_client = Counter[str]()

    @property
    def is_pressing(self) -> bool:
        """Whether only those within their share still have room."""
        return self.used >= self._room // 2

    @property
    def is_full(self) -> bool:
        """Whether nobody has room."""
        return self.used >= self._room

    def admits(self, client: str) -> bool:
        """Whether *client* has room for more."""
        if not self.is_pressing:
            return True
        return not self.is_full and self._of_client[client] < self._room // _SHARES

    def add(self, client: str, amount: int) -> None:
        """Count *amount* as used by *client*."""
        self.used += amount
        self._of_client[client] += amount

    def remove(self, client: str, amount: int) -> None:
        """Count *amount* of *client* as free again."""
        self.used -= amount
        self._of_client[client] -= amount
        if self._of_client[client] <= 0:
            del self._of_client[client]


class Folded:
    """Events for which there was no room: at most *most*, each one client's of one kind."""

    def __init__(self, most: int = MAX_FOLDED) -> None:
        self._most = most
        self._events: dict[tuple[str, str, str | None], Event] = {}

    def __bool__(self) -> bool:
        return bool(self._events)

    def fold(self, event: Event) -> None:
        """Add *event* to those of its client."""
        client = event.client
        attempt = event.attempt if isinstance(event, Blocked) else None
        key = (client, type(event).__name__, attempt)
        if key not in self._events and len(self._events) >= self._most:
            event = _anybodys(event)
            key = (MANY, *key[1:])
        earlier = self._events.get(key)
        self._events[key] = event if earlier is None else _joined(earlier, event)

    def take(self, *, only_long: bool) -> list[Event]:
        """Return and forget all; with *only_long* those that have been gathered for long."""
        due = [key for key, event in self._events.items() if not only_long or _is_long(event)]
        return [self._events.pop(key) for key in due]


def _anybodys(event: Event) -> Event:
    if isinstance(event, Blocked):
        return msgspec.structs.replace(
            event, client=MANY, network=MANY, person=None, device_id=None
        )
    if isinstance(event, AllowedCount):
        return msgspec.structs.replace(event, client=MANY, person=None)
    return msgspec.structs.replace(event, client=MANY)


def _is_long(event: Event) -> bool:
    return isinstance(event, Blocked) and event.last_at - event.at >= FOLDED_FOR


def _joined(earlier: Event, later: Event) -> Event:
    """Return one event for both; what differs between them is left out."""
    if isinstance(earlier, Blocked) and isinstance(later, Blocked):
        return _joined_blocks(earlier, later)
    if isinstance(earlier, AllowedCount) and isinstance(later, AllowedCount):
        is_one_host = earlier.host == later.host
        return msgspec.structs.replace(
            earlier,
            minute=min(earlier.minute, later.minute),
            host=earlier.host if is_one_host else MANY,
            audience=earlier.audience if earlier.audience == later.audience else None,
            person=earlier.person if earlier.person == later.person else None,
            services=earlier.services if is_one_host else (),
            categories=earlier.categories if is_one_host else (),
            count=earlier.count + later.count,
        )
    # Of one kind both are: that something was noticed again says nothing new.
    return earlier if isinstance(earlier, Noticed) else later


def _joined_blocks(earlier: Blocked, later: Blocked) -> Blocked:
    is_one_host = earlier.host == later.host
    is_one_rule = earlier.rules == later.rules
    return msgspec.structs.replace(
        earlier,
        at=min(earlier.at, later.at),
        school_at=min(earlier.school_at, later.school_at),
        last_at=max(earlier.last_at, later.last_at),
        host=earlier.host if is_one_host else MANY,
        rules=earlier.rules if is_one_rule else (),
        citations=earlier.citations if is_one_rule else (),
        person=earlier.person if earlier.person == later.person else None,
        page=earlier.page if earlier.page == later.page else None,
        services=earlier.services if is_one_host else (),
        categories=earlier.categories if is_one_host else (),
        evidence=earlier.evidence if is_one_host else None,
        count=earlier.count + later.count,
    )
