"""What templates are made of: classes that have a style, and macros that are used."""

import functools
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import govuk_frontend_jinja
import pytest
from jinja2 import nodes

import schoolgate_webui
from schoolgate_webui.rendering import environment

ENVIRONMENT = environment()
PACKAGE = Path(schoolgate_webui.__file__).parent
FOLDER = PACKAGE / "templates"
TEMPLATES = sorted(each.relative_to(FOLDER).as_posix() for each in FOLDER.rglob("*.html"))
# In a view a class stands in a constant, in a component's parameter too.
NAMED_IN_CODE = re.compile(r"[\"' ]((?:sg|govuk)-[a-z][\w!-]*)(?=[\"' ])")


@functools.cache
def parsed(name: str) -> nodes.Template:
    return ENVIRONMENT.parse((FOLDER / name).read_text(encoding="utf-8"))


def classes_of(source: str) -> Iterator[str]:
    """Yield each class that a template may print; `*` stands for what is only known then."""
    for attribute in re.findall(r'\bclass="((?:\{[{%].*?[%}]\}|[^"])*)"', source, re.DOTALL):
        one_or_other = re.sub(r"\{%-? *(?:else|elif)\b.*?%\}", " ", attribute)
        printed = re.sub(r"\{%.*?%\}", "", one_or_other)
        yield from re.sub(r"\{\{.*?\}\}", "*", printed).split()
    yield from NAMED_IN_CODE.findall(re.sub(r'\b(?:id|href|for|[a-z-]+by)="[^"]*"', "", source))


@pytest.fixture(scope="module")
def styled() -> frozenset[str]:
    """The classes of the compiled style sheet, and those of GOV.UK Frontend's components."""
    sheet = (PACKAGE / "static/schoolgate.css").read_text(encoding="utf-8")
    ours = re.findall(r"\.((?:[\w-]|\\.)+)", sheet)
    folder = Path(govuk_frontend_jinja.__file__).parent
    theirs = re.findall(
        r"govuk-[a-z][\w-]*",
        " ".join(each.read_text(encoding="utf-8") for each in folder.rglob("*.html")),
    )
    return frozenset(each.replace("\\", "") for each in ours) | frozenset(theirs)


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_class_of_a_template_has_a_style(name: str, styled: frozenset[str]) -> None:
    used = set(classes_of((FOLDER / name).read_text(encoding="utf-8")))

    assert [] == sorted(
        each for each in used if not any(fnmatchcase(known, each) for known in styled)
    )


def test_every_class_that_a_view_names_has_a_style(styled: frozenset[str]) -> None:
    used = {
        each
        for path in (PACKAGE / "views").glob("*.py")
        for each in NAMED_IN_CODE.findall(path.read_text(encoding="utf-8"))
    }

    assert "govuk-tag--grey" in used
    assert set() == used - styled


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_macro_that_a_template_imports_is_used_there(name: str) -> None:
    tree = parsed(name)

    imported = {
        each[1] if isinstance(each, tuple) else each
        for found in tree.find_all(nodes.FromImport)
        for each in found.names
    } | {each.target for each in tree.find_all(nodes.Import)}
    used = {each.name for each in tree.find_all(nodes.Name) if each.ctx == "load"}

    assert set() == imported - used


def test_every_macro_is_called() -> None:
    made: set[tuple[str, str]] = set()
    used: set[tuple[str, str]] = set()
    for name in TEMPLATES:
        tree = parsed(name)
        made |= {(name, each.name) for each in tree.find_all(nodes.Macro)}
        loaded = {each.name for each in tree.find_all(nodes.Name) if each.ctx == "load"}
        used |= {(name, each) for each in loaded}
        for found in tree.find_all(nodes.FromImport):
            assert isinstance(found.template, nodes.Const)
            names = (each[0] if isinstance(each, tuple) else each for each in found.names)
            used |= {(found.template.value, each) for each in names}

    assert ("macros/page.html", "timeline") in made
    assert set() == made - used
