"""Somebody whose browser runs no script, and the ways they go through the pages."""

from collections.abc import Callable

from chromium import PATIENCE_MS
from full_school import NEWCOMER
from playwright.sync_api import Browser, Page, expect
from web_school import PASSWORD

type Opening = Callable[[str], Page]


class Scriptless:
    """Windows without script, one for each person; "" is somebody who has not signed in."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser, self._url = browser, url
        self._pages: dict[str, Page] = {}

    def __call__(self, person: str) -> Page:
        """Return the window of *person*."""
        if person not in self._pages:
            context = self._browser.new_context(
                base_url=self._url, java_script_enabled=False, locale="en-GB"
            )
            context.set_default_timeout(PATIENCE_MS)
            page = self._pages[person] = context.new_page()
            if person:
                page.goto("/sign-in")
                page.fill("#username", person)
                page.fill("#password", PASSWORD)
                press(page, "Sign in")
                _acknowledge(page, person)
        return self._pages[person]

    def close(self) -> None:
        """Close every window."""
        for page in self._pages.values():
            page.context.close()


def press(page: Page, words: str) -> None:
    """Press the first button that says *words*."""
    page.get_by_role("button", name=words, exact=True).first.click()


def sign_where_asked(page: Page) -> None:
    """Sign with the password where a page of its own asks for it."""
    if "/sign/" in page.url:
        page.fill("#password", PASSWORD)
        press(page, "Sign")


def _acknowledge(page: Page, person: str) -> None:
    if page.locator("#say-read").count() and person != NEWCOMER:
        page.check("#say-read")
        page.check("#say-monitored")
        press(page, "Acknowledge and go on")


def reporting(who: Opening) -> None:
    """A report from the network, its answer, and the answer read with the code."""
    child, lead = who(""), who("lead")
    child.goto("/report")
    child.fill("[name=saw]", "A frightening clown on www.clown.example")
    press(child, "Send")
    code = child.locator("main").inner_text()
    words = [each.strip(".") for each in code.split()]
    code = next(each for each in words if len(each) == 11 and each[5] == "-")
    lead.goto("/reports")
    lead.locator("main a", has_text="clown.example").first.click()
    lead.check("[name=state][value=stays-open]")
    lead.fill("[name=reasons]", "Only a circus")
    lead.fill("[name=answer]", "It is a circus.")
    lead.locator("form[action$='/answer'] button").click()
    child.goto("/report/answer")
    child.fill("[name=code]", code)
    child.locator("main form button").first.click()
    expect(child.get_by_text("It is a circus.")).to_be_visible()


def blocking(who: Opening) -> None:
    """A site is blocked at once, and the head lifts it."""
    lead, head = who("lead"), who("head")
    lead.goto("/blocks/new?url=www.clown.example")
    lead.check("[name=extent][value=site]")
    lead.check("[name=whom][value=pupils]")
    lead.fill("[name=reason]", "It frightens children")
    press(lead, "Block at once")
    expect(lead.get_by_text("It is blocked at once.")).to_be_visible()
    head.goto(lead.url.partition("?")[0])
    form = head.locator("form[action$='/lift']")
    for field in form.locator("textarea, input[type=text]").all():
        field.fill("Only a circus")
    if form.locator("[name=password]").count():
        form.locator("[name=password]").fill(PASSWORD)
    form.locator("button").click()
    sign_where_asked(head)
    expect(head.get_by_text("The block was lifted.")).to_be_visible()


def closing(who: Opening) -> None:
    """An incident is closed with what was done and what came of it."""
    dsl = who("dsl")
    dsl.goto("/incidents/5")
    form = dsl.locator("form[action$='/close']")
    form.locator("[name=taken]").fill("Talked with them")
    form.locator("[name=outcome]").fill("They understood")
    form.locator("button").click()
    expect(dsl.get_by_text("They understood").first).to_be_visible()


def looking(who: Opening) -> None:
    """The log is searched, and a record is opened for a reason."""
    dsl = who("dsl")
    dsl.goto("/log")
    dsl.fill("[name=name]", "www.tiktok.com")
    dsl.locator("main form[method=get] button").first.click()
    expect(dsl.locator("main")).to_contain_text("www.tiktok.com")
    dsl.goto("/log/people/p-20")
    dsl.check("[name=reason][value=safeguarding]")
    dsl.fill("[name=words]", "A friend is worried")
    press(dsl, "Open the record")
    expect(dsl.locator("main")).to_contain_text("Ada Birch")


def acknowledging(who: Opening) -> None:
    """Somebody new acknowledges the policy before anything else."""
    newcomer = who(NEWCOMER)
    newcomer.goto("/policy/acknowledge")
    newcomer.check("#say-read")
    newcomer.check("#say-monitored")
    press(newcomer, "Acknowledge and go on")
    newcomer.goto("/requests")
    expect(newcomer.get_by_role("heading", level=1)).to_have_text("Requests")


def reading_figures(who: Opening) -> None:
    """The figures of a week, and a table of them as a file."""
    head = who("head")
    head.goto("/figures?span=week")
    assert head.locator("main table").count()
    link = head.locator("main a[href*='/figures/']").first.get_attribute("href")
    answer = head.context.request.get(link or "")
    assert 200 == answer.status
    assert answer.headers["content-type"].startswith("text/csv")


def requesting(who: Opening) -> None:
    """A request from its draft to the head's signature."""
    teacher, lead, head = who("teacher"), who("lead"), who("head")
    teacher.goto("/requests/new?url=https://www.tiktok.com/@circus/video/1")
    for name in ("site_content", "reasons", "measures"):
        teacher.fill(f"[name={name}]", "A film about a circus")
    press(teacher, "Save and finish later")
    teacher.goto("/requests")
    teacher.locator("a[href^='/requests/drafts/']").first.click()
    press(teacher, "Send request")
    path = teacher.url.partition("?")[0]
    lead.goto(path)
    lead.check("[name=in_place][value=yes]")
    lead.locator("form[action$='/measures'] [name=why]").fill("I looked at the page")
    press(lead, "Record")
    head.goto(path)
    head.check("[name=approved][value=yes]")
    head.locator("form[action$='/decision'] [name=reasons]").fill("Fits the lesson")
    press(head, "Continue to sign")
    sign_where_asked(head)
    expect(head.locator("main")).to_contain_text("Approved and signed by Hana Head")


WAYS = (requesting, reporting, blocking, closing, looking, acknowledging, reading_figures)
