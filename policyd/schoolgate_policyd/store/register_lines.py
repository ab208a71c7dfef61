"""Classes and devices of the register: added, changed and removed."""

from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from schoolgate_policyd.core.subjects import Device
from schoolgate_policyd.store.audit import bump_version, note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import ClassRow, DeviceRow, GrantRow, RequestRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.models.people import class_members
from schoolgate_policyd.store.people import class_rows, device_of, member_in, put_class, put_device
from schoolgate_policyd.workflow import register_acts
from schoolgate_policyd.workflow.errors import (
    NotAllowed,
    Stale,
    WrongState,
    mistake_in,
)
from schoolgate_policyd.workflow.people import SchoolClass
from schoolgate_policyd.workflow.register_acts import RegisterAct
from schoolgate_policyd.workflow.register_lines import (
    ClassRecord,
    DeviceRecord,
    device_changes,
)

_STALE = "Somebody else changed this since you opened the page."


class Classes:
    """The classes of the school."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def every(self) -> tuple[ClassRecord, ...]:
        """Return every class by name, with how many are in it."""
        with self._database.reading() as session:
            sizes = select(class_members.c.class_id, func.count()).group_by(
                class_members.c.class_id
            )
            size_of = {row[0]: row[1] for row in session.execute(sizes)}
            rows = session.scalars(select(ClassRow).order_by(ClassRow.name, ClassRow.id))
            return tuple(
                ClassRecord(row.id, row.name, row.version, size_of.get(row.id, 0)) for row in rows
            )

    def one(self, id_: str) -> ClassRecord:
        """Return the class *id_*. Raises UnknownObject."""
        found = next((each for each in self.every() if each.id == id_), None)
        if found is None:
            raise UnknownObject(f"there is no class `{id_}`")
        return found

    def add(self, added: SchoolClass, *, by: str, at: datetime) -> None:
        """Add a class. Raises NotAllowed, InvalidForm where its id is taken."""
        with self._database.writing() as session:
            register_acts.require(member_in(session, by), RegisterAct.KEEP)
            if session.get(ClassRow, added.id) is not None:
                raise mistake_in("id", "There is a class with this id already.")
            put_class(session, added, at=at, by=by)
            bump_version(session)

    def rename(self, id_: str, name: str, *, version: int, by: str, at: datetime) -> None:
        """Give a class another name. Raises NotAllowed, Stale."""
        with self._database.writing() as session:
            register_acts.require(member_in(session, by), RegisterAct.KEEP)
            row = _class_in(session, id_, version)
            details = {"name": [row.name, name]}
            row.name = name
            row.version += 1
            on = ("class", id_)
            note(session, AuditAction.CLASS_CHANGED, at=at, actor=by, on=on, details=details)
            bump_version(session)

    def remove(self, id_: str, *, version: int, by: str, at: datetime) -> None:
        """Remove a class that nobody is in and that no record names. Raises WrongState, Stale."""
        with self._database.writing() as session:
            register_acts.require(member_in(session, by), RegisterAct.KEEP)
            row = _class_in(session, id_, version)
            members = select(class_members.c.person_id).where(class_members.c.class_id == id_)
            if session.scalar(members.limit(1)) is not None:
                raise WrongState("Somebody is in this class: move them to another one first.")
            named = select(RequestRow.id).where(RequestRow.class_id == id_)
            granted = select(GrantRow.id).where(GrantRow.class_id == id_)
            if session.scalar(named.limit(1)) or session.scalar(granted.limit(1)):
                raise WrongState("Requests name this class, so it stays: give it another name.")
            session.delete(row)
            note(session, AuditAction.CLASS_REMOVED, at=at, actor=by, on=("class", id_))
            bump_version(session)


class Devices:
    """The device register."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def search(
        self, words: str = "", *, skip: int = 0, limit: int = 50
    ) -> tuple[int, tuple[DeviceRecord, ...]]:
        """Return how many have *words* at the beginning of name or address, and some of them."""
        where = [
            or_(
                DeviceRow.id.icontains(word, autoescape=True),
                DeviceRow.address.istartswith(word, autoescape=True),
            )
            for word in words.split()[:5]
        ]
        with self._database.reading() as session:
            count = session.scalar(select(func.count()).select_from(DeviceRow).where(*where)) or 0
            query = select(DeviceRow).where(*where).order_by(DeviceRow.id)
            rows = session.scalars(query.offset(skip).limit(limit))
            return count, tuple(DeviceRecord(device_of(row), row.version) for row in rows)

    def one(self, id_: str) -> DeviceRecord:
        """Return the device *id_*. Raises UnknownObject."""
        with self._database.reading() as session:
            row = session.get(DeviceRow, id_)
            if row is None:
                raise UnknownObject(f"there is no device `{id_}`")
            return DeviceRecord(device_of(row), row.version)

    def addresses(self) -> frozenset[str]:
        """Return every address in the register."""
        with self._database.reading() as session:
            return frozenset(session.scalars(select(DeviceRow.address)))

    def add(self, device: Device, *, by: str, at: datetime) -> None:
        """Register a device. Raises NotAllowed, InvalidForm where id or address is taken."""
        with self._database.writing() as session:
            _require_keeper(session, by, device.owner)
            if session.get(DeviceRow, device.id) is not None:
                raise mistake_in("id", "There is a device with this name already.")
            _require_address_free(session, device)
            put_device(session, device, at=at, by=by)
            bump_version(session)

    def change(self, device: Device, *, version: int, by: str, at: datetime) -> None:
        """Write the line of *device* anew. Raises NotAllowed, Stale, InvalidForm."""
        with self._database.writing() as session:
            row = _device_in(session, device.id, version)
            _require_keeper(session, by, device.owner, row.owner_id)
            _require_address_free(session, device)
            details = device_changes(device_of(row), device)
            if not details:
                return
            row.address, row.owner_id = device.address, device.owner
            row.kind, row.inspectable = device.kind, device.inspectable
            row.is_shared, row.groups = device.is_shared, device.groups
            row.classes = class_rows(session, device.classes)
            row.version += 1
            on = ("device", device.id)
            note(session, AuditAction.DEVICE_CHANGED, at=at, actor=by, on=on, details=details)
            bump_version(session)

    def remove(self, id_: str, *, version: int, by: str, at: datetime) -> None:
        """Take a device out of the register. Raises NotAllowed, Stale."""
        with self._database.writing() as session:
            row = _device_in(session, id_, version)
            _require_keeper(session, by, row.owner_id)
            details = {"address": row.address, "owner": row.owner_id}
            session.delete(row)
            on = ("device", id_)
            note(session, AuditAction.DEVICE_REMOVED, at=at, actor=by, on=on, details=details)
            bump_version(session)


def _class_in(session: Session, id_: str, version: int) -> ClassRow:
    row = session.get(ClassRow, id_)
    if row is None:
        raise UnknownObject(f"there is no class `{id_}`")
    if row.version != version:
        raise Stale(_STALE)
    return row


def _device_in(session: Session, id_: str, version: int) -> DeviceRow:
    row = session.get(DeviceRow, id_)
    if row is None:
        raise UnknownObject(f"there is no device `{id_}`")
    if row.version != version:
        raise Stale(_STALE)
    return row


def _require_keeper(session: Session, by: str, *owners: str | None) -> None:
    register_acts.require(member_in(session, by), RegisterAct.KEEP)
    if by in owners:
        # What their device is decides what it may open for them.
        raise NotAllowed("This is your own device: a colleague who keeps the register changes it.")


def _require_address_free(session: Session, device: Device) -> None:
    holder = session.scalar(select(DeviceRow.id).where(DeviceRow.address == device.address))
    if holder is not None and holder != device.id:
        raise mistake_in("address", "Another device has this address.")
