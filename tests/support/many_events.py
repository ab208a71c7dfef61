"""Events of every kind, drawn so that filters fit some of them; and what each filter means."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.ipc.messages import AllowedCount, Blocked, PointKind
from schoolgate_policyd.store.events import EventFilter, EventPlace

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CLIENTS = ("10.1.0.1", "10.1.0.2", "2001:db8::1")
PEOPLE = (None, "acorn", "heron")
HOSTS = ("clips.example", "www.clips.example", "under_score.example", "(many)")
RULES = ("pupils-social", "adult", 'a"b')
CATEGORIES = ("video-sharing", "adult", "wiki")
DEVICES = (None, "pc-1")
ATTEMPTS = (None, None, "circumvention", "dns-tunnel")

# Whole minutes on a few days, many of them the same: order then hangs on the rest of the place.
moments = st.builds(
    lambda day, minute: NOON - timedelta(days=day, minutes=minute),
    st.integers(0, 3),
    st.integers(0, 5),
)


def _blocked(
    *,
    at: datetime,
    client: str,
    person: str | None,
    host: str,
    rules: list[str],
    categories: list[str],
    device_id: str | None,
    attempt: str | None,
    audience: Audience,
    count: int,
) -> Blocked:
    return Blocked(
        at=at,
        school_at=at,
        last_at=at,
        point=PointKind.DNS,
        client=client,
        audience=audience,
        device=DeviceKind.SCHOOL_COMPUTER,
        network="pupils",
        host=host,
        rules=tuple(rules),
        citations=(),
        person=person,
        device_id=device_id,
        categories=tuple(categories),
        attempt=attempt,
        count=count,
    )


blocks = st.builds(
    _blocked,
    at=moments,
    client=st.sampled_from(CLIENTS),
    person=st.sampled_from(PEOPLE),
    host=st.sampled_from(HOSTS),
    rules=st.lists(st.sampled_from(RULES), max_size=2, unique=True),
    categories=st.lists(st.sampled_from(CATEGORIES), max_size=2, unique=True),
    device_id=st.sampled_from(DEVICES),
    attempt=st.sampled_from(ATTEMPTS),
    audience=st.sampled_from(Audience),
    count=st.integers(1, 5),
)
counts = st.builds(
    lambda at, client, host, count, audience, person, categories: AllowedCount(
        at, PointKind.DNS, client, host, count, audience, person, (), tuple(categories)
    ),
    moments,
    st.sampled_from(CLIENTS),
    st.sampled_from(HOSTS),
    st.integers(1, 5),
    st.sampled_from((None, *Audience)),
    st.sampled_from(PEOPLE),
    st.lists(st.sampled_from(CATEGORIES), max_size=2, unique=True),
)
happenings = st.lists(st.one_of(blocks, counts), max_size=25)

filters = st.builds(
    EventFilter,
    audience=st.sampled_from((None, *Audience)),
    client=st.sampled_from((None, None, *CLIENTS)),
    person=st.sampled_from((None, "acorn", "nobody")),
    host_contains=st.sampled_from((None, None, "CLIPS", "www", "_", "%", "nowhere")),
    rule=st.sampled_from((None, None, None, *RULES, "pupils")),
    only_attempts=st.sampled_from((False, False, True)),
    since=st.sampled_from((None, NOON - timedelta(days=1, minutes=2))),
    until=st.sampled_from((None, NOON - timedelta(minutes=3))),
    device=st.sampled_from((None, None, "pc-1", "pc-2")),
    category=st.sampled_from((None, None, *CATEGORIES, "video")),
    with_allowed=st.booleans(),
)


def fits(event: Blocked | AllowedCount, wanted: EventFilter) -> bool:
    """Whether *event* is what *wanted* asks for, slowly and plainly."""
    at = event.at if isinstance(event, Blocked) else event.minute
    device = event.device_id if isinstance(event, Blocked) else None
    rules = event.rules if isinstance(event, Blocked) else ()
    attempt = event.attempt if isinstance(event, Blocked) else None
    where = []
    if wanted.client is not None:
        where.append(event.client == wanted.client)
    if wanted.device is not None:
        where.append(device == wanted.device)
    return all(
        (
            wanted.with_allowed or isinstance(event, Blocked),
            wanted.audience in {None, event.audience},
            not where or any(where),
            wanted.person in {None, event.person},
            (wanted.host_contains or "").lower() in event.host,
            wanted.rule is None or wanted.rule in rules,
            not wanted.only_attempts or attempt is not None,
            wanted.since is None or at >= wanted.since,
            wanted.until is None or at < wanted.until,
            wanted.category is None or wanted.category in event.categories,
        )
    )


def place_of(event: Blocked | AllowedCount, sequence: int) -> EventPlace:
    """Return the place of the event with number *sequence* of the one sender of a test."""
    at = event.at if isinstance(event, Blocked) else event.minute
    return EventPlace(at, "dns", "b1", sequence)
