"""The school's office: its people, a small policy and filled-in forms, to test paperwork."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from argon2.exceptions import VerifyMismatchError

from schoolgate_policyd.core.catalogue import Catalogue, Category, DomainList, Service
from schoolgate_policyd.core.names import DomainName, parse_url
from schoolgate_policyd.core.policy import Document, Policy, Register, Source
from schoolgate_policyd.core.rules import Citation, Condition, GrantKind, Rule
from schoolgate_policyd.core.school_time import SchoolTime, TimetableUse
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
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.records import NewPerson
from schoolgate_policyd.store.session_rows import open_in
from schoolgate_policyd.store.signed_decisions import DecisionToSign
from schoolgate_policyd.store.signing_desk import ByPassword, Signable
from schoolgate_policyd.workflow.accounts import Lack
from schoolgate_policyd.workflow.decision_text import WouldOpen
from schoolgate_policyd.workflow.effects import Effects
from schoolgate_policyd.workflow.forms import DecisionForm
from schoolgate_policyd.workflow.people import Member, SchoolClass
from schoolgate_policyd.workflow.requests import AccessRequest, RequestForm, ScopeChoice

LONDON = ZoneInfo("Europe/London")
# A lesson on a school Friday; in November the school's wall clock shows UTC.
LESSON = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BREAK = datetime(2026, 11, 20, 10, 35, tzinfo=UTC)
# The machine's clock is another one, as in the sample school.
MACHINE = datetime(2027, 3, 2, 18, 30, tzinfo=UTC)
PASSWORD = "correct horse battery"

TEACHER = Member("heron", "Amara Quillfeather", Audience.STAFF, "teacher")
HEAD = Member("swift", "Ngozi Thistlewood", Audience.STAFF, "head", frozenset({Duty.HEAD}))
SECOND_HEAD = Member("crane", "Ola Reedmace", Audience.STAFF, "head-2", frozenset({Duty.HEAD}))
LEAD = Member(
    "robin", "Priya Larkspurr", Audience.STAFF, "lead", frozenset({Duty.ONLINE_SAFETY_LEAD})
)
DSL = Member("wren", "Gwilym Ashgrove", Audience.STAFF, "dsl", frozenset({Duty.DSL}))
CHAIR = Member(
    "badger", "Farida Mosswell", Audience.VISITOR, "chair", frozenset({Duty.CHAIR_OF_GOVERNORS})
)
PUPIL = Member("acorn", "Idris Pebblethwaite", Audience.PUPIL, None, classes=frozenset({"4B"}))
VISITOR = Member("kite", "Vera Passerby", Audience.VISITOR, "visitor")
PEOPLE = (TEACHER, HEAD, LEAD, DSL, CHAIR, PUPIL, VISITOR)

NETWORKS = (
    Network("pupils", "127.0.1.0/24", Audience.PUPIL, DeviceKind.SCHOOL_COMPUTER, True),
    Network("own", "127.0.2.0/24", Audience.STAFF, DeviceKind.OWN_DEVICE, True),
    Network("staff", "127.0.3.0/24", Audience.STAFF, DeviceKind.SCHOOL_COMPUTER, True),
    Network("guests", "127.0.4.0/24", Audience.VISITOR, DeviceKind.OWN_DEVICE, False),
    Network("tablets", "127.0.5.0/24", Audience.PUPIL, DeviceKind.SCHOOL_MOBILE, True),
)
DEVICES = (
    Device("127.0.1.10", "pupil-computer", owner="acorn"),
    Device("127.0.2.10", "teacher-phone", owner="heron"),
    Device("127.0.2.20", "staff-room-laptop", is_shared=True),
    Device("127.0.2.21", "class-laptop", classes=frozenset({"4B"})),
    Device("127.0.2.22", "school-laptop", kind=DeviceKind.SCHOOL_COMPUTER),
    Device("127.0.5.10", "tablet", classes=frozenset({"4B"}), is_shared=True),
)
CLASSES = (SchoolClass("4B", "Class 4B"), SchoolClass("6A", "Class 6A"))


class QuickHasher:
    """Hashes without argon2's cost; a wrong password raises as argon2's does."""

    def hash(self, password: str | bytes, /) -> str:
        text = password
        if isinstance(text, bytes):
            text = text.decode("utf-8", "surrogateescape")
        return f"quick:{text[::-1]}"

    def verify(self, hash: str | bytes, password: str | bytes, /) -> bool:  # noqa: A002 - argon2's
        if self.hash(password) != hash:
            raise VerifyMismatchError
        return True


def fill(store: DecisionStore, people: tuple[Member, ...] = (*PEOPLE, SECOND_HEAD)) -> None:
    """Put the office's people, classes and devices into *store*."""
    for each in CLASSES:
        store.people.add_class(each, at=MACHINE, by=None)
    for member in people:
        person = NewPerson(
            id=member.id,
            name=member.name,
            audience=member.audience,
            username=member.username,
            duties=tuple(HeldDuty(duty) for duty in sorted(member.duties)),
            classes=member.classes,
        )
        store.people.add(person, at=MACHINE, by=None)
        if member.username is not None:
            store.credentials.set_password(member.id, PASSWORD, at=MACHINE, by=None)
    present = {None, *(member.id for member in people)}
    for device in (each for each in DEVICES if each.owner in present):
        store.people.register_device(device, at=MACHINE, by=None)


def sign(
    store: DecisionStore,
    to_sign: Signable,
    *,
    at: datetime = MACHINE,
    address: str = "127.0.2.10",
    password: str = PASSWORD,
) -> None:
    """Sign as people do: shown whole, then signed with the password."""
    with store.database.writing() as writing:
        # One that lacks something is opened without an entry in the audit.
        _, opened = open_in(writing, to_sign.by, at=at, lacks=Lack.SETTING_ONE_UP)
    desk = store.signing_desk
    nonce = desk.begin(opened.id, to_sign, {}, at=at).nonce
    typed = ByPassword(password, "", is_code_needed=False)
    desk.sign_with_password(nonce, opened.id, to_sign, typed, address=address, at=at)


def sign_decision(
    store: DecisionStore,
    number: int,
    *,
    by: str,
    decision: DecisionForm,
    effects: Effects | None,
    password: str = PASSWORD,
    address: str = "127.0.2.10",
    at: datetime = MACHINE,
    moment: datetime = LESSON,
) -> AccessRequest:
    """Decide request *number*."""
    shown = None if effects is None else WouldOpen(effects.grant, ("opens",), ())
    to_sign = DecisionToSign(number, by, decision, effects, shown, LONDON, at, moment)
    sign(store, to_sign, at=at, address=address, password=password)
    return store.requests.find(number)


def form(
    url: str = "https://www.clips.example/watch?v=1",
    *,
    for_class: str | None = None,
    scope: ScopeChoice = ScopeChoice.PAGE,
    starts_at: datetime = LESSON,
    ends_at: datetime = NOON,
) -> RequestForm:
    """Return a form as it comes out of parsing."""
    return RequestForm(
        staff_name="Amara Quillfeather",
        written_on=date(2026, 11, 20),
        url=parse_url(url),
        site_content="A film about otters",
        reasons="Science lesson",
        measures="Shown on the board, comments hidden",
        for_class=for_class,
        scope=scope,
        starts_at=starts_at,
        ends_at=ends_at,
    )


def policy() -> Policy:
    """Block social media for pupils always, for staff but at break, and adult for everybody."""
    bells = (
        PeriodStart(time(8, 50), Period.LESSON),
        PeriodStart(time(10, 30), Period.BREAK),
        PeriodStart(time(10, 45), Period.LESSON),
        PeriodStart(time(15, 20), Period.CLOSED),
    )
    cite = Citation("Social Media Policy", "§5")
    social = frozenset({"video-sharing"})
    return Policy(
        id="office",
        document=Document("Social Media Policy", "1"),
        rules=(
            Rule(
                "pupils-social",
                social,
                (Condition(audience=frozenset({Audience.PUPIL})),),
                cite,
                lifted_by=frozenset({GrantKind.CURRICULUM_GRANT}),
            ),
            Rule(
                "staff-social",
                social,
                (Condition(audience=frozenset({Audience.STAFF, Audience.VISITOR})),),
                cite,
                unless=(Condition(period=frozenset({Period.BREAK})),),
                lifted_by=frozenset({GrantKind.ACCESS_GRANT}),
            ),
            Rule("adult", frozenset({"adult"}), (Condition(),), cite, locked=True),
        ),
        catalogue=Catalogue(
            categories=(Category("video-sharing", "Videos"), Category("adult", "Adult")),
            services=(
                Service(
                    "clips",
                    "Clips",
                    "video-sharing",
                    domains=(DomainName("clips.example"), DomainName("clips-cdn.example")),
                ),
                Service(
                    "clips-kids",
                    "Clips Kids",
                    "video-sharing",
                    domains=(DomainName("kids.clips.example"),),
                ),
            ),
            lists=(DomainList("adult", "adult", (DomainName("adult.example"),)),),
        ),
        school_time=SchoolTime(
            zone="Europe/London",
            calendar=Calendar("terms", (DateRange(date(2026, 9, 1), date(2027, 7, 21)),)),
            timetables=(TimetableUse(Timetable("day", ((bells,) * 5) + ((), ()))),),
            staff_hours=WorkingHours(time(8, 30), time(16, 0)),
        ),
    )


def source() -> Source:
    """Return the office's school as enforcement points know it."""
    people = tuple(
        Person(
            each.id,
            each.audience,
            tuple(HeldDuty(duty) for duty in each.duties),
            each.classes,
        )
        for each in PEOPLE
    )
    return Source(1, policy(), Register(people, NETWORKS, DEVICES))
