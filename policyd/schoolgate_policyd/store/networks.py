"""What the school says of its networks: changed in the pages, preferred to the configuration."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from schoolgate_policyd.core.subjects import Network
from schoolgate_policyd.store.audit import bump_version, note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import NetworkRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.network_rows import network_of, networks_in
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.workflow import register_acts
from schoolgate_policyd.workflow.errors import NotAllowed, Stale
from schoolgate_policyd.workflow.networks import (
    NetworkEntry,
    NetworkRecord,
    could_open,
    with_entry,
)
from schoolgate_policyd.workflow.register_acts import RegisterAct
from schoolgate_policyd.workflow.signing import StoredSignature

STALE = "Somebody else changed this network since you opened the page."


class Networks:
    """The networks of the configuration and what the school says of each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def effective(self, configured: tuple[Network, ...]) -> tuple[Network, ...]:
        """Return *configured* as the school says they are."""
        with self._database.reading() as session:
            return networks_in(session, configured)

    def records(self, configured: tuple[Network, ...]) -> tuple[NetworkRecord, ...]:
        """Return what is known of each of *configured*, in their order."""
        with self._database.reading() as session:
            rows = {row.id: row for row in session.scalars(select(NetworkRow))}
            return tuple(_record(each, rows.get(each.id)) for each in configured)

    def needs_signature(self, configured: Network, entry: NetworkEntry, *, by: str) -> bool:
        """Whether *entry* could open something. Raises NotAllowed unless *by* may have it so."""
        with self._database.reading() as session:
            return require_right_in(session, configured, entry, by)

    def change(
        self,
        configured: Network,
        entry: NetworkEntry,
        *,
        version: int,
        by: str | None,
        at: datetime,
    ) -> None:
        """
        Have a network be as *entry* says; *by* None is the first-run guide.

        What could open something is signed (`store.signed_networks`). Raises NotAllowed, Stale.
        """
        with self._database.writing() as session:
            change_in(session, configured, entry, version=version, by=by, at=at)


def change_in(
    session: Session,
    configured: Network,
    entry: NetworkEntry,
    *,
    version: int,
    by: str | None,
    at: datetime,
    signature: StoredSignature | None = None,
) -> None:
    """Have a network be as *entry* says, with the *signature* that was just kept, if any was."""
    opens = require_right_in(session, configured, entry, by)
    if opens and by is not None and signature is None:
        raise NotAllowed("This may open what is blocked now, so the headteacher signs it.")
    row = session.get(NetworkRow, configured.id)
    before = _record(configured, row)
    if before.version != version:
        raise Stale(STALE)
    changes = _put(session, before, row, entry, signature)
    details = {**changes, "reasons": entry.reasons, "could open": opens}
    if signature is not None:
        details |= {"signed": signature.digest, "signature": signature.id}
    on = ("network", configured.id)
    note(session, AuditAction.NETWORK_CHANGED, at=at, actor=by, on=on, details=details)
    bump_version(session)


def record_in(session: Session, configured: Network) -> NetworkRecord:
    """Return what is known of a network in the transaction of *session*."""
    return _record(configured, session.get(NetworkRow, configured.id))


def network_called(configured: tuple[Network, ...], id_: str) -> Network:
    """Return the network of the configuration that has this id. Raises UnknownObject."""
    for each in configured:
        if each.id == id_:
            return each
    raise UnknownObject(f"there is no network `{id_}`")


def require_right_in(
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
    session: Session,
    before: NetworkRecord,
    row: NetworkRow | None,
    entry: NetworkEntry,
    signature: StoredSignature | None,
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
    changes: dict[str, object] = {
        name: list(pair) for name, pair in pairs.items() if pair[0] != pair[1]
    }
    if signature is not None:
        row.signed_digest = signature.digest
    elif not changes.keys() <= {"name"}:
        # Another name leaves what was signed as it is.
        row.signed_digest = None
    return changes


def _record(configured: Network, row: NetworkRow | None) -> NetworkRecord:
    name = configured.id.replace("-", " ").capitalize() if row is None else row.name
    version = 0 if row is None else row.version
    return NetworkRecord(network_of(configured, row), configured, name, version)
