"""What is about one person and not for their own eyes, although they see the audit."""

from sqlalchemy import ColumnElement, String, and_, cast, func, not_, or_, select
from sqlalchemy.sql.selectable import Select

from schoolgate_policyd.store.models import (
    AuditPersonalRow,
    AuditRow,
    IncidentRow,
    LegalHoldRow,
    ReportAboutRow,
)
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.workflow.legal_holds import HoldOn

_LOOKS = (AuditAction.PERSON_LOOKED_AT, AuditAction.RECORD_OPENED)


def is_not_about(person: str) -> ColumnElement[bool]:
    """
    Return the condition that an entry may be seen by *person*, who sees the audit.

    An incident, report or legal hold about them is others' matter (nobody handles a matter about
    themselves), and so is that somebody opened their record. What they did themselves they see.
    """
    object_id = func.coalesce(AuditPersonalRow.object_id, "")
    about: tuple[tuple[str, Select[str]], ...] = (
        ("incident", select(cast(IncidentRow.id, String)).where(IncidentRow.person_id == person)),
        (
            "report",
            select(cast(ReportAboutRow.report_id, String)).where(
                ReportAboutRow.person_id == person
            ),
        ),
        (
            "legal-hold",
            select(cast(LegalHoldRow.id, String)).where(
                or_(
                    and_(LegalHoldRow.on == HoldOn.PERSON, LegalHoldRow.target == person),
                    and_(
                        LegalHoldRow.on == HoldOn.OBJECT,
                        LegalHoldRow.target == f"person/{person}",
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
