"""Why a policy lets something through: the rule that comes nearest to blocking it, in words."""

from typing import Any

from schoolgate_policyd.core import conditions
from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.conditions import Facts
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import Decision, Request, UrlResource
from schoolgate_policyd.core.grounds import grounds
from schoolgate_policyd.core.proof.sites import Found, pairs_on
from schoolgate_policyd.core.proof.witness import Witness
from schoolgate_policyd.core.rules import Condition
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.words import LIFTS, describe_condition, joined


def why_open(witness: Witness, snapshot: Snapshot) -> str:
    """Return why the policy of *snapshot* does not block *witness*, beginning with `because`."""
    snapshot = snapshot.with_live(snapshot.number, witness.live)
    decision = _decision(witness, snapshot)
    if decision.is_help_line:
        return "because it is a help line"
    if decision.lifted:
        kinds = joined(dict.fromkeys(LIFTS[grant.kind] for grant in decision.grants))
        return f"because {kinds} lifts rule {decision.lifted[0].id}"
    pairs = [*pairs_on(witness.url, snapshot.match(witness.url.host))]
    possible = snapshot.facts_of(witness.subject, witness.start)
    if decision.excepted:
        rule = decision.excepted[0]
        by = [service for each, service in pairs if each is rule]
        found = grounds(rule, possible, by)
        return f"because rule {rule.id} makes an exception" + (f": {found}" if found else "")
    for rule, _ in pairs:
        if rule.is_open_uninspected and not witness.subject.inspectable:
            return f"because rule {rule.id} leaves it open where nothing can look inside"
    return _nearest(pairs, possible[0])


def why_blocked(witness: Witness, snapshot: Snapshot) -> str:
    """Return which rules of *snapshot*'s policy block *witness*, beginning with `because`."""
    decision = _decision(witness, snapshot.with_live(snapshot.number, witness.live))
    rules = joined(f"rule {rule.id}" for rule in decision.rules)
    return f"because {rules} {'block' if len(decision.rules) > 1 else 'blocks'} it"


def _decision(witness: Witness, snapshot: Snapshot) -> Decision:
    return decide(Request(witness.subject, UrlResource(witness.url)), snapshot, witness.start)


def _nearest(pairs: list[Found], facts: Facts) -> str:
    """Return which rule speaks of all of this but the fewest things."""
    missed = [
        (missing, rule)
        for rule, service in pairs
        for condition in rule.applies_to
        if (missing := _missing(condition, facts, service))
    ]
    if not missed:
        return "because no rule speaks of it"
    missing, rule = min(missed, key=lambda each: len(each[0]))
    return f"because rule {rule.id} does not speak of {_in_words(missing, facts)}"


def _missing(condition: Condition, facts: Facts, service: Service | None) -> list[str]:
    """Return the atoms of *condition* that do not hold, each by itself."""
    return [
        name
        for name in Condition.__struct_fields__
        if (value := getattr(condition, name)) is not None
        and not conditions.holds(Condition(**{name: value}), facts, service, unknown_holds=True)
    ]


def _in_words(missing: list[str], facts: Facts) -> str:
    subject = facts.subject
    actual: dict[str, Any] = {
        "audience": frozenset({subject.audience}),
        "period": frozenset({facts.period}),
        "device": frozenset({subject.device}),
        "network": frozenset({subject.network}),
        "own_hours": facts.is_in_own_hours,
        "overtime": facts.is_on_overtime,
    }
    if subject.year_group is not None:
        actual["year_groups"] = (subject.year_group, subject.year_group)
    said = {name: actual[name] for name in missing if name in actual}
    return describe_condition(Condition(**said)) if said else "somebody like this"
