"""Drafts of the policy: begun, changed, brought back, made anew on what is in force."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.drafting.errors import ChangeRefused
from schoolgate_policyd.rulefiles import RuleFileErrors
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.errors import FieldMistake, InvalidForm, WrongState
from schoolgate_webui.changing.kinds import FORMS, Kind
from schoolgate_webui.changing.sheet import read_changes
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.drawer import asked_of, changes_of, differences_of, drafted, editable
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.views import draft_changes
from schoolgate_webui.views.drafts import Drafted, draft_page, header_of
from schoolgate_webui.views.fields import Form

router = APIRouter()

Number = Annotated[int, Path(ge=1, le=2**53)]

_UNPROCESSABLE = status.HTTP_422_UNPROCESSABLE_CONTENT
_NEW_LABELS = {"summary": "What is to change?"}
_CANNOT_BE_READ = (
    "This draft cannot be read any more, since what every school shares has changed: begin a new "
    "one."
)


@router.get("/policy/drafts/new")
def form(desk: DeskDep) -> HTMLResponse:
    """Show the form that begins a draft."""
    return _new_page(desk, {})


@router.post("/policy/drafts/new")
def begin(desk: DeskDep, entered: EnteredDep) -> Response:
    """Begin a draft that says what is in force."""
    entry = Entry(entered, ("summary",))
    try:
        summary = entry.line("summary", "Say in a few words what is to change.")
        entry.raise_mistakes()
        made = desk.site.workshop.begin(
            by=desk.member.id, summary=summary, at=desk.now.machine, moment=desk.now.school
        )
    except InvalidForm as error:
        return _new_page(desk, entered, invalid=error)
    except (WrongState, ChangeRefused) as error:
        return _new_page(desk, entered, refusal=str(error))
    return _see(f"/policy/drafts/{made.number}/changes", "drafted")


@router.get("/policy/drafts/{number}")
def one(desk: DeskDep, number: Number) -> HTMLResponse:
    """Show how far a draft is and what is to be done next."""
    return _draft_page(desk, drafted(desk, number))


@router.get("/policy/drafts/{number}/changes")
def changes(desk: DeskDep, number: Number) -> HTMLResponse:
    """Show the changes of a draft, and every kind that can be added."""
    return _changes_page(desk, drafted(desk, number))


@router.post("/policy/drafts/{number}/undo")
def undo(desk: DeskDep, entered: EnteredDep, number: Number) -> Response:
    """Take one change out."""
    shown = drafted(desk, number)
    position = entered.get("position", "")
    try:
        desk.site.workshop.undo(
            number,
            int(position) if position.isascii() and position.isdecimal() else -1,
            by=desk.member.id,
            at=desk.now.machine,
            before=entered.get("shown"),
        )
    except (WrongState, ChangeRefused) as error:
        return _changes_page(desk, drafted(desk, number), refusal=str(error))
    return _see(f"{header_of(shown).href}/changes", "undone")


@router.get("/policy/drafts/{number}/changes/{kind}")
def change_form(desk: DeskDep, number: Number, kind: Kind) -> Response:
    """Show the form of one kind of change, or first what it could be about."""
    shown = editable(desk, number, kind)
    query = dict(desk.request.query_params.items())
    query.pop("shown", None)
    return _change_page(desk, shown, kind, query)


@router.post("/policy/drafts/{number}/changes/{kind}")
def change(desk: DeskDep, entered: EnteredDep, number: Number, kind: Kind) -> Response:
    """Make the change, or show the form again with every entry and every mistake."""
    shown = editable(desk, number, kind)
    entered.setdefault("shown", "")
    asked = asked_of(desk, shown, entered)
    if asked is None:
        return _change_page(desk, shown, kind, entered)
    try:
        made = read_changes(FORMS[kind], asked)
        desk.site.workshop.change(
            number, *made, by=desk.member.id, at=desk.now.machine, before=entered["shown"]
        )
    except InvalidForm as error:
        return _change_page(desk, shown, kind, entered, invalid=error)
    except RuleFileErrors as errors:
        found = tuple(
            FieldMistake("text", draft_changes.mistake_words(each)) for each in errors.mistakes
        )
        return _change_page(desk, shown, kind, entered, invalid=InvalidForm(found, {}))
    except WrongState:
        return _change_page(
            desk, drafted(desk, number), kind, entered, refusal=draft_changes.CHANGED_MEANWHILE
        )
    except ChangeRefused as error:
        return _change_page(desk, shown, kind, entered, refusal=str(error))
    return _see(f"{header_of(shown).href}/changes", "changed")


@router.post("/policy/drafts/{number}/rebase")
def rebase(desk: DeskDep, number: Number) -> Response:
    """Begin a draft on what is in force with the same changes made anew."""
    shown = drafted(desk, number)
    try:
        made = desk.site.workshop.rebase(
            number, by=desk.member.id, at=desk.now.machine, moment=desk.now.school
        )
    except (ChangeRefused, RuleFileErrors) as error:
        return _draft_page(desk, shown, refusal=str(error))
    return _see(f"/policy/drafts/{made.number}", "drafted")


@router.post("/policy/versions/{number}/bring-back")
def bring_back(desk: DeskDep, number: Number) -> Response:
    """Begin a draft that says what a version said."""
    version = desk.site.decisions.policies.find(number)
    try:
        made = desk.site.workshop.bring_back(
            number,
            by=desk.member.id,
            summary=f"Bring back version {number}: {version.summary}"[:200],
            at=desk.now.machine,
            moment=desk.now.school,
        )
    except (ChangeRefused, RuleFileErrors) as error:
        raise WrongState(str(error)) from error
    return _see(f"/policy/drafts/{made.number}", "drafted")


def _new_page(
    desk: Desk, entered: dict[str, str], *, invalid: InvalidForm | None = None, refusal: str = ""
) -> HTMLResponse:
    fields = Form(_NEW_LABELS, entered, invalid)
    mistakes = [*([{"text": refusal, "href": "#summary"}] if refusal else []), *fields.mistakes]
    return desk.page(
        "draft_new.html",
        status_code=_UNPROCESSABLE if mistakes else status.HTTP_200_OK,
        summary=fields["summary"],
        mistakes=mistakes,
    )


def _draft_page(desk: Desk, shown: Drafted, refusal: str = "") -> HTMLResponse:
    page = draft_page(
        shown, changes_of(desk, shown), differences_of(desk, shown), desk.site.checks
    )
    return desk.page(
        "draft.html",
        status_code=_UNPROCESSABLE if refusal else status.HTTP_200_OK,
        draft=page,
        mistakes=[{"text": refusal, "href": "#main-content"}] if refusal else [],
    )


def _changes_page(desk: Desk, shown: Drafted, refusal: str = "") -> HTMLResponse:
    page = draft_changes.changes_page(shown, changes_of(desk, shown))
    return desk.page(
        "draft_changes.html",
        status_code=_UNPROCESSABLE if refusal else status.HTTP_200_OK,
        changes=page,
        mistakes=[{"text": refusal, "href": "#main-content"}] if refusal else [],
    )


def _change_page(
    desk: Desk,
    shown: Drafted,
    kind: Kind,
    values: dict[str, str],
    *,
    invalid: InvalidForm | None = None,
    refusal: str = "",
) -> HTMLResponse:
    asked = asked_of(desk, shown, values)
    if asked is None:
        raise WrongState(_CANNOT_BE_READ)
    page = draft_changes.change_page(shown, kind, asked, invalid=invalid, refusal=refusal)
    is_wrong = invalid is not None or bool(refusal)
    return desk.page(
        "draft_change.html",
        status_code=_UNPROCESSABLE if is_wrong else status.HTTP_200_OK,
        change=page,
    )


def _see(path: str, done: str) -> RedirectResponse:
    return RedirectResponse(f"{path}?done={done}", status.HTTP_303_SEE_OTHER)
