"""The direction of a version of the policy, as something to sign."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.orm import Session

from schoolgate_policyd.store.people import member_in, members_in
from schoolgate_policyd.store.policy_rows import version_of, version_row_in
from schoolgate_policyd.store.policy_writes import Versions, move_in, of_school_in
from schoolgate_policyd.store.signed_decisions import known_in
from schoolgate_policyd.workflow import policy_changes
from schoolgate_policyd.workflow.direction_text import DirectionForm, direction_text
from schoolgate_policyd.workflow.policy_versions import PolicyVersion
from schoolgate_policyd.workflow.requests import Signature
from schoolgate_policyd.workflow.signing import (
    UNSIGNED,
    SignedDocument,
    SignedKind,
    StoredSignature,
)


class DirectionToSign(msgspec.Struct, frozen=True):
    """
    That *by* directs version *number* of the policy, which says *differences* otherwise.

    *shared* is `Workshop.shared`. The version that is signed counts the steps: each is another.
    *at* is machine time, *moment* the school's clock, *zone* that of the school.
    """

    number: int
    by: str
    form: DirectionForm
    differences: tuple[str, ...]
    shared: str
    zone: ZoneInfo
    at: datetime
    moment: datetime

    def document_in(self, session: Session) -> SignedDocument:
        """Return what is to be signed. Raises NotAllowed, WrongState, InvalidForm."""
        row = version_row_in(session, self.number)
        version = version_of(session, row)
        self._directed(session, version, of_school_in(session, row), UNSIGNED, None)
        text = direction_text(
            version,
            self.form,
            self.differences,
            signer=member_in(session, self.by),
            known=known_in(session, self.zone),
        )
        return SignedDocument(SignedKind.POLICY, str(version.number), len(version.steps), text)

    def finish_in(self, session: Session, signature: StoredSignature) -> None:
        """Direct it, with the signature that was just kept."""

        def move(session: Session, version: PolicyVersion, versions: Versions) -> PolicyVersion:
            return self._directed(session, version, versions, signature.digest, signature.id)

        move_in(session, self.number, move)

    def _directed(
        self,
        session: Session,
        version: PolicyVersion,
        versions: Versions,
        digest: str,
        signature: int | None,
    ) -> PolicyVersion:
        form = self.form
        return policy_changes.direct(
            version,
            versions,
            by=member_in(session, self.by),
            people=members_in(session),
            reasons=form.reasons,
            direction=form.direction(self.moment),
            signature=Signature(form.staff_name, form.signed_on, digest, signature),
            shared=self.shared,
            at=self.at,
            moment=self.moment,
            zone=self.zone,
        )
