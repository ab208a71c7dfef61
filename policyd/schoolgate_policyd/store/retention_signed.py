"""
How long signatures are kept that go with no record: those under networks and duties.

A network and somebody's line in the register stay while their signatures are superseded one by
one. The newest says what the network is, or which duties are held: it stays as long as they do.
Every other signature goes with the record that it is under.
"""

from sqlalchemy import and_, exists, func, not_, or_, select
from sqlalchemy.orm import aliased

from schoolgate_policyd.store.models import AuditPersonalRow, AuditRow, DutyRow, SignatureRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.retention_rows import YEAR, Kind, left_at, rows
from schoolgate_policyd.workflow.signing import SignedKind

OF_NO_RECORD = (SignedKind.NETWORK, SignedKind.DUTY)

_LATER = aliased(SignatureRow)
_FOLLOWS = and_(
    _LATER.kind == SignatureRow.kind,
    _LATER.object_id == SignatureRow.object_id,
    _LATER.id > SignatureRow.id,
)
_REPLACED_AT = select(func.min(_LATER.at)).where(_FOLLOWS).scalar_subquery()
_HAS_DUTIES = exists().where(DutyRow.person_id == SignatureRow.object_id)


_TAKEN = select(func.max(AuditRow.at)).where(AuditRow.action == AuditAction.DUTY_TAKEN)
_TAKEN_FROM_THEM = _TAKEN.join(AuditPersonalRow, AuditPersonalRow.id == AuditRow.id).where(
    AuditPersonalRow.object_id == SignatureRow.object_id
)

SIGNED_KINDS: tuple[Kind, ...] = (
    Kind(
        name="signatures",
        what="What was signed for networks and duties, from when nothing stands on it",
        reason="Governors see by whose word a network was open, or somebody held a duty.",
        days=2 * YEAR,
        least=YEAR,
        most=7 * YEAR,
        delete=rows(
            SignatureRow,
            # Where the audit does not say any more when theirs were taken, it is when anybody's
            # were: rather kept for too long than deleted before its time.
            func.coalesce(
                _REPLACED_AT,
                left_at(SignatureRow.object_id),
                _TAKEN_FROM_THEM.scalar_subquery(),
                _TAKEN.scalar_subquery(),
            ),
            # What a signature for duties is about is a person.
            people=(SignatureRow.person_id, SignatureRow.object_id),
            on=("network", SignatureRow.object_id),
            only=or_(
                and_(SignatureRow.kind.in_(OF_NO_RECORD), _REPLACED_AT.is_not(None)),
                and_(SignatureRow.kind == SignedKind.DUTY, not_(_HAS_DUTIES)),
            ),
        ),
    ),
)
