"""A small school with every kind of rule that the proxy meets, and the real proxy serving it."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from schoolgate_policyd.core.catalogue import (
    Catalogue,
    Category,
    DomainList,
    HelpLine,
    Service,
)
from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.policy import Document, Live, Policy, Register, Source
from schoolgate_policyd.core.rules import (
    ADDRESS_LITERALS,
    Citation,
    Condition,
    Grant,
    GrantKind,
    Rule,
    Scope,
)
from schoolgate_policyd.core.safe_search import SearchService
from schoolgate_policyd.core.school_time import SchoolTime, TimetableUse
from schoolgate_policyd.core.subjects import Audience, Device, DeviceKind, Network, Person
from schoolgate_policyd.core.times import (
    Calendar,
    DateRange,
    Period,
    PeriodStart,
    Timetable,
    WorkingHours,
)
from schoolgate_policyd.core.url_patterns import UrlPattern

PUPIL = "127.0.1.10"
STAFF = "127.0.2.10"
VISITOR = "127.0.4.10"
UNKNOWN = "127.0.9.9"
ZONE = ZoneInfo("Europe/London")
LESSON = datetime(2026, 11, 20, 9, 30, tzinfo=ZONE)
DAYS_START = LESSON.replace(hour=0, minute=0)
DAYS_END = LESSON.replace(hour=23)
BREAK = datetime(2026, 11, 20, 10, 35, tzinfo=ZONE)

_PUPILS = Condition(audience=frozenset({Audience.PUPIL}))
_STAFF = Condition(audience=frozenset({Audience.STAFF}))
_VISITORS = Condition(audience=frozenset({Audience.VISITOR}))


def _cite(section: str) -> Citation:
    return Citation("Social Media Policy", section)


RULES = (
    Rule(
        id="pupils-social-media",
        block=frozenset({"video-sharing", "forum"}),
        applies_to=(_PUPILS,),
        cite=_cite("§7"),
        lifted_by=frozenset({GrantKind.CURRICULUM_GRANT}),
        topic="social media",
    ),
    Rule(
        id="staff-social-media",
        block=frozenset({"video-sharing", "forum"}),
        applies_to=(_STAFF,),
        unless=(Condition(period=frozenset({Period.BREAK})),),
        cite=_cite("§5 Personal accounts"),
        lifted_by=frozenset({GrantKind.ACCESS_GRANT}),
        topic="social media",
    ),
    Rule(
        id="visitors-social-media",
        block=frozenset({"video-sharing", "forum"}),
        applies_to=(_VISITORS,),
        cite=Citation("Social Media Policy", "nothing for visitors", is_ours=True),
        topic="social media",
    ),
    Rule(
        id="no-vpn",
        block=frozenset({"vpn"}),
        applies_to=(Condition(),),
        cite=Citation("Keeping Children Safe in Education", "filtering"),
        locked=True,
        topic="ways round the filter",
    ),
    Rule(
        id="no-literals",
        block=frozenset({ADDRESS_LITERALS}),
        applies_to=(_PUPILS,),
        cite=Citation("Keeping Children Safe in Education", "filtering"),
        locked=True,
        topic="addresses without a name",
    ),
)
CATALOGUE = Catalogue(
    categories=(
        Category("video-sharing", "Video sharing"),
        Category("forum", "Forums"),
        Category("vpn", "VPN services", is_circumvention=True),
    ),
    services=(
        Service("tiktok", "TikTok", "video-sharing", (DomainName("tiktok.com"),)),
        Service(
            "parents-talk",
            "Parents’ talk",
            "forum",
            urls=(
                UrlPattern(DomainName("www.parents.example"), "/talk"),
                UrlPattern(DomainName("badcert.example"), "/talk"),
                UrlPattern(DomainName("down.example"), "/talk"),
            ),
        ),
        Service("bank-forum", "Bank forum", "forum", (DomainName("forum.bank.example"),)),
    ),
    lists=(DomainList("vpns", "vpn", (DomainName("vpn.example"),)),),
    help_lines=(
        HelpLine(
            "childline",
            "Childline",
            (DomainName("childline.example"),),
            phone="0800 1111",
            about="For every child, about anything.",
        ),
        HelpLine("shout", "Shout", (DomainName("shout.example"),), phone="text 85258"),
    ),
    never_inspected=(DomainName("bank.example"),),
    search_services=(
        SearchService(
            "finder",
            "Finder",
            (DomainName("www.finder.example"),),
            strict=DomainName("safe.finder.example"),
        ),
    ),
)
_BELLS = tuple(
    PeriodStart(time(*at), period)
    for at, period in (
        ((8, 50), Period.LESSON),
        ((10, 30), Period.BREAK),
        ((10, 45), Period.LESSON),
        ((15, 20), Period.CLOSED),
    )
)
SCHOOL_TIME = SchoolTime(
    zone="Europe/London",
    calendar=Calendar("2026", (DateRange(date(2026, 9, 1), date(2026, 12, 18)),)),
    timetables=(TimetableUse(Timetable("day", (_BELLS,) * 5 + ((), ()))),),
    staff_hours=WorkingHours(time(8, 30), time(16)),
)
REGISTER = Register(
    people=(
        Person("teacher", Audience.STAFF),
        Person("child", Audience.PUPIL, classes=frozenset({"oak"})),
    ),
    networks=(
        Network("pupils", "127.0.1.0/24", Audience.PUPIL, DeviceKind.SCHOOL_COMPUTER, True),
        Network("staff", "127.0.2.0/24", Audience.STAFF, DeviceKind.OWN_DEVICE, True),
        Network("visitors", "127.0.4.0/24", Audience.VISITOR, DeviceKind.OWN_DEVICE, False),
    ),
    devices=(Device(STAFF, "laptop", owner="teacher"), Device(PUPIL, "pc-1", owner="child")),
)


def school_source(number: int = 1, live: Live | None = None) -> Source:
    """Return the school, with *live* in force."""
    policy = Policy(
        id="test",
        document=Document("Social Media Policy", "September 2022"),
        rules=RULES,
        catalogue=CATALOGUE,
        school_time=SCHOOL_TIME,
        social_media=frozenset({"video-sharing", "forum"}),
    )
    return Source(number, policy, REGISTER, live or Live())


def teachers_grant(scope: Scope, ends_at: datetime = DAYS_END) -> Grant:
    """Return an access-grant of *scope* for the teacher, from the day's start until *ends_at*."""
    teacher = frozenset({"teacher"})
    return Grant("grant-1", GrantKind.ACCESS_GRANT, scope, DAYS_START, ends_at, people=teacher)


def classs_grant(scope: Scope) -> Grant:
    """Return a curriculum-grant of *scope* for the class Oak, for the whole of the day."""
    oak = frozenset({"oak"})
    kind = GrantKind.CURRICULUM_GRANT
    return Grant("grant-2", kind, scope, DAYS_START, DAYS_END, classes=oak)
