"""
What would hold without the deciding rule, found by really deciding so and never guessed.

For a block: without the rule that blocks. For an allowed request: without the exception or the
grants by which its rule does not.
"""

from datetime import datetime

import msgspec

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import Decision, Request, Verdict, deciding_rule
from schoolgate_policyd.core.rules import Rule, rule_of
from schoolgate_policyd.core.snapshot import Snapshot


class RunnerUp(msgspec.Struct, frozen=True):
    """The verdict that would hold, the rule that would then decide, and both in a sentence."""

    verdict: Verdict
    rule: Rule | None
    sentence: str


def runner_up(
    request: Request, decision: Decision, snapshot: Snapshot, moment: datetime
) -> RunnerUp | None:
    """
    Return what would hold on *request* at *moment* (aware) without what decides *decision*.

    None where nothing does: a help line, or an address that no rule speaks of.
    """
    rule = deciding_rule(decision)
    if rule is None:
        return None
    if decision.verdict is not Verdict.ALLOW:
        found = decide(request, _without_rule(snapshot, rule), moment)
        return RunnerUp(
            found.verdict, deciding_rule(found), _without_the_rule(decision.verdict, found)
        )
    if decision.lifted:
        found = decide(request, _without_grants(snapshot, decision), moment)
        return RunnerUp(found.verdict, rule, _otherwise("Without the grant", rule, found))
    found = decide(request, _without_exceptions(snapshot, rule), moment)
    return RunnerUp(found.verdict, rule, _otherwise("Without the exception", rule, found))


def _without_rule(snapshot: Snapshot, rule: Rule) -> Snapshot:
    source = snapshot.source
    restrictions = tuple(each for each in source.live.restrictions if rule_of(each).id != rule.id)
    return snapshot.with_rules(
        tuple(each for each in source.policy.rules if each.id != rule.id),
        msgspec.structs.replace(source.live, restrictions=restrictions),
    )


def _without_grants(snapshot: Snapshot, decision: Decision) -> Snapshot:
    live = snapshot.source.live
    used = {grant.id for grant in decision.grants}
    kept = tuple(grant for grant in live.grants if grant.id not in used)
    return snapshot.with_live(snapshot.number, msgspec.structs.replace(live, grants=kept))


def _without_exceptions(snapshot: Snapshot, rule: Rule) -> Snapshot:
    bare = msgspec.structs.replace(rule, unless=())
    rules = tuple(bare if each.id == rule.id else each for each in snapshot.source.policy.rules)
    return snapshot.with_rules(rules, snapshot.source.live)


def _without_the_rule(was: Verdict, found: Decision) -> str:
    rule = deciding_rule(found)
    if found.verdict is Verdict.ALLOW or rule is None:
        what = "it" if was is Verdict.BLOCK else "all of it"
        return f"Without this rule, {what} would be allowed."
    what = "it" if found.verdict is Verdict.BLOCK else "some of its pages"
    return f"Without this rule, rule {rule.id} would still block {what}: {rule.cite}."


def _otherwise(without: str, rule: Rule, found: Decision) -> str:
    if found.verdict is Verdict.ALLOW:
        return f"{without}, it would be allowed all the same."
    what = "it" if found.verdict is Verdict.BLOCK else "some of its pages"
    return f"{without}, rule {rule.id} would block {what}: {rule.cite}."
