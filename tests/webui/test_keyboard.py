"""The keyboard of the walks fails on pages for which a keyboard is not enough."""

import re
from collections.abc import Iterator

import pytest
from chromium import chromium
from keyboard import Keyboard
from playwright.sync_api import Page

pytestmark = pytest.mark.browser

FORM = re.compile("^/one/[^/]+$")
FIELD, BUTTON = '<input name="x">', "<button>Go</button>"
NOT_SEEN = "<style>:focus { outline: none !important }</style>"
AWAY = "<style>input { position: fixed; left: -9999px }</style>"


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with chromium() as browser:
        yield browser.new_context(java_script_enabled=False).new_page()


def walk(page: Page, inside: str, action: str = "/one/7") -> Keyboard:
    """Return a keyboard that entered the one field and came to the button."""
    page.set_content(f'<!DOCTYPE html><form action="{action}">{inside}</form>')
    keyboard = Keyboard(page)
    keyboard.enter("x", "abc", form=FORM)
    keyboard.go_to(tag="BUTTON", form=FORM)
    return keyboard


def test_a_form_in_order_is_walked_through(page: Page) -> None:
    walk(page, FIELD + BUTTON)

    assert "abc" == page.locator("input").input_value()


@pytest.mark.parametrize(
    ("inside", "says"),
    [
        (FIELD + '<button tabindex="-1">Go</button>', "no way by Tab"),
        (FIELD + "<div onclick='send()'>Go</div>", "no way by Tab"),
        ("<div contenteditable>x</div>" + BUTTON, "no way by Tab"),
        (BUTTON + FIELD, "no way by Tab"),
        (f"<details><summary>More</summary>{FIELD}{BUTTON}</details>", "no way by Tab"),
        (NOT_SEEN + FIELD + BUTTON, "the focus is not seen"),
        (AWAY + FIELD + BUTTON, "beyond what is seen"),
        ('<input name="x" type="number">' + BUTTON, "'abc' was typed, and there is ''"),
    ],
)
def test_what_a_keyboard_does_not_reach_or_fill_is_found(
    page: Page, inside: str, says: str
) -> None:
    with pytest.raises(AssertionError, match=says):
        walk(page, inside)


def test_a_form_of_another_route_is_not_taken_for_the_one_that_is_looked_for(page: Page) -> None:
    with pytest.raises(AssertionError, match="no way by Tab"):
        walk(page, FIELD + BUTTON, action="/another/7")


def test_what_is_folded_is_unfolded(page: Page) -> None:
    page.set_content(
        f"<!DOCTYPE html><details><summary>More</summary>"
        f'<form action="/one/7">{FIELD}{BUTTON}</form></details>'
    )
    keyboard = Keyboard(page)
    keyboard.open(form=FORM)
    keyboard.enter("x", "abc", form=FORM)

    assert "abc" == page.locator("input").input_value()
