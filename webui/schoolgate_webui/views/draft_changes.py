"""The changes of a draft in a list, and the form of one of them."""

import msgspec

from schoolgate_policyd.rulefiles.mistakes import Mistake
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_webui.changing.fields import ChangeField, Control
from schoolgate_webui.changing.kinds import FORMS, GROUPS, Kind, is_offered
from schoolgate_webui.changing.sheet import Asked, Choice
from schoolgate_webui.views.drafts import Drafted, Header, header_of
from schoolgate_webui.views.fields import labelled

CHANGED_MEANWHILE = (
    "The draft was changed in another window since you opened this form. Your entries are kept: "
    "look at the list of changes, then send them again if they still fit."
)
_MOST_MISTAKES = 50


class ChangeRow(msgspec.Struct, frozen=True):
    """A change in the list."""

    position: int
    says: str


class KindLink(msgspec.Struct, frozen=True):
    """A way to the form of one kind of change."""

    text: str
    href: str


class ChangesPage(msgspec.Struct, frozen=True):
    """What `/policy/drafts/{number}/changes` prints."""

    header: Header
    is_open: bool
    rows: tuple[ChangeRow, ...]
    groups: tuple[tuple[str, tuple[KindLink, ...]], ...]


class ChoiceGroup(msgspec.Struct, frozen=True):
    """Choices beneath one heading."""

    title: str
    choices: tuple[Choice, ...]


class ChangePage(msgspec.Struct, frozen=True):
    """What the form of one change prints; with *choices* that is to be chosen first."""

    header: Header
    title: str
    intro: str
    heading: str
    action: str
    button: str
    is_choosing: bool
    choices: tuple[ChoiceGroup, ...]
    fields: tuple[ChangeField, ...]
    mistakes: list[dict[str, str]]


def changes_page(drafted: Drafted, sentences: tuple[str, ...]) -> ChangesPage:
    """Return the list of a draft's changes, and what can be added to it."""
    header = header_of(drafted)
    groups = tuple(
        (
            title,
            tuple(
                KindLink(FORMS[kind].title, f"{header.href}/changes/{kind}")
                for kind in kinds
                if is_offered(kind, drafted.member)
            ),
        )
        for title, kinds in GROUPS
    )
    rows = tuple(ChangeRow(position, says) for position, says in enumerate(sentences))
    return ChangesPage(header, drafted.is_open, rows, groups if drafted.is_open else ())


def change_page(
    drafted: Drafted,
    kind: Kind,
    asked: Asked,
    *,
    invalid: InvalidForm | None = None,
    refusal: str = "",
) -> ChangePage:
    """Return the form of a change with what was entered and what is wrong with it."""
    form, header = FORMS[kind], header_of(drafted)
    asked = msgspec.structs.replace(asked, invalid=invalid)
    is_choosing = bool(form.about) and not asked.get(form.about)
    fields = () if is_choosing else form.fields(asked)
    action = f"{header.href}/changes/{kind}"
    return ChangePage(
        header=header,
        title=form.title,
        intro=form.intro,
        heading="" if is_choosing else form.heading(asked),
        action=action,
        button=form.button,
        is_choosing=is_choosing,
        choices=_grouped(form.choices(asked)) if is_choosing else (),
        fields=fields,
        mistakes=_mistakes(fields, invalid, refusal),
    )


def mistake_words(mistake: Mistake) -> str:
    """Return one mistake of a file in words, with its line."""
    return f"{mistake.path.name}, line {mistake.line}: {mistake.message}"


def _mistakes(
    fields: tuple[ChangeField, ...], invalid: InvalidForm | None, refusal: str
) -> list[dict[str, str]]:
    shown = {field.name: field for field in fields if field.control is not Control.HIDDEN}
    found = [{"text": refusal, "href": "#main-content"}] if refusal else []
    for each in () if invalid is None else invalid.mistakes[:_MOST_MISTAKES]:
        field = shown.get(each.field)
        text, href = each.message, "#main-content"
        if field is not None:
            href = f"#{field.id}"
            text = text if field.control is Control.CODE else labelled(field.label, text)
        found.append({"text": text, "href": href})
    return found


def _grouped(choices: tuple[Choice, ...]) -> tuple[ChoiceGroup, ...]:
    groups: dict[str, list[Choice]] = {}
    for each in choices:
        groups.setdefault(each.group, []).append(each)
    return tuple(ChoiceGroup(title, tuple(found)) for title, found in groups.items())
