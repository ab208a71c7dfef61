"""The school itself: its name, its networks, its different days, and its first run."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.store.models.base import NEVER_REUSED, Base, choice
from schoolgate_policyd.workflow.different_days import DayKind


class SchoolRow(Base):
    """
    One row: the school's name and preset, which are preferred to the configuration's.

    *set_up_at* is when the first-run guide was ended.
    """

    __tablename__ = "school"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    preset: Mapped[str] = mapped_column(String(80))
    set_up_at: Mapped[datetime | None]
    version: Mapped[int]


class NetworkRow(Base):
    """
    What the school says of a network that the configuration names by this id.

    *signed_digest* is of the signature under its last change of more than its name, where that
    could open something.
    """

    __tablename__ = "networks"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    audience: Mapped[Audience] = mapped_column(choice(Audience, "audience"))
    device: Mapped[DeviceKind] = mapped_column(choice(DeviceKind, "device"))
    inspectable: Mapped[bool]
    version: Mapped[int]
    signed_digest: Mapped[str | None] = mapped_column(String(64))


class DifferentDayRow(Base):
    """
    Days that the head directed to go otherwise; withdrawn ones stay on record.

    A trigger refuses those that no signature of *directed_by* is under, and every change but that
    they are withdrawn.
    """

    __tablename__ = "different_days"
    __table_args__ = (
        CheckConstraint("first <= last", name="days_in_order"),
        CheckConstraint("(years_first IS NULL) = (years_last IS NULL)", name="years_both"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn_both"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[DayKind] = mapped_column(choice(DayKind, "kind"))
    first: Mapped[date]
    last: Mapped[date] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(String(80))
    years_first: Mapped[int | None]
    years_last: Mapped[int | None]
    directed_by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    signed_digest: Mapped[str | None] = mapped_column(String(64))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))


class FirstRunCodeRow(Base):
    """
    A code that opens the first-run guide once, and the browser that it was opened in.

    Both are kept as SHA-256: whoever reads the database cannot open the guide.
    """

    __tablename__ = "first_run_codes"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    ended_at: Mapped[datetime | None]
