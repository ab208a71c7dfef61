"""What the frame of a page asks of the store: little, and no more for whoever has more duties."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event
from web_browser import Browser
from web_school import WebSchool


@contextmanager
def asked_of(school: WebSchool) -> Iterator[list[str]]:
    """Give what is asked of the database meanwhile."""
    asked: list[str] = []

    def keep(*said: object) -> None:
        asked.append(str(said[2]))

    engine = school.decisions.database.engine
    event.listen(engine, "before_cursor_execute", keep)
    yield asked
    event.remove(engine, "before_cursor_execute", keep)


# One transaction finds the session, one the claim, one what waits; /help asks for nothing else.
@pytest.mark.parametrize(
    ("person", "most"),
    [
        ("visitor", 4),
        ("teacher", 5),
        ("technician", 5),
        ("governor", 6),
        ("lead", 9),
        ("dsl", 9),
        ("head", 10),
        ("chair", 10),
    ],
)
def test_a_page_asks_the_store_for_little(school: WebSchool, person: str, most: int) -> None:
    browser = Browser(school).sign_in(person)
    browser.get("/help")
    with asked_of(school) as asked:
        browser.get("/help")
    begun = asked.count("BEGIN")

    assert (200, 3 if person != "visitor" else 2) == (browser.status, begun)
    assert most >= len(asked) - begun
    assert not [each for each in asked if "overtime" in each or "FROM people" in each]
