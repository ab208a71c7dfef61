"""
What a new policy may not leave behind: locked lists, and names that were looked up until now.

Locked lists are the slot for what the law or the school's authority demands. Nobody in the school
takes one out of force: not by its file, a grant or a draft, nor by removing the subscription.
"""

from schoolgate_policyd.core.catalogue import Catalogue
from schoolgate_policyd.core.errors import PolicyError
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.rules import Condition, Rule


def require_lists(in_force: Policy | None, policy: Policy) -> None:
    """Raise PolicyError, which says what to do, where *policy* falls behind what is *in_force*."""
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
    if before.name_table is not None and after.name_table is None and kept:
        faults.append(
            "the compiled lists are gone, and the policy would be open without them: run "
            "`schoolgate lists update`"
        )
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
