"""A change made to the texts of a policy; what comes of it is read and checked as a whole."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import assert_never

import msgspec

from schoolgate_policyd.drafting import day_edits, example_edits, rule_edits, site_edits
from schoolgate_policyd.drafting.bundle import (
    Texts,
    load,
    require_bounded,
    school_path,
    with_days_from,
)
from schoolgate_policyd.drafting.changes import (
    AddException,
    AddOneOff,
    Block,
    BlockSite,
    Change,
    CountAsSocialMedia,
    DefineStanding,
    GiveUp,
    NoLongerSocialMedia,
    OpenAgain,
    RemoveException,
    RemoveOneOff,
    ReplaceText,
    SetBells,
    SetDaysOff,
    SetDevices,
    SetDocument,
    SetDuties,
    SetLifting,
    SetPeriods,
    SetStaffHours,
    SetStanding,
    SetTerms,
)
from schoolgate_policyd.drafting.errors import ChangeRefused
from schoolgate_policyd.rulefiles import Preset, RuleFileErrors
from schoolgate_policyd.rulefiles.overlay import may_be_overlaid, own_sites_path

_MOST_MISTAKES = 3


class Applied(msgspec.Struct, frozen=True):
    """The texts with changes made, and what they say."""

    texts: dict[str, str]
    preset: Preset


def apply(rules_dir: Path, school: str, texts: Texts, change: Change) -> Applied:
    """
    Return *texts* with *change* made.

    The examples of the preset get the verdicts that it then gives. Raises ChangeRefused with a
    sentence; a text that is replaced raises RuleFileErrors with each mistake's place.
    """
    return apply_all(rules_dir, school, texts, (change,))


def apply_all(rules_dir: Path, school: str, texts: Texts, changes: Iterable[Change]) -> Applied:
    """Return *texts* with each of *changes* made in turn; raises as `apply` does."""
    made = Applied(dict(texts), load(rules_dir, school, texts))
    for change in changes:
        made = _made(rules_dir, school, made, change)
    return made


def _made(rules_dir: Path, school: str, before: Applied, change: Change) -> Applied:
    texts = before.texts
    if isinstance(change, ReplaceText):
        complete = with_days_from(_replaced(texts, change, school), rules_dir, school)
        return Applied(_require_changed(texts, complete), load(rules_dir, school, complete))
    changed = _require_changed(texts, _Editor(texts, school, before.preset).changed(change))
    complete = with_days_from(changed, rules_dir, school)
    try:
        preset = load(rules_dir, school, complete)
    except RuleFileErrors as errors:
        found = "; ".join(each.message for each in errors.mistakes[:_MOST_MISTAKES])
        raise ChangeRefused(f"This cannot be changed so: {found}.") from errors
    own = school_path(school)
    text, preset = example_edits.with_verdicts(complete[own], preset)
    return Applied({**complete, own: text}, preset)


def _require_changed(before: Texts, after: dict[str, str]) -> dict[str, str]:
    if after == dict(before):
        raise ChangeRefused("This changes nothing: it is so already.")
    return after


class _Editor:
    """Makes changes to the texts of one version, whose preset is known."""

    def __init__(self, texts: Texts, school: str, preset: Preset) -> None:
        self._texts = texts
        self._school = school
        self._preset = preset

    def changed(self, change: Change) -> dict[str, str]:  # noqa: C901, PLR0911 - a line for each kind
        """Return the texts with *change* made."""
        match change:
            case Block() | BlockSite() | OpenAgain() | SetLifting():
                return self._blocking(change)
            case AddException() | RemoveException():
                return self._exceptions(change)
            case SetPeriods() | SetDevices() | SetStanding() | SetDuties():
                return self._own(lambda own: rule_edits.set_atoms(own, change, self._preset))
            case CountAsSocialMedia():
                return self._own(lambda own: site_edits.count(own, change, self._preset))
            case NoLongerSocialMedia():
                return self._own(lambda own: site_edits.count_no_longer(own, change, self._preset))
            case GiveUp(promise=promise):
                return self._own(lambda own: example_edits.give_up(own, promise))
            case DefineStanding():
                return self._own(lambda own: day_edits.define_standing(own, change))
            case SetDocument():
                return self._own(lambda own: day_edits.set_document(own, change))
            case SetStaffHours() | AddOneOff() | RemoveOneOff():
                return self._own_days(change)
            case SetBells() | SetTerms() | SetDaysOff():
                return self._days(change)
            case ReplaceText():
                return _replaced(self._texts, change, self._school)
            case _:
                assert_never(change)

    def _blocking(self, change: Block | BlockSite | OpenAgain | SetLifting) -> dict[str, str]:
        preset = self._preset
        match change:
            case Block():
                id_ = rule_edits.free_rule_id(
                    f"block-{change.what[0]}" if change.what else "block", preset
                )
                return self._own(lambda own: rule_edits.block(own, change, id_))
            case BlockSite():
                return self._block_site(change)
            case OpenAgain():
                return self._own(lambda own: rule_edits.open_again(own, change, preset))
            case SetLifting():
                return self._own(lambda own: rule_edits.set_lifting(own, change, preset))

    def _exceptions(self, change: AddException | RemoveException) -> dict[str, str]:
        preset = self._preset
        match change:
            case AddException():
                return self._own(lambda own: rule_edits.add_exception(own, change, preset))
            case RemoveException():
                return self._own(lambda own: rule_edits.remove_exception(own, change, preset))

    def _own_days(self, change: SetStaffHours | AddOneOff | RemoveOneOff) -> dict[str, str]:
        match change:
            case SetStaffHours():
                return self._own(lambda own: day_edits.set_staff_hours(own, change))
            case AddOneOff():
                return self._own(lambda own: day_edits.add_one_off(own, change))
            case RemoveOneOff():
                return self._own(lambda own: day_edits.remove_one_off(own, change))

    def _days(self, change: SetBells | SetTerms | SetDaysOff) -> dict[str, str]:
        match change:
            case SetBells():
                path = f"timetables/{change.timetable}.yaml"
                return self._edited(path, lambda text: day_edits.set_bells(text, change))
            case SetTerms():
                path = f"calendars/{change.calendar}.yaml"
                return self._edited(path, lambda text: day_edits.set_terms(text, change))
            case SetDaysOff():
                path = f"calendars/{change.calendar}.yaml"
                return self._edited(path, lambda text: day_edits.set_days_off(text, change))

    def _block_site(self, change: BlockSite) -> dict[str, str]:
        path = own_sites_path(self._school)
        sites, service = site_edits.add_site(
            self._texts.get(path), change, self._preset, self._school
        )
        rule = Block(
            what=(service,),
            audience=change.audience,
            reason=change.reason,
            section=change.section,
            lifted_by=change.lifted_by,
        )
        id_ = rule_edits.free_rule_id(f"block-{service}", self._preset)
        return {**self._own(lambda own: rule_edits.block(own, rule, id_)), path: sites}

    def _own(self, edit: Callable[[str], str]) -> dict[str, str]:
        return self._edited(school_path(self._school), edit)

    def _edited(self, path: str, edit: Callable[[str], str]) -> dict[str, str]:
        if path not in self._texts:
            raise ChangeRefused(f"The policy has no file {path}.")
        return {**self._texts, path: edit(self._texts[path])}


def _replaced(texts: Texts, change: ReplaceText, school: str) -> dict[str, str]:
    if not may_be_overlaid(change.path, school):
        raise ChangeRefused("This file is none of the school's own, so no draft can hold it.")
    text = change.text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    replaced = {**texts, change.path: text}
    require_bounded(replaced)
    return replaced
