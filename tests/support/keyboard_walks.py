"""
A walk: from the page with a form, by a keyboard alone, to what the next page says.

Every walk begins in the same school: what an earlier one did is undone. It is gone in a browser
that runs no script, so it shows that too.
"""

import re
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from sqlite3 import connect
from types import MappingProxyType

import pyotp
from account_people import shown_secret
from chromium import PATIENCE_MS
from full_school import FullSchool
from keyboard import Keyboard
from page_list import NOBODY
from playwright.sync_api import Browser, BrowserContext, Page
from web_school import PASSWORD

from schoolgate_policyd.config import Settings
from schoolgate_policyd.drafting.proofs import ProofSays
from schoolgate_policyd.replay.outcome import Replay
from schoolgate_policyd.rulefiles import Preset
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_webui.apart import CheckFailed, Progress, ReplayJob
from schoolgate_webui.checks import Checks

NOTHING: Mapping[str, str] = MappingProxyType({})
ENDS_WITHIN_S = 20.0
SIZE = {"width": 1280, "height": 900}


@dataclass(frozen=True)
class Sent:
    """
    A form: its route, what is entered in which order, and its button where it has several.

    *before* is written before what stands in a field already.
    """

    route: str
    entered: Mapping[str, str] = NOTHING
    button: str = ""
    before: Mapping[str, str] = NOTHING


# What is to be signed asks for this on the page that shows it.
SIGN = (Sent("/sign/{nonce}", MappingProxyType({"password": PASSWORD})),)


@dataclass(frozen=True)
class Walk:
    """
    By whom the form of *route* is sent, on which page, and what is read *afterwards*.

    What stands in braces is known only in the school itself: `Walker.names`. *is_folded* where
    the form has to be unfolded first; *then* are the forms that the next pages ask for; *after*
    is a walk that this one goes on from; *later* how long the school's day has gone on.
    """

    person: str
    page: str
    route: str
    says: str
    entered: Mapping[str, str] = NOTHING
    button: str = ""
    before: Mapping[str, str] = NOTHING
    is_folded: bool = False
    then: tuple[Sent, ...] = ()
    after: "Walk | None" = None
    later: timedelta = timedelta()

    @property
    def sent(self) -> tuple[Sent, ...]:
        """Every form that is sent from *page* on, in order."""
        return (Sent(self.route, self.entered, self.button, self.before), *self.then)

    @property
    def whole(self) -> "tuple[Walk, ...]":
        """This walk, and those before it that it goes on from."""
        return (*(() if self.after is None else self.after.whole), self)


@dataclass
class HeldChecks:
    """Proofs and replays that go on until the walk is over, and then find nothing."""

    is_over: threading.Event = field(default_factory=threading.Event)
    checks: Checks | None = None

    def made(self, settings: Settings, store: DecisionStore) -> Checks:
        """Return the checks of a school."""
        self.checks = Checks(settings, store.policies, self._prove, self._replay)
        return self.checks

    def end(self) -> None:
        """End what goes on; the next goes on again."""
        self.is_over.set()
        if self.checks is not None:
            self.checks.join(ENDS_WITHIN_S)
        self.is_over.clear()

    def _prove(self, before: Preset | None, after: Preset) -> ProofSays:
        del before, after
        self.is_over.wait(ENDS_WITHIN_S)
        raise CheckFailed("the walk is over")

    def _replay(self, job: ReplayJob, progress: Progress) -> Replay:
        del job, progress
        self.is_over.wait(ENDS_WITHIN_S)
        raise CheckFailed("the walk is over")


@dataclass
class Walker:
    """Goes walks through *full* in one window, each as its person and from where all began."""

    full: FullSchool
    held: HeldChecks
    names: Mapping[str, Callable[[Page], str]]
    _kept: Path = Path()
    _moments: tuple[datetime, datetime] | None = None
    _page: Page | None = None
    _url: str = ""

    def keep(self) -> None:
        """Keep the school as it is now: every walk begins there."""
        school = self.full.school
        self._kept = school.folder / "kept.db"
        self._moments = (school.school_clock.moment, school.machine_clock.moment)
        _copy(self._path, self._kept)

    def open(self, browser: Browser, url: str) -> None:
        """Open the window in which no script runs."""
        context = browser.new_context(
            base_url=url, java_script_enabled=False, locale="en-GB", viewport=SIZE
        )
        context.set_default_timeout(PATIENCE_MS)
        self._page, self._url = context.new_page(), url

    def go(self, walk: Walk) -> None:
        """Go *walk* from the beginning; fails where a keyboard is not enough."""
        self._begin_again()
        for each in walk.whole:
            self._go(each)

    def _go(self, walk: Walk) -> None:
        page = self._page
        assert page is not None
        self._sign_in(page.context, walk.person)
        self.full.school.school_clock.go_on(walk.later)
        page.goto(self._named(walk.page, page))
        assert walk.says not in read(page), f"{walk.says!r} is read before"
        for sent in walk.sent:
            self._send(page, sent, is_folded=walk.is_folded and sent.route == walk.route)
        assert walk.says in read(page), f"not {walk.says!r} but: {read(page)}"

    def _send(self, page: Page, sent: Sent, *, is_folded: bool) -> None:
        keyboard, form = Keyboard(page), like(sent.route)
        if sent.route != "/sign-out":
            keyboard.skip()
        if is_folded:
            keyboard.open(form=form)
        for name, value in sent.entered.items():
            keyboard.enter(name, self._named(value, page), form=form)
        for name, value in sent.before.items():
            keyboard.put_before(name, value, form=form)
        answer = keyboard.press(sent.button, form=form)
        assert 200 == answer.status, f"{answer.status}: {read(page)}"

    def _named(self, text: str, page: Page) -> str:
        return re.sub(r"{(\w+)}", lambda found: self.names[found[1]](page), text)

    def _begin_again(self) -> None:
        self.held.end()
        school = self.full.school
        assert self._moments is not None
        school.school_clock.moment, school.machine_clock.moment = self._moments
        _copy(self._kept, self._path)

    def _sign_in(self, context: BrowserContext, person: str) -> None:
        context.clear_cookies()
        port = self._url.rpartition(":")[2]
        for cookie in () if person == NOBODY else self.full.by[person].client.cookies.jar:
            # The name ends with the port at which the browser knows the pages.
            name = re.sub(r"\d+$", port, cookie.name)
            context.add_cookies([{"name": name, "value": cookie.value or "", "url": self._url}])

    @property
    def _path(self) -> Path:
        settings = self.full.school.settings
        assert settings is not None
        return settings.decisions_path


def read(page: Page) -> str:
    """Return all that can be read on *page*, in one line."""
    # Playwright's own way puts a large script into each page first.
    return " ".join(str(page.evaluate("document.body.innerText")).split())


def like(route: str) -> re.Pattern[str]:
    """Return what an action of *route* is like, with any names in it."""
    return re.compile(f"^{re.sub(r'{\w+}', '[^/]+', route)}$")


def names_of(full: FullSchool, codes: str, setup: str) -> Mapping[str, Callable[[Page], str]]:
    """Return what stands in braces; *codes* is the operator’s secret, *setup* a set-up code."""
    clock = full.school.machine_clock

    def drawn(secret: str) -> str:
        return pyotp.TOTP(secret).at(clock.moment)

    return {
        "nonce": lambda _: full.nonce,
        "report_code": lambda _: full.report_code,
        "log_code": lambda _: full.log_code,
        "code": lambda _: drawn(codes),
        "shown_code": lambda page: drawn(shown_secret(read(page))),
        "setup_code": lambda _: setup,
        **{name: lambda _, name=name: str(full.drafts[name]) for name in full.drafts},
    }


def _copy(there: Path, here: Path) -> None:
    with closing(connect(there)) as source, closing(connect(here)) as target:
        source.backup(target)
