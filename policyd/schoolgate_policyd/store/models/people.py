"""Who and what is in the school."""

from datetime import date, datetime, time

from sqlalchemy import CheckConstraint, Column, ForeignKey, String, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty
from schoolgate_policyd.store.models.base import Base, choice

class_members = Table(
    "class_members",
    Base.metadata,
    Column("class_id", ForeignKey("classes.id", ondelete="CASCADE"), primary_key=True),
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True),
)

device_classes = Table(
    "device_classes",
    Base.metadata,
    Column("device_id", ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True),
    Column("class_id", ForeignKey("classes.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class ClassRow(Base):
    """A class of pupils; *version* grows with each change of it."""

    __tablename__ = "classes"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class PersonRow(Base):
    """
    A person; *username* is null for those who do not sign in.

    *age* is as it was entered: too low once a birthday has passed, which errs on the safe side,
    and it spares keeping children's dates of birth. *leaves_at* is the school's clock; whoever
    *has_left* stays a name in the records until their time is over. *version* grows with each
    change.
    """

    __tablename__ = "people"
    __table_args__ = (
        CheckConstraint("(hours_start IS NULL) = (hours_end IS NULL)", name="hours_both"),
        CheckConstraint("hours_start < hours_end", name="hours_in_order"),
        CheckConstraint("username = lower(username)", name="username_lower"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    username: Mapped[str | None] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    audience: Mapped[Audience] = mapped_column(choice(Audience, "audience"))
    year_group: Mapped[int | None]
    age: Mapped[int | None]
    hours_start: Mapped[time | None]
    hours_end: Mapped[time | None]
    leaves_at: Mapped[datetime | None]
    # No foreign key: SQLite adds none to a table that is there, and the audit names them too.
    leaves_by: Mapped[str | None] = mapped_column(String(40))
    has_left: Mapped[bool] = mapped_column(default=False, server_default="0")
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    duties: Mapped[list["DutyRow"]] = relationship(
        cascade="all, delete-orphan", order_by="DutyRow.duty", lazy="selectin"
    )
    classes: Mapped[list[ClassRow]] = relationship(
        secondary=class_members, order_by=ClassRow.id, lazy="selectin"
    )
    overtime: Mapped[list["OvertimeRow"]] = relationship(
        cascade="all, delete-orphan", order_by="OvertimeRow.day", lazy="selectin"
    )


class DutyRow(Base):
    """A duty that a person holds; *platforms* null means every platform."""

    __tablename__ = "duties"

    person_id: Mapped[str] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    duty: Mapped[Duty] = mapped_column(choice(Duty, "duty"), primary_key=True, index=True)
    platforms: Mapped[frozenset[str] | None]


class OvertimeRow(Base):
    """A school day on which a person is on overtime."""

    __tablename__ = "overtime_days"

    person_id: Mapped[str] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True)


class DeviceRow(Base):
    """A line of the device register; *kind* and *inspectable* null mean: as its network."""

    __tablename__ = "devices"
    __table_args__ = (
        CheckConstraint("NOT (is_shared AND owner_id IS NOT NULL)", name="shared_has_no_owner"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    address: Mapped[str] = mapped_column(String(45), unique=True)
    owner_id: Mapped[str | None] = mapped_column(
        ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    kind: Mapped[DeviceKind | None] = mapped_column(choice(DeviceKind, "kind"))
    inspectable: Mapped[bool | None]
    is_shared: Mapped[bool] = mapped_column(default=False)
    groups: Mapped[frozenset[str]]
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    classes: Mapped[list[ClassRow]] = relationship(
        secondary=device_classes, order_by=ClassRow.id, lazy="selectin"
    )
