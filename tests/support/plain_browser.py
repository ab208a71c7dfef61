"""A browser without JavaScript for the running pages: forms, cookies and redirects over HTTP."""

from typing import Self

import httpx
from web_browser import Page
from whole_school import WholeSchool

ACKNOWLEDGE = "/policy/acknowledge"


class PlainBrowser:
    """A signed-in person's browser; use it as a context."""

    def __init__(self, school: WholeSchool, username: str) -> None:
        origin = f"http://localhost:{school.web_port}"
        self._client = httpx.Client(
            base_url=origin, headers={"origin": origin}, follow_redirects=True, timeout=20
        )
        self._password = school.passwords[username]
        self._username = username

    def __enter__(self) -> Self:
        page = self.send("/sign-in", "/sign-in", username=self._username, password=self._password)
        if any(form.action == ACKNOWLEDGE for form in page.forms):
            # Staff acknowledge the policy before first use.
            said = {**page.form(ACKNOWLEDGE).fields, "read": "yes", "monitored": "yes"}
            page = Page(self._client.post(ACKNOWLEDGE, data=said).text)
        assert "Sign out" in page.text, page.text
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def read(self, path: str) -> str:
        """Return the source of the page at *path*."""
        return self._client.get(path).text

    def send(self, path: str, action: str, **entered: str) -> Page:
        """Open *path*, enter fields into its form that goes to *action*, and send it."""
        form = Page(self._client.get(path).text).form(action)
        answer = self._client.post(action, data={**form.fields, **entered})
        assert answer.status_code == httpx.codes.OK, Page(answer.text).text
        self.path = answer.url.path
        return Page(answer.text)

    def ask(self, url: str, *, for_whom: str, scope: str, starts_at: str, ends_at: str) -> int:
        """Send the request form and return the request's number."""
        self.send(
            "/requests/new",
            "/requests/new",
            url=url,
            site_content="A film",
            reasons="A lesson",
            measures="I watch it with them",
            for_whom=for_whom,
            scope=scope,
            starts_at=starts_at,
            ends_at=ends_at,
        )
        return int(self.path.rpartition("/")[2])

    def confirm(self, number: int) -> None:
        """Confirm the control measures of a request."""
        shown = f"/requests/{number}"
        self.send(shown, f"{shown}/measures", in_place="yes", why="They are")

    def sign(self, number: int) -> None:
        """Approve and sign a request."""
        shown = f"/requests/{number}"
        page = self.send(
            shown, f"{shown}/decision", approved="yes", reasons="It serves the lesson"
        )
        form = next(each for each in page.forms if each.action.startswith("/sign/"))
        signed = {**form.fields, "password": self._password}
        answer = self._client.post(form.action, data=signed)
        assert answer.status_code == httpx.codes.OK, Page(answer.text).text
