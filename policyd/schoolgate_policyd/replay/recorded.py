"""An event as it is read back: of what happened, only what a decision needs."""

from datetime import datetime
from typing import Annotated

import msgspec

from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.ipc.messages import PointKind

# A row's count is of one minute; more than this is no count but damage.
Count = Annotated[int, msgspec.Meta(ge=1, le=10**12)]


class RecordedBlock(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """
    A request that was blocked, or *count* alike ones of a minute; *at* is the school's clock.

    *page* is the URL where it was seen. *has_rule* is false where it was refused for another
    reason than a rule: a disguised name, a tunnel.
    """

    at: datetime
    point: PointKind
    client: str
    host: str
    count: Count
    audience: Audience
    device: DeviceKind
    network: str
    person: str | None = None
    device_id: str | None = None
    page: str | None = None
    has_rule: bool = True


class RecordedAllowed(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """How often a client was allowed a name in the minute from *at*, the school's clock."""

    at: datetime
    point: PointKind
    client: str
    host: str
    count: Count


RecordedEvent = RecordedBlock | RecordedAllowed
