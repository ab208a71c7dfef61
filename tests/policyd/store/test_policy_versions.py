"""Versions of the policy in the database: kept as they were proposed, one transaction a move."""

import threading
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from office import HEAD, LEAD, PASSWORD, QuickHasher
from policy_paper import (
    AT,
    GOVERNOR,
    MOMENT,
    REASONS,
    SHARED,
    STRICT_TERMS,
    TECHNICIAN,
    TODAY,
    proof,
)
from policy_store import employ
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from to_sign import sign_direction

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.drafting.changes import Block, SetPeriods
from schoolgate_policyd.rulefiles.preset import ChangeTerms
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.store.policy_rows import PolicyContent
from schoolgate_policyd.workflow.errors import InvalidForm, NotAllowed, WorkflowError, WrongState
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.policy_versions import (
    Direction,
    Minutes,
    Move,
    Origin,
    PolicyVersion,
    ReplayRecord,
    VersionState,
)

CHANGE = SetPeriods("staff", 0, frozenset({Period.LUNCH}))


NO_TERMS = ChangeTerms()
FOR_SAFETY = Direction(MOMENT, is_for_safety=True)


def content(name: str = "first", terms: ChangeTerms = NO_TERMS) -> PolicyContent:
    return PolicyContent({"schools/hill.yaml": f"# {name}\n"}, f"{name:0>64}", terms)


@pytest.fixture
def school(store: DecisionStore) -> DecisionStore:
    """The office's store with a technician and a governor, and the first version in force."""
    employ(store)
    store.policies.take_up("hill", content(terms=STRICT_TERMS), at=AT, moment=MOMENT)
    return store


def begin(store: DecisionStore, name: str = "second", by: Member = TECHNICIAN) -> PolicyVersion:
    return store.policies.begin(
        "hill", content(name), by=by.id, summary="Lunch alone", base=1, at=AT, moment=MOMENT
    )


def propose(store: DecisionStore, *, opens: bool = True) -> PolicyVersion:
    version = begin(store)
    store.policies.record(version.number, proof(version, opens=opens), by=TECHNICIAN.id)
    return store.policies.propose(
        version.number, by=TECHNICIAN.id, reasons=REASONS, shared=SHARED, at=AT, moment=MOMENT
    )


def direct(
    store: DecisionStore,
    number: int,
    direction: Direction = FOR_SAFETY,
    *,
    by: Member = HEAD,
    password: str = PASSWORD,
    moment: datetime = MOMENT,
) -> PolicyVersion:
    return sign_direction(
        store,
        number,
        direction,
        by=by,
        password=password,
        shared=SHARED,
        at=AT,
        moment=moment,
    )


def test_what_was_taken_up_is_a_version_in_force_from_then_on(school: DecisionStore) -> None:
    (version,) = school.policies.every("hill")

    assert (1, Origin.RULE_FILES, None, None) == (
        version.number,
        version.origin,
        version.base,
        version.author,
    )
    assert STRICT_TERMS == version.terms
    assert {"schools/hill.yaml": "# first\n"} == school.policies.texts(1)
    assert version == school.policies.in_force("hill", MOMENT)
    assert None is school.policies.in_force("hill", MOMENT - timedelta(seconds=1))
    assert None is school.policies.in_force("vale", MOMENT)


def test_the_same_text_is_no_new_version(school: DecisionStore) -> None:
    later = MOMENT + timedelta(days=1)

    again = school.policies.take_up("hill", content(terms=STRICT_TERMS), at=AT, moment=later)
    other = school.policies.take_up("hill", content("other"), at=AT, moment=later)
    back = school.policies.take_up(
        "hill", content(terms=STRICT_TERMS), at=AT, moment=later + timedelta(days=1)
    )

    assert again is not None
    assert other is not None
    assert back is not None
    assert (1, 2, 3) == (again.number, other.number, back.number)
    assert back == school.policies.newest_taken_up("hill")


def test_a_version_keeps_everything_that_was_done_with_it(school: DecisionStore) -> None:
    version = propose(school)
    minutes = Minutes(TODAY, "FGB 7.2")
    number = version.number
    school.policies.approve(number, by=GOVERNOR.id, minutes=minutes, today=TODAY, at=AT)
    replay = ReplayRecord(version.digest, 1, AT, TODAY, TODAY, {"gained": {"events": 4}})
    school.policies.record(number, replay, by=TECHNICIAN.id)
    direction = Direction(MOMENT + timedelta(days=40), TODAY)

    direct(school, number, direction)

    kept = school.policies.find(number)
    assert kept == school.policies.every("hill")[-1]
    assert [Move.BEGUN, Move.PROPOSED, Move.APPROVED, Move.DIRECTED] == [
        each.move for each in kept.steps
    ]
    assert minutes == kept.steps[2].minutes
    assert direction == kept.direction
    assert kept.steps[3].signature is not None
    assert HEAD.name == kept.steps[3].signature.name
    assert proof(version) == kept.proof
    assert replay == kept.replay
    in_force = school.policies.in_force("hill", direction.in_force_from)
    assert in_force is not None
    assert number == in_force.number


def test_changes_of_a_draft_are_kept_with_it(school: DecisionStore) -> None:
    version = begin(school)
    block = Block(("clips",), frozenset({Audience.PUPIL}), "Too old for them", "§8")
    changed = msgspec.structs.replace(content("third"), changes=(CHANGE, block))

    school.policies.edit(version.number, changed, by=TECHNICIAN.id, before=version.digest, at=AT)

    kept = school.policies.find(version.number)
    assert (CHANGE, block) == kept.changes
    assert {"schools/hill.yaml": "# third\n"} == school.policies.texts(version.number)


def test_of_two_who_edit_at_once_the_second_is_told(school: DecisionStore) -> None:
    version = begin(school)
    policies = school.policies
    policies.edit(2, content("third"), by=TECHNICIAN.id, before=version.digest, at=AT)

    with pytest.raises(WrongState, match="was changed meanwhile"):
        policies.edit(2, content("fourth"), by=TECHNICIAN.id, before=version.digest, at=AT)


def test_a_proof_of_other_texts_counts_for_nothing(school: DecisionStore) -> None:
    version = begin(school)
    school.policies.record(2, proof(version), by=TECHNICIAN.id)
    school.policies.edit(2, content("third"), by=TECHNICIAN.id, before=version.digest, at=AT)

    assert not school.policies.find(2).is_proved
    with pytest.raises(WrongState, match="has not been proved as it stands"):
        school.policies.propose(
            2, by=TECHNICIAN.id, reasons=REASONS, shared=SHARED, at=AT, moment=MOMENT
        )


def test_the_newest_proof_counts(school: DecisionStore) -> None:
    version = begin(school)
    school.policies.record(2, proof(version), by=TECHNICIAN.id)
    school.policies.record(2, proof(version, is_ok=False), by=TECHNICIAN.id)

    assert not school.policies.find(2).is_proved


def test_a_draft_is_begun_by_those_who_draft_on_what_is_in_force(school: DecisionStore) -> None:
    with pytest.raises(NotAllowed):
        begin(school, by=GOVERNOR)
    school.policies.take_up("hill", content("new"), at=AT, moment=MOMENT)
    with pytest.raises(WrongState, match="Another version has come into force"):
        begin(school)
    assert 2 == len(school.policies.every("hill"))


def test_a_directed_version_outlasts_every_edit_of_the_rule_files(school: DecisionStore) -> None:
    version = propose(school, opens=False)
    before = school.version()

    direct(school, version.number)

    assert school.version() > before
    taken = school.policies.take_up("hill", content("edited"), at=AT, moment=MOMENT)
    assert None is taken
    in_force = school.policies.in_force("hill", MOMENT)
    assert in_force is not None
    assert version.number == in_force.number


def test_a_signature_needs_the_password(school: DecisionStore) -> None:
    version = propose(school, opens=False)

    with pytest.raises(InvalidForm, match="not your password: nothing was signed"):
        direct(school, version.number, password="guess")

    assert VersionState.PROPOSED == school.policies.find(version.number).state


def test_whoever_may_not_direct_is_told_before_a_password_is_tried(school: DecisionStore) -> None:
    version = propose(school, opens=False)

    for _ in range(30):
        with pytest.raises(NotAllowed):
            direct(school, version.number, by=TECHNICIAN, password="guess")
    assert version.number == direct(school, version.number).number


def test_of_two_who_direct_at_once_one_wins(tmp_path: Path, school: DecisionStore) -> None:
    first = propose(school, opens=False)
    again = begin(school, "third", LEAD)
    school.policies.record(again.number, proof(again, opens=False), by=LEAD.id)
    school.policies.propose(
        again.number, by=LEAD.id, reasons=REASONS, shared=SHARED, at=AT, moment=MOMENT
    )
    outcomes: list[object] = []
    barrier = threading.Barrier(2)

    def sign(number: int) -> None:
        opened = DecisionStore(tmp_path / "decisions.db", hasher=QuickHasher())
        with closing(opened):
            barrier.wait()
            try:
                outcomes.append(direct(opened, number).number)
            except WorkflowError as error:
                outcomes.append(error)

    threads = [
        threading.Thread(target=sign, args=(number,)) for number in (first.number, again.number)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    (won,) = [each for each in outcomes if isinstance(each, int)]
    (lost,) = [each for each in outcomes if isinstance(each, WrongState)]
    assert f"since then version {won} came into force" in str(lost)


def test_every_move_is_in_the_audit_with_what_it_was_about(school: DecisionStore) -> None:
    version = propose(school, opens=False)
    direct(school, version.number)

    entries = school.audit.recent(object_kind="policy", object_id=str(version.number))

    assert [
        AuditAction.POLICY_DIRECTED,
        AuditAction.POLICY_PROPOSED,
        AuditAction.POLICY_PROVED,
        AuditAction.POLICY_DRAFT_BEGUN,
    ] == [each.action for each in entries]
    assert HEAD.id == entries[0].actor
    assert entries[2].details["all as expected"] is True
    assert {"digest", "signed", "signature", "in_force_from"} == entries[0].details.keys()
    assert "# second" not in str([each.details for each in entries])


@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        ("UPDATE policy_texts SET text = 'x' WHERE version = 2", "never changed"),
        ("DELETE FROM policy_texts WHERE version = 2", "never changed"),
        ("INSERT INTO policy_texts VALUES (2, 'schools/x.yaml', 'x')", "never changed"),
        ("REPLACE INTO policy_texts VALUES (2, 'schools/hill.yaml', 'x')", "never changed"),
        ("UPDATE policy_texts SET version = 2 WHERE version = 3", "never changed"),
        ("UPDATE policy_versions SET digest = 'x' WHERE number = 2", "never changed"),
        ("UPDATE policy_versions SET terms = '{}' WHERE number = 1", "never changed"),
        ("UPDATE policy_versions SET base = NULL WHERE number = 3", "never changed"),
        ("UPDATE policy_versions SET author_id = 'swift' WHERE number = 3", "never changed"),
        ("UPDATE policy_versions SET state = 'draft' WHERE number = 2", "never goes back"),
        ("UPDATE policy_versions SET state = 'directed' WHERE number = 3", "never goes back"),
        ("DELETE FROM policy_versions WHERE number = 3", "is kept"),
        ("UPDATE policy_steps SET in_force_from = '2020-01-01' WHERE version = 1", "is never"),
        ("DELETE FROM policy_steps", "is never"),
        ("UPDATE policy_checks SET result = '{}'", "never changed"),
        ("DELETE FROM policy_checks", "never changed"),
        (
            (
                "INSERT INTO policy_steps (version, move, actor_id, at, reasons, signed_name,"
                " signed_on, signed_digest, in_force_from, is_for_safety) VALUES (2, 'directed',"
                " 'swift', '2026-11-20', 'x', 'x', '2026-11-20', 'x', '2026-11-20', 0)"
            ),
            "needs its signature",
        ),
    ],
)
def test_the_database_itself_keeps_what_was_proposed(
    school: DecisionStore, statement: str, refusal: str
) -> None:
    propose(school)
    begin(school, "third", LEAD)

    with (
        pytest.raises(IntegrityError, match=refusal),
        school.database.engine.begin() as connection,
    ):
        connection.execute(text(statement))


def test_a_version_that_there_is_not_is_unknown(school: DecisionStore) -> None:
    for ask in (school.policies.find, school.policies.texts):
        with pytest.raises(UnknownObject):
            ask(99)
    with pytest.raises(UnknownObject):
        direct(school, 99)
