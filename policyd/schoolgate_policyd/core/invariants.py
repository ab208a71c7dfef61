"""What must never happen, as structured data: the claims that `schoolgate prove` checks."""

import msgspec

from schoolgate_policyd.core.rules import Citation, Condition, GrantKind, Rule

_CITE = Citation(document="invariants", section="what must never happen", is_ours=True)


class Invariant(msgspec.Struct, frozen=True):
    """
    What must never happen: whoever *who* holds for reaches one of *reaches*.

    It does not speak of whoever one of *unless* holds for, nor of what a live grant of one of
    the kinds *without* opens. *reaches* are ids as in `Rule.block`. *is_open_uninspected*: nor
    does it speak of parts of sites where nothing can look inside.
    """

    who: Condition
    reaches: frozenset[str]
    without: frozenset[GrantKind] = frozenset()
    unless: tuple[Condition, ...] = ()
    is_open_uninspected: bool = False


def rule_that(invariant: Invariant, id_: str) -> Rule:
    """
    Return the rule that would make *invariant* true by itself.

    A policy holds the invariant when adding this rule to it closes nothing: wherever the rule
    would block, something blocks already. So what is not known of a subject counts against them
    in an invariant as it does in a rule.
    """
    return Rule(
        id=id_,
        block=invariant.reaches,
        applies_to=(invariant.who,),
        cite=_CITE,
        unless=invariant.unless,
        lifted_by=invariant.without,
        is_open_uninspected=invariant.is_open_uninspected,
    )
