"""Which events are wanted, as conditions on the tables of a day."""

import json
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, exists, false, func, or_, select

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.store.event_rows import AllowedRow, BlockedRow

MAX_HOST = 253
type Conditions = list[ColumnElement[bool]]


class EventFilter(msgspec.Struct, frozen=True):
    """
    Which events are wanted; None asks nothing.

    *client* is an address and *device* the id of a device: where both are given, an event of
    either is wanted. *host_contains* is a part of a name, *rule* a rule's id, *category* a
    category's. Events of [since, until) are wanted, moments of machine time (aware).
    *with_allowed* wants what was allowed too, in searches.
    """

    audience: Audience | None = None
    client: str | None = None
    person: str | None = None
    host_contains: str | None = None
    rule: str | None = None
    only_attempts: bool = False
    since: datetime | None = None
    until: datetime | None = None
    device: str | None = None
    category: str | None = None
    with_allowed: bool = False

    @property
    def host_part(self) -> str | None:
        """The part of a name, as names are stored."""
        return None if self.host_contains is None else self.host_contains.lower()[:MAX_HOST]


def conditions_on_blocked(wanted: EventFilter) -> tuple[Conditions, Conditions]:
    """
    Return what a block must be to be wanted, without its name and time.

    First what an index finds, then what a row must be looked at for.
    """
    found = _found(BlockedRow, wanted)
    looked: Conditions = []
    if wanted.device is not None:
        by_device = BlockedRow.device_id == wanted.device
        looked.append(
            by_device
            if wanted.client is None
            else or_(by_device, BlockedRow.client == wanted.client)
        )
    if wanted.only_attempts:
        found.append(BlockedRow.attempt.is_not(None))
    if wanted.audience is not None:
        looked.append(BlockedRow.audience == wanted.audience)
    if wanted.rule is not None:
        looked += _holds(BlockedRow.rules, wanted.rule)
    if wanted.category is not None:
        looked += _holds(BlockedRow.categories, wanted.category)
    return found, looked


def conditions_on_allowed(wanted: EventFilter) -> tuple[Conditions, Conditions]:
    """Return the same for what was allowed; that has no rule, no device and is no attempt."""
    found = _found(AllowedRow, wanted)
    looked: Conditions = []
    if wanted.rule is not None or wanted.only_attempts:
        looked.append(false())
    if wanted.device is not None:
        looked.append(false() if wanted.client is None else AllowedRow.client == wanted.client)
    if wanted.audience is not None:
        looked.append(AllowedRow.audience == wanted.audience)
    if wanted.category is not None:
        looked += _holds(AllowedRow.categories, wanted.category)
    return found, looked


def _found(table: type[BlockedRow | AllowedRow], wanted: EventFilter) -> Conditions:
    found: Conditions = []
    if wanted.person is not None:
        found.append(table.person == wanted.person)
    if wanted.client is not None and wanted.device is None:
        found.append(table.client == wanted.client)
    return found


def _holds(column: Any, word: str) -> Conditions:  # noqa: ANN401 - a column of texts of either table
    """Return that *word* is among the texts of *column*, which are a JSON array."""
    each = func.json_each(column).table_valued("value")
    return [
        # Nearly every row is told by this, which costs a tenth of looking into the array.
        func.instr(column, json.dumps(word, ensure_ascii=False)) > 0,
        exists(select(1).select_from(each).where(each.c.value == word)),
    ]
