"""Changes of a school's rules, made to the text of its file."""

import textwrap
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from schoolgate_policyd.core.rules import GrantKind
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.drafting.changes import (
    AddException,
    Block,
    OpenAgain,
    RemoveException,
    SetDevices,
    SetDuties,
    SetLifting,
    SetPeriods,
    SetStanding,
)
from schoolgate_policyd.drafting.errors import ChangeRefused
from schoolgate_policyd.drafting.sections import edited, flow, with_item, without_item, written
from schoolgate_policyd.rulefiles import Preset

RULES = "rules"
_COMMENT_WIDTH = 93
_LONGEST_ID = 58  # it leaves room for a number at the end

type RuleEdit = Callable[[CommentedMap], None]


def block(text: str, change: Block, rule_id: str) -> str:
    """Return *text* with a new rule that blocks what *change* says."""
    if not change.what:
        raise ChangeRefused("Name what is to be blocked.")
    if not change.audience:
        raise ChangeRefused("Name whom it is to be blocked for.")
    reason = " ".join(change.reason.split())
    if not reason:
        raise ChangeRefused("Give the reason: it stands above the rule.")
    lines = textwrap.wrap(reason, _COMMENT_WIDTH)
    entries = [
        f"id: {rule_id}",
        f"block: {written(flow(change.what))}",
        f"for: {{audience: {written(_listed(change.audience, Audience))}}}",
        _lifting(change.lifted_by),
        f"cite: {written_text(change.section or 'no section asks for it')}",
    ]
    if change.section is None:
        entries.append("ours: true")
    comment = "".join(f"  # {line}\n" for line in lines)
    first, *others = entries
    item = f"{comment}  - {first}\n" + "".join(f"    {each}\n" for each in others)
    return with_item(text, RULES, item)


def open_again(text: str, change: OpenAgain, preset: Preset) -> str:
    """Return *text* without a rule of the school's own, or without one thing that it blocks."""
    position = own_rule(text, change.rule, preset)
    if change.what is None:
        return without_item(text, RULES, position)
    what = change.what
    is_all = False

    def edit(rule: CommentedMap) -> None:
        nonlocal is_all
        blocked = _as_list(rule["block"])
        if what not in blocked:
            raise ChangeRefused(f"The rule `{change.rule}` does not name `{what}`.")
        is_all = blocked == [what]
        if not is_all:
            rule["block"] = flow(each for each in blocked if each != what)

    changed = _with_rule(text, change.rule, preset, edit)
    return without_item(text, RULES, position) if is_all else changed


def set_lifting(text: str, change: SetLifting, preset: Preset) -> str:
    """Return *text* with other kinds of grant that lift a rule."""

    def edit(rule: CommentedMap) -> None:
        if change.kinds:
            rule.pop("locked", None)
            _put(rule, "lifted_by", _listed(change.kinds, GrantKind), before="uninspected")
        else:
            rule.pop("lifted_by", None)
            _put(rule, "locked", "true", before="uninspected")

    return _with_rule(text, change.rule, preset, edit)


def add_exception(text: str, change: AddException, preset: Preset) -> str:
    """Return *text* with a further exception of a rule."""
    found: dict[str, Any] = {
        "audience": _listed(change.audience, Audience),
        "period": _listed(change.periods, Period),
        "device": _listed(change.devices, DeviceKind),
        "duty": _listed(change.duties, Duty),
        "platform": flow(sorted(change.platforms)),
        "standing": flow(sorted(change.standing)),
    }
    asked = {key: value for key, value in found.items() if value}
    if not asked:
        raise ChangeRefused("Say for whom, when or where the exception holds.")
    exception = CommentedMap(asked)
    exception.fa.set_flow_style()

    def edit(rule: CommentedMap) -> None:
        exceptions = _exceptions(rule)
        exceptions.append(exception)
        _put(rule, "unless", exceptions, before="lifted_by")

    return _with_rule(text, change.rule, preset, edit)


def remove_exception(text: str, change: RemoveException, preset: Preset) -> str:
    """Return *text* without an exception of a rule."""

    def edit(rule: CommentedMap) -> None:
        exceptions = _exceptions(rule)
        _require_exception(exceptions, change.exception, change.rule)
        del exceptions[change.exception]
        if exceptions:
            rule["unless"] = exceptions
        else:
            del rule["unless"]

    return _with_rule(text, change.rule, preset, edit)


def set_atoms(
    text: str, change: SetPeriods | SetDevices | SetStanding | SetDuties, preset: Preset
) -> str:
    """Return *text* with an exception of a rule that asks something else."""
    atoms = _atoms(change)

    def edit(rule: CommentedMap) -> None:
        exceptions = _exceptions(rule)
        _require_exception(exceptions, change.exception, change.rule)
        exception = exceptions[change.exception]
        for key, value in atoms.items():
            if value:
                exception[key] = value
            else:
                exception.pop(key, None)
        if not exception:
            raise ChangeRefused("The exception would hold always: remove the rule instead.")
        rule["unless"] = exceptions

    return _with_rule(text, change.rule, preset, edit)


def own_rule(text: str, rule_id: str, preset: Preset) -> int:
    """Return the position of the school's own rule. Raises ChangeRefused for any other."""
    found: list[int] = []

    def find(section: CommentedMap) -> None:
        found.extend(
            position
            for position, rule in enumerate(section.get(RULES) or ())
            if isinstance(rule, dict) and rule.get("id") == rule_id
        )

    edited(text, RULES, find)
    if found:
        return found[0]
    if any(rule.id == rule_id for rule in preset.policy.rules):
        raise ChangeRefused(
            f"The rule `{rule_id}` is one that every school shares, and no school can change it."
        )
    raise ChangeRefused(f"There is no rule `{rule_id}`.")


def free_rule_id(wanted: str, preset: Preset) -> str:
    """Return an id like *wanted* that no rule has."""
    taken = {rule.id for rule in preset.policy.rules}
    return free_id(wanted[:_LONGEST_ID].rstrip("-"), taken)


def free_id(wanted: str, taken: Iterable[str]) -> str:
    """Return *wanted*, or the first of `wanted-2`, `wanted-3`, … that is not *taken*."""
    known = frozenset(taken)
    numbered = (wanted, *(f"{wanted}-{number}" for number in range(2, len(known) + 3)))
    return next(each for each in numbered if each not in known)


def written_text(text: str) -> str:
    """Return *text* in one line, as a value in YAML."""
    return written([" ".join(text.split())]).removeprefix("- ")


def _with_rule(text: str, rule_id: str, preset: Preset, edit: RuleEdit) -> str:
    position = own_rule(text, rule_id, preset)
    return edited(text, RULES, lambda section: edit(section[RULES][position]))


def _lifting(kinds: frozenset[GrantKind]) -> str:
    if not kinds:
        return "locked: true"
    return f"lifted_by: {written(_listed(kinds, GrantKind))}"


def _listed[E: StrEnum](chosen: frozenset[E], kind: type[E]) -> CommentedSeq:
    """Return *chosen* as a list, in the order in which *kind* names its members."""
    return flow(each.value for each in kind if each in chosen)


def _as_list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _exceptions(rule: CommentedMap) -> CommentedSeq:
    """Return the exceptions of *rule* as a list, whose items keep their comments."""
    unless = rule.get("unless")
    if isinstance(unless, CommentedSeq):
        return unless
    return CommentedSeq(() if unless is None else (unless,))


def _require_exception(exceptions: CommentedSeq, position: int, rule_id: str) -> None:
    if not 0 <= position < len(exceptions):
        raise ChangeRefused(f"The rule `{rule_id}` has no such exception.")


def _put(rule: CommentedMap, key: str, value: object, *, before: str) -> None:
    """Set *key*; a new one stands before *before* or `cite`, not at the rule's end."""
    if key in rule:
        rule[key] = value
        return
    names = list(rule)
    position = next((names.index(each) for each in (before, "cite") if each in names), len(names))
    rule.insert(position, key, value)


def _atoms(change: SetPeriods | SetDevices | SetStanding | SetDuties) -> dict[str, CommentedSeq]:
    match change:
        case SetPeriods(periods=periods):
            return {"period": _listed(periods, Period)}
        case SetDevices(devices=devices):
            return {"device": _listed(devices, DeviceKind)}
        case SetStanding(standing=standing):
            return {"standing": flow(sorted(standing))}
        case SetDuties(duties=duties, platforms=platforms):
            return {"duty": _listed(duties, Duty), "platform": flow(sorted(platforms))}
