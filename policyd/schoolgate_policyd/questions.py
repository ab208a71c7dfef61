"""What `schoolgate check` is asked: who and what is meant, of what was said in plain words."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core.decision import HostResource, Resource, UrlResource
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.core.names import parse_host, parse_url
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import (
    OLDEST_YEAR,
    YOUNGEST_YEAR,
    Audience,
    DeviceKind,
    Duty,
    HeldDuty,
    Subject,
)
from schoolgate_policyd.core.times import WorkingHours, local_date
from schoolgate_policyd.person_subjects import subject_of_person

OLDEST = 130


class QuestionError(SchoolgateError, ValueError):
    """A question cannot be answered as it stands; the message names the field and the remedy."""


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    What is to be checked; None and empty mean: not said.

    An audience not said is pupil, a device not said unknown. *address* asks for whoever has that
    address in the live configuration. *hours* are `08:30-16:30`; *overtime* is for the day of
    *at*; *platform* are the services on which an account-operator runs accounts, none meaning
    all. *school_class* are those whose timetable and one-off days are theirs. *person* is a
    person's id; with it the rest of who asks is left out but the device.
    """

    url: str
    school: str | None = None
    audience: Audience | None = None
    duty: tuple[Duty, ...] | Duty | None = None
    device: DeviceKind | None = None
    at: str | None = None
    assume: tuple[str, ...] | str | None = None
    uninspectable: bool | None = None
    address: str | None = None
    age: int | None = None
    year_group: int | None = None
    school_class: tuple[str, ...] | str | None = None
    hours: str | None = None
    overtime: bool | None = None
    platform: tuple[str, ...] | str | None = None
    person: str | None = None


def resource_of(text: str) -> Resource:
    """
    Return what *text* names: a host alone, or a URL.

    Raises NameSyntaxError.
    """
    bare = text.strip()
    is_url = any(mark in bare for mark in "/?#\\@") or (
        ":" in bare and bare.count(":") == 1 and not bare.startswith("[")
    )
    if is_url:
        return UrlResource(parse_url(text))
    return HostResource(parse_host(bare))


def subject_of(
    question: Question, snapshot: Snapshot, moment: datetime, zone: ZoneInfo
) -> Subject:
    """Return whom *question* means at *moment*. Raises QuestionError and as `parse_host`."""
    if question.address is not None:
        _require_unsaid(question, "address", ())
        return snapshot.subject_at(parse_host(question.address).text, moment)
    if question.person is not None:
        _require_unsaid(question, "person", ("device", "uninspectable"))
        return _person(question.person, question, snapshot, moment)
    platforms = several(question.platform)
    for name in platforms:
        if name not in snapshot.services:
            raise QuestionError(f"platform: `{name}` is no service of the catalogue")
    held = tuple(
        HeldDuty(
            duty,
            frozenset(platforms) if platforms and duty is Duty.ACCOUNT_OPERATOR else None,
        )
        for duty in several(question.duty)
    )
    _require_within("age", question.age, 0, OLDEST)
    _require_within("year_group", question.year_group, YOUNGEST_YEAR, OLDEST_YEAR)
    today = frozenset({local_date(moment, zone)})
    return Subject(
        audience=question.audience or Audience.PUPIL,
        device=question.device or DeviceKind.UNKNOWN,
        inspectable=not question.uninspectable,
        duties=held,
        classes=frozenset(several(question.school_class)),
        year_group=question.year_group,
        age=question.age,
        hours=None if question.hours is None else parse_hours(question.hours),
        overtime=today if question.overtime else frozenset[date](),
    )


def _person(person: str, question: Question, snapshot: Snapshot, moment: datetime) -> Subject:
    found = subject_of_person(
        person,
        snapshot,
        moment,
        device=question.device,
        inspectable=not question.uninspectable,
    )
    if found is None:
        raise QuestionError("person: nobody of that name is in the configuration in force")
    return found


def _require_unsaid(question: Question, by: str, besides: tuple[str, ...]) -> None:
    said = [
        name
        for name in Question.__struct_fields__
        if name not in {"url", "school", "at", "assume", by, *besides}
        and getattr(question, name) is not None
    ]
    if said:
        raise QuestionError(f"{by}: says already who asks, so leave out {', '.join(said)}")


def _require_within(field: str, number: int | None, least: int, most: int) -> None:
    if number is not None and not least <= number <= most:
        raise QuestionError(f"{field}: `{number}` is not between {least} and {most}")


def parse_hours(text: str) -> WorkingHours:
    """Return working hours written like `08:30-16:30`. Raises QuestionError."""
    start, _, end = text.partition("-")
    try:
        return WorkingHours(time.fromisoformat(start.strip()), time.fromisoformat(end.strip()))
    except ValueError as error:
        raise QuestionError(
            f"hours: `{text}` are not working hours; write them like `08:30-16:30`"
        ) from error


def several[T](value: tuple[T, ...] | T | None) -> tuple[T, ...]:
    """Return what was said once, several times or not at all."""
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)
