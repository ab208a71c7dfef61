"""Standing permissions, each two dated records, and device claims."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from schoolgate_policyd.store.models.base import NEVER_REUSED, Base, choice


class StandingRecordKind(StrEnum):
    """The two records that a standing permission needs."""

    HEAD_PERMISSION = "head-permission"
    CONFIRMED_CONTROLS = "confirmed-controls"


class StandingRecordRow(Base):
    """One of the two records; it stands until it is withdrawn."""

    __tablename__ = "standing_records"
    __table_args__ = (
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn_both"),
        Index(
            "uq_standing_records_one_stands",
            "name",
            "kind",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[StandingRecordKind] = mapped_column(choice(StandingRecordKind, "kind"))
    actor_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    reasons: Mapped[str] = mapped_column(Text)
    review_on: Mapped[date]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    # When its review date was seen to be past: it stands, and is in force no longer.
    lapsed_at: Mapped[datetime | None]


class ClaimEnd(StrEnum):
    """Why a device claim ended."""

    SIGNED_OUT = "signed-out"
    TIME_OVER = "time-over"
    REPLACED = "replaced"
    GIVEN_UP = "given-up"


class DeviceClaimRow(Base):
    """A device claim; *ends_at* and *last_seen_at* are the school's clock. An end is for ever."""

    __tablename__ = "device_claims"
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", name="ended_both"),
        Index(
            "uq_device_claims_one_lives",
            "address",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(45))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    session_id: Mapped[int] = mapped_column(
        ForeignKey("sessions.id", ondelete="CASCADE"), index=True
    )
    claimed_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[ClaimEnd | None] = mapped_column(choice(ClaimEnd, "ended_why"))
