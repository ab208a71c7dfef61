"""What policyd needs of those it works with: its stores, the lists, and the alarm."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Protocol

from schoolgate_policyd.core.at_once import AtOnce
from schoolgate_policyd.core.policy import Live, Register
from schoolgate_policyd.core.subjects import Network
from schoolgate_policyd.ipc.messages import EventBatch


class Runs(Protocol):
    """What works beside policyd."""

    async def run(self) -> None:
        """Work, for ever."""
        ...


class Decisions(Protocol):
    """What policyd needs of the store of decisions."""

    def version(self) -> int:
        """Return the number of the newest change."""
        ...

    def register(self, networks: tuple[Network, ...]) -> Register:
        """Return who and what is in the school, in *networks*."""
        ...

    def live(self, moment: datetime) -> Live:
        """Return what is in force at *moment* or will be."""
        ...

    def blocks_at_once(self) -> tuple[AtOnce, ...]:
        """Return what is blocked at once."""
        ...

    def end_overdue(self, moment: datetime, *, at: datetime) -> int:
        """Mark what is over at *moment* as ended for good; *at* is machine time."""
        ...


class Events(Protocol):
    """What policyd needs of the store of events."""

    def append(self, batch: EventBatch, *, at: datetime) -> int:
        """Store *batch*; what of it is stored already stays once. *at* is machine time."""
        ...

    def delete_expired(self, *, at: datetime) -> tuple[date, ...]:
        """Delete the days whose time is over at *at* (machine time)."""
        ...

    def add_up_one(self) -> date | None:
        """Add up a day that an older version wrote; None when there is none."""
        ...


class Lists(Protocol):
    """What policyd needs of the lists that the school subscribes to."""

    async def run(self) -> None:
        """Keep them up to date, for ever."""
        ...

    def want(self) -> None:
        """Have them looked at now."""
        ...

    def faults(self) -> tuple[str, ...]:
        """Return a sentence for each list that is not as it should be; it may read files."""
        ...


class Alarm(Protocol):
    """What policyd needs of whoever watches its clock."""

    @property
    def faults(self) -> tuple[str, ...]:
        """A sentence while the clock is not to be trusted."""
        ...

    async def run(self) -> None:
        """Tell of it, for ever."""
        ...


class Gathers(Protocol):
    """What policyd needs of whoever makes incidents of events."""

    def stored(self, batch: EventBatch) -> None:
        """Note that *batch* has been stored."""
        ...

    async def run(self) -> None:
        """Gather, for ever."""
        ...


class Mails(Protocol):
    """What policyd needs of whoever tells people by e-mail."""

    @property
    def faults(self) -> tuple[str, ...]:
        """A sentence while no mail leaves."""
        ...

    async def run(self) -> None:
        """Make alerts and have them sent, for ever."""
        ...


class Keeps(Protocol):
    """What policyd needs of whoever keeps the audit and deletes what has been kept long enough."""

    def tidy(self, at: datetime) -> Mapping[str, int]:
        """Delete what is due at *at* (machine time), events included; return how much of what."""
        ...

    async def run(self) -> None:
        """Make checkpoints, for ever."""
        ...
