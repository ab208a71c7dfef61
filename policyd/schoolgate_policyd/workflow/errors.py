"""
The tree of errors that workflows raise; each message is a sentence for the person at the page.

    SchoolgateError
    └── WorkflowError
        ├── NotAllowed      this person may not do this
        ├── WrongState      it was decided, withdrawn or over before
        ├── OpensNothing    a grant that would open nothing is not signed
        ├── Stale           somebody else changed it since the form was opened
        └── InvalidForm     mistakes in fields, all of them at once
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from schoolgate_policyd.core.errors import SchoolgateError


class WorkflowError(SchoolgateError):
    """The root of what workflows refuse."""


class NotAllowed(WorkflowError):  # noqa: N818 - named after what it says, as the pages do
    """This person may not do this."""


class WrongState(WorkflowError):  # noqa: N818 - see NotAllowed
    """The request, grant or permission is no longer, or not yet, in a state for this."""


class OpensNothing(WorkflowError):  # noqa: N818 - see NotAllowed
    """A grant was not signed because nothing would open."""


class Stale(WorkflowError):  # noqa: N818 - see NotAllowed
    """Somebody else changed it since the form was opened: nothing was written over."""


class FieldMistake(msgspec.Struct, frozen=True):
    """What is wrong with one field, as a sentence beside it."""

    field: str
    message: str


class InvalidForm(WorkflowError):  # noqa: N818 - see NotAllowed
    """
    A form has mistakes, in the order of its fields.

    *entry* is what was typed, cut to what fields may hold; passwords are never kept in it.
    """

    def __init__(self, mistakes: tuple[FieldMistake, ...], entry: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{each.field}: {each.message}" for each in mistakes))
        self.mistakes = mistakes
        self.entry: Mapping[str, str] = MappingProxyType(dict(entry))

    def message_for(self, field: str) -> str | None:
        """Return the first mistake of *field*, if it has one."""
        return next((each.message for each in self.mistakes if each.field == field), None)


def mistake_in(field: str, message: str) -> InvalidForm:
    """Return the error of a form whose one mistake is in *field*."""
    return InvalidForm((FieldMistake(field, message),), {})


def required(field: str, text: str, missing: str = "Give the reasons.") -> str:
    """Return *text* without blanks around it; where nothing is left, raise what is *missing*."""
    stripped = text.strip()
    if not stripped:
        raise mistake_in(field, missing)
    return stripped
