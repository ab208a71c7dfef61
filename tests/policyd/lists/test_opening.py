"""A source and its table, opened together or not at all; swapped while it is asked."""

import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import msgspec
import pytest
from ipc_world import policy
from list_world import SEED, read, records_of

from schoolgate_policyd.core.catalogue import Catalogue, LargeList
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import HostResource, Request, Verdict
from schoolgate_policyd.core.errors import PolicyError
from schoolgate_policyd.core.names import parse_host
from schoolgate_policyd.core.policy import Policy, Source
from schoolgate_policyd.core.rules import Citation, Condition, Rule
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot
from schoolgate_policyd.core.subjects import Subject
from schoolgate_policyd.lists.compiling import compile_table
from schoolgate_policyd.lists.errors import TableError
from schoolgate_policyd.lists.opening import lists_in, names_of, open_snapshot, with_newest_table
from schoolgate_policyd.lists.state import Manifest, save_manifest
from schoolgate_policyd.lists.subscription import Format
from schoolgate_policyd.lists.table import table_path

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ALWAYS = "always.example"
RULE = Rule(
    id="adult",
    block=frozenset({"adult"}),
    applies_to=(Condition(),),
    cite=Citation("Policy", "§1"),
    locked=True,
)


def policy_with(table: str | None) -> Policy:
    catalogue = Catalogue(large_lists=(LargeList("bad", "adult"),), name_table=table)
    return msgspec.structs.replace(policy(), rules=(RULE,), catalogue=catalogue)


def table_with(folder: Path, *names: str) -> str:
    intake = read(Format.DOMAINS, "\n".join((ALWAYS, *names)))
    return compile_table(folder, {"bad": records_of(folder, "bad", intake)}, SEED).sha256


def verdict_on(name: str, snapshot: Snapshot) -> Verdict:
    return decide(Request(Subject(), HostResource(parse_host(name))), snapshot, NOON).verdict


def test_a_snapshot_is_opened_with_the_names_of_its_table(tmp_path: Path) -> None:
    source = Source(1, policy_with(table_with(tmp_path, "bad.example")))
    snapshot = open_snapshot(source, tmp_path)

    assert Verdict.BLOCK is verdict_on("www.bad.example", snapshot)
    assert Verdict.ALLOW is verdict_on("good.example", snapshot)


def test_a_policy_that_names_a_table_is_never_compiled_without_it() -> None:
    with pytest.raises(PolicyError, match="which is not open"):
        compile_snapshot(Source(1, policy_with("0" * 64)))


def gone(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:100])


def other(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"bad", b"bat"))


@pytest.mark.parametrize("damage", [gone, cut, other])
def test_a_table_that_is_missing_or_damaged_opens_nothing(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    sha256 = table_with(tmp_path, "bad.example")
    damage(table_path(tmp_path, sha256))

    with pytest.raises(TableError):
        open_snapshot(Source(1, policy_with(sha256)), tmp_path)


def test_a_table_is_opened_once_and_let_go_when_nobody_needs_it(tmp_path: Path) -> None:
    catalogue = policy_with(table_with(tmp_path, "bad.example")).catalogue
    first = names_of(catalogue, tmp_path)
    assert first is names_of(catalogue, tmp_path)
    assert first is not None
    seen = weakref.ref(first)
    del first
    gc.collect()

    assert None is seen()


def test_the_lists_in_a_table_are_told_as_far_as_it_opens(tmp_path: Path) -> None:
    catalogue = policy_with(table_with(tmp_path, "bad.example")).catalogue

    assert {"bad"} == lists_in(catalogue, tmp_path)
    assert set() == lists_in(policy_with("0" * 64).catalogue, tmp_path)
    assert set() == lists_in(policy_with(None).catalogue, tmp_path)


def test_a_policy_gets_the_newest_table_if_it_has_lists(tmp_path: Path) -> None:
    without = msgspec.structs.replace(policy(), catalogue=Catalogue())
    assert policy_with(None) == with_newest_table(policy_with(None), tmp_path)
    save_manifest(tmp_path, Manifest("f" * 64, {}, 0))

    assert policy_with("f" * 64) == with_newest_table(policy_with(None), tmp_path)
    assert without == with_newest_table(without, tmp_path)


def test_a_table_that_is_removed_still_answers_whoever_has_it(tmp_path: Path) -> None:
    sha256 = table_with(tmp_path, "bad.example")
    snapshot = open_snapshot(Source(1, policy_with(sha256)), tmp_path)
    table_path(tmp_path, sha256).unlink()

    assert Verdict.BLOCK is verdict_on("bad.example", snapshot)


class Asked:
    """Threads that ask the newest snapshot again and again; one wrong answer is kept."""

    def __init__(self, first: Snapshot) -> None:
        self.snapshot = first
        self.wrong: list[str] = []
        self.answers = 0
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(3)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self._is_over.is_set():
            snapshot = self.snapshot
            marked = f"only{snapshot.number}.example"
            before = f"only{snapshot.number - 1}.example"
            snapshot.forget()
            if verdict_on(ALWAYS, snapshot) is not Verdict.BLOCK:
                self.wrong.append(f"{ALWAYS} was open at {snapshot.number}")
            if verdict_on(marked, snapshot) is not Verdict.BLOCK:
                self.wrong.append(f"{marked} was open")
            if verdict_on(before, snapshot) is not Verdict.ALLOW:
                self.wrong.append(f"{before} was still blocked")
            self.answers += 1


def test_tables_are_swapped_while_threads_ask(tmp_path: Path) -> None:
    """Each answer is of one table, whole: the one that its snapshot names."""

    def opened(number: int) -> Snapshot:
        table = table_with(tmp_path, f"only{number}.example")
        return open_snapshot(Source(number, policy_with(table)), tmp_path)

    with Asked(opened(1)) as asked:
        for number in range(2, 40):
            old = asked.snapshot.source.policy.catalogue.name_table
            asked.snapshot = opened(number)
            table_path(tmp_path, old or "").unlink()

    assert [] == asked.wrong
    assert asked.answers > 100


ASKING = """
import sys
from pathlib import Path
from schoolgate_policyd.core.names import parse_host
from schoolgate_policyd.lists.table import NameTable
path = Path(sys.argv[1])
table = NameTable(path, path.stem)
print(table.lists_of(parse_host("www.bad.example")), table.lists_of(parse_host("good.example")))
print([line.split()[1] for line in open("/proc/self/maps") if line.rstrip().endswith(path.name)])
"""


def test_every_process_maps_the_same_file_shared_and_read_only(tmp_path: Path) -> None:
    path = table_path(tmp_path, table_with(tmp_path, "bad.example"))
    command = [sys.executable, "-c", ASKING, str(path)]
    told = [
        subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        for _ in range(2)
    ]

    assert [["('bad',) ()", "['r--s']"]] * 2 == told
