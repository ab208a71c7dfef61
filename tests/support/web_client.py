"""A browser without JavaScript for pages that are really served: it signs in and sends forms."""

from types import TracebackType
from typing import Self

import httpx
from web_browser import Page

WITHIN_S = 60.0
# Staff acknowledge the policy before first use, and whenever it is another one.
ACKNOWLEDGE = "/policy/acknowledge"


class WebClient:
    """Somebody's browser at the pages of *base*."""

    def __init__(self, base: str) -> None:
        self._client = httpx.Client(base_url=base, follow_redirects=True, timeout=WITHIN_S)
        self.path = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.close()

    def sign_in(self, username: str, password: str) -> Self:
        """Sign in as *username*."""
        page = self.send("/sign-in", "/sign-in", username=username, password=password)
        assert "Sign out" in page.text, page.text
        return self

    def get(self, path: str) -> Page:
        """Open *path*."""
        return self._arrived(self._client.get(path))

    def send(self, path: str, action: str, **entered: str) -> Page:
        """
        Enter fields into a form and send it.

        A box that is entered as nothing is taken off; `__` in a name stands for a colon.
        """
        changed = {name.replace("__", ":"): value for name, value in entered.items()}
        found = {**self.get(path).form(action).fields, **changed}
        kept = {name: value for name, value in found.items() if value or ":" not in name}
        return self._arrived(self._client.post(action, data=kept))

    def sign(self, path: str, action: str, password: str, **entered: str) -> Page:
        """Send a form that leads to a signature, and sign what is shown."""
        page = self.send(path, action, **entered)
        form = next(each for each in page.forms if each.action.startswith("/sign/"))
        signed = {**form.fields, "password": password}
        return self._arrived(self._client.post(form.action, data=signed))

    def _arrived(self, response: httpx.Response) -> Page:
        self.path = response.url.path
        page = Page(response.text)
        if self.path == ACKNOWLEDGE:
            said = {**page.form(ACKNOWLEDGE).fields, "read": "yes", "monitored": "yes"}
            return self._arrived(self._client.post(ACKNOWLEDGE, data=said))
        return page
