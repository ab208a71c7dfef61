"""Beside the decision: questions and answers, how it went, and the form as a file."""

from collections.abc import Callable

from fastapi import APIRouter
from fastapi.responses import Response

from schoolgate_policyd.workflow import forms
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.request_rights import Act
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.request_pages import Number, proof_of, see, shown_page, visible
from schoolgate_webui.views.request_page import Invalid
from schoolgate_webui.views.request_paper import request_pdf

router = APIRouter()


@router.post("/requests/{number}/question")
def ask(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Ask the requester something."""

    def record(text: str) -> None:
        now, talk = desk.now, desk.site.decisions.request_talk
        talk.ask(number, by=desk.member.id, question=text, at=now.machine, moment=now.school)

    return _said(desk, entered, number, record, field="question", missing="Enter a question.")


@router.post("/requests/{number}/answer")
def answer(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Answer what the reviewer asked."""

    def record(text: str) -> None:
        now, talk = desk.now, desk.site.decisions.request_talk
        talk.answer(number, by=desk.member.id, text=text, at=now.machine, moment=now.school)

    return _said(desk, entered, number, record, field="answer", missing="Enter your answer.")


@router.post("/requests/{number}/how-it-went")
def tell(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Say how it went, after the end."""

    def record(text: str) -> None:
        now, talk = desk.now, desk.site.decisions.request_talk
        talk.tell(number, by=desk.member.id, how_it_went=text, at=now.machine, moment=now.school)

    return _said(desk, entered, number, record, field="how_it_went", missing=forms.HOW_IT_WENT)


@router.post("/requests/{number}/note")
def note(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Note how it went: the request is reviewed."""

    def record(text: str) -> None:
        now, talk = desk.now, desk.site.decisions.request_talk
        talk.note(number, by=desk.member.id, text=text, at=now.machine, moment=now.school)

    return _said(desk, entered, number, record, field="note", missing="Enter what you note.")


@router.get("/requests/{number}/form.pdf")
def paper(desk: DeskDep, number: Number) -> Response:
    """Give the form as a file for paper; that somebody took it is in the audit."""
    asked = visible(desk, number, Act.PRINT)
    seen = desk.seen()
    octets = request_pdf(asked, seen, desk.site.settings.school_name, proof_of(desk, asked, seen))
    desk.site.decisions.requests.exported(number, by=desk.member.id, at=desk.now.machine)
    name = f"request-{number}-version-{asked.version}.pdf"
    return Response(
        octets,
        media_type="application/pdf",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def _said(
    desk: Desk,
    entered: dict[str, str],
    number: int,
    record: Callable[[str], None],
    *,
    field: str,
    missing: str,
) -> Response:
    asked = visible(desk, number)
    action = field.replace("_", "-")
    try:
        record(forms.parse_remark(entered, field, missing))
    except InvalidForm as error:
        return shown_page(desk, asked, Invalid(action, entered, error))
    return see(number, f"said-{action}")
