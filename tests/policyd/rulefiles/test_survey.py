"""A reader says what it accepts when it is asked, and what it says is never too narrow."""

from enum import StrEnum

from schoolgate_policyd.rulefiles.fields import (
    ID,
    TEXT,
    Reader,
    choice,
    identifier,
    list_of,
    mapping,
    one_or_more,
    text,
    truth,
    whole_number,
)
from schoolgate_policyd.rulefiles.mistakes import MistakeBook
from schoolgate_policyd.rulefiles.nodes import Node
from schoolgate_policyd.rulefiles.survey import accepts, any_of, schema_of


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


def test_a_reader_without_a_mark_accepts_what_the_readers_it_calls_accept() -> None:
    def capitals(node: Node, book: MistakeBook) -> str | None:
        written = text(node, book)
        return None if written is None else written.upper()

    assert TEXT == schema_of(capitals)


def test_a_mark_says_more() -> None:
    @accepts({"enum": ["x"]})
    def marked(node: Node, book: MistakeBook) -> str | None:
        return text(node, book)

    assert {"enum": ["x"]} == schema_of(marked)


def test_combinations_say_what_their_parts_say() -> None:
    colours = {"title": "a colour", "enum": ["red", "blue"]}
    several = {"type": "array", "items": colours, "minItems": 1, "uniqueItems": True}

    assert colours == schema_of(choice("colour", Colour))
    assert several == schema_of(list_of(choice("colour", Colour)))
    assert {"anyOf": [colours, several]} == schema_of(one_or_more(choice("colour", Colour)))
    assert {"type": "boolean"} == schema_of(truth)
    assert (0, 13) == tuple(schema_of(whole_number(0, 13))[key] for key in ("minimum", "maximum"))


def form(node: Node, book: MistakeBook) -> str | None:
    """Ask for another key where one of two stands: a survey must see both."""
    entries = mapping("a form", node, ("name", "one", "several", "unread"), book)
    if entries is None:
        return None
    if "several" in entries:
        entries.required("several", list_of(identifier))
    else:
        entries.required("one", identifier)
    return entries.required("name", text)


def test_a_mapping_says_every_key_that_it_may_have_and_requires_what_it_always_needs() -> None:
    schema = schema_of(form)

    assert "a form" == schema["title"]
    assert ["name"] == schema["required"]
    assert False is schema["additionalProperties"]
    assert ["name", "one", "several", "unread"] == list(schema["properties"])
    assert ID == schema["properties"]["one"]
    assert ID == schema["properties"]["several"]["items"]
    # Nothing is known of it, so anything may stand there.
    assert {} == schema["properties"]["unread"]


def test_alternatives_are_named_once() -> None:
    assert ID == any_of([ID, {}, ID])
    assert {"anyOf": [ID, TEXT]} == any_of([ID, TEXT, ID])
    assert {} == any_of([])


def test_a_survey_leaves_no_mistakes_behind() -> None:
    book = MistakeBook()
    reader: Reader[str] = form
    schema_of(reader)

    assert () == book.mistakes()
