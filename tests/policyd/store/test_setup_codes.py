"""New accounts and fresh starts, API tokens and passkeys, as the store keeps them."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from account_people import (
    AT,
    HERE,
    PASSWORD,
    SCHOOL_CLOCK,
    somebody,
    with_codes,
    with_password,
)
from office import QuickHasher, sign

from schoolgate_policyd.core.subjects import Audience, Duty, HeldDuty
from schoolgate_policyd.secret_codes import BITS_A_LETTER, as_made
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.records import NewPerson, SignedIn, WrongPassword
from schoolgate_policyd.store.setup_codes import LASTS
from schoolgate_policyd.store.signed_duties import DutiesToSign
from schoolgate_policyd.workflow.accounts import Lack
from schoolgate_policyd.workflow.api_scopes import Scope
from schoolgate_policyd.workflow.errors import NotAllowed
from schoolgate_policyd.workflow.register_duties import DutiesForm

NEW = "tuesday otter marmalade"


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DecisionStore]:
    folder = tmp_path_factory.mktemp("setup")
    path, key = folder / "decisions.db", folder / "keys" / "codes.key"
    with closing(DecisionStore(path, hasher=QuickHasher(), codes_key=key)) as opened:
        yield opened


def set_up(store: DecisionStore, code: str, after: timedelta = timedelta()) -> SignedIn | None:
    return store.setup_codes.set_up(code, NEW, at=AT + after, moment=SCHOOL_CLOCK)


def test_a_code_sets_a_first_account_up_and_signs_in(school: DecisionStore) -> None:
    technician = somebody(school, Duty.TECHNICIAN)
    school.people.add(NewPerson("new-head", "Nia New", Audience.STAFF, "new-head"), at=AT, by=None)
    invited = school.setup_codes.invite("new-head", by=technician, at=AT)
    assert school.setup_codes.is_invited("new-head", at=AT)
    who = school.setup_codes.who(invited.code.upper().replace("-", " "), at=AT)
    assert who is not None
    assert "new-head" == who.id

    assert 5 == len(invited.code.split("-"))
    assert 112 <= len(as_made(invited.code)) * BITS_A_LETTER

    signed = set_up(school, invited.code)

    assert signed is not None
    assert "new-head" == signed.session.member.id
    assert invited.code not in repr(invited)
    assert isinstance(
        school.credentials.sign_in("new-head", NEW, address=HERE, at=AT, moment=SCHOOL_CLOCK),
        SignedIn,
    )


def test_a_code_works_once_and_before_its_end(school: DecisionStore) -> None:
    head, person = somebody(school, Duty.HEAD), somebody(school)
    first = school.setup_codes.invite(person, by=head, at=AT)
    second = school.setup_codes.invite(person, by=head, at=AT)

    assert set_up(school, first.code) is None
    assert set_up(school, second.code, LASTS) is None
    assert school.setup_codes.who(second.code, at=AT + LASTS) is None
    assert set_up(school, second.code) is not None
    assert set_up(school, second.code) is None
    for made_up in ("", "x", "\udc80", "x" * 1000):
        assert set_up(school, made_up) is None


def test_until_the_code_is_used_nothing_changes(school: DecisionStore) -> None:
    head, person = somebody(school, Duty.HEAD), somebody(school)
    opened = with_password(school, person)

    school.setup_codes.invite(person, by=head, at=AT)

    assert school.sessions.resume(opened.token, at=AT) is not None
    assert isinstance(with_password(school, person), SignedIn)


def test_a_fresh_start_leaves_nothing_of_what_was(school: DecisionStore) -> None:
    head, person = somebody(school, Duty.HEAD), somebody(school, Duty.DSL)
    _, codes = with_codes(school, person)
    assert codes.signed_in is not None
    token = school.api_tokens.make(
        person, "Import", frozenset({Scope.LOG_READ}), ends_at=AT + timedelta(days=9), at=AT
    )
    invited = school.setup_codes.invite(person, by=head, at=AT)

    signed = set_up(school, invited.code)

    assert signed is not None
    assert Lack.SETTING_ONE_UP is signed.session.lacks
    assert not school.second_factor.of(person).has_one
    assert school.sessions.resume(codes.signed_in.token, at=AT) is None
    assert school.api_tokens.caller(token, at=AT) is None
    assert WrongPassword() == school.credentials.sign_in(
        person, PASSWORD, address=HERE, at=AT, moment=SCHOOL_CLOCK
    )
    entries = school.audit.recent(object_kind="person", object_id=person)
    assert {AuditAction.SETUP_CODE_MADE, AuditAction.ACCOUNT_SET_UP} <= {
        each.action for each in entries
    }


def test_who_may_not_invite_makes_no_code(school: DecisionStore) -> None:
    teacher, technician = somebody(school), somebody(school, Duty.TECHNICIAN)
    head = somebody(school, Duty.HEAD)

    for by, whom in ((teacher, head), (technician, head), (head, head)):
        with pytest.raises(NotAllowed):
            school.setup_codes.invite(whom, by=by, at=AT)
        assert not school.setup_codes.is_invited(whom, at=AT)
    # Whoever administrates the machine may.
    assert school.setup_codes.invite(head, by=None, at=AT).code


def make_token(store: DecisionStore, person: str, days: int = 9) -> str:
    scopes = frozenset({Scope.LOG_READ, Scope.REQUESTS_READ})
    return store.api_tokens.make(
        person, "Import", scopes, ends_at=AT + timedelta(days=days), at=AT
    )


def test_a_code_that_a_technician_made_ends_with_a_new_duty_of_its_person(
    school: DecisionStore,
) -> None:
    technician, head = somebody(school, Duty.TECHNICIAN), somebody(school, Duty.HEAD)
    school.people.add(NewPerson("new-dsl", "Dee New", Audience.STAFF, "new-dsl"), at=AT, by=None)
    code = school.setup_codes.invite("new-dsl", by=technician, at=AT).code
    version = school.person_records.one("new-dsl").version
    form = DutiesForm((HeldDuty(Duty.DSL),), "new")
    given = DutiesToSign("new-dsl", head, form, version, "Policy", AT, SCHOOL_CLOCK)
    with_password(school, head)
    sign(school, given, at=AT, password=PASSWORD)

    assert school.setup_codes.who(code, at=AT) is None
    assert set_up(school, code) is None


def test_a_governor_gets_a_fresh_start_from_the_head_alone(school: DecisionStore) -> None:
    technician, governor = somebody(school, Duty.TECHNICIAN), somebody(school, Duty.GOVERNOR)
    with_password(school, governor)

    with pytest.raises(NotAllowed):
        school.setup_codes.invite(governor, by=technician, at=AT)
    assert school.setup_codes.invite(governor, by=somebody(school, Duty.HEAD), at=AT).code


def test_a_token_opens_what_it_was_made_for_until_its_end(school: DecisionStore) -> None:
    person = somebody(school)
    secret = make_token(school, person)

    caller = school.api_tokens.caller(secret, at=AT + timedelta(days=8))

    assert caller is not None
    assert person == caller.member.id
    assert {"log:read", "requests:read"} == caller.token.scopes
    assert AT + timedelta(days=8) == caller.token.last_used_at
    assert school.api_tokens.caller(secret, at=AT + timedelta(days=9)) is None
    for other in ("", secret[:-1], secret + "x", secret.removeprefix("sgt_"), "sgt_\udc80"):
        assert school.api_tokens.caller(other, at=AT) is None


def test_a_revoked_token_opens_nothing_and_stays_in_the_list(school: DecisionStore) -> None:
    person, other = somebody(school), somebody(school)
    secret = make_token(school, person)
    [token] = school.api_tokens.of(person)

    with pytest.raises(LookupError):
        school.api_tokens.revoke(other, token.id, at=AT)
    assert school.api_tokens.caller(secret, at=AT) is not None
    school.api_tokens.revoke(person, token.id, at=AT)

    assert school.api_tokens.caller(secret, at=AT) is None
    [token] = school.api_tokens.of(person)
    assert not token.works(AT)


def test_only_the_hash_of_a_token_is_kept(school: DecisionStore) -> None:
    secret = make_token(school, somebody(school))

    with school.database.reading() as session:
        kept = str(session.connection().exec_driver_sql("SELECT * FROM api_tokens").all())
    assert secret not in kept
    assert secret.removeprefix("sgt_") not in kept
