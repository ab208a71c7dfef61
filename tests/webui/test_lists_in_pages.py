"""Pages judge with the names of lists, and say less where those are missing."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from ipc_world import policy
from list_world import SEED, read, records_of

from schoolgate_policyd.config import Settings
from schoolgate_policyd.core.catalogue import Catalogue, LargeList
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import HostResource, Request, Verdict
from schoolgate_policyd.core.names import parse_host
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.rules import Citation, Condition, Rule
from schoolgate_policyd.core.strict import STRICT_POLICY
from schoolgate_policyd.core.subjects import Subject
from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot
from schoolgate_policyd.lists.compiling import compile_table
from schoolgate_policyd.lists.subscription import Format
from schoolgate_policyd.presets import POLICYD
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_webui.policy import PolicyInForce

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = Settings(var_dir=tmp_path, rules_dir=tmp_path / "rules")
    found.lists_dir.mkdir()
    records = records_of(found.lists_dir, "bad", read(Format.DOMAINS, "bad.example"))
    table = compile_table(found.lists_dir, {"bad": records}, SEED).sha256
    rule = Rule("adult", frozenset({"adult"}), (Condition(),), Citation("P", "§1"), locked=True)
    listed = msgspec.structs.replace(
        policy(),
        rules=(rule,),
        catalogue=Catalogue(large_lists=(LargeList("bad", "adult"),), name_table=table),
    )
    save_last_snapshot(found.last_snapshot_path(POLICYD), Source(3, listed))
    return found


@pytest.fixture
def in_force(settings: Settings) -> Iterator[PolicyInForce]:
    with closing(DecisionStore(settings.decisions_path)) as store:
        yield PolicyInForce(settings, store)


def test_pages_judge_with_the_names_of_lists(in_force: PolicyInForce) -> None:
    asked = Request(Subject(), HostResource(parse_host("www.bad.example")))

    assert Verdict.BLOCK is decide(asked, in_force.snapshot(NOON), NOON).verdict


def test_without_the_table_pages_show_the_strict_policy(
    settings: Settings, in_force: PolicyInForce
) -> None:
    for path in settings.lists_dir.glob("*.names"):
        path.unlink()

    assert STRICT_POLICY == in_force.policy().id
    assert 0 == len(in_force.snapshot(NOON).source.policy.catalogue.large_lists)
