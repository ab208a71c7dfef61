"""The steps from a draft to the policy in force, each on a page of its own."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.core.times import local_date
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.errors import FieldMistake, InvalidForm, WrongState
from schoolgate_policyd.workflow.policy_versions import Minutes
from schoolgate_policyd.workflow.signing import SignedKind
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.drawer import differences_of, drafted
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.signed_forms import go_and_sign, kept_entry
from schoolgate_webui.views.draft_changes import CHANGED_MEANWHILE
from schoolgate_webui.views.draft_steps import LABELS, Step, step_page
from schoolgate_webui.views.drafts import Drafted, can_refuse, can_withdraw

router = APIRouter()

Number = Annotated[int, Path(ge=1, le=2**53)]

# What goes on to be signed answers with the way there.
type Work = Callable[[Desk, int, dict[str, str]], Response | None]

_UNPROCESSABLE = status.HTTP_422_UNPROCESSABLE_CONTENT
_DONE = {
    Step.PROPOSE: "proposed",
    Step.APPROVE: "approved",
    Step.REFUSE: "refused",
    Step.WITHDRAW: "withdrawn",
}
_CAN_END = {Step.REFUSE: can_refuse, Step.WITHDRAW: can_withdraw}


@router.get("/policy/drafts/{number}/propose")
def propose_form(desk: DeskDep, number: Number) -> HTMLResponse:
    """Show the form with which a draft is proposed."""
    return _page(desk, Step.PROPOSE, drafted(desk, number))


@router.post("/policy/drafts/{number}/propose")
def propose(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Propose a draft: from now on it stays as it is."""
    return _take(desk, Step.PROPOSE, number, entered, record_proposal)


@router.get("/policy/drafts/{number}/approve")
def approve_form(desk: DeskDep, number: Number) -> HTMLResponse:
    """Show the form with which the governors' approval is recorded."""
    return _page(desk, Step.APPROVE, drafted(desk, number))


@router.post("/policy/drafts/{number}/approve")
def approve(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Record the governors' approval."""
    return _take(desk, Step.APPROVE, number, entered, record_approval)


@router.get("/policy/drafts/{number}/direct")
def direct_form(desk: DeskDep, number: Number) -> HTMLResponse:
    """Show exactly what the head would put in force, and the form that does it."""
    kept = kept_entry(desk, SignedKind.POLICY, str(number))
    return _page(desk, Step.DIRECT, drafted(desk, number), kept)


@router.post("/policy/drafts/{number}/direct")
def direct(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Go on to signing the direction; once signed, it is in force from its moment."""
    return _take(desk, Step.DIRECT, number, entered, _direct)


@router.get("/policy/drafts/{number}/refuse")
def refuse_form(desk: DeskDep, number: Number) -> Response:
    """Show the form with which a proposal is refused."""
    return _end_form(desk, Step.REFUSE, number)


@router.post("/policy/drafts/{number}/refuse")
def refuse(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Refuse a proposal."""
    return _take(desk, Step.REFUSE, number, entered, record_refusal)


@router.get("/policy/drafts/{number}/withdraw")
def withdraw_form(desk: DeskDep, number: Number) -> Response:
    """Show the form with which a version is withdrawn."""
    return _end_form(desk, Step.WITHDRAW, number)


@router.post("/policy/drafts/{number}/withdraw")
def withdraw(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Withdraw a version before it is in force."""
    return _take(desk, Step.WITHDRAW, number, entered, record_withdrawal)


def _end_form(desk: Desk, step: Step, number: int) -> Response:
    """Show the form that ends a draft, or the draft where it has ended already."""
    shown = drafted(desk, number)
    if not _CAN_END[step](shown):
        return RedirectResponse(f"/policy/drafts/{number}", status.HTTP_303_SEE_OTHER)
    return _page(desk, step, shown)


def _take(desk: Desk, step: Step, number: int, entered: dict[str, str], work: Work) -> Response:
    """Take a step, or show its form again with every entry and what is wrong."""
    shown = drafted(desk, number)
    try:
        _require_shown(shown, entered)
        way_on = work(desk, number, entered)
    except InvalidForm as error:
        return _page(desk, step, shown, entered, invalid=_placed(error, step))
    except WrongState as error:
        return _page(desk, step, drafted(desk, number), entered, refusal=str(error))
    if way_on is not None:
        return way_on
    desk.site.changed()
    done = _DONE[step]
    return RedirectResponse(f"/policy/drafts/{number}?done={done}", status.HTTP_303_SEE_OTHER)


def _require_shown(shown: Drafted, entered: dict[str, str]) -> None:
    """Raise WrongState unless the draft says what it said on the page that was sent."""
    if entered.get("shown") != shown.version.digest:
        raise WrongState(CHANGED_MEANWHILE)


def _placed(error: InvalidForm, step: Step) -> InvalidForm:
    """Return *error* with each mistake at a field that the form has."""
    fields = tuple(LABELS[step])
    places = {"is_for_safety": "when"}
    placed = tuple(
        FieldMistake(name if name in fields else fields[0], each.message)
        for each in error.mistakes
        for name in (places.get(each.field, each.field),)
    )
    return InvalidForm(placed, {})


def record_proposal(desk: Desk, number: int, entered: Mapping[str, str]) -> None:
    """Propose a draft with the reasons that were entered. Raises InvalidForm, WorkflowError."""
    reasons = _reasons(entered, "reasons")
    desk.site.decisions.policies.propose(
        number,
        by=desk.member.id,
        reasons=reasons,
        shared=desk.site.workshop.shared(number),
        at=desk.now.machine,
        moment=desk.now.school,
    )


def record_approval(desk: Desk, number: int, entered: Mapping[str, str]) -> None:
    """Record the governors' approval as it was entered. Raises InvalidForm, WorkflowError."""
    entry = Entry(entered, ("met_on", "reference"))
    met_on = entry.day("met_on", "Enter the day of the meeting.")
    reference = entry.line("reference", "Name the minute that records it.")
    entry.raise_mistakes()
    desk.site.decisions.policies.approve(
        number,
        by=desk.member.id,
        minutes=Minutes(_known(met_on), reference),
        today=_today(desk),
        at=desk.now.machine,
    )


def _direct(desk: Desk, number: int, entered: Mapping[str, str]) -> Response:
    return go_and_sign(desk, SignedKind.POLICY, str(number), entered)


def record_refusal(desk: Desk, number: int, entered: Mapping[str, str]) -> None:
    """Refuse a proposal with the reasons that were entered. Raises InvalidForm, WorkflowError."""
    reasons = _reasons(entered, "reasons")
    desk.site.decisions.policies.refuse(
        number, by=desk.member.id, reasons=reasons, at=desk.now.machine
    )


def record_withdrawal(desk: Desk, number: int, entered: Mapping[str, str]) -> None:
    """Withdraw a version before it is in force. Raises InvalidForm, WorkflowError."""
    desk.site.decisions.policies.withdraw(
        number,
        by=desk.member.id,
        reasons=_reasons(entered, "why"),
        at=desk.now.machine,
        moment=desk.now.school,
    )


def _reasons(entered: Mapping[str, str], field: str) -> str:
    entry = Entry(entered, (field,))
    reasons = entry.text(field, "Give the reasons.")
    entry.raise_mistakes()
    return reasons


def _today(desk: Desk) -> date:
    return local_date(desk.now.school, desk.now.zone)


def _known[T](value: T | None) -> T:
    if value is None:
        raise AssertionError("a form without mistakes lacks a value")
    return value


def _page(
    desk: Desk,
    step: Step,
    shown: Drafted,
    entered: Mapping[str, str] | None = None,
    *,
    invalid: InvalidForm | None = None,
    refusal: str = "",
) -> HTMLResponse:
    page = step_page(
        step,
        shown,
        differences_of(desk, shown),
        entered or {},
        invalid=invalid,
        refusal=refusal,
    )
    is_wrong = invalid is not None or bool(refusal)
    return desk.page(
        "draft_step.html",
        status_code=_UNPROCESSABLE if is_wrong else status.HTTP_200_OK,
        step=page,
    )
