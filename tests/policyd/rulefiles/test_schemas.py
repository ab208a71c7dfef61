"""The committed schemas are those of the readers, and say what the readers say."""

import copy
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from rule_mutations import Json, as_edited, as_text, at, mutated, paths_in

from schoolgate_policyd.config import default_rules_dir
from schoolgate_policyd.core.decision import Verdict
from schoolgate_policyd.core.rules import GrantKind
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.rulefiles.fields import Reader
from schoolgate_policyd.rulefiles.kinds import FileKind, file_readers, kind_at
from schoolgate_policyd.rulefiles.meanings import MEANINGS
from schoolgate_policyd.rulefiles.mistakes import MistakeBook
from schoolgate_policyd.rulefiles.nodes import Node, parse_nodes, read_nodes
from schoolgate_policyd.rulefiles.preset import Hearer, Misuser
from schoolgate_policyd.rulefiles.schemas import schema_file, schemas

RULES = default_rules_dir()
CHECKOUT = RULES.parent
SCHEMAS = {
    kind: json.loads((RULES / "schema" / schema_file(kind)).read_text("utf-8"))
    for kind in FileKind
}
VALIDATORS = {kind: Draft202012Validator(schema) for kind, schema in SCHEMAS.items()}
SHIPPED = sorted(
    path.relative_to(RULES).as_posix()
    for path in RULES.rglob("*.yaml")
    # The sample school's files are no rule files; the firewall and the gatherer read their own.
    if path.relative_to(RULES).parts[0] not in {"samples", "firewall", "incidents"}
)
READERS = file_readers(RULES)


def kind_of(name: str) -> FileKind:
    kind = kind_at(PurePosixPath(name))
    assert kind is not None, name
    return kind


def node_of(text: str) -> Node:
    book = MistakeBook()
    node = parse_nodes(text, Path("file.yaml"), book)
    assert () == book.mistakes()
    assert node is not None
    return node


def shipped(name: str) -> Json:
    node = read_nodes(RULES / name, MistakeBook())
    assert node is not None
    return as_edited(node)


def is_valid(kind: FileKind, document: Json) -> bool:
    return VALIDATORS[kind].is_valid(document)


def is_read(kind: FileKind, document: Json, reader: Reader[Any] | None = None) -> bool:
    """Whether the file, as it would be written, is read without a mistake of its own."""
    book = MistakeBook()
    node = parse_nodes(as_text(document), Path("file.yaml"), book)
    if node is not None:
        (reader or READERS[kind])(node, book)
    # That an id stands in the folder's own files already is no matter of the form.
    mine = [
        each
        for each in book.mistakes()
        if not each.message.startswith("there is a ") or "in file.yaml" in each.message
    ]
    return not mine


def forms() -> Iterator[tuple[FileKind, dict[str, Any]]]:
    for kind, schema in SCHEMAS.items():
        for form in (schema, *schema["$defs"].values()):
            if "properties" in form:
                yield kind, form


def test_the_committed_schemas_and_tables_are_those_that_the_readers_give() -> None:
    done = subprocess.run(
        [sys.executable, CHECKOUT / "tools" / "rule_schemas.py", "--check"],
        check=False,
        capture_output=True,
        text=True,
    )

    assert (0, "", "") == (done.returncode, done.stdout, done.stderr), "run `make schema`"


def test_every_schema_is_one() -> None:
    for schema in SCHEMAS.values():
        Draft202012Validator.check_schema(schema)
        assert False is schema["additionalProperties"]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_file_keeps_to_its_schema(name: str) -> None:
    errors = VALIDATORS[kind_of(name)].iter_errors(shipped(name))

    assert [] == [f"{error.json_path}: {error.message}" for error in errors]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_file_names_its_schema_first_for_editors(name: str) -> None:
    first = (RULES / name).read_text("utf-8").partition("\n")[0]
    _, _, schema = first.partition("# yaml-language-server: $schema=")

    named = (RULES / name).parent / schema
    assert (RULES / "schema" / schema_file(kind_of(name))).resolve() == named.resolve()


def test_every_key_has_a_meaning_and_something_that_it_takes() -> None:
    keys = {form["title"]: form["properties"] for _, form in forms()}

    assert {title: set(form) for title, form in keys.items() if title in MEANINGS} == {
        title: set(meanings) for title, meanings in MEANINGS.items()
    }
    assert set(keys) == set(MEANINGS)
    for title, form in keys.items():
        for key, schema in form.items():
            assert set(schema) - {"description"}, f"{title}: nothing is known of `{key}`"


@pytest.mark.parametrize(
    ("definition", "enumeration"),
    [
        ("an-audience", Audience),
        ("a-duty", Duty),
        ("a-kind-of-device", DeviceKind),
        ("a-period", Period),
        ("a-kind-of-grant", GrantKind),
        ("a-verdict", Verdict),
        ("a-misuser", Misuser),
        ("a-hearer-of-misuse", Hearer),
    ],
)
def test_the_words_to_choose_from_are_those_of_the_types(
    definition: str, enumeration: type[StrEnum]
) -> None:
    assert [each.value for each in enumeration] == (
        SCHEMAS[FileKind.POLICY]["$defs"][definition]["enum"]
    )


def test_known_ids_are_offered_and_own_ones_let_pass() -> None:
    definition = SCHEMAS[FileKind.POLICY]["$defs"]["the-id-of-a-service-category-or-list"]
    offered, other = definition["anyOf"]

    assert {"tiktok", "vpn", "social-media", "everything"} <= set(offered["enum"])
    assert {"$ref": "#/$defs/an-id"} == other
    assert is_valid(FileKind.POLICY, with_block("our-own-forum"))
    assert not is_valid(FileKind.POLICY, with_block("Our own forum"))


def with_block(id_: str) -> Json:
    document = shipped("schools/twiss-green.yaml")
    document["rules"][0]["block"] = id_
    return document


@pytest.mark.parametrize("name", SHIPPED)
def test_an_unknown_key_is_refused_by_schema_and_reader_alike(name: str) -> None:
    kind, document = kind_of(name), shipped(name)
    mappings = [path for path in paths_in(document) if isinstance(at(document, path), dict)]
    # Files repeat themselves, and reading takes a while.
    for path in random.Random(name).sample(mappings, min(4, len(mappings))):  # noqa: S311 - any will do
        changed = copy.deepcopy(document)
        at(changed, path)["zzz"] = "x"

        assert not is_valid(kind, changed), path
        assert not is_read(kind, changed), path


def words_of_choices(schema: Json, root: Json) -> set[str]:
    """Return the words that *schema* alone lets one choose from."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        alternatives = [words_of_choices(each, root) for each in schema["anyOf"]]
        return set.union(*alternatives) if all(alternatives) else set()
    if "items" in schema:
        return words_of_choices(schema["items"], root)
    return set(schema.get("enum", ()))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_wrong_word_is_refused_by_schema_and_reader_alike(name: str) -> None:
    kind, document = kind_of(name), shipped(name)
    keys = {
        key: words
        for form in (SCHEMAS[kind], *SCHEMAS[kind]["$defs"].values())
        for key, schema in form.get("properties", {}).items()
        if (words := words_of_choices(schema, SCHEMAS[kind]))
    }
    chosen = [
        path
        for path in paths_in(document)
        if path and path[-1] in keys and isinstance(at(document, path), str)
    ]
    for path in random.Random(name).sample(chosen, min(4, len(chosen))):  # noqa: S311 - any will do
        changed = copy.deepcopy(document)
        at(changed, path[:-1])[path[-1]] = "zzz"

        assert not is_valid(kind, changed), path
        assert not is_read(kind, changed), path


# The short ones, for speed: the forms are the same in all files of a kind.
SEEDS = (
    *("schools/hill.yaml", "baseline.yaml", "categories/categories.yaml", "categories/vpn.yaml"),
    *("services/video.yaml", "help-lines.yaml", "essentials.yaml", "never-inspected.yaml"),
    *("timetables/day.yaml", "calendars/year.yaml"),
)


@settings(
    max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(name=st.sampled_from(SEEDS), seed=st.integers(0, 2**32))
def test_what_the_readers_accept_the_schema_accepts(name: str, seed: int, rules_dir: Path) -> None:
    kind = kind_of(name)
    document = as_edited(node_of((rules_dir / name).read_text("utf-8")))
    changed = mutated(document, random.Random(seed))  # noqa: S311 - repeatable, not secret
    reader = file_readers(rules_dir)[kind]

    assert is_valid(kind, document)
    if is_read(kind, changed, reader):
        assert [] == [
            f"{error.json_path}: {error.message}"
            for error in VALIDATORS[kind].iter_errors(changed)
        ]


def test_the_mutations_make_files_that_are_read_and_files_that_are_not(rules_dir: Path) -> None:
    """Else the law above would hold of nothing."""
    name = "schools/hill.yaml"
    document = as_edited(node_of((rules_dir / name).read_text("utf-8")))
    readings = [
        is_read(
            FileKind.POLICY,
            mutated(document, random.Random(seed)),  # noqa: S311 - repeatable, not secret
            file_readers(rules_dir)[FileKind.POLICY],
        )
        for seed in range(60)
    ]

    assert 3 < sum(readings) < 57


def test_a_schema_made_elsewhere_offers_the_ids_of_that_place(rules_dir: Path) -> None:
    made = schemas(rules_dir)[FileKind.POLICY]["$defs"]["the-id-of-a-service"]

    assert ["tiktok", "whatsapp", "youtube"] == made["anyOf"][0]["enum"]
