"""
What readers accept, asked of the readers themselves.

A reader that is given a `Survey` where a node would stand notes in it what it accepts, and
returns None as for a mistaken node. So one declaration gives both: what a rule file may say, and
the JSON Schema that editors complete and check it by. A reader without a mark of its own accepts
what the readers it calls accept, so a schema is at most too wide, never too narrow.
"""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, cast

from schoolgate_policyd.rulefiles.mistakes import MistakeBook, Place

type Schema = dict[str, Any]
"""A JSON Schema (2020-12); one with a `title` is a definition of its own."""

type _Reader[T] = Callable[[Any, MistakeBook], T | None]


@dataclass(slots=True)
class Survey:
    """
    Asks a reader what it accepts.

    Asked whether a mapping has a key, it says that it has all or none: a reader may ask for
    other keys in either case.
    """

    place: ClassVar[Place] = Place(Path("survey"))

    has_all_keys: bool = False
    accepted: list[Schema] = field(default_factory=list)


def accepts[R: _Reader[Any]](schema: Schema | Callable[[], Schema]) -> Callable[[R], R]:
    """Mark a reader with what it accepts, or with how to find that out."""

    def mark(read: R) -> R:
        @functools.wraps(read)
        def marked(node: Any, book: MistakeBook) -> Any:  # noqa: ANN401 - as *read* has it
            if isinstance(node, Survey):
                node.accepted.append(schema() if callable(schema) else schema)
                return None
            return read(node, book)

        return cast("R", marked)

    return mark


def schema_of(read: _Reader[Any]) -> Schema:
    """Return what *read* accepts."""
    accepted: list[Schema] = []
    for has_all_keys in (False, True):
        survey = Survey(has_all_keys)
        read(survey, MistakeBook())
        accepted.extend(survey.accepted)
    return any_of(accepted)


def any_of(schemas: Iterable[Schema]) -> Schema:
    """Return what accepts whatever one of *schemas* accepts; forms with one title become one."""
    forms: dict[str, Schema] = {}
    found: list[Schema] = []
    for schema in schemas:
        if "properties" not in schema:
            # An empty one is that of a key which was not asked for.
            if schema and schema not in found:
                found.append(schema)
            continue
        title = schema["title"]
        forms[title] = _joined(forms[title], schema) if title in forms else schema
    found.extend(forms.values())
    return found[0] if len(found) == 1 else {"anyOf": found} if found else {}


def _joined(form: Schema, other: Schema) -> Schema:
    """Return a form with the keys of both, which requires what both require."""
    keys = dict.fromkeys([*form["properties"], *other["properties"]])
    properties = {
        key: any_of(
            [each["properties"][key] for each in (form, other) if key in each["properties"]]
        )
        for key in keys
    }
    required = [key for key in form["required"] if key in other["required"]]
    return {**form, "properties": properties, "required": required}
