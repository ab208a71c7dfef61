"""
Edits of one section of a rule file: a top-level key with what stands under it.

Only that section is written anew, with its comments; every other line stays as it is, so that a
comparison of two versions shows what was changed and nothing else.
"""

import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from schoolgate_policyd.drafting.errors import ChangeRefused
from schoolgate_policyd.rulefiles.mistakes import MistakeBook
from schoolgate_policyd.rulefiles.nodes import ListNode, MappingNode, parse_nodes

type Edit = Callable[[CommentedMap], None]

_WIDTH = 99


class _TextsAlone(VersionedResolver):
    """Takes every scalar for a text, as rule files do: `true` is written back as `true`."""

    @property
    def versioned_resolver(self) -> dict[Any, Any]:
        """No scalar means anything but itself."""
        return {}


def edited(text: str, key: str, edit: Edit) -> str:
    """
    Return *text* with the section *key* as *edit* left it; one that is missing begins empty.

    *edit* is given a mapping that holds that key alone. *text* is one without mistakes.
    """
    lines = text.splitlines(keepends=True)
    span = _span(text, key)
    yaml = _yaml()
    if span is None:
        section, start, end = CommentedMap(), len(lines), len(lines)
    else:
        start, end = span
        section = yaml.load("".join(lines[start:end]))
    edit(section)
    written = io.StringIO()
    if section:
        yaml.dump(section, written)
    opening = "".join(lines[:start])
    gap = "\n" if span is None and opening and not opening.endswith("\n\n") else ""
    return opening + gap + written.getvalue() + "".join(lines[end:])


def with_item(text: str, key: str, item: str) -> str:
    """Return *text* with the block *item* as the last of the list under *key*."""
    span = _span(text, key)
    lines = text.splitlines(keepends=True)
    if span is None:
        return f"{text.rstrip()}\n\n{key}:\n{item}"
    _require_block_list(text, key)
    head = "".join(lines[: span[1]])
    head = head if head.endswith("\n") else f"{head}\n"
    return f"{head}\n{item}{''.join(lines[span[1] :])}"


def without_item(text: str, key: str, position: int) -> str:
    """Return *text* without an item of the list under *key*, and without its own comment."""
    items = _require_block_list(text, key)
    span = _span(text, key)
    if span is None or not 0 <= position < len(items.items):
        raise ChangeRefused(f"There is no such item under `{key}`.")
    lines = text.splitlines(keepends=True)
    start = _comment_start(lines, items.items[position].place.line - 1)
    is_last = position + 1 == len(items.items)
    end = span[1] if is_last else _comment_start(lines, items.items[position + 1].place.line - 1)
    kept = "".join(lines[:start])
    return (f"{kept.rstrip()}\n" if is_last else kept) + "".join(lines[end:])


def flow(values: Iterable[str]) -> CommentedSeq:
    """Return a list as it stands in a line: `[break, lunch]`."""
    listed = CommentedSeq(values)
    listed.fa.set_flow_style()
    return listed


def flow_mapping(entries: dict[str, Any]) -> CommentedMap:
    """Return a mapping as it stands in a line: `{at: "08:50", period: lesson}`."""
    mapping = CommentedMap(entries)
    mapping.fa.set_flow_style()
    return mapping


def quoted(text: str) -> str:
    """Return *text* to be written in quotation marks."""
    marked: str = DoubleQuotedScalarString(text)
    return marked


def written(value: object) -> str:
    """Return *value* as it is written in one line of YAML."""
    stream = io.StringIO()
    yaml = _yaml()
    yaml.width = 100_000
    yaml.dump(value, stream)
    return stream.getvalue().removesuffix("...\n").strip()


def _yaml() -> YAML:
    yaml = YAML(typ="rt", pure=True)
    yaml.Resolver = _TextsAlone
    yaml.width = _WIDTH
    yaml.preserve_quotes = True
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _root(text: str) -> MappingNode:
    book = MistakeBook()
    node = parse_nodes(text, Path("policy"), book)
    if not isinstance(node, MappingNode) or book.mistakes():
        raise ChangeRefused("The file has mistakes: correct them first.")
    return node


def _span(text: str, key: str) -> tuple[int, int] | None:
    """Return the lines [start, end) of the section *key*, without comments of the next one."""
    root = _root(text)
    if key not in root.key_places:
        return None
    lines = text.splitlines(keepends=True)
    start = root.key_places[key].line - 1
    later = [place.line - 1 for place in root.key_places.values() if place.line - 1 > start]
    end = _comment_start(lines, min(later)) if later else len(lines)
    if root.key_places[key].column != 1 or any(line == start for line in later):
        raise ChangeRefused("The file is written in one line: begin each key on its own.")
    while end > start + 1 and not lines[end - 1].strip():
        end -= 1
    return start, end


def _comment_start(lines: list[str], line: int) -> int:
    """Return the first of the comment lines that stand right above *line*."""
    while line > 0 and lines[line - 1].lstrip().startswith("#"):
        line -= 1
    return line


def _require_block_list(text: str, key: str) -> ListNode:
    node = _root(text).entries.get(key)
    if not isinstance(node, ListNode):
        raise ChangeRefused(f"There is no list under `{key}`.")
    lines = text.splitlines()
    for item in node.items:
        before = lines[item.place.line - 1][: item.place.column - 1]
        if before.strip() != "-":
            raise ChangeRefused(f"The items under `{key}` must each begin on a line of their own.")
    return node
