"""People of the school: searched, added, changed; duties given; leaving."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.store.person_records import PAGE
from schoolgate_policyd.workflow import register_acts
from schoolgate_policyd.workflow.duty_text import reasons_in
from schoolgate_policyd.workflow.errors import InvalidForm, NotAllowed, Stale
from schoolgate_policyd.workflow.legal_holds import may_hold
from schoolgate_policyd.workflow.register_duties import parse_leaving
from schoolgate_policyd.workflow.register_people import PersonRecord, parse_person
from schoolgate_policyd.workflow.signing import SignedKind
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.school_desk import (
    end_of_day,
    form_page,
    services_of,
    today,
    version_of,
)
from schoolgate_webui.signed_forms import go_and_sign, kept_entry
from schoolgate_webui.views import school_person_forms as forms
from schoolgate_webui.views.school_people import Filters, people_page, person_page
from schoolgate_webui.views.signing import proof_words

router = APIRouter()

Person = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,40}$")]

_PEOPLE = "/school/people"
_UNPROCESSABLE = status.HTTP_422_UNPROCESSABLE_CONTENT


@router.get("/school/people")
def listed(
    desk: DeskDep,
    *,
    words: Annotated[str, Query(max_length=100)] = "",
    audience: Annotated[str, Query(max_length=20)] = "",
    in_class: Annotated[str, Query(max_length=40)] = "",
    left: Annotated[str, Query(max_length=5)] = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> HTMLResponse:
    """Show who is in the school, narrowed as was asked."""
    filters = Filters(words, audience, in_class, left == "yes", page)
    known = {each.value: each for each in Audience}
    found = desk.site.decisions.person_records.search(
        words,
        audience=known.get(audience),
        in_class=in_class or None,
        has_left=filters.has_left,
        skip=(page - 1) * PAGE,
    )
    query = {number: _query(filters, number) for number in (page - 1, page + 1)}
    classes = desk.site.decisions.people.classes()
    shown = people_page(found, filters, classes, desk.member, page_size=PAGE, query=query)
    return desk.page("school_people.html", people=shown)


@router.get("/school/people/new")
def new(desk: DeskDep) -> HTMLResponse:
    """Show the form for somebody new."""
    return form_page(desk, forms.person_form(None, desk.site.decisions.people.classes()))


@router.post("/school/people/new")
def add(desk: DeskDep, entered: EnteredDep) -> Response:
    """Add somebody, or show the form again with every mistake."""
    classes = desk.site.decisions.people.classes()
    try:
        id_, entry = parse_person(entered, classes, is_new=True)
        made = desk.site.decisions.people_changes.add(
            id_, entry, by=desk.member.id, at=desk.now.machine
        )
    except InvalidForm as error:
        return form_page(desk, forms.person_form(None, classes, entered=entered, invalid=error))
    desk.site.changed()
    return _see(made, "added")


@router.get("/school/people/{person}")
def one(desk: DeskDep, person: Person) -> HTMLResponse:
    """Show one person."""
    return _person_page(desk, desk.site.decisions.person_records.one(person))


@router.get("/school/people/{person}/change")
def change_form(desk: DeskDep, person: Person) -> HTMLResponse:
    """Show the form of their line."""
    record = _kept(desk, person)
    return form_page(desk, forms.person_form(record, desk.site.decisions.people.classes()))


@router.post("/school/people/{person}/change")
def change(desk: DeskDep, person: Person, entered: EnteredDep) -> Response:
    """Change their line, or show the form again with what was entered."""
    classes = desk.site.decisions.people.classes()
    try:
        _, entry = parse_person(entered, classes, is_new=False)
        desk.site.decisions.people_changes.change(
            person,
            entry,
            version=version_of(entered),
            by=desk.member.id,
            at=desk.now.machine,
            moment=desk.now.school,
        )
    except (InvalidForm, Stale) as error:
        shown = forms.person_form(
            _kept(desk, person),
            classes,
            entered=entered,
            invalid=error if isinstance(error, InvalidForm) else None,
            is_stale=isinstance(error, Stale),
        )
        return form_page(desk, shown)
    desk.site.changed()
    return _see(person, "saved")


@router.get("/school/people/{person}/duties")
def duties_form(desk: DeskDep, person: Person) -> HTMLResponse:
    """Show the form of their duties."""
    record, kept = _given(desk, person), kept_entry(desk, SignedKind.DUTY, person)
    return form_page(desk, forms.duties_form(record, services_of(desk), entered=kept or None))


@router.post("/school/people/{person}/duties")
def give_duties(desk: DeskDep, person: Person, entered: EnteredDep) -> Response:
    """Go on to signing which duties they hold; once signed, they hold them at once."""
    try:
        return go_and_sign(desk, SignedKind.DUTY, person, entered)
    except (InvalidForm, Stale) as error:
        shown = forms.duties_form(
            _given(desk, person),
            services_of(desk),
            entered=entered,
            invalid=error if isinstance(error, InvalidForm) else None,
            is_stale=isinstance(error, Stale),
        )
        return form_page(desk, shown)


@router.get("/school/people/{person}/leave")
def leaving_form(desk: DeskDep, person: Person) -> HTMLResponse:
    """Show what ends when they leave."""
    record = _kept(desk, person, is_sign_in=True)
    return form_page(desk, forms.leaving_form(record, today(desk)))


@router.post("/school/people/{person}/leave")
def leave(desk: DeskDep, person: Person, entered: EnteredDep) -> Response:
    """Have them leave, at once or when their last day is over."""
    try:
        last_day = parse_leaving(entered)
        desk.site.decisions.people_changes.leave(
            person,
            desk.now.school if last_day <= today(desk) else end_of_day(desk, last_day),
            version=version_of(entered),
            by=desk.member.id,
            at=desk.now.machine,
            moment=desk.now.school,
        )
    except (InvalidForm, Stale) as error:
        shown = forms.leaving_form(
            _kept(desk, person, is_sign_in=True),
            today(desk),
            entered=entered,
            invalid=error if isinstance(error, InvalidForm) else None,
            is_stale=isinstance(error, Stale),
        )
        return form_page(desk, shown)
    desk.site.changed()
    return _see(person, "leaving")


@router.post("/school/people/{person}/back")
def come_back(desk: DeskDep, person: Person, entered: EnteredDep) -> Response:
    """Have somebody stay, or be back."""
    try:
        desk.site.decisions.people_changes.come_back(
            person, version=version_of(entered), by=desk.member.id, at=desk.now.machine
        )
    except Stale as error:
        record = desk.site.decisions.person_records.one(person)
        return _person_page(desk, record, refusal=str(error))
    desk.site.changed()
    return _see(person, "saved")


@router.post("/school/people/{person}/invite")
def invite(desk: DeskDep, person: Person) -> HTMLResponse:
    """Make a code with which they set their account up, and show it this once."""
    record = desk.site.decisions.person_records.one(person)
    code = desk.site.decisions.setup_codes.invite(person, by=desk.member.id, at=desk.now.machine)
    local = desk.now.recorded(code.ends_at)
    return desk.page(
        "school_code.html",
        name=record.entry.name,
        username=record.entry.username or "",
        code=code.code,
        until=f"{local:%A} {local.day} {local:%B, %H:%M}",
        public_url=desk.site.settings.web.public_url,
        back=f"{_PEOPLE}/{person}",
    )


def _kept(desk: Desk, person: str, *, is_sign_in: bool = False) -> PersonRecord:
    """Return the line if whoever asks may change it. Raises NotAllowed, UnknownObject."""
    record = desk.site.decisions.person_records.one(person)
    if record.has_left:
        raise NotAllowed("They have left the school: say first that they are back.")
    register_acts.require_may_keep(desk.member, record.member, is_sign_in=is_sign_in)
    return record


def _given(desk: Desk, person: str) -> PersonRecord:
    record = desk.site.decisions.person_records.one(person)
    if record.has_left:
        raise NotAllowed("They have left the school: say first that they are back.")
    register_acts.require_may_give(desk.member, record.member)
    return record


def _person_page(desk: Desk, record: PersonRecord, refusal: str = "") -> HTMLResponse:
    decisions = desk.site.decisions
    devices = tuple(each.id for each in decisions.people.devices() if each.owner == record.id)
    shown = person_page(
        record,
        desk.member,
        desk.now,
        classes={each.id: each.name for each in decisions.people.classes()},
        services=services_of(desk),
        devices=devices,
        is_held=_is_held(desk, record),
        decided=_decided(desk, record),
    )
    return desk.page(
        "school_person.html",
        status_code=_UNPROCESSABLE if refusal else status.HTTP_200_OK,
        person=shown,
        mistakes=[{"text": refusal, "href": "#main-content"}] if refusal else [],
    )


def _decided(desk: Desk, record: PersonRecord) -> tuple[str, str]:
    """Return why they hold the duties that they hold, and who signed that; "" without."""
    signed = desk.site.decisions.signings.of(SignedKind.DUTY, record.id)
    if not signed or not record.duties:
        return "", ""
    newest = signed[-1]
    return reasons_in(newest.document.text), proof_words(newest, desk.site.names(), desk.now)


def _is_held(desk: Desk, record: PersonRecord) -> bool:
    """Whether a legal hold is on somebody who left, for those who may know of one."""
    if not (record.has_left and may_hold(desk.member)):
        return False
    return record.id in desk.site.decisions.legal_holds.held().people


def _query(filters: Filters, page: int) -> str:
    asked = {
        "words": filters.words,
        "audience": filters.audience,
        "in_class": filters.in_class,
        "left": "yes" if filters.has_left else "",
        "page": str(page),
    }
    return f"{_PEOPLE}?{urlencode({name: value for name, value in asked.items() if value})}"


def _see(person: str, done: str) -> RedirectResponse:
    return RedirectResponse(f"{_PEOPLE}/{person}?done={done}", status.HTTP_303_SEE_OTHER)
