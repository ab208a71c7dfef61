"""What the school tells and teaches: acknowledgements, sites pupils are asked to use, training."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from schoolgate_policyd.store.models.base import NEVER_REUSED, Base, choice
from schoolgate_policyd.workflow.training import TrainingKind


class AcknowledgementRow(Base):
    """That a person read a version of the policy and knows that they are monitored."""

    __tablename__ = "acknowledgements"
    __table_args__ = (UniqueConstraint("person_id", "version"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    version: Mapped[int] = mapped_column(ForeignKey("policy_versions.number"), index=True)
    at: Mapped[datetime]


class SuggestedSiteRow(Base):
    """A site that pupils are asked to use, until it is taken off the list."""

    __tablename__ = "suggested_sites"
    __table_args__ = (
        Index(
            "uq_suggested_sites_one_stands",
            "url",
            unique=True,
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(String(500))
    name: Mapped[str] = mapped_column(String(120))
    about: Mapped[str] = mapped_column(String(300))
    listed_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class TrainingRow(Base):
    """Training or online safety education that was given, and when it is due again."""

    __tablename__ = "training_records"
    __table_args__ = NEVER_REUSED

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[TrainingKind] = mapped_column(choice(TrainingKind, "kind"))
    what: Mapped[str] = mapped_column(String(200))
    for_whom: Mapped[str] = mapped_column(String(200))
    given_on: Mapped[date] = mapped_column(index=True)
    due_again_on: Mapped[date | None]
    recorded_at: Mapped[datetime]
    # No foreign key: the record outlives whoever wrote it down.
    recorded_by: Mapped[str] = mapped_column(String(40))
