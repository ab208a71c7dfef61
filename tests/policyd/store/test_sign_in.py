"""Signing in, sessions, and being limited without ever being locked out."""

import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from office import HEAD, LESSON, MACHINE, PASSWORD, TEACHER, fill
from sqlalchemy import text

from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.records import (
    Proven,
    SignedIn,
    SignInOutcome,
    TooSoon,
    WebSession,
    WrongPassword,
)
from schoolgate_policyd.store.retention import days_of
from schoolgate_policyd.store.retention_kinds import KINDS
from schoolgate_policyd.store.session_rows import IDLE_LIMIT, LONGEST_SESSION

HERE, THERE = "127.0.2.10", "127.0.2.77"


def sign_in(
    store: DecisionStore,
    password: str = PASSWORD,
    *,
    username: str = "teacher",
    address: str = HERE,
    after: timedelta = timedelta(),
) -> SignInOutcome:
    return store.credentials.sign_in(
        username, password, address=address, at=MACHINE + after, moment=LESSON
    )


def signed_in(store: DecisionStore, username: str = "teacher") -> SignedIn:
    outcome = sign_in(store, username=username)
    assert isinstance(outcome, SignedIn)
    return outcome


def test_the_right_password_opens_a_session_for_that_person(store: DecisionStore) -> None:
    outcome = signed_in(store)

    resumed = store.sessions.resume(outcome.token, at=MACHINE)
    assert outcome.session == resumed
    assert TEACHER == outcome.session.member
    assert outcome.token not in repr(outcome)


@pytest.mark.parametrize("username", [" Teacher ", "TEACHER"])
def test_user_names_are_read_without_regard_to_case_and_spaces(
    store: DecisionStore, username: str
) -> None:
    assert isinstance(sign_in(store, username=username), SignedIn)


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("teacher", "wrong"),
        ("teacher", ""),
        ("teacher", PASSWORD + " "),
        ("teacher", PASSWORD.ljust(5000)),
        ("teacher", "\udc80"),
        ("nobody", PASSWORD),
        ("nobody", "nobody has this password"),
        ("", ""),
        ("x" * 5000, PASSWORD),
        ("\udc80", PASSWORD),
    ],
)
def test_a_wrong_name_and_a_wrong_password_look_alike(
    store: DecisionStore, username: str, password: str
) -> None:
    assert WrongPassword() == sign_in(store, password, username=username)


def test_argon2_checks_passwords_unless_a_test_says_otherwise(tmp_path: Path) -> None:
    with closing(DecisionStore(tmp_path / "decisions.db")) as store:
        fill(store, (TEACHER,))
        with store.database.reading() as session:
            kept = session.execute(text("SELECT password_hash FROM credentials")).scalar_one()
        assert kept.startswith("$argon2id$")
        assert isinstance(sign_in(store, "wrong"), WrongPassword)
        assert isinstance(sign_in(store), SignedIn)


def test_only_hashes_of_tokens_and_names_are_kept(store: DecisionStore, tmp_path: Path) -> None:
    outcome = signed_in(store)
    # People type their password into the field of the user name.
    sign_in(store, username="my secret password")
    store.close()

    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert outcome.token.encode() not in kept
    assert outcome.session.csrf_secret.encode() not in kept
    assert b"my secret password" not in kept


def test_wrong_passwords_make_the_next_attempt_wait_and_never_for_good(
    store: DecisionStore,
) -> None:
    for _ in range(3):
        assert WrongPassword() == sign_in(store, "wrong")

    refused = sign_in(store)
    assert isinstance(refused, TooSoon)
    # Being impatient does not make it longer, and after the wait the owner gets in.
    for _ in range(10):
        assert refused == sign_in(store)
    assert isinstance(sign_in(store, after=refused.wait), SignedIn)


def test_failures_elsewhere_keep_nobody_out(store: DecisionStore) -> None:
    for _ in range(30):
        sign_in(store, "wrong", address=THERE)

    assert isinstance(sign_in(store, "wrong", address=THERE), TooSoon)
    assert isinstance(sign_in(store, address=HERE), SignedIn)


def test_an_address_cannot_try_every_account_in_turn(store: DecisionStore) -> None:
    outcomes = [sign_in(store, "wrong", username=f"user-{number}") for number in range(25)]

    assert 20 == outcomes.count(WrongPassword())
    # Success with one's own account does not wash the address clean.
    assert isinstance(sign_in(store), TooSoon)


def test_an_ipv6_device_cannot_try_again_from_another_address_of_its_own(
    store: DecisionStore,
) -> None:
    """Every device has a whole /64 (RFC 7421); addresses of IPv4 are counted each by itself."""
    for last in range(3):
        sign_in(store, "wrong", address=f"2001:db8::{last}")

    assert isinstance(sign_in(store, "wrong", address="2001:db8::ffff:2"), TooSoon)
    assert isinstance(sign_in(store, "wrong", address="2001:db8:0:1::1"), WrongPassword)
    assert isinstance(sign_in(store, "wrong", address="::ffff:127.0.2.11"), WrongPassword)
    assert isinstance(sign_in(store, "wrong", address="not an address"), WrongPassword)


def test_success_clears_the_failures_of_that_account(store: DecisionStore) -> None:
    for _ in range(2):
        sign_in(store, "wrong")
    signed_in(store)

    for _ in range(3):
        assert WrongPassword() == sign_in(store, "wrong")


def test_many_attempts_at_once_are_as_many_failures(store: DecisionStore) -> None:
    outcomes: list[SignInOutcome] = []
    start = threading.Barrier(8)

    def attempt() -> None:
        start.wait()
        outcomes.append(sign_in(store, "wrong"))

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 3 == outcomes.count(WrongPassword())
    assert 8 == len(outcomes)


def test_proving_again_checks_the_signers_own_password_and_is_limited(
    store: DecisionStore,
) -> None:
    assert Proven() == store.credentials.prove(HEAD.id, PASSWORD, address=HERE, at=MACHINE)
    for _ in range(3):
        assert WrongPassword() == store.credentials.prove(
            HEAD.id, "wrong", address=HERE, at=MACHINE
        )
    assert isinstance(
        store.credentials.prove(HEAD.id, PASSWORD, address=HERE, at=MACHINE), TooSoon
    )


def test_somebody_without_a_user_name_gets_no_password(store: DecisionStore) -> None:
    for person in ("acorn", "nobody"):
        with pytest.raises(UnknownObject):
            store.credentials.set_password(person, PASSWORD, at=MACHINE, by=None)
    # The second is what unknown names are checked against.
    for password in (PASSWORD, "nobody has this password"):
        assert WrongPassword() == store.credentials.prove(
            "acorn", password, address=HERE, at=MACHINE
        )


def resume(store: DecisionStore, signed: SignedIn, after: timedelta) -> WebSession | None:
    return store.sessions.resume(signed.token, at=MACHINE + after)


def test_a_session_ends_when_it_is_idle(store: DecisionStore) -> None:
    outcome = signed_in(store)

    assert resume(store, outcome, IDLE_LIMIT - timedelta(seconds=1)) is not None
    assert resume(store, outcome, 2 * IDLE_LIMIT - timedelta(minutes=1)) is not None
    assert resume(store, outcome, 3 * IDLE_LIMIT) is None


def test_a_session_that_was_seen_to_be_over_is_not_revived_by_a_clock_set_back(
    store: DecisionStore,
) -> None:
    outcome = signed_in(store)

    assert resume(store, outcome, IDLE_LIMIT) is None
    assert resume(store, outcome, timedelta(minutes=1)) is None


def test_a_session_ends_after_twelve_hours_however_busy(store: DecisionStore) -> None:
    outcome = signed_in(store)
    after = timedelta()
    while after < LONGEST_SESSION:
        assert resume(store, outcome, after) is not None
        after += timedelta(minutes=20)

    assert resume(store, outcome, LONGEST_SESSION) is None


def test_signing_out_ends_the_session_for_ever(store: DecisionStore) -> None:
    outcome = signed_in(store)

    store.sessions.end(outcome.session.id, at=MACHINE, moment=LESSON)
    store.sessions.end(outcome.session.id, at=MACHINE, moment=LESSON)

    assert resume(store, outcome, timedelta()) is None
    assert resume(store, outcome, timedelta(days=-1)) is None


def test_signing_in_again_replaces_the_session_that_the_browser_had(
    store: DecisionStore,
) -> None:
    first = signed_in(store)
    second = store.credentials.sign_in(
        "head", PASSWORD, address=HERE, at=MACHINE, moment=LESSON, replacing=first.token
    )

    assert isinstance(second, SignedIn)
    assert first.token != second.token
    assert resume(store, first, timedelta()) is None
    assert resume(store, second, timedelta()) is not None


@pytest.mark.parametrize("token", ["", "x", "x" * 10_000, "\udc80", "é"])
def test_any_other_token_is_nobodys(store: DecisionStore, token: str) -> None:
    signed_in(store)

    assert store.sessions.resume(token, at=MACHINE) is None


def test_each_session_has_a_csrf_secret_of_its_own(store: DecisionStore) -> None:
    first, second = signed_in(store), signed_in(store)

    assert first.session.csrf_secret != second.session.csrf_secret
    resumed = resume(store, first, timedelta())
    assert resumed is not None
    assert first.session.csrf_secret == resumed.csrf_secret


def test_sessions_and_attempts_long_over_are_forgotten(store: DecisionStore) -> None:
    signed_in(store)
    later = timedelta(days=40)
    sign_in(store, after=later)

    store.retention.delete_due(days_of(KINDS, ()), at=MACHINE + later)

    with store.database.reading() as session:
        assert 1 == session.execute(text("SELECT count(*) FROM sessions")).scalar_one()
        assert 1 == session.execute(text("SELECT count(*) FROM sign_in_attempts")).scalar_one()
