"""Both policies are asked over the same lists: a draft without a table opens nothing."""

from pathlib import Path

import msgspec
import pytest
from list_world import SEED, read, records_of
from replay_school import BREAK, CITE, POLICY, blocked

from schoolgate_policyd.config import Settings
from schoolgate_policyd.core.catalogue import LargeList
from schoolgate_policyd.core.policy import Policy, Source
from schoolgate_policyd.core.rules import Condition, Rule
from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot
from schoolgate_policyd.lists.compiling import compile_table
from schoolgate_policyd.lists.state import Manifest, save_manifest
from schoolgate_policyd.lists.subscription import Format
from schoolgate_policyd.presets import POLICYD, SnapshotShelf
from schoolgate_policyd.replay import Past, replay
from schoolgate_policyd.replay.outcome import Total

LISTED = "bad.example"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var_dir=tmp_path / "var")


def table_with(settings: Settings, *names: str) -> str:
    settings.lists_dir.mkdir(parents=True, exist_ok=True)
    intake = read(Format.DOMAINS, "\n".join(names))
    records = {"bad": records_of(settings.lists_dir, "bad", intake)}
    return compile_table(settings.lists_dir, records, SEED).sha256


def subscribed(table: str | None) -> Policy:
    rule = Rule("listed", frozenset({"adult"}), (Condition(),), CITE, locked=True)
    catalogue = msgspec.structs.replace(
        POLICY.catalogue, large_lists=(LargeList("bad", "adult", locked=True),), name_table=table
    )
    return msgspec.structs.replace(POLICY, rules=(*POLICY.rules, rule), catalogue=catalogue)


def shelf_with(settings: Settings, live: Policy) -> SnapshotShelf:
    save_last_snapshot(settings.last_snapshot_path(POLICYD), Source(1, live))
    return SnapshotShelf(settings)


def test_a_draft_is_asked_over_the_lists_in_force(settings: Settings) -> None:
    table = table_with(settings, LISTED)
    # A newer table has come since, which is not in force yet.
    save_manifest(settings.lists_dir, Manifest(table_with(settings, "other.example"), {}, 0))
    shelf = shelf_with(settings, subscribed(table))

    after = shelf.live_with(subscribed(None))
    found = replay([blocked(LISTED)], shelf.snapshot_of(None), after, past=Past())

    assert table == after.source.policy.catalogue.name_table
    assert Total(1, 1) == found.total == found.still_blocked


def test_a_draft_that_first_subscribes_is_asked_over_the_newest_lists(settings: Settings) -> None:
    newest = table_with(settings, LISTED)
    save_manifest(settings.lists_dir, Manifest(newest, {}, 0))
    shelf = shelf_with(settings, POLICY)

    after = shelf.live_with(subscribed(None))
    found = replay([blocked(LISTED, at=BREAK)], shelf.snapshot_of(None), after, past=Past())

    assert newest == after.source.policy.catalogue.name_table
    assert Total(1, 1) == found.lost == found.now_open
    assert ["adult"] == [each.category for each in found.effects]


def test_a_draft_that_subscribes_to_nothing_loses_what_the_lists_blocked(
    settings: Settings,
) -> None:
    shelf = shelf_with(settings, subscribed(table_with(settings, LISTED)))

    found = replay(
        [blocked(LISTED)], shelf.snapshot_of(None), shelf.live_with(POLICY), past=Past()
    )

    assert Total(1, 1) == found.gained
    assert ("listed",) == found.names[0].rules
