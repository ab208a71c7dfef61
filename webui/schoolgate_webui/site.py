"""What the pages work with, and who asks: one `Site` for the process, one `Visit` a request."""

from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec
from fastapi import Request

from schoolgate_policyd.clock import Clock
from schoolgate_policyd.config import Settings
from schoolgate_policyd.ipc.messages import Status
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.events import EventStore
from schoolgate_policyd.store.records import WebSession
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.policy_acts import Act, is_waiting_for, may
from schoolgate_policyd.workflow.policy_versions import stage_at
from schoolgate_policyd.workshop import Workshop
from schoolgate_webui.checks import Checks
from schoolgate_webui.policy import PolicyInForce
from schoolgate_webui.presets import PresetsRead
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
    """Who asks, from which address, when; *csrf* is the token of the forms on their page."""

    now: Now
    address: str
    session: WebSession | None
    csrf: str

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
        self.settings = settings
        self.decisions = decisions
        self.events = events
        self.admin = admin
        self.policy_in_force = PolicyInForce(settings, decisions)
        self.workshop = Workshop(settings.rules_dir, settings.school, decisions.policies)
        self.presets_read = PresetsRead(self.workshop)
        self.checks = checks or Checks(settings, decisions.policies)
        self.cookies = Cookies(settings)
        self._school_clock = school_clock
        self._machine_clock = machine_clock

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
        session = None
        if token is not None:
            session = self.decisions.sessions.resume(token, at=now.machine)
        browser = self.cookies.browser_of(request)
        secret = session.csrf_secret if session is not None else browser
        visit = Visit(
            now=now,
            # The peer's own address: what a header says about it is the client's word.
            address="" if request.client is None else request.client.host,
            session=session,
            csrf="" if secret is None else form_token(secret),
        )
        request.state.visit = visit
        return visit

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

    def policies_waiting(self, visit: Visit) -> int:
        """Return how many versions of the policy wait for whoever is signed in."""
        member = visit.member
        if member is None or not (may(member, Act.APPROVE) or may(member, Act.DIRECT)):
            return 0
        versions, people = self.workshop.every(), self.decisions.people.members()
        return sum(
            is_waiting_for(member, each, stage_at(each, versions, visit.now.school), people)
            for each in versions
        )

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
