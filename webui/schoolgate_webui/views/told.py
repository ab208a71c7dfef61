"""Sites that pupils are asked to use, training that was given, and one's own e-mail address."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from types import MappingProxyType

import msgspec

from schoolgate_policyd.core.day_words import day_words
from schoolgate_policyd.store.told import Listed, TrainingRecord
from schoolgate_policyd.workflow.email_addresses import FIELD
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.training import TrainingKind
from schoolgate_webui.views.fields import Field, Form, Option, day_input_type

_SITE_LABELS = {"name": "Name", "url": "Address", "about": "What it is for"}
_TRAINING_LABELS = {
    "kind": "What was given",
    "what": "What it was about",
    "for_whom": "For whom",
    "given_on": "Given on",
    "due_again_on": "Due again on (optional)",
}
KINDS: Mapping[TrainingKind, str] = MappingProxyType(
    {
        TrainingKind.STAFF_TRAINING: "Training of staff",
        TrainingKind.ONLINE_SAFETY_EDUCATION: "Online safety education of pupils",
    }
)


class SiteLine(msgspec.Struct, frozen=True):
    """A site on the list, and where the form that takes it off goes."""

    name: str
    url: str
    about: str
    remove: str


class SitesPage(msgspec.Struct, frozen=True):
    """The list, and the form for another site."""

    lines: tuple[SiteLine, ...]
    fields: Mapping[str, Field]
    mistakes: list[dict[str, str]]


class TrainingLine(msgspec.Struct, frozen=True):
    """What was given, in words; *is_due* when it should be given again."""

    kind: str
    what: str
    for_whom: str
    given: str
    due: str
    is_due: bool
    by: str


class TrainingPage(msgspec.Struct, frozen=True):
    """What was given, and the form for those who write it down."""

    lines: tuple[TrainingLine, ...]
    may_record: bool
    fields: Mapping[str, Field]
    kinds: list[dict[str, object]]
    given_type: str
    due_type: str
    mistakes: list[dict[str, str]]


class EmailPage(msgspec.Struct, frozen=True):
    """The form for one's own address."""

    field: Field
    mistakes: list[dict[str, str]]


def sites_page(
    listed: Iterable[Listed], values: Mapping[str, str], invalid: InvalidForm | None
) -> SitesPage:
    """Return the list with the form for another site."""
    form = Form(_SITE_LABELS, values, invalid)
    lines = tuple(
        SiteLine(
            each.site.name, each.site.url, each.site.about, f"/filtering/sites/{each.id}/remove"
        )
        for each in listed
    )
    return SitesPage(lines, {name: form[name] for name in _SITE_LABELS}, form.mistakes)


def training_page(
    records: Iterable[TrainingRecord],
    names: Mapping[str, str],
    *,
    today: date,
    may_record: bool,
    values: Mapping[str, str],
    invalid: InvalidForm | None,
) -> TrainingPage:
    """Return what was given, with the form for another line."""
    form = Form(_TRAINING_LABELS, values, invalid)
    options = [Option(kind, words) for kind, words in KINDS.items()]
    return TrainingPage(
        lines=tuple(_training_lines(records, names, today)),
        may_record=may_record,
        fields={name: form[name] for name in _TRAINING_LABELS},
        kinds=[each.printed() for each in options],
        given_type=_input_type(form["given_on"].value),
        due_type=_input_type(form["due_again_on"].value),
        mistakes=form.mistakes,
    )


def _training_lines(
    records: Iterable[TrainingRecord], names: Mapping[str, str], today: date
) -> Iterator[TrainingLine]:
    newest: set[tuple[TrainingKind, str]] = set()
    for record in records:
        given = record.training
        # The newest comes first: what was given again since is not due any more.
        is_newest = (given.kind, given.what.casefold()) not in newest
        newest.add((given.kind, given.what.casefold()))
        due = given.due_again_on if is_newest else None
        yield TrainingLine(
            kind=KINDS[given.kind],
            what=given.what,
            for_whom=given.for_whom,
            given=day_words(given.given_on),
            due="" if due is None else day_words(due),
            is_due=due is not None and due <= today,
            by=names.get(record.by, "a person who has left"),
        )


def _input_type(day: str) -> str:
    return day_input_type(day) if day else "date"


def email_page(values: Mapping[str, str], invalid: InvalidForm | None) -> EmailPage:
    """Return the form for one's own address."""
    form = Form({FIELD: "E-mail address"}, values, invalid)
    return EmailPage(form[FIELD], form.mistakes)
