"""
JSON Schemas of the rule files, for editors: made of what the readers accept.

The ids that the shipped files define are offered for completion; any other id is let pass, as a
school may add services of its own. `schoolgate check-rules` tells a misspelt one.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schoolgate_policyd.rulefiles.kinds import FileKind, file_readers
from schoolgate_policyd.rulefiles.meanings import MEANINGS
from schoolgate_policyd.rulefiles.survey import Schema, schema_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NOT_WORD = re.compile(r"[^a-z0-9]+")


def schemas(rules_dir: Path) -> Mapping[FileKind, Schema]:
    """Return the schema of each kind of file; ids known are those in *rules_dir*."""
    readers = file_readers(rules_dir)
    return {kind: _with_definitions(schema_of(read)) for kind, read in readers.items()}


def schema_file(kind: FileKind) -> str:
    """Return the name of the file that the schema of *kind* is kept in."""
    return f"{kind}.schema.json"


def _with_definitions(schema: Schema) -> Schema:
    """Return *schema* with every titled one in it moved to `$defs`."""
    definitions: dict[str, Schema] = {}
    root = _form(schema, definitions)
    return {"$schema": DIALECT, **root, "$defs": dict(sorted(definitions.items()))}


def _moved(schema: Any, definitions: dict[str, Schema]) -> Any:  # noqa: ANN401 - any JSON
    match schema:
        case list():
            return [_moved(each, definitions) for each in schema]
        case {"title": title}:
            name = _NOT_WORD.sub("-", title.lower()).strip("-")
            found = _form(schema, definitions)
            if definitions.setdefault(name, found) != found:
                raise ValueError(f"there are two forms called `{title}`: name one otherwise")
            return {"$ref": f"#/$defs/{name}"}
        case dict():
            return {key: _moved(each, definitions) for key, each in schema.items()}
        case _:
            return schema


def _form(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    """Return a definition with what it consists of moved, and the meanings of its keys."""
    found = {key: _moved(each, definitions) for key, each in schema.items() if key != "properties"}
    if "properties" not in schema:
        return found
    meanings = MEANINGS.get(schema["title"], {})
    found["properties"] = {
        key: _moved(each, definitions)
        | ({"description": meanings[key]} if key in meanings else {})
        for key, each in schema["properties"].items()
    }
    if not found["required"]:
        del found["required"]
    return found
