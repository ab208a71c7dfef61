"""Every kind of signature keeps the same promises, whatever is signed."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from office import HEAD, LEAD, PASSWORD
from signed_kinds import KINDS, LATER, KindOfSignature
from sqlalchemy import text
from typer.testing import CliRunner

from schoolgate_policyd.cli import app
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import StoreError, UnknownObject
from schoolgate_policyd.store.session_rows import open_in
from schoolgate_policyd.store.signing_desk import ByPassword, Signable
from schoolgate_policyd.workflow.accounts import Lack
from schoolgate_policyd.workflow.errors import InvalidForm, Stale, WrongState
from schoolgate_policyd.workflow.signed_text import read_signed_text
from schoolgate_policyd.workflow.signing import Means, SignedKind, Signing, StoredSignature

pytestmark = pytest.mark.parametrize("kind", list(SignedKind))

RIGHT = ByPassword(PASSWORD, "", is_code_needed=False)


def session_of(store: DecisionStore, person: str) -> int:
    with store.database.writing() as session:
        return open_in(session, person, at=LATER, lacks=Lack.SETTING_ONE_UP)[1].id


def shown(store: DecisionStore, session: int, to_sign: Signable) -> Signing:
    return store.signing_desk.begin(session, to_sign, {}, at=LATER)


def sign(
    store: DecisionStore,
    signing: Signing,
    to_sign: Signable,
    *,
    session: int | None = None,
    proof: ByPassword = RIGHT,
) -> StoredSignature:
    return store.signing_desk.sign_with_password(
        signing.nonce,
        signing.session if session is None else session,
        to_sign,
        proof,
        address="127.0.2.10",
        at=LATER,
    )


def signed(store: DecisionStore, kind: SignedKind) -> tuple[StoredSignature, ...]:
    of = KINDS[kind].of[0]
    return tuple(each for each in store.signings.of(kind, of) if each.person == HEAD.id)


def waiting(store: DecisionStore, kind: SignedKind) -> tuple[KindOfSignature, Signable, Signing]:
    """Return a kind, what is to be signed of it, and the signing that the head was shown."""
    one = KINDS[kind]
    to_sign = one.to_sign(store)
    return one, to_sign, shown(store, session_of(store, HEAD.id), to_sign)


def test_it_is_done_once_its_text_is_signed_and_the_audit_names_the_signature(
    store: DecisionStore, kind: SignedKind
) -> None:
    one, to_sign, signing = waiting(store, kind)
    assert not one.is_done(store)
    with pytest.raises(InvalidForm, match="not your password: nothing was signed"):
        sign(store, signing, to_sign, proof=ByPassword("wrong", "", is_code_needed=False))
    assert (False, ()) == (one.is_done(store), signed(store, kind))

    signature = sign(store, signing, to_sign)

    assert one.is_done(store)
    document = signature.document
    assert (kind, *one.of) == (document.kind, document.object_id, document.version)
    assert (HEAD.id, Means.PASSWORD) == (signature.person, signature.means)
    assert one.says in document.text.splitlines()
    assert f"Signed by: {HEAD.name} ({HEAD.id})" in document.text.splitlines()
    read_signed_text(document.text)
    details = [each.details for each in store.audit.recent(limit=5) if "signature" in each.details]
    assert [(signature.id, signature.digest)] == [
        (each["signature"], each["signed"]) for each in details
    ]


def test_what_changed_since_it_was_shown_is_not_signed(
    store: DecisionStore, kind: SignedKind
) -> None:
    one, to_sign, signing = waiting(store, kind)
    one.spoil(store)
    before = len(signed(store, kind)), store.version(), one.is_done(store)

    with pytest.raises((Stale, WrongState)):
        sign(store, signing, to_sign)

    assert before == (len(signed(store, kind)), store.version(), one.is_done(store))


def test_nobody_signs_what_somebody_else_was_shown(store: DecisionStore, kind: SignedKind) -> None:
    one, to_sign, signing = waiting(store, kind)
    for person in (LEAD.id, HEAD.id):
        elsewhere = session_of(store, person)
        with pytest.raises(UnknownObject, match="no such signing"):
            sign(store, signing, to_sign, session=elsewhere)
    with store.database.writing() as session:
        session.execute(text("UPDATE signings SET person_id = 'robin'"))
    with pytest.raises(UnknownObject, match="no such signing"):
        sign(store, signing, to_sign)

    assert (False, ()) == (one.is_done(store), signed(store, kind))


def test_it_is_signed_once(store: DecisionStore, kind: SignedKind) -> None:
    _, to_sign, signing = waiting(store, kind)
    sign(store, signing, to_sign)

    with pytest.raises(WrongState, match="signed already"):
        sign(store, signing, to_sign)

    assert 1 == len(signed(store, kind))


def test_verify_says_what_was_signed_and_finds_a_changed_row(
    store: DecisionStore, kind: SignedKind, tmp_path: Path
) -> None:
    one, to_sign, signing = waiting(store, kind)
    number = sign(store, signing, to_sign).id
    for change in ("UPDATE signatures SET version = 7", "DELETE FROM signatures"):
        with pytest.raises(StoreError, match="signature"), store.database.writing() as session:
            session.execute(text(change))
    config = tmp_path / "school.yaml"
    config.write_text(f"var_dir: {tmp_path}\nschool: twiss-green\n")
    (tmp_path / "decisions").mkdir()
    kept = tmp_path / "decisions" / "decisions.db"
    ours = sqlite3.connect(tmp_path / "decisions.db")
    with closing(sqlite3.connect(kept)) as copied, closing(ours):
        ours.backup(copied)
    kept.chmod(0o600)

    code, said = verify(config, number)
    assert 0 == code, said
    assert f"  | {one.says}" in said
    assert f"{kind} {one.of[0]}, version {one.of[1]}" in said

    with closing(DecisionStore(kept)) as copy, copy.database.writing() as session:
        session.execute(text("DROP TRIGGER signatures_refuse_update"))
        session.execute(text("UPDATE signatures SET text = text || 'Also: more\n'"))
    code, said = verify(config, number)
    assert 1 == code
    assert "is NOT right" in said


def verify(config: Path, number: int) -> tuple[int, str]:
    arguments = ["--config", str(config), "signature", "verify", str(number)]
    answer = CliRunner().invoke(app, arguments)
    return answer.exit_code, answer.output
