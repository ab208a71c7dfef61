"""
What a point saw, made into as few events as tell the whole of it.

A block becomes an event at once; alike ones in the same minute (client, person, host, rules)
become one more when the minute is over, so a flood is its first, its last and its exact count.
What is allowed is counted by client, person, host and minute. A visit to a help line leaves
nothing.
"""

from datetime import UTC, datetime, timedelta

import msgspec

from schoolgate_policyd.core.decision import Decision
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Subject
from schoolgate_policyd.ipc.messages import AllowedCount, Blocked, Event, PointKind

CIRCUMVENTION = "circumvention"
# Stands for hosts or clients that are too many to be told apart; no host is called that.
MANY = "(many)"
# A minute's events together fit into a spool's memory.
MAX_KEYS = 10_000
MAX_KEYS_OF_CLIENT = 1_000
MAX_HOST_LENGTH = 253

_MINUTE = timedelta(minutes=1)
_NEVER = datetime.min.replace(tzinfo=UTC)


class Seen(msgspec.Struct, frozen=True, gc=False):
    """
    One request that a point answered, and how.

    *at* is machine time, *school_at* the school's clock (both aware). *is_blocked* is what
    became of *decision* here. *page* is the URL, where it was seen; *attempt* names a way round
    the filter that the point noticed itself, *evidence* says how. It may stand for *count* alike
    ones that the point counted itself, the last of them at *last_at*.
    """

    at: datetime
    school_at: datetime
    client: str
    subject: Subject
    host: str
    decision: Decision
    is_blocked: bool
    page: str | None = None
    attempt: str | None = None
    count: int = 1
    last_at: datetime | None = None
    evidence: str | None = None


class _Alike(msgspec.Struct, frozen=True, gc=False):
    """What blocks have in common that are told as one."""

    client: str
    host: str
    rules: tuple[str, ...]
    attempt: str | None
    audience: Audience
    device: DeviceKind
    person: str | None


class _Passed(msgspec.Struct, frozen=True, cache_hash=True, gc=False):
    """What allowed requests have in common that are counted as one."""

    client: str
    host: str
    audience: Audience
    person: str | None


class _Counted(msgspec.Struct, gc=False):
    """How many were allowed alike, and what their name belonged to."""

    services: tuple[str, ...]
    categories: tuple[str, ...]
    count: int = 0


class _Rest(msgspec.Struct, gc=False):
    """Those after the first: *event* is the second's, with what was added since."""

    event: Blocked | None = None


class Recorder:
    """
    Turns what *point* saw into events; no clock and no I/O of its own.

    It tells at most *max_keys* hosts apart in a minute, and *max_keys_of_client* of one client;
    those beyond are counted under the host `(many)`, so one client's flood of names hides
    nobody else's. The caller offers whatever is returned to the spool, in order.
    """

    def __init__(
        self,
        point: PointKind,
        *,
        max_keys: int = MAX_KEYS,
        max_keys_of_client: int = MAX_KEYS_OF_CLIENT,
    ) -> None:
        self._point = point
        self._max_keys = max_keys
        self._max_keys_of_client = max_keys_of_client
        self._minute = _NEVER
        self._blocked: dict[_Alike, _Rest] = {}
        self._allowed: dict[_Passed, _Counted] = {}
        self._keys_of_client: dict[str, int] = {}

    def record(self, seen: Seen) -> list[Event]:
        """Take in *seen* and return the events that are due now."""
        if seen.decision.is_help_line:
            return []
        due = self.tick(seen.at)
        if seen.is_blocked:
            due += self._block(seen)
        else:
            self._allow(seen)
        return due

    def tick(self, now: datetime) -> list[Event]:
        """Return what is due if the minute that was last recorded in is over at *now*."""
        if self._minute <= now < self._minute + _MINUTE:
            return []
        due = self.stop()
        self._minute = now.replace(second=0, microsecond=0)
        return due

    def stop(self) -> list[Event]:
        """Return everything that waits for the end of the minute."""
        due: list[Event] = [rest.event for rest in self._blocked.values() if rest.event]
        due += [self._allowed_count(key, each) for key, each in self._allowed.items()]
        self._blocked.clear()
        self._allowed.clear()
        self._keys_of_client.clear()
        return due

    def _allow(self, seen: Seen) -> None:
        key = _passed(seen, seen.client, _bounded(seen.host))
        counted = self._allowed.get(key)
        if counted is None:
            client, host = self._place_for(key.client, key.host)
            is_told_apart = host != MANY
            counted = self._allowed.setdefault(
                key if is_told_apart else _passed(seen, client, host),
                _Counted(
                    services=seen.decision.services if is_told_apart else (),
                    categories=seen.decision.categories if is_told_apart else (),
                ),
            )
        counted.count += seen.count

    def _allowed_count(self, key: _Passed, counted: _Counted) -> AllowedCount:
        return AllowedCount(
            minute=self._minute,
            point=self._point,
            client=key.client,
            host=key.host,
            count=counted.count,
            audience=key.audience,
            person=key.person,
            services=counted.services,
            categories=counted.categories,
        )

    def _block(self, seen: Seen) -> list[Event]:
        alike = self._alike(seen, seen.client, _bounded(seen.host))
        if alike not in self._blocked:
            alike = self._alike(seen, *self._place_for(alike.client, alike.host))
        rest = self._blocked.get(alike)
        event = self._event(seen, alike)
        if rest is None:
            self._blocked[alike] = _Rest()
            return [event]
        rest.event = event if rest.event is None else _joined(rest.event, event)
        return []

    def _place_for(self, client: str, host: str) -> tuple[str, str]:
        """Return under which client and host a pair not seen this minute is counted."""
        if len(self._blocked) + len(self._allowed) >= self._max_keys:
            return MANY, MANY
        count = self._keys_of_client.get(client, 0)
        if count >= self._max_keys_of_client:
            return client, MANY
        self._keys_of_client[client] = count + 1
        return client, host

    def _alike(self, seen: Seen, client: str, host: str) -> _Alike:
        attempt = seen.attempt
        if attempt is None and seen.decision.is_circumvention:
            attempt = CIRCUMVENTION
        return _Alike(
            client=client,
            host=host,
            rules=tuple(rule.id for rule in seen.decision.rules),
            attempt=attempt,
            audience=seen.subject.audience,
            device=seen.subject.device,
            person=None if client == MANY else seen.subject.person,
        )

    def _event(self, seen: Seen, alike: _Alike) -> Blocked:
        is_told_apart = alike.host != MANY
        is_one_client = alike.client != MANY
        return Blocked(
            at=seen.at,
            school_at=seen.school_at,
            last_at=seen.at if seen.last_at is None else seen.last_at,
            point=self._point,
            client=alike.client,
            audience=alike.audience,
            device=alike.device,
            network=seen.subject.network if is_one_client else MANY,
            host=alike.host,
            rules=alike.rules,
            citations=tuple(str(rule.cite) for rule in seen.decision.rules),
            person=alike.person,
            device_id=seen.subject.device_id if is_one_client else None,
            page=seen.page if is_told_apart else None,
            services=seen.decision.services if is_told_apart else (),
            categories=seen.decision.categories if is_told_apart else (),
            attempt=alike.attempt,
            count=seen.count,
            evidence=seen.evidence if is_told_apart else None,
        )


def _passed(seen: Seen, client: str, host: str) -> _Passed:
    person = None if client == MANY else seen.subject.person
    return _Passed(client, host, seen.subject.audience, person)


def _joined(earlier: Blocked, later: Blocked) -> Blocked:
    return msgspec.structs.replace(
        earlier,
        last_at=max(earlier.last_at, later.last_at),
        count=earlier.count + later.count,
        page=earlier.page if earlier.page == later.page else None,
    )


def _bounded(host: str) -> str:
    """Return *host*, or of one that is longer than any name its more telling end."""
    return host if len(host) <= MAX_HOST_LENGTH else "…" + host[1 - MAX_HOST_LENGTH :]
