"""Where an event stands among all events, and the events with their places."""

import re
from datetime import UTC, datetime, timedelta

import msgspec

from schoolgate_policyd.ipc.messages import AllowedCount, Blocked

_PLACE = re.compile(r"(\d{1,20})~([^~]{0,80})~([^~]{0,80})~(\d{1,18})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MICROSECOND = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


class EventPlace(msgspec.Struct, frozen=True, order=True):
    """Where an event stands among all events, by when it happened (machine time, aware)."""

    at: datetime
    sender: str
    boot: str
    sequence: int

    def __str__(self) -> str:
        microseconds = (self.at - _EPOCH) // timedelta(microseconds=1)
        return f"{microseconds}~{self.sender}~{self.boot}~{self.sequence}"


class StoredEvent(msgspec.Struct, frozen=True):
    """A block or attempt with its place."""

    place: EventPlace
    event: Blocked


class StoredCount(msgspec.Struct, frozen=True):
    """What was allowed in a minute, with its place."""

    place: EventPlace
    event: AllowedCount


type Stored = StoredEvent | StoredCount


def place_before(moment: datetime) -> EventPlace:
    """Return the place before which everything happened before *moment* (aware)."""
    return EventPlace(moment, "", "", 0)


def parse_place(text: str) -> EventPlace | None:
    """Return the place that `str(place)` wrote into a page's address; None for other text."""
    match = _PLACE.fullmatch(text)
    if match is None or int(match[1]) > _LAST_MICROSECOND:
        return None
    at = _EPOCH + timedelta(microseconds=int(match[1]))
    return EventPlace(at, match[2], match[3], int(match[4]))
