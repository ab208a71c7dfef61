"""Rule files that change, well or badly."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from ipc_world import policy

from schoolgate_policyd.core.catalogue import Catalogue, LargeList
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.core.policy import Policy, Source
from schoolgate_policyd.core.rules import Citation, Condition, Rule
from schoolgate_policyd.lists.errors import TableError
from schoolgate_policyd.rulewatch import MOST_FAULTS, RuleWatch


class Loader:
    """Counts how often it is asked; returns a policy or raises what it is told to."""

    def __init__(self) -> None:
        self.calls = 0
        self.error: Exception | None = None
        self.policy = policy()

    def __call__(self) -> Policy:
        self.calls += 1
        if self.error is not None:
            raise self.error
        return self.policy


def test_files_are_read_once_while_nothing_changes(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("1")
    load = Loader()
    watch = RuleWatch(tmp_path, load)

    assert policy() == watch.poll()
    assert None is watch.poll()
    assert 1 == load.calls


@pytest.mark.parametrize("change", ["edit", "add", "remove", "replace"])
def test_every_kind_of_change_is_seen(tmp_path: Path, change: str) -> None:
    (tmp_path / "schools").mkdir()
    path = tmp_path / "schools" / "a.yaml"
    path.write_text("1")
    (tmp_path / "b.yaml").write_text("1")
    watch = RuleWatch(tmp_path, Loader())
    watch.poll()
    match change:
        case "edit":
            path.write_text("12")
        case "add":
            (tmp_path / "schools" / "c.yaml").write_text("1")
        case "remove":
            path.unlink()
        case _:
            (tmp_path / "b.yaml").rename(path)

    assert policy() == watch.poll()


def test_a_fault_is_told_line_by_line_until_it_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("1")
    load = Loader()
    load.error = SchoolgateError("a.yaml:1: no such rule\na.yaml:7: no such period")
    watch = RuleWatch(tmp_path, load)

    assert None is watch.poll()
    assert ("a.yaml:1: no such rule", "a.yaml:7: no such period") == watch.faults
    assert None is watch.poll()
    assert 1 == load.calls
    load.error = None
    path.write_text("22")
    assert policy() == watch.poll()
    assert () == watch.faults


def test_a_flood_of_faults_is_cut_and_counted(tmp_path: Path) -> None:
    load = Loader()
    load.error = SchoolgateError("\n".join(f"a.yaml:{line}: wrong" for line in range(150)))
    watch = RuleWatch(tmp_path, load)
    watch.poll()

    assert MOST_FAULTS + 1 == len(watch.faults)
    assert "and 50 more mistakes" == watch.faults[-1]


def test_a_policy_that_no_point_could_put_in_force_is_a_fault(tmp_path: Path) -> None:
    load = Loader()
    school_time = msgspec.structs.replace(policy().school_time, zone="Nowhere/At-All")
    load.policy = msgspec.structs.replace(policy(), school_time=school_time)
    watch = RuleWatch(tmp_path, load)

    assert None is watch.poll()
    assert "Nowhere/At-All" in watch.faults[0]


def test_a_mistake_of_ours_is_a_fault_and_no_end(tmp_path: Path) -> None:
    load = Loader()
    load.error = IndexError("list index out of range")
    watch = RuleWatch(tmp_path, load)

    assert None is watch.poll()
    assert 1 == len(watch.faults)


def test_a_change_of_what_lies_elsewhere_is_seen(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    manifest = tmp_path / "lists" / "manifest.json"
    watch = RuleWatch(rules, Loader(), also=(manifest,))
    watch.poll()
    assert None is watch.poll()
    manifest.parent.mkdir()
    manifest.write_text("{}")

    assert policy() == watch.poll()


def test_a_policy_whose_lists_cannot_be_opened_is_a_fault(tmp_path: Path) -> None:
    def compile_(_: Source) -> None:
        raise TableError("the table of names is damaged")

    watch = RuleWatch(tmp_path, Loader(), compile_=compile_)

    assert None is watch.poll()
    assert ("the table of names is damaged",) == watch.faults


@pytest.mark.parametrize("is_remembered", [True, False])
def test_a_policy_without_a_locked_list_that_is_in_force_is_refused(
    tmp_path: Path, *, is_remembered: bool
) -> None:
    """Whether this process put it in force itself, or the one before it did."""
    load = Loader()
    without = load.policy
    lock = Rule(
        id="locked-list-iwf",
        block=frozenset({"iwf"}),
        applies_to=(Condition(),),
        cite=Citation("IWF", "locked list iwf"),
        locked=True,
    )
    locked = msgspec.structs.replace(
        without,
        rules=(lock,),
        catalogue=Catalogue(large_lists=(LargeList("iwf", "adult", locked=True),)),
    )
    watch = RuleWatch(tmp_path, load)
    if is_remembered:
        watch.in_force = locked
    else:
        load.policy = locked
        assert locked == watch.poll()
    load.policy = without
    (tmp_path / "iwf.yaml").write_text("gone")

    assert None is watch.poll()
    assert "locked list `iwf` is in force" in watch.faults[0]
    load.policy = locked
    (tmp_path / "iwf.yaml").write_text("back again")
    assert locked == watch.poll()
    assert () == watch.faults


def refusing(refused: Policy) -> Callable[[Policy], None]:
    """Return a proof that *refused* does not hold."""

    def require_proof(asked: Policy) -> None:
        if asked == refused:
            raise SchoolgateError("policy test: a pupil would reach YouTube")

    return require_proof


def test_a_policy_that_is_not_proved_is_a_fault_and_is_not_taken_up(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("1")
    load = Loader()
    watch = RuleWatch(tmp_path, load, require_proof=refusing(load.policy))

    assert None is watch.poll()
    assert ("policy test: a pupil would reach YouTube",) == watch.faults
    assert None is watch.in_force
    load.policy = policy("better")
    path.write_text("22")
    assert policy("better") == watch.poll()
    assert () == watch.faults


def test_what_was_in_force_before_a_start_is_not_proved_again(tmp_path: Path) -> None:
    """A start stays quick; only what is new since then has to be proved."""
    path = tmp_path / "a.yaml"
    path.write_text("1")
    load = Loader()
    watch = RuleWatch(tmp_path, load, require_proof=refusing(load.policy))
    watch.in_force = load.policy

    assert load.policy == watch.poll()
    path.write_text("22")
    assert None is watch.poll()
    assert ("policy test: a pupil would reach YouTube",) == watch.faults


def test_a_policy_that_is_new_at_a_start_is_proved(tmp_path: Path) -> None:
    load = Loader()
    watch = RuleWatch(tmp_path, load, require_proof=refusing(load.policy))
    watch.in_force = policy("before")

    assert None is watch.poll()
    assert policy("before") == watch.in_force
