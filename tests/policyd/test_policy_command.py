"""`schoolgate policy`: it can do no more than the pages."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from office import HEAD, PASSWORD, fill
from policy_store import employ
from rule_tree import SCHOOL, plant
from typer.testing import CliRunner, Result

from schoolgate_policyd.cli import app
from schoolgate_policyd.config import load_settings
from schoolgate_policyd.drafting.bundle import bundle_in, digest_of, load
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.policy_rows import PolicyContent
from schoolgate_policyd.workflow.policy_versions import VersionState
from schoolgate_policyd.workflow.signing import Means, SignedKind

OWN = "schools/hill.yaml"
PROPOSAL = ("--by", "technician", "--summary", "Lunch alone", "--reasons", "The head asked")

type Run = Callable[..., Result]


class House:
    """A school's folder with a store in which the rule files were taken up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rules_dir = plant(folder / "rules")
        self.config = folder / "hill.yaml"
        self.config.write_text(
            f"school: {SCHOOL}\nvar_dir: {folder / 'var'}\nrules_dir: {self.rules_dir}\n"
            "web: {second_factor: offered}\n"
        )

    def fill(self) -> None:
        with self.store() as store:
            # Real argon2: the command opens the store as it is.
            fill(store)
            employ(store)
            texts = bundle_in(self.rules_dir, SCHOOL)
            terms = load(self.rules_dir, SCHOOL, texts).notes.changes
            content = PolicyContent(texts, digest_of(texts), terms)
            now = datetime.now(UTC)
            store.policies.take_up(SCHOOL, content, at=now, moment=now)

    def store(self) -> closing[DecisionStore]:
        settings = load_settings(self.config)
        path = self.folder / "var" / "decisions" / "decisions.db"
        return closing(DecisionStore(path, codes_key=settings.codes_key_path))

    def edited(self, old: str, new: str) -> str:
        text = (self.rules_dir / OWN).read_text()
        assert old in text
        path = self.folder / "edited.yaml"
        path.write_text(text.replace(old, new))
        return str(path)

    def run(self, *arguments: str, entered: str | None = None) -> Result:
        runner = CliRunner(env={"COLUMNS": "110", "NO_COLOR": "1"})
        return runner.invoke(
            app, ["--config", str(self.config), "policy", *arguments], input=entered
        )

    def direct_slowly(self, meanwhile: Callable[[], None]) -> tuple[int, str]:
        """Direct version 2 as the head, who types the password after *meanwhile*."""
        code = "from schoolgate_policyd.cli import main; main()"
        command = [sys.executable, "-c", code, "--config", str(self.config), "policy", "activate"]
        with subprocess.Popen(
            [*command, "2", "--by", "head", "--reasons", "x", "--for-safety"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # without a terminal the password is read from the pipe
            text=True,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            shown = ""
            while "Signed by" not in shown and (line := process.stdout.readline()):
                shown += line
            meanwhile()
            process.stdin.write(f"{PASSWORD}\n")
            process.stdin.close()
            shown += process.stdout.read()
        return process.returncode, shown


@pytest.fixture(scope="module")
def filled() -> Iterator[Path]:
    """A folder with a store, and another in which a tightening was proposed as version 2."""
    folder = Path(tempfile.mkdtemp(prefix="sg-", dir="/tmp"))
    house = House(folder / "first")
    house.fill()
    shutil.copytree(folder / "first", folder / "proposed")
    house = House(folder / "proposed")
    # The example of the file says what was so before: it is edited as well.
    text = (house.rules_dir / OWN).read_text().replace("verdict: allow", "verdict: block")
    (house.folder / "tighter.yaml").write_text(text.replace("[break, lunch]", "[break]"))
    done = house.run("propose", str(house.folder / "tighter.yaml"), *PROPOSAL)
    assert 0 == done.exit_code, done.output
    assert "It closes: A member of staff" in done.output
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def house(filled: Path, tmp_path: Path) -> House:
    shutil.copytree(filled / "first" / "var", tmp_path / "var")
    return House(tmp_path)


@pytest.fixture
def proposed(filled: Path, tmp_path: Path) -> House:
    shutil.copytree(filled / "proposed" / "var", tmp_path / "var")
    return House(tmp_path)


def test_versions_are_listed_and_shown(house: House) -> None:
    listed, shown = house.run("versions"), house.run("show", "--texts")

    assert "in force" in listed.output
    assert "Taken up from the rule files" in listed.output
    assert "Version 1 is in force" in shown.output
    assert "# rules/schools/hill.yaml" in shown.output


def test_an_edited_file_is_proved_and_proposed(proposed: House) -> None:
    with proposed.store() as store:
        states = [each.state for each in store.policies.every(SCHOOL)]
    assert [VersionState.DIRECTED, VersionState.PROPOSED] == states
    compared = proposed.run("compare", "1", "2", "--texts")
    assert "- Staff may no longer reach social media at lunch (§5)." in compared.output
    assert "+      - {period: [break], device:" in compared.output


def test_what_fails_its_proof_is_not_proposed(house: House) -> None:
    file = house.edited("cite: no section\n", "cite: no section\n    unless: {period: lunch}\n")

    done = house.run("propose", file, *PROPOSAL)

    assert 1 == done.exit_code
    assert "its proof failed" in done.output
    refused = house.run("activate", "2", "--by", "head", "--reasons", "x", entered=PASSWORD)
    assert 2 == refused.exit_code
    assert "The proof failed, so it cannot go on" in refused.output


def test_what_was_never_proved_is_activated_by_nobody(proposed: House) -> None:
    with proposed.store() as store:
        texts = store.policies.texts(1)
        content = PolicyContent({**texts, OWN: texts[OWN] + "\n"}, "0" * 64)
        now = datetime.now(UTC)
        draft = store.policies.begin(
            SCHOOL, content, by="otter", summary="x", base=1, at=now, moment=now
        )

    done = proposed.run(
        "activate", str(draft.number), "--by", "head", "--reasons", "x", entered=PASSWORD
    )

    assert 2 == done.exit_code
    assert "It has not been proved as it stands" in done.output


def test_a_mistake_is_told_with_its_place_and_nothing_is_kept(house: House) -> None:
    done = house.run("propose", house.edited("[break, lunch]", "[brake]"), *PROPOSAL)

    assert 2 == done.exit_code
    assert "did you mean `break`?" in done.output.replace("\n", "")
    with house.store() as store:
        assert 1 == len(store.policies.every(SCHOOL))


def test_what_is_in_force_is_not_proposed_again(house: House) -> None:
    done = house.run("propose", str(house.rules_dir / OWN), *PROPOSAL)

    assert 2 == done.exit_code
    assert "nothing was proposed" in done.output


@pytest.mark.parametrize(
    ("by", "password", "further", "message"),
    [
        ("technician", PASSWORD, (), "Only the headteacher directs"),
        ("nobody", PASSWORD, (), "nobody signs in as `nobody`"),
        ("head", "a guess", ("--for-safety",), "not your password: nothing was signed"),
        ("head", PASSWORD, (), "their approval is not recorded yet"),
    ],
)
def test_the_command_line_passes_the_same_gate(
    proposed: House, by: str, password: str, further: tuple[str, ...], message: str
) -> None:
    done = proposed.run(
        "activate", "2", "--by", by, "--reasons", "x", *further, entered=f"{password}\n"
    )

    assert 2 == done.exit_code
    assert message in done.output
    with proposed.store() as store:
        assert VersionState.PROPOSED is store.policies.find(2).state


def test_the_head_is_shown_a_tightening_and_directs_it_signed(proposed: House) -> None:
    done = proposed.run(
        "activate", "2", "--by", "head", "--reasons", "x", "--for-safety", entered=PASSWORD
    )

    assert 0 == done.exit_code, done.output
    assert PASSWORD not in done.output
    assert "What it says otherwise: Staff may no longer reach social media at lunch" in done.output
    with proposed.store() as store:
        in_force = store.policies.in_force(SCHOOL, datetime.now(UTC))
        assert in_force is not None
        assert 2 == in_force.number
        step = in_force.steps[-1]
        assert step.signature is not None
        assert HEAD.name == step.signature.name
        (signature,) = store.signings.of(SignedKind.POLICY, "2")
        assert step.signature.digest == signature.digest
        assert Means.PASSWORD is signature.means
        assert () == store.sessions.of(HEAD.id, at=datetime.now(UTC))


def test_what_changed_while_it_was_read_is_not_signed(proposed: House) -> None:
    def withdraw() -> None:
        with proposed.store() as store:
            now = datetime.now(UTC)
            store.policies.withdraw(2, by=HEAD.id, reasons="No", at=now, moment=now)

    code, shown = proposed.direct_slowly(withdraw)

    assert 2 == code, shown
    with proposed.store() as store:
        assert VersionState.WITHDRAWN is store.policies.find(2).state


def test_the_clock_of_a_direction_is_that_of_its_signature(proposed: House) -> None:
    typed_at: list[datetime] = []
    code, shown = proposed.direct_slowly(lambda: typed_at.append(datetime.now(UTC)))

    assert 0 == code, shown
    with proposed.store() as store:
        assert typed_at[0] <= store.policies.find(2).steps[-1].at


def test_whoever_has_one_time_codes_signs_with_one_at_the_command_line_too(
    proposed: House,
) -> None:
    with proposed.store() as store:
        at = datetime.now(UTC)
        secret = store.one_time_codes.begin(HEAD.id, 1, at=at)
        with store.database.writing() as session:
            first = pyotp.TOTP(secret).at(at)
            assert store.one_time_codes.confirm_in(session, HEAD.id, 1, first, at)

    def activate(entered: str) -> Result:
        further = ("--by", "head", "--reasons", "x", "--for-safety")
        return proposed.run("activate", "2", *further, entered=entered)

    # It is young enough, and was used when it was confirmed.
    used = activate(f"{PASSWORD}\n{first}\n")
    assert 2 == used.exit_code
    assert "That code is not right" in used.output
    # The next is taken as well: clocks may be apart by one.
    following = pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30))
    done = activate(f"{PASSWORD}\n{following}\n")

    assert 0 == done.exit_code, done.output
    with proposed.store() as store:
        (signature,) = store.signings.of(SignedKind.POLICY, "2")
        assert Means.PASSWORD_AND_CODE is signature.means


def test_an_earlier_version_comes_back_as_a_draft(proposed: House) -> None:
    proposed.run(
        "activate", "2", "--by", "head", "--reasons", "x", "--for-safety", entered=PASSWORD
    )

    done = proposed.run("restore", "1", "--by", "technician", "--summary", "As it was")

    assert 0 == done.exit_code, done.output
    assert "- Staff may now also reach social media at lunch (§5)." in done.output
    proved = proposed.run("prove", "3", "--by", "technician")
    assert "It opens" in proved.output


def test_without_a_store_nothing_is_made(tmp_path: Path) -> None:
    house = House(tmp_path)

    done = house.run("versions")

    assert 2 == done.exit_code
    assert "start Schoolgate once" in done.output
    assert not (tmp_path / "var").exists()


def test_a_file_that_is_not_there_is_a_sentence(house: House) -> None:
    done = house.run("propose", str(house.folder / "gone.yaml"), *PROPOSAL)

    assert 2 == done.exit_code
    assert "cannot be read: No such file" in done.output
