"""
The outbox: alerts that wait to be sent, and what became of each.

Alerts are worked out from the audit (`alert_sources`), in one transaction with the number of the
last entry that was read: a process that is killed at any point has made all of an entry's alerts
or none, and none twice. A row is sent at least once. Where a process dies after the server took
the mail and before that was written down, the same mail goes again, under the same Message-ID.
"""

import json
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from schoolgate_policyd.store.alert_sources import Since, alerts_since, dues_in
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.models import AuditRow, PersonRow
from schoolgate_policyd.store.models.mail import EmailAddressRow, MailProgressRow, OutboxRow
from schoolgate_policyd.store.people import members_in
from schoolgate_policyd.workflow.alert_dates import Dues
from schoolgate_policyd.workflow.alerts import Alert
from schoolgate_policyd.workflow.people import Member

AT_ONCE = 200
GIVE_UP_AFTER = timedelta(days=5)
# After each failure it is longer; the last one counts for all further ones.
PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
)
NO_ADDRESS = "no e-mail address is on record"
MAX_WHY = 300


class Waiting(msgspec.Struct, frozen=True):
    """An alert to be sent to *address* now; *kind* is an `AlertKind`, or was one once."""

    id: int
    address: str
    kind: str
    path: str
    facts: dict[str, str | int]
    message_id: str
    made_at: datetime


class Mail(msgspec.Struct, frozen=True):
    """An alert as the list of mails shows it; *recipient* is a person's name."""

    id: int
    recipient_id: str
    recipient: str
    has_address: bool
    kind: str
    facts: dict[str, str | int]
    made_at: datetime
    next_try_at: datetime
    tries: int
    why: str | None
    sent_at: datetime | None
    given_up_at: datetime | None


class MailState(msgspec.Struct, frozen=True):
    """How it goes: how many wait, and since when nothing leaves (machine time, aware)."""

    waiting: int
    without_address: int
    last_sent_at: datetime | None
    failing_since: datetime | None
    why: str | None


class Outbox:
    """The outbox; *at* is machine time, *moment* the school's clock, both aware."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read_on(self, *, at: datetime, moment: datetime) -> int:
        """Make the alerts of the entries since the last time; return how many were made."""
        with self._database.reading() as session:
            newest = session.scalar(select(func.max(AuditRow.id))) or 0
            # Asked every few seconds: the write lock is taken only when there is something.
            if newest <= _progress(session).read_up_to:
                return 0
        with self._database.writing() as session:
            progress = _progress(session)
            since = Since(progress.read_up_to, AT_ONCE, moment)
            alerts, progress.read_up_to = alerts_since(session, since)
            return sum(put(session, each, at=at) for each in alerts)

    def put(self, alerts: Iterable[Alert], *, at: datetime) -> int:
        """Put those *alerts* in that are not there; return how many mails that made."""
        with self._database.reading() as session:
            unknown = [each for each in alerts if _is_new(session, each)]
        if not unknown:
            return 0
        with self._database.writing() as session:
            return sum(put(session, each, at=at) for each in unknown)

    def people_and_dues(self) -> tuple[tuple[Member, ...], Dues]:
        """Return everybody, and what the school keeps that comes due."""
        with self._database.reading() as session:
            return members_in(session), dues_in(session)

    def counts(self, since: datetime, until: datetime) -> dict[str, int]:
        """Return how often each thing was done on [since, until) (machine time)."""
        query = (
            select(AuditRow.action, func.count())
            .where(AuditRow.at >= since, AuditRow.at < until)
            .group_by(AuditRow.action)
        )
        with self._database.reading() as session:
            return {action.value: count for action, count in session.execute(query)}

    def due(self, at: datetime, limit: int = 20) -> tuple[Waiting, ...]:
        """Return what is to be sent now, the oldest first; none to who has no address."""
        query = (
            select(OutboxRow, EmailAddressRow.address)
            .join(EmailAddressRow, EmailAddressRow.person_id == OutboxRow.recipient_id)
            .where(*_IS_WAITING, OutboxRow.next_try_at <= at)
            .order_by(OutboxRow.id)
            .limit(limit)
        )
        with self._database.reading() as session:
            return tuple(
                Waiting(
                    row.id,
                    address,
                    row.kind,
                    row.path,
                    json.loads(row.facts),
                    row.message_id,
                    row.made_at,
                )
                for row, address in session.execute(query)
            )

    def sent(self, number: int, *, at: datetime) -> None:
        """Record that mail *number* was taken by the server."""
        with self._database.writing() as session:
            row = session.get(OutboxRow, number)
            if row is not None and row.sent_at is None:
                row.sent_at, row.given_up_at, row.why = at, None, None
                row.tries += 1
            progress = _progress(session)
            progress.last_sent_at, progress.failing_since, progress.why = at, None, None

    def failed(self, number: int, why: str, *, at: datetime, is_final: bool = False) -> None:
        """Record that mail *number* was not taken; a final answer is not asked again."""
        with self._database.writing() as session:
            row = session.get(OutboxRow, number)
            if row is None or row.sent_at is not None:
                return
            row.why = why[:MAX_WHY]
            row.next_try_at = at + PAUSES[min(row.tries, len(PAUSES) - 1)]
            row.tries += 1
            if is_final:
                row.given_up_at = at

    def nothing_leaves(self, why: str, *, at: datetime) -> None:
        """Record that the server is not reached, or takes nothing."""
        with self._database.writing() as session:
            progress = _progress(session)
            progress.failing_since = progress.failing_since or at
            progress.why = why[:MAX_WHY]

    def give_up_old(self, *, at: datetime, why: str) -> int:
        """Give up what waits for GIVE_UP_AFTER, visibly; return how many."""
        query = select(OutboxRow).where(*_IS_WAITING, OutboxRow.made_at < at - GIVE_UP_AFTER)
        with self._database.reading() as session:
            if session.scalar(query.limit(1)) is None:
                return 0
        with self._database.writing() as session:
            rows = session.scalars(query.limit(AT_ONCE)).all()
            addressed = set(session.scalars(select(EmailAddressRow.person_id)))
            for row in rows:
                row.given_up_at = at
                row.why = row.why or (why if row.recipient_id in addressed else NO_ADDRESS)
            return len(rows)

    def listed(self, limit: int = 200, *, before: int | None = None) -> tuple[Mail, ...]:
        """Return the newest mails with ids below *before*, whatever became of them."""
        query = (
            select(OutboxRow, PersonRow.name, EmailAddressRow.address)
            .join(PersonRow, PersonRow.id == OutboxRow.recipient_id)
            .outerjoin(EmailAddressRow, EmailAddressRow.person_id == OutboxRow.recipient_id)
            .order_by(OutboxRow.id.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(OutboxRow.id < before)
        with self._database.reading() as session:
            return tuple(
                Mail(
                    id=row.id,
                    recipient_id=row.recipient_id,
                    recipient=name,
                    has_address=address is not None,
                    kind=row.kind,
                    facts=json.loads(row.facts),
                    made_at=row.made_at,
                    next_try_at=row.next_try_at,
                    tries=row.tries,
                    why=row.why,
                    sent_at=row.sent_at,
                    given_up_at=row.given_up_at,
                )
                for row, name, address in session.execute(query)
            )

    def state(self) -> MailState:
        """Return how it goes."""
        query = (
            select(EmailAddressRow.person_id.is_not(None), func.count())
            .select_from(OutboxRow)
            .outerjoin(EmailAddressRow, EmailAddressRow.person_id == OutboxRow.recipient_id)
            .where(*_IS_WAITING)
            .group_by(EmailAddressRow.person_id.is_not(None))
        )
        with self._database.reading() as session:
            counted = {bool(known): count for known, count in session.execute(query)}
            progress = _progress(session)
            return MailState(
                waiting=counted.get(True, 0),
                without_address=counted.get(False, 0),
                last_sent_at=progress.last_sent_at,
                failing_since=progress.failing_since,
                why=progress.why,
            )


_IS_WAITING = (OutboxRow.sent_at.is_(None), OutboxRow.given_up_at.is_(None))


def put(session: Session, alert: Alert, *, at: datetime) -> int:
    """Put *alert* in for each of its recipients, once; return how many mails that made."""
    made = 0
    for recipient in dict.fromkeys(alert.to):
        adding = (
            insert(OutboxRow)
            .values(
                key=alert.key,
                recipient_id=recipient,
                kind=alert.kind.value,
                path=alert.path,
                facts=json.dumps(dict(alert.facts), sort_keys=True),
                message_id=secrets.token_hex(16),
                made_at=at,
                next_try_at=at,
                tries=0,
            )
            .on_conflict_do_nothing(index_elements=["key", "recipient_id"])
            .returning(OutboxRow.id)
        )
        made += session.scalar(adding) is not None
    return made


def _is_new(session: Session, alert: Alert) -> bool:
    known = set(session.scalars(select(OutboxRow.recipient_id).where(OutboxRow.key == alert.key)))
    return not known.issuperset(alert.to)


def _progress(session: Session) -> MailProgressRow:
    row = session.get(MailProgressRow, 1)
    if row is None:
        raise AssertionError("the migrations put one row into mail_progress")
    return row
