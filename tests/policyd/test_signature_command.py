"""`schoolgate signature verify`: a stored signature is checked again from the database alone."""

from contextlib import closing
from pathlib import Path

import pytest
from office import HEAD, LEAD, LESSON, MACHINE, TEACHER, QuickHasher, fill, form
from office import sign_decision as signed
from sqlalchemy import text
from typer.testing import CliRunner

from schoolgate_policyd.cli import app
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.workflow.forms import DecisionForm, ReviewForm


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A school in which the head refused a request."""
    (tmp_path / "decisions").mkdir()
    with closing(
        DecisionStore(tmp_path / "decisions" / "decisions.db", hasher=QuickHasher())
    ) as made:
        fill(made)
        number = made.requests.submit(TEACHER.id, form(), at=MACHINE, moment=LESSON).id
        answer = ReviewForm(True, "seen")
        made.requests.review(number, by=LEAD.id, answer=answer, at=MACHINE, moment=LESSON)
        decision = DecisionForm(False, "Not now", HEAD.name, LESSON.date())
        signed(made, number, by=HEAD.id, decision=decision, effects=None)
    path = tmp_path / "school.yaml"
    path.write_text(f"var_dir: {tmp_path}\nschool: twiss-green\n")
    return path


def verify(config: Path, number: str) -> tuple[int, str]:
    answer = CliRunner().invoke(app, ["--config", str(config), "signature", "verify", number])
    return answer.exit_code, answer.output


def test_who_signed_what_by_which_means_and_that_it_is_right(config: Path) -> None:
    code, said = verify(config, "1")

    assert 0 == code, said
    assert "decision 1, version 1" in said
    assert f"Signed by {HEAD.name} ({HEAD.id})" in said
    assert "  | Approved: ✗ No" in said
    assert "Signature 1 is right." in said


def test_a_changed_text_is_said_to_be_wrong(config: Path) -> None:
    path = next(config.parent.rglob("decisions.db"))
    with closing(DecisionStore(path)) as store, store.database.writing() as session:
        session.execute(text("DROP TRIGGER signatures_refuse_update"))
        session.execute(text("UPDATE signatures SET text = replace(text, '✗ No', '✓ Yes')"))

    code, said = verify(config, "1")

    assert 1 == code
    assert "wrong: the text, its object, its version or its nonce was changed" in said
    assert "is NOT right" in said


def test_a_signature_that_is_not_there_is_a_usage_error(config: Path) -> None:
    assert 2 == verify(config, "7")[0]
