"""Where `check` gets its snapshots: presets from rule files, and the live configuration."""

import msgspec

from schoolgate_policyd.config import Settings
from schoolgate_policyd.core.at_once import with_blocks_of
from schoolgate_policyd.core.policy import Live, Policy, Register, Source
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.ipc.last_snapshot import load_last_snapshot
from schoolgate_policyd.lists.opening import open_snapshot, with_newest_table
from schoolgate_policyd.networks import networks_of
from schoolgate_policyd.rulefiles import load_policy

POLICYD = "policyd"
"""The name under which policyd keeps its newest snapshot."""


class SnapshotShelf:
    """Compiles each snapshot once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._snapshots: dict[str | None, Snapshot] = {}

    def snapshot_of(self, school: str | None) -> Snapshot:
        """
        Return the snapshot of the preset *school*, or the live one for None.

        Raises RuleFileErrors, LastSnapshotError and TableError.
        """
        if school not in self._snapshots:
            source = self._live_source() if school is None else self._preset(school)
            self._snapshots[school] = self._compiled(source)
        return self._snapshots[school]

    def live_with(self, policy: Policy) -> Snapshot:
        """
        Return the live snapshot with *policy* in place of its own, over the same lists.

        What is blocked at once stays so: it is no part of either policy.

        Raises RuleFileErrors, LastSnapshotError and TableError.
        """
        source = self.snapshot_of(None).source
        table = source.policy.catalogue.name_table
        if table is None:
            policy = with_newest_table(policy, self._settings.lists_dir)
        elif policy.catalogue.large_lists:
            catalogue = msgspec.structs.replace(policy.catalogue, name_table=table)
            policy = msgspec.structs.replace(policy, catalogue=catalogue)
        laid = with_blocks_of(policy, source.policy)
        return self._compiled(msgspec.structs.replace(source, policy=laid))

    def _preset(self, school: str) -> Source:
        return Source(number=0, policy=self._loaded(school))

    def _loaded(self, school: str) -> Policy:
        policy = load_policy(self._settings.rules_dir, school)
        return with_newest_table(policy, self._settings.lists_dir)

    def _compiled(self, source: Source) -> Snapshot:
        return open_snapshot(source, self._settings.lists_dir)

    def _live_source(self) -> Source:
        """What policyd last had in force; before its first start, what it would start with."""
        kept = load_last_snapshot(self._settings.last_snapshot_path(POLICYD))
        if kept is not None:
            return kept
        policy = self._loaded(self._settings.school)
        standing = frozenset(each.id for each in policy.standing if self._settings.is_sample)
        return Source(
            number=0,
            policy=policy,
            register=Register(networks=networks_of(self._settings)),
            live=Live(standing=standing),
        )
