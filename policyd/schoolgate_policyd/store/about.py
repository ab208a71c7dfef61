"""What is about one person and not for their own eyes, although they see the audit."""

from sqlalchemy import ColumnElement, String, and_, cast, func, literal, not_, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import Select

from schoolgate_policyd.store.models import (
    AuditPersonalRow,
    AuditRow,
    IncidentRow,
    LegalHoldRow,
    ReportAboutRow,
    RestrictionRow,
)
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.workflow.legal_holds import HoldOn

_LOOKS = (AuditAction.PERSON_LOOKED_AT, AuditAction.RECORD_OPENED, AuditAction.EXPORTED)

_LONGEST_NUMBER = 18


def is_not_about(person: str) -> ColumnElement[bool]:
    """
    Return the condition that an entry may be seen by *person*, who sees the audit.

    An incident, report or legal hold about them is others' matter (nobody handles a matter about
    themselves), as is a restriction, and that somebody opened or took out their record. What they
    did themselves they see.
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
    if not number.isascii() or not number.isdecimal() or len(number) > _LONGEST_NUMBER:
        return frozenset()
    people: dict[str, Select[str | None]] = {
        "incident": select(IncidentRow.person_id).where(IncidentRow.id == int(number)),
        "restriction": select(RestrictionRow.person_id).where(RestrictionRow.id == int(number)),
        "report": select(ReportAboutRow.person_id).where(ReportAboutRow.report_id == int(number)),
    }
    if kind not in people:
        return frozenset()
    return frozenset(each for each in session.scalars(people[kind]) if each is not None)


def _matters_of(person: str) -> tuple[tuple[str, Select[str]], ...]:
    """Return each kind of matter with the numbers of those that are about *person*."""
    return (
        ("incident", select(cast(IncidentRow.id, String)).where(IncidentRow.person_id == person)),
        (
            "restriction",
            select(cast(RestrictionRow.id, String)).where(RestrictionRow.person_id == person),
        ),
        (
            "report",
            select(cast(ReportAboutRow.report_id, String)).where(
                ReportAboutRow.person_id == person
            ),
        ),
    )
