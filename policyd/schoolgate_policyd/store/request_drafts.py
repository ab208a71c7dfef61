"""Requests that are not finished: their author's alone. Nobody else learns that there is one."""

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import DraftRow
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.workflow.actors import may_submit
from schoolgate_policyd.workflow.errors import NotAllowed
from schoolgate_policyd.workflow.request_drafts import MAX_DRAFTS, RequestDraft, kept_entry
from schoolgate_policyd.workflow.request_rights import Act, draft_acts_of


class RequestDrafts:
    """
    Drafts of requests; they are in no audit, for nothing was decided or asked.

    *author* is a person's id. Methods raise UnknownObject for a draft that is not theirs.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, author: str) -> tuple[RequestDraft, ...]:
        """Return the drafts of *author*, the one changed last first."""
        query = (
            select(DraftRow)
            .where(DraftRow.author_id == author)
            .order_by(DraftRow.changed_at.desc(), DraftRow.id.desc())
        )
        with self._database.reading() as session:
            return tuple(map(_draft, session.scalars(query)))

    def find(self, number: int, author: str) -> RequestDraft:
        """Return draft *number* of *author*."""
        with self._database.reading() as session:
            return _draft(_row_in(session, number, author, Act.SEE))

    def save(
        self, author: str, raw: Mapping[str, str], *, at: datetime, draft: int | None = None
    ) -> RequestDraft:
        """Keep what was typed, in a new draft or in *draft*."""
        entry = json.dumps(kept_entry(raw), ensure_ascii=True)
        with self._database.writing() as session:
            if draft is None:
                row = DraftRow(author_id=author, entry=entry, changed_at=at)
                _require_room(session, author)
                session.add(row)
            else:
                row = _row_in(session, draft, author, Act.EDIT)
                row.entry, row.changed_at = entry, at
            session.flush()
            return _draft(row)

    def delete(self, number: int, author: str) -> None:
        """Delete draft *number* of *author*."""
        with self._database.writing() as session:
            session.delete(_row_in(session, number, author, Act.DELETE))


def _row_in(session: Session, number: int, person: str, act: Act) -> DraftRow:
    row = session.get(DraftRow, number)
    member = member_in(session, person)
    if row is None or act not in draft_acts_of(row.author_id, member):
        raise UnknownObject(f"there is no draft {number} for them")
    return row


def _require_room(session: Session, author: str) -> None:
    if not may_submit(member_in(session, author)):
        raise NotAllowed("Only staff can ask for a page: ask a teacher to do it for you.")
    count = session.scalar(
        select(func.count()).select_from(DraftRow).where(DraftRow.author_id == author)
    )
    if (count or 0) >= MAX_DRAFTS:
        raise NotAllowed(f"You have {MAX_DRAFTS} drafts: send or delete some first.")


def _draft(row: DraftRow) -> RequestDraft:
    return RequestDraft(row.id, row.author_id, json.loads(row.entry), row.changed_at)
