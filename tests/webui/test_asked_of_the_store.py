"""What the frame of a page asks of the store: little, and no more for whoever has more duties."""

import pytest
from statements import statements
from web_browser import Browser
from web_school import WebSchool


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
    with statements(school.decisions.database) as asked:
        browser.get("/help")
    begun = asked.count("BEGIN")

    assert (200, 3 if person != "visitor" else 2) == (browser.status, begun)
    assert most >= len(asked) - begun
    assert not [each for each in asked if "overtime" in each or "FROM people" in each]
