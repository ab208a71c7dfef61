"""People for tests of accounts: each test makes its own in a store that a whole file shares."""

import itertools
import re
from datetime import UTC, datetime, timedelta

import pyotp

from schoolgate_policyd.core.subjects import Audience, Duty, HeldDuty
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.records import NewPerson, SignedIn
from schoolgate_policyd.store.second_factor import SetUp

AT = datetime(2027, 3, 2, 18, 30, tzinfo=UTC)
SCHOOL_CLOCK = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
HERE, THERE = "127.0.2.10", "127.0.2.77"

_numbers = itertools.count(1)


def somebody(
    store: DecisionStore,
    *duties: Duty,
    audience: Audience = Audience.STAFF,
    name: str = "Sam Some",
) -> str:
    """Add a person with a password of their own; return the id, which is the user name too."""
    person = f"person-{next(_numbers)}"
    held = tuple(HeldDuty(duty) for duty in duties)
    store.people.add(NewPerson(person, name, audience, person, held), at=AT, by=None)
    store.credentials.set_password(person, PASSWORD, at=AT, by=None)
    return person


def with_password(store: DecisionStore, person: str, at: datetime = AT) -> SignedIn:
    """Enter the right password."""
    outcome = store.credentials.sign_in(person, PASSWORD, address=HERE, at=at, moment=SCHOOL_CLOCK)
    assert isinstance(outcome, SignedIn)
    return outcome


def code_at(secret: str, at: datetime) -> str:
    """Return what an app shows at *at*."""
    return pyotp.TOTP(secret).at(at)


def shown_secret(text: str) -> str:
    """Return the secret that a page shows, in fours."""
    found = re.search(r"\b[A-Z2-7]{4}(?: [A-Z2-7]{4}){7}\b", text)
    assert found is not None, text
    return found[0].replace(" ", "")


def with_codes(store: DecisionStore, person: str, at: datetime = AT) -> tuple[str, SetUp]:
    """Set one-time codes up for *person*; return their secret, and what came of it."""
    session = with_password(store, person, at).session
    secret = store.one_time_codes.begin(person, session.id, at=at - timedelta(minutes=5))
    outcome = store.second_factor.set_codes_up(
        person, session.id, code_at(secret, at), address=HERE, at=at, moment=SCHOOL_CLOCK
    )
    assert isinstance(outcome, SetUp)
    return secret, outcome
