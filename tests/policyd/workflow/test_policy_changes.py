"""Who may do what with a version of the policy, and what must hold before it is in force."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from office import CHAIR, DSL, HEAD, LEAD, PUPIL, SECOND_HEAD, TEACHER, VISITOR
from policy_paper import (
    AT,
    GOVERNOR,
    LONDON,
    MOMENT,
    NO_TERMS,
    PEOPLE,
    REASONS,
    SHARED,
    STRICT_TERMS,
    TECHNICIAN,
    TODAY,
    directed,
    draft,
    proof,
    proposed,
    proved,
    taken_up,
)

from schoolgate_policyd.rulefiles.preset import ChangeTerms
from schoolgate_policyd.workflow.decision_text import Known
from schoolgate_policyd.workflow.direction_text import DirectionForm, direction_text
from schoolgate_policyd.workflow.errors import InvalidForm, NotAllowed, WrongState
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.policy_acts import Act, directors, is_waiting_for, may
from schoolgate_policyd.workflow.policy_changes import (
    approve,
    propose,
    refuse,
    require_editable,
    withdraw,
)
from schoolgate_policyd.workflow.policy_gate import earliest_date, months_after
from schoolgate_policyd.workflow.policy_versions import (
    Direction,
    Minutes,
    Move,
    PolicyVersion,
    Stage,
    VersionState,
    in_force_at,
    stage_at,
)
from schoolgate_policyd.workflow.signed_text import read_signed_text

FIRST = (taken_up(),)
FREE = (taken_up(terms=NO_TERMS),)
MINUTES = Minutes(date(2026, 11, 18), "FGB 7.2")
# Announced on the day of direction: in a month it may be in force.
ANNOUNCED = TODAY
NEXT_MONTH = datetime(2026, 12, 20, 0, 0, tzinfo=LONDON)
ORDERLY = Direction(NEXT_MONTH, ANNOUNCED)
NOW = Direction(MOMENT)
FOR_SAFETY = Direction(MOMENT, is_for_safety=True)


def approved(version: PolicyVersion, by: Member = GOVERNOR) -> PolicyVersion:
    return approve(version, FIRST, by=by, minutes=MINUTES, today=TODAY, at=AT)


def and_(versions: tuple[PolicyVersion, ...], *more: PolicyVersion) -> tuple[PolicyVersion, ...]:
    """Return *versions* with *more*, each in place of the one with its number."""
    by_number = {each.number: each for each in (*versions, *more)}
    return tuple(by_number[number] for number in sorted(by_number))


@pytest.mark.parametrize(
    ("member", "acts"),
    [
        (TECHNICIAN, {Act.SEE, Act.DRAFT}),
        (LEAD, {Act.SEE, Act.DRAFT}),
        (HEAD, {Act.SEE, Act.DRAFT, Act.DIRECT}),
        (CHAIR, {Act.SEE, Act.APPROVE, Act.DIRECT}),
        (GOVERNOR, {Act.SEE, Act.APPROVE}),
        (DSL, {Act.SEE}),
        (TEACHER, set()),
        (VISITOR, set()),
        (PUPIL, set()),
        (msgspec.structs.replace(PUPIL, duties=HEAD.duties), set()),
    ],
)
def test_duties_say_who_may_do_what(member: Member, acts: set[Act]) -> None:
    assert acts == {act for act in Act if may(member, act)}


def test_a_technician_proposes_governors_approve_and_the_head_directs() -> None:
    version = proposed(FIRST)
    assert Stage.WAITING_FOR_GOVERNORS == stage_at(version, and_(FIRST, version), MOMENT)

    version = approved(version)
    assert Stage.WAITING_FOR_HEAD == stage_at(version, and_(FIRST, version), MOMENT)

    version = directed(version, and_(FIRST, version), ORDERLY)
    versions = and_(FIRST, version)
    assert Stage.TO_COME == stage_at(version, versions, MOMENT)
    assert FIRST[0] == in_force_at(versions, NEXT_MONTH - timedelta(microseconds=1))
    assert version == in_force_at(versions, NEXT_MONTH)
    assert Stage.IN_FORCE == stage_at(version, versions, NEXT_MONTH)
    assert Stage.SUPERSEDED == stage_at(FIRST[0], versions, NEXT_MONTH)
    assert [Move.BEGUN, Move.PROPOSED, Move.APPROVED, Move.DIRECTED] == [
        each.move for each in version.steps
    ]


def test_where_the_policy_asks_for_nothing_a_direction_holds_at_once() -> None:
    version = proposed(FREE)
    assert Stage.WAITING_FOR_HEAD == stage_at(version, and_(FREE, version), MOMENT)

    version = directed(version, and_(FREE, version), NOW)

    assert version == in_force_at(and_(FREE, version), MOMENT)


@pytest.mark.parametrize("by", [TEACHER, DSL, GOVERNOR, CHAIR, PUPIL, VISITOR])
def test_only_those_who_draft_propose(by: Member) -> None:
    version = proved(draft(author=by))

    with pytest.raises(NotAllowed, match="Only the ICT technician"):
        propose(version, FIRST, by=by, reasons=REASONS, shared=SHARED, at=AT, moment=MOMENT)


def test_nobody_edits_or_proposes_the_draft_of_another() -> None:
    version = proved(draft())

    with pytest.raises(NotAllowed, match="somebody else's draft"):
        require_editable(version, HEAD)
    with pytest.raises(NotAllowed, match="somebody else's draft"):
        propose(version, FIRST, by=LEAD, reasons=REASONS, shared=SHARED, at=AT, moment=MOMENT)


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (draft(), "It has not been proved as it stands"),
        (proved(draft(), is_ok=False), "The proof failed.*A pupil would reach Clips"),
        (
            msgspec.structs.replace(proved(draft()), digest="changed since"),
            "It has not been proved as it stands",
        ),
        (
            msgspec.structs.replace(
                draft(), proof=msgspec.structs.replace(proof(draft()), against=7)
            ),
            "It has not been proved as it stands",
        ),
        (proved(draft(base=9)), "drafted on version 9, and since then version 1 came into force"),
    ],
)
def test_what_is_not_proved_on_what_is_in_force_is_not_proposed(
    version: PolicyVersion, message: str
) -> None:
    with pytest.raises(WrongState, match=message):
        propose(
            version, FIRST, by=TECHNICIAN, reasons=REASONS, shared=SHARED, at=AT, moment=MOMENT
        )


def test_a_proposal_needs_reasons() -> None:
    with pytest.raises(InvalidForm, match="reasons"):
        propose(
            proved(draft()), FIRST, by=TECHNICIAN, reasons=" ", shared=SHARED, at=AT, moment=MOMENT
        )


def test_what_was_proposed_stays_as_it_is() -> None:
    with pytest.raises(WrongState, match="it stays as it is"):
        require_editable(proposed(FIRST), TECHNICIAN)


@pytest.mark.parametrize("by", [TECHNICIAN, HEAD, LEAD, DSL, TEACHER, PUPIL])
def test_only_governors_approve_in_their_name(by: Member) -> None:
    with pytest.raises(NotAllowed, match="Only governors"):
        approved(proposed(FIRST), by)


def test_nobody_approves_what_they_drafted() -> None:
    both = msgspec.structs.replace(TECHNICIAN, duties=TECHNICIAN.duties | GOVERNOR.duties)

    with pytest.raises(NotAllowed, match="what they drafted"):
        approved(proposed(FIRST, author=both), both)


def test_nobody_approves_and_directs_the_same_version() -> None:
    own = proposed(FIRST, author=HEAD)
    by_chair = approved(own, CHAIR)

    with pytest.raises(NotAllowed, match="You approved it in the governors' name"):
        directed(by_chair, FIRST, ORDERLY, CHAIR)

    safe = proposed(FIRST, author=HEAD, opens=False)
    done = directed(safe, FIRST, FOR_SAFETY, CHAIR)
    with pytest.raises(NotAllowed, match="what they directed"):
        approved(done, CHAIR)


@pytest.mark.parametrize(
    ("minutes", "field"),
    [
        (Minutes(TODAY + timedelta(days=1), "FGB 7.2"), "met_on"),
        (Minutes(TODAY, "  "), "reference"),
    ],
)
def test_an_approval_names_its_meeting_and_minute(minutes: Minutes, field: str) -> None:
    with pytest.raises(InvalidForm) as raised:
        approve(proposed(FIRST), FIRST, by=GOVERNOR, minutes=minutes, today=TODAY, at=AT)

    assert raised.value.message_for(field)


def test_an_approval_is_recorded_once_and_only_where_it_is_asked_for() -> None:
    once = approved(proposed(FIRST))

    with pytest.raises(WrongState, match="already"):
        approved(once)
    with pytest.raises(WrongState, match="asks for no approval"):
        approve(proposed(FREE), FREE, by=GOVERNOR, minutes=MINUTES, today=TODAY, at=AT)


@pytest.mark.parametrize("by", [TECHNICIAN, LEAD, DSL, TEACHER, GOVERNOR, PUPIL, VISITOR])
def test_nobody_but_the_head_directs(by: Member) -> None:
    with pytest.raises(NotAllowed, match="Only the headteacher directs"):
        directed(approved(proposed(FIRST)), FIRST, ORDERLY, by)


def test_the_chair_directs_only_where_the_head_drafted() -> None:
    with pytest.raises(NotAllowed, match="The headteacher directs"):
        directed(approved(proposed(FIRST)), FIRST, ORDERLY, CHAIR)

    own = approved(proposed(FIRST, author=HEAD))
    assert VersionState.DIRECTED == directed(own, FIRST, ORDERLY, CHAIR).state
    assert VersionState.DIRECTED == directed(own, FIRST, ORDERLY, SECOND_HEAD).state


def test_a_head_directs_their_own_only_where_it_tightens() -> None:
    own = approved(proposed(FIRST, author=HEAD))
    assert HEAD not in directors(own, PEOPLE)
    with pytest.raises(NotAllowed, match="Nobody directs what they drafted"):
        directed(own, FIRST, ORDERLY, HEAD)
    with pytest.raises(InvalidForm, match="Only a change that opens nothing"):
        directed(own, FIRST, FOR_SAFETY, HEAD)

    safe = proposed(FIRST, author=HEAD, opens=False)
    assert HEAD in directors(safe, PEOPLE, is_safe=True)
    assert safe.number == directed(safe, FIRST, FOR_SAFETY, HEAD).number


def test_a_tightening_for_safety_waits_for_neither_notice_nor_governors() -> None:
    safe = directed(proposed(FIRST, opens=False), FIRST, FOR_SAFETY)

    assert safe == in_force_at(and_(FIRST, safe), MOMENT)
    assert Move.APPROVED == approved(safe).steps[-1].move


@pytest.mark.parametrize(
    "record",
    [
        {"openings": ("A pupil can now reach Clips.",)},
        {"opening_count": 400},
        {"loosenings": ("It is no longer promised that pupils never reach Clips.",)},
    ],
)
def test_what_gives_anything_up_is_no_tightening(record: dict[str, object]) -> None:
    safe = proposed(FIRST, opens=False)
    assert safe.proof is not None
    loose = msgspec.structs.replace(safe, proof=msgspec.structs.replace(safe.proof, **record))

    with pytest.raises(InvalidForm, match="is_for_safety"):
        directed(loose, FIRST, FOR_SAFETY)


def test_a_proof_is_good_for_what_every_school_shares_as_it_was_then() -> None:
    """A service that was away for the proof would be open, and no opening was told."""
    with pytest.raises(WrongState, match="What every school shares has changed since"):
        directed(proposed(FIRST, opens=False), FIRST, FOR_SAFETY, shared="6" * 64)

    with pytest.raises(WrongState, match="run the proof again"):
        propose(
            proved(draft()),
            FIRST,
            by=TECHNICIAN,
            reasons=REASONS,
            shared="6" * 64,
            at=AT,
            moment=MOMENT,
        )


@pytest.mark.parametrize("shared", ["", SHARED])
def test_a_proof_that_does_not_say_what_it_stands_on_is_run_again(shared: str) -> None:
    """Proofs of an earlier release do not."""
    version = proved(draft())
    assert version.proof is not None
    old = msgspec.structs.replace(version.proof, shared="")

    with pytest.raises(WrongState, match="run the proof again"):
        propose(
            msgspec.structs.replace(version, proof=old),
            FIRST,
            by=TECHNICIAN,
            reasons=REASONS,
            shared=shared,
            at=AT,
            moment=MOMENT,
        )


def test_without_the_governors_nothing_that_opens_is_directed() -> None:
    with pytest.raises(WrongState, match="their approval is not recorded yet"):
        directed(proposed(FIRST), FIRST, ORDERLY)


def test_a_draft_is_not_freed_by_what_it_says_itself() -> None:
    version = proposed(FIRST)

    assert ChangeTerms() == version.terms
    with pytest.raises(WrongState, match="approval"):
        directed(version, FIRST, NOW)


@pytest.mark.parametrize(
    ("direction", "field", "message"),
    [
        (Direction(NEXT_MONTH), "announced_on", "Enter the day on which it was announced"),
        (
            Direction(NEXT_MONTH, TODAY + timedelta(days=1)),
            "announced_on",
            "must not be in the future",
        ),
        (
            Direction(NEXT_MONTH - timedelta(seconds=1), ANNOUNCED),
            "in_force_from",
            "the earliest date is 20 December 2026",
        ),
        (Direction(MOMENT, ANNOUNCED), "in_force_from", "one month's notice is asked for"),
        (
            Direction(MOMENT - timedelta(seconds=1), date(2026, 1, 1)),
            "in_force_from",
            "cannot take effect in the past",
        ),
    ],
)
def test_a_date_earlier_than_the_notice_allows_is_refused(
    direction: Direction, field: str, message: str
) -> None:
    with pytest.raises(InvalidForm) as raised:
        directed(approved(proposed(FIRST)), FIRST, direction)

    assert message in (raised.value.message_for(field) or "")


def test_an_announcement_is_asked_for_where_the_policy_names_no_notice() -> None:
    announced = (taken_up(terms=msgspec.structs.replace(STRICT_TERMS, notice=None)),)
    version = approve(
        proposed(announced), announced, by=GOVERNOR, minutes=MINUTES, today=TODAY, at=AT
    )

    with pytest.raises(InvalidForm, match="announced_on"):
        directed(version, announced, NOW)
    assert (
        VersionState.DIRECTED == directed(version, announced, Direction(MOMENT, ANNOUNCED)).state
    )


@pytest.mark.parametrize(
    ("announced", "months", "earliest"),
    [
        (date(2026, 11, 20), 1, date(2026, 12, 20)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 8, 31), 1, date(2026, 9, 30)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 1, 15), 12, date(2027, 1, 15)),
    ],
)
def test_a_month_is_a_calendar_month(announced: date, months: int, earliest: date) -> None:
    assert earliest == months_after(announced, months)


def test_without_notice_the_day_of_announcement_is_early_enough() -> None:
    assert TODAY == earliest_date(proposed(FREE), FREE, TODAY)


def test_notice_is_reckoned_by_the_schools_days() -> None:
    announced = date(2026, 5, 10)
    start = datetime(2026, 5, 10, 9, 0, tzinfo=UTC)
    versions = (taken_up(moment=start),)
    version = approve(
        propose(
            proved(draft()),
            versions,
            by=TECHNICIAN,
            reasons=REASONS,
            shared=SHARED,
            at=AT,
            moment=start,
        ),
        versions,
        by=GOVERNOR,
        minutes=Minutes(announced, "1"),
        today=announced,
        at=AT,
    )
    # In June midnight at the school is eleven in the evening of the day before, in UTC.
    midnight = datetime(2026, 6, 9, 23, 0, tzinfo=UTC)

    assert directed(version, versions, Direction(midnight, announced), moment=start)
    early = Direction(midnight - timedelta(seconds=1), announced)
    with pytest.raises(InvalidForm, match="in_force_from"):
        directed(version, versions, early, moment=start)


def test_a_draft_whose_base_is_no_longer_in_force_is_not_directed() -> None:
    version = approved(proposed(FIRST))
    newer = and_(FIRST, version, taken_up(3, moment=MOMENT + timedelta(hours=1)))
    later = MOMENT + timedelta(hours=2)

    with pytest.raises(
        WrongState, match=r"bring its changes onto that one\. Nothing in it is lost"
    ):
        directed(version, newer, Direction(NEXT_MONTH, ANNOUNCED), moment=later)


def test_one_version_at_a_time_waits_for_its_date() -> None:
    first = directed(approved(proposed(FIRST)), FIRST, ORDERLY)
    second = approved(proposed(FIRST, number=3))

    with pytest.raises(WrongState, match=r"Version 2 has been directed .* withdraw it first"):
        directed(second, and_(FIRST, first, second), ORDERLY)


def test_a_tightening_overtakes_what_waits_for_its_date() -> None:
    waiting = directed(approved(proposed(FIRST)), FIRST, ORDERLY)
    safe = proposed(FIRST, number=3, opens=False)
    safe = directed(safe, and_(FIRST, waiting, safe), FOR_SAFETY)
    versions = and_(FIRST, waiting, safe)

    assert safe == in_force_at(versions, MOMENT)
    assert Stage.OVERTAKEN == stage_at(waiting, versions, MOMENT)
    # What was drafted before the tightening would undo it, so it never comes into force.
    assert safe == in_force_at(versions, NEXT_MONTH + timedelta(days=365))
    assert Stage.OVERTAKEN == stage_at(waiting, versions, NEXT_MONTH)


def test_what_was_overtaken_can_be_withdrawn() -> None:
    waiting = directed(approved(proposed(FIRST)), FIRST, ORDERLY)
    versions = and_(FIRST, waiting, taken_up(3))

    withdrawn = withdraw(waiting, versions, by=HEAD, reasons="Stale", at=AT, moment=MOMENT)

    assert VersionState.WITHDRAWN == withdrawn.state


@pytest.mark.parametrize("by", [TECHNICIAN, LEAD, DSL, TEACHER, PUPIL])
def test_only_the_head_and_governors_refuse(by: Member) -> None:
    with pytest.raises(NotAllowed):
        refuse(proposed(FIRST), by=by, reasons="No", at=AT)


@pytest.mark.parametrize("by", [HEAD, CHAIR, GOVERNOR])
def test_a_refusal_is_the_end_of_a_version(by: Member) -> None:
    refused = refuse(proposed(FIRST), by=by, reasons="Not now", at=AT)

    assert Stage.REFUSED == stage_at(refused, and_(FIRST, refused), MOMENT)
    with pytest.raises(WrongState, match="it was refused"):
        directed(refused, FIRST, ORDERLY)
    with pytest.raises(WrongState, match="it was refused"):
        approved(refused)
    with pytest.raises(WrongState, match="it was refused"):
        refuse(refused, by=by, reasons="Again", at=AT)


def test_a_draft_is_withdrawn_by_its_author_or_the_head() -> None:
    version = draft()
    for by in (TECHNICIAN, HEAD):
        gone = withdraw(version, FIRST, by=by, reasons="Not needed", at=AT, moment=MOMENT)
        assert Stage.WITHDRAWN == stage_at(gone, FIRST, MOMENT)
    with pytest.raises(NotAllowed, match="Only whoever drafted it"):
        withdraw(version, FIRST, by=LEAD, reasons="No", at=AT, moment=MOMENT)


def test_what_was_directed_the_head_alone_withdraws_and_only_before_it_is_in_force() -> None:
    version = directed(approved(proposed(FIRST)), FIRST, ORDERLY)
    versions = and_(FIRST, version)
    early, late = NEXT_MONTH - timedelta(seconds=1), NEXT_MONTH

    with pytest.raises(NotAllowed):
        withdraw(version, versions, by=TECHNICIAN, reasons="No", at=AT, moment=early)
    with pytest.raises(WrongState, match="version 2 is in force"):
        withdraw(version, versions, by=HEAD, reasons="No", at=AT, moment=late)
    gone = withdraw(version, versions, by=HEAD, reasons="No", at=AT, moment=early)
    assert FIRST[0] == in_force_at(and_(versions, gone), late)


def test_nobody_signs_in_the_name_of_another() -> None:
    version = approved(proposed(FIRST))

    with pytest.raises(InvalidForm, match="somebody else's name"):
        directed(version, FIRST, ORDERLY, HEAD, name=SECOND_HEAD.name)


def test_a_direction_needs_reasons_and_a_proposal() -> None:
    with pytest.raises(WrongState, match="nobody has proposed"):
        directed(proved(draft()), FIRST, ORDERLY)
    once = directed(approved(proposed(FIRST)), FIRST, ORDERLY)
    with pytest.raises(WrongState, match="directed already"):
        directed(once, FIRST, ORDERLY)


@pytest.mark.parametrize(
    "change",
    [
        {"number": 9},
        {"digest": "other"},
        {"base": 9},
        {"school": "vale"},
        {"proof": None},
    ],
)
def test_a_signature_is_of_one_text_for_one_meaning(change: dict[str, object]) -> None:
    version = approved(proposed(FIRST))
    other = msgspec.structs.replace(version, **change)

    assert text_of(version) == text_of(version)
    assert text_of(version) != text_of(other)
    assert text_of(version) != text_of(version, in_force_from=None)
    assert text_of(version) != text_of(version, announced_on=None)
    assert text_of(version) != text_of(version, is_for_safety=True)
    assert text_of(version) != text_of(version, reasons="Other reasons")


def test_what_is_signed_names_what_changes_its_proof_and_minute() -> None:
    version = approved(proposed(FIRST))

    title, parts = read_signed_text(text_of(version))

    by_heading = {part.heading: dict(part.fields) for part in parts}
    assert "Direction of a version of the policy" == title
    assert "Lunch alone (§5)" == by_heading["Version"]["What it says otherwise"]
    assert "digest-2" == by_heading["Version"]["Digest of its texts"]
    assert "can now reach Clips" in by_heading["Proof"]["It opens"]
    assert "FGB 7.2" == by_heading["Governors’ approval"]["Minute"]
    starts = by_heading["What this signature puts in force"]["In force from"]
    assert "20 December 2026, 00:00 (UTC+00:00)" == starts
    assert f"{HEAD.name} ({HEAD.id})" == by_heading["Signature"]["Signed by"]


def text_of(
    version: PolicyVersion,
    *,
    reasons: str = REASONS,
    in_force_from: datetime | None = NEXT_MONTH,
    announced_on: date | None = ANNOUNCED,
    is_for_safety: bool = False,
) -> str:
    form = DirectionForm(
        reasons, HEAD.name, TODAY, in_force_from, announced_on, is_for_safety=is_for_safety
    )
    return direction_text(
        version, form, ("Lunch alone (§5)",), signer=HEAD, known=Known({}, {}, LONDON)
    )


@pytest.mark.parametrize(
    ("author", "stage", "waits_for"),
    [
        (TECHNICIAN, Stage.WAITING_FOR_GOVERNORS, {CHAIR, GOVERNOR}),
        (CHAIR, Stage.WAITING_FOR_GOVERNORS, {GOVERNOR}),
        (TECHNICIAN, Stage.WAITING_FOR_HEAD, {HEAD, SECOND_HEAD}),
        (HEAD, Stage.WAITING_FOR_HEAD, {SECOND_HEAD, CHAIR}),
        (TECHNICIAN, Stage.DRAFT, set()),
        (TECHNICIAN, Stage.TO_COME, set()),
    ],
)
def test_a_version_waits_for_those_who_may_take_the_next_step(
    author: Member, stage: Stage, waits_for: set[Member]
) -> None:
    version = proved(draft(author=author))

    found = {each.id for each in PEOPLE if is_waiting_for(each, version, stage, PEOPLE)}

    assert {each.id for each in waits_for} == found
