"""Whatever people try, nothing unproved, unapproved or early is ever in force."""

import contextlib
from datetime import UTC, date, datetime, timedelta

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from office import HEAD
from policy_paper import (
    AT,
    GOVERNOR,
    LONDON,
    NO_TERMS,
    PEOPLE,
    REASONS,
    SHARED,
    STRICT_TERMS,
    TECHNICIAN,
    draft,
    proof,
    taken_up,
)

from schoolgate_policyd.core.times import local_date
from schoolgate_policyd.workflow.errors import WorkflowError
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.policy_acts import Act, may
from schoolgate_policyd.workflow.policy_changes import (
    approve,
    direct,
    propose,
    refuse,
    withdraw,
)
from schoolgate_policyd.workflow.policy_gate import months_after
from schoolgate_policyd.workflow.policy_versions import (
    Direction,
    Minutes,
    Move,
    Origin,
    PolicyVersion,
    came_into_force,
    in_force_at,
)
from schoolgate_policyd.workflow.requests import Signature

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
members = st.sampled_from(PEOPLE)
picks = st.integers(0, 7)


class PolicyHouse(RuleBasedStateMachine):
    """A school with its versions; every rule is somebody who tries something."""

    def __init__(self) -> None:
        super().__init__()
        self.moment = START
        self.versions: list[PolicyVersion] = [taken_up(terms=STRICT_TERMS, moment=START)]
        self.were_in_force: dict[datetime, int] = {}

    def pick(self, at: int) -> PolicyVersion:
        return self.versions[-1 - at % len(self.versions)]

    def keep(self, version: PolicyVersion) -> None:
        self.versions[version.number - 1] = version

    @property
    def known(self) -> tuple[PolicyVersion, ...]:
        return tuple(self.versions)

    @rule(author=members, old=st.booleans())
    def begin(self, author: Member, *, old: bool) -> None:
        current = in_force_at(self.known, self.moment)
        assert current is not None
        base = self.versions[0] if old else current
        number = len(self.versions) + 1
        # Some drafts drop what the policy asks of a change, some keep it.
        terms = NO_TERMS if number % 2 else STRICT_TERMS
        version = draft(number, base.number, author)
        self.versions.append(msgspec.structs.replace(version, terms=terms))

    @rule(at=picks, is_ok=st.booleans(), opens=st.booleans(), is_of_others=st.booleans())
    def prove(self, at: int, *, is_ok: bool, opens: bool, is_of_others: bool) -> None:
        version = self.pick(at)
        record = proof(version, is_ok=is_ok, opens=opens)
        if is_of_others:
            record = msgspec.structs.replace(record, digest="of other texts")
        self.keep(msgspec.structs.replace(version, proof=record))

    @rule(at=picks, by=members)
    def propose(self, at: int, by: Member) -> None:
        with contextlib.suppress(WorkflowError):
            self.keep(
                propose(
                    self.pick(at),
                    self.known,
                    by=by,
                    reasons=REASONS,
                    shared=SHARED,
                    at=AT,
                    moment=self.moment,
                )
            )

    @rule(at=picks)
    def prove_and_propose(self, at: int) -> None:
        version = self.pick(at)
        author = next((each for each in PEOPLE if each.id == version.author), PEOPLE[0])
        self.keep(msgspec.structs.replace(version, proof=proof(version)))
        self.propose(at, author)

    @rule(at=picks, by=members, ago=st.integers(-2, 40))
    def approve(self, at: int, by: Member, ago: int) -> None:
        today = local_date(self.moment, LONDON)
        minutes = Minutes(today - timedelta(days=ago), "FGB 1")
        with contextlib.suppress(WorkflowError):
            self.keep(
                approve(self.pick(at), self.known, by=by, minutes=minutes, today=today, at=AT)
            )

    @rule(
        at=picks,
        by=members,
        days=st.integers(-2, 70),
        announced=st.none() | st.integers(-2, 70),
        is_for_safety=st.booleans(),
    )
    def direct(
        self, at: int, by: Member, days: int, announced: int | None, *, is_for_safety: bool
    ) -> None:
        today = local_date(self.moment, LONDON)
        direction = Direction(
            self.moment + timedelta(days=days),
            None if announced is None else today - timedelta(days=announced),
            is_for_safety,
        )
        with contextlib.suppress(WorkflowError):
            self.keep(
                direct(
                    self.pick(at),
                    self.known,
                    by=by,
                    people=PEOPLE,
                    reasons=REASONS,
                    direction=direction,
                    signature=Signature(by.name, today, "0" * 64),
                    shared=SHARED,
                    at=AT,
                    moment=self.moment,
                    zone=LONDON,
                )
            )

    @rule(
        author=st.sampled_from([TECHNICIAN, HEAD]),
        is_approved=st.booleans(),
        is_of_others=st.booleans(),
        days=st.integers(0, 40),
        ago=st.integers(0, 40),
    )
    def go_through(
        self, author: Member, days: int, ago: int, *, is_approved: bool, is_of_others: bool
    ) -> None:
        """Go all the way, mostly with the right people, so that much does come into force."""
        self.begin(author, old=False)
        self.prove_and_propose(0)
        if is_approved:
            self.approve(0, GOVERNOR, 0)
        if is_of_others:
            self.prove(0, is_ok=True, opens=True, is_of_others=True)
        self.direct(0, HEAD, days, ago, is_for_safety=False)

    @rule(is_safe=st.booleans())
    def tighten(self, *, is_safe: bool) -> None:
        self.begin(TECHNICIAN, old=False)
        self.prove_and_propose(0)
        self.prove(0, is_ok=True, opens=not is_safe, is_of_others=False)
        self.direct(0, HEAD, 0, None, is_for_safety=True)

    @rule(at=picks, by=members)
    def refuse(self, at: int, by: Member) -> None:
        with contextlib.suppress(WorkflowError):
            self.keep(refuse(self.pick(at), by=by, reasons="No", at=AT))

    @rule(at=picks, by=members)
    def withdraw(self, at: int, by: Member) -> None:
        with contextlib.suppress(WorkflowError):
            self.keep(
                withdraw(
                    self.pick(at),
                    self.known,
                    by=by,
                    reasons="No",
                    at=AT,
                    moment=self.moment,
                )
            )

    @rule(days=st.integers(0, 45), hours=st.integers(0, 23))
    def let_time_pass(self, days: int, hours: int) -> None:
        self.moment += timedelta(days=days, hours=hours)

    @precondition(lambda self: sum(e.author is None for e in self.versions) < 3)
    @rule()
    def edit_the_rule_files(self) -> None:
        current = in_force_at(self.known, self.moment)
        if current is not None and current.origin is Origin.RULE_FILES:
            self.versions.append(taken_up(len(self.versions) + 1, moment=self.moment))

    @invariant()
    def only_what_passed_the_gate_is_in_force(self) -> None:
        far = self.moment + timedelta(days=1000)
        line = came_into_force(self.known, far)
        for before, version in zip((None, *line), line, strict=False):
            if version.origin is Origin.DRAFT:
                assert before is not None
                assert before.number == version.base
                self._passed(version, before)

    @invariant()
    def what_was_in_force_stays_in_the_history(self) -> None:
        current = in_force_at(self.known, self.moment)
        assert current is not None
        # Of two changes at one moment the later counts.
        self.were_in_force[self.moment] = current.number
        for moment, number in self.were_in_force.items():
            found = in_force_at(self.known, moment)
            assert found is not None
            assert number == found.number

    def _passed(self, version: PolicyVersion, before: PolicyVersion) -> None:
        by_id = {each.id: each for each in PEOPLE}
        directed, direction = version.step(Move.DIRECTED), version.direction
        assert directed is not None
        assert direction is not None
        head = by_id[directed.actor or ""]
        assert may(head, Act.DIRECT)
        assert version.step(Move.PROPOSED) is not None
        if direction.is_for_safety:
            return
        assert head.id != version.author
        approval = version.approval
        if before.terms.approval is not None:
            assert approval is not None
            assert may(by_id[approval.actor or ""], Act.APPROVE)
            assert approval.actor not in {version.author, head.id}
        if before.terms.notice is not None:
            announced = direction.announced_on
            assert isinstance(announced, date)
            earliest = months_after(announced, before.terms.notice.months)
            assert local_date(direction.in_force_from, LONDON) >= earliest


class ProofKept(PolicyHouse):
    """The same, where a proof once recorded is the one that a version was directed with."""

    def __init__(self) -> None:
        super().__init__()
        self.directed_with: dict[int, PolicyVersion] = {}

    def keep(self, version: PolicyVersion) -> None:
        was = self.versions[version.number - 1]
        if was.step(Move.DIRECTED) is None and version.step(Move.DIRECTED) is not None:
            self.directed_with[version.number] = was
        super().keep(version)

    @invariant()
    def nothing_unproved_was_directed(self) -> None:
        for number, version in self.directed_with.items():
            assert version.is_proved
            direction = (self.versions[number - 1].step(Move.DIRECTED)).direction  # type: ignore[union-attr] # it was directed
            assert direction is not None
            if direction.is_for_safety:
                assert version.proof is not None
                assert version.proof.only_tightens


TestPolicyHouse = ProofKept.TestCase
TestPolicyHouse.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
