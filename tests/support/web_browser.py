"""A browser without JavaScript: it opens pages, fills in their forms and follows redirects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from typing import Self

from httpx import ASGITransport, AsyncClient, Response
from web_school import HOST, PASSWORD, TEACHER_DEVICE, WebSchool

HTTP_OK = 200


@dataclass
class Form:
    """A form of a page: where it goes and what stands in its fields."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class Page:
    """What a reader finds on a page: its text, forms, links and headings."""

    def __init__(self, html: str) -> None:
        self._html = html

    @cached_property
    def _read(self) -> "_Reading":
        # Most pages are only passed on the way to another: they are not read.
        return _Reading(self._html)

    @property
    def text(self) -> str:
        """All that can be read, in one line."""
        return " ".join(" ".join(self._read.words).split())

    @property
    def forms(self) -> list[Form]:
        """Every form."""
        return self._read.forms

    @property
    def links(self) -> list[str]:
        """Where its links lead."""
        return self._read.links

    @property
    def classes(self) -> set[str]:
        """Every class of the style sheet that it uses."""
        return self._read.classes

    @property
    def ids(self) -> list[str]:
        """Every id."""
        return self._read.ids

    @property
    def inputs(self) -> dict[str, str]:
        """What stands in its inputs, by name."""
        return self._read.inputs

    def form(self, action: str) -> Form:
        """Return the form that goes to *action*."""
        return next(each for each in self.forms if each.action == action)


class _Reading(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.classes: set[str] = set()
        self.ids: list[str] = []
        self.inputs: dict[str, str] = {}
        self.words: list[str] = []
        self._textarea: str | None = None
        self._select: str | None = None
        self._skipping = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.classes.update(found.get("class", "").split())
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a":
            self.links.append(found.get("href", ""))
        elif tag == "form":
            self.forms.append(Form(found.get("action", ""), found.get("method", "get")))
        elif tag in {"style", "title"}:
            self._skipping += 1
        elif self.forms:
            self._field(tag, found)

    def _field(self, tag: str, found: dict[str, str]) -> None:
        fields = self.forms[-1].fields
        if tag == "input" and "name" in found:
            is_off = found.get("type") in {"radio", "checkbox"} and "checked" not in found
            if not is_off:
                fields[found["name"]] = self.inputs[found["name"]] = found.get("value", "")
        elif tag == "textarea":
            self._textarea = found["name"]
            fields[self._textarea] = ""
        elif tag == "select":
            self._select = found["name"]
        elif tag == "option" and "selected" in found and self._select is not None:
            fields[self._select] = found.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._textarea = None
        elif tag == "select":
            self._select = None
        elif tag in {"style", "title"}:
            self._skipping -= 1

    def handle_data(self, data: str) -> None:
        if self._textarea and self.forms:
            self.forms[-1].fields[self._textarea] += data
        if not self._skipping:
            self.words.append(data)


class Browser:
    """Somebody's browser at *address*."""

    def __init__(self, school: WebSchool, address: str = TEACHER_DEVICE) -> None:
        self._school = school
        transport = ASGITransport(school.app, raise_app_exceptions=False, client=(address, 50_000))
        self.client = AsyncClient(transport=transport, base_url=f"http://{HOST}:8000")
        self.last: Response | None = None
        # Staff acknowledge the policy before first use; tests of other things say so at once.
        self.acknowledges = True

    def ask(
        self,
        method: str,
        path: str,
        *,
        data: Mapping[str, str] | None = None,
        content: bytes | None = None,
        files: Mapping[str, tuple[None, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Return the answer to one request, redirects not followed."""
        asking = self.client.request(
            method, path, data=data, content=content, files=files, headers=headers
        )
        self.last = self._school.runner.run(asking)
        return self.last

    def get(self, path: str) -> Page:
        """Open *path* and follow redirects."""
        return self._arrive(self.ask("GET", path))

    def send(self, path: str, action: str, **entered: str) -> Page:
        """Open *path*, enter fields into its form that goes to *action*, and send it."""
        form = self.get(path).form(action)
        return self.post(action, {**form.fields, **entered})

    def sign(self, path: str, action: str, *, password: str = PASSWORD, **entered: str) -> Page:
        """Send a form that leads to a signature, and sign what is shown with the password."""
        return self.sign_shown(self.send(path, action, **entered), password=password)

    def sign_shown(self, page: Page, **proof: str) -> Page:
        """Sign what *page* shows; a page where nothing is signed, a form with mistakes, stays."""
        form = next((each for each in page.forms if each.action.startswith("/sign/")), None)
        return page if form is None else self.post(form.action, {**form.fields, **proof})

    def post(self, action: str, fields: dict[str, str]) -> Page:
        """Send *fields* to *action*, as a browser does from a page of ours."""
        headers = {"origin": f"http://{HOST}:8000"}
        return self._arrive(self.ask("POST", action, data=fields, headers=headers))

    def sign_in(self, username: str) -> Self:
        """Sign in as *username*."""
        page = self.send("/sign-in", "/sign-in", username=username, password=PASSWORD)
        assert "Sign out" in page.text, page.text
        return self

    @property
    def status(self) -> int:
        """The status of the page that was arrived at."""
        assert self.last is not None
        return self.last.status_code

    @property
    def last_text(self) -> str:
        """The source of the page that was arrived at."""
        assert self.last is not None
        return self.last.text

    def _arrive(self, response: Response) -> Page:
        for _ in range(5):
            if response.status_code not in {302, 303, 307}:
                break
            response = self.ask("GET", response.headers["location"])
        page = Page(response.text)
        is_asked = 'action="/policy/acknowledge"' in response.text
        if is_asked and self.acknowledges and response.status_code == HTTP_OK:
            return self.acknowledge(page)
        return page

    def acknowledge(self, page: Page) -> Page:
        """Say what *page* asks, and go on."""
        fields = page.form("/policy/acknowledge").fields
        return self.post("/policy/acknowledge", {**fields, "read": "yes", "monitored": "yes"})
