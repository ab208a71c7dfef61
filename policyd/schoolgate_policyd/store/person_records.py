"""People as the school's pages keep them: whole lines, with versions and who has left."""

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from schoolgate_policyd.core.subjects import Audience, Duty, HeldDuty
from schoolgate_policyd.core.times import WorkingHours
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import CredentialRow, PasskeyRow, PersonRow
from schoolgate_policyd.store.models.people import class_members
from schoolgate_policyd.workflow.register_people import PersonEntry, PersonRecord

MAX_PAGE = 200
PAGE = 50


class PersonRecords:
    """Searching the people of the school."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def one(self, person: str) -> PersonRecord:
        """Return the line of *person*, who may have left. Raises UnknownObject."""
        with self._database.reading() as session:
            row = session.get(PersonRow, person)
            if row is None:
                raise UnknownObject(f"there is no person `{person}`")
            return record_of(row, able_in(session))

    def search(
        self,
        words: str = "",
        *,
        audience: Audience | None = None,
        in_class: str | None = None,
        has_left: bool = False,
        skip: int = 0,
        limit: int = PAGE,
    ) -> tuple[int, tuple[PersonRecord, ...]]:
        """
        Return how many there are, and of those at most *limit* by name.

        *words* stand in their name, or are the beginning of their id or user name.
        """
        where = _conditions(words, audience, in_class, has_left=has_left)
        with self._database.reading() as session:
            count = session.scalar(select(func.count()).select_from(PersonRow).where(*where)) or 0
            query = select(PersonRow).where(*where).order_by(PersonRow.name, PersonRow.id)
            rows = session.scalars(query.offset(skip).limit(min(limit, MAX_PAGE))).all()
            able = able_in(session)
            return count, tuple(record_of(row, able) for row in rows)

    def everybody(self) -> tuple[PersonRecord, ...]:
        """Return everybody who has not left, by name."""
        with self._database.reading() as session:
            query = select(PersonRow).where(PersonRow.has_left.is_(False))
            rows = session.scalars(query.order_by(PersonRow.name, PersonRow.id)).all()
            able = able_in(session)
            return tuple(record_of(row, able) for row in rows)


def record_of(row: PersonRow, able: frozenset[str]) -> PersonRecord:
    """Return the row as pages keep it; *able* are the ids of those who can sign in."""
    return PersonRecord(
        id=row.id,
        entry=entry_of(row),
        duties=duties_of(row),
        version=row.version,
        leaves_at=row.leaves_at,
        has_left=row.has_left,
        has_account=row.id in able,
    )


def entry_of(row: PersonRow) -> PersonEntry:
    """Return what the register says of the person."""
    hours = None
    if row.hours_start is not None and row.hours_end is not None:
        hours = WorkingHours(row.hours_start, row.hours_end)
    return PersonEntry(
        name=row.name,
        audience=row.audience,
        username=row.username,
        classes=frozenset(each.id for each in row.classes),
        year_group=row.year_group,
        age=row.age,
        hours=hours,
        overtime=frozenset(each.day for each in row.overtime),
    )


def duties_of(row: PersonRow) -> tuple[HeldDuty, ...]:
    """Return the duties that the person holds."""
    return tuple(HeldDuty(each.duty, each.platforms) for each in row.duties)


def able_in(session: Session) -> frozenset[str]:
    """Return the ids of those who have something with which to sign in."""
    found = set(session.scalars(select(CredentialRow.person_id)))
    found |= set(session.scalars(select(PasskeyRow.person_id)))
    return frozenset(found)


def keyholders_in(session: Session) -> dict[Duty, frozenset[str]]:
    """Return for each duty who holds it and can sign in."""
    able = able_in(session)
    query = select(PersonRow).where(PersonRow.has_left.is_(False), PersonRow.username.is_not(None))
    holding: dict[Duty, set[str]] = {}
    for row in session.scalars(query):
        if row.id in able and row.audience is not Audience.PUPIL:
            for held in row.duties:
                holding.setdefault(held.duty, set()).add(row.id)
    return {duty: frozenset(ids) for duty, ids in holding.items()}


def present_in(session: Session, person: str) -> PersonRow:
    """Return the row of somebody who has not left. Raises UnknownObject."""
    row = session.get(PersonRow, person)
    if row is None or row.has_left:
        raise UnknownObject(f"there is no person `{person}`")
    return row


def _conditions(
    words: str, audience: Audience | None, in_class: str | None, *, has_left: bool
) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [PersonRow.has_left.is_(has_left)]
    where += [
        or_(
            PersonRow.name.icontains(word, autoescape=True),
            PersonRow.id.istartswith(word, autoescape=True),
            PersonRow.username.istartswith(word, autoescape=True),
        )
        for word in words.split()[:5]
    ]
    if audience is not None:
        where.append(PersonRow.audience == audience)
    if in_class is not None:
        members = select(class_members.c.person_id).where(class_members.c.class_id == in_class)
        where.append(PersonRow.id.in_(members))
    return where
