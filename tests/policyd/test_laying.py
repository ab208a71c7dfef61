"""The policy with its blocks at once is one object for as long as nothing changed."""

from pathlib import Path

from ipc_world import policy

from schoolgate_policyd.config import Settings
from schoolgate_policyd.core.at_once import AtOnce, BlockedSite, with_blocks
from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot
from schoolgate_policyd.laying import Laying
from schoolgate_policyd.presets import POLICYD, SnapshotShelf

BLOCK = AtOnce(1, BlockedSite(DomainName("bad.example")))


def test_what_did_not_change_is_the_same_object() -> None:
    laying, plain = Laying(), policy()
    first = laying.laid(plain, (BLOCK,))

    assert first == with_blocks(plain, (BLOCK,))
    assert first is laying.laid(plain, (AtOnce(1, BlockedSite(DomainName("bad.example"))),))
    assert plain == laying.laid(plain, ())


def test_without_the_store_what_was_blocked_stays_blocked() -> None:
    laying, plain, changed = Laying(), policy(), policy("changed")
    before = with_blocks(plain, (BLOCK,))

    assert with_blocks(changed, (BLOCK,)) == laying.laid(changed, None, before)
    assert changed == laying.laid(changed, None)


def test_a_draft_is_replayed_beside_what_is_blocked_at_once(tmp_path: Path) -> None:
    """Else each draft would seem to open what the online safety lead closed."""
    settings = Settings(var_dir=tmp_path)
    laid = with_blocks(policy(), (BLOCK,))
    save_last_snapshot(settings.last_snapshot_path(POLICYD), Source(1, laid))
    shelf = SnapshotShelf(settings)

    assert laid == shelf.snapshot_of(None).source.policy
    draft = policy("draft")
    assert with_blocks(draft, (BLOCK,)) == shelf.live_with(draft).source.policy
