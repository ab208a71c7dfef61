"""The questions of "Why?", read from the page's address: entries kept, mistakes beside them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.core.moments import parse_moment
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty
from schoolgate_policyd.core.words import capitalised
from schoolgate_policyd.questions import Question, parse_hours, resource_of
from schoolgate_policyd.workflow.errors import FieldMistake, InvalidForm
from schoolgate_policyd.workflow.people import Member
from schoolgate_webui.views.fields import Field, Form, Option, date_input_type
from schoolgate_webui.views.words import AUDIENCE, DEVICES, DUTIES

LONGEST_URL = 8192
_LONGEST_ENTRY = 100
_OLDEST = 120
_LAST_YEAR_GROUP = 13

LABELS: Mapping[str, str] = {
    "url": "Web address",
    "audience": "Who asks",
    "device": "On what",
    "at": "When (empty: now)",
    "person": "One person instead",
    "duty": "Duty",
    "year_group": "Year group",
    "age": "Age",
    "hours": "Working hours",
}
# Shown only when something is entered there or when asked for.
_MORE = ("duty", "year_group", "age", "hours", "overtime", "uninspectable", "assume")


class Entered(msgspec.Struct, frozen=True):
    """What stands in the page's address: one value a field, and the permissions to assume."""

    values: Mapping[str, str]
    assume: tuple[str, ...] = ()

    @property
    def is_asked(self) -> bool:
        """Whether anything was asked: without it the page shows the form alone."""
        return bool(self.values)

    def get(self, name: str) -> str:
        """Return what stands in a field, bounded."""
        return self.values.get(name, "").strip()[: LONGEST_URL + 1]


class WhyForm(msgspec.Struct, frozen=True):
    """The form as it is shown; *may_ask_for_person* says whether that field is there."""

    fields: Mapping[str, Field]
    mistakes: list[dict[str, str]]
    audience_options: list[dict[str, object]]
    device_options: list[dict[str, object]]
    duty_options: list[dict[str, object]]
    at_type: str
    assume_options: tuple[tuple[str, str, bool], ...]
    overtime: bool
    uninspectable: bool
    shows_more: bool
    may_ask_for_person: bool


def why_form(
    entered: Entered, policy: Policy, *, may_ask_for_person: bool, invalid: InvalidForm | None
) -> WhyForm:
    """Return the form with what was *entered*, and the mistakes in it."""
    values = {name: entered.get(name)[: _longest(name)] for name in LABELS}
    if entered.is_asked:
        values["device"] = values["device"] or DeviceKind.UNKNOWN
    form = Form(LABELS, values, invalid)
    return WhyForm(
        fields={name: form[name] for name in LABELS},
        mistakes=form.mistakes,
        audience_options=[Option(each, AUDIENCE[each]).printed() for each in Audience],
        device_options=_devices(),
        duty_options=_duties(),
        at_type=date_input_type(form["at"].value),
        assume_options=tuple(
            (each.id, f"{each.id}: {each.about}", each.id in entered.assume)
            for each in policy.standing
        ),
        overtime=entered.get("overtime") == "yes",
        uninspectable=entered.get("uninspectable") == "yes",
        shows_more=bool(entered.assume) or any(entered.get(name) for name in _MORE),
        may_ask_for_person=may_ask_for_person,
    )


def question_of(
    entered: Entered, policy: Policy, find: Callable[[str], Member | None]
) -> Question:
    """
    Return what is asked; *find* gives the person of a user name or pseudonym.

    Raises InvalidForm with every mistake.
    """
    reader = _Reader(entered)
    assumed = tuple(each.id for each in policy.standing if each.id in entered.assume)
    reader.check("url", _require_resource, "Enter a web address, such as www.bbc.co.uk")
    reader.check("at", lambda text: parse_moment(text, ZoneInfo(policy.school_time.zone)))
    reader.check("hours", parse_hours)
    person = reader.check("person", lambda name: _required(find(name)))
    question = Question(
        url=entered.get("url"),
        at=entered.get("at") or None,
        device=reader.one_of("device", DeviceKind),
        uninspectable=entered.get("uninspectable") == "yes" or None,
        assume=assumed or None,
        person=None if person is None else person.id,
    )
    audience = reader.one_of("audience", Audience)
    duty = reader.one_of("duty", Duty)
    year_group = reader.number("year_group", _LAST_YEAR_GROUP)
    age = reader.number("age", _OLDEST)
    reader.finish()
    if person is not None:
        # What is known of the person counts, whatever else stands in the form.
        is_theirs = question.device is DeviceKind.UNKNOWN
        return msgspec.structs.replace(question, device=None) if is_theirs else question
    return msgspec.structs.replace(
        question,
        audience=audience,
        duty=duty,
        year_group=year_group,
        age=age,
        hours=entered.get("hours") or None,
        overtime=entered.get("overtime") == "yes" or None,
    )


class _Reader:
    """Reads one field after the other and gathers their mistakes."""

    def __init__(self, entered: Entered) -> None:
        self._entered = entered
        self._mistakes: list[FieldMistake] = []

    def check[T](self, name: str, parse: Callable[[str], T], if_empty: str = "") -> T | None:
        """Return the field's value parsed, None where it is empty or faulty."""
        text = self._entered.get(name)
        if not text:
            if if_empty:
                self._add(name, if_empty)
            return None
        if len(text) > _longest(name):
            self._add(name, f"Enter at most {_longest(name)} characters")
            return None
        try:
            return parse(text)
        except SchoolgateError as error:
            self._add(name, capitalised(str(error).removeprefix(f"{name}: ")))
            return None

    def one_of[E: (Audience, DeviceKind, Duty)](self, name: str, kind: type[E]) -> E | None:
        """Return the field's choice, None where nothing is chosen."""
        text = self._entered.get(name)
        found = next((each for each in kind if each.value == text), None)
        if text and found is None:
            self._add(name, "Choose one of the list")
        return found

    def number(self, name: str, most: int) -> int | None:
        """Return the field's whole number, None where it is empty or faulty."""
        text = self._entered.get(name)
        if not text:
            return None
        if not (text.isascii() and text.isdigit()) or len(text) > len(str(most)):
            self._add(name, f"Enter a whole number from 0 to {most}")
            return None
        number = int(text)
        if number > most:
            self._add(name, f"Enter a whole number from 0 to {most}")
            return None
        return number

    def finish(self) -> None:
        """Raise InvalidForm where there was a mistake."""
        if self._mistakes:
            places = list(LABELS)
            ordered = sorted(self._mistakes, key=lambda each: places.index(each.field))
            raise InvalidForm(tuple(ordered), {})

    def _add(self, name: str, message: str) -> None:
        self._mistakes.append(FieldMistake(name, message))


class _NobodyError(SchoolgateError):
    """No person has the name that was entered."""


def _required(found: Member | None) -> Member:
    if found is None:
        raise _NobodyError("nobody has that user name or pseudonym")
    return found


def _require_resource(text: str) -> None:
    resource_of(text)


def _longest(name: str) -> int:
    return LONGEST_URL if name == "url" else _LONGEST_ENTRY


def _devices() -> list[dict[str, object]]:
    known = [each for each in DeviceKind if each is not DeviceKind.UNKNOWN]
    options = [Option(each, capitalised(DEVICES[each])) for each in known]
    unknown = Option(DeviceKind.UNKNOWN, "Not known (one person: theirs)")
    return [each.printed() for each in (*options, unknown)]


def _duties() -> list[dict[str, object]]:
    options = [Option("", "None"), *(Option(each, capitalised(DUTIES[each])) for each in Duty)]
    return [each.printed() for each in options]


def moment_entry(local: datetime) -> str:
    """Return a moment as the form's field writes it, on the school's clock."""
    return f"{local:%Y-%m-%dT%H:%M:%S}" if local.second else f"{local:%Y-%m-%dT%H:%M}"
