"""
Rule files as an editor reads them, and mutations of them.

`as_edited` gives the JSON that a schema is held against; `mutated` drops, doubles, swaps and
replaces parts of it.
"""

import copy
import json
import random
import re
from typing import Any

from schoolgate_policyd.rulefiles.nodes import ListNode, Node, TextNode

# YAML 1.2's core schema, which editors go by: a date is a text there.
_WHOLE = re.compile(r"[-+]?[0-9]+\Z", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z", re.ASCII)
_TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False}
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})

type Json = Any
"""What `json` gives; a rule file may hold anything."""

REPLACEMENTS: tuple[Any, ...] = (
    *(
        "",
        " ",
        "zzz",
        "pupil",
        "tiktok",
        "vpn",
        "everything",
        "social-media",
        "Not-An-Id",
        "a" * 3000,
    ),
    *(0, 1, -1, 13, 14, 99999999999, 1.5, True, False, None, [], {}, [[]], [{}], ["x", "x"]),
    *("2026-02-30", "2026-09-01", "9999-12-31", "08:50", "24:00", "08:30-16:00", "Europe/London"),
    *(
        "com",
        "co.uk",
        "vpn.example.org",
        "nordvpn.com",
        "xn--a",
        "1.2.3.4",
        "::1",
        "a..b",
        "ß.example",
    ),
    *(
        "*.youtube.com",
        "youtube.com/watch",
        "https://x/",
        "a\u0000b",
        "\u202e",
        "\ud7ff",
        "é" * 40,
    ),
    *({"audience": "pupil"}, {"audience": ["staff", "visitor"]}, {"zzz": 1}, [0, 13], [3, 1]),
    *(
        "baseline",
        "curriculum-grant",
        "allow",
        "depends",
        "closed",
        "../etc/passwd",
        "&a",
        "*a",
        "!x",
    ),
)


def as_edited(node: Node) -> Json:
    """Return what an editor takes *node* for."""
    if isinstance(node, TextNode):
        return _scalar(node.text) if node.is_plain else node.text
    if isinstance(node, ListNode):
        return [as_edited(item) for item in node.items]
    return {key: as_edited(value) for key, value in node.entries.items()}


def _scalar(text: str) -> Json:
    if text in _TRUTHS:
        return _TRUTHS[text]
    if text in _NOTHING:
        return None
    if _WHOLE.match(text):
        return int(text)
    return float(text) if _FLOAT.match(text) else text


def as_text(document: Json) -> str:
    """Return *document* as a rule file; JSON is YAML."""
    return json.dumps(document, ensure_ascii=False)


def paths_in(document: Json, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of everything in *document*."""
    found = [path]
    if isinstance(document, dict):
        steps = list(document.items())
    else:
        steps = list(enumerate(document)) if isinstance(document, list) else []
    for step, value in steps:
        found.extend(paths_in(value, (*path, step)))
    return found


def at(document: Json, path: tuple[Any, ...]) -> Json:
    """Return what stands at *path*."""
    for step in path:
        document = document[step]
    return document


def mutated(document: Json, rng: random.Random) -> Json:
    """Return *document* with one to three parts dropped, doubled, swapped or replaced."""
    document = copy.deepcopy(document)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        paths = [path for path in paths_in(document) if path]
        if paths:
            _mutate(document, rng.choice(paths), paths, rng)
    return document


def _mutate(
    document: Json, path: tuple[Any, ...], paths: list[tuple[Any, ...]], rng: random.Random
) -> None:
    parent, step = at(document, path[:-1]), path[-1]
    match rng.randrange(6):
        case 0:
            del parent[step]
        case 1 if isinstance(parent, list):
            parent.insert(rng.randrange(len(parent) + 1), copy.deepcopy(parent[step]))
        case 2:
            parent[step] = copy.deepcopy(at(document, rng.choice(paths)))
        case 3 if isinstance(parent, dict):
            parent[rng.choice(("zzz", "ours", "unless", "for", "locked", str(step) + "s"))] = (
                parent.pop(step)
            )
        case 4:
            parent[step] = [parent[step]]
        case _:
            parent[step] = copy.deepcopy(rng.choice(REPLACEMENTS))
