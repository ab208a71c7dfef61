"""Somebody who has a keyboard alone: Tab, Space, Enter, arrows and what they type."""

from dataclasses import dataclass

from playwright.sync_api import Page

# No page has as many places to stop at; beyond, what is looked for cannot be reached.
MOST_STOPS = 150
# Inside a date's field the calendar's own button has the focus, with the browser's own outline.
WHERE = """() => {
  const here = document.activeElement, style = getComputedStyle(here);
  return {
    name: here.name || '', id: here.id, type: here.type || '', value: here.value || '',
    tag: here.tagName, words: (here.innerText || '').trim(), isOn: !!here.checked,
    isSeen: style.outlineStyle !== 'none' || style.boxShadow !== 'none'
      || (here.type || '').startsWith('date') && !here.matches(':focus')
      || (here.type === 'radio' || here.type === 'checkbox')
         && getComputedStyle(here.nextElementSibling, '::before').boxShadow !== 'none',
  };
}"""


@dataclass
class Keyboard:
    """Goes through *page* forwards only: what comes in another order is not found."""

    page: Page

    def go_to(self, **wanted: str) -> dict[str, str]:
        """Press Tab until the focus is on what has all of *wanted*; it is visible all the way."""
        seen: list[str] = []
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            here: dict[str, str] = self.page.evaluate(WHERE)
            if here["tag"] == "BODY":
                break
            assert here["isSeen"], f"the focus is not seen on {here}"
            seen.append(here["name"] or here["words"])
            if all(here[key] == value for key, value in wanted.items()):
                return here
        raise AssertionError(f"no way by Tab to {wanted}: {seen}")

    def enter(self, name: str, value: str) -> None:
        """Go on to the field *name* and put *value* into it as its kind asks."""
        here = self.go_to(name=name)
        if here["type"] == "checkbox":
            self.page.keyboard.press("Space")
        elif here["type"] == "radio":
            self._choose(value)
        elif here["tag"] == "SELECT":
            self.page.keyboard.type(value)
        else:
            self.page.keyboard.type(value)

    def _choose(self, value: str) -> None:
        for _ in range(MOST_STOPS):
            here = self.page.evaluate(WHERE)
            if here["value"] == value:
                self.page.keyboard.press("Space")
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"no arrow leads to {value}")

    def press(self, words: str) -> None:
        """Go on to the button that says *words* and press Enter."""
        self.go_to(words=words, tag="BUTTON")
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
