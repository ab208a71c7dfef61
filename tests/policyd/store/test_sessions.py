"""Tokens that are replaced, copies of them, and ending sessions."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta

import pytest
from account_people import AT, HERE, PASSWORD, SCHOOL_CLOCK, somebody, with_password
from office import QuickHasher
from sqlalchemy import text

from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.records import Proven, WebSession, WrongPassword
from schoolgate_policyd.store.session_rows import (
    IDLE_LIMIT,
    ROTATE_AGAIN_AFTER,
    ROTATE_EVERY,
    UNDER_WAY,
)

SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DecisionStore]:
    path = tmp_path_factory.mktemp("sessions") / "decisions.db"
    with closing(DecisionStore(path, hasher=QuickHasher())) as opened:
        yield opened


def resume(store: DecisionStore, token: str, at: datetime) -> WebSession | None:
    return store.sessions.resume(token, at=at, moment=SCHOOL_CLOCK)


def rotated(store: DecisionStore, token: str, at: datetime) -> str:
    session = resume(store, token, at)
    assert session is not None
    assert session.is_rotation_due
    replacing = store.sessions.rotate(session.id, token, at=at)
    assert replacing is not None
    return replacing


def actions(store: DecisionStore, session_id: int) -> list[AuditAction]:
    entries = store.audit.recent(object_kind="session", object_id=str(session_id))
    return [each.action for each in entries]


def test_a_token_is_replaced_in_time_and_forms_stay_good(school: DecisionStore) -> None:
    opened = with_password(school, somebody(school))
    early = resume(school, opened.token, AT + ROTATE_EVERY - SECOND)
    assert early is not None
    assert not early.is_rotation_due
    assert school.sessions.rotate(early.id, opened.token, at=AT + SECOND) is None

    at = AT + ROTATE_EVERY
    replacing = rotated(school, opened.token, at)

    resumed = resume(school, replacing, at)
    assert resumed is not None
    assert opened.session.csrf_secret == resumed.csrf_secret
    assert not resumed.is_rotation_due
    assert opened.token != replacing


def test_until_the_new_token_is_seen_the_old_one_goes_on(school: DecisionStore) -> None:
    """The answer with the new one may have been lost on the way."""
    opened = with_password(school, somebody(school))
    at = AT + ROTATE_EVERY
    lost = rotated(school, opened.token, at)

    assert school.sessions.rotate(opened.session.id, opened.token, at=at) is None
    at += ROTATE_AGAIN_AFTER
    found = rotated(school, opened.token, at)

    assert resume(school, lost, at) is None
    assert resume(school, found, at) is not None


def test_what_was_under_way_with_the_old_token_arrives(school: DecisionStore) -> None:
    opened = with_password(school, somebody(school))
    at = AT + ROTATE_EVERY
    replacing = rotated(school, opened.token, at)
    assert resume(school, replacing, at) is not None

    assert resume(school, opened.token, at + UNDER_WAY - SECOND) is not None
    assert resume(school, replacing, at + UNDER_WAY) is not None
    assert school.sessions.rotate(opened.session.id, opened.token, at=at + ROTATE_EVERY) is None


def test_whoever_has_a_copy_ends_the_session_for_both(school: DecisionStore) -> None:
    """Which of the two is the thief cannot be seen, so neither goes on."""
    opened = with_password(school, somebody(school))
    at = AT + ROTATE_EVERY
    taken = rotated(school, opened.token, at)
    assert resume(school, taken, at) is not None
    later = at + UNDER_WAY

    assert resume(school, opened.token, later) is None
    assert resume(school, taken, later) is None
    assert AuditAction.SESSION_STOLEN in actions(school, opened.session.id)


def test_no_token_that_ever_was_opens_an_ended_session(school: DecisionStore) -> None:
    opened = with_password(school, somebody(school))
    at = AT + ROTATE_EVERY
    replacing = rotated(school, opened.token, at)
    resume(school, replacing, at)
    school.sessions.end(opened.session.id, at=at, moment=SCHOOL_CLOCK)

    assert resume(school, opened.token, at) is None
    assert resume(school, replacing, at) is None
    assert AuditAction.SESSION_STOLEN not in actions(school, opened.session.id)


def test_an_idle_session_is_over_for_old_tokens_too(school: DecisionStore) -> None:
    opened = with_password(school, somebody(school))
    replacing = rotated(school, opened.token, AT + ROTATE_EVERY)
    resume(school, replacing, AT + ROTATE_EVERY)

    assert resume(school, opened.token, AT + ROTATE_EVERY + IDLE_LIMIT) is None
    assert resume(school, replacing, AT + ROTATE_EVERY) is None


def test_sessions_are_listed_with_the_device_and_the_last_use(school: DecisionStore) -> None:
    person = somebody(school)
    store = school.credentials
    for device, address in (("Firefox on Windows", HERE), ("Safari on iPhone", "127.0.2.11")):
        store.sign_in(person, PASSWORD, address=address, at=AT, moment=SCHOOL_CLOCK, device=device)
    with_password(school, somebody(school))

    listed = school.sessions.of(person, at=AT + SECOND)

    assert [("Safari on iPhone", "127.0.2.11"), ("Firefox on Windows", HERE)] == [
        (each.device, each.address) for each in listed
    ]
    assert () == school.sessions.of(person, at=AT + IDLE_LIMIT)


def test_one_session_or_all_others_can_be_ended(school: DecisionStore) -> None:
    person = somebody(school)
    here, there, elsewhere = (with_password(school, person) for _ in range(3))

    school.sessions.revoke(person, there.session.id, at=AT, moment=SCHOOL_CLOCK)
    assert resume(school, there.token, AT) is None
    assert resume(school, elsewhere.token, AT) is not None
    assert 1 == school.sessions.revoke_others(person, here.session.id, at=AT, moment=SCHOOL_CLOCK)

    assert resume(school, elsewhere.token, AT) is None
    assert resume(school, here.token, AT) is not None
    assert AuditAction.SESSION_REVOKED in actions(school, elsewhere.session.id)


def test_nobody_ends_somebody_elses_session(school: DecisionStore) -> None:
    mine, yours = somebody(school), with_password(school, somebody(school))

    with pytest.raises(UnknownObject):
        school.sessions.revoke(mine, yours.session.id, at=AT, moment=SCHOOL_CLOCK)

    assert resume(school, yours.token, AT) is not None


def test_a_changed_password_ends_every_other_session(school: DecisionStore) -> None:
    person = somebody(school)
    here, there = with_password(school, person), with_password(school, person)

    def change(old: str) -> object:
        return school.credentials.change_password(
            person,
            old,
            "tuesday otter marmalade",
            keeping=here.session.id,
            address=HERE,
            at=AT,
            moment=SCHOOL_CLOCK,
        )

    assert WrongPassword() == change("wrong")
    assert resume(school, there.token, AT) is not None
    assert Proven() == change(PASSWORD)
    assert resume(school, there.token, AT) is None
    assert resume(school, here.token, AT) is not None
    assert WrongPassword() == change(PASSWORD)


def test_a_password_that_somebody_else_set_ends_every_session(school: DecisionStore) -> None:
    person = somebody(school)
    opened = with_password(school, person)

    school.credentials.set_password(person, "tuesday otter marmalade", at=AT, by=None)

    assert resume(school, opened.token, AT) is None


def test_no_token_of_any_time_is_in_the_database(school: DecisionStore) -> None:
    opened = with_password(school, somebody(school))
    replacing = rotated(school, opened.token, AT + ROTATE_EVERY)
    resume(school, replacing, AT + ROTATE_EVERY)

    with school.database.reading() as session:
        kept = str(session.execute(text("SELECT * FROM sessions")).all())
        kept += str(session.execute(text("SELECT * FROM retired_tokens")).all())
    for token in (opened.token, replacing):
        assert not any(part in kept for part in token.split("."))
