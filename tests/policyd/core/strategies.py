"""Small worlds for the laws: few names, few rules, every kind of atom, moments near bells."""

from datetime import UTC, date, datetime, time, timedelta

import msgspec
from hypothesis import strategies as st
from list_world import FakeNames

from schoolgate_policyd.core.catalogue import (
    Catalogue,
    Category,
    DomainList,
    HelpLine,
    LargeList,
    Service,
)
from schoolgate_policyd.core.decision import HostResource, Request, UrlResource, Verdict
from schoolgate_policyd.core.membership import Membership
from schoolgate_policyd.core.names import AddressLiteral, DomainName, Url
from schoolgate_policyd.core.policy import Document, Live, Policy, Register, Source
from schoolgate_policyd.core.reference import reference
from schoolgate_policyd.core.rules import (
    ADDRESS_LITERALS,
    EVERYTHING,
    EVERYTHING_BUT_ESSENTIALS,
    Citation,
    Condition,
    EverythingScope,
    Grant,
    GrantKind,
    HostScope,
    PageScope,
    PrefixScope,
    Restriction,
    RestrictionKind,
    Rule,
    ServiceScope,
)
from schoolgate_policyd.core.school_time import OneOff, SchoolTime, TimetableUse
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot
from schoolgate_policyd.core.subjects import (
    Audience,
    DeviceKind,
    Duty,
    HeldDuty,
    Subject,
)
from schoolgate_policyd.core.times import (
    Calendar,
    DateRange,
    Period,
    PeriodStart,
    Timetable,
    WorkingHours,
)
from schoolgate_policyd.core.url_patterns import QueryParameter, UrlPattern

CITE = Citation(document="Policy", section="§1")
BELLS = (
    PeriodStart(time(8), Period.BEFORE_SCHOOL),
    PeriodStart(time(8, 50), Period.LESSON),
    PeriodStart(time(10, 30), Period.BREAK),
    PeriodStart(time(10, 45), Period.LESSON),
    PeriodStart(time(12, 15), Period.LUNCH),
    PeriodStart(time(13, 15), Period.LESSON),
    PeriodStart(time(15, 20), Period.AFTER_SCHOOL),
    PeriodStart(time(17, 30), Period.CLOSED),
)
SCHOOL_TIME = SchoolTime(
    zone="Europe/London",
    calendar=Calendar(
        id="autumn",
        terms=(DateRange(date(2026, 10, 19), date(2026, 11, 27)),),
        half_terms=(DateRange(date(2026, 10, 26), date(2026, 10, 30)),),
        inset_days=frozenset({date(2026, 11, 2)}),
        bank_holidays=frozenset({date(2026, 11, 11)}),
    ),
    timetables=(TimetableUse(Timetable(id="day", days=(BELLS,) * 5 + ((),) * 2)),),
    staff_hours=WorkingHours(time(8, 30), time(16)),
)
# Their breaks and lunches overlap the others', and their Fridays end at noon.
INFANTS_BELLS = (
    PeriodStart(time(8, 50), Period.LESSON),
    PeriodStart(time(10, 15), Period.BREAK),
    PeriodStart(time(10, 40), Period.LESSON),
    PeriodStart(time(11, 45), Period.LUNCH),
    PeriodStart(time(12, 45), Period.LESSON),
    PeriodStart(time(15, 20), Period.CLOSED),
)
TIMETABLES = (
    SCHOOL_TIME.timetables[0].timetable,
    Timetable(
        id="infants",
        days=(INFANTS_BELLS,) * 4
        + ((*INFANTS_BELLS[:3], PeriodStart(time(12), Period.CLOSED)),)
        # On Sunday the clocks change, in the hour after these bells.
        + ((), (PeriodStart(time(0, 30), Period.BREAK), PeriodStart(time(1, 30), Period.LESSON))),
    ),
    Timetable(
        id="exams",
        days=((PeriodStart(time(9), Period.LESSON), PeriodStart(time(13), Period.CLOSED)),) * 7,
    ),
    Timetable(id="closed", days=((),) * 7),
)

# The hosts of which a part may differ come more than once, so that laws meet them often.
HOSTS = (
    *map(
        DomainName,
        (
            "chat.example",
            "www.chat.example",
            "learn.chat.example",
            "video.example",
            "cdn.example",
            "shared.example",
            "shared.example",
            "shared.example",
            "www.chat.example",
            "chat.example",
            "sub.shared.example",
            "listed.example",
            "help.example",
            "www.help.example",
            "lesson.example",
            "other.example",
        ),
    ),
    AddressLiteral("192.0.2.7"),
    AddressLiteral("2001:db8::7"),
)
PATHS = (
    "/",
    "//talk",
    "/TALK/a",
    "/talk/..%2fx",
    "/talk",
    "/talk/a",
    "/talkative",
    "/talk/a/b",
    "/x",
    "/wiki/T",
    "/wiki/talk:b",
    "/wiki/_T%61lk_:b",
)
QUERIES = (None, None, None, "q=1", "act=edit", "q=1;%61ct=Edit", "b=2&a=1", "act=edit&a=1&b=2")
SERVICES = ("chat", "video", "parts")
CATEGORIES = ("messaging", "video-sharing", "forum", "adult", "illegal", "vpn")
CATALOGUE = Catalogue(
    categories=tuple(Category(each, each, is_circumvention=each == "vpn") for each in CATEGORIES),
    services=(
        Service(
            id="chat",
            name="Chat",
            category="messaging",
            domains=(DomainName("chat.example"),),
            excluding=(DomainName("learn.chat.example"),),
            companions=(DomainName("cdn.example"),),
            minimum_age=13,
        ),
        Service(
            id="video",
            name="Video",
            category="video-sharing",
            domains=(DomainName("video.example"), DomainName("learn.chat.example")),
            urls=(
                UrlPattern(DomainName("shared.example"), "/talk/a"),
                UrlPattern(DomainName("shared.example"), "/wiki/Talk:", is_open_ended=True),
                UrlPattern(
                    DomainName("shared.example"),
                    "/x",
                    parameters=(QueryParameter("a", "1"), QueryParameter("b", "2")),
                    covers_subdomains=True,
                ),
            ),
        ),
        Service(
            id="parts",
            name="Parts",
            category="forum",
            urls=(
                UrlPattern(DomainName("shared.example"), "/talk"),
                UrlPattern(DomainName("www.chat.example"), "/x/"),
                UrlPattern(AddressLiteral("192.0.2.7"), "/talk"),
                UrlPattern(DomainName("shared.example"), "/wiki/T", is_open_ended=True),
                UrlPattern(
                    DomainName("shared.example"),
                    "/",
                    parameters=(QueryParameter("act", "e", is_open_ended=True),),
                    covers_subdomains=True,
                ),
            ),
            minimum_age=16,
        ),
    ),
    large_lists=(LargeList("large", "adult"), LargeList("decreed", "illegal", locked=True)),
    lists=(
        DomainList(id="bad", category="adult", domains=(DomainName("listed.example"),)),
        DomainList(
            id="tunnels",
            category="vpn",
            domains=(AddressLiteral("192.0.2.7"), DomainName("help.example")),
        ),
    ),
    help_lines=(HelpLine(id="help", name="Help", domains=(DomainName("help.example"),)),),
    essentials=(DomainName("lesson.example"), DomainName("shared.example")),
)
BLOCKABLE = (
    *SERVICES,
    *CATEGORIES,
    "bad",
    "large",
    "decreed",
    EVERYTHING,
    EVERYTHING_BUT_ESSENTIALS,
    ADDRESS_LITERALS,
)
# What a format can say: the name, what is under it, or both; also of what must stay open.
NAMES = FakeNames(
    at={
        "listed.example": ("large",),
        "lesson.example": ("large",),
        "www.chat.example": ("large", "decreed"),
        "help.example": ("large", "decreed"),
        "cdn.example": ("decreed",),
        "192.0.2.7": ("large",),
    },
    below={
        "chat.example": ("decreed",),
        "shared.example": ("large", "decreed"),
        "help.example": ("decreed",),
        "video.example": ("gone",),
    },
)
PEOPLE = ("p1",)
CLASSES = ("4B", "1A")
GROUPS = ("trolley",)
NETWORKS = ("n1", "n2")
STANDING = ("break-access",)


def a_set_of(values: tuple[object, ...]) -> st.SearchStrategy[object]:
    return st.frozensets(st.sampled_from(values), min_size=1, max_size=3)


def conditions(*, with_people: bool = False) -> st.SearchStrategy[Condition]:
    """At most two atoms each: with many, hardly a condition would ever hold."""
    atoms: dict[str, st.SearchStrategy[object]] = {
        "audience": a_set_of(tuple(Audience)),
        "duty": a_set_of(tuple(Duty)),
        "platform": a_set_of(SERVICES),
        "device": a_set_of(tuple(DeviceKind)),
        "network": a_set_of((*NETWORKS, "unknown")),
        "period": a_set_of(tuple(Period)),
        "own_hours": st.booleans(),
        "overtime": st.booleans(),
        "year_groups": st.sampled_from([(0, 2), (3, 6), (6, 6)]),
        "below_minimum_age": st.booleans(),
        "standing": a_set_of(STANDING),
    }
    if with_people:
        atoms |= {"person": a_set_of(PEOPLE), "device_group": a_set_of(GROUPS)}

    @st.composite
    def build(draw: st.DrawFn) -> Condition:
        names = draw(st.lists(st.sampled_from(sorted(atoms)), max_size=2, unique=True))
        return Condition(**{name: draw(atoms[name]) for name in names})

    return build()


def rules() -> st.SearchStrategy[Rule]:
    return st.builds(
        Rule,
        id=st.sampled_from([f"r{number}" for number in range(12)]),
        block=st.frozensets(st.sampled_from(BLOCKABLE), min_size=1, max_size=5),
        applies_to=st.just((Condition(),))
        | st.lists(conditions(), min_size=1, max_size=2).map(tuple),
        unless=st.lists(conditions(), max_size=2).map(tuple),
        lifted_by=st.sampled_from([frozenset(GrantKind), frozenset()])
        | st.frozensets(st.sampled_from(GrantKind)),
        cite=st.just(CITE),
        is_open_uninspected=st.booleans(),
    )


def rule_lists() -> st.SearchStrategy[tuple[Rule, ...]]:
    return st.lists(rules(), min_size=1, max_size=4, unique_by=lambda rule: rule.id).map(tuple)


def memberships() -> st.SearchStrategy[Membership]:
    return st.builds(
        Membership,
        audience=st.sampled_from([None, frozenset({Audience.PUPIL}), frozenset({Audience.STAFF})]),
        year_groups=st.sampled_from([None, None, (0, 2), (3, 6)]),
        classes=st.sampled_from([None, None, frozenset({"4B"}), frozenset({"1A"})]),
    )


def school_times() -> st.SearchStrategy[SchoolTime]:
    """Often the plain one; else several timetables and one-off days, for whomever."""
    uses = st.builds(TimetableUse, st.sampled_from(TIMETABLES), memberships())
    ranges = st.sampled_from(
        [
            DateRange(date(2026, 11, 20), date(2026, 11, 20)),
            DateRange(date(2026, 11, 18), date(2026, 11, 22)),
            DateRange(date(2026, 10, 19), date(2026, 11, 27)),
        ]
    )
    one_off = st.builds(
        OneOff, ranges, st.just("Trip"), st.sampled_from(TIMETABLES), memberships()
    )
    several = st.builds(
        lambda timetables, days: msgspec.structs.replace(
            SCHOOL_TIME, timetables=tuple(timetables), one_off=tuple(days)
        ),
        st.lists(uses, min_size=1, max_size=3),
        st.lists(one_off, max_size=2),
    )
    return st.just(SCHOOL_TIME) | several | several


def moments() -> st.SearchStrategy[datetime]:
    """Moments near bells, ends of terms and both kinds of night."""
    bells = {bell.at for bell in (*BELLS, *INFANTS_BELLS)}
    bell = st.sampled_from([*sorted(bells), time(0), time(0, 30), time(8, 30), time(12), time(16)])
    day = st.sampled_from([date(2026, 10, 18) + timedelta(days=offset) for offset in range(46)])
    near = st.sampled_from([-1, 0, 0, 1]).map(lambda seconds: timedelta(seconds=seconds))
    return st.builds(
        lambda on, at, delta: datetime.combine(on, at, tzinfo=UTC) + delta, day, bell, near
    ) | st.datetimes(
        min_value=datetime(2026, 10, 17),  # noqa: DTZ001 - Hypothesis adds the zone
        max_value=datetime(2026, 12, 1),  # noqa: DTZ001 - as above
        timezones=st.just(UTC),
    )


def urls() -> st.SearchStrategy[Url]:
    return st.builds(
        Url,
        scheme=st.sampled_from(["https", "http"]),
        host=st.sampled_from(HOSTS),
        port=st.sampled_from([None, None, 8443]),
        path=st.sampled_from(PATHS),
        query=st.sampled_from(QUERIES),
    )


def chains() -> st.SearchStrategy[tuple[DomainName | AddressLiteral, ...]]:
    return st.just(()) | st.lists(st.sampled_from(HOSTS), max_size=2).map(tuple)


def grants(about: DomainName | AddressLiteral | None = None) -> st.SearchStrategy[Grant]:
    """Grants that often speak of the host *about*, and often hold at every moment."""
    hosts = st.sampled_from(HOSTS) if about is None else st.just(about)
    named = st.builds(lambda url, host: msgspec.structs.replace(url, host=host), urls(), hosts)
    scope = st.one_of(
        named.map(PageScope),
        named.map(PrefixScope),
        hosts.map(HostScope),
        st.sampled_from(SERVICES).map(ServiceScope),
        st.just(EverythingScope()),
    )
    always = st.just((datetime(2026, 10, 1, tzinfo=UTC), 24 * 80))
    return st.builds(
        lambda when, kind, scope, **fields: Grant(
            starts_at=when[0],
            ends_at=when[0] + timedelta(hours=when[1]),
            # Nothing else may be for everything.
            kind=(GrantKind.SUPERVISED_SESSION if isinstance(scope, EverythingScope) else kind),
            scope=scope,
            **fields,
        ),
        always | st.tuples(moments(), st.sampled_from([1, 24 * 20])),
        st.sampled_from(GrantKind),
        scope,
        id=st.uuids().map(str),
        people=st.sampled_from([frozenset(PEOPLE), frozenset(PEOPLE), frozenset()]),
        classes=st.frozensets(st.sampled_from(CLASSES), max_size=1),
        device_groups=st.frozensets(st.sampled_from(GROUPS), max_size=1),
    )


def restrictions() -> st.SearchStrategy[Restriction]:
    return st.builds(
        lambda start, hours, **fields: Restriction(
            starts_at=start, ends_at=start + timedelta(hours=hours), **fields
        ),
        moments(),
        st.sampled_from([1, 24 * 20]),
        id=st.uuids().map(str),
        kind=st.sampled_from(RestrictionKind),
        cite=st.just(CITE),
        person=st.none() | st.sampled_from(PEOPLE),
        device_groups=st.frozensets(st.sampled_from(GROUPS), max_size=1),
        service=st.sampled_from(SERVICES),
        site=st.none() | st.none() | st.sampled_from(HOSTS),
    )


def subjects() -> st.SearchStrategy[Subject]:
    staff_or_pupil = st.builds(
        Subject,
        audience=st.sampled_from(Audience),
        device=st.sampled_from(DeviceKind),
        network=st.sampled_from(NETWORKS),
        inspectable=st.booleans(),
        person=st.sampled_from([None, *PEOPLE, *PEOPLE]),
        duties=st.lists(
            st.builds(
                HeldDuty,
                duty=st.sampled_from(Duty),
                platforms=st.none() | st.frozensets(st.sampled_from(SERVICES), min_size=1),
            ),
            max_size=2,
        ).map(tuple),
        classes=st.frozensets(st.sampled_from(CLASSES), max_size=2),
        device_groups=st.frozensets(st.sampled_from(GROUPS), max_size=1),
        year_group=st.none() | st.integers(0, 6),
        age=st.none() | st.integers(4, 18),
        hours=st.none() | st.just(WorkingHours(time(9), time(12))),
        overtime=st.just(frozenset()) | st.just(frozenset({date(2026, 11, 20)})),
    )

    def without_duties_for_pupils(subject: Subject) -> Subject:
        if subject.audience is Audience.PUPIL:
            return msgspec.structs.replace(subject, duties=(), overtime=frozenset())
        return subject

    return st.just(Subject()) | staff_or_pupil.map(without_duties_for_pupils)


def sources(
    about: DomainName | AddressLiteral | None = None,
) -> st.SearchStrategy[Source]:
    def build(
        chosen: tuple[Rule, ...],
        lifting: list[Grant],
        restricting: list[Restriction],
        standing: frozenset[str],
        school_time: SchoolTime,
    ) -> Source:
        live = Live(grants=tuple(lifting), restrictions=tuple(restricting), standing=standing)
        return source_of(chosen, live, school_time)

    return st.builds(
        build,
        rule_lists(),
        st.sampled_from([0, 1, 1, 2]).flatmap(
            lambda count: st.lists(grants(about), min_size=count, max_size=count)
        ),
        st.lists(restrictions(), max_size=1),
        st.frozensets(st.sampled_from(STANDING)),
        school_times(),
    )


@st.composite
def situations(
    draw: st.DrawFn, asked: st.SearchStrategy[Request] | None = None
) -> tuple[Source, Request, datetime]:
    """A source, a request that its grants often speak of, and a moment."""
    request = draw(requests() if asked is None else asked)
    return draw(sources(request.resource.host)), request, draw(moments())


def source_of(
    chosen: tuple[Rule, ...], live: Live | None = None, school_time: SchoolTime = SCHOOL_TIME
) -> Source:
    return Source(
        number=1,
        policy=Policy(
            id="test",
            document=Document(title="Policy", version="1"),
            rules=chosen,
            catalogue=CATALOGUE,
            school_time=school_time,
        ),
        register=Register(),
        live=Live() if live is None else live,
    )


def compiled(source: Source) -> Snapshot:
    return compile_snapshot(source, NAMES)


def judged(request: Request, source: Source, moment: datetime) -> Verdict:
    return reference(request, source, moment, NAMES)


def host_requests() -> st.SearchStrategy[Request]:
    return st.builds(
        Request, subjects(), st.builds(HostResource, st.sampled_from(HOSTS), chains())
    )


def url_requests() -> st.SearchStrategy[Request]:
    return st.builds(Request, subjects(), st.builds(UrlResource, urls(), chains()))


def requests() -> st.SearchStrategy[Request]:
    return host_requests() | url_requests()
