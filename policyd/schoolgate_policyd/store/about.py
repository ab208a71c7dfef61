"""What is about one person and not for their own eyes, although they see the audit."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, func, literal, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.selectable import Select

from schoolgate_policyd.store.models import (
    AssignmentRow,
    AuditPersonalRow,
    AuditRow,
    IncidentRow,
    LegalHoldRow,
    LookRow,
    ReportAboutRow,
    RestrictionRow,
    SupervisedSessionRow,
)
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.workflow.legal_holds import HoldOn

_LOOKS = (AuditAction.PERSON_LOOKED_AT, AuditAction.RECORD_OPENED, AuditAction.EXPORTED)

type Column = InstrumentedAttribute[Any]

# Each kind of matter: the columns with its number, and with whom it is about.
MATTERS: Mapping[str, tuple[Column, Column]] = MappingProxyType(
    {
        "incident": (IncidentRow.id, IncidentRow.person_id),
        "restriction": (RestrictionRow.id, RestrictionRow.person_id),
        "report": (ReportAboutRow.report_id, ReportAboutRow.person_id),
        "look": (LookRow.id, LookRow.person_id),
        "assignment": (AssignmentRow.id, AssignmentRow.person_id),
        "supervised-session": (SupervisedSessionRow.id, SupervisedSessionRow.person_id),
    }
)
_LONGEST_NUMBER = 18


def is_not_about(person: str) -> ColumnElement[bool]:
    """
    Return the condition that an entry may be seen by *person*, who sees the audit.

    What `MATTERS` names and a legal hold, where it is about them, is others' matter (nobody
    handles a matter about themselves), as is that somebody opened or took out their record. What
    they did themselves they see.
    """
    object_id = func.coalesce(AuditPersonalRow.object_id, "")
    matters = _matters_of(person)
    about: tuple[tuple[str, Select[str]], ...] = (
        *matters,
        (
            "legal-hold",
            select(cast(LegalHoldRow.id, String)).where(
                or_(
                    and_(LegalHoldRow.on == HoldOn.PERSON, LegalHoldRow.target == person),
                    and_(
                        LegalHoldRow.on == HoldOn.OBJECT,
                        or_(
                            LegalHoldRow.target == f"person/{person}",
                            *(
                                LegalHoldRow.target.in_(
                                    select(literal(f"{kind}/") + numbers.subquery().c[0])
                                )
                                for kind, numbers in matters
                            ),
                        ),
                    ),
                )
            ),
        ),
    )
    theirs = [
        and_(AuditRow.object_kind == kind, object_id.in_(numbers)) for kind, numbers in about
    ]
    looks = and_(
        AuditRow.action.in_(_LOOKS),
        AuditRow.object_kind == "person",
        object_id == person,
        func.coalesce(AuditPersonalRow.actor_id, "") != person,
    )
    return not_(or_(looks, *theirs))


def people_about_in(session: Session, on: HoldOn, target: str) -> frozenset[str]:
    """Return whom a legal hold on *target* would be about: they have no hand in it."""
    if on is HoldOn.PERSON:
        return frozenset({target})
    kind, _, number = target.partition("/")
    if on is not HoldOn.OBJECT or not number:
        return frozenset()
    if kind == "person":
        return frozenset({number})
    columns = MATTERS.get(kind)
    if columns is None or not is_number(number):
        return frozenset()
    key, people = columns
    found = session.scalars(select(people).where(key == int(number)))
    return frozenset(each for each in found if each is not None)


def is_number(text: str) -> bool:
    """Whether *text* is a number of a row, written as Schoolgate writes it."""
    is_short = text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER
    return is_short and str(int(text)) == text


def _matters_of(person: str) -> tuple[tuple[str, Select[str]], ...]:
    """Return each kind of matter with the numbers of those that are about *person*."""
    return tuple(
        (kind, select(cast(key, String)).where(people == person))
        for kind, (key, people) in MATTERS.items()
    )
