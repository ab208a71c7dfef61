"""Supervised sessions and assigned devices, as staff in a lesson need to see them."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from schoolgate_policyd.core.policy import Register
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.restrictions import RestrictionRecord
from schoolgate_policyd.workflow.supervision import (
    Assignment,
    HowLong,
    SupervisedSession,
    is_assignable,
    is_supervised_only,
    kind_of_device,
)
from schoolgate_webui.rendering import plain
from schoolgate_webui.views.fields import Field, Form, Option
from schoolgate_webui.views.moments import Now, in_words
from schoolgate_webui.views.people_options import person_options
from schoolgate_webui.views.requests import Names
from schoolgate_webui.views.restrictions import where_words
from schoolgate_webui.views.words import DEVICES

ASSIGNMENT_LABELS = {
    "person": "Which pupil uses it?",
    "device": "Which device?",
    "how_long": "For how long?",
}


class SessionCard(msgspec.Struct, frozen=True):
    """A session that is going on."""

    who: str
    until: str
    by: str
    end_action: str


class PupilCard(msgspec.Struct, frozen=True):
    """A pupil under supervised-only use, for whom a session can be opened."""

    person: str
    name: str
    where: tuple[str, ...]
    assign_href: str


class SupervisedPage(msgspec.Struct, frozen=True):
    """The page: what is going on, and whom a session can be opened for."""

    search: Field
    until: str
    sessions: tuple[SessionCard, ...]
    pupils: tuple[PupilCard, ...]
    is_anybody_restricted: bool


class AssignmentRow(msgspec.Struct, frozen=True):
    """A device and who uses it now."""

    device: str
    who: str
    until: str
    by: str
    give_back_action: str


class AssignmentsPage(msgspec.Struct, frozen=True):
    """The page: what is assigned, and the form that assigns."""

    mistakes: list[dict[str, str]]
    rows: tuple[AssignmentRow, ...]
    person: Field
    people: list[dict[str, object]]
    device: Field
    devices: list[dict[str, object]]
    how_long: Field
    lengths: list[dict[str, object]]
    has_devices: bool


def supervised_page(
    search: str,
    restrictions: tuple[RestrictionRecord, ...],
    sessions: tuple[SupervisedSession, ...],
    *,
    people: tuple[Member, ...],
    names: Names,
    register: Register,
    ends_at: datetime,
    now: Now,
) -> SupervisedPage:
    """Return the page; *ends_at* is when a session opened now would end."""
    restricted = [each for each in people if is_supervised_only(each.id, restrictions, now.school)]
    going_on = {each.person for each in sessions}
    return SupervisedPage(
        search=Field("name", "name", "Name or class of the pupil", search),
        until=_until(ends_at, now),
        sessions=tuple(
            SessionCard(
                who=names.person(each.person),
                until=_until(each.ends_at, now),
                by=names.person(each.opened_by),
                end_action=f"/supervised/{each.id}/end",
            )
            for each in sessions
        ),
        pupils=tuple(
            PupilCard(
                person=each.id,
                name=_with_classes(each, names),
                where=where_words(each.id, register),
                assign_href=f"/supervised/devices?person={each.id}",
            )
            for each in restricted
            if each.id not in going_on and _is_found(_with_classes(each, names), search)
        ),
        is_anybody_restricted=bool(restricted),
    )


def _is_found(shown: str, search: str) -> bool:
    return " ".join(search.split()).casefold() in shown.casefold()


def assignments_page(
    values: Mapping[str, str],
    assignments: tuple[Assignment, ...],
    *,
    people: tuple[Member, ...],
    names: Names,
    register: Register,
    now: Now,
    invalid: InvalidForm | None = None,
) -> AssignmentsPage:
    """Return the page of assigned devices, with what stands in its form."""
    form = Form(ASSIGNMENT_LABELS, values, invalid)
    devices = tuple(_device_options(assignments, register, names))
    lengths = (
        Option(HowLong.LESSON.value, "This lesson", "Until the next bell, one hour at most."),
        Option(HowLong.DAY.value, "Today"),
    )
    return AssignmentsPage(
        mistakes=form.mistakes,
        rows=tuple(
            AssignmentRow(
                device=each.device,
                who=names.person(each.person),
                until=_until(each.ends_at, now),
                by=names.person(each.assigned_by),
                give_back_action=f"/supervised/devices/{each.id}/give-back",
            )
            for each in assignments
        ),
        person=form["person"],
        people=person_options(people, but="", only_pupils=True),
        device=form["device"],
        devices=[each.printed() for each in (Option("", "Choose"), *devices)],
        how_long=form["how_long"],
        lengths=[each.printed() for each in lengths],
        has_devices=bool(devices),
    )


def _device_options(
    assignments: tuple[Assignment, ...], register: Register, names: Names
) -> Iterator[Option]:
    taken = {each.device: each.person for each in assignments}
    for each in register.devices:
        if is_assignable(each, register.networks):
            now_of = f", now used by {names.person(taken[each.id])}" if each.id in taken else ""
            kind = DEVICES[kind_of_device(each, register.networks)]
            yield Option(each.id, plain(f"{each.id} ({kind}{now_of})"))


def _with_classes(member: Member, names: Names) -> str:
    classes = ", ".join(sorted(names.classes.get(each, each) for each in member.classes))
    return f"{member.name} ({classes})" if classes else member.name


def _until(ends_at: datetime, now: Now) -> str:
    return f"{now.local(ends_at):%H:%M} (in {in_words(ends_at - now.school)})"
