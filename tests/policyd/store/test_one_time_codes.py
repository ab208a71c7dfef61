"""One-time codes, recovery codes, and being signed in by them."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from account_people import (
    AT,
    HERE,
    SCHOOL_CLOCK,
    THERE,
    code_at,
    somebody,
    with_codes,
    with_password,
)
from office import QuickHasher

from schoolgate_policyd.core.subjects import Duty
from schoolgate_policyd.secret_codes import BITS_A_LETTER, as_made
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.one_time_codes import RECOVERY_CODES, OneTimeCodes
from schoolgate_policyd.store.records import (
    SignedIn,
    SignInOutcome,
    TooSoon,
    WrongPassword,
)
from schoolgate_policyd.store.second_factor import SetUp
from schoolgate_policyd.workflow.accounts import Lack
from schoolgate_policyd.workflow.errors import WrongState

STEP = timedelta(seconds=30)
LATER = AT + timedelta(minutes=10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("codes")


@pytest.fixture(scope="module")
def school(folder: Path) -> Iterator[DecisionStore]:
    key = folder / "keys" / "codes.key"
    database = folder / "decisions" / "decisions.db"
    with closing(DecisionStore(database, hasher=QuickHasher(), codes_key=key)) as opened:
        yield opened


def enter(
    store: DecisionStore, person: str, code: str, at: datetime, address: str = HERE
) -> SignInOutcome:
    session = with_password(store, person, at).session
    return store.second_factor.sign_in_with_code(session.id, code, address=address, at=at)


def is_taken(store: DecisionStore, person: str, code: str, at: datetime) -> bool:
    with store.database.writing() as session:
        return store.one_time_codes.code_is_right_in(session, person, code, at)


def test_the_codes_are_those_of_rfc_6238(school: DecisionStore) -> None:
    """Appendix B, cut to six digits: what any app shows is what is taken."""
    secret = pyotp.random_base32()
    assert "287082" == pyotp.TOTP("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").at(59)
    person = somebody(school)
    secret, _ = with_codes(school, person)

    assert is_taken(school, person, code_at(secret, LATER), LATER)


def test_a_code_works_once(school: DecisionStore) -> None:
    person = somebody(school)
    secret, _ = with_codes(school, person)
    code = code_at(secret, LATER)

    assert is_taken(school, person, code, LATER)
    assert not is_taken(school, person, code, LATER)
    # Nor one from before it, which somebody may have read over a shoulder.
    assert not is_taken(school, person, code_at(secret, LATER - STEP), LATER)
    assert is_taken(school, person, code_at(secret, LATER + STEP), LATER + STEP)


def test_the_code_that_set_codes_up_does_not_sign_in(school: DecisionStore) -> None:
    person = somebody(school)
    secret, _ = with_codes(school, person)

    assert isinstance(enter(school, person, code_at(secret, AT), AT), WrongPassword)


@pytest.mark.parametrize(("steps", "expected"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_clocks_may_differ_by_a_step(school: DecisionStore, steps: int, expected: bool) -> None:
    person = somebody(school)
    secret, _ = with_codes(school, person)

    assert expected == is_taken(school, person, code_at(secret, LATER + steps * STEP), LATER)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "12 34 5", "\udc80"])
def test_what_is_no_code_is_wrong(school: DecisionStore, code: str) -> None:
    person = somebody(school)
    with_codes(school, person)

    assert not is_taken(school, person, code, LATER)


def test_a_code_may_be_typed_with_a_space(school: DecisionStore) -> None:
    person = somebody(school)
    secret, _ = with_codes(school, person)
    code = code_at(secret, LATER)

    assert is_taken(school, person, f" {code[:3]} {code[3:]} ", LATER)


def test_codes_of_somebody_else_are_wrong(school: DecisionStore) -> None:
    mine, yours = somebody(school), somebody(school)
    secret, _ = with_codes(school, yours)
    with_codes(school, mine)

    assert not is_taken(school, mine, code_at(secret, LATER), LATER)
    assert not is_taken(school, somebody(school), code_at(secret, LATER), LATER)


def test_no_secret_is_in_the_database_without_the_key(school: DecisionStore, folder: Path) -> None:
    person = somebody(school)
    secret, outcome = with_codes(school, person)
    raw = pyotp.TOTP(secret).byte_secret()

    kept = b"".join(path.read_bytes() for path in (folder / "decisions").iterdir())
    assert secret.encode() not in kept
    assert raw not in kept
    assert not any(code.encode() in kept for code in outcome.recovery_codes)
    assert 0 == (folder / "keys" / "codes.key").stat().st_mode & 0o077
    # With the database and another key it is as if the codes were wrong.
    other = OneTimeCodes(school.database, folder / "other" / "codes.key")
    for codes in (other, OneTimeCodes(school.database, None)):
        with school.database.writing() as session:
            assert not codes.code_is_right_in(session, person, code_at(secret, LATER), LATER)


def test_one_persons_sealed_secret_is_no_use_in_anothers_place(school: DecisionStore) -> None:
    mine, yours = somebody(school), somebody(school)
    with_codes(school, mine)
    secret, _ = with_codes(school, yours)
    with school.database.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE one_time_codes SET sealed_secret = (SELECT sealed_secret FROM one_time_codes"
            " WHERE person_id = ?) WHERE person_id = ?",
            (yours, mine),
        )

    assert not is_taken(school, mine, code_at(secret, LATER), LATER)


def test_a_process_without_the_key_sets_nothing_up(school: DecisionStore) -> None:
    with pytest.raises(StoreError, match="no key"):
        OneTimeCodes(school.database, None).begin(somebody(school), 1, at=AT)


def test_setting_up_again_keeps_the_old_codes_until_the_new_ones_are_confirmed(
    school: DecisionStore,
) -> None:
    person = somebody(school)
    old, _ = with_codes(school, person)

    session = school.sessions.of(person, at=LATER)[0]
    new = school.one_time_codes.begin(person, session.id, at=LATER)
    assert old != new
    assert new == school.one_time_codes.begin(person, session.id, at=LATER + STEP)
    assert is_taken(school, person, code_at(old, LATER), LATER)
    outcome = school.second_factor.set_codes_up(
        person, session.id, code_at(new, LATER), address=HERE, at=LATER, moment=SCHOOL_CLOCK
    )

    assert isinstance(outcome, SetUp)
    # There were recovery codes already: those on paper stay good.
    assert () == outcome.recovery_codes
    after = LATER + 4 * STEP
    assert not is_taken(school, person, code_at(old, after), after)
    assert is_taken(school, person, code_at(new, after), after)


def test_a_secret_that_was_shown_long_ago_is_not_confirmed(school: DecisionStore) -> None:
    person = somebody(school)
    session = with_password(school, person).session
    secret = school.one_time_codes.begin(person, session.id, at=AT - timedelta(hours=1))

    with pytest.raises(WrongState):
        school.second_factor.set_codes_up(
            person, session.id, code_at(secret, AT), address=HERE, at=AT, moment=SCHOOL_CLOCK
        )


def test_what_another_session_was_shown_is_not_what_is_confirmed(school: DecisionStore) -> None:
    """Whoever has the password alone would else know the secret from then on."""
    person = somebody(school)
    thief, own = (with_password(school, person).session for _ in range(2))
    seen = school.one_time_codes.begin(person, thief.id, at=AT)
    mine = school.one_time_codes.begin(person, own.id, at=AT)
    assert seen != mine

    outcome = school.second_factor.set_codes_up(
        person, own.id, code_at(mine, AT), address=HERE, at=AT, moment=SCHOOL_CLOCK
    )
    assert isinstance(outcome, SetUp)
    assert not is_taken(school, person, code_at(seen, LATER), LATER)
    # Whoever came in by the password alone is out.
    assert [own.id] == [each.id for each in school.sessions.of(person, at=AT)]


def test_what_was_begun_elsewhere_since_is_not_confirmed_here(school: DecisionStore) -> None:
    person = somebody(school)
    here, elsewhere = (with_password(school, person).session for _ in range(2))
    shown = school.one_time_codes.begin(person, here.id, at=AT)
    school.one_time_codes.begin(person, elsewhere.id, at=AT)

    with pytest.raises(WrongState, match="another browser"):
        school.second_factor.set_codes_up(
            person, here.id, code_at(shown, AT), address=HERE, at=AT, moment=SCHOOL_CLOCK
        )


def test_the_last_factor_of_who_must_keep_one_stays(school: DecisionStore) -> None:
    person = somebody(school, Duty.DSL)
    with_codes(school, person)

    with pytest.raises(WrongState, match="only one"):
        school.second_factor.remove_codes(person, must_keep_one=True, at=AT)
    assert school.second_factor.of(person).has_one
    school.second_factor.remove_codes(person, must_keep_one=False, at=AT)
    assert not school.second_factor.of(person).has_one


def test_whoever_has_codes_is_signed_in_by_the_password_and_a_code(
    school: DecisionStore,
) -> None:
    person = somebody(school)
    secret, _ = with_codes(school, person)
    part_way = with_password(school, person, LATER)
    assert Lack.SECOND_FACTOR is part_way.session.lacks

    outcome = school.second_factor.sign_in_with_code(
        part_way.session.id, code_at(secret, LATER), address=HERE, at=LATER
    )

    assert isinstance(outcome, SignedIn)
    assert outcome.session.lacks is None
    assert part_way.token != outcome.token
    assert outcome.session == school.sessions.resume(outcome.token, at=LATER)


def test_the_token_from_before_the_second_factor_opens_nothing(school: DecisionStore) -> None:
    person = somebody(school)
    secret, _ = with_codes(school, person)
    part_way = with_password(school, person, LATER)
    outcome = school.second_factor.sign_in_with_code(
        part_way.session.id, code_at(secret, LATER), address=HERE, at=LATER
    )
    assert isinstance(outcome, SignedIn)

    assert school.sessions.resume(part_way.token, at=LATER) is None
    # A second press on the button must not look like theft...
    assert school.sessions.resume(outcome.token, at=LATER) is not None
    # ... and long after it does.
    assert school.sessions.resume(part_way.token, at=LATER + timedelta(minutes=2)) is None
    assert school.sessions.resume(outcome.token, at=LATER + timedelta(minutes=2)) is None


def test_a_session_that_lacks_something_is_no_signed_in_one(school: DecisionStore) -> None:
    person = somebody(school, Duty.HEAD)
    part_way = with_password(school, person)

    assert Lack.SETTING_ONE_UP is part_way.session.lacks
    assert () == school.sessions.of(person, at=AT)
    resumed = school.sessions.resume(part_way.token, at=AT)
    assert resumed is not None
    assert Lack.SETTING_ONE_UP is resumed.lacks
    assert school.sessions.resume(part_way.token, at=AT + timedelta(minutes=31)) is None


def test_setting_codes_up_signs_in_whoever_had_to(school: DecisionStore) -> None:
    person = somebody(school, Duty.DSL)
    _, outcome = with_codes(school, person)

    assert outcome.signed_in is not None
    assert outcome.signed_in.session.lacks is None
    assert RECOVERY_CODES == len(set(outcome.recovery_codes))
    assert 112 <= min(len(as_made(each)) for each in outcome.recovery_codes) * BITS_A_LETTER
    assert {4} == {len(each) for code in outcome.recovery_codes for each in code.split("-")}


def test_with_the_password_alone_nobody_adds_a_factor_of_their_own(
    school: DecisionStore,
) -> None:
    person = somebody(school, Duty.HEAD)
    thief = with_password(school, person)
    with_codes(school, person)

    # Their session began before the person had a factor, or after.
    for session in (thief.session, with_password(school, person).session):
        secret = school.one_time_codes.begin(person, session.id, at=AT)
        with pytest.raises(WrongState):
            school.second_factor.set_codes_up(
                person,
                session.id,
                code_at(secret, AT),
                address=THERE,
                at=AT,
                moment=SCHOOL_CLOCK,
            )


def test_a_recovery_code_works_once_in_place_of_a_code(school: DecisionStore) -> None:
    person = somebody(school)
    _, outcome = with_codes(school, person)
    first, second, *_ = outcome.recovery_codes

    assert isinstance(enter(school, person, first.upper().replace("-", " "), LATER), SignedIn)
    assert isinstance(enter(school, person, first, LATER), WrongPassword)
    assert isinstance(enter(school, person, second, LATER), SignedIn)
    assert RECOVERY_CODES - 2 == school.second_factor.of(person).recovery_codes_left


def test_new_recovery_codes_take_the_place_of_the_old(school: DecisionStore) -> None:
    person, other = somebody(school), somebody(school)
    _, outcome = with_codes(school, person)
    with_codes(school, other)

    codes = school.second_factor.new_recovery_codes(person, at=LATER)

    assert isinstance(enter(school, person, outcome.recovery_codes[0], LATER), WrongPassword)
    assert isinstance(enter(school, other, codes[0], LATER), WrongPassword)
    assert isinstance(enter(school, person, codes[0], LATER), SignedIn)


def test_wrong_codes_make_the_next_wait_wherever_they_come_from(school: DecisionStore) -> None:
    person = somebody(school)
    secret, outcome = with_codes(school, person)
    addresses = [f"127.0.9.{number}" for number in range(9)]
    outcomes = [enter(school, person, "000000", LATER, each) for each in addresses]
    assert 5 == sum(isinstance(each, WrongPassword) for each in outcomes)

    refused = enter(school, person, code_at(secret, LATER), LATER)
    assert isinstance(refused, TooSoon)
    # Whoever has paper comes in at once, and after the wait a code does.
    assert isinstance(enter(school, person, outcome.recovery_codes[0], LATER), SignedIn)
    after = LATER + refused.wait
    assert isinstance(enter(school, person, code_at(secret, after), after), SignedIn)


def test_the_longest_wait_for_a_code_is_a_quarter_of_an_hour(school: DecisionStore) -> None:
    person = somebody(school)
    secret, _ = with_codes(school, person)
    at = LATER
    for _ in range(30):
        outcome = enter(school, person, "000000", at, THERE)
        if isinstance(outcome, TooSoon):
            assert outcome.wait <= timedelta(minutes=15)
            at += outcome.wait

    assert timedelta(hours=1) < at - LATER < timedelta(hours=12)
    at += timedelta(minutes=15)
    assert isinstance(enter(school, person, code_at(secret, at), at), SignedIn)


def test_nobody_fills_the_count_of_codes_by_typing_names(school: DecisionStore) -> None:
    person = somebody(school)
    secret, _ = with_codes(school, person)
    for number in range(12):
        school.credentials.sign_in(
            f"CODE OF {person}",
            "wrong",
            address=f"127.0.8.{number}",
            at=LATER,
            moment=SCHOOL_CLOCK,
        )

    assert isinstance(enter(school, person, code_at(secret, LATER), LATER), SignedIn)


def test_what_was_lost_is_taken_off_and_written_down(school: DecisionStore) -> None:
    person = somebody(school, Duty.HEAD)
    with_codes(school, person)

    school.second_factor.take_off(person, at=LATER, by=None)

    assert not school.second_factor.of(person).has_one
    assert 0 == school.second_factor.of(person).recovery_codes_left
    assert Lack.SETTING_ONE_UP is with_password(school, person, LATER).session.lacks
    entries = school.audit.recent(object_kind="person", object_id=person)
    assert AuditAction.SECOND_FACTOR_TAKEN_OFF in {each.action for each in entries}
