"""What the pages work with, and who asks: one `Site` for the process, one `Visit` a request."""

from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec
from fastapi import Request

from schoolgate_policyd.clock import Clock
from schoolgate_policyd.config import Settings
from schoolgate_policyd.core.subjects import Network
from schoolgate_policyd.ipc.messages import Status
from schoolgate_policyd.networks import networks_of
from schoolgate_policyd.passkey_ceremonies import relying_party
from schoolgate_policyd.school_identity import as_the_school_says
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.events import EventStore
from schoolgate_policyd.store.records import WebSession
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workshop import Workshop
from schoolgate_webui.acknowledging import Acknowledging
from schoolgate_webui.challenges import Challenges
from schoolgate_webui.checks import Checks
from schoolgate_webui.policy import PolicyInForce
from schoolgate_webui.presets import PresetsRead
from schoolgate_webui.public_papers import PublicPapers
from schoolgate_webui.shown_once import ShownOnce
from schoolgate_webui.tokens import Cookies, form_token
from schoolgate_webui.views.moments import Now
from schoolgate_webui.views.requests import Names, Seen

# A page that shows states must not wait long for them: without an answer it says less.
STATUS_WITHIN_S = 0.5


class Policyd(Protocol):
    """What the pages ask policyd; `ipc.admin.AdminClient` does."""

    def wake(self) -> Status | None:
        """Say that the store has changed; return what is in force after that."""
        ...

    def status(self, timeout_s: float = ...) -> Status | None:
        """Return what is in force where, None without an answer in time."""
        ...


class Visit(msgspec.Struct, frozen=True):
    """
    Who asks, from which address, when; *csrf* is the token of the forms on their page.

    *part_way* is the session of somebody who has shown a password and not yet everything: nobody
    is signed in with it. *browser_csrf* is the token of forms for whoever is not signed in.
    *api_token* numbers the token that a program showed in place of a session.
    """

    now: Now
    address: str
    session: WebSession | None
    csrf: str
    part_way: WebSession | None = None
    browser_csrf: str = ""
    api_token: int | None = None

    @property
    def member(self) -> Member | None:
        """Whoever is signed in."""
        return None if self.session is None else self.session.member


class Site:
    """The collaborators of every handler."""

    def __init__(
        self,
        settings: Settings,
        *,
        decisions: DecisionStore,
        events: EventStore,
        admin: Policyd,
        school_clock: Clock,
        machine_clock: Clock,
        checks: Checks | None = None,
    ) -> None:
        self._configured = settings
        self.settings = settings = as_the_school_says(settings, decisions.school)
        self.decisions = decisions
        self.events = events
        self.admin = admin
        self.policy_in_force = PolicyInForce(settings, decisions)
        self.workshop = Workshop(settings.rules_dir, settings.school, decisions.policies)
        self.presets_read = PresetsRead(self.workshop)
        self._checks = checks
        self.checks = checks or Checks(settings, decisions.policies)
        self.cookies = Cookies(settings)
        self.acknowledging = Acknowledging(decisions, settings.school)
        self.public_papers = PublicPapers(settings)
        self.relying_party = relying_party(settings)
        self.challenges = Challenges()
        self.shown_once = ShownOnce()
        self._school_clock = school_clock
        self._machine_clock = machine_clock

    def follow_school(self) -> None:
        """Take up the school's own name and preset, which were just changed in the store."""
        before = self.settings.school
        self.settings = settings = as_the_school_says(self._configured, self.decisions.school)
        if settings.school != before:
            policies = self.decisions.policies
            self.policy_in_force = PolicyInForce(settings, self.decisions)
            self.workshop = Workshop(settings.rules_dir, settings.school, policies)
            self.presets_read = PresetsRead(self.workshop)
            self.checks = self._checks or Checks(settings, policies)

    def networks(self) -> tuple[Network, ...]:
        """Return the networks as the school says they are."""
        return self.decisions.networks.effective(networks_of(self._configured))

    def network_names(self) -> dict[str, str]:
        """Return what the school calls each network, by the network's id."""
        records = self.decisions.networks.records(networks_of(self._configured))
        return {each.network.id: each.name for each in records}

    def now(self) -> Now:
        """Return the present moment on both clocks."""
        zone = ZoneInfo(self.policy_in_force.policy().school_time.zone)
        return Now(self._school_clock.now(), self._machine_clock.now(), zone)

    def visit(self, request: Request) -> Visit:
        """Return who asks; found once for each request. Raises StoreError."""
        known = getattr(request.state, "visit", None)
        if isinstance(known, Visit):
            return known
        now = self.now()
        token = self.cookies.session_of(request)
        resumed = None if token is None else self._resumed(request, token, now)
        browser = self.cookies.browser_of(request)
        secret = resumed.csrf_secret if resumed is not None else browser
        visit = Visit(
            now=now,
            # The peer's own address: what a header says about it is the client's word.
            address="" if request.client is None else request.client.host,
            session=None if resumed is None or resumed.lacks else resumed,
            csrf="" if secret is None else form_token(secret),
            part_way=resumed if resumed is not None and resumed.lacks else None,
            browser_csrf="" if browser is None else form_token(browser),
        )
        request.state.visit = visit
        return visit

    def _resumed(self, request: Request, token: str, now: Now) -> WebSession | None:
        """Return the session of *token*, and see to it that the browser gets another in time."""
        sessions = self.decisions.sessions
        resumed = sessions.resume(token, at=now.machine, moment=now.school)
        if resumed is not None and resumed.is_rotation_due:
            replacing = sessions.rotate(resumed.id, token, at=now.machine)
            if replacing is not None:
                request.state.rotated_to = replacing
        return resumed

    def used(self, visit: Visit) -> None:
        """Note that whoever is signed in uses the pages: their claim of the device goes on."""
        if visit.session is not None:
            self.decisions.claims.seen(
                visit.session.id,
                visit.address,
                zone=visit.now.zone,
                at=visit.now.machine,
                moment=visit.now.school,
            )

    def status(self) -> Status | None:
        """Return what is in force where, None when policyd does not answer in time."""
        return self.admin.status(timeout_s=STATUS_WITHIN_S)

    def changed(self) -> Status | None:
        """Tell policyd that the store has changed; return what is in force after that."""
        return self.admin.wake()

    def names(self) -> Names:
        """Return the names of people and classes."""
        people = self.decisions.people
        return Names(
            people=people.names(), classes={each.id: each.name for each in people.classes()}
        )

    def seen(self, visit: Visit) -> Seen:
        """Return what the views of requests need."""
        return Seen(
            now=visit.now,
            names=self.names(),
            policy=self.policy_in_force.policy(),
            status=self.status(),
            version=self.decisions.version(),
        )
