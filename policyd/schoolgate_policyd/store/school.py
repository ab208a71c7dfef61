"""The school's own record: its name and the preset that it started from."""

from datetime import datetime

from sqlalchemy.orm import Session

from schoolgate_policyd.store.audit import bump_version, note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.models import SchoolRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.workflow import register_acts
from schoolgate_policyd.workflow.errors import Stale
from schoolgate_policyd.workflow.register_acts import RegisterAct
from schoolgate_policyd.workflow.school_record import SchoolRecord

_STALE = "Somebody else changed the school’s name since you opened the page."
_ONLY = 1


class School:
    """The one record of the school; None until the first run, or where nobody changed it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self) -> SchoolRecord | None:
        """Return what the school said of itself, None where the configuration holds."""
        with self._database.reading() as session:
            row = session.get(SchoolRow, _ONLY)
            return None if row is None else _record(row)

    def rename(self, name: str, *, preset: str, version: int, by: str, at: datetime) -> None:
        """
        Give the school another name; *version* 0 where it had no record yet.

        *preset* is the one in use, which stays: a change of it is a change of the policy. Raises
        NotAllowed, Stale.
        """
        with self._database.writing() as session:
            register_acts.require(member_in(session, by), RegisterAct.KEEP)
            row = session.get(SchoolRow, _ONLY)
            if version != (0 if row is None else row.version):
                raise Stale(_STALE)
            put_school(session, name, preset if row is None else row.preset, by=by, at=at)


def put_school(session: Session, name: str, preset: str, *, by: str | None, at: datetime) -> None:
    """Write the school's record in the transaction of *session*."""
    row = session.get(SchoolRow, _ONLY)
    details = {"name": [None if row is None else row.name, name], "preset": preset}
    if row is None:
        session.add(SchoolRow(id=_ONLY, name=name, preset=preset, version=1))
    else:
        row.name, row.preset = name, preset
        row.version += 1
    note(session, AuditAction.SCHOOL_CHANGED, at=at, actor=by, on=("school", 1), details=details)
    bump_version(session)


def end_first_run(session: Session, *, at: datetime) -> None:
    """Note in the school's record that the guide was ended."""
    row = session.get(SchoolRow, _ONLY)
    if row is not None:
        row.set_up_at = at


def _record(row: SchoolRow) -> SchoolRecord:
    return SchoolRecord(row.name, row.preset, row.version, row.set_up_at)
