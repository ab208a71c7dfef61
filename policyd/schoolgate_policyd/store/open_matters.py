"""
What is still open about somebody: until it is not, nobody forgets who they are.

Whoever looks into an incident, answers a report or ends a restriction must know whom it is about.
"""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, func, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from schoolgate_policyd.store.models import (
    IncidentRow,
    ReportAboutRow,
    ReportRow,
    RestrictionRow,
)
from schoolgate_policyd.workflow.incidents import IncidentState
from schoolgate_policyd.workflow.restrictions import RestrictionState

type _Person = str | InstrumentedAttribute[str]


class OpenMatters(NamedTuple):
    """How many matters of one sort are open, in the words for *one* and for *several*."""

    number: int
    one: str
    several: str

    @property
    def words(self) -> str:
        """The number with what it counts."""
        return f"1 {self.one}" if self.number == 1 else f"{self.number:,} {self.several}"


def open_matters_in(session: Session, person: str) -> tuple[OpenMatters, ...]:
    """Return what is open about *person* or reported by them; sorts with none are left out."""
    found = []
    for one, several, numbers in _open(person):
        count = session.scalar(select(func.count()).select_from(numbers.subquery())) or 0
        if count:
            found.append(OpenMatters(count, one, several))
    return tuple(found)


def is_without_open_matters(person: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Return the condition that nothing is open of what `open_matters_in` finds for *person*."""
    return not_(or_(*(numbers.exists() for _, _, numbers in _open(person))))


def _open(person: _Person) -> Iterator[tuple[str, str, Select[int]]]:
    """Yield the words for one and for several with the numbers of what is open."""
    yield (
        "incident that is not closed",
        "incidents that are not closed",
        select(IncidentRow.id).where(
            IncidentRow.person_id == person, IncidentRow.state != IncidentState.CLOSED
        ),
    )
    about = select(ReportAboutRow.report_id).where(ReportAboutRow.person_id == person)
    yield (
        "report that is not answered",
        "reports that are not answered",
        select(ReportRow.id).where(
            ReportRow.closed_at.is_(None),
            or_(ReportRow.reporter_id == person, ReportRow.id.in_(about)),
        ),
    )
    yield (
        "restriction in force",
        "restrictions in force",
        select(RestrictionRow.id).where(
            RestrictionRow.person_id == person, RestrictionRow.state == RestrictionState.DECIDED
        ),
    )
