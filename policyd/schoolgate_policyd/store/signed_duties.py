"""Duties given and taken, as something to sign (R16)."""

from datetime import datetime

import msgspec
from sqlalchemy.orm import Session

from schoolgate_policyd.store.models import PersonRow
from schoolgate_policyd.store.people import member_in, member_of
from schoolgate_policyd.store.people_changes import give_in, require_fresh
from schoolgate_policyd.store.person_records import duties_of, keyholders_in, present_in
from schoolgate_policyd.workflow import register_acts
from schoolgate_policyd.workflow.duty_text import duty_text
from schoolgate_policyd.workflow.errors import mistake_in
from schoolgate_policyd.workflow.register_duties import DutiesForm
from schoolgate_policyd.workflow.signing import SignedDocument, SignedKind, StoredSignature


class DutiesToSign(msgspec.Struct, frozen=True):
    """
    That *by* has *person* hold the duties of *form* and no others.

    *version* is that of the line when its form was opened, *document* names the policy in force;
    *at* is machine time, *moment* the school's clock.
    """

    person: str
    by: str
    form: DutiesForm
    version: int
    document: str
    at: datetime
    moment: datetime

    def document_in(self, session: Session) -> SignedDocument:
        """Return what is to be signed. Raises NotAllowed, Stale, InvalidForm, WrongState."""
        row, signer = self._row_in(session), member_in(session, self.by)
        subject = member_of(row)
        text = duty_text(
            subject,
            duties_of(row),
            self.form.duties,
            self.form.reasons,
            version=row.version,
            document=self.document,
            signer=signer,
        )
        return SignedDocument(SignedKind.DUTY, self.person, row.version, text)

    def finish_in(self, session: Session, signature: StoredSignature) -> None:
        """Give and take the duties, with the signature that was just kept."""
        row = self._row_in(session)
        why = {
            "reasons": self.form.reasons,
            "signed": signature.digest,
            "signature": signature.id,
        }
        give_in(session, row, self.form.duties, why, by=self.by, at=self.at, moment=self.moment)

    def _row_in(self, session: Session) -> PersonRow:
        row = present_in(session, self.person)
        register_acts.require_may_give(member_in(session, self.by), member_of(row))
        require_fresh(row, self.version)
        if set(duties_of(row)) == set(self.form.duties):
            raise mistake_in("duties", "They hold these duties already.")
        before, held = keyholders_in(session), {each.duty for each in self.form.duties}
        after = {
            duty: holders if duty in held else holders - {self.person}
            for duty, holders in before.items()
        }
        register_acts.require_not_the_last(before, after)
        return row
