"""
What is said about a request beside its decision: questions, answers, and how it went afterwards.

Each returns the next request or refuses with a sentence; who may is `request_rights`' table.
"""

from datetime import datetime

import msgspec

from schoolgate_policyd.core.times import require_aware
from schoolgate_policyd.workflow.errors import WrongState, required
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.request_rights import Act, Staffing, require
from schoolgate_policyd.workflow.requests import AccessRequest, Afterwards, Question

# A talk of more rounds belongs into the staff room.
MAX_QUESTIONS = 20


def ask(
    request: AccessRequest, *, by: Member, staffing: Staffing, question: str, at: datetime
) -> AccessRequest:
    """Return *request* with a question, which waits for the requester's answer."""
    require(Act.ASK, request, by, staffing)
    if len(request.questions) >= MAX_QUESTIONS:
        raise WrongState("Enough was asked about this request: decide it, or talk in person.")
    asked = Question(by.id, require_aware(at), required("question", question, "Enter a question."))
    return msgspec.structs.replace(request, questions=(*request.questions, asked))


def answer(
    request: AccessRequest, *, by: Member, staffing: Staffing, text: str, at: datetime
) -> AccessRequest:
    """Return *request* with its open question answered and the form left as it is."""
    require(Act.ANSWER, request, by, staffing)
    *before, last = request.questions
    given = required("answer", text, "Enter your answer.")
    answered = msgspec.structs.replace(last, answered_at=require_aware(at), answer=given)
    return msgspec.structs.replace(request, questions=(*before, answered))


def tell(
    request: AccessRequest, *, by: Member, staffing: Staffing, how_it_went: str, at: datetime
) -> AccessRequest:
    """Return *request*, which is over, with the requester's line on how it went."""
    require(Act.TELL, request, by, staffing)
    told = required("how_it_went", how_it_went, "Say in a line how it went.")
    return msgspec.structs.replace(request, afterwards=Afterwards(told, require_aware(at)))


def note(
    request: AccessRequest, *, by: Member, staffing: Staffing, note: str, at: datetime
) -> AccessRequest:
    """Return *request* reviewed: the online safety lead noted how it went."""
    require(Act.NOTE, request, by, staffing)
    if request.afterwards is None:
        raise WrongState("Nobody has said yet how it went.")
    noted = msgspec.structs.replace(
        request.afterwards,
        note=required("note", note, "Enter what you note."),
        noted_by=by.id,
        noted_at=require_aware(at),
    )
    return msgspec.structs.replace(request, afterwards=noted)
