"""Requests and the permissions in force that came of them."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette import status

from schoolgate_policyd.workflow import forms
from schoolgate_policyd.workflow.requests import AccessRequest
from schoolgate_policyd.workflow.visibility import Sight, may
from schoolgate_webui.api.guard import DeskDep, names_of
from schoolgate_webui.api.paging import newest_of, part_of
from schoolgate_webui.api.request_shapes import (
    AnswerEntry,
    GrantShown,
    HowItWent,
    Measures,
    NoteEntry,
    QuestionEntry,
    Request,
    RequestChange,
    RequestEntry,
    RequestLine,
    Why,
    grant_shown,
    line_of,
    whole_of,
)
from schoolgate_webui.api.shapes import After, Limit, Number, Page
from schoolgate_webui.desk import Desk
from schoolgate_webui.request_pages import visible

router = APIRouter(tags=["Requests"])


@router.get("/requests", summary="Requests, newest first")
def listed(
    desk: DeskDep,
    *,
    mine: Annotated[bool, Query(description="Their own alone.")] = False,
    after: After = None,
    limit: Limit = 50,
) -> Page[RequestLine]:
    """List the requests that the token's owner may see: their own, or everybody's."""
    store, names = desk.site.decisions.requests, names_of(desk)

    def line(asked: AccessRequest) -> RequestLine:
        return line_of(asked, names, desk.now)

    if mine or not may(desk.member, Sight.ALL_REQUESTS):
        own = store.of(desk.member.id)
        return part_of(desk.request, own, line, number=_number, after=after, limit=limit)
    found = store.every(before=after, limit=limit)
    return newest_of(desk.request, found, line, number=_number, limit=limit)


@router.get("/requests/{number}", summary="One request")
def one(desk: DeskDep, number: Number) -> Request:
    """Give a request as its page shows it."""
    return _shown(desk, visible(desk, number))


@router.post("/requests", status_code=status.HTTP_201_CREATED, summary="Send a request")
def submit(desk: DeskDep, entered: RequestEntry) -> Request:
    """Send a request in the name of the token's owner."""
    now, classes = desk.now, desk.site.decisions.people.classes()
    form = forms.parse_form(
        entered.as_signed_by(desk), classes=classes, moment=now.school, zone=now.zone
    )
    made = desk.site.decisions.requests.submit(
        desk.member.id, form, at=now.machine, moment=now.school
    )
    return _changed(desk, made)


@router.post("/requests/{number}/change", summary="Send a changed request")
def change(desk: DeskDep, number: Number, entered: RequestChange) -> Request:
    """Send the changed form as the next version; what was confirmed or signed is void."""
    visible(desk, number)
    now, classes = desk.now, desk.site.decisions.people.classes()
    form, why = forms.parse_change(
        entered.as_signed_by(desk), classes=classes, moment=now.school, zone=now.zone
    )
    changed = desk.site.decisions.requests.change(
        number, by=desk.member.id, form=form, why=why, at=now.machine, moment=now.school
    )
    return _changed(desk, changed)


@router.post("/requests/{number}/measures", summary="Confirm or refuse the measures")
def check(desk: DeskDep, number: Number, entered: Measures) -> Request:
    """Record whether the control measures are in place."""
    visible(desk, number)
    checked = desk.site.decisions.requests.review(
        number,
        by=desk.member.id,
        answer=forms.parse_review(entered.as_form()),
        at=desk.now.machine,
        moment=desk.now.school,
    )
    return _changed(desk, checked)


@router.post("/requests/{number}/withdraw", summary="Withdraw a request")
def withdraw(desk: DeskDep, number: Number, entered: Why) -> Request:
    """Withdraw the request, and what it opened at once."""
    visible(desk, number)
    withdrawn = desk.site.decisions.requests.withdraw(
        number,
        by=desk.member.id,
        why=forms.parse_withdrawal(entered.as_form()),
        at=desk.now.machine,
        moment=desk.now.school,
    )
    return _changed(desk, withdrawn)


@router.post("/requests/{number}/question", summary="Ask the requester something")
def ask(desk: DeskDep, number: Number, entered: QuestionEntry) -> Request:
    """Ask the requester; the request waits for the answer."""
    visible(desk, number)
    text = forms.parse_remark(entered.as_form(), "question", "Enter a question.")
    talk, now = desk.site.decisions.request_talk, desk.now
    return _shown(
        desk,
        talk.ask(number, by=desk.member.id, question=text, at=now.machine, moment=now.school),
    )


@router.post("/requests/{number}/answer", summary="Answer a question")
def answer(desk: DeskDep, number: Number, entered: AnswerEntry) -> Request:
    """Answer what the reviewer asked."""
    visible(desk, number)
    text = forms.parse_remark(entered.as_form(), "answer", "Enter your answer.")
    talk, now = desk.site.decisions.request_talk, desk.now
    return _shown(
        desk, talk.answer(number, by=desk.member.id, text=text, at=now.machine, moment=now.school)
    )


@router.post("/requests/{number}/how-it-went", summary="Say how it went")
def tell(desk: DeskDep, number: Number, entered: HowItWent) -> Request:
    """Say how it went, after the end."""
    visible(desk, number)
    text = forms.parse_remark(entered.as_form(), "how_it_went", forms.HOW_IT_WENT)
    talk, now = desk.site.decisions.request_talk, desk.now
    return _shown(
        desk,
        talk.tell(number, by=desk.member.id, how_it_went=text, at=now.machine, moment=now.school),
    )


@router.post("/requests/{number}/note", summary="Note how it went")
def note(desk: DeskDep, number: Number, entered: NoteEntry) -> Request:
    """Note how it went: the request is reviewed."""
    visible(desk, number)
    text = forms.parse_remark(entered.as_form(), "note", "Enter what you note.")
    talk, now = desk.site.decisions.request_talk, desk.now
    return _shown(
        desk, talk.note(number, by=desk.member.id, text=text, at=now.machine, moment=now.school)
    )


@router.get("/grants", summary="Permissions in force")
def grants(desk: DeskDep) -> Page[GrantShown]:
    """List everything that is open beyond the policy."""
    names = names_of(desk)
    found = desk.site.decisions.requests.in_force(desk.now.school)
    return Page(
        items=[
            grant_shown(each, each.grant, names, desk.now)
            for each in found
            if each.grant is not None
        ]
    )


def _number(asked: AccessRequest) -> int:
    return asked.id


def _shown(desk: Desk, asked: AccessRequest) -> Request:
    return whole_of(asked, desk, desk.site.decisions.requests.staffing(desk.now.school))


def _changed(desk: Desk, asked: AccessRequest) -> Request:
    desk.site.changed()
    return _shown(desk, asked)
