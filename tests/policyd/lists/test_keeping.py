"""Locked lists cannot be left behind, nor can names that were looked up until now."""

import msgspec
import pytest
from ipc_world import policy

from schoolgate_policyd.core.catalogue import Catalogue, LargeList
from schoolgate_policyd.core.errors import PolicyError
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.rules import Citation, Condition, Rule
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.lists.keeping import require_lists

IWF = LargeList("iwf", "illegal", locked=True)
ADULT = LargeList("ut1-adult", "adult")
LOCK = Rule(
    id="locked-list-iwf",
    block=frozenset({"iwf"}),
    applies_to=(Condition(),),
    cite=Citation("Internet Watch Foundation", "locked list iwf"),
    locked=True,
)


def with_lists(
    *lists: LargeList, table: str | None = "f" * 64, rules: tuple[Rule, ...] = (LOCK,)
) -> Policy:
    catalogue = Catalogue(large_lists=lists, name_table=table)
    return msgspec.structs.replace(policy(), rules=rules, catalogue=catalogue)


@pytest.mark.parametrize(
    "after",
    [
        with_lists(),
        with_lists(ADULT),
        with_lists(msgspec.structs.replace(IWF, locked=False)),
        with_lists(msgspec.structs.replace(IWF, id="other")),
    ],
)
def test_a_locked_list_in_force_is_in_every_policy_that_follows(after: Policy) -> None:
    with pytest.raises(PolicyError, match=r"locked list `iwf` is in force.*put its file"):
        require_lists(with_lists(IWF, ADULT), after)


@pytest.mark.parametrize(
    "rule",
    [
        None,
        msgspec.structs.replace(LOCK, locked=False),
        msgspec.structs.replace(LOCK, block=frozenset({"other"})),
        msgspec.structs.replace(
            LOCK, applies_to=(Condition(audience=frozenset({Audience.PUPIL})),)
        ),
        msgspec.structs.replace(LOCK, unless=(Condition(overtime=True),)),
    ],
)
@pytest.mark.parametrize("before", [None, with_lists(IWF)])
def test_a_locked_list_is_blocked_for_everybody(before: Policy | None, rule: Rule | None) -> None:
    rules = () if rule is None else (rule,)

    with pytest.raises(PolicyError, match="no rule blocks the locked list `iwf`"):
        require_lists(before, with_lists(IWF, rules=rules))


def test_names_that_are_gone_leave_the_policy_in_force() -> None:
    with pytest.raises(PolicyError, match=r"list `ut1-adult` are gone.*schoolgate lists update"):
        require_lists(with_lists(ADULT), with_lists(ADULT, table=None))


def test_a_table_without_a_list_that_was_in_the_one_before_is_refused() -> None:
    """As when a locked list was unsubscribed, forgotten, and subscribed to again."""
    tables = {"a" * 64: {"iwf", "ut1-adult"}, "b" * 64: {"ut1-adult"}}

    def lists_in(catalogue: Catalogue) -> set[str]:
        return tables.get(catalogue.name_table or "", set())

    before, after = (with_lists(IWF, ADULT, table=table) for table in tables)
    with pytest.raises(PolicyError, match="the names of list `iwf` are gone"):
        require_lists(before, after, lists_in)
    require_lists(after, before, lists_in)
    require_lists(with_lists(IWF, ADULT, table="gone"), after, lists_in)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, with_lists(IWF)),
        (with_lists(), with_lists(IWF)),
        (with_lists(IWF), with_lists(IWF, ADULT, table="0" * 64)),
        (with_lists(IWF, ADULT), with_lists(IWF)),
        (with_lists(ADULT), with_lists(table=None)),
        (with_lists(ADULT, table=None), with_lists(ADULT, table=None)),
        (
            with_lists(IWF),
            with_lists(
                IWF, rules=(msgspec.structs.replace(LOCK, cite=Citation("Renamed", "§2")),)
            ),
        ),
    ],
)
def test_whatever_else_changes_is_let_pass(before: Policy | None, after: Policy) -> None:
    require_lists(before, after)
