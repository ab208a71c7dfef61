"""
Versions of the school's policy: each move is one transaction with its step and audit entry.

The workflow decides (`workflow.policy_changes`); here a version is read, moved and written under
the write lock, with every other version of the school beside it, so that of two who direct at
once one wins and the other is told.
"""

from datetime import date, datetime

from sqlalchemy.orm import Session

from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.models import PolicyVersionRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.store.policy_rows import (
    PolicyContent,
    check_row,
    columns_of,
    text_rows,
    version_of,
    version_row_in,
    versions_in,
)
from schoolgate_policyd.store.policy_writes import (
    Moving,
    Versions,
    directed_in,
    move_in,
    moved,
    new_row,
    note_on,
)
from schoolgate_policyd.workflow import policy_changes
from schoolgate_policyd.workflow.errors import WrongState, required
from schoolgate_policyd.workflow.policy_acts import Act, require
from schoolgate_policyd.workflow.policy_versions import (
    Direction,
    Minutes,
    Move,
    Origin,
    PolicyStep,
    PolicyVersion,
    ProofRecord,
    ReplayRecord,
    VersionState,
    in_force_at,
)


class PolicyVersions:
    """
    The versions of a school's policy.

    *at* is machine time, *moment* the school's clock, both aware; people are ids. *shared* is
    `Workshop.shared`. Methods raise UnknownObject for numbers that nothing has and WorkflowError
    with a sentence for what is refused.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def every(self, school: str) -> Versions:
        """Return every version of *school*, oldest first."""
        with self._database.reading() as session:
            return versions_in(session, PolicyVersionRow.school == school)

    def find(self, number: int) -> PolicyVersion:
        """Return version *number*."""
        with self._database.reading() as session:
            return version_of(session, version_row_in(session, number))

    def texts(self, number: int) -> dict[str, str]:
        """Return the texts of version *number*, by their paths below the rules folder."""
        with self._database.reading() as session:
            return {row.path: row.text for row in version_row_in(session, number).texts}

    def in_force(self, school: str, moment: datetime) -> PolicyVersion | None:
        """Return the version of *school* in force at *moment*, if any is."""
        with self._database.reading() as session:
            return in_force_at(directed_in(session, school), moment)

    def newest_taken_up(self, school: str) -> PolicyVersion | None:
        """Return the newest version of *school* that came from the rule files."""
        with self._database.reading() as session:
            directed = directed_in(session, school)
        return next((e for e in reversed(directed) if e.origin is Origin.RULE_FILES), None)

    def take_up(
        self, school: str, content: PolicyContent, *, at: datetime, moment: datetime
    ) -> PolicyVersion | None:
        """
        Record what policyd took up from the rule files, unless it is what is in force already.

        Returns None, and records nothing, while a version that was directed is in force.
        """
        with self._database.writing() as session:
            current = in_force_at(directed_in(session, school), moment)
            if current is not None and current.digest == content.digest:
                return current
            if current is not None and current.origin is Origin.DRAFT:
                return None
            row = new_row(school, content, Origin.RULE_FILES)
            row.base = None if current is None else current.number
            row.summary = "Taken up from the rule files"
            session.add(row)
            session.flush()
            step = PolicyStep(
                Move.TAKEN_UP, None, at, "The rule files changed.", direction=Direction(moment)
            )
            return moved(session, row, step, VersionState.DIRECTED)

    def begin(
        self,
        school: str,
        content: PolicyContent,
        *,
        by: str,
        summary: str,
        base: int,
        at: datetime,
        moment: datetime,
        taken_from: int | None = None,
    ) -> PolicyVersion:
        """Begin a draft on version *base*, which must be in force."""
        with self._database.writing() as session:
            require(member_in(session, by), Act.DRAFT)
            current = in_force_at(directed_in(session, school), moment)
            if current is None or current.number != base:
                raise WrongState("Another version has come into force: begin on that one.")
            if taken_from is not None:
                version_row_in(session, taken_from)
            row = new_row(school, content, Origin.DRAFT)
            row.base, row.taken_from, row.author_id = base, taken_from, by
            row.summary = required("summary", summary, "Say what is to change.")
            session.add(row)
            session.flush()
            return moved(session, row, PolicyStep(Move.BEGUN, by, at, summary), row.state)

    def edit(
        self, number: int, content: PolicyContent, *, by: str, before: str, at: datetime
    ) -> PolicyVersion:
        """
        Put *content* into the draft *number* in place of the texts with the digest *before*.

        Raises WrongState where somebody changed them meanwhile.
        """
        with self._database.writing() as session:
            row = version_row_in(session, number)
            version = version_of(session, row)
            policy_changes.require_editable(version, member_in(session, by))
            if version.digest != before:
                raise WrongState("The draft was changed meanwhile: look again, then change it.")
            for name, value in columns_of(content).items():
                setattr(row, name, value)
            row.texts.clear()
            session.flush()
            row.texts.extend(text_rows(content))
            details = {"before": before, "digest": content.digest}
            action = AuditAction.POLICY_DRAFT_CHANGED
            note_on(session, action, row, actor=by, at=at, details=details)
            session.flush()
            return version_of(session, row)

    def record(
        self, number: int, record: ProofRecord | ReplayRecord, *, by: str | None
    ) -> PolicyVersion:
        """Keep what a proof or a replay said of version *number*; *by* had it run."""
        with self._database.writing() as session:
            row = version_row_in(session, number)
            session.add(check_row(number, record))
            details: dict[str, object] = {"digest": record.digest}
            action = AuditAction.POLICY_REPLAYED
            if isinstance(record, ProofRecord):
                action = AuditAction.POLICY_PROVED
                details["all as expected"] = record.is_ok
            note_on(session, action, row, actor=by, at=record.at, details=details)
            session.flush()
            return version_of(session, row)

    def propose(
        self, number: int, *, by: str, reasons: str, shared: str, at: datetime, moment: datetime
    ) -> PolicyVersion:
        """Propose a draft: from now on its texts stay as they are."""

        def move(session: Session, version: PolicyVersion, versions: Versions) -> PolicyVersion:
            author = member_in(session, by)
            return policy_changes.propose(
                version,
                versions,
                by=author,
                reasons=reasons,
                shared=shared,
                at=at,
                moment=moment,
            )

        return self._move(number, move)

    def approve(
        self, number: int, *, by: str, minutes: Minutes, today: date, at: datetime
    ) -> PolicyVersion:
        """Record the governors' approval."""

        def move(session: Session, version: PolicyVersion, versions: Versions) -> PolicyVersion:
            governor = member_in(session, by)
            return policy_changes.approve(
                version, versions, by=governor, minutes=minutes, today=today, at=at
            )

        return self._move(number, move)

    def refuse(self, number: int, *, by: str, reasons: str, at: datetime) -> PolicyVersion:
        """Refuse a proposal."""

        def move(session: Session, version: PolicyVersion, _: Versions) -> PolicyVersion:
            return policy_changes.refuse(
                version, by=member_in(session, by), reasons=reasons, at=at
            )

        return self._move(number, move)

    def withdraw(
        self, number: int, *, by: str, reasons: str, at: datetime, moment: datetime
    ) -> PolicyVersion:
        """Withdraw a version before it is in force."""

        def move(session: Session, version: PolicyVersion, versions: Versions) -> PolicyVersion:
            member = member_in(session, by)
            return policy_changes.withdraw(
                version, versions, by=member, reasons=reasons, at=at, moment=moment
            )

        return self._move(number, move)

    def _move(self, number: int, move: Moving) -> PolicyVersion:
        with self._database.writing() as session:
            return move_in(session, number, move)
