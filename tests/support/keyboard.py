"""Somebody who has a keyboard alone: Tab, Space, Enter, arrows and what they type."""

import re
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, Response

# No page has as many places to stop at; beyond, what is looked for cannot be reached.
MOST_STOPS = 150
# Inside a date's field the calendar's own button has the focus, with the browser's own outline.
WHERE = """() => {
  const here = document.activeElement, style = getComputedStyle(here);
  const folded = here.tagName === 'SUMMARY' ? here.parentElement.querySelector('form') : null;
  const form = here.form || folded;
  const box = here.getBoundingClientRect();
  return {
    name: here.name || '', id: here.id, type: here.type || '', value: here.value || '',
    tag: here.tagName, isOn: !!here.checked,
    words: (here.textContent || '').replace(/\\s+/g, ' ').trim(),
    form: form ? form.getAttribute('action') : '',
    chosen: here.tagName === 'SELECT' ? here.selectedOptions[0].text : '',
    isInView: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    isSeen: style.outlineStyle !== 'none' || style.boxShadow !== 'none'
      || (here.type || '').startsWith('date') && !here.matches(':focus')
      || (here.type === 'radio' || here.type === 'checkbox')
         && getComputedStyle(here.nextElementSibling, '::before').boxShadow !== 'none',
  };
}"""
ANY_FORM = re.compile("")


@dataclass
class Keyboard:
    """Goes through *page* forwards only: what comes in another order is not found."""

    page: Page

    def skip(self) -> None:
        """Go past the bar at the top by the page's first link, and be seen doing so."""
        self.go_to(words="Skip to main content", tag="A")
        with self.page.expect_navigation(url="**#main-content"):
            self.page.keyboard.press("Enter")

    def go_to(self, *, form: re.Pattern[str] = ANY_FORM, **wanted: str) -> dict[str, Any]:
        """
        Press Tab until the focus is on what has all of *wanted*; it is visible all the way.

        Where *form* is given, it is what belongs to a form whose action is like that.
        """
        seen: list[str] = []
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            here: dict[str, Any] = self.page.evaluate(WHERE)
            if here["tag"] == "BODY":
                break
            assert here["isSeen"], f"the focus is not seen on {here}"
            assert here["isInView"], f"the focus is beyond what is seen, on {here}"
            seen.append(here["name"] or here["words"])
            if form.search(here["form"]) and all(here[key] == wanted[key] for key in wanted):
                return here
        raise AssertionError(f"no way by Tab to {wanted} in a form {form.pattern!r}: {seen}")

    def enter(self, name: str, value: str, *, form: re.Pattern[str] = ANY_FORM) -> None:
        """
        Go on to the field *name* and put *value* into it as its kind asks; "" ticks a box off.

        What cannot be entered so is found: the field is read afterwards.
        """
        here = self.go_to(name=name, form=form)
        if here["type"] == "checkbox":
            if here["isOn"] != bool(value):
                self.page.keyboard.press("Space")
        elif here["type"] == "radio":
            self._choose(value)
        elif here["tag"] == "SELECT":
            self.page.keyboard.type(value)
        elif here["type"] == "date":
            year, month, day = value.split("-")
            # In whichever order a browser asks for day and month, these are both the same.
            assert day == month, f"{value} is typed otherwise from one browser to the next"
            self.page.keyboard.type(f"{day}{month}{year}")
        else:
            # What stood there is replaced.
            self.page.keyboard.press("Control+a")
            self.page.keyboard.type(value)
        self._check(value)

    def put_before(self, name: str, value: str, *, form: re.Pattern[str] = ANY_FORM) -> None:
        """Go on to the field *name* and write *value* before what stands there."""
        there = self.go_to(name=name, form=form)["value"]
        self.page.keyboard.press("Control+Home")
        self.page.keyboard.type(value)
        self._check(f"{value}{there}")

    def _check(self, value: str) -> None:
        """Fail where what was typed is not what the field says now."""
        here = self.page.evaluate(WHERE)
        if here["type"] == "checkbox":
            assert here["isOn"] == bool(value), f"{value!r} was wanted: {here}"
            return
        assert here["isOn"] or here["type"] != "radio", f"{value} is not chosen: {here}"
        found = here["chosen"] if here["tag"] == "SELECT" else here["value"]
        is_there = found.startswith(value) if here["tag"] == "SELECT" else found == value
        assert is_there, f"{value!r} was typed, and there is {found!r}"

    def _choose(self, value: str) -> None:
        for _ in range(MOST_STOPS):
            here = self.page.evaluate(WHERE)
            if here["value"] == value:
                self.page.keyboard.press("Space")
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"no arrow leads to {value}")

    def press(self, words: str = "", *, form: re.Pattern[str] = ANY_FORM) -> Response:
        """Go on to the button (that says *words*), press Enter, and return what is answered."""
        wanted = {"words": words} if words else {}
        self.go_to(tag="BUTTON", form=form, **wanted)
        with self.page.expect_navigation() as gone:
            self.page.keyboard.press("Enter")
        return gone.value

    def follow(self, words: str) -> Response:
        """Go on to the link that says *words*, press Enter, and return what is answered."""
        self.go_to(words=words, tag="A")
        with self.page.expect_navigation() as gone:
            self.page.keyboard.press("Enter")
        return gone.value

    def open(self, *, form: re.Pattern[str]) -> None:
        """Go on to what hides a form like that, and have it open."""
        self.go_to(tag="SUMMARY", form=form)
        self.page.keyboard.press("Enter")
