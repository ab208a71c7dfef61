"""The pages about incidents in a real browser: looked at closely."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from chromium import Scheme, chromium, look
from free_ports import free_port
from incident_events import RULES as GATHERING
from incident_events import attempt, harmful
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page
from web_school import MACHINE, PASSWORD, WebSchool, WebSettings, settings_in
from web_server import served

from schoolgate_policyd.core.subjects import Audience, Device, DeviceKind
from schoolgate_policyd.store.event_tail import Tailed
from schoolgate_policyd.store.incident_gathering import IncidentGathering

pytestmark = pytest.mark.browser

LISTENING = "127.0.8.1"


def gathered(school: WebSchool) -> None:
    """Have a pupil try things for some days, a device that nobody knows, and a teacher."""
    ago = [timedelta(hours=-50), timedelta(hours=-26), timedelta(minutes=-40)]
    events = [
        *(attempt("protonvpn.example", person="p-7", after=each) for each in ago),
        attempt("web-proxy.example", person="p-7", after=ago[2], count=14),
        harmful("extremism", person="p-7", after=ago[2]),
        harmful("gambling", person=None, device_id="pc-1", after=ago[1]),
        attempt(person="teacher", audience=Audience.STAFF, after=ago[0]),
    ]
    tailed = [Tailed("dns", "boot", n, each) for n, each in enumerate(events, 1)]
    gathering = IncidentGathering(school.decisions.database, GATHERING)
    gathering.gather(tailed, {("dns", "boot"): len(events)}, at=MACHINE)


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("incidents")
    port = free_port(LISTENING)
    web = WebSettings(address=LISTENING, port=port, public_url=f"http://{LISTENING}:{port}")
    school = WebSchool(folder, settings=settings_in(folder, web))
    tablet = Device("127.0.1.40", "tablet-7", kind=DeviceKind.SCHOOL_MOBILE, is_shared=True)
    school.decisions.people.register_device(tablet, at=MACHINE, by=None)
    gathered(school)
    try:
        with served(school, LISTENING, port) as opened:
            yield opened
    finally:
        school.close()


class Desk:
    """Somebody at Chromium."""

    def __init__(self, browser: Chromium, url: str, username: str, scheme: Scheme) -> None:
        context = browser.new_context(base_url=url, color_scheme=scheme, locale="en-GB")
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: pytest.fail(str(error)))
        self.page.goto("/sign-in")
        self.page.fill("#username", username)
        self.page.fill("#password", PASSWORD)
        self.page.click("main button")
        self._scheme = scheme

    def look(self, path: str, name: str) -> None:
        """Look closely at the page at *path*, or where they are."""
        if path:
            self.page.goto(path)
        look(self.page, name, self._scheme)


def test_from_the_incident_to_the_supervised_session(browser: Chromium, url: str) -> None:
    """In dark to begin with, in light at the end: each page is looked at in one of them."""
    lead = Desk(browser, url, "lead", "light")
    lead.look("/incidents", "incidents")
    lead.page.click("text=2: Pia Pupil")
    lead.look("", "incident-new")
    number = lead.page.url.rpartition("/")[2]
    lead.page.click("text=I am looking into it")
    lead.page.fill("#action-text", "Talked with the class teacher")
    lead.page.click("text=Record the action")
    lead.page.click("text=Propose a restriction")
    lead.page.click("text=Propose >> nth=-1")
    lead.look("", "incident-propose-mistakes")
    lead.page.check("text=Supervised-only use")
    lead.page.fill("#ends_on", "2026-11-27")
    lead.page.fill("#why", "She looked for it again after we had talked")
    lead.page.click("button >> text=Propose")
    lead.look("", "incident-proposed")

    head = Desk(browser, url, "head", "dark")
    head.look("/restrictions", "restrictions-to-decide")
    head.page.check("text=Yes, at once")
    head.page.fill("textarea >> nth=0", "It fits")
    head.page.click("text=Record the decision")
    head.look("", "restrictions-in-force")
    head.look(f"/incidents/{number}", "incident-seen-by-the-head")

    teacher = Desk(browser, url, "teacher", "light")
    teacher.look("/supervised", "supervised")
    teacher.page.click("text=Assign a device to Pia Pupil")
    teacher.page.select_option("#device", "tablet-7")
    teacher.page.click("text=Assign >> nth=-1")
    teacher.look("", "assignments")
    teacher.page.goto("/supervised")
    teacher.page.click("text=Open a session for Pia Pupil")
    teacher.look("", "supervised-open")
    teacher.look("/incidents/new", "report-a-concern")


def test_an_incident_of_somebody_who_is_not_known(browser: Chromium, url: str) -> None:
    dsl = Desk(browser, url, "dsl", "dark")
    dsl.look("/incidents", "incidents-of-the-dsl")
    dsl.page.click("text=A pupil, not known who")
    dsl.look("", "incident-unknown")
    dsl.page.fill("#close-outcome", "An advertisement on a lesson site")
    dsl.page.fill("#close-taken", "Looked at the site with the technician")
    dsl.page.click("text=Close the incident")
    dsl.look("", "incident-closed")
