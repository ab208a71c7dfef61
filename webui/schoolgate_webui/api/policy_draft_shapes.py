"""What the API gives and takes of drafts of the policy."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from schoolgate_webui.api.policy import VersionLine, version_line
from schoolgate_webui.api.shapes import Entered, Shape, Text, Word
from schoolgate_webui.changing.fields import ChangeField, Control
from schoolgate_webui.changing.kinds import Kind
from schoolgate_webui.changing.sheet import Choice, box_name
from schoolgate_webui.desk import Desk
from schoolgate_webui.drawer import changes_of, differences_of
from schoolgate_webui.routes.policy import versions_seen
from schoolgate_webui.views.drafts import Drafted, sentence, tasks

MOST_FIELDS = 120
# A form has this many bells at most, and each box of a list is one word of it.
_MOST_PARTS = 60

Digest = Annotated[str, Field(max_length=200, description="The draft's `digest` as it was read.")]
FieldName = Annotated[str, StringConstraints(max_length=80)]
# A file as text is the longest entry of any form.
Written = Annotated[str, StringConstraints(max_length=100 * 1024)]


class NewDraft(Entered):
    """What is to change, in a few words."""

    summary: Word = ""


class AsShown(Entered):
    """The draft as it was read: of another one nothing is done."""

    shown: Digest


class Undoing(AsShown):
    """Which change goes, counted from 0."""

    position: Annotated[int, Field(ge=0, le=10_000)]


class BellEntry(Entered):
    """A bell: when it rings, and which period begins."""

    at: Word = ""
    period: Word = ""


Value = (
    Written
    | Annotated[list[Word], Field(max_length=_MOST_PARTS)]
    | Annotated[list[BellEntry], Field(max_length=_MOST_PARTS)]
)


class ChangeEntry(AsShown):
    """
    The fields of a change's form: text, a list of what is ticked, or a list of bells.

    A field that is left out is empty: what the form gives already is sent back with the rest.
    """

    fields: Annotated[dict[FieldName, Value], Field(max_length=MOST_FIELDS)]


class ProposalEntry(AsShown):
    """Why it is proposed, or refused."""

    reasons: Text = ""


class MeetingEntry(AsShown):
    """The governors' meeting that approved exactly this, and the minute that records it."""

    met_on: Word = ""
    reference: Word = ""


class WithdrawalEntry(AsShown):
    """Why it is withdrawn."""

    why: Text = ""


class TaskShown(Shape):
    """A step on the way of a draft, and how far it is."""

    text: str
    state: str
    about: str


class DraftShown(VersionLine):
    """
    A draft of the policy, until it is directed or goes no further.

    *changes* are its changes in words, by position. *differences* is what it says otherwise than
    what it was drafted on, null where that cannot be read any more. *tasks* are the steps from
    the first change to the direction.
    """

    digest: str
    says: str
    is_left_behind: bool
    changes: list[str]
    differences: list[str] | None
    is_proved: bool
    tasks: list[TaskShown]
    page: str


class KindShown(Shape):
    """A kind of change that can be put into a draft."""

    kind: Kind
    title: str
    about: str


class ChangesShown(Shape):
    """The changes of a draft, by position, and the kinds that can be added."""

    number: int
    digest: str
    changes: list[str]
    kinds: list[KindShown]


class ChoiceShown(Shape):
    """What a form can be about: *fields* are what the query takes and the change says back."""

    text: str
    about: str
    fields: dict[str, str]


class OptionShown(Shape):
    """What a field can be."""

    value: str
    text: str


class FieldShown(Shape):
    """
    A field of a form, and what stands in it.

    *value* is text; of boxes it is the list of those ticked, of bells the list of bells.
    """

    name: str
    control: Control
    label: str
    hint: str
    options: list[OptionShown]
    value: str | list[str] | list[dict[str, str]]


class ChangeForm(Shape):
    """The form of a change; where *choices* stand, one of them is to be chosen first."""

    kind: Kind
    digest: str
    title: str
    about: str
    choices: list[ChoiceShown]
    fields: list[FieldShown]


class ProofShown(Shape):
    """What the proof said at *at*; *is_current* is false where the draft is another one by now."""

    at: datetime
    is_current: bool
    is_ok: bool
    faults: list[str]
    openings: list[str]
    opening_count: int
    closings: list[str]
    closing_count: int
    loosenings: list[str]
    coverage: list[str]


class ReplayShown(Shape):
    """
    What the replay of [first, last] found.

    Names of sites are in *result* for those alone who may see blocked attempts.
    """

    at: datetime
    is_current: bool
    first: date
    last: date
    result: dict[str, Any]


class Running(Shape):
    """How far a check is: *is_running* where it is this draft's that runs now."""

    is_running: bool
    says: str
    fault: str


class ProofState(Running):
    """The proof of a draft: how far it is, and what it said, null where none was run."""

    proof: ProofShown | None


class ReplayState(Running):
    """The replay of a draft: how far it is, and what it found, null where none was run."""

    replay: ReplayShown | None


def draft_shown(desk: Desk, shown: Drafted) -> DraftShown:
    """Return a draft as its page shows it."""
    changed = differences_of(desk, shown)
    return DraftShown(
        **version_line(shown.version, versions_seen(desk)).model_dump(),
        digest=shown.version.digest,
        says=sentence(shown),
        is_left_behind=shown.is_left_behind,
        changes=list(changes_of(desk, shown)),
        differences=None if changed is None else list(changed),
        is_proved=shown.version.is_proved,
        tasks=[
            TaskShown(text=each.text, state=each.tag.text, about=each.says)
            for each in tasks(shown, desk.site.checks)
        ],
        page=f"/policy/drafts/{shown.version.number}",
    )


def choice_shown(choice: Choice) -> ChoiceShown:
    """Return one of the things that a form can be about."""
    about = ". ".join(each for each in (choice.group.rstrip("."), choice.hint) if each)
    return ChoiceShown(text=choice.text, about=about, fields=dict(choice.query))


def field_shown(field: ChangeField) -> FieldShown:
    """Return a field with what stands in it."""
    options = [OptionShown(value=each.value, text=each.text) for each in field.items]
    value: str | list[str] | list[dict[str, str]] = field.value
    if field.control is Control.BOXES:
        prefix = box_name(field.name, "")
        words = {each.name.removeprefix(prefix): each for each in field.boxes}
        options = [OptionShown(value=name, text=box.text) for name, box in words.items()]
        value = [name for name, box in words.items() if box.is_on]
    elif field.control is Control.BELLS:
        value = [{"at": row.at, "period": row.period} for row in field.rows if row.at]
    return FieldShown(
        name=field.name,
        control=field.control,
        label=field.label,
        hint=field.hint,
        options=options,
        value=value,
    )
