"""A school in which there is one of everything that an address can name, of each who has one."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from httpx import Cookies, Response
from policy_school import PolicySchool
from web_browser import Browser
from web_program import Program, program_of
from web_school import HOST, MACHINE, PASSWORD

NOBODY, LEAVER, ELSEWHERE = "nobody", "leaver", "head elsewhere"
# In what is entered these stand for what the object that is named has now.
VERSION, KEY, USERNAME, AUDIENCE = "{version}", "{key}", "{username}", "{audience}"
IS_HEAD, IS_TECHNICIAN = "{is head}", "{is technician}"
SHOWN, ABOUT = "{shown}", "{about}"
_READ = {
    "person": {
        VERSION: "SELECT version FROM people WHERE id = ?",
        USERNAME: "SELECT username FROM people WHERE id = ?",
        AUDIENCE: "SELECT audience FROM people WHERE id = ?",
    },
    "report": {ABOUT: "SELECT person_id FROM report_about WHERE report_id = ?"},
    "class": {VERSION: "SELECT version FROM classes WHERE id = ?"},
    "device": {VERSION: "SELECT version FROM devices WHERE id = ?"},
    "network": {VERSION: "SELECT version FROM networks WHERE id = ?"},
}
_ORIGIN = {"origin": f"http://{HOST}:8000"}


@dataclass
class ObjectWorld:
    """The school, who asks it, and by what its objects are named in addresses."""

    school: PolicySchool
    browsers: dict[str, Browser] = field(default_factory=dict)
    programs: dict[str, Program] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    # By the number of a request to be decided: what the form for it says of what would open.
    shown: dict[str, str] = field(default_factory=dict)
    _kept: Path = Path()
    _kept_changes: int = 0
    _changes: int = 0
    _programs_moment: datetime = MACHINE
    _reading: sqlite3.Connection | None = None
    _tokens: dict[str, str] = field(default_factory=dict)
    _cookies: dict[str, Cookies] = field(default_factory=dict)

    def who(self, person: str) -> Browser:
        """Return the browser in which *person* signed in, before one of them left."""
        if person not in self.browsers:
            browser = self.browsers[person] = Browser(self.school)
            if person != NOBODY:
                browser.sign_in("head" if person == ELSEWHERE else person)
        return self.browsers[person]

    def program(self, person: str) -> Program:
        """Return a program with every scope of *person*'s, made before one of them left."""
        if person not in self.programs:
            self.programs[person] = (
                Program(self.school, None)
                if person == NOBODY
                else program_of(self.school, "head" if person == ELSEWHERE else person)
            )
        return self.programs[person]

    def sent(self, by: str, path: str, action: str, /, **entered: str) -> None:
        """Have *by* fill in a form, and sign where it is to be signed; it must be taken."""
        browser = self.who(by)
        page = browser.sign_shown(browser.send(path, action, **entered), password=PASSWORD)
        assert 200 == browser.status, f"{action}: {page.text}"
        assert "There is a problem" not in page.text, f"{action}: {page.text}"

    def number(self, by: str) -> str:
        """Return the number of what *by* made with the last form."""
        last = self.who(by).last
        assert last is not None
        return last.request.url.path.rpartition("/")[2]

    def token(self, person: str) -> str:
        """Return what the forms of *person* carry."""
        if person not in self._tokens:
            page, action = ("/sign-in",) * 2 if person == NOBODY else ("/", "/sign-out")
            form = next(
                (each for each in self.who(person).get(page).forms if each.action == action), None
            )
            self._tokens[person] = "" if form is None else form.fields["csrf"]
        return self._tokens[person]

    def key(self, kind: str, name: str) -> str:
        """Return by what the object *name* of *kind* is named; people are named by their ids."""
        said = (f"{kind} {name}", f"{kind}, {name}", kind)
        return next((self.keys[each] for each in said if each in self.keys), name)

    def filled(self, kind: str, key: str, entered: Mapping[str, object]) -> dict[str, object]:
        """Return *entered* with what whoever sends it has read of the object *key* of *kind*."""
        known: dict[str, object] = {VERSION: 0, KEY: key, USERNAME: "", AUDIENCE: "staff"}
        known |= {
            ABOUT: "operator",
            SHOWN: self.shown.get(key, ""),
            IS_HEAD: "yes" if key == "head" else "",
        }
        known |= {IS_TECHNICIAN: "yes" if key == "technician" else ""}
        for name, asked in _READ.get(kind, {}).items():
            rows = self._records.execute(asked, (key,)).fetchall()
            known |= {name: rows[0][0] or ""} if rows else {}
        return {
            name: known.get(each, each) if isinstance(each, str) else each
            for name, each in entered.items()
        }

    def page(
        self, person: str, method: str, place: str, entered: Mapping[str, object]
    ) -> Response:
        """Return what *person* is answered at their browser."""
        self.school.machine_clock.moment = MACHINE
        data = {name: str(each) for name, each in entered.items()}
        sent = {**data, "csrf": self.token(person)} if method == "POST" else None
        return self.who(person).ask(method, place, data=sent, headers=_ORIGIN)

    def answer(
        self, person: str, method: str, place: str, entered: Mapping[str, object]
    ) -> Response:
        """Return what a program of *person*'s is answered."""
        # Programs are answered so many times a second: their time goes on, and never back.
        self._programs_moment += timedelta(seconds=2.0 if person == NOBODY else 0.3)
        self.school.machine_clock.moment = self._programs_moment
        program = self.program(person)
        if method == "DELETE":
            # What goes away has no body: what was read stands in the address.
            query = urlencode({name: str(each) for name, each in entered.items()})
            return program.ask(method, f"{place}?{query}" if query else place)
        return program.ask(method, place, None if method == "GET" else dict(entered))

    @property
    def path(self) -> Path:
        """Where the records are."""
        assert self.school.settings is not None
        return self.school.settings.decisions_path

    @property
    def _records(self) -> sqlite3.Connection:
        """The records, beside the stores; whoever fills them again need not wait for a disk."""
        if self._reading is None:
            self._reading = sqlite3.connect(self.path, isolation_level=None)
            self._reading.execute("PRAGMA synchronous = OFF")
        return self._reading

    def keep(self) -> None:
        """Keep the records and the browsers as they are now."""
        self._kept = self.school.folder / "kept.db"
        with closing(sqlite3.connect(self._kept)) as kept:
            self._records.backup(kept)
        self._kept_changes = self.count_changes()
        for person, browser in self.browsers.items():
            self._cookies[person] = Cookies(browser.client.cookies)

    def back(self) -> None:
        """Have the records and the browsers be again as they were kept."""
        with closing(sqlite3.connect(self._kept)) as kept:
            kept.backup(self._records)
        self._changes = self._kept_changes
        for person, cookies in self._cookies.items():
            self.browsers[person].client.cookies = cookies

    def count_changes(self) -> int:
        """
        Return how much was ever decided and done: the length of the audit.

        Proofs and replays are waited for: what they find belongs to whatever began them.
        """
        self.school.join_checks()
        rows = self._records.execute("SELECT count(*) FROM audit").fetchall()
        self._changes = int(rows[0][0])
        return self._changes

    def has_changed(self) -> bool:
        """Whether anything was decided or done since this was asked before, or since `back`."""
        before = self._changes
        return self.count_changes() != before

    def close(self) -> None:
        """Close the records and the school."""
        self._records.close()
        self.school.close()
