"""A small school for replays: pupils, staff with a break, visitors; and events of one day."""

from datetime import UTC, date, datetime, time

import msgspec

from schoolgate_policyd.core.catalogue import (
    Catalogue,
    Category,
    HelpLine,
    Service,
)
from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.policy import Document, Live, Policy, Register, Source
from schoolgate_policyd.core.rules import Citation, Condition, GrantKind, Rule
from schoolgate_policyd.core.school_time import SchoolTime, TimetableUse
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot
from schoolgate_policyd.core.subjects import (
    Audience,
    Device,
    DeviceKind,
    Duty,
    HeldDuty,
    Network,
    Person,
)
from schoolgate_policyd.core.times import (
    Calendar,
    DateRange,
    Period,
    PeriodStart,
    Timetable,
    WorkingHours,
)
from schoolgate_policyd.core.url_patterns import UrlPattern
from schoolgate_policyd.ipc.messages import PointKind
from schoolgate_policyd.replay import RecordedAllowed, RecordedBlock

LESSON = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
BREAK = datetime(2026, 11, 20, 10, 35, tzinfo=UTC)
STANDING = "staff-break-access"
CHAT, VIDEO, FORUM, LESSONS, HELP = (
    "chat.example",
    "video.example",
    "forum.example",
    "lesson.example",
    "help.example",
)
CITE = Citation("Policy", "§1")
NETWORKS = (
    Network("pupils", "10.1.0.0/16", Audience.PUPIL, DeviceKind.SCHOOL_COMPUTER, inspectable=True),
    Network("staff", "10.2.0.0/16", Audience.STAFF, DeviceKind.OWN_DEVICE, inspectable=True),
    Network("guests", "10.4.0.0/16", Audience.VISITOR, DeviceKind.OWN_DEVICE, inspectable=False),
)
PEOPLE = (
    *(Person(f"pupil-{n}", Audience.PUPIL, classes=frozenset({"4B"})) for n in range(8)),
    *(Person(f"staff-{n}", Audience.STAFF) for n in range(8)),
    Person("dsl", Audience.STAFF, (HeldDuty(Duty.DSL),)),
)
DEVICES = (Device("10.2.0.100", "dsl-laptop", "dsl"),)
CATALOGUE = Catalogue(
    categories=(
        Category("messaging", "Messaging"),
        Category("video-sharing", "Video sharing"),
        Category("forum", "Forums"),
    ),
    services=(
        Service("chat", "Chat", "messaging", (DomainName(CHAT),)),
        Service("video", "Video", "video-sharing", (DomainName(VIDEO),)),
        Service("forum", "Forum", "forum", urls=(UrlPattern(DomainName(FORUM), "/talk"),)),
    ),
    help_lines=(HelpLine("help", "Help", (DomainName(HELP),)),),
    essentials=(DomainName(LESSONS),),
)
_BELLS = (
    PeriodStart(time(8, 50), Period.LESSON),
    PeriodStart(time(10, 30), Period.BREAK),
    PeriodStart(time(10, 45), Period.LESSON),
    PeriodStart(time(15, 20), Period.CLOSED),
)
_SOCIAL = frozenset({"messaging", "video-sharing", "forum"})
_DSL = Condition(duty=frozenset({Duty.DSL}))
_AT_BREAK = Condition(period=frozenset({Period.BREAK}), standing=frozenset({STANDING}))


def social(audience: Audience, *unless: Condition) -> Rule:
    return Rule(
        id=f"{audience}-social",
        block=_SOCIAL,
        applies_to=(Condition(audience=frozenset({audience})),),
        unless=unless,
        lifted_by=frozenset({GrantKind.ACCESS_GRANT}),
        cite=CITE,
    )


POLICY = Policy(
    id="before",
    document=Document("Policy", "2026"),
    rules=(
        social(Audience.PUPIL),
        social(Audience.STAFF, _AT_BREAK, _DSL),
        social(Audience.VISITOR),
    ),
    catalogue=CATALOGUE,
    school_time=SchoolTime(
        zone="Europe/London",
        calendar=Calendar("autumn", (DateRange(date(2026, 9, 1), date(2026, 12, 18)),)),
        timetables=(TimetableUse(Timetable("day", (_BELLS,) * 5 + ((),) * 2)),),
        staff_hours=WorkingHours(time(8, 30), time(16)),
    ),
)
WITHOUT_BREAK = msgspec.structs.replace(
    POLICY,
    id="after",
    rules=(social(Audience.PUPIL), social(Audience.STAFF, _DSL), social(Audience.VISITOR)),
)


def snapshot_of(policy: Policy = POLICY, live: Live | None = None) -> Snapshot:
    live = Live(standing=frozenset({STANDING})) if live is None else live
    return compile_snapshot(Source(1, policy, Register(PEOPLE, NETWORKS, DEVICES), live))


def allowed(host: str = CHAT, **changes: object) -> RecordedAllowed:
    fields: dict[str, object] = {
        "at": BREAK,
        "point": PointKind.DNS,
        "client": "10.2.0.1",
        "host": host,
        "count": 1,
    }
    return RecordedAllowed(**fields | changes)  # type: ignore[arg-type]  # each has its own type


def blocked(host: str = CHAT, **changes: object) -> RecordedBlock:
    fields: dict[str, object] = {
        "at": LESSON,
        "point": PointKind.DNS,
        "client": "10.2.0.1",
        "host": host,
        "count": 1,
        "audience": Audience.STAFF,
        "device": DeviceKind.OWN_DEVICE,
        "network": "staff",
        "person": "staff-1",
    }
    return RecordedBlock(**fields | changes)  # type: ignore[arg-type]  # each has its own type
