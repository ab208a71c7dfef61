"""`schoolgate audit verify` needs nothing but the log and the key, and says it in its status."""

from contextlib import closing
from pathlib import Path

import pytest
from office import MACHINE, QuickHasher, fill
from typer.testing import CliRunner

from schoolgate_policyd.auditing.by_hand import export_log, make_checkpoint
from schoolgate_policyd.cli import app
from schoolgate_policyd.config import Settings
from schoolgate_policyd.ledger.codes import groups_of
from schoolgate_policyd.store.checkpoints import SignedCheckpoint
from schoolgate_policyd.store.decisions import DecisionStore


class Exported:
    """An exported log, its key, and what a witness kept before and after it."""

    def __init__(self, folder: Path) -> None:
        settings = Settings(var_dir=folder / "var")
        with closing(DecisionStore(settings.decisions_path, hasher=QuickHasher())) as store:
            fill(store)
            self.early = make_checkpoint(settings)
            self.log = folder / "audit.log"
            self.made = export_log(settings, self.log)
            store.credentials.set_password("swift", "another one", at=MACHINE, by=None)
            self.later = make_checkpoint(settings)
        self.folder = folder

    def kept(self, *checkpoints: SignedCheckpoint) -> str:
        """Return a file with *checkpoints*."""
        path = self.folder / "kept.txt"
        path.write_text("\n".join(each.note for each in checkpoints))
        return str(path)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return Exported(tmp_path_factory.mktemp("school"))


def verified(exported: Exported, *options: str, log: Path | None = None) -> tuple[int, str]:
    command = ["audit", "verify", str(log or exported.log), "--key", exported.made.key]
    done = CliRunner().invoke(app, [*command, *options])
    return done.exit_code, done.output


def test_without_a_witness_completeness_is_unknown(exported: Exported) -> None:
    status, said = verified(exported)

    assert 0 == status
    assert f"intact: {exported.made.size} entries under 2 checkpoints" in said
    assert "completeness unknown" in said


def test_a_witness_who_saw_no_more_says_that_it_is_complete(exported: Exported) -> None:
    status, said = verified(exported, "--witness", exported.kept(exported.early, exported.made))

    assert 0 == status
    assert f"complete: it has all {exported.made.size} entries" in said


def test_a_witness_who_saw_more_says_that_something_is_missing(exported: Exported) -> None:
    status, said = verified(exported, "--witness", exported.kept(exported.later))

    assert 3 == status
    assert "not complete" in said


def test_a_printed_code_is_a_witness_too(exported: Exported) -> None:
    def typed(made: SignedCheckpoint) -> str:
        return f"{made.size:,} {' '.join(groups_of(made.checkpoint)).lower()}"

    assert 0 == verified(exported, "--code", typed(exported.made))[0]
    assert 3 == verified(exported, "--code", typed(exported.later))[0]
    assert 2 == verified(exported, "--code", typed(exported.made)[:-1] + "!")[0]
    assert 2 == verified(exported, "--code", "many ABCD")[0]


def test_a_changed_log_is_broken_at_its_first_place(exported: Exported, tmp_path: Path) -> None:
    log = tmp_path / "changed.log"
    log.write_bytes(exported.log.read_bytes().replace(b"class-added", b"class-ended", 1))

    status, said = verified(exported, log=log)
    assert 1 == status
    assert "broken at line 2: entry 1" in said


def test_a_key_may_be_in_a_file(exported: Exported, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(f"{exported.made.key}\n")

    done = CliRunner().invoke(app, ["audit", "verify", str(exported.log), "--key", str(key)])
    assert 0 == done.exit_code


@pytest.mark.parametrize(
    "arguments",
    [
        ("nothing.log", "--key", "KEY"),
        ("LOG", "--key", "no-key"),
        ("LOG", "--key", "KEY", "--witness", "nothing.txt"),
        ("LOG", "--key", "KEY", "--witness", "LOG"),
    ],
)
def test_what_cannot_be_used_is_said_with_status_2(
    exported: Exported, arguments: tuple[str, ...]
) -> None:
    given = {"LOG": str(exported.log), "KEY": exported.made.key}

    done = CliRunner().invoke(
        app, ["audit", "verify", *(given.get(each, each) for each in arguments)]
    )
    assert 2 == done.exit_code
    assert "Traceback" not in done.output
