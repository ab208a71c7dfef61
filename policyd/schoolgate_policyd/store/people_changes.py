"""Lines of people changed: each with its version, its audit entry and the snapshot's bump."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from schoolgate_policyd.core.subjects import HeldDuty
from schoolgate_policyd.store.api_tokens import revoke_all_in
from schoolgate_policyd.store.audit import bump_version, note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.leaving import close_account, leave_in
from schoolgate_policyd.store.models import DutyRow, OvertimeRow, PersonRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.people import class_rows, member_in, member_of, put_person
from schoolgate_policyd.store.person_records import (
    duties_of,
    entry_of,
    keyholders_in,
    present_in,
)
from schoolgate_policyd.store.records import NewPerson
from schoolgate_policyd.store.second_factor_rows import second_factors_in
from schoolgate_policyd.store.session_ends import end_others_in
from schoolgate_policyd.store.setup_codes import forget_codes_in
from schoolgate_policyd.workflow import register_acts
from schoolgate_policyd.workflow.accounts import NEED_A_SECOND_FACTOR
from schoolgate_policyd.workflow.errors import FieldMistake, InvalidForm, Stale, WrongState
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.register_acts import RegisterAct
from schoolgate_policyd.workflow.register_people import (
    PersonEntry,
    changes_between,
    touches_sign_in,
)

_NOTHING: Mapping[str, object] = MappingProxyType({})
_STALE = "Somebody else changed this person since you opened the page."


class PeopleChanges:
    """
    Adding and changing people; *by* None is the machine's own (an import at the first run).

    *at* is machine time, *moment* the school's clock. Rights are those of `register_acts`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, person: str | None, entry: PersonEntry, *, by: str | None, at: datetime) -> str:
        """Add somebody, with an id of no meaning where *person* is None, and return it."""
        with self._database.writing() as session:
            if by is not None:
                register_acts.require(member_in(session, by), RegisterAct.KEEP)
            id_ = person or free_id_in(session)
            if session.get(PersonRow, id_) is not None:
                raise _taken("id", "Somebody has this id already, or had it.")
            require_username_free(session, entry.username, but=id_)
            put_person(session, new_person(id_, entry), at=at, by=by)
            bump_version(session)
            return id_

    def change(
        self,
        person: str,
        entry: PersonEntry,
        *,
        version: int,
        by: str | None,
        at: datetime,
        moment: datetime,
    ) -> None:
        """Write the line anew. Raises NotAllowed, Stale, InvalidForm for a name that is taken."""
        with self._database.writing() as session:
            row = present_in(session, person)
            require_fresh(row, version)
            change_in(session, row, entry, by=by, at=at, moment=moment)
            bump_version(session)

    def leave(
        self,
        person: str,
        leaves_at: datetime,
        *,
        version: int,
        by: str,
        at: datetime,
        moment: datetime,
    ) -> None:
        """
        Have *person* leave at *leaves_at* (school's clock): at once where that is not later.

        Raises NotAllowed for their own line and for the last who keeps Schoolgate, Stale.
        """
        with self._database.writing() as session:
            row = present_in(session, person)
            _require_line(session, row, by, is_sign_in=True)
            require_fresh(row, version)
            before = keyholders_in(session)
            without = {duty: holders - {person} for duty, holders in before.items()}
            register_acts.require_not_the_last(before, without)
            row.leaves_at, row.leaves_by = leaves_at, by
            row.version += 1
            if leaves_at <= moment:
                leave_in(session, row, by=by, at=at, moment=moment)
            else:
                details = {"at": leaves_at.isoformat()}
                on = ("person", person)
                note(session, AuditAction.PERSON_LEAVES, at=at, actor=by, on=on, details=details)
            bump_version(session)

    def come_back(self, person: str, *, version: int, by: str, at: datetime) -> None:
        """Have somebody who left, or was to leave, be here: without account, duties or classes."""
        with self._database.writing() as session:
            row = session.get(PersonRow, person)
            if row is None or (not row.has_left and row.leaves_at is None):
                raise WrongState("They have not left, and nobody said that they will.")
            _require_line(session, row, by, is_sign_in=True)
            require_fresh(row, version)
            row.has_left, row.leaves_at, row.leaves_by = False, None, None
            row.version += 1
            on = ("person", person)
            note(session, AuditAction.PERSON_CAME_BACK, at=at, actor=by, on=on)
            bump_version(session)


def change_in(
    session: Session,
    row: PersonRow,
    entry: PersonEntry,
    *,
    by: str | None,
    at: datetime,
    moment: datetime,
) -> None:
    """Write *entry* to *row* in the transaction of *session*, if *by* may. Raises NotAllowed."""
    old = entry_of(row)
    if old == entry:
        return
    is_sign_in = touches_sign_in(old, entry)
    _require_line(session, row, by, is_sign_in=is_sign_in)
    register_acts.require_may_count_as(_actor(session, by), member_of(row), entry.audience)
    require_username_free(session, entry.username, but=row.id)
    before = keyholders_in(session) if is_sign_in else {}
    _write(session, row, entry)
    session.flush()
    if is_sign_in:
        register_acts.require_not_the_last(before, keyholders_in(session))
    if old.username is not None and entry.username is None:
        end_others_in(session, row.id, None, at=at, moment=moment)
        close_account(session, row.id, at=at)
    row.version += 1
    details = changes_between(old, entry)
    on = ("person", row.id)
    note(session, AuditAction.PERSON_CHANGED, at=at, actor=by, on=on, details=details)


def give_in(
    session: Session,
    row: PersonRow,
    duties: tuple[HeldDuty, ...],
    why: Mapping[str, object],
    *,
    by: str,
    at: datetime,
    moment: datetime,
) -> None:
    """
    Have *row* hold *duties* and no others; *why* stands in the audit. Raises WrongState.

    A duty that needs a second factor ends sessions that were begun without any; *moment* is the
    school's clock.
    """
    before = keyholders_in(session)
    gained = {each.duty for each in duties} - {each.duty for each in row.duties}
    put_duties(session, row, duties, by=by, at=at, why=why)
    session.flush()
    if gained & NEED_A_SECOND_FACTOR and not second_factors_in(session, row.id).has_one:
        end_others_in(session, row.id, None, at=at, moment=moment)
    register_acts.require_not_the_last(before, keyholders_in(session))
    row.version += 1
    bump_version(session)


def put_duties(
    session: Session,
    row: PersonRow,
    duties: tuple[HeldDuty, ...],
    *,
    by: str | None,
    at: datetime,
    why: Mapping[str, object] = _NOTHING,
) -> None:
    """Have *row* hold *duties*, with an audit entry for each that is given or taken, and *why*."""
    old = {each.duty: each for each in duties_of(row)}
    new = {each.duty: each for each in duties}
    on = ("person", row.id)
    for duty in sorted(old.keys() | new.keys()):
        if old.get(duty) == new.get(duty):
            continue
        is_given = duty in new
        action = AuditAction.DUTY_GIVEN if is_given else AuditAction.DUTY_TAKEN
        details: dict[str, object] = {**why, "duty": duty}
        held = new.get(duty)
        if held is not None and held.platforms is not None:
            details["platforms"] = sorted(held.platforms)
        note(session, action, at=at, actor=by, on=on, details=details)
    if new.keys() - old.keys():
        # A program was let in for what its owner might do then.
        forget_codes_in(session, row.id, at)
        revoke_all_in(session, row.id, at=at, by=by)
    kept = {each.duty: each for each in row.duties}
    for duty, line in kept.items():
        if duty in new:
            line.platforms = new[duty].platforms
    row.duties = [
        kept.get(each.duty) or DutyRow(duty=each.duty, platforms=each.platforms) for each in duties
    ]


def new_person(person: str, entry: PersonEntry) -> NewPerson:
    """Return *entry* as a person to add."""
    return NewPerson(
        id=person,
        name=entry.name,
        audience=entry.audience,
        username=entry.username,
        classes=entry.classes,
        year_group=entry.year_group,
        age=entry.age,
        hours=entry.hours,
        overtime=entry.overtime,
    )


def free_id_in(session: Session) -> str:
    """Return an id that says nothing of whose it is, since the audit keeps ids for long."""
    while True:
        id_ = f"p-{secrets.token_hex(4)}"
        if session.get(PersonRow, id_) is None:
            return id_


def require_username_free(session: Session, username: str | None, *, but: str) -> None:
    """Raise InvalidForm where somebody else has *username*."""
    if username is None:
        return
    holder = session.scalar(select(PersonRow.id).where(PersonRow.username == username))
    if holder is not None and holder != but:
        raise _taken("username", "Somebody else has this user name.")


def _write(session: Session, row: PersonRow, entry: PersonEntry) -> None:
    row.name, row.audience, row.username = entry.name, entry.audience, entry.username
    row.year_group, row.age = entry.year_group, entry.age
    row.hours_start = None if entry.hours is None else entry.hours.start
    row.hours_end = None if entry.hours is None else entry.hours.end
    row.classes = class_rows(session, entry.classes)
    kept = {each.day: each for each in row.overtime}
    row.overtime = [kept.get(day) or OvertimeRow(day=day) for day in sorted(entry.overtime)]


def _actor(session: Session, by: str | None) -> Member | None:
    return None if by is None else member_in(session, by)


def _require_line(session: Session, row: PersonRow, by: str | None, *, is_sign_in: bool) -> None:
    register_acts.require_may_keep(_actor(session, by), member_of(row), is_sign_in=is_sign_in)


def require_fresh(row: PersonRow, version: int) -> None:
    """Raise Stale unless *version* is that of the line."""
    if row.version != version:
        raise Stale(_STALE)


def _taken(field: str, message: str) -> InvalidForm:
    entry: Mapping[str, str] = {}
    return InvalidForm((FieldMistake(field, message),), entry)
