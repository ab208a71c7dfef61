"""What the school says of its networks: changed in the pages, preferred to the configuration."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from schoolgate_policyd.core.subjects import Network
from schoolgate_policyd.store.audit import bump_version, note
from schoolgate_policyd.store.credentials import Credentials
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import NetworkRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.network_rows import network_of, networks_in
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.store.proving_who import require_password
from schoolgate_policyd.workflow import register_acts
from schoolgate_policyd.workflow.errors import Stale
from schoolgate_policyd.workflow.networks import (
    NetworkEntry,
    NetworkRecord,
    could_open,
    with_entry,
)
from schoolgate_policyd.workflow.register_acts import RegisterAct

_STALE = "Somebody else changed this network since you opened the page."


class Networks:
    """The networks of the configuration and what the school says of each."""

    def __init__(self, database: Database, credentials: Credentials) -> None:
        self._database = database
        self._credentials = credentials

    def effective(self, configured: tuple[Network, ...]) -> tuple[Network, ...]:
        """Return *configured* as the school says they are."""
        with self._database.reading() as session:
            return networks_in(session, configured)

    def records(self, configured: tuple[Network, ...]) -> tuple[NetworkRecord, ...]:
        """Return what is known of each of *configured*, in their order."""
        with self._database.reading() as session:
            rows = {row.id: row for row in session.scalars(select(NetworkRow))}
            return tuple(_record(each, rows.get(each.id)) for each in configured)

    def change(
        self,
        configured: Network,
        entry: NetworkEntry,
        *,
        version: int,
        by: str | None,
        password: str,
        address: str,
        at: datetime,
    ) -> None:
        """
        Have a network be as *entry* says; *by* None is the first-run guide.

        What could open something is the head's, with their *password* from *address*. Raises
        NotAllowed, Stale, InvalidForm for a wrong password.
        """
        with self._database.reading() as session:
            opens = _require_right(session, configured, entry, by)
        if opens and by is not None:
            require_password(self._credentials, by, password, address=address, at=at)
        with self._database.writing() as session:
            opens = _require_right(session, configured, entry, by)
            row = session.get(NetworkRow, configured.id)
            before = _record(configured, row)
            if before.version != version:
                raise Stale(_STALE)
            changes = _put(session, before, row, entry)
            details = {**changes, "reasons": entry.reasons, "could open": opens}
            on = ("network", configured.id)
            note(session, AuditAction.NETWORK_CHANGED, at=at, actor=by, on=on, details=details)
            bump_version(session)


def network_called(configured: tuple[Network, ...], id_: str) -> Network:
    """Return the network of the configuration that has this id. Raises UnknownObject."""
    for each in configured:
        if each.id == id_:
            return each
    raise UnknownObject(f"there is no network `{id_}`")


def _require_right(
    session: Session, configured: Network, entry: NetworkEntry, by: str | None
) -> bool:
    """Return whether it could open something. Raises NotAllowed unless *by* may do that."""
    now = network_of(configured, session.get(NetworkRow, configured.id))
    opens = could_open(now, with_entry(configured, entry))
    if by is not None:
        actor = member_in(session, by)
        register_acts.require(actor, RegisterAct.KEEP)
        if opens:
            register_acts.require(actor, RegisterAct.LOOSEN)
    return opens


def _put(
    session: Session, before: NetworkRecord, row: NetworkRow | None, entry: NetworkEntry
) -> dict[str, object]:
    """Write *entry* and return what is different, as [before, after]."""
    old = before.network
    pairs = {
        "audience": (old.audience, entry.audience),
        "device": (old.device, entry.device),
        "inspectable": (old.inspectable, entry.inspectable),
        "name": (before.name, entry.name),
    }
    if row is None:
        row = NetworkRow(id=old.id, version=0)
        session.add(row)
    row.name, row.audience = entry.name, entry.audience
    row.device, row.inspectable = entry.device, entry.inspectable
    row.version = before.version + 1
    return {name: list(pair) for name, pair in pairs.items() if pair[0] != pair[1]}


def _record(configured: Network, row: NetworkRow | None) -> NetworkRecord:
    name = configured.id.replace("-", " ").capitalize() if row is None else row.name
    version = 0 if row is None else row.version
    return NetworkRecord(network_of(configured, row), configured, name, version)
