"""
Random cases for the cross-check: every kind of subject, near misses of names, moments at bells.

The same seed draws the same cases, so that what was found can be found again.
"""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schoolgate_policyd.core.decision import HostResource, Resource, UrlResource
from schoolgate_policyd.core.names import AddressLiteral, DomainName, Host, Url
from schoolgate_policyd.core.policy import Live, Policy
from schoolgate_policyd.core.proof.crosscheck import Case
from schoolgate_policyd.core.rules import (
    Citation,
    EverythingScope,
    Grant,
    GrantKind,
    HostScope,
    PageScope,
    PrefixScope,
    Restriction,
    RestrictionKind,
    Scope,
    ServiceScope,
)
from schoolgate_policyd.core.subjects import (
    UNKNOWN_SUBJECT,
    Audience,
    DeviceKind,
    Duty,
    HeldDuty,
    Subject,
)
from schoolgate_policyd.core.timelines import Timelines
from schoolgate_policyd.core.times import WorkingHours, moment_of

SITES_A_BATCH = 6
SUBJECTS_A_BATCH = 20
_PERSON, _CLASS, _GROUP = "somebody", "4B", "trolley"
_CITE = Citation(document="cross-check", section="drawn")
_ODD_PATHS = ("/", "//", "/x", "/a/..%2fb", "/A/B", "/index.php")
_CLOSE = timedelta(seconds=1)
_A_WEEK = timedelta(days=7)
_NO_TERM = date(2026, 9, 7)


class Draws:
    """Draws live states and cases about them, for *policy*, from *seed*."""

    def __init__(self, policy: Policy, seed: str) -> None:
        # Chance decides what is tested here, and no secret comes of it.
        self._chance = random.Random(seed)  # noqa: S311 - as above
        self._policy = policy
        self._moments = _Moments(policy, self._chance)
        self._hosts = _hosts(policy)
        self._services = [service.id for service in policy.catalogue.services]
        conditions = [c for rule in policy.rules for c in (*rule.applies_to, *rule.unless)]
        self._networks = [*{n for c in conditions for n in c.network or ()}, "other"]
        uses = policy.school_time.timetables
        self._classes = [_CLASS, *{name for use in uses for name in use.members.classes or ()}]

    def batch(self, size: int) -> tuple[Live, list[Case]]:
        """Return a live state and *size* cases about the same few sites."""
        sites = [self._resource() for _ in range(SITES_A_BATCH)]
        live = self._live(sites)
        chance = self._chance
        moments = [self._moments.one() for _ in range(size)]
        subjects = [self._subject(moment) for moment in moments[:SUBJECTS_A_BATCH]]
        cases = [Case(chance.choice(subjects), chance.choice(sites), each) for each in moments]
        return live, cases

    def _resource(self) -> Resource:
        chance = self._chance
        host = self._near(chance.choice(self._hosts))
        chain = (chance.choice(self._hosts),) if chance.random() < 0.1 else ()  # noqa: PLR2004 - one in ten
        if chance.random() < 0.2:  # noqa: PLR2004 - a fifth
            return HostResource(host, chain)
        return UrlResource(self._url(host), chain)

    def _near(self, host: Host) -> Host:
        """Return *host*, a name below it, or one that only looks like it."""
        if isinstance(host, AddressLiteral):
            return host
        text = self._chance.choice(
            (host.text, host.text, f"www.{host}", f"not{host}", f"{host}.example")
        )
        return DomainName(text)

    def _url(self, host: Host) -> Url:
        chance = self._chance
        paths = [*_ODD_PATHS]
        for service in self._policy.catalogue.services:
            for pattern in service.urls:
                if pattern.is_on(host):
                    path = pattern.path
                    paths += 3 * [path, f"{path}/x", f"{path}x", f"/{path}", path.upper()]
        query = chance.choice((None, None, "q=1", "action=edit&title=x", "title=Talk:x"))
        return Url("https", host, chance.choice((None, None, 8443)), chance.choice(paths), query)

    def _subject(self, moment: datetime) -> Subject:
        chance = self._chance
        if chance.random() < 0.05:  # noqa: PLR2004 - one in twenty
            return UNKNOWN_SUBJECT
        audience = chance.choice(list(Audience))
        held = chance.choice(((), (chance.choice(list(Duty)),), (Duty.ACCOUNT_OPERATOR,)))
        zone = ZoneInfo(self._policy.school_time.zone)
        return Subject(
            audience=audience,
            device=chance.choice(list(DeviceKind)),
            network=chance.choice((*self._networks, UNKNOWN_SUBJECT.network)),
            inspectable=chance.random() < 0.7,  # noqa: PLR2004 - most devices are
            person=chance.choice((None, _PERSON)),
            duties=() if audience is Audience.PUPIL else tuple(map(self._held, held)),
            classes=frozenset(chance.choice(((), (chance.choice(self._classes),)))),
            device_groups=frozenset(chance.choice(((), (_GROUP,)))),
            year_group=chance.choice((None, *range(14))),
            age=chance.choice((None, *range(4, 19))),
            hours=chance.choice((None, None, self._hours())),
            overtime=frozenset(chance.choice(((), (moment.astimezone(zone).date(),)))),
        )

    def _held(self, duty: Duty) -> HeldDuty:
        chance = self._chance
        if duty is not Duty.ACCOUNT_OPERATOR or not self._services or chance.random() < 0.5:  # noqa: PLR2004 - half
            return HeldDuty(duty)
        return HeldDuty(duty, frozenset(chance.sample(self._services, 1)))

    def _hours(self) -> WorkingHours:
        start, end = sorted(self._chance.sample(range(24 * 4), 2))
        return WorkingHours(time(start // 4, start % 4 * 15), time(end // 4, end % 4 * 15))

    def _live(self, sites: list[Resource]) -> Live:
        chance = self._chance
        standing = [each.id for each in self._policy.standing]
        return Live(
            grants=tuple(
                self._grant(f"grant {number}", chance.choice(sites))
                for number in range(chance.choice((0, 0, 1, 2, 3)))
            ),
            restrictions=tuple(self._restriction() for _ in range(chance.choice((0, 0, 0, 1)))),
            standing=frozenset(chance.sample(standing, chance.randint(0, len(standing)))),
        )

    def _grant(self, id_: str, about: Resource) -> Grant:
        chance = self._chance
        starts_at = self._moments.one()
        url = about.url if isinstance(about, UrlResource) else self._url(about.host)
        scopes: list[Scope] = [PageScope(url), PrefixScope(url), HostScope(url.host)]
        if self._services:
            scopes.append(ServiceScope(chance.choice(self._services)))
        kind = chance.choice(list(GrantKind))
        if kind is GrantKind.SUPERVISED_SESSION:
            scopes.append(EverythingScope())
        return Grant(
            id=id_,
            kind=kind,
            scope=chance.choice(scopes),
            # Most are for the whole year, or hardly a case would meet one.
            starts_at=chance.choice((starts_at, *3 * (self._moments.first,))),
            ends_at=chance.choice((starts_at + _A_WEEK, *3 * (self._moments.last,))),
            people=frozenset(chance.choice(((), (_PERSON,)))),
            classes=frozenset(chance.choice(((), (_CLASS,)))),
            device_groups=frozenset(chance.choice(((), (_GROUP,)))),
        )

    def _restriction(self) -> Restriction:
        chance = self._chance
        withdrawn = bool(self._services) and chance.random() < 0.5  # noqa: PLR2004 - half
        kind = RestrictionKind.WITHDRAWN_SERVICE if withdrawn else RestrictionKind.SUPERVISED_ONLY
        starts_at = self._moments.one()
        return Restriction(
            id="restriction",
            kind=kind,
            starts_at=starts_at,
            ends_at=starts_at + chance.choice((_A_WEEK, 20 * _A_WEEK)),
            cite=_CITE,
            person=_PERSON,
            service=chance.choice(self._services) if withdrawn else None,
        )


class _Moments:
    """Moments of the school year: at bells and a second beside them, at clock changes, any."""

    def __init__(self, policy: Policy, chance: random.Random) -> None:
        school_time = policy.school_time
        self._chance = chance
        zone = ZoneInfo(school_time.zone)
        terms = school_time.calendar.terms
        first = min((term.first for term in terms), default=_NO_TERM) - timedelta(days=3)
        last = max((term.last for term in terms), default=_NO_TERM) + timedelta(days=3)
        self.first = moment_of(first, time(0), zone)
        self.last = moment_of(last, time(0), zone)
        timelines = Timelines(school_time)
        kinds = [Subject(audience=each) for each in Audience]
        self._bells = [
            *dict.fromkeys(b for k in kinds for b in timelines.of(k).bells_after(self.first)),
            *_clock_changes(self.first, self.last, zone),
            *(
                moment_of(first + timedelta(days=offset), at, zone)
                for offset in range((last - first).days)
                for at in (time(0), school_time.staff_hours.start, school_time.staff_hours.end)
            ),
        ]

    def one(self) -> datetime:
        """Return a moment."""
        chance = self._chance
        if chance.random() < 0.5:  # noqa: PLR2004 - half
            return chance.choice(self._bells) + chance.randint(-1, 1) * _CLOSE
        return self.first + chance.random() * (self.last - self.first)


def _clock_changes(first: datetime, last: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield the hours around which the clocks of *zone* change."""
    hour = timedelta(hours=1)
    for number in range(int((last - first) / hour)):
        moment = first.astimezone(UTC) + number * hour
        before, after = moment.astimezone(zone), (moment + hour).astimezone(zone)
        if before.utcoffset() != after.utcoffset():
            yield from (moment - hour, moment, moment + hour, moment + 2 * hour)


def _hosts(policy: Policy) -> list[Host]:
    """Return hosts to draw from: a few of each service and list, and what nobody names."""
    catalogue = policy.catalogue
    found: list[Host] = [DomainName("nobody-names-this.example"), AddressLiteral("192.0.2.7")]
    for service in catalogue.services:
        patterns = {pattern.host: None for pattern in service.urls}
        found += [*service.domains[:3], *service.excluding, *service.companions[:2], *patterns]
    for each in catalogue.lists:
        found += each.domains[:20]
    for line in catalogue.help_lines:
        found += line.domains[:1]
    return [*found, *catalogue.essentials]
