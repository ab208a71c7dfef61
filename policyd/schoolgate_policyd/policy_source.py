"""
Where policyd's policy comes from: the version that was directed, else the rule files.

Once a version was directed in the pages, the rule files of the school's own no longer decide: an
edit of them is reported, with what to do, and changes nothing. What every school shares is read
from the rules folder in either case.

Days that the head said are different stand beside the policy's own one-off days, so that they are
proved with it before they are in force.
"""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec
import structlog

from schoolgate_policyd.clock import Clock
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.core.times import local_date
from schoolgate_policyd.drafting.bundle import bundle_in, digest_of, load
from schoolgate_policyd.rulefiles import Preset, RuleFileErrors
from schoolgate_policyd.store.policy_rows import PolicyContent
from schoolgate_policyd.workflow.different_days import DayEntry, with_days
from schoolgate_policyd.workflow.policy_versions import Origin, PolicyVersion

log = structlog.get_logger(__name__)

_UNREADABLE = -1


class Versions(Protocol):
    """What policyd needs of the store of policy versions."""

    def in_force(self, school: str, moment: datetime) -> PolicyVersion | None:
        """Return the version in force at *moment*, if any is."""
        ...

    def texts(self, number: int) -> dict[str, str]:
        """Return the texts of a version."""
        ...

    def newest_taken_up(self, school: str) -> PolicyVersion | None:
        """Return the newest version that came from the rule files."""
        ...

    def take_up(
        self, school: str, content: PolicyContent, *, at: datetime, moment: datetime
    ) -> PolicyVersion | None:
        """Record what was taken up from the rule files."""
        ...


class Days(Protocol):
    """What policyd needs of the store of different days."""

    def state(self) -> tuple[int, int]:
        """Return what changes whenever a day is directed or withdrawn."""
        ...

    def entries(self, day: date) -> tuple[DayEntry, ...]:
        """Return the days that have not ended before *day*."""
        ...


class VersionFault(SchoolgateError):  # noqa: N818 - it says what is wrong with a version
    """A version that should be in force cannot be read; the message names every mistake."""


class PolicySource:
    """
    The preset to put in force at the moment, and the record of what was taken up.

    *school* is the configuration's preset; *school_now*, where it is given, returns the one that
    the school chose at its first run.
    """

    def __init__(
        self,
        rules_dir: Path,
        school: str,
        versions: Versions,
        *,
        school_clock: Clock,
        machine_clock: Clock,
        load_texts: Callable[[Path, str, dict[str, str]], Preset] = load,
        days: Days | None = None,
        school_now: Callable[[], str] | None = None,
    ) -> None:
        self._days = days
        self._school_now = school_now
        self._rules_dir = rules_dir
        self._school = school
        self._versions = versions
        self._school_clock = school_clock
        self._machine_clock = machine_clock
        self._load_texts = load_texts
        self._loaded: PolicyContent | None = None
        self._directed: PolicyVersion | None = None
        self._attempts = 0

    def key(self) -> object:
        """Return what changes when another version comes into force; asked every second."""
        try:
            current = self._in_force()
            days = None if self._days is None else self._days.state()
        except SchoolgateError:
            return _UNREADABLE, self._attempts
        is_directed = current is not None and current.origin is Origin.DRAFT
        number = current.number if is_directed and current is not None else None
        return number, self._school, days, self._attempts

    def load(self) -> Preset:
        """
        Return the preset to put in force. Raises SchoolgateError.

        A store that cannot be read is an error too: taking the rule files instead could open
        what a directed version closed.
        """
        current = self._in_force()
        self._directed = None
        if current is not None and current.origin is Origin.DRAFT:
            self._directed = current
            self._loaded = None
            return self._with_days(self._load_version(current))
        texts = bundle_in(self._rules_dir, self._school)
        preset = self._load_texts(self._rules_dir, self._school, texts)
        self._loaded = PolicyContent(texts, digest_of(texts), preset.notes.changes)
        return self._with_days(preset)

    def taken_up(self) -> tuple[str, ...]:
        """
        Record that what was loaded last is in force; return sentences that pages should show.

        A store that fails is told of and tried again: the policy is in force all the same.
        """
        try:
            if self._directed is not None:
                return self._edits_without_effect(self._directed)
            if self._loaded is not None:
                self._versions.take_up(
                    self._school,
                    self._loaded,
                    at=self._machine_clock.now(),
                    moment=self._school_clock.now(),
                )
        except SchoolgateError as error:
            self._attempts += 1
            log.error("the policy in force is not recorded as a version", cause=str(error))  # noqa: TRY400 - the cause says all
            return (f"The policy in force is not recorded as a version: {error}",)
        return ()

    def _with_days(self, preset: Preset) -> Preset:
        """Return *preset* with the days that are different, which no version's texts know."""
        if self._days is None:
            return preset
        time = preset.policy.school_time
        today = local_date(self._school_clock.now(), ZoneInfo(time.zone))
        time = with_days(time, self._days.entries(today))
        policy = msgspec.structs.replace(preset.policy, school_time=time)
        return msgspec.structs.replace(preset, policy=policy)

    def _in_force(self) -> PolicyVersion | None:
        if self._school_now is not None:
            self._school = self._school_now()
        return self._versions.in_force(self._school, self._school_clock.now())

    def _load_version(self, version: PolicyVersion) -> Preset:
        texts = self._versions.texts(version.number)
        try:
            return self._load_texts(self._rules_dir, self._school, texts)
        except RuleFileErrors as errors:
            raise VersionFault(
                f"version {version.number} of the policy should be in force and cannot be read, "
                f"since what every school shares has changed: propose a corrected one\n{errors}"
            ) from errors

    def _edits_without_effect(self, directed: PolicyVersion) -> tuple[str, ...]:
        """Return a sentence where the school's rule files were edited since they last decided."""
        known = self._versions.newest_taken_up(self._school)
        try:
            on_disk = digest_of(bundle_in(self._rules_dir, self._school))
        except SchoolgateError as error:
            return (f"The school's own rule files cannot be read, and do not decide: {error}",)
        if on_disk in {directed.digest, None if known is None else known.digest}:
            return ()
        sentence = (
            f"rules/schools/{self._school}.yaml was edited, but version {directed.number}, which "
            "was directed, is in force: propose the edited file with `schoolgate policy propose`, "
            "or put it back as it was"
        )
        return (sentence,)
