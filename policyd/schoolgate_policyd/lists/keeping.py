"""
What a new policy may not leave behind: locked lists, and names that were looked up until now.

Locked lists are the slot for what the law or the school's authority demands. Nobody in the school
takes one out of force: not by its file, a grant or a draft, nor by removing the subscription.
"""

from collections.abc import Callable, Collection

from schoolgate_policyd.core.catalogue import Catalogue
from schoolgate_policyd.core.errors import PolicyError
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.rules import Condition, Rule


def ids_of(catalogue: Catalogue) -> frozenset[str]:
    """Return the ids of the large lists of *catalogue*, where it names a table at all."""
    lists = () if catalogue.name_table is None else catalogue.large_lists
    return frozenset(each.id for each in lists)


def require_lists(
    in_force: Policy | None,
    policy: Policy,
    lists_in: Callable[[Catalogue], Collection[str]] = ids_of,
) -> None:
    """
    Raise PolicyError, which says what to do, where *policy* falls behind what is *in_force*.

    *lists_in* gives the ids of the lists that have names in a catalogue's table.
    """
    before = Catalogue() if in_force is None else in_force.catalogue
    after = policy.catalogue
    locked = {each.id for each in after.large_lists if each.locked}
    faults = [
        f"locked list `{each.id}` is in force and no policy takes it out: put its file in "
        "rules/lists/ back as it was, with `locked: true`"
        for each in before.large_lists
        if each.locked and each.id not in locked
    ]
    kept = {each.id for each in before.large_lists} & {each.id for each in after.large_lists}
    lost = kept.intersection(lists_in(before)).difference(lists_in(after))
    faults += [
        f"the names of list `{id_}` are gone, and the policy would be open without them: run "
        "`schoolgate lists update`"
        for id_ in sorted(lost)
    ]
    faults += [
        f"no rule blocks the locked list `{id_}` for everybody: every policy has one"
        for id_ in sorted(locked)
        if not any(_shuts(rule, id_) for rule in policy.rules)
    ]
    if faults:
        raise PolicyError("\n".join(faults))


def _shuts(rule: Rule, id_: str) -> bool:
    """Whether *rule* blocks the list *id_* for everybody, and nothing lifts it."""
    return id_ in rule.block and rule.locked and Condition() in rule.applies_to and not rule.unless
