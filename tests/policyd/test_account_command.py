"""`schoolgate account`: what whoever administrates the machine can do for people's accounts."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from typer.testing import CliRunner, Result

from schoolgate_policyd.cli import app
from schoolgate_policyd.core.subjects import Duty
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.second_factor import SetUp

type Run = Callable[..., Result]
NEW = "tuesday otter marmalade"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "school.yaml").write_text(f"var_dir: {tmp_path / 'var'}\n")
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    def command(*arguments: str) -> Result:
        config = ("--config", str(folder / "school.yaml"))
        return CliRunner().invoke(app, [*config, "account", *arguments])

    return command


@pytest.fixture
def store(folder: Path) -> Iterator[DecisionStore]:
    database = folder / "var" / "decisions" / "decisions.db"
    key = folder / "var" / "keys" / "codes.key"
    with closing(DecisionStore(database, codes_key=key)) as opened:
        yield opened


def code_in(result: Result) -> str:
    found = re.search(r"\b[a-z2-9]{5}(?:-[a-z2-9]{5}){4}\b", result.stdout)
    assert found is not None, result.stdout
    return found[0]


def test_a_first_head_is_added_and_sets_the_account_up(run: Run, store: DecisionStore) -> None:
    result = run("add", "nhead", "--name", "Nia Head", "--duty", "head")
    now = datetime.now(UTC)

    assert 0 == result.exit_code
    signed = store.setup_codes.set_up(code_in(result), NEW, at=now, moment=now)
    assert signed is not None
    assert frozenset({Duty.HEAD}) == signed.session.member.duties
    listed = run("list").stdout
    assert "Nia Head" in listed
    assert "a password" in listed


def test_whoever_lost_the_second_factor_gets_a_fresh_start(run: Run, store: DecisionStore) -> None:
    code = code_in(run("add", "nhead", "--name", "Nia Head", "--duty", "head"))
    now = datetime.now(UTC)
    signed = store.setup_codes.set_up(code, NEW, at=now, moment=now)
    assert signed is not None
    secret = store.one_time_codes.begin("nhead", signed.session.id, at=now - timedelta(seconds=1))
    first = pyotp.TOTP(secret).at(now)
    outcome = store.second_factor.set_codes_up(
        "nhead", signed.session.id, first, address="127.0.0.1", at=now, moment=now
    )
    assert isinstance(outcome, SetUp)
    assert outcome.signed_in is not None
    assert "one-time codes" in run("list").stdout

    assert 0 == run("reset-second-factor", "nhead", "--yes").exit_code

    assert not store.second_factor.of("nhead").has_one
    assert store.sessions.resume(outcome.signed_in.token, at=datetime.now(UTC)) is None
    invited = store.setup_codes.who(code_in(run("invite", "nhead")), at=datetime.now(UTC))
    assert invited is not None
    assert "nhead" == invited.id


REFUSED = (
    ("add", "N Head", "--name", "Nia Head"),
    ("add", "nhead", "--name", " "),
    ("add", "nhead", "--name", "Nia\u202e"),
    ("add", "pupil", "--name", "Pia", "--audience", "pupil"),
    ("add", "there", "--name", "Twice"),
    ("invite", "nobody"),
    ("reset-second-factor", "there", "--yes"),
)


def test_what_cannot_be_is_refused_with_the_reason(run: Run) -> None:
    run("add", "there", "--name", "Theo There")

    # Opening a store is slow: one for all of them.
    for arguments in REFUSED:
        result = run(*arguments)
        assert 0 != result.exit_code, arguments
        assert result.stderr.strip(), arguments
        assert "Traceback" not in result.output
