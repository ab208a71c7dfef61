"""Fields of forms as templates print them: the entry kept, the mistake beside it."""

from collections.abc import Mapping

import msgspec

from schoolgate_policyd.workflow.errors import InvalidForm


class Field(msgspec.Struct, frozen=True):
    """One field; *error* is empty where there is no mistake."""

    id: str
    name: str
    label: str
    value: str = ""
    error: str = ""


class Option(msgspec.Struct, frozen=True):
    """One of the choices of a field."""

    value: str
    text: str
    hint: str = ""

    def printed(self) -> dict[str, object]:
        """Return the option as GOV.UK's components take it."""
        item: dict[str, object] = {"value": self.value, "text": self.text}
        if self.hint:
            item["hint"] = {"text": self.hint}
        return item


class Form:
    """
    The fields of one form by name.

    *labels* are in the form's order; *values* what stands in the fields; *invalid* the mistakes
    found in them, whose kept entries win. *prefix* tells two forms on a page apart.
    """

    def __init__(
        self,
        labels: Mapping[str, str],
        values: Mapping[str, str],
        invalid: InvalidForm | None = None,
        prefix: str = "",
    ) -> None:
        entry = dict(values) if invalid is None else {**values, **invalid.entry}
        self._fields = {
            name: Field(
                id=f"{prefix}{name}",
                name=name,
                label=label,
                value=entry.get(name, ""),
                error="" if invalid is None else invalid.message_for(name) or "",
            )
            for name, label in labels.items()
        }

    def __getitem__(self, name: str) -> Field:
        return self._fields[name]

    @property
    def mistakes(self) -> list[dict[str, str]]:
        """Every mistake in the form's order, for the summary at the top, with its field."""
        return [summary_of(field) for field in self._fields.values() if field.error]


def summary_of(field: Field) -> dict[str, str]:
    """Return the line of a field with a mistake in the summary at the top, which leads to it."""
    return {"text": labelled(field.label, field.error), "href": f"#{field.id}"}


def labelled(label: str, message: str) -> str:
    """Return *message* after the field's *label*, for where it does not stand beside it."""
    # A question has its mark already.
    return f"{label} {message}" if label.endswith("?") else f"{label}: {message}"


def date_input_type(value: str) -> str:
    """Return the type of a date-and-time input that keeps *value* even when it is absurd."""
    day, _, clock = value.partition("T")
    is_whole = len(day) == len("2026-11-20") and len(clock) == len("10:30")
    return "datetime-local" if is_whole or not value else "text"


def day_input_type(value: str) -> str:
    """Return the type of a date input that keeps *value* even when it is absurd."""
    return "date" if len(value) == len("2026-11-20") and value[4:5] == "-" else "text"
