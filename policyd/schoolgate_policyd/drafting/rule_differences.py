"""What differs between the rules of two policies, in plain words."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum

import msgspec

from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.rules import EVERYTHING, SOCIAL_MEDIA, Citation, Condition, Rule
from schoolgate_policyd.core.subjects import DeviceKind, Duty
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.core.words import (
    DEVICES,
    DUTIES,
    EVERYBODY,
    LIFTS,
    PERIODS,
    capitalised,
    describe_blocked,
    describe_condition,
    describe_rule,
    describe_who,
    in_order,
    joined,
    recorded,
    what_lifts,
)


class RuleWords:
    """Speaks of the rules of one policy; *new* are services that the other policy lacks."""

    def __init__(self, policy: Policy, new: frozenset[str]) -> None:
        named = tuple(
            _with_domains(each) if each.id in new else each for each in policy.catalogue.services
        )
        self.catalogue = msgspec.structs.replace(policy.catalogue, services=named)
        self.services: Mapping[str, Service] = self.catalogue.services_by_id
        self._social_media = policy.social_media

    def rule(self, rule: Rule) -> str:
        """Return *rule* in sentences."""
        return describe_rule(rule, self.catalogue, self._social_media)

    def what(self, block: frozenset[str]) -> str:
        """Return what a rule with *block* blocks, social media by that name."""
        spelt = block | self._social_media if SOCIAL_MEDIA in block else block
        return describe_blocked(spelt - {SOCIAL_MEDIA}, self.catalogue, self._social_media)

    def about(self, rule: Rule) -> str:
        """Return which rule it is: `about social media for staff`."""
        return f"about {self.what(rule.block)} for {self.whom(rule)}"

    def whom(self, rule: Rule) -> str:
        """Return whom *rule* is about."""
        return joined(describe_who(each, self.services) for each in rule.applies_to)

    def folded(self, rule: Rule) -> frozenset[str]:
        """Return what *rule* blocks, with social media as one word."""
        social = self._social_media
        if not social or not rule.block >= social or EVERYTHING in rule.block:
            return rule.block
        return (rule.block - social) | {SOCIAL_MEDIA}


def rule_differences(before: Policy, after: Policy) -> Iterator[str]:
    """Yield a sentence for each thing that the rules of *after* say otherwise than *before*'s."""
    known, known_now = (each.catalogue.services_by_id.keys() for each in (before, after))
    new = frozenset(known ^ known_now)
    then, now = RuleWords(before, new), RuleWords(after, new)
    rules_before = {rule.id: rule for rule in before.rules}
    rules_after = {rule.id: rule for rule in after.rules}
    for rule_id, rule in rules_before.items():
        changed = rules_after.get(rule_id)
        if changed is None:
            yield f"This rule is removed: {then.rule(rule)} {_source(rule.cite)}"
        else:
            yield from _changes(rule, changed, then, now)
    for rule_id, rule in rules_after.items():
        if rule_id not in rules_before:
            yield f"There is a new rule: {now.rule(rule)} {_source(rule.cite)}"


def section(cite: Citation) -> str:
    """Return where it comes from, as in brackets at a sentence's end."""
    return f"({cite.section})"


def _source(cite: Citation) -> str:
    return f"(Our own choice: {cite.section}.)" if cite.is_ours else f"({cite.section}.)"


def _changes(before: Rule, after: Rule, then: RuleWords, now: RuleWords) -> Iterator[str]:
    cite = section(after.cite)
    yield from _block_changes(before, after, then, now)
    if before.applies_to != after.applies_to:
        yield (
            f"The rule {then.about(before)} now is for {now.whom(after)}, where it was for "
            f"{then.whom(before)} {cite}."
        )
    yield from _exception_changes(before, after, now)
    if (before.locked, before.lifted_by) != (after.locked, after.lifted_by):
        yield f"{_lifting(before, after, now)} {cite}."
    if before.is_open_uninspected != after.is_open_uninspected:
        openness = "stay open" if after.is_open_uninspected else "are closed"
        yield (
            f"Where nothing can look inside, sites of which only pages are blocked by the rule "
            f"{now.about(after)} {openness} {cite}."
        )
    if (before.cite.section, before.cite.is_ours) != (after.cite.section, after.cite.is_ours):
        yield f"The rule {now.about(after)} now cites {after.cite.section}{_ours(after.cite)}."
    if before.topic != after.topic:
        yield f"The rule {now.about(after)} is listed under {after.topic or 'no topic'}."


def _ours(cite: Citation) -> str:
    return ", as the school's own choice" if cite.is_ours else ""


def _block_changes(before: Rule, after: Rule, then: RuleWords, now: RuleWords) -> Iterator[str]:
    was, would = then.folded(before), now.folded(after)
    if gained := would - was:
        yield (
            f"{capitalised(now.whom(after))} may no longer reach {now.what(gained)} "
            f"{section(after.cite)}."
        )
    if lost := was - would:
        yield (
            f"The rule {then.about(before)} no longer blocks {then.what(lost)} "
            f"{section(after.cite)}."
        )


def _lifting(before: Rule, after: Rule, now: RuleWords) -> str:
    if not after.lifted_by:
        return f"The rule {now.about(after)} is locked: nothing can lift it any more"
    gained = sorted(after.lifted_by - before.lifted_by)
    lost = sorted(before.lifted_by - after.lifted_by)
    parts = []
    if gained:
        parts.append(f"{joined(LIFTS[kind] for kind in gained)} can now lift it")
    if lost:
        parts.append(f"{joined(LIFTS[kind] for kind in lost)} can no longer lift it")
    return f"The rule {now.about(after)}: {joined(parts) or what_lifts(after)}"


def _exception_changes(before: Rule, after: Rule, now: RuleWords) -> Iterator[str]:
    gone = [each for each in before.unless if each not in after.unless]
    come = [each for each in after.unless if each not in before.unless]
    cite, what = section(after.cite), now.what(now.folded(after))
    while gone and come:
        # What is most alike is the same exception, changed.
        old, new = min(
            ((one, other) for one in gone for other in come),
            key=lambda pair: len(_differing(*pair)),
        )
        gone.remove(old)
        come.remove(new)
        yield from _atom_changes(old, new, _Exception(_who(new, after, now), what, cite, now))
    for each in gone:
        said = capitalised(_said(each, after, now))
        yield f"{said}: this exception for {what} is removed {cite}."
    for each in come:
        yield f"{capitalised(_said(each, after, now))} may now reach {what} {cite}."


class _Exception(msgspec.Struct, frozen=True):
    """What sentences about one exception have in common."""

    who: str
    what: str
    cite: str
    words: RuleWords


def _differing(before: Condition, after: Condition) -> tuple[str, ...]:
    return tuple(
        name
        for name in Condition.__struct_fields__
        if getattr(before, name) != getattr(after, name)
    )


def _atom_changes(before: Condition, after: Condition, said: _Exception) -> Iterator[str]:
    for name in _differing(before, after):
        match name:
            case "period":
                yield _set_change(
                    before.period or frozenset(Period),
                    after.period or frozenset(Period),
                    lambda chosen: joined(PERIODS[e] for e in in_order(chosen, Period)),
                    said,
                )
            case "device":
                yield _set_change(
                    before.device or frozenset(DeviceKind),
                    after.device or frozenset(DeviceKind),
                    lambda chosen: (
                        "on " + joined(DEVICES[e] for e in in_order(chosen, DeviceKind))
                    ),
                    said,
                )
            case "standing":
                yield _standing_change(before, after, said)
            case "duty" if before.duty is not None and after.duty is not None:
                yield _duty_change(before.duty, after.duty, said)
            case _:
                is_now = describe_condition(after, said.words.services)
                was = describe_condition(before, said.words.services)
                yield (
                    f"The exception for {said.what} now is for {is_now}, where it was for {was} "
                    f"{said.cite}."
                )
                return


def _set_change[E: StrEnum](
    before: frozenset[E],
    after: frozenset[E],
    words: Callable[[frozenset[E]], str],
    said: _Exception,
) -> str:
    gained, lost = after - before, before - after
    who, what = capitalised(said.who), said.what
    if gained and lost:
        return (
            f"{who} may reach {what} {words(gained)} now, and no longer {words(lost)} {said.cite}."
        )
    if gained:
        return f"{who} may now also reach {what} {words(gained)} {said.cite}."
    return f"{who} may no longer reach {what} {words(lost)} {said.cite}."


def _standing_change(before: Condition, after: Condition, said: _Exception) -> str:
    gained = (after.standing or frozenset()) - (before.standing or frozenset())
    lost = (before.standing or frozenset()) - (after.standing or frozenset())
    parts = []
    if gained:
        parts.append(f"only once {recorded(gained)}")
    if lost:
        parts.append(f"also when {joined(sorted(lost))} is not recorded")
    return (
        f"{capitalised(said.who)} may now reach {said.what} as excepted {joined(parts)} "
        f"{said.cite}."
    )


def _duty_change(before: frozenset[Duty], after: frozenset[Duty], said: _Exception) -> str:
    def held(chosen: Iterable[Duty]) -> str:
        return joined(DUTIES[each] for each in in_order(frozenset(chosen), Duty))

    parts = []
    if after - before:
        parts.append(f"{held(after - before)} may now reach {said.what}")
    if before - after:
        parts.append(f"{held(before - after)} may no longer reach {said.what}")
    return f"{capitalised(joined(parts))} {said.cite}."


def _who(condition: Condition, rule: Rule, words: RuleWords) -> str:
    who = describe_who(condition, words.services)
    return words.whom(rule) if who == EVERYBODY else who


def _said(condition: Condition, rule: Rule, words: RuleWords) -> str:
    """Return an exception in words; where it names nobody, whom the rule is about."""
    said = describe_condition(condition, words.services)
    return said.replace(EVERYBODY, words.whom(rule), 1) if said.startswith(EVERYBODY) else said


def _with_domains(service: Service) -> Service:
    domains = joined(str(each) for each in service.domains)
    return msgspec.structs.replace(service, name=f"{service.name} ({domains})")
