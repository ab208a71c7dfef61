"""Forms of the school's register: fields with what was entered, mistakes, and where they go."""

from collections.abc import Iterable, Mapping

import msgspec

from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_webui.changing.fields import Box, ChangeField, Control, Item
from schoolgate_webui.views.fields import labelled


class Link(msgspec.Struct, frozen=True):
    """Where to go, in words."""

    href: str
    text: str


class SchoolForm(msgspec.Struct, frozen=True):
    """
    A page with one form; *hidden* are fields that nobody enters.

    *warning* is what to know before sending. *now* says how it stands after somebody else changed
    it.
    """

    title: str
    action: str
    fields: tuple[ChangeField, ...]
    button: str
    back: Link
    intro: tuple[str, ...] = ()
    hidden: tuple[tuple[str, str], ...] = ()
    mistakes: tuple[dict[str, str], ...] = ()
    warning: str = ""
    now: tuple[str, ...] = ()
    is_final: bool = False


class Sheet:
    """
    Makes the fields of a form.

    *values* stand in it before anything was entered; *entered* wins where it is not None.
    """

    def __init__(
        self,
        values: Mapping[str, str],
        entered: Mapping[str, str] | None = None,
        invalid: InvalidForm | None = None,
    ) -> None:
        self.values = values if entered is None else entered
        self._invalid = invalid

    def line(self, name: str, label: str, hint: str = "") -> ChangeField:
        """Return a field for a line of text."""
        return self._field(Control.LINE, name, label, hint)

    def text(self, name: str, label: str, hint: str = "") -> ChangeField:
        """Return a field for some lines."""
        return self._field(Control.TEXT, name, label, hint)

    def code(self, name: str, label: str, hint: str = "") -> ChangeField:
        """Return a field for many lines that are a table."""
        return self._field(Control.CODE, name, label, hint)

    def day(self, name: str, label: str, hint: str = "") -> ChangeField:
        """Return a field for a date."""
        return self._field(Control.DAY, name, label, hint)

    def select(self, name: str, label: str, items: Iterable[Item], hint: str = "") -> ChangeField:
        """Return a long list to choose from."""
        return self._field(Control.SELECT, name, label, hint, items=tuple(items))

    def radios(self, name: str, label: str, items: Iterable[Item], hint: str = "") -> ChangeField:
        """Return a few things to choose one of."""
        return self._field(Control.RADIOS, name, label, hint, items=tuple(items))

    def boxes(self, name: str, label: str, items: Iterable[Item], hint: str = "") -> ChangeField:
        """Return things to choose any of; each item's value is the name of its box."""
        boxes = tuple(
            Box(each.value, each.value, each.text, bool(self.values.get(each.value)))
            for each in items
        )
        return self._field(Control.BOXES, name, label, hint, boxes=boxes)

    def _field(
        self,
        control: Control,
        name: str,
        label: str,
        hint: str,
        *,
        items: tuple[Item, ...] = (),
        boxes: tuple[Box, ...] = (),
    ) -> ChangeField:
        return ChangeField(
            control=control,
            name=name,
            label=label,
            hint=hint,
            value=self.values.get(name, ""),
            error=self._error(name),
            items=items,
            boxes=boxes,
        )

    def _error(self, name: str) -> str:
        return "" if self._invalid is None else self._invalid.message_for(name) or ""


def mistakes_of(fields: Iterable[ChangeField]) -> tuple[dict[str, str], ...]:
    """Return every mistake in the form's order, for the summary at the top."""
    return tuple(
        {"text": labelled(field.label, field.error), "href": f"#{field.id}"}
        for field in fields
        if field.error
    )


STALE = (
    "Somebody else changed this since you opened the page. What you entered is kept below, and "
    "above it stands what it says now. Send it again to put yours in its place."
)


def stale_mistake() -> dict[str, str]:
    """Return the mistake of a form that was opened before somebody else's change."""
    return {"text": STALE, "href": "#now"}
