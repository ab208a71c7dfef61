"""The school of `object_world` filled: one of everything that an address can name, of each."""

import sqlite3
from contextlib import closing
from pathlib import Path

from incident_events import RULES as GATHERING
from incident_events import attempt, harmful
from object_world import ELSEWHERE, LEAVER, NOBODY, ObjectWorld
from policy_school import PolicySchool, begin
from web_events import blocked, put
from web_school import ENTRY, LESSON, MACHINE, PASSWORD, policy

from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.subjects import Audience, Device, DeviceKind
from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot
from schoolgate_policyd.ledger.notes import Signer
from schoolgate_policyd.store.event_tail import Tailed
from schoolgate_policyd.store.incident_gathering import IncidentGathering
from schoolgate_policyd.store.records import NewPerson
from schoolgate_policyd.store.sign_in_records import NewPasskey
from schoolgate_policyd.workflow.legal_holds import HoldOn, NewHold
from schoolgate_policyd.workflow.people import SchoolClass

# Beside those of web_school: another member of staff, who stands in, a pupil, who has left.
ALSO_HERE = (
    ("colleague", "Cara Colleague", Audience.STAFF),
    ("deputy", "Des Deputy", Audience.STAFF),
    (LEAVER, "Lou Leaver", Audience.STAFF),
    ("pupil", "Pip Pupil", Audience.PUPIL),
)
MEASURES = {"in_place": "yes", "why": "I looked at the page."}


def object_world(folder: Path) -> ObjectWorld:
    """Return the school in *folder*, with everything that tests name in it."""
    world = ObjectWorld(PolicySchool(folder))
    settings, store = world.school.settings, world.school.decisions
    assert settings is not None
    source = Source(number=10, policy=policy())
    save_last_snapshot(settings.last_snapshot_path("policyd"), source)
    world.school.policyd.acknowledges(10**6)
    for person, name, audience in ALSO_HERE:
        store.people.add(NewPerson(person, name, audience, person), at=MACHINE, by=None)
        store.credentials.set_password(person, PASSWORD, at=MACHINE, by=None)
    store.people.add_class(SchoolClass("5c", "5C"), at=MACHINE, by=None)
    tablet = Device("127.0.1.40", "tablet-7", kind=DeviceKind.SCHOOL_MOBILE, is_shared=True)
    store.people.register_device(tablet, at=MACHINE, by=None)
    for fill in (
        _requests,
        _standing,
        _reports,
        _incidents,
        _records,
        _policies,
        _accounts,
        _to_decide,
    ):
        fill(world)
    return world


def _requests(world: ObjectWorld) -> None:
    away = {"deputy": "deputy", "starts_on": "2026-11-20", "ends_on": "2026-11-27"}
    away["reasons"] = "A conference"
    world.sent("head", "/delegations", "/delegations", **away)
    world.keys["delegation"] = "1"
    new = "/requests/new"
    for name, by in (
        ("of the teacher", "teacher"),
        ("of the teacher, to decide", "teacher"),
        ("of the head, to decide", "head"),
        ("of the lead", "lead"),
        ("of who left", LEAVER),
    ):
        entry = {**ENTRY, "url": f"https://www.tiktok.com/@a/video/{len(world.keys)}"}
        world.sent(by, new, new, **entry)
        number = world.keys[f"request {name}"] = world.number(by)
        path = f"/requests/{number}"
        if "to decide" in name:
            world.sent("lead", path, f"{path}/measures", **MEASURES)
    for by in ("teacher", "head"):
        world.sent(by, new, new, save="yes", reasons="Not sure yet", url="https://x.example/")
        drafts = world.school.decisions.request_drafts.of(by)
        world.keys[f"request draft of the {by}"] = str(drafts[0].id)


def _standing(world: ObjectWorld) -> None:
    asked = {
        "name": "staff-break-access",
        "reasons": "Staff may at break",
        "measures": "Own devices only",
        "review_on": "2026-12-10",
    }
    for number, state in enumerate(("permitted", "to check"), 1):
        path = f"/standing/requests/{number}"
        world.sent("technician", "/standing/new", "/standing/new", **asked)
        world.keys[f"standing request, {state}"] = str(number)
        if state == "permitted":
            world.sent("lead", path, f"{path}/controls", **MEASURES)
            signed = {"approved": "yes", "reasons": "Fits", "password": PASSWORD}
            world.sent("head", path, f"{path}/decision", **signed)
    with closing(sqlite3.connect(world.path)) as records:
        rows = records.execute("SELECT id, kind FROM standing_records").fetchall()
    for id_, kind in rows:
        world.keys[f"standing record, {kind}"] = str(id_)


def _reports(world: ObjectWorld) -> None:
    for name, by, saw in (
        ("of the teacher", "teacher", "A pupil showed me www.odd.example"),
        ("of a colleague about the lead", "colleague", "Leo Lead looks at www.odd.example"),
        ("of a pupil about the head", "pupil", "Hana Head has www.odd.example open"),
    ):
        world.sent(by, "/report", "/report", saw=saw)
        world.keys[f"report {name}"] = str(
            sum(each.startswith("report") for each in world.keys) + 1
        )
    world.sent("head", "/reports/1", "/reports/1/about", person="operator")
    block = {"reason": "Frightening", "extent": "site", "whom": "pupils"}
    world.sent("lead", "/blocks/new", "/blocks/new", url="www.bad-games.com", **block)
    world.keys["block"] = "1"
    site = {"name": "Times", "url": "https://tables.example/", "about": "Maths"}
    world.sent("lead", "/filtering/sites", "/filtering/sites", **site)
    world.keys["suggested site"] = "1"


def _incidents(world: ObjectWorld) -> None:
    staff = Audience.STAFF
    about = {
        "about a pupil": attempt("vpn.example", person="p-7"),
        "about the teacher": attempt(person="teacher", audience=staff),
        "about the head": attempt(person="head", audience=staff),
        "about the lead": attempt(person="lead", audience=staff),
        "about the DSL": attempt(person="dsl", audience=staff),
        "about nobody known": harmful("gambling", person=None, device_id="pc-1"),
    }
    tailed = [Tailed("dns", "boot", n, each) for n, each in enumerate(about.values(), 1)]
    gathering = IncidentGathering(world.school.decisions.database, GATHERING)
    gathering.gather(tailed, {("dns", "boot"): len(tailed)}, at=MACHINE)
    with closing(sqlite3.connect(world.path)) as records:
        rows = dict(records.execute("SELECT coalesce(person_id, ''), id FROM incidents"))
    whom = ("p-7", "teacher", "head", "lead", "dsl", "")
    for name, person in zip(about, whom, strict=True):
        world.keys[f"incident {name}"] = str(rows[person])
    put(world.school, blocked("www.tiktok.com", person="p-7"))
    path = f"/incidents/{world.keys['incident about a pupil']}"
    proposal = {"what": "supervised-only", "ends_on": "2026-11-27", "why": "Again"}
    for number, state in ((1, "in force"), (2, "proposed")):
        world.sent("lead", f"{path}/propose", f"{path}/propose", **proposal, section="§9")
        world.keys[f"restriction, {state}"] = str(number)
    world.sent(
        "head", "/restrictions", "/restrictions/1/decide", approved="yes", reasons="I agree"
    )
    devices = "/supervised/devices"
    world.sent("teacher", devices, devices, person="p-7", device="tablet-7")
    world.sent("teacher", "/supervised", "/supervised/open")
    world.keys |= {"assigned device": "1", "supervised session": "1"}


def _records(world: ObjectWorld) -> None:
    store = world.school.decisions
    made = store.checkpoints.make(Signer.made("school.example/audit/1a2b3c4d"), at=MACHINE)
    world.keys["checkpoint"] = str(made.size)
    for name, person, by in (
        ("on the teacher", "teacher", "head"),
        ("on the head", "head", "chair"),
        ("on the DSL", "dsl", "head"),
    ):
        hold = NewHold(HoldOn.PERSON, person, "There is a complaint.")
        placed = store.legal_holds.place(hold, by=by, at=MACHINE)
        world.keys[f"hold {name}"] = str(placed.id)
    path = "/school/calendar/different"
    world.sent("head", path, path, day="2026-12-02", kind="closed", name="Snow", password=PASSWORD)
    world.keys["different day"] = "1"


def _policies(world: ObjectWorld) -> None:
    world.keys["draft of the technician"] = str(begin(world.who("technician")))
    world.keys["version in force"] = "1"


def _accounts(world: ObjectWorld) -> None:
    people = ("teacher", "head")
    store = world.school.decisions
    everybody = ("colleague", "deputy", "chair", "governor", "lead", "dsl", "technician")
    for person in (*people, *everybody, "operator", "visitor", "pupil", LEAVER, ELSEWHERE, NOBODY):
        world.who(person)
        world.program(person)
    to_decide = world.keys["request of the teacher, to decide"]
    head = world.who("head")
    path = f"/requests/{to_decide}"
    page = head.send(path, f"{path}/decision", approved="yes", reasons="Fits the lesson")
    assert world.who("head").status == 200, page.text
    action = next(each.action for each in page.forms if each.action.startswith("/sign/"))
    world.keys["signing of the head"] = action.rpartition("/")[2]
    for number, person in enumerate(people):
        # There is one that has not signed in with it: their sessions stay what they were.
        passkey = NewPasskey(bytes([number] * 32), b"", b"h" * 8, 0, frozenset(), False)
        made = store.passkeys.add(person, passkey, "A key", at=MACHINE, by=person)
        world.keys[f"passkey of the {person}"] = str(made)
        world.keys[f"token of the {person}"] = str(store.api_tokens.of(person)[0].id)
        sessions = store.sessions.of(person, at=MACHINE)
        world.keys[f"session of the {person}"] = str(min(each.id for each in sessions))
    codes = [link for link in world.who("dsl").get("/log").links if "/log/open/" in link]
    world.keys["pseudonym that the DSL sees"] = codes[0].rpartition("/")[2]
    version = store.person_records.one(LEAVER).version
    store.people_changes.leave(
        LEAVER, LESSON, version=version, by="head", at=MACHINE, moment=LESSON
    )


def _to_decide(world: ObjectWorld) -> None:
    """Keep what the forms for decisions say, now that nothing more comes to what would open."""
    for name, by in (("of the teacher, to decide", "head"), ("of the head, to decide", "chair")):
        number = world.keys[f"request {name}"]
        form = world.who(by).get(f"/requests/{number}").form(f"/requests/{number}/decision")
        world.shown[number] = form.fields["shown"]
