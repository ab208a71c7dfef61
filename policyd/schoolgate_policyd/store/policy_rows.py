"""Policy versions between their rows and the workflow's values."""

from collections.abc import Iterable, Mapping

import msgspec
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from schoolgate_policyd.drafting.changes import Change
from schoolgate_policyd.rulefiles.preset import ChangeTerms
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import (
    PolicyCheckRow,
    PolicyStepRow,
    PolicyTextRow,
    PolicyVersionRow,
)
from schoolgate_policyd.store.models.policies import CheckKind
from schoolgate_policyd.workflow.policy_versions import (
    Direction,
    Minutes,
    PolicyStep,
    PolicyVersion,
    ProofRecord,
    ReplayRecord,
)
from schoolgate_policyd.workflow.requests import Signature


class PolicyContent(msgspec.Struct, frozen=True):
    """What a version says: its texts, what these ask of a change, and what was changed."""

    texts: Mapping[str, str]
    digest: str
    terms: ChangeTerms = ChangeTerms()
    changes: tuple[Change, ...] = ()


def version_row_in(session: Session, number: int) -> PolicyVersionRow:
    """Return the row of version *number*. Raises UnknownObject."""
    row = session.get(PolicyVersionRow, number)
    if row is None:
        raise UnknownObject(f"there is no policy version {number}")
    return row


def versions_in(
    session: Session, *conditions: ColumnElement[bool], with_checks: bool = True
) -> tuple[PolicyVersion, ...]:
    """Return the versions that *conditions* hold for, oldest first."""
    query = select(PolicyVersionRow).where(*conditions).order_by(PolicyVersionRow.number)
    rows = session.scalars(query).all()
    checks = _checks_in(session, [row.number for row in rows]) if with_checks else {}
    return tuple(_version_of(row, checks.get(row.number, {})) for row in rows)


def version_of(session: Session, row: PolicyVersionRow) -> PolicyVersion:
    """Return the version that *row* keeps, with its newest proof and replay."""
    return _version_of(row, _checks_in(session, [row.number]).get(row.number, {}))


def row_of_step(step: PolicyStep) -> PolicyStepRow:
    """Return the row of a step."""
    signature, minutes, direction = step.signature, step.minutes, step.direction
    return PolicyStepRow(
        move=step.move,
        actor_id=step.actor,
        at=step.at,
        reasons=step.reasons,
        signed_name=None if signature is None else signature.name,
        signed_on=None if signature is None else signature.signed_on,
        signed_digest=None if signature is None else signature.digest,
        minutes_on=None if minutes is None else minutes.met_on,
        minutes_reference=None if minutes is None else minutes.reference,
        in_force_from=None if direction is None else direction.in_force_from,
        announced_on=None if direction is None else direction.announced_on,
        is_for_safety=direction is not None and direction.is_for_safety,
    )


def columns_of(content: PolicyContent) -> dict[str, str]:
    """Return the columns that keep *content*, but its texts."""
    return {
        "digest": content.digest,
        "terms": msgspec.json.encode(content.terms).decode(),
        "changes": msgspec.json.encode(content.changes, order="deterministic").decode(),
    }


def text_rows(content: PolicyContent) -> list[PolicyTextRow]:
    """Return the rows of the texts of *content*."""
    return [PolicyTextRow(path=path, text=text) for path, text in sorted(content.texts.items())]


def check_row(version: int, record: ProofRecord | ReplayRecord) -> PolicyCheckRow:
    """Return the row of a proof or a replay."""
    is_proof = isinstance(record, ProofRecord)
    return PolicyCheckRow(
        version=version,
        kind=CheckKind.PROOF if is_proof else CheckKind.REPLAY,
        digest=record.digest,
        at=record.at,
        result=msgspec.json.encode(record).decode(),
    )


type _Checks = dict[CheckKind, PolicyCheckRow]


def _checks_in(session: Session, numbers: Iterable[int]) -> dict[int, _Checks]:
    """Return the newest proof and replay of each version."""
    newest = (
        select(func.max(PolicyCheckRow.id))
        .where(PolicyCheckRow.version.in_(tuple(numbers)))
        .group_by(PolicyCheckRow.version, PolicyCheckRow.kind)
    )
    found: dict[int, _Checks] = {}
    for row in session.scalars(select(PolicyCheckRow).where(PolicyCheckRow.id.in_(newest))):
        found.setdefault(row.version, {})[row.kind] = row
    return found


def _version_of(row: PolicyVersionRow, checks: _Checks) -> PolicyVersion:
    proof, replay = checks.get(CheckKind.PROOF), checks.get(CheckKind.REPLAY)
    return PolicyVersion(
        number=row.number,
        school=row.school,
        origin=row.origin,
        base=row.base,
        author=row.author_id,
        summary=row.summary,
        digest=row.digest,
        terms=msgspec.json.decode(row.terms, type=ChangeTerms),
        changes=msgspec.json.decode(row.changes, type=tuple[Change, ...]),
        state=row.state,
        steps=tuple(_step_of(step) for step in row.steps),
        taken_from=row.taken_from,
        proof=None if proof is None else msgspec.json.decode(proof.result, type=ProofRecord),
        replay=None if replay is None else msgspec.json.decode(replay.result, type=ReplayRecord),
    )


def _step_of(row: PolicyStepRow) -> PolicyStep:
    return PolicyStep(
        move=row.move,
        actor=row.actor_id,
        at=row.at,
        reasons=row.reasons,
        signature=_signature_of(row),
        minutes=_minutes_of(row),
        direction=_direction_of(row),
    )


def _signature_of(row: PolicyStepRow) -> Signature | None:
    if row.signed_name is None or row.signed_on is None or row.signed_digest is None:
        return None
    return Signature(row.signed_name, row.signed_on, row.signed_digest)


def _minutes_of(row: PolicyStepRow) -> Minutes | None:
    if row.minutes_on is None or row.minutes_reference is None:
        return None
    return Minutes(row.minutes_on, row.minutes_reference)


def _direction_of(row: PolicyStepRow) -> Direction | None:
    if row.in_force_from is None:
        return None
    return Direction(row.in_force_from, row.announced_on, row.is_for_safety)
