"""Where a policy is worked on: drafted, changed, proved, compared, brought back."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from copied_store import database, opened_copy
from office import HEAD, LEAD, fill
from policy_paper import AT, MOMENT, REASONS, TECHNICIAN, TODAY
from policy_store import direct_draft, employ
from rule_tree import SCHOOL, plant

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.drafting.bundle import bundle_in, digest_of, load
from schoolgate_policyd.drafting.changes import (
    BlockSite,
    GiveUp,
    ReplaceText,
    SetDevices,
    SetDocument,
    SetPeriods,
)
from schoolgate_policyd.drafting.errors import ChangeRefused
from schoolgate_policyd.drafting.proofs import ProofSays
from schoolgate_policyd.rulefiles import Preset, RuleFileErrors
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.policy_rows import PolicyContent
from schoolgate_policyd.workflow.errors import NotAllowed, WrongState
from schoolgate_policyd.workflow.policy_versions import PolicyVersion, VersionState
from schoolgate_policyd.workshop import Workshop

OWN = "schools/hill.yaml"
BREAK_ALONE = SetPeriods("staff", 0, frozenset({Period.BREAK}))
ALWAYS = SetPeriods("staff", 0, frozenset({Period.BREAK, Period.LUNCH, Period.LESSON}))
BY = TECHNICIAN.id


@pytest.fixture
def rules_dir(tmp_path: Path) -> Path:
    return plant(tmp_path / "rules")


@pytest.fixture(scope="module")
def taken_up(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The database of a school whose rule files were taken up, made once."""
    rules_dir = plant(tmp_path_factory.mktemp("taken-up") / "rules")

    def take_up(made: DecisionStore) -> None:
        fill(made)
        employ(made)
        texts = bundle_in(rules_dir, SCHOOL)
        preset = load(rules_dir, SCHOOL, texts)
        content = PolicyContent(texts, digest_of(texts), preset.notes.changes)
        made.policies.take_up(SCHOOL, content, at=AT, moment=MOMENT)

    return database(take_up)


@pytest.fixture
def store(tmp_path: Path, taken_up: bytes) -> Iterator[DecisionStore]:
    with opened_copy(taken_up, tmp_path) as opened:
        yield opened


@pytest.fixture
def workshop(rules_dir: Path, store: DecisionStore) -> Workshop:
    return Workshop(rules_dir, SCHOOL, store.policies)


def begin(workshop: Workshop) -> int:
    return workshop.begin(by=BY, summary="A change", at=AT, moment=MOMENT).number


def test_a_draft_begins_as_what_is_in_force(workshop: Workshop) -> None:
    number = begin(workshop)

    assert () == workshop.differences(number)
    assert () == workshop.sentences(number)
    assert workshop.in_force(MOMENT).digest == workshop.every()[-1].digest


def test_a_draft_lists_its_changes_and_differences_in_words(workshop: Workshop) -> None:
    number = begin(workshop)
    workshop.change(number, BREAK_ALONE, by=BY, at=AT)
    workshop.change(number, SetDocument("Hill Policy", "2027"), by=BY, at=AT)

    assert (
        "The document now is Hill Policy, 2027.",
        "Staff may no longer reach social media at lunch (§5).",
    ) == workshop.differences(number)
    assert (
        "The first exception from the rule about social media for staff holds at break.",
        "The document is Hill Policy, 2027.",
    ) == workshop.sentences(number)


def test_a_change_is_taken_out_again_and_the_others_stay(workshop: Workshop) -> None:
    number = begin(workshop)
    workshop.change(number, BREAK_ALONE, by=BY, at=AT)
    workshop.change(number, SetDocument("Hill Policy", "2027"), by=BY, at=AT)

    workshop.undo(number, 0, by=BY, at=AT)

    assert ("The document now is Hill Policy, 2027.",) == workshop.differences(number)
    with pytest.raises(ChangeRefused, match="no such change"):
        workshop.undo(number, 1, by=BY, at=AT)


def test_nobody_changes_the_draft_of_another(workshop: Workshop) -> None:
    number = begin(workshop)

    with pytest.raises(NotAllowed):
        workshop.change(number, BREAK_ALONE, by=LEAD.id, at=AT)
    assert () == workshop.differences(number)


def test_a_faulty_text_changes_nothing(workshop: Workshop, store: DecisionStore) -> None:
    number = begin(workshop)
    before = store.policies.texts(number)

    with pytest.raises(RuleFileErrors):
        workshop.change(number, ReplaceText(OWN, "rules: ["), by=BY, at=AT)

    assert before == store.policies.texts(number)


def test_a_proof_says_what_a_draft_opens(workshop: Workshop) -> None:
    number = begin(workshop)
    workshop.change(number, ALWAYS, by=BY, at=AT)

    version = workshop.prove(number, by=BY, at=AT)

    assert version.is_proved
    assert version.proof is not None
    assert version.proof.opening_count
    assert not version.proof.closing_count
    assert "A member of staff" in version.proof.openings[0]
    assert not version.proof.only_tightens


def test_a_proof_of_a_tightening_says_that_it_is_one(workshop: Workshop) -> None:
    number = begin(workshop)
    workshop.change(number, BREAK_ALONE, by=BY, at=AT)

    version = workshop.prove(number, by=BY, at=AT)

    assert version.is_proved
    assert version.proof is not None
    assert version.proof.only_tightens
    assert version.proof.closing_count


def test_a_draft_that_breaks_a_promise_is_not_proved(workshop: Workshop) -> None:
    number = begin(workshop)
    text = workshop.texts_on_disk()[OWN].replace(
        "for: {audience: visitor}\n",
        "for: {audience: visitor}\n    unless: {period: [lunch]}\n",
    )
    workshop.change(number, ReplaceText(OWN, text), by=BY, at=AT)

    version = workshop.prove(number, by=BY, at=AT)

    assert not version.is_proved
    assert version.proof is not None
    assert "visitor" in version.proof.faults[0].lower()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("notice: {months: 1, cite: Introduction}", "", "asks less of a change"),
        ("approval: {by: governors, cite: Review}", "", "asks less of a change"),
        ("to: staff, cite", "to: parents, cite", "asks less of a change"),
    ],
)
def test_what_asks_less_of_a_change_is_no_tightening(
    workshop: Workshop, old: str, new: str, sentence: str
) -> None:
    number = begin(workshop)
    text = workshop.texts_on_disk()[OWN].replace(old, new)
    workshop.change(number, ReplaceText(OWN, text), by=BY, at=AT)

    version = workshop.prove(number, by=BY, at=AT)

    assert version.proof is not None
    assert not version.proof.only_tightens
    assert sentence in version.proof.loosenings[0]


def test_what_gives_up_a_promise_is_no_tightening(workshop: Workshop) -> None:
    number = begin(workshop)
    workshop.change(number, GiveUp(1), by=BY, at=AT)

    version = workshop.prove(number, by=BY, at=AT)

    assert version.proof is not None
    assert (
        "It is no longer promised that visitors never reach social media without an access grant.",
    ) == version.proof.loosenings


def test_a_long_proof_keeps_its_first_sentences_and_says_how_many(
    rules_dir: Path, store: DecisionStore
) -> None:
    def prove(before: Preset | None, after: Preset) -> ProofSays:
        del before, after
        return ProofSays(openings=tuple(f"Opening {number}" for number in range(5000)))

    workshop = Workshop(rules_dir, SCHOOL, store.policies, prove)

    version = workshop.prove(begin(workshop), by=BY, at=AT)

    assert version.proof is not None
    assert (200, 5000) == (len(version.proof.openings), version.proof.opening_count)


def test_a_proof_is_of_the_texts_that_were_proved(rules_dir: Path, store: DecisionStore) -> None:
    number = 0

    def prove(before: Preset | None, after: Preset) -> ProofSays:
        del before, after
        # Somebody edits the draft while it is proved.
        workshop.change(number, ALWAYS, by=BY, at=AT)
        return ProofSays()

    workshop = Workshop(rules_dir, SCHOOL, store.policies, prove)
    number = begin(workshop)

    assert not workshop.prove(number, by=BY, at=AT).is_proved


def propose(workshop: Workshop, store: DecisionStore, number: int) -> PolicyVersion:
    return store.policies.propose(
        number,
        by=BY,
        reasons=REASONS,
        shared=workshop.shared(number),
        at=AT,
        moment=MOMENT,
    )


@pytest.mark.parametrize(
    "edit",
    [
        ("services/video.yaml", "domains: [films.example.org]", "domains: [films.example]"),
        ("categories/adult.yaml", "adult.example.org", "another.example.org"),
        ("baseline.yaml", "block: [adult, vpn]", "block: [adult, vpn, forum]"),
        ("essentials.yaml", "lessons.example.net", "other.example.net"),
    ],
)
def test_a_proof_is_bound_to_what_every_school_shares(
    workshop: Workshop, store: DecisionStore, rules_dir: Path, edit: tuple[str, str, str]
) -> None:
    """Whoever takes a site away for the proof and puts it back has proved nothing."""
    path, old, new = edit
    number = begin(workshop)
    text = (rules_dir / path).read_text(encoding="utf-8")
    assert old in text
    (rules_dir / path).write_text(text.replace(old, new), encoding="utf-8")
    assert workshop.prove(number, by=BY, at=AT).is_proved
    (rules_dir / path).write_text(text, encoding="utf-8")

    with pytest.raises(WrongState, match="What every school shares has changed since"):
        propose(workshop, store, number)

    workshop.prove(number, by=BY, at=AT)
    (rules_dir / path).write_text(f"# Beside.\n{text}", encoding="utf-8")
    assert VersionState.PROPOSED == propose(workshop, store, number).state


def test_while_what_every_school_shares_is_faulty_nothing_is_proposed(
    workshop: Workshop, store: DecisionStore, rules_dir: Path
) -> None:
    number = begin(workshop)
    workshop.prove(number, by=BY, at=AT)
    (rules_dir / "baseline.yaml").write_text("rules: [", encoding="utf-8")

    with pytest.raises(WrongState, match="cannot be read"):
        propose(workshop, store, number)


def test_an_old_version_is_brought_back_as_a_draft(
    workshop: Workshop, store: DecisionStore
) -> None:
    direct_draft(store, workshop, BREAK_ALONE, moment=MOMENT, in_force_from=MOMENT)

    version = workshop.bring_back(1, by=BY, summary="As it was", at=AT, moment=MOMENT)

    assert (3, 2, 1) == (version.number, version.base, version.taken_from)
    assert store.policies.texts(1) == store.policies.texts(3)
    assert ("Staff may now also reach social media at lunch (§5).",) == workshop.differences(3)
    assert () == workshop.compare(1, 3)
    with pytest.raises(ChangeRefused, match="says what version 2 said"):
        workshop.bring_back(2, by=BY, summary="Again", at=AT, moment=MOMENT)


def test_changes_are_brought_onto_what_came_into_force_meanwhile(
    workshop: Workshop, store: DecisionStore
) -> None:
    number = begin(workshop)
    workshop.change(number, SetDevices("staff", 0, frozenset()), by=BY, at=AT)
    site = BlockSite("Maths", ("maths.example.org",), "forum", frozenset(Audience), "Games")
    workshop.change(number, site, by=BY, at=AT)
    direct_draft(store, workshop, BREAK_ALONE, moment=MOMENT, in_force_from=MOMENT)
    workshop.prove(number, by=BY, at=AT)
    with pytest.raises(WrongState, match="bring its changes onto that one"):
        store.policies.propose(
            number,
            by=BY,
            reasons=REASONS,
            shared=workshop.shared(number),
            at=AT,
            moment=MOMENT,
        )

    version = workshop.rebase(number, by=BY, at=AT, moment=MOMENT)

    assert (4, 3, number) == (version.number, version.base, version.taken_from)
    assert workshop.differences(number) == workshop.differences(4)
    (staff,) = [rule for rule in workshop.preset(4).policy.rules if rule.id == "staff"]
    assert frozenset({Period.BREAK}) == staff.unless[0].period
    assert staff.unless[0].device is None


def test_a_change_that_cannot_be_brought_along_loses_nothing(
    workshop: Workshop, store: DecisionStore
) -> None:
    number = begin(workshop)
    text = workshop.texts_on_disk()[OWN].replace("May 2026", "June 2026")
    workshop.change(number, ReplaceText(OWN, text), by=BY, at=AT)
    direct_draft(store, workshop, BREAK_ALONE, moment=MOMENT, in_force_from=MOMENT)

    with pytest.raises(ChangeRefused, match=r"compare versions 2 and 3"):
        workshop.rebase(number, by=BY, at=AT, moment=MOMENT)

    assert text == store.policies.texts(number)[OWN]


def test_what_stands_on_what_is_in_force_needs_no_other_base(workshop: Workshop) -> None:
    number = begin(workshop)

    with pytest.raises(WrongState, match="stands on what is in force"):
        workshop.rebase(number, by=BY, at=AT, moment=MOMENT)


def test_a_replay_is_kept_with_what_it_was_of(workshop: Workshop, store: DecisionStore) -> None:
    number = begin(workshop)

    version = workshop.keep_replay(
        number,
        store.policies.texts(number),
        {"gained": {"events": 4, "requests": 9}},
        first=TODAY - timedelta(days=7),
        last=TODAY,
        by=HEAD.id,
        at=AT,
    )

    assert version.replay is not None
    assert (version.digest, 1) == (version.replay.digest, version.replay.against)
    assert {"gained": {"events": 4, "requests": 9}} == version.replay.result


def test_a_replay_is_of_the_texts_that_were_replayed(
    workshop: Workshop, store: DecisionStore
) -> None:
    number = begin(workshop)
    texts = store.policies.texts(number)
    workshop.change(number, ALWAYS, by=BY, at=AT)

    version = workshop.keep_replay(
        number, texts, {}, first=TODAY - timedelta(days=7), last=TODAY, by=HEAD.id, at=AT
    )

    assert version.replay is not None
    assert digest_of(texts) == version.replay.digest
    assert version.digest != version.replay.digest


def test_without_a_policy_in_force_nothing_is_drafted(
    rules_dir: Path, store: DecisionStore
) -> None:
    workshop = Workshop(rules_dir, "vale", store.policies)

    with pytest.raises(WrongState, match="No policy has been taken up yet"):
        begin(workshop)
