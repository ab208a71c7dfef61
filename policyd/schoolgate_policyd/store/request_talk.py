"""What is said about a request beside its decision; each with its audit entry."""

from datetime import datetime

from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.delegations import staffing_in
from schoolgate_policyd.store.models import ReviewRow
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.people import member_in
from schoolgate_policyd.store.request_rows import request_of, request_row_in, row_of_question
from schoolgate_policyd.workflow import request_talk
from schoolgate_policyd.workflow.requests import AccessRequest


class RequestTalk:
    """
    Questions, answers, and how it went.

    *at* is machine time, *moment* the school's clock, both aware; *by* is a person's id. Methods
    raise UnknownObject and WorkflowError as `Requests` does.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(
        self, number: int, *, by: str, question: str, at: datetime, moment: datetime
    ) -> AccessRequest:
        """Ask the requester something; the request waits for them until it is answered."""
        with self._database.writing() as session:
            row = request_row_in(session, number)
            asked = request_talk.ask(
                request_of(row),
                by=member_in(session, by),
                staffing=staffing_in(session, moment),
                question=question,
                at=at,
            )
            row.questions.append(row_of_question(asked.questions[-1]))
            note(session, AuditAction.QUESTION_ASKED, at=at, actor=by, on=("request", number))
            session.flush()
            return request_of(row)

    def answer(
        self, number: int, *, by: str, text: str, at: datetime, moment: datetime
    ) -> AccessRequest:
        """Answer the open question; the form stays as it is."""
        with self._database.writing() as session:
            row = request_row_in(session, number)
            answered = request_talk.answer(
                request_of(row),
                by=member_in(session, by),
                staffing=staffing_in(session, moment),
                text=text,
                at=at,
            )
            last = row.questions[-1]
            last.answered_at, last.answer = at, answered.questions[-1].answer
            note(session, AuditAction.QUESTION_ANSWERED, at=at, actor=by, on=("request", number))
            session.flush()
            return request_of(row)

    def tell(
        self, number: int, *, by: str, how_it_went: str, at: datetime, moment: datetime
    ) -> AccessRequest:
        """Say how it went, once it is over."""
        with self._database.writing() as session:
            row = request_row_in(session, number)
            told = request_talk.tell(
                request_of(row),
                by=member_in(session, by),
                staffing=staffing_in(session, moment),
                how_it_went=how_it_went,
                at=at,
            )
            if told.afterwards is not None:
                row.review = ReviewRow(how_it_went=told.afterwards.how_it_went, told_at=at)
            note(session, AuditAction.REQUEST_TOLD, at=at, actor=by, on=("request", number))
            session.flush()
            return request_of(row)

    def note(
        self, number: int, *, by: str, text: str, at: datetime, moment: datetime
    ) -> AccessRequest:
        """Note how it went: the request is reviewed."""
        with self._database.writing() as session:
            row = request_row_in(session, number)
            noted = request_talk.note(
                request_of(row),
                by=member_in(session, by),
                staffing=staffing_in(session, moment),
                note=text,
                at=at,
            )
            if row.review is not None and noted.afterwards is not None:
                row.review.note = noted.afterwards.note
                row.review.noted_by, row.review.noted_at = by, at
            note(session, AuditAction.REQUEST_REVIEWED, at=at, actor=by, on=("request", number))
            session.flush()
            return request_of(row)
