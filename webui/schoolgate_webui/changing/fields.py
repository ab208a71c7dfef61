"""One field of the form of a change, as a template prints it."""

from enum import StrEnum

import msgspec

from schoolgate_webui.views.fields import Option, day_input_type

# An empty field is one for a date.
_A_DAY = "2026-11-20"


class Control(StrEnum):
    """How a field is entered; the template has a branch for each."""

    LINE = "line"
    TEXT = "text"
    CODE = "code"
    DAY = "day"
    TIME = "time"
    SELECT = "select"
    RADIOS = "radios"
    BOXES = "boxes"
    BELLS = "bells"
    HIDDEN = "hidden"


class Item(msgspec.Struct, frozen=True):
    """One of the choices of a field; *group* is the heading above it in a long list."""

    value: str
    text: str
    hint: str = ""
    group: str = ""


class Box(msgspec.Struct, frozen=True):
    """A checkbox: each has a name of its own, so that no two entries share one."""

    id: str
    name: str
    text: str
    is_on: bool


class BellRow(msgspec.Struct, frozen=True):
    """A time and the period that begins at it."""

    at_name: str
    at: str
    is_name: str
    period: str


class ChangeField(msgspec.Struct, frozen=True):
    """A field as a template prints it."""

    control: Control
    name: str
    label: str
    hint: str = ""
    value: str = ""
    error: str = ""
    items: tuple[Item, ...] = ()
    boxes: tuple[Box, ...] = ()
    rows: tuple[BellRow, ...] = ()

    @property
    def id(self) -> str:
        """The id that the summary of mistakes leads to: of the first thing to enter."""
        if self.boxes:
            return self.boxes[0].id
        return self.rows[0].at_name if self.rows else self.name

    @property
    def options(self) -> list[dict[str, object]]:
        """The items as GOV.UK's components take them."""
        # To a component an empty value is none: the item that has it says that it is chosen.
        return [
            Option(each.value, each.text, each.hint).printed()
            | ({"checked": True} if each.value == self.value == "" else {})
            for each in self.items
        ]

    @property
    def input_type(self) -> str:
        """The type of the input, one that keeps the value even when it is absurd."""
        is_day = self.control is Control.DAY
        return day_input_type(self.value or _A_DAY) if is_day else "text"

    @property
    def prompt(self) -> str:
        """What a list says while nothing of it is chosen."""
        return next((each.text for each in self.items if not each.value), "Choose")

    @property
    def groups(self) -> tuple[tuple[str, tuple[Item, ...]], ...]:
        """The items beneath their headings, in order."""
        found: dict[str, list[Item]] = {}
        for item in self.items:
            if item.value:
                found.setdefault(item.group, []).append(item)
        return tuple((name, tuple(items)) for name, items in found.items())

    @property
    def names(self) -> tuple[str, ...]:
        """The names under which something may be entered, the field's own first."""
        rows = (name for row in self.rows for name in (row.at_name, row.is_name))
        return (self.name, *(box.name for box in self.boxes), *rows)
