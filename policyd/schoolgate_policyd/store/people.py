"""
People, classes and the device register: who and what there is, and how lines are added.

Who has left stays a name for the records, and is nobody for decisions, rights and lists. Lines
are changed in `people_changes`, `leaving` and `register_lines`.
"""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from schoolgate_policyd.core.policy import Register
from schoolgate_policyd.core.subjects import Device, Duty, HeldDuty, Network, Person
from schoolgate_policyd.core.times import WorkingHours
from schoolgate_policyd.store.audit import bump_version, note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import (
    ClassRow,
    DelegationRow,
    DeviceRow,
    DutyRow,
    OvertimeRow,
    PersonRow,
    RequestRow,
)
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.models.people import class_members
from schoolgate_policyd.store.network_rows import networks_in
from schoolgate_policyd.store.records import NewPerson
from schoolgate_policyd.workflow.claims import canonical_address
from schoolgate_policyd.workflow.people import Member, SchoolClass

_IS_HERE = PersonRow.has_left.is_(False)
_HOLDS_A_DUTY = PersonRow.id.in_(select(DutyRow.person_id))
_ACTS = or_(
    _HOLDS_A_DUTY,
    PersonRow.id.in_(select(RequestRow.requester_id)),
    PersonRow.id.in_(select(DelegationRow.deputy_id)),
)

_NAMED = select(PersonRow.id, PersonRow.name, PersonRow.audience, PersonRow.username)
_HELD = select(DutyRow.person_id, DutyRow.duty).join(PersonRow)
_ATTENDED = select(class_members.c.person_id, class_members.c.class_id).join(PersonRow)


class People:
    """Who and what is in the school."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_empty(self) -> bool:
        """Whether nobody has been added yet."""
        with self._database.reading() as session:
            return session.scalar(select(func.count()).select_from(PersonRow)) == 0

    def members(self) -> tuple[Member, ...]:
        """Return everybody who has not left, by name."""
        with self._database.reading() as session:
            return members_in(session)

    def duty_holders(self) -> tuple[Member, ...]:
        """Return those who hold a duty, by name."""
        with self._database.reading() as session:
            return duty_holders_in(session)

    def member(self, person: str) -> Member:
        """Return the person whose id is *person*. Raises UnknownObject."""
        with self._database.reading() as session:
            return member_in(session, person)

    def find(self, name: str) -> Member | None:
        """Return whoever has *name* as user name, else as id; None where nobody has."""
        with self._database.reading() as session:
            query = select(PersonRow).where(
                (PersonRow.username == name) | (PersonRow.id == name),
                PersonRow.has_left.is_(False),
            )
            found = {row.username == name: member_of(row) for row in session.scalars(query)}
            return found.get(True, found.get(False))

    def names(self) -> dict[str, str]:
        """Return everybody's name by id, for pages that may show names."""
        with self._database.reading() as session:
            rows = session.execute(select(PersonRow.id, PersonRow.name))
            return {person: name for person, name in rows}  # noqa: C416 - rows are not tuples

    def classes(self) -> tuple[SchoolClass, ...]:
        """Return every class, by id."""
        with self._database.reading() as session:
            rows = session.scalars(select(ClassRow).order_by(ClassRow.id))
            return tuple(SchoolClass(row.id, row.name) for row in rows)

    def devices(self) -> tuple[Device, ...]:
        """Return the device register, by address."""
        with self._database.reading() as session:
            return devices_in(session)

    def register(self, networks: tuple[Network, ...]) -> Register:
        """
        Return who and what is in the school, without names.

        *networks* are the configuration's; what the school says of them is preferred.
        """
        with self._database.reading() as session:
            here = select(PersonRow).where(PersonRow.has_left.is_(False))
            rows = session.scalars(here.order_by(PersonRow.id))
            people = tuple(_person(row) for row in rows)
            return Register(people, networks_in(session, networks), devices_in(session))

    def add_class(self, added: SchoolClass, *, at: datetime, by: str | None) -> None:
        """Add a class."""
        with self._database.writing() as session:
            put_class(session, added, at=at, by=by)
            bump_version(session)

    def add(self, added: NewPerson, *, at: datetime, by: str | None) -> None:
        """Add a person; the classes they are in must be there."""
        with self._database.writing() as session:
            put_person(session, added, at=at, by=by)
            bump_version(session)

    def register_device(self, device: Device, *, at: datetime, by: str | None) -> None:
        """Add a line to the device register; its owner and classes must be there."""
        with self._database.writing() as session:
            put_device(session, device, at=at, by=by)
            bump_version(session)


def members_in(session: Session) -> tuple[Member, ...]:
    """Return everybody who has not left, by name."""
    return _members_in(session, _IS_HERE)


def duty_holders_in(session: Session) -> tuple[Member, ...]:
    """Return those of everybody who hold a duty: whoever handles a matter is among them."""
    return _members_in(session, _IS_HERE, _HOLDS_A_DUTY)


def actors_in(session: Session) -> tuple[Member, ...]:
    """
    Return those of everybody whose turn a request can be.

    They hold a duty, have asked for something or are a deputy. Every page asks, and a school's
    pupils are none of them, so they are not read.
    """
    return _members_in(session, _IS_HERE, _ACTS)


def member_in(session: Session, person: str) -> Member:
    """Return the person whose id is *person*. Raises UnknownObject."""
    found = _members_in(session, PersonRow.id == person)
    if not found:
        raise UnknownObject(f"there is no person `{person}`")
    return found[0]


def _members_in(session: Session, *whom: ColumnElement[bool]) -> tuple[Member, ...]:
    """
    Return those *whom* is about, by name.

    Columns are read and no rows are made: every page asks who acts, some of them several times.
    """
    duties = defaultdict[str, set[Duty]](set)
    for person, duty in session.execute(_HELD.where(*whom)):
        duties[person].add(duty)
    classes = defaultdict[str, set[str]](set)
    for person, school_class in session.execute(_ATTENDED.where(*whom)):
        classes[person].add(school_class)
    rows = session.execute(_NAMED.where(*whom).order_by(PersonRow.name, PersonRow.id))
    return tuple(
        Member(
            id=person,
            name=name,
            audience=audience,
            username=username,
            duties=frozenset(duties[person]),
            classes=frozenset(classes[person]),
        )
        for person, name, audience, username in rows
    )


def devices_in(session: Session) -> tuple[Device, ...]:
    """Return the device register, by address."""
    rows = session.scalars(select(DeviceRow).order_by(DeviceRow.address))
    return tuple(device_of(row) for row in rows)


def put_class(session: Session, added: SchoolClass, *, at: datetime, by: str | None) -> None:
    """Add a class in the transaction of *session*."""
    session.add(ClassRow(id=added.id, name=added.name))
    note(session, AuditAction.CLASS_ADDED, at=at, actor=by, on=("class", added.id))


def put_person(session: Session, added: NewPerson, *, at: datetime, by: str | None) -> None:
    """Add a person in the transaction of *session*. Raises UnknownObject for a class."""
    row = PersonRow(
        id=added.id,
        username=added.username,
        name=added.name,
        audience=added.audience,
        year_group=added.year_group,
        age=added.age,
        hours_start=None if added.hours is None else added.hours.start,
        hours_end=None if added.hours is None else added.hours.end,
        duties=[DutyRow(duty=held.duty, platforms=held.platforms) for held in added.duties],
        classes=class_rows(session, added.classes),
        overtime=[OvertimeRow(day=day) for day in sorted(added.overtime)],
    )
    session.add(row)
    details = {"audience": added.audience, "duties": sorted(held.duty for held in added.duties)}
    note(
        session,
        AuditAction.PERSON_ADDED,
        at=at,
        actor=by,
        on=("person", added.id),
        details=details,
    )


def put_device(session: Session, device: Device, *, at: datetime, by: str | None) -> None:
    """Add a device in the transaction of *session*. Raises UnknownObject, ValueError."""
    address = canonical_address(device.address)
    if address is None:
        raise ValueError(f"`{device.address}` is not an address")
    if device.owner is not None:
        member_in(session, device.owner)
    session.add(
        DeviceRow(
            id=device.id,
            address=address,
            owner_id=device.owner,
            kind=device.kind,
            inspectable=device.inspectable,
            is_shared=device.is_shared,
            groups=device.groups,
            classes=class_rows(session, device.classes),
        )
    )
    details = {"address": address, "owner": device.owner}
    note(
        session,
        AuditAction.DEVICE_REGISTERED,
        at=at,
        actor=by,
        on=("device", device.id),
        details=details,
    )


def member_of(row: PersonRow) -> Member:
    """Return the row as pages name the person."""
    return Member(
        id=row.id,
        name=row.name,
        audience=row.audience,
        username=row.username,
        duties=frozenset(duty.duty for duty in row.duties),
        classes=frozenset(each.id for each in row.classes),
    )


def device_of(row: DeviceRow) -> Device:
    """Return the row as decisions know the device."""
    return Device(
        address=row.address,
        id=row.id,
        owner=row.owner_id,
        classes=frozenset(each.id for each in row.classes),
        groups=row.groups,
        kind=row.kind,
        inspectable=row.inspectable,
        is_shared=row.is_shared,
    )


def _person(row: PersonRow) -> Person:
    hours = None
    if row.hours_start is not None and row.hours_end is not None:
        hours = WorkingHours(row.hours_start, row.hours_end)
    return Person(
        id=row.id,
        audience=row.audience,
        duties=tuple(HeldDuty(duty.duty, duty.platforms) for duty in row.duties),
        classes=frozenset(each.id for each in row.classes),
        year_group=row.year_group,
        age=row.age,
        hours=hours,
        overtime=frozenset(each.day for each in row.overtime),
    )


def class_rows(session: Session, ids: frozenset[str]) -> list[ClassRow]:
    """Return the rows of the classes *ids*. Raises UnknownObject."""
    rows = []
    for each in sorted(ids):
        row = session.get(ClassRow, each)
        if row is None:
            raise UnknownObject(f"there is no class `{each}`")
        rows.append(row)
    return rows
