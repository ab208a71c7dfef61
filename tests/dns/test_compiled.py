"""What is compiled, where it is, and what may not be."""

import ast
import gc
import os
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from schoolgate_dns.messages.usual import query_of
from schoolgate_dns.outcome import Outcome
from schoolgate_dns.tunnels.below import Below

ROOT = Path(__file__).parents[2]
BUILD = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
MODULES: list[str] = BUILD["targets"]["wheel"]["hooks"]["custom"]["modules"]


@pytest.mark.skipif(
    "SCHOOLGATE_COMPILED" not in os.environ, reason="nothing is compiled here: make test-compiled"
)
def test_the_modules_that_are_tested_are_the_compiled_ones() -> None:
    names = [path.removeprefix("dns/").removesuffix(".py").replace("/", ".") for path in MODULES]

    assert [] == [
        name for name in names if not (import_module(name).__file__ or "").endswith(".so")
    ]


@pytest.mark.skipif(
    "SCHOOLGATE_COMPILED" in os.environ, reason="what is compiled comes first here, as it is to"
)
def test_a_checkout_is_used_as_it_stands() -> None:
    import_module("schoolgate_dns.answering")

    assert [] == [
        module.__file__
        for name, module in sys.modules.items()
        if name.startswith("schoolgate_") and (module.__file__ or "").endswith(".so")
    ]


@pytest.mark.parametrize("path", MODULES)
def test_no_value_is_defined_where_it_is_compiled(path: str) -> None:
    """There a Struct's `frozen` and `gc` are passed over without a word."""
    tree = ast.parse((ROOT / path).read_text())
    classes = [each for each in ast.walk(tree) if isinstance(each, ast.ClassDef)]
    made_otherwise = ("Struct", "NamedTuple", "TypedDict", "dataclass")

    assert [] == [
        each.name
        for each in classes
        if each.keywords
        or any(
            word in ast.unparse(part)
            for part in (*each.bases, *each.decorator_list)
            for word in made_otherwise
        )
    ]


def test_a_slice_that_ends_before_it_begins_is_empty() -> None:
    """Compiled it would raise SystemError without tools/slices.h, for any query for the root."""
    root = b"\0\1\1\0\0\1" + bytes(6) + b"\0" + b"\0\2\0\1"
    query = query_of(root)

    assert query is not None
    assert "" == query.name.text


@pytest.mark.skipif(
    "SCHOOLGATE_COMPILED" not in os.environ, reason="nothing is compiled here: make test-compiled"
)
def test_what_goes_by_with_a_query_is_nothing_for_the_collector() -> None:
    query = query_of(b"\0\1\1\0\0\1" + bytes(6) + b"\1a\0" + b"\0\1\0\1")

    assert query is not None
    assert [] == [
        each
        for each in (query, Outcome(b""), Below(0.0, 0.0, is_look_up=False))
        if gc.is_tracked(each)
    ]
