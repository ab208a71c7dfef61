"""The steps from a draft to the policy in force, each on a page of its own."""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.core.times import local_date, moment_of
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.errors import FieldMistake, InvalidForm, WrongState
from schoolgate_policyd.workflow.policy_versions import Direction, Minutes
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.drawer import differences_of, drafted
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.views.draft_changes import CHANGED_MEANWHILE
from schoolgate_webui.views.draft_steps import LABELS, Step, When, step_page
from schoolgate_webui.views.drafts import Drafted

router = APIRouter()

Number = Annotated[int, Path(ge=1, le=2**53)]

type Work = Callable[[Desk, int, dict[str, str]], None]

_UNPROCESSABLE = status.HTTP_422_UNPROCESSABLE_CONTENT
_DONE = {
    Step.PROPOSE: "proposed",
    Step.APPROVE: "approved",
    Step.DIRECT: "directed",
    Step.REFUSE: "refused",
    Step.WITHDRAW: "withdrawn",
}


@router.get("/policy/drafts/{number}/propose")
def propose_form(desk: DeskDep, number: Number) -> HTMLResponse:
    """Show the form with which a draft is proposed."""
    return _page(desk, Step.PROPOSE, drafted(desk, number))


@router.post("/policy/drafts/{number}/propose")
def propose(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Propose a draft: from now on it stays as it is."""
    return _take(desk, Step.PROPOSE, number, entered, _propose)


@router.get("/policy/drafts/{number}/approve")
def approve_form(desk: DeskDep, number: Number) -> HTMLResponse:
    """Show the form with which the governors' approval is recorded."""
    return _page(desk, Step.APPROVE, drafted(desk, number))


@router.post("/policy/drafts/{number}/approve")
def approve(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Record the governors' approval."""
    return _take(desk, Step.APPROVE, number, entered, _approve)


@router.get("/policy/drafts/{number}/direct")
def direct_form(desk: DeskDep, number: Number) -> HTMLResponse:
    """Show exactly what the head would put in force, and the form that does it."""
    return _page(desk, Step.DIRECT, drafted(desk, number))


@router.post("/policy/drafts/{number}/direct")
def direct(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Record the signed direction."""
    return _take(desk, Step.DIRECT, number, entered, _direct)


@router.get("/policy/drafts/{number}/refuse")
def refuse_form(desk: DeskDep, number: Number) -> HTMLResponse:
    """Show the form with which a proposal is refused."""
    return _page(desk, Step.REFUSE, drafted(desk, number))


@router.post("/policy/drafts/{number}/refuse")
def refuse(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Refuse a proposal."""
    return _take(desk, Step.REFUSE, number, entered, _refuse)


@router.get("/policy/drafts/{number}/withdraw")
def withdraw_form(desk: DeskDep, number: Number) -> HTMLResponse:
    """Show the form with which a version is withdrawn."""
    return _page(desk, Step.WITHDRAW, drafted(desk, number))


@router.post("/policy/drafts/{number}/withdraw")
def withdraw(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Withdraw a version before it is in force."""
    return _take(desk, Step.WITHDRAW, number, entered, _withdraw)


def _take(desk: Desk, step: Step, number: int, entered: dict[str, str], work: Work) -> Response:
    """Take a step, or show its form again with every entry and what is wrong."""
    shown = drafted(desk, number)
    try:
        _require_shown(shown, entered)
        work(desk, number, entered)
    except InvalidForm as error:
        return _page(desk, step, shown, entered, invalid=_placed(error, step))
    except WrongState as error:
        return _page(desk, step, drafted(desk, number), entered, refusal=str(error))
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


def _propose(desk: Desk, number: int, entered: dict[str, str]) -> None:
    reasons = _reasons(entered, "reasons")
    desk.site.decisions.policies.propose(
        number,
        by=desk.member.id,
        reasons=reasons,
        shared=desk.site.workshop.shared(number),
        at=desk.now.machine,
        moment=desk.now.school,
    )


def _approve(desk: Desk, number: int, entered: dict[str, str]) -> None:
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


def _direct(desk: Desk, number: int, entered: dict[str, str]) -> None:
    fields = ("announced_on", "when", "in_force_from", "reasons", "password")
    entry = Entry(entered, fields)
    announced = None
    if entered.get("announced_on", "").strip():
        announced = entry.day("announced_on", "Enter the day.")
    when = entry.choice("when", {each.value: each for each in When}, "Say from when.")
    day = None
    if when == When.DAY:
        day = entry.day("in_force_from", "Enter the day from which it is in force.")
    reasons = entry.text("reasons", "Give the reasons.")
    password = entry.password("password")
    entry.raise_mistakes()
    desk.site.decisions.policies.direct(
        number,
        by=desk.member.id,
        password=password,
        address=desk.visit.address,
        # The name under the direction is that of whoever is signed in, whatever was typed.
        name=desk.member.name,
        signed_on=_today(desk),
        reasons=reasons,
        direction=Direction(_starts(desk, day), announced, when == When.SAFETY),
        shared=desk.site.workshop.shared(number),
        at=desk.now.machine,
        moment=desk.now.school,
        zone=desk.now.zone,
    )


def _refuse(desk: Desk, number: int, entered: dict[str, str]) -> None:
    reasons = _reasons(entered, "reasons")
    desk.site.decisions.policies.refuse(
        number, by=desk.member.id, reasons=reasons, at=desk.now.machine
    )


def _withdraw(desk: Desk, number: int, entered: dict[str, str]) -> None:
    desk.site.decisions.policies.withdraw(
        number,
        by=desk.member.id,
        reasons=_reasons(entered, "why"),
        at=desk.now.machine,
        moment=desk.now.school,
    )


def _starts(desk: Desk, day: date | None) -> datetime:
    """Return the beginning of *day* by the school's clock; None is the present moment."""
    return desk.now.school if day is None else moment_of(day, time(0), desk.now.zone)


def _reasons(entered: dict[str, str], field: str) -> str:
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
    entered: dict[str, str] | None = None,
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
