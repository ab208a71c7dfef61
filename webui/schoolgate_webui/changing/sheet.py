"""The fields of one form of a change, what was entered into them, and what is wrong there."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import time
from enum import StrEnum
from types import MappingProxyType

import msgspec

from schoolgate_policyd.drafting.changes import Change
from schoolgate_policyd.rulefiles import Preset
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.people import SchoolClass
from schoolgate_webui.changing.fields import BellRow, Box, ChangeField, Control, Item

_TIME = re.compile(r"(\d{1,2})[:.](\d{2})", re.ASCII)
_ON = "yes"


class Asked(msgspec.Struct, frozen=True):
    """
    What a form is about: a draft as it stands, and what is in the address or was entered.

    *texts* are the draft's files by path.
    """

    preset: Preset
    texts: Mapping[str, str]
    classes: tuple[SchoolClass, ...]
    values: Mapping[str, str]
    invalid: InvalidForm | None = None

    def get(self, name: str) -> str:
        """Return what stands under *name*, nothing if nothing does."""
        return self.values.get(name, "")

    @property
    def is_entered(self) -> bool:
        """Whether somebody sent the form: then what stands in it is theirs."""
        return "shown" in self.values


class Sheet:
    """Makes the fields of a form; *found* are values for a form that nobody has sent yet."""

    def __init__(self, asked: Asked, found: Mapping[str, str] = MappingProxyType({})) -> None:
        self._asked = asked
        self._values = asked.values if asked.is_entered else {**found, **asked.values}

    def line(self, name: str, label: str, hint: str = "") -> ChangeField:
        """Return a field for a line of text."""
        return self._field(Control.LINE, name, label, hint)

    def text(self, name: str, label: str, hint: str = "") -> ChangeField:
        """Return a field for some lines."""
        return self._field(Control.TEXT, name, label, hint)

    def code(self, name: str, label: str, hint: str = "") -> ChangeField:
        """Return a field for a whole file."""
        return self._field(Control.CODE, name, label, hint)

    def day(self, name: str, label: str, hint: str = "") -> ChangeField:
        """Return a field for a date."""
        return self._field(Control.DAY, name, label, hint)

    def time(self, name: str, label: str, hint: str = "") -> ChangeField:
        """Return a field for a time of day."""
        return self._field(Control.TIME, name, label, hint)

    def hidden(self, name: str) -> ChangeField:
        """Return what the form is about, which nobody enters."""
        return self._field(Control.HIDDEN, name, "", "")

    def select(self, name: str, label: str, items: Iterable[Item], hint: str = "") -> ChangeField:
        """Return a long list to choose from."""
        return self._field(Control.SELECT, name, label, hint, items=tuple(items))

    def radios(self, name: str, label: str, items: Iterable[Item], hint: str = "") -> ChangeField:
        """Return a few things to choose one of."""
        return self._field(Control.RADIOS, name, label, hint, items=tuple(items))

    def boxes(self, name: str, label: str, items: Iterable[Item], hint: str = "") -> ChangeField:
        """Return things to choose any of."""
        boxes = tuple(
            Box(
                f"{name}-{item.value}",
                box_name(name, item.value),
                item.text,
                self._values.get(box_name(name, item.value), "") == _ON,
            )
            for item in items
        )
        return self._field(Control.BOXES, name, label, hint, boxes=boxes)

    def bells(
        self, name: str, label: str, items: Iterable[Item], *, at_least: int, at_most: int
    ) -> ChangeField:
        """Return rows of a time and the period that begins at it: two more than are filled in."""
        filled = [n for n in range(1, at_most + 1) if self._values.get(f"{name}{n}_at")]
        count = min(max(at_least, max(filled, default=0) + 2), at_most)
        rows = tuple(
            BellRow(
                f"{name}{n}_at",
                self._values.get(f"{name}{n}_at", ""),
                f"{name}{n}_is",
                self._values.get(f"{name}{n}_is", ""),
            )
            for n in range(1, count + 1)
        )
        return self._field(Control.BELLS, name, label, "", items=tuple(items), rows=rows)

    def _field(
        self,
        control: Control,
        name: str,
        label: str,
        hint: str,
        *,
        items: tuple[Item, ...] = (),
        boxes: tuple[Box, ...] = (),
        rows: tuple[BellRow, ...] = (),
    ) -> ChangeField:
        invalid = self._asked.invalid
        return ChangeField(
            control=control,
            name=name,
            label=label,
            hint=hint,
            value=self._values.get(name, ""),
            error="" if invalid is None else invalid.message_for(name) or "",
            items=items,
            boxes=boxes,
            rows=rows,
        )


def box_name(name: str, value: str) -> str:
    """Return the name of the checkbox for *value* of the field *name*."""
    return f"{name}:{value}"


def ticked(name: str, values: Iterable[str]) -> dict[str, str]:
    """Return what stands in a form whose checkboxes for *values* are on."""
    return {box_name(name, value): _ON for value in values}


def items_of[E: StrEnum](kind: type[E], words: Mapping[E, str]) -> tuple[Item, ...]:
    """Return every member of *kind* as a choice, by its *words*."""
    return tuple(Item(each.value, _capital(words[each])) for each in kind if each in words)


class Reading:
    """What was entered, read field by field; mistakes are gathered."""

    def __init__(self, asked: Asked, fields: Iterable[ChangeField]) -> None:
        names = tuple(name for field in fields for name in field.names)
        self._asked = asked
        self._entry = Entry(asked.values, names)
        self.mistake = self._entry.mistake
        self.line = self._entry.line
        self.text = self._entry.text
        self.day = self._entry.day
        self.choice = self._entry.choice

    def raise_mistakes(self) -> None:
        """Raise InvalidForm if there was any."""
        self._entry.raise_mistakes()

    def has(self, name: str) -> bool:
        """Whether anything stands in the field."""
        return bool(self._asked.get(name).strip())

    def optional_line(self, name: str) -> str | None:
        """Return the line in the field, None where it is empty."""
        return self._entry.line(name, "") if self.has(name) else None

    def chosen[E: StrEnum](self, name: str, kind: type[E], missing: str = "") -> frozenset[E]:
        """Return what was ticked; *missing* is what to say where something must be."""
        found = frozenset(each for each in kind if self.is_on(name, each.value))
        if missing and not found:
            self.mistake(name, missing)
        return found

    def chosen_of(self, name: str, values: Iterable[str]) -> frozenset[str]:
        """Return which of *values* were ticked."""
        return frozenset(each for each in values if self.is_on(name, each))

    def is_on(self, name: str, value: str) -> bool:
        """Whether one checkbox was ticked."""
        return self._asked.get(box_name(name, value)) == _ON

    def one_of(self, name: str, values: Iterable[str], missing: str) -> str:
        """Return which of *values* was chosen; nothing after noting a mistake."""
        return self.choice(name, {each: each for each in values}, missing) or ""

    def time(self, name: str, missing: str, field: str | None = None) -> time | None:
        """Return the time of day in *name*; a mistake is noted at *field*, else there."""
        raw = self._asked.get(name).strip()
        if not raw:
            self.mistake(field or name, missing)
            return None
        found = clock_in(raw)
        if found is None:
            self.mistake(field or name, "Enter a time like 10:45.")
        return found


def clock_in(text: str) -> time | None:
    """Return the time of day that *text* is, if it is one."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    try:
        return time(int(found[1]), int(found[2]))
    except ValueError:
        return None


class Choice(msgspec.Struct, frozen=True):
    """What a form can be about, to be chosen first; *query* leads to it."""

    text: str
    query: Mapping[str, str]
    hint: str = ""
    group: str = ""


class Form(msgspec.Struct, frozen=True):
    """
    One kind of change.

    *choices* are to be chosen of first, while *about* is not in the address. *read* raises
    InvalidForm by way of the reading's mistakes.
    """

    title: str
    intro: str
    fields: Callable[[Asked], tuple[ChangeField, ...]]
    read: Callable[[Asked, Reading], tuple[Change, ...]]
    about: str = ""
    choices: Callable[[Asked], tuple[Choice, ...]] = lambda _: ()
    button: str = "Put it into the draft"
    heading: Callable[[Asked], str] = lambda _: ""


def read_changes(form: Form, asked: Asked) -> tuple[Change, ...]:
    """Return what was entered into *form*. Raises InvalidForm with every mistake."""
    reading = Reading(asked, form.fields(asked))
    changes = form.read(asked, reading)
    reading.raise_mistakes()
    return changes


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
