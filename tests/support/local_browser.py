"""A browser that has passkeys: it knows the pages as localhost, or by another origin."""

import json
from urllib.parse import quote

from web_browser import Browser, Page
from web_school import PASSWORD, WebSchool

ORIGIN = "http://localhost:8000"


class Local(Browser):
    """A browser that knows the pages as localhost, where there are passkeys, or by *origin*."""

    def __init__(self, school: WebSchool, origin: str = ORIGIN) -> None:
        super().__init__(school)
        self.origin = origin
        self.client.base_url = origin  # type: ignore[assignment]  # httpx parses what it is given

    def post(self, action: str, fields: dict[str, str]) -> Page:
        """Send a form from a page of this origin."""
        headers = {"origin": self.origin}
        return self._arrive(self.ask("POST", action, data=fields, headers=headers))

    def enter(self, username: str, going_on: str = "/") -> Page:
        """Enter the right password."""
        path = f"/sign-in?next={quote(going_on, safe='')}"
        return self.send(path, "/sign-in", username=username, password=PASSWORD)

    def options(self, path: str) -> dict[str, object]:
        """Return what the page's script would ask for."""
        read = json.loads(self.ask("GET", path).text)
        assert isinstance(read, dict)
        return read
