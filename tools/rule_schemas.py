"""
Write what is generated from the readers of rule files: the schemas, and the page's tables.

    python tools/rule_schemas.py [--check]

With `--check` nothing is written, and the status is 1 if something is out of date.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from schoolgate_policyd.rulefiles.kinds import FileKind
from schoolgate_policyd.rulefiles.schemas import schema_file, schemas

ROOT = Path(__file__).parents[1]
RULES = ROOT / "rules"
PAGE = ROOT / "docs" / "policy-language.md"
# On the page, `<!-- keys: a rule -->` stands before the table of a form's keys.
_TABLE = re.compile(r"(<!-- keys: ([a-z' -]+) -->\n)(?:\|.*\n)*")


# What the definitions of all schemas are called.
TITLES: dict[str, str] = {}


def texts() -> Iterator[tuple[Path, str]]:
    """Yield each generated file with the text that it must have."""
    made = schemas(RULES)
    for kind, schema in made.items():
        text = json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
        yield RULES / "schema" / schema_file(kind), text
    if PAGE.is_file():
        forms = forms_of(made)
        for schema in made.values():
            TITLES.update({name: each["title"] for name, each in schema["$defs"].items()})
        page = PAGE.read_text(encoding="utf-8")
        yield PAGE, _TABLE.sub(lambda found: found[1] + table(forms[found[2]]), page)


def forms_of(made: Mapping[FileKind, Any]) -> dict[str, dict[str, Any]]:
    """Return every form with keys, by its title."""
    every = [each for schema in made.values() for each in (schema, *schema["$defs"].values())]
    return {form["title"]: form for form in every if "properties" in form}


def table(form: Mapping[str, Any]) -> str:
    """Return the table of a form's keys."""
    lines = ["| key | takes | meaning |", "|---|---|---|"]
    for key, schema in form["properties"].items():
        name = f"**`{key}`**" if key in form.get("required", ()) else f"`{key}`"
        lines.append(f"| {name} | {taken(schema)} | {schema.get('description', '')} |")
    return "\n".join(lines) + "\n"


def taken(schema: Mapping[str, Any]) -> str:
    """Return in words what *schema* accepts."""
    match schema:
        case {"$ref": ref}:
            words = TITLES[str(ref).rpartition("/")[2]]
        case {"enum": members}:
            words = " or ".join(f"`{member}`" for member in members)
        case {"type": "boolean"}:
            words = "`true` or `false`"
        case {"type": ["integer", "string"], "minimum": low, "maximum": high}:
            words = f"a whole number from {low} to {high}"
        case {"type": "array", "maxItems": 2, "items": item}:
            words = f"`[first, last]`, each {taken(item)}"
        case {"type": "array", "items": item}:
            words = f"a list, each {taken(item)}"
        case {"anyOf": [*several]}:
            words = _one_of(several)
        case {"pattern": _}:
            words = "a text"
        case _:
            raise ValueError(f"no words for {schema}")
    return words


def _one_of(several: list[Any]) -> str:
    items = [each["items"] for each in several if each.get("type") == "array"]
    alone = [each for each in several if each.get("type") != "array"]
    if items and items == alone:
        return f"{taken(items[0])}, or a list of them"
    return ", or ".join(taken(each) for each in several)


def main() -> int:
    """Write or check every generated file."""
    stale = [
        (path, text)
        for path, text in texts()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    for path, text in stale:
        print(path.relative_to(ROOT))
        if "--check" not in sys.argv[1:]:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return 1 if stale and "--check" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
