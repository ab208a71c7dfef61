"""Drafts of the policy: begun, changed through the pages' own forms, brought back, made anew."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette import status

from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.errors import (
    FieldMistake,
    InvalidForm,
    Stale,
    WrongState,
    mistake_in,
)
from schoolgate_webui.api.guard import DeskDep
from schoolgate_webui.api.policy_draft_shapes import (
    AsShown,
    BellEntry,
    ChangeEntry,
    ChangeForm,
    ChangesShown,
    DraftShown,
    KindShown,
    NewDraft,
    Undoing,
    Value,
    choice_shown,
    draft_shown,
    field_shown,
)
from schoolgate_webui.api.shapes import Number
from schoolgate_webui.changing.fields import ChangeField, Control
from schoolgate_webui.changing.kinds import FORMS, Kind, is_offered
from schoolgate_webui.changing.sheet import Asked, box_name, read_changes
from schoolgate_webui.desk import Desk
from schoolgate_webui.drawer import asked_of, changes_of, drafted, editable
from schoolgate_webui.views.drafts import Drafted

router = APIRouter(tags=["Drafts of the policy"])

_LONGEST_SUMMARY = 200
_NO_FIELD = "There is no such field in this form."
_NO_OPTION = "Choose from what the form offers."
_CANNOT_BE_READ = "This draft cannot be read any more: begin a new one."

About = Annotated[str, Query(max_length=200, description="What a choice of the form says.")]


def _about(
    *,
    rule: About = "",
    exception: About = "",
    timetable: About = "",
    weekday: Annotated[About, Query(alias="from")] = "",
    day_kind: Annotated[About, Query(alias="kind")] = "",
    path: About = "",
    day: About = "",
    first: About = "",
) -> dict[str, str]:
    found = {
        "rule": rule,
        "exception": exception,
        "timetable": timetable,
        "from": weekday,
        "kind": day_kind,
        "path": path,
        "day": day,
        "first": first,
    }
    return {name: text for name, text in found.items() if text}


AboutDep = Annotated[dict[str, str], Depends(_about)]


@router.post("/policy/drafts", status_code=status.HTTP_201_CREATED, summary="Begin a draft")
def begin(desk: DeskDep, entered: NewDraft) -> DraftShown:
    """Begin a draft that says what is in force."""
    entry = Entry(entered.as_form(), ("summary",))
    summary = entry.line("summary", "Say in a few words what is to change.")
    entry.raise_mistakes()
    made = desk.site.workshop.begin(
        by=desk.member.id, summary=summary, at=desk.now.machine, moment=desk.now.school
    )
    return _read(desk, made.number)


@router.get("/policy/drafts/{number}", summary="One draft")
def one(desk: DeskDep, number: Number) -> DraftShown:
    """Give a draft: how far it is, what it changes, and what is to be done next."""
    return _read(desk, number)


@router.get("/policy/drafts/{number}/changes", summary="What a draft changes, and what it could")
def changes(desk: DeskDep, number: Number) -> ChangesShown:
    """Give the changes of a draft, and the kinds of change that the owner can add to it."""
    shown = drafted(desk, number)
    offered = [each for each in Kind if shown.is_open and is_offered(each, desk.member)]
    return ChangesShown(
        number=number,
        digest=shown.version.digest,
        changes=list(changes_of(desk, shown)),
        kinds=[
            KindShown(kind=each, title=FORMS[each].title, about=FORMS[each].intro)
            for each in offered
        ],
    )


@router.get("/policy/drafts/{number}/changes/{kind}", summary="The form of one kind of change")
def change_form(desk: DeskDep, number: Number, kind: Kind, about: AboutDep) -> ChangeForm:
    """Give the fields of a change and what stands in them, or first what it can be about."""
    shown, form = editable(desk, number, kind), FORMS[kind]
    asked = _asked(desk, shown, about)
    is_choosing = bool(form.about) and not asked.get(form.about)
    return ChangeForm(
        kind=kind,
        digest=shown.version.digest,
        title=form.title,
        about=form.intro if is_choosing else form.heading(asked) or form.intro,
        choices=[choice_shown(each) for each in form.choices(asked)] if is_choosing else [],
        fields=[] if is_choosing else [field_shown(each) for each in form.fields(asked)],
    )


@router.post("/policy/drafts/{number}/changes/{kind}", summary="Change a draft")
def change(desk: DeskDep, number: Number, kind: Kind, entered: ChangeEntry) -> DraftShown:
    """Put a change into a draft of their own, all of it or nothing."""
    shown, form = editable(desk, number, kind), FORMS[kind]
    require_as_shown(shown, entered)
    values = {**_flat(entered.fields), "shown": entered.shown}
    asked = _asked(desk, shown, values)
    if form.about and not asked.get(form.about):
        raise mistake_in(form.about, "Say what it is about: the form lists what it can be.")
    _require_known(entered.fields, form.fields(asked))
    made = read_changes(form, asked)
    if not made:
        raise mistake_in(form.about or "shown", "There is no such thing in this draft.")
    desk.site.workshop.change(
        number, *made, by=desk.member.id, at=desk.now.machine, before=entered.shown
    )
    return _read(desk, number)


@router.post("/policy/drafts/{number}/undo", summary="Take a change out of a draft")
def undo(desk: DeskDep, number: Number, entered: Undoing) -> DraftShown:
    """Take one change out; the others are made anew."""
    require_as_shown(drafted(desk, number), entered)
    desk.site.workshop.undo(
        number, entered.position, by=desk.member.id, at=desk.now.machine, before=entered.shown
    )
    return _read(desk, number)


@router.post(
    "/policy/drafts/{number}/rebase",
    status_code=status.HTTP_201_CREATED,
    summary="Make a draft anew on what is in force",
)
def rebase(desk: DeskDep, number: Number) -> DraftShown:
    """Begin a draft on what is in force with the same changes; the older one stays as it is."""
    drafted(desk, number)
    made = desk.site.workshop.rebase(
        number, by=desk.member.id, at=desk.now.machine, moment=desk.now.school
    )
    return _read(desk, made.number)


@router.post(
    "/policy/versions/{number}/bring-back",
    status_code=status.HTTP_201_CREATED,
    summary="Begin a draft that says what a version said",
)
def bring_back(desk: DeskDep, number: Number) -> DraftShown:
    """Begin a draft that says what an earlier version said."""
    version = desk.site.decisions.policies.find(number)
    summary = f"Bring back version {number}: {version.summary}"[:_LONGEST_SUMMARY]
    made = desk.site.workshop.bring_back(
        number, by=desk.member.id, summary=summary, at=desk.now.machine, moment=desk.now.school
    )
    return _read(desk, made.number)


def require_as_shown(shown: Drafted, entered: AsShown) -> None:
    """Raise Stale unless the draft says what it said when it was read."""
    if entered.shown != shown.version.digest:
        raise Stale("The draft says something else by now: read it again.")


def _read(desk: Desk, number: int) -> DraftShown:
    return draft_shown(desk, drafted(desk, number))


def _asked(desk: Desk, shown: Drafted, values: Mapping[str, str]) -> Asked:
    asked = asked_of(desk, shown, values)
    if asked is None:
        raise WrongState(_CANNOT_BE_READ)
    return asked


def _flat(fields: Mapping[str, Value]) -> dict[str, str]:
    """Return the fields as a browser sends them: each box and each bell by a name of its own."""
    found: dict[str, str] = {}
    for name, value in fields.items():
        for number, each in enumerate([value] if isinstance(value, str) else value, start=1):
            if isinstance(each, BellEntry):
                found |= {f"{name}{number}_at": each.at, f"{name}{number}_is": each.period}
            elif isinstance(value, str):
                found[name] = value
            else:
                found[box_name(name, str(each))] = "yes"
    return found


def _require_known(fields: Mapping[str, Value], known: tuple[ChangeField, ...]) -> None:
    """Raise InvalidForm for what the form would leave unread: nothing is guessed."""
    by_name = {each.name: each for each in known}
    names = {name for each in known for name in each.names}
    mistakes = []
    for name, value in fields.items():
        field = by_name.get(name)
        if field is None:
            mistakes.append(FieldMistake(name, _NO_FIELD))
        elif _is_misshapen(field, value) or not names.issuperset(_flat({name: value})):
            mistakes.append(FieldMistake(name, _NO_OPTION))
    if mistakes:
        raise InvalidForm(tuple(mistakes), {})


def _is_misshapen(field: ChangeField, value: Value) -> bool:
    if isinstance(value, str):
        return field.control in {Control.BOXES, Control.BELLS}
    are_bells = all(isinstance(each, BellEntry) for each in value)
    if field.control is Control.BELLS:
        return not are_bells
    return field.control is not Control.BOXES or (are_bells and bool(value))
