"""A school with something of everything: what its pages show in the middle of a school year."""

import dataclasses
import functools
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyotp
from account_people import shown_secret
from httpx import Cookies
from incident_events import RULES as GATHERING
from incident_events import attempt, harmful
from policy_school import PolicySchool, begin, gain_lessons, take
from rule_tree import SCHOOL
from web_browser import Browser
from web_events import allowed, blocked, clock_noticed, noticed, put
from web_school import (
    ENTRY,
    HOST,
    MACHINE,
    NETWORKS,
    PASSWORD,
    PUPILS_COMPUTER,
    WebSettings,
    policy,
    settings_in,
)

from schoolgate_policyd.config import (
    DnsSettings,
    NetworkSettings,
    ProxySettings,
    Settings,
)
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.subjects import Audience, Device, DeviceKind
from schoolgate_policyd.drafting.proofs import ProofSays
from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot
from schoolgate_policyd.ledger.notes import Signer
from schoolgate_policyd.rulefiles import Preset
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.event_tail import Tailed
from schoolgate_policyd.store.incident_gathering import IncidentGathering
from schoolgate_policyd.store.records import NewPerson
from schoolgate_policyd.workflow.alerts import Alert, AlertKind
from schoolgate_policyd.workflow.legal_holds import HoldOn, NewHold
from schoolgate_policyd.workshop import Workshop
from schoolgate_webui.checks import Checks

# Chromium asks from 127.0.0.1, so the pages listen elsewhere and that is an own devices' network.
LISTENING = "127.0.8.3"
HERE = NetworkSettings(
    id="staff-own-devices-here",
    cidr="127.0.0.0/24",
    audience=Audience.STAFF,
    device=DeviceKind.OWN_DEVICE,
    inspectable=True,
)
MEASURES = {"in_place": "yes", "why": "I looked at the page; comments are off."}
DECISION = {"approved": "yes", "reasons": "Fits the lesson"}
STANDING = {
    "name": "staff-break-access",
    "reasons": "Staff may use social media at break",
    "measures": "Own devices and the staff room's computers only",
    "review_on": "2026-12-10",
}
MEETING = {"met_on": "2026-11-19", "reference": "Full governing body, item 7"}
PROPOSAL = {"what": "supervised-only", "ends_on": "2026-11-27", "why": "Again", "section": "§9"}
BLOCK = {"reason": "Masked men, children frightened", "extent": "site", "whom": "pupils"}
# Somebody who has not acknowledged the policy yet.
NEWCOMER = "newcomer"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass
class FullSchool:
    """The school, who is signed in where, and the names of things that only now exist."""

    school: PolicySchool
    by: dict[str, Browser] = field(default_factory=dict)
    nonce: str = ""
    report_code: str = ""
    checkpoint: int = 0
    log_code: str = ""
    drafts: dict[str, int] = field(default_factory=dict)

    def who(self, person: str) -> Browser:
        """Return the browser in which *person* is signed in."""
        if person not in self.by:
            browser = Browser(self.school)
            browser.acknowledges = person != NEWCOMER
            self.by[person] = browser.sign_in(person)
        return self.by[person]

    def sent(self, by: str, path: str, action: str, /, **entered: str) -> None:
        """Have *by* fill in a form, and sign where it is to be signed; it must be taken."""
        browser = self.who(by)
        page = browser.sign_shown(browser.send(path, action, **entered), password=PASSWORD)
        assert "There is a problem" not in page.text, f"{action}: {page.text}"
        status = browser.status
        assert status == 200, f"{action}: {status} {page.text}"


def keeps_every_promise(before: Preset | None, after: Preset) -> ProofSays:
    """Find at once that a draft keeps every promise: the proof itself is tested elsewhere."""
    del before, after
    return ProofSays()


def filled_school(
    folder: Path, port: int, checks: Callable[[Settings, DecisionStore], Checks] | None = None
) -> FullSchool:
    """
    Return a school in *folder*, served at LISTENING and *port*, in which much happened.

    It is filled once and copied. *checks* None: proofs and replays of its drafts run in processes
    of their own.
    """
    kept, template = _filled_once()
    shutil.copytree(kept.name, folder, dirs_exist_ok=True)
    school = _school_in(folder, port, checks, is_copy=True)
    full = dataclasses.replace(template, school=school, by={}, drafts={**template.drafts})
    for person, known in template.by.items():
        full.by[person] = browser = Browser(school)
        browser.acknowledges = known.acknowledges
        browser.client.cookies = Cookies(known.client.cookies)
    return full


@functools.cache
def _filled_once() -> tuple[TemporaryDirectory[str], FullSchool]:
    """Return a folder with all that is stored of the school, and who signed in to it there."""
    kept = TemporaryDirectory()
    full = FullSchool(_school_in(Path(kept.name), 8000))
    assert full.school.settings is not None
    # The pages about rules are of the small policy; drafts and versions are of rule files.
    path = full.school.settings.last_snapshot_path("policyd")
    save_last_snapshot(path, Source(number=10, policy=policy()))
    for fill in (
        _people,
        draft_in_stages,
        _events,
        _requests,
        _standing,
        _reports,
        _incidents,
        _records,
    ):
        fill(full)
    _accounts(full)
    _what_is_shown_once(full)
    full.school.close()
    return kept, full


def _school_in(
    folder: Path,
    port: int,
    checks: Callable[[Settings, DecisionStore], Checks] | None = None,
    *,
    is_copy: bool = False,
) -> PolicySchool:
    web = WebSettings(address=LISTENING, port=port, public_url=f"http://{HOST}:8000")
    settings = dataclasses.replace(
        settings_in(folder, web, (*NETWORKS, HERE)),
        dns=DnsSettings(address=LISTENING),
        proxy=ProxySettings(address=LISTENING),
    )
    school = PolicySchool(folder, settings=settings, checks=checks, is_copy=is_copy)
    school.policyd.acknowledges(10**6)
    return school


def _people(full: FullSchool) -> None:
    store = full.school.decisions
    for number, name in enumerate(("Ada Birch", "Ben Hazel", "Cleo Rowan-Featherstonehaugh"), 20):
        new = NewPerson(f"p-{number}", name, Audience.PUPIL, None, (), frozenset({"4b"}), 4, 9)
        store.people.add(new, at=MACHINE, by=None)
    newcomer = NewPerson(NEWCOMER, "Nell Newcomer", Audience.STAFF, NEWCOMER, ())
    store.people.add(newcomer, at=MACHINE, by=None)
    store.credentials.set_password(NEWCOMER, PASSWORD, at=MACHINE, by=None)
    path = "/school/people/p-22/leave"
    full.sent("technician", path, path)
    tablet = Device("127.0.1.40", "tablet-7", kind=DeviceKind.SCHOOL_MOBILE, is_shared=True)
    store.people.register_device(tablet, at=MACHINE, by=None)
    path = "/school/calendar/different"
    full.sent("head", path, path, day="2026-12-02", kind="closed", name="Snow")
    path = "/school/calendar/overtime"
    full.sent("technician", path, path, person="teacher", day="2026-11-23", what="off")
    full.sent(
        "lead",
        "/filtering/sites",
        "/filtering/sites",
        name="Times Tables",
        url="https://tables.example/year-3",
        about="Maths practice",
    )


def draft_in_stages(full: FullSchool) -> None:
    """Draft a change of what is in force once for each stage, and leave it there."""
    school = full.school
    assert school.settings is not None
    rules, versions = school.settings.rules_dir, school.decisions.policies
    workshop = Workshop(rules, SCHOOL, versions, keeps_every_promise)
    technician = full.who("technician")
    for state in ("drafted", "proposed", "approved"):
        full.drafts[state] = number = begin(technician, f"Staff may at lunch too ({state})")
        made = gain_lessons(technician, number)
        assert "The change is in the draft" in made.text, made.text
        workshop.prove(number, by="technician", at=MACHINE)
        if state != "drafted":
            take(technician, number, "propose", reasons="Staff asked for it")
        if state == "approved":
            take(full.who("chair"), number, "approve", **MEETING)


def _events(full: FullSchool) -> None:
    social = {"services": ("facebook",), "categories": ("social-network",)}
    crowd = "asked for 200 or more sites a minute in 7 minutes, at most for about 412"
    put(
        full.school,
        *(
            blocked("www.tiktok.com", ago=n * 7 * MINUTE, person="p-7", count=n % 5 + 1)
            for n in range(60)
        ),
        *(
            blocked(
                "vpn.example",
                ago=n * DAY,
                audience=audience,
                count=3 + n,
                categories=("circumvention",),
                attempt="circumvention",
            )
            for n in range(20)
            for audience in Audience
        ),
        blocked(
            "x" * 60 + ".tunnel.example",
            attempt="dns-tunnel",
            person="p-20",
            evidence="26 new names in 25 s, 26 of them like code",
            rule="",
            ago=MINUTE,
        ),
        *(
            allowed("facebook.com", ago=n * 11 * MINUTE, person="teacher", **social)
            for n in range(100)
        ),
        noticed("2001:db8:1234:5678:9abc:def0:1234:5678", crowd, ago=DAY),
        clock_noticed("the machine's clock went back by 2 h", ago=DAY),
    )


def _requests(full: FullSchool) -> None:
    new = "/requests/new"
    for url, further in (
        (ENTRY["url"], {}),  # 1: in force
        ("https://www.facebook.com/groups/historians", {"for_whom": "class:4b", "scope": "site"}),
        ("https://www.tiktok.com/@zoo/video/9", {}),  # 3: to be decided
        ("https://www.tiktok.com/@farm/video/1", {}),  # 4: a question is open
        ("https://www.tiktok.com/@sea/video/2", {}),  # 5: withdrawn
        ("https://www.tiktok.com/@dance/video/3", {}),  # 6: measures not in place
        ("https://www.tiktok.com/@song/video/4", {}),  # 7: refused
    ):
        full.sent("teacher", new, new, **{**ENTRY, "url": url, **further})
    full.sent("teacher", new, new, save="yes", reasons="Not sure yet", url="https://x.example/")
    for number in (1, 3, 7):
        full.sent("lead", f"/requests/{number}", f"/requests/{number}/measures", **MEASURES)
    for number, approved in ((1, "yes"), (7, "no")):
        decision = {**DECISION, "approved": approved}
        full.sent("head", f"/requests/{number}", f"/requests/{number}/decision", **decision)
    question = "Who is in the room with them, and for how long?"
    full.sent("lead", "/requests/4", "/requests/4/question", question=question)
    full.sent("teacher", "/requests/5", "/requests/5/withdraw", why="Too late")
    no = {"in_place": "no", "why": "Comments are on."}
    full.sent("lead", "/requests/6", "/requests/6/measures", **no)
    away = {"deputy": "operator", "starts_on": "2026-12-20", "ends_on": "2026-12-27"}
    away |= {"reasons": "A conference", "password": PASSWORD}
    full.sent("head", "/delegations", "/delegations", **away)


def _standing(full: FullSchool) -> None:
    for number in (1, 2):
        path = f"/standing/requests/{number}"
        full.sent("technician", "/standing/new", "/standing/new", **STANDING)
        full.sent("lead", path, f"{path}/controls", in_place="yes", why="They are in place")
        if number == 1:
            full.sent("head", path, f"{path}/decision", **DECISION)


def _reports(full: FullSchool) -> None:
    child = Browser(full.school, PUPILS_COMPUTER)
    for saw in ("I saw a scary man on www.bad-games.com/clown", "www.bad.com has gambling"):
        page = child.send("/report", "/report", saw=saw, name="Pia")
        full.report_code = next(
            word
            for word in page.text.split()
            if word.count("-") == 1 and len(word) == len("BCDFG-BCDFG") and word.isupper()
        )
    full.sent("lead", "/blocks/new?report=1", "/blocks/new", url="www.bad-games.com", **BLOCK)
    answer = {"state": "stays-open", "reasons": "Only a museum", "answer": "It is a museum."}
    full.sent("lead", "/reports/2", "/reports/2/answer", **answer)
    full.sent("teacher", "/report", "/report", saw="A pupil showed me www.odd.example")


def _incidents(full: FullSchool) -> None:
    ago = [timedelta(hours=-50), timedelta(hours=-26), timedelta(minutes=-40)]
    events = [
        *(attempt("protonvpn.example", person="p-7", after=each) for each in ago),
        attempt("web-proxy.example", person="p-7", after=ago[2], count=14),
        harmful("extremism", person="p-7", after=ago[2]),
        harmful("gambling", person=None, device_id="pc-1", after=ago[1]),
        attempt(person="teacher", audience=Audience.STAFF, after=ago[0]),
    ]
    tailed = [Tailed("dns", "boot", n, each) for n, each in enumerate(events, 1)]
    gathering = IncidentGathering(full.school.decisions.database, GATHERING)
    gathering.gather(tailed, {("dns", "boot"): len(events)}, at=MACHINE)
    path = "/incidents/new"
    told = {"who": "p-20", "kind": "harmful-content", "severity": "high", "summary": "A film"}
    full.sent("teacher", path, path, **told)
    full.sent("lead", "/incidents/1", "/incidents/1/take-up")
    full.sent("lead", "/incidents/1", "/incidents/1/action", text="Talked with the teacher")
    for _ in range(2):
        full.sent("lead", "/incidents/1/propose", "/incidents/1/propose", **PROPOSAL)
    decision = {"approved": "yes", "reasons": "I agree"}
    full.sent("head", "/restrictions", "/restrictions/1/decide", **decision)
    devices = "/supervised/devices"
    full.sent("teacher", devices, devices, person="p-7", device="tablet-7")
    full.sent("teacher", "/supervised", "/supervised/open")


def _records(full: FullSchool) -> None:
    store = full.school.decisions
    made = store.checkpoints.make(Signer.made(f"{HOST}/audit/1a2b3c4d"), at=MACHINE)
    full.checkpoint = made.size
    store.checkpoints.witnessed(made.size, "file share", at=MACHINE, fault=None)
    fault = "/mnt/trust/schoolgate: is not there: mount the share"
    store.checkpoints.witnessed(made.size, "e-mail", at=MACHINE, fault=fault)
    store.retention.note_deleted({"events": 3}, at=MACHINE)
    hold = NewHold(HoldOn.PERSON, "teacher", "The governors look into a complaint.")
    store.legal_holds.place(hold, by="head", at=MACHINE)
    facts = {"number": 3, "task": "decide"}
    alert = Alert(AlertKind.REQUEST_WAITS, "request:3", ("head", "lead"), "/requests/3", facts)
    store.outbox.put([alert], at=MACHINE)
    training = {
        "kind": "staff-training",
        "what": "Filtering and monitoring",
        "for_whom": "All staff",
        "given_on": "2026-11-18",
        "due_again_on": "2027-11-18",
    }
    full.sent("lead", "/records/training", "/records/training", **training)


def _accounts(full: FullSchool) -> None:
    operator = full.who("operator")
    secret = shown_secret(operator.get("/account/codes").text)
    operator.send("/account/codes", "/account/codes", code=pyotp.TOTP(secret).at(MACHINE))


def _what_is_shown_once(full: FullSchool) -> None:
    """Leave the head before a signature, the DSL before a record, and a record open to them."""
    head = full.who("head")
    shown = head.send("/requests/3", "/requests/3/decision", **DECISION)
    full.nonce = next(
        each.action for each in shown.forms if each.action.startswith("/sign/")
    ).rpartition("/")[2]
    dsl = full.who("dsl")
    reason = {"reason": "safeguarding", "words": "A friend of hers is worried"}
    full.sent("dsl", "/log/people/p-7", "/log/people/p-7", **reason)
    codes = [link for link in dsl.get("/log").links if link.startswith("/log/open/")]
    full.log_code = codes[0].rpartition("/")[2]
