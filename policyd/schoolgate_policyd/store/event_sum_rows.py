"""
The tables of a day's sums, beside its events in the same file.

Hours are those of the machine's clock, in UTC.
"""

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.store.event_rows import EventsBase
from schoolgate_policyd.store.models.base import choice

MINUTES_A_DAY = 24 * 60
# Under this every event counts once, whatever it belongs to; what belongs to nothing also counts
# under the other.
EVERY_CATEGORY = ""
NO_CATEGORY = "-"


class StateRow(EventsBase):
    """One row once the sums are those of every event of the file."""

    __tablename__ = "sums_state"

    id: Mapped[int] = mapped_column(primary_key=True)


class BlockedHourRow(EventsBase):
    """How much was blocked in an hour; *attempt* is empty for an ordinary block."""

    __tablename__ = "blocked_hours"
    __table_args__ = ({"sqlite_with_rowid": False},)

    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    audience: Mapped[Audience] = mapped_column(
        choice(Audience, "audience", is_closed=False), primary_key=True
    )
    attempt: Mapped[str] = mapped_column(String(80), primary_key=True)
    count: Mapped[int]


class BlockedPersonRow(EventsBase):
    """How much of a category was blocked for a person; *person* is empty where not known."""

    __tablename__ = "blocked_people"
    __table_args__ = ({"sqlite_with_rowid": False},)

    person: Mapped[str] = mapped_column(String(40), primary_key=True)
    audience: Mapped[Audience] = mapped_column(
        choice(Audience, "audience", is_closed=False), primary_key=True
    )
    category: Mapped[str] = mapped_column(String(80), primary_key=True)
    count: Mapped[int]


class BlockedRuleRow(EventsBase):
    """How much a rule blocked."""

    __tablename__ = "blocked_rules"
    __table_args__ = ({"sqlite_with_rowid": False},)

    rule: Mapped[str] = mapped_column(String(120), primary_key=True)
    count: Mapped[int]


class HostRow(EventsBase):
    """How often a name was blocked and allowed: where searches for a part of a name look."""

    __tablename__ = "hosts"
    __table_args__ = ({"sqlite_with_rowid": False},)

    host: Mapped[str] = mapped_column(String(253), primary_key=True)
    blocked: Mapped[int]
    allowed: Mapped[int]


class AllowedHourRow(EventsBase):
    """How much was allowed in an hour."""

    __tablename__ = "allowed_hours"

    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int]


class AllowedClientRow(EventsBase):
    """How much was allowed to a client; *audience* is empty where not known."""

    __tablename__ = "allowed_clients"
    __table_args__ = ({"sqlite_with_rowid": False},)

    client: Mapped[str] = mapped_column(String(45), primary_key=True)
    audience: Mapped[str] = mapped_column(String(40), primary_key=True)
    count: Mapped[int]


class UseRow(EventsBase):
    """
    The minutes in which names of *services* and *categories* were allowed: a bit for each.

    Names that belong to none are not kept. *person* is empty where not known.
    """

    __tablename__ = "use_minutes"
    __table_args__ = ({"sqlite_with_rowid": False},)

    categories: Mapped[str] = mapped_column(Text, primary_key=True)
    services: Mapped[str] = mapped_column(Text, primary_key=True)
    client: Mapped[str] = mapped_column(String(45), primary_key=True)
    person: Mapped[str] = mapped_column(String(40), primary_key=True)
    minutes: Mapped[bytes] = mapped_column(LargeBinary)
