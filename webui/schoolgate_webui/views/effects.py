"""What a signature would open and what would still block, in lines for whoever signs."""

import hashlib
from collections.abc import Iterable

import msgspec

from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.rules import Grant, Rule
from schoolgate_policyd.core.subjects import DeviceKind
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.workflow.effects import Effects
from schoolgate_webui.views.requests import Names
from schoolgate_webui.views.words import DEVICES, PERIODS, blocked_words, joined

# A class on a hundred devices gives the same few lines; more would not be read.
MAX_LINES = 12


class Outcome(msgspec.Struct, frozen=True):
    """
    What the signature does, and a *warning* when it does less than was asked for.

    *grant* is exactly what would be signed: a changed catalogue may make more of the same words.
    """

    grant: Grant
    opens: tuple[str, ...]
    still_blocks: tuple[str, ...]
    warning: str
    opens_anything: bool

    @property
    def digest(self) -> str:
        """A short stand-in for what is listed, so that a signature is under what was shown."""
        listed = (self.grant, self.opens, self.still_blocks)
        return hashlib.sha256(msgspec.json.encode(listed, order="deterministic")).hexdigest()


def outcome(effects: Effects, names: Names, policy: Policy) -> Outcome:
    """Return *effects* in lines."""
    opens = _grouped(
        (_place(each.person, each.device, names), "", each.periods) for each in effects.opens
    )
    still = _grouped(
        (
            _place(each.person, each.device, names),
            _because(each.rules, policy, is_uninspectable=each.is_uninspectable),
            each.periods,
        )
        for each in effects.still_blocks
    )
    unreached = [
        f"{names.person(each)} is on no device that the school knows as theirs: nothing opens."
        for each in effects.unreached
    ]
    warning = ""
    if not effects.opens_anything and not still and not unreached:
        warning = (
            "Nothing blocks it in that time, so there is nothing to approve. It can be refused."
        )
    elif not effects.opens_anything:
        warning = "Nothing would open, so this cannot be approved. It can be refused."
    elif still or unreached:
        warning = "It opens less than the form may lead one to think: see what still blocks."
    return Outcome(
        effects.grant,
        opens,
        (*still, *_shortened(unreached)),
        warning,
        effects.opens_anything,
    )


def _place(person: str | None, device: DeviceKind, names: Names) -> str:
    if person is None:
        return f"Whoever is at a {DEVICES[device]} that the class shares"
    return f"{names.person(person)}, {DEVICES[device]}"


def _because(rules: tuple[Rule, ...], policy: Policy, *, is_uninspectable: bool) -> str:
    if not rules and is_uninspectable:
        return "the device lacks the school's certificate authority, so one page cannot be told"
    reasons = []
    for rule in rules:
        blocked = blocked_words(rule.block, policy)
        what = joined(blocked[:2]) if len(blocked) < 3 else f"{blocked[0]} and more"  # noqa: PLR2004 - two fit in a line
        lock = ", which nothing can lift" if rule.locked else ""
        reasons.append(f"{what} ({rule.cite}{lock})")
    if is_uninspectable:
        reasons.append("the device lacks the school's certificate authority")
    return joined(reasons)


def _grouped(found: Iterable[tuple[str, str, tuple[Period, ...]]]) -> tuple[str, ...]:
    times: dict[tuple[str, str], dict[str, None]] = {}
    for place, because, periods in found:
        times.setdefault((place, because), {})[_periods_words(periods)] = None
    lines = [
        f"{place}: {joined(list(when))}{f', blocked as {because}' if because else ''}"
        for (place, because), when in times.items()
    ]
    return _shortened(lines)


def _periods_words(periods: tuple[Period, ...]) -> str:
    # Where several timetables are possible, it is one of several periods.
    return joined([PERIODS[each] for each in periods], "or")


def _shortened(lines: list[str]) -> tuple[str, ...]:
    if len(lines) <= MAX_LINES:
        return tuple(lines)
    return (*lines[:MAX_LINES], f"and {len(lines) - MAX_LINES} more like these")
