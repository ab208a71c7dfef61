"""
Where a policy is worked on: drafted, changed, proved, replayed and compared with others.

It joins the texts of drafts (`drafting`), what is kept of them (`store.policy_versions`) and the
proof. Who may do what, and what must hold before a version is in force, the workflow decides.
"""

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from schoolgate_policyd.drafting import proofs
from schoolgate_policyd.drafting.applying import Applied, apply_all
from schoolgate_policyd.drafting.bundle import Texts, bundle_in, digest_of, load
from schoolgate_policyd.drafting.changes import Change, ReplaceText
from schoolgate_policyd.drafting.describing import describe
from schoolgate_policyd.drafting.differences import differences
from schoolgate_policyd.drafting.errors import ChangeRefused
from schoolgate_policyd.drafting.proofs import MOST_SENTENCES, Prover
from schoolgate_policyd.rulefiles import Preset, RuleFileErrors
from schoolgate_policyd.store.policy_rows import PolicyContent
from schoolgate_policyd.store.policy_versions import PolicyVersions
from schoolgate_policyd.workflow.errors import WrongState
from schoolgate_policyd.workflow.policy_versions import (
    PolicyVersion,
    ProofRecord,
    ReplayRecord,
)


class Workshop:
    """
    Drafts of the policy of *school*; what every school shares is read from *rules_dir*.

    People are ids, *at* is machine time, *moment* the school's clock, both aware. Methods raise
    WorkflowError and ChangeRefused with a sentence, and RuleFileErrors with every mistake.
    """

    def __init__(
        self,
        rules_dir: Path,
        school: str,
        versions: PolicyVersions,
        prover: Prover = proofs.prove,
    ) -> None:
        self._rules_dir = rules_dir
        self._school = school
        self._versions = versions
        self._prove = prover

    def every(self) -> tuple[PolicyVersion, ...]:
        """Return every version, oldest first."""
        return self._versions.every(self._school)

    def in_force(self, moment: datetime) -> PolicyVersion:
        """Return the version in force. Raises WrongState before policyd took one up."""
        current = self._versions.in_force(self._school, moment)
        if current is None:
            raise WrongState("No policy has been taken up yet: start Schoolgate once.")
        return current

    def preset(self, number: int) -> Preset:
        """Return what version *number* says, on what every school shares today."""
        return load(self._rules_dir, self._school, self._versions.texts(number))

    def digest(self, number: int) -> str:
        """Return the digest of what version *number* says now."""
        return self._versions.find(number).digest

    def begin(self, *, by: str, summary: str, at: datetime, moment: datetime) -> PolicyVersion:
        """Begin a draft that says what is in force."""
        current = self.in_force(moment)
        content = self._content(self._versions.texts(current.number), ())
        return self._begin(content, current, by=by, summary=summary, at=at, moment=moment)

    def check(self, changes: Iterable[Change], *, moment: datetime) -> Preset:
        """Return what *changes* would make of what is in force, without keeping anything."""
        texts = self._versions.texts(self.in_force(moment).number)
        return apply_all(self._rules_dir, self._school, texts, changes).preset

    def change(
        self, number: int, *changes: Change, by: str, at: datetime, before: str | None = None
    ) -> PolicyVersion:
        """
        Make *changes* to a draft, all or none.

        *before* is the digest of the draft as whoever changes it saw it: WrongState is raised
        where it is another one by now.
        """
        version = self._as_seen(number, before)
        made = apply_all(self._rules_dir, self._school, self._versions.texts(number), changes)
        content = _content_of(made, (*version.changes, *changes))
        return self._versions.edit(number, content, by=by, before=version.digest, at=at)

    def undo(
        self, number: int, position: int, *, by: str, at: datetime, before: str | None = None
    ) -> PolicyVersion:
        """Take one change out of a draft: the others are made anew on its base."""
        version = self._as_seen(number, before)
        kept = [each for index, each in enumerate(version.changes) if index != position]
        if len(kept) == len(version.changes) or version.base is None:
            raise ChangeRefused("There is no such change in the draft.")
        texts = self._versions.texts(version.base)
        content = _content_of(apply_all(self._rules_dir, self._school, texts, kept), kept)
        return self._versions.edit(number, content, by=by, before=version.digest, at=at)

    def bring_back(
        self, number: int, *, by: str, summary: str, at: datetime, moment: datetime
    ) -> PolicyVersion:
        """Begin a draft that says what version *number* said."""
        current = self.in_force(moment)
        texts = self._versions.texts(number)
        now = self._versions.texts(current.number)
        if texts == now:
            raise ChangeRefused(f"What is in force says what version {number} said.")
        changes = _replacing(texts, now)
        return self._begin(
            self._content(texts, changes),
            current,
            by=by,
            summary=summary,
            at=at,
            moment=moment,
            taken_from=number,
        )

    def rebase(self, number: int, *, by: str, at: datetime, moment: datetime) -> PolicyVersion:
        """
        Begin a draft on what is in force with the changes of version *number* made anew.

        Raises ChangeRefused where one cannot be: the version itself stays as it is.
        """
        version = self._versions.find(number)
        current = self.in_force(moment)
        if version.base is None or version.base == current.number:
            raise WrongState(f"Version {number} stands on what is in force as it is.")
        before = self._versions.texts(version.base)
        now = self._versions.texts(current.number)
        for change in version.changes:
            if isinstance(change, ReplaceText) and before.get(change.path) != now.get(change.path):
                raise ChangeRefused(
                    f"The file {change.path} was replaced as a whole, and it has changed since "
                    f"in what is in force: compare versions {number} and {current.number}, and "
                    "enter the change again."
                )
        made = apply_all(self._rules_dir, self._school, now, version.changes)
        return self._begin(
            _content_of(made, version.changes),
            current,
            by=by,
            summary=version.summary,
            at=at,
            moment=moment,
            taken_from=number,
        )

    def differences(self, number: int) -> tuple[str, ...]:
        """Return what version *number* changes in what it was drafted on, in plain words."""
        base = self._versions.find(number).base
        return () if base is None else self.compare(base, number)

    def compare(self, earlier: int, later: int) -> tuple[str, ...]:
        """Return what version *later* says otherwise than *earlier*, in plain words."""
        return differences(self.preset(earlier), self.preset(later))

    def sentences(self, number: int) -> tuple[str, ...]:
        """Return the changes of a draft, each in a sentence."""
        preset = self.preset(number)
        return tuple(describe(each, preset) for each in self._versions.find(number).changes)

    def prove(self, number: int, *, by: str | None, at: datetime) -> PolicyVersion:
        """Prove a version against its base, and keep what the proof said."""
        version = self._versions.find(number)
        before = self._before(version)
        # The draft may be edited meanwhile: a proof is of the very texts that were proved.
        texts = self._versions.texts(number)
        after = load(self._rules_dir, self._school, texts)
        says = self._prove(before, after)
        record = ProofRecord(
            digest=digest_of(texts),
            against=version.base,
            at=at,
            is_ok=not says.faults,
            faults=says.faults[:MOST_SENTENCES],
            coverage=says.coverage[:MOST_SENTENCES],
            openings=says.openings[:MOST_SENTENCES],
            closings=says.closings[:MOST_SENTENCES],
            loosenings=proofs.loosenings(before, after),
            opening_count=len(says.openings),
            closing_count=len(says.closings),
            shared=proofs.digest_of_shared(before, after),
        )
        return self._versions.record(number, record, by=by)

    def shared(self, number: int) -> str:
        """
        Return the digest of what every school shares now, as a proof of *number* has it.

        Raises WrongState where that cannot be read.
        """
        version = self._versions.find(number)
        try:
            return proofs.digest_of_shared(self._before(version), self.preset(number))
        except (RuleFileErrors, ChangeRefused) as error:
            raise WrongState(
                "What every school shares cannot be read with it now: run the proof, which says "
                "what is wrong."
            ) from error

    def keep_replay(
        self,
        number: int,
        texts: Texts,
        result: dict[str, Any],
        *,
        first: date,
        last: date,
        by: str | None,
        at: datetime,
    ) -> PolicyVersion:
        """
        Keep what the replay of [first, last] said of a version; *result* is plain JSON.

        *texts* are those that were replayed: the draft may have been edited meanwhile.
        """
        base = self._versions.find(number).base
        record = ReplayRecord(digest_of(texts), base, at, first, last, result)
        return self._versions.record(number, record, by=by)

    def texts_on_disk(self) -> dict[str, str]:
        """Return the school's texts as they lie in the rules folder."""
        return bundle_in(self._rules_dir, self._school)

    def _before(self, version: PolicyVersion) -> Preset | None:
        return None if version.base is None else self.preset(version.base)

    def _as_seen(self, number: int, before: str | None) -> PolicyVersion:
        version = self._versions.find(number)
        if before is not None and version.digest != before:
            raise WrongState("The draft was changed meanwhile: look again, then change it.")
        return version

    def _content(self, texts: dict[str, str], changes: Iterable[Change]) -> PolicyContent:
        """Return *texts*, checked as a whole, as what a version says."""
        return _content_of(Applied(texts, load(self._rules_dir, self._school, texts)), changes)

    def _begin(
        self,
        content: PolicyContent,
        base: PolicyVersion,
        *,
        by: str,
        summary: str,
        at: datetime,
        moment: datetime,
        taken_from: int | None = None,
    ) -> PolicyVersion:
        return self._versions.begin(
            self._school,
            content,
            by=by,
            summary=summary,
            base=base.number,
            at=at,
            moment=moment,
            taken_from=taken_from,
        )


def _content_of(made: Applied, changes: Iterable[Change]) -> PolicyContent:
    terms = made.preset.notes.changes
    return PolicyContent(made.texts, digest_of(made.texts), terms, tuple(changes))


def _replacing(texts: dict[str, str], now: dict[str, str]) -> tuple[Change, ...]:
    """Return the changes that make *texts* of what is in force *now*."""
    return tuple(
        ReplaceText(path, text) for path, text in sorted(texts.items()) if now.get(path) != text
    )
